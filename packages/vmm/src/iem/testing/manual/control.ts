import { hex2, type Row } from './row.js';

// Jumps, calls, returns, interrupts, flags, and what only the chip knows.

const conditions: readonly (readonly [name: string, taken: string, not: string])[] = [
  ['JO', 'OF', 'CF ZF SF PF'],
  ['JNO', 'CF', 'OF'],
  ['JB', 'CF', 'ZF OF'],
  ['JAE', 'ZF', 'CF'],
  ['JE', 'ZF', 'CF'],
  ['JNE', 'CF', 'ZF'],
  ['JBE', 'ZF', 'SF OF'],
  ['JA', 'SF OF', 'CF'],
  ['JS', 'SF', 'OF'],
  ['JNS', 'OF', 'SF'],
  ['JP', 'PF', 'ZF'],
  ['JNP', 'ZF', 'PF'],
  ['JL', 'SF', 'SF OF'],
  ['JGE', 'SF OF', 'OF'],
  ['JLE', 'SF OF ZF', 'SF OF'],
  ['JG', 'SF OF', 'SF'],
];

/** 60 to 6F are 70 to 7F once more. */
const conditional: readonly Row[] = conditions.flatMap(([name, taken, not], i) =>
  [0x60, 0x70].flatMap((first): Row[] => [
    [`${hex2(first + i)} 10`, name, taken, 'ip=112'],
    [`${hex2(first + i)} 80`, `${name} back`, taken, 'ip=82'],
    [`${hex2(first + i)} 10`, `${name}, not taken`, not, ''],
  ]),
);

const jumps: readonly Row[] = [
  ['E0 10', 'LOOPNE', 'cx=2', 'cx=1 ip=112'],
  ['E0 10', 'LOOPNE with ZF', 'cx=2 ZF', 'cx=1'],
  ['E1 10', 'LOOPE', 'cx=2 ZF', 'cx=1 ip=112'],
  ['E1 10', 'LOOPE at 1', 'cx=1 ZF', 'cx=0'],
  ['E2 FE', 'LOOP from 0', 'cx=0 CF', 'cx=FFFF ip=100'],
  ['E2 FE', 'LOOP at 1', 'cx=1', 'cx=0'],
  ['E3 10', 'JCXZ', 'cx=0', 'ip=112'],
  ['E3 10', 'JCXZ, not taken', 'cx=100', ''],
  ['EB 80', 'JMP short', '', 'ip=82'],
  ['E9 00 FF', 'JMP near wraps', '', 'ip=3'],
  ['EA 78 56 34 12', 'JMP far', '', 'cs=1234 ip=5678'],
  ['FF E3', 'JMP BX', 'bx=1234', 'ip=1234'],
  ['FF 27', 'JMP [BX]', 'bx=FFFF 2000:FFFF=3412', 'ip=1234'],
  ['FF 2F', 'JMP far [BX]', 'bx=FFFE 2000:FFFE=34127856', 'cs=5678 ip=1234'],
  ['E8 FD FF', 'CALL to itself', '', 'ip=100 sp=7FE 4000:07FE=0301'],
  ['9A 78 56 34 12', 'CALL far', '', 'cs=1234 ip=5678 sp=7FC 4000:07FC=05010010'],
  ['FF D3', 'CALL BX', 'bx=1234', 'ip=1234 sp=7FE 4000:07FE=0201'],
  ['FF D4', 'CALL SP, as it was', '', 'ip=800 sp=7FE 4000:07FE=0201'],
  ['FF 57 02', 'CALL [BX+2]', 'bx=FFFD 2000:FFFF=3412', 'ip=1234 sp=7FE 4000:07FE=0301'],
  ['FF 1F', 'CALL far [BX]', 'bx=FFFE 2000:FFFE=34127856', 'cs=5678 ip=1234 sp=7FC 4000:07FC=02010010'],
  // C0, C1, C8 and C9 are undocumented names of C2, C3, CA and CB.
  ...['C3', 'C1'].map((code): Row => [code, 'RET', '4000:0800=3412', 'ip=1234 sp=802']),
  ...['C2', 'C0'].map((code): Row => [`${code} FE FF`, 'RET -2', '4000:0800=3412', 'ip=1234 sp=800']),
  ...['CB', 'C9'].map((code): Row => [code, 'RETF', '4000:0800=34127856', 'ip=1234 cs=5678 sp=804']),
  ...['CA', 'C8'].map((code): Row => [`${code} 04 00`, 'RETF 4', '4000:0800=34127856', 'ip=1234 cs=5678 sp=808']),
  ['CB', 'RETF across the end of the segment', 'sp=FFFD 4000:FFFD=34127856', 'ip=1234 cs=5678 sp=1'],
];

const interrupts: readonly Row[] = [
  ['CC', 'INT3', '0000:000C=34127856 IF CF', 'cs=5678 ip=1234 sp=7FA 4000:07FA=0101001003F2 / CF'],
  ['CD FF', 'INT FF', '0000:03FC=34127856 TF OF', 'cs=5678 ip=1234 sp=7FA 4000:07FA=0201001002F9 / OF'],
  ['CE', 'INTO', '0000:0010=34127856 OF', 'cs=5678 ip=1234 sp=7FA 4000:07FA=0101001002F8'],
  ['CE', 'INTO without OF', 'CF', ''],
  [
    'CD 20',
    'INT 20 across the end of the segment',
    'sp=5 0000:0080=34127856',
    'cs=5678 ip=1234 sp=FFFF 4000:FFFF=0201001002F0',
  ],
  ['CF', 'IRET', '4000:0800=34127856FFFF', 'ip=1234 cs=5678 sp=806 / OF DF IF TF SF ZF AF PF CF'],
];

const flags: readonly Row[] = [
  ['F5', 'CMC', 'CF ZF', '/ ZF'],
  ['F8', 'CLC', 'CF OF', '/ OF'],
  ['F9', 'STC', 'OF', '/ OF CF'],
  ['FA', 'CLI', 'IF DF', '/ DF'],
  ['FB', 'STI', 'DF', '/ IF DF'],
  ['FC', 'CLD', 'IF DF', '/ IF'],
  ['FD', 'STD', 'IF', '/ IF DF'],
  ['F4', 'HLT', 'IF', ''],
  ['9B', 'WAIT', '', ''],
  ['D6', 'SALC with CF', 'al=12 CF', 'al=FF'],
  ['D6', 'SALC without', 'al=12 ZF', 'al=00'],
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((i): Row[] => [
    [`${hex2(0xd8 + i)} C3`, 'ESC', 'bx=1234', ''],
    [`${hex2(0xd8 + i)} 47 02`, 'ESC [BX+2]', 'bx=1234', ''],
  ]),
];

/**
 * FE with the reg fields of FF: what the bus brings is a byte, above which are ones; what is pushed is a byte, for which SP
 * counts two. Through a register all of the word is used that the byte is half of.
 */
const narrow: readonly Row[] = [
  ['FE 17', 'CALL byte [BX]', 'bx=9 2000:0009=56', 'ip=FF56 sp=7FE 4000:07FE=02'],
  ['FE D7', 'CALL BH', 'bx=1234', 'ip=1234 sp=7FE 4000:07FE=02'],
  [
    'FE 1F',
    'CALL far byte [BX]',
    'bx=FFFE 2000:FFFE=56EE 2000:0000=78',
    'cs=FF78 ip=FF56 sp=7FC 4000:07FE=00 4000:07FC=02',
  ],
  ['FE 27', 'JMP byte [BX]', 'bx=9 2000:0009=56', 'ip=FF56'],
  ['FE E3', 'JMP BL', 'bx=1234', 'ip=1234'],
  ['FE 2F', 'JMP far byte [BX]', 'bx=FFFE 2000:FFFE=56EE 2000:0000=78', 'cs=FF78 ip=FF56'],
  ['FE 37', 'PUSH byte [BX]', 'bx=9 2000:0009=56', 'sp=7FE 4000:07FE=56'],
  ['FE 37', 'PUSH byte [BX] past the start of the segment', 'bx=9 sp=1 2000:0009=56', 'sp=FFFF 4000:FFFF=56'],
  ['FE F7', 'PUSH BH', 'bx=1234', 'sp=7FE 4000:07FE=12'],
  ['FE FB', 'PUSH BL as /7', 'bx=1234', 'sp=7FE 4000:07FE=34'],
];

export const controlRows: readonly Row[] = [...conditional, ...jumps, ...interrupts, ...flags, ...narrow];
