import { hex2, type Row } from './row.js';

// Moves, the stack, conversions, ports, strings, and prefixes.

const bytes = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const words = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const segments = ['es', 'cs', 'ss', 'ds'];
const segmentValues = ['3000', '1000', '4000', '2000'];
const swapped = (word: string) => word.slice(2) + word.slice(0, 2);

const moves: readonly Row[] = [
  ['88 CB', 'MOV BL, CL', 'cl=5A', 'bl=5A'],
  ['88 4F FE', 'MOV [BX-2], CL wraps', 'bx=1 cl=5A', '2000:FFFF=5A'],
  ['89 CB', 'MOV BX, CX', 'cx=5AA5', 'bx=5AA5'],
  ['89 0F', 'MOV [BX], CX across the end of the segment', 'bx=FFFF cx=5AA5', '2000:FFFF=A55A'],
  ['8A CB', 'MOV CL, BL', 'bl=5A', 'cl=5A'],
  ['8A 0F', 'MOV CL, [BX] across 1 MiB', 'ds=FFFF bx=0015 0000:0005=5A', 'cl=5A'],
  ['8B CB', 'MOV CX, BX', 'bx=5AA5', 'cx=5AA5'],
  ['8B 8B 00 F0', 'MOV CX, [BP+DI-1000] from SS', 'bp=1800 di=0010 4000:0810=A55A', 'cx=5AA5'],
  ['8B 0F', 'MOV CX, [BX] across the end of the segment', 'bx=FFFF 2000:FFFF=A55A', 'cx=5AA5'],
  ...words.flatMap((name, i): Row[] => [
    [`${hex2(0xb0 + i)} 5A`, `MOV ${bytes[i]}, 5A`, '', `${bytes[i]}=5A`],
    [`${hex2(0xb8 + i)} A5 5A`, `MOV ${name}, 5AA5`, '', `${name}=5AA5`],
    [`C6 ${hex2(0xc3 | (i << 3))} 5A`, `MOV BL, 5A with reg ${i}`, '', 'bl=5A'],
    [`C6 ${hex2(0x47 | (i << 3))} 02 5A`, `MOV byte [BX+2], 5A with reg ${i}`, 'bx=9', '2000:000B=5A'],
    [`C7 ${hex2(0xc3 | (i << 3))} A5 5A`, `MOV BX, 5AA5 with reg ${i}`, '', 'bx=5AA5'],
    [`C7 ${hex2(0x07 | (i << 3))} A5 5A`, `MOV word [BX], 5AA5 with reg ${i}`, 'bx=FFFF', '2000:FFFF=A55A'],
  ]),
  ['A0 34 12', 'MOV AL, [1234]', '2000:1234=5A', 'al=5A'],
  ['A1 FF FF', 'MOV AX, [FFFF]', '2000:FFFF=A55A', 'ax=5AA5'],
  ['26 A2 34 12', 'MOV ES: [1234], AL', 'al=5A', '3000:1234=5A'],
  ['A3 FF FF', 'MOV [FFFF], AX', 'ax=5AA5', '2000:FFFF=A55A'],
  // The high bit of the reg field is not decoded.
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((i): Row[] => {
    const name = segments[i & 3] as string;
    const value = segmentValues[i & 3] as string;
    return [
      [`8C ${hex2(0xc3 | (i << 3))}`, `MOV BX, ${name} as ${i}`, '', `bx=${value}`],
      [`8C ${hex2(0x07 | (i << 3))}`, `MOV [BX], ${name} as ${i}`, 'bx=FFFF', `2000:FFFF=${swapped(value)}`],
      [`8E ${hex2(0xc3 | (i << 3))}`, `MOV ${name}, BX as ${i}`, 'bx=5AA5', `${name}=5AA5`],
    ];
  }),
  ['86 CB', 'XCHG BL, CL', 'bl=11 cl=22', 'bl=22 cl=11'],
  ['F0 86 0F', 'LOCK XCHG [BX], CL', 'bx=9 2000:0009=11 cl=22', '2000:0009=22 cl=11'],
  ['87 CB', 'XCHG BX, CX', 'bx=1111 cx=2222', 'bx=2222 cx=1111'],
  ...words
    .slice(1)
    .map((name, i): Row => [hex2(0x91 + i), `XCHG AX, ${name}`, `ax=1111 ${name}=2222`, `ax=2222 ${name}=1111`]),
  ['90', 'NOP', 'ax=1111', ''],
  ['8D 40 FB', 'LEA AX, [BX+SI-5]', 'bx=2 si=1', 'ax=FFFE'],
  ['C4 0F', 'LES CX, [BX]', 'bx=FFFE 2000:FFFE=34127856', 'cx=1234 es=5678'],
  ['36 C5 4E 01', 'LDS CX, SS: [BP+1]', 'bp=FFFC 4000:FFFD=34127856', 'cx=1234 ds=5678'],
  ['98', 'CBW', 'ax=1280 CF', 'ax=FF80'],
  ['99', 'CWD', 'ax=8000 ZF', 'dx=FFFF'],
  ['9E', 'SAHF', 'ah=FF OF DF', '/ OF DF SF ZF AF PF CF'],
  ['9F', 'LAHF', 'OF SF AF CF', 'ah=93'],
  ['D7', 'XLAT', 'bx=FFF0 al=1F 2000:000F=5A', 'al=5A'],
  ['2E D7', 'XLAT CS:', 'bx=FFF0 al=1F 1000:000F=5A', 'al=5A'],
];

const stack: readonly Row[] = [
  ...words.flatMap((name, i): Row[] => {
    // SP is decremented first, and what is pushed is what it then is.
    const pushed = name === 'sp' ? '5AA3' : '5AA5';
    const at = name === 'sp' ? '4000:5AA3' : '4000:07FE';
    const sp = name === 'sp' ? '5AA3' : '07FE';
    const popped = name === 'sp' ? 'sp=5AA5' : `${name}=5AA5 sp=0802`;
    return [
      [hex2(0x50 + i), `PUSH ${name}`, `${name}=5AA5`, `${at}=${swapped(pushed)} sp=${sp}`],
      [`FF ${hex2(0xf0 + i)}`, `PUSH ${name} as FF /6`, `${name}=5AA5`, `${at}=${swapped(pushed)} sp=${sp}`],
      [`FF ${hex2(0xf8 + i)}`, `PUSH ${name} as FF /7`, `${name}=5AA5`, `${at}=${swapped(pushed)} sp=${sp}`],
      [hex2(0x58 + i), `POP ${name}`, '4000:0800=A55A', popped],
      [`8F ${hex2(0xc3 | (i << 3))}`, `POP BX with reg ${i}`, '4000:0800=A55A', 'bx=5AA5 sp=0802'],
    ];
  }),
  ['50', 'PUSH AX across the end of the segment', 'sp=1 ax=1234', 'sp=FFFF 4000:FFFF=3412'],
  ['58', 'POP AX across the end of the segment', 'sp=FFFF 4000:FFFF=3412', 'sp=1 ax=1234'],
  ['8F C4', 'POP SP', '4000:0800=A55A', 'sp=5AA5'],
  ['8F 07', 'POP [BX]', 'bx=9 4000:0800=A55A', '2000:0009=A55A sp=0802'],
  ['8F 46 00', 'POP [BP] at the top of the stack', 'bp=0800 4000:0800=A55A', 'sp=0802'],
  ['FF 37', 'PUSH [BX]', 'bx=9 2000:0009=A55A', '4000:07FE=A55A sp=07FE'],
  // 0F, POP CS, is undocumented.
  ...segments.flatMap((name, i): Row[] => [
    [hex2(0x06 + 8 * i), `PUSH ${name}`, '', `4000:07FE=${swapped(segmentValues[i] as string)} sp=07FE`],
    [hex2(0x07 + 8 * i), `POP ${name}`, '4000:0800=A55A', `${name}=5AA5 sp=0802`],
  ]),
  ['9C', 'PUSHF', 'OF IF PF', '4000:07FE=06FA sp=07FE'],
  ['9D', 'POPF', '4000:0800=FFFF', 'sp=0802 / OF DF IF TF SF ZF AF PF CF'],
  ['9D', 'POPF, nothing', 'OF IF CF 4000:0800=0000', 'sp=0802 /'],
];

const ports: readonly Row[] = [
  ['E4 60', 'IN AL, 60', 'ax=1234', 'al=FF'],
  ['E5 60', 'IN AX, 60', 'ax=1234', 'ax=FFFF'],
  ['E6 60', 'OUT 60, AL', 'ax=1234', ''],
  ['E7 60', 'OUT 60, AX', 'ax=1234', ''],
  ['EC', 'IN AL, DX', 'ax=1234 dx=FFFF', 'al=FF'],
  ['ED', 'IN AX, DX', 'ax=1234 dx=FFFF', 'ax=FFFF'],
  ['EE', 'OUT DX, AL', 'ax=1234 dx=FFFF', ''],
  ['EF', 'OUT DX, AX', 'ax=1234 dx=FFFF', ''],
];

/** Repeated ones are one instruction, to the end. */
const strings: readonly Row[] = [
  ['A4', 'MOVSB', 'si=FFFF di=FFFF cx=5 2000:FFFF=5A', 'si=0 di=0 3000:FFFF=5A'],
  ['A5', 'MOVSW', 'si=FFFF di=10 2000:FFFF=A55A', 'si=1 di=12 3000:0010=A55A'],
  ['A6', 'CMPSB', 'si=10 di=20 2000:0010=9C 3000:0020=67 CF', 'si=11 di=21 / OF PF'],
  ['A7', 'CMPSW', 'si=10 di=20 2000:0010=3C8A 3000:0020=6775 DF', 'si=E di=1E / OF DF'],
  ['AA', 'STOSB', 'al=5A di=10', '3000:0010=5A di=11'],
  ['AB', 'STOSW', 'ax=5AA5 di=FFFF', '3000:FFFF=A55A di=1'],
  ['AC', 'LODSB', 'si=10 2000:0010=5A DF', 'al=5A si=F'],
  ['AD', 'LODSW', 'si=FFFF 2000:FFFF=A55A', 'ax=5AA5 si=1'],
  ['AE', 'SCASB', 'al=9C di=20 3000:0020=67 CF', 'di=21 / OF PF'],
  ['AF', 'SCASW', 'ax=8A3C di=20 3000:0020=6775', 'di=22 / OF'],
  ['2E A4', 'MOVSB from CS', 'si=10 di=20 1000:0010=5A', 'si=11 di=21 3000:0020=5A'],
  ['36 AA', 'STOSB takes no other segment', 'al=5A di=10', '3000:0010=5A di=11'],
  ['F3 A4', 'REP MOVSB', 'si=10 di=20 cx=3 2000:0010=010203', 'si=13 di=23 cx=0 3000:0020=010203'],
  ['F2 A4', 'REPNE MOVSB is REP MOVSB', 'si=10 di=20 cx=2 ZF 2000:0010=0102', 'si=12 di=22 cx=0 3000:0020=0102'],
  [
    'F3 A5',
    'REP MOVSW down, over itself',
    'si=12 di=14 cx=2 es=2000 DF 2000:0010=01020304',
    'si=E di=10 cx=0 2000:0012=01020304',
  ],
  ['36 F3 AD', 'SS: REP LODSW', 'si=10 cx=2 4000:0010=0102A55A', 'si=14 cx=0 ax=5AA5'],
  ['F3 36 AD', 'REP SS: LODSW', 'si=10 cx=2 4000:0010=0102A55A', 'si=14 cx=0 ax=5AA5'],
  ['F3 AA', 'REP STOSB, over its own bytes', 'es=1000 di=100 cx=3 al=F4', 'di=103 cx=0 1000:0100=F4F4F4'],
  ['F3 AB', 'REP STOSW with CX = 0', 'di=20 cx=0 ax=1234 CF ZF', ''],
  ['F3 A6', 'REPE CMPSB with CX = 0', 'si=10 di=20 cx=0 2000:0010=01 CF', ''],
  [
    'F3 A6',
    'REPE CMPSB ends where they differ',
    'si=10 di=20 cx=5 2000:0010=0102 3000:0020=0103',
    'si=12 di=22 cx=3 / SF AF PF CF',
  ],
  [
    'F2 A7',
    'REPNE CMPSW ends where they are equal',
    'si=10 di=20 cx=5 2000:0010=01000200 3000:0020=00000200',
    'si=14 di=24 cx=3 / ZF PF',
  ],
  ['F2 AE', 'REPNE SCASB finds nothing', 'al=07 di=20 cx=2 3000:0020=0506', 'di=22 cx=0 /'],
  ['F3 AF', 'REPE SCASW ends where they differ', 'ax=0007 di=20 cx=4 3000:0020=07000800', 'di=24 cx=2 / SF AF PF CF'],
  ['F3 F2 AE', 'the last of REP and REPNE counts', 'al=07 di=20 cx=3 3000:0020=050709', 'di=22 cx=1 / ZF PF'],
];

/** Segments of operands; LOCK and F1, its alias, do nothing; REP counts for strings, products and quotients only. */
const prefixes: readonly Row[] = [
  ['26 8A 07', 'MOV AL, ES: [BX]', 'bx=9 3000:0009=5A', 'al=5A'],
  ['2E 8A 07', 'MOV AL, CS: [BX]', 'bx=9 1000:0009=5A', 'al=5A'],
  ['36 8A 07', 'MOV AL, SS: [BX]', 'bx=9 4000:0009=5A', 'al=5A'],
  ['3E 8A 46 00', 'MOV AL, DS: [BP]', 'bp=9 2000:0009=5A', 'al=5A'],
  ['26 3E 36 8A 07', 'the last of several segments counts', 'bx=9 4000:0009=5A', 'al=5A'],
  ['F0 40', 'LOCK INC AX', 'ax=1', 'ax=2 /'],
  ['F1 40', 'LOCK, as F1, INC AX', 'ax=1', 'ax=2 /'],
  ['F2 40', 'REPNE INC AX', 'ax=1 cx=7', 'ax=2 /'],
  ['F3 8B 07', 'REP MOV AX, [BX]', 'bx=9 cx=7 2000:0009=A55A', 'ax=5AA5'],
];

export const dataRows: readonly Row[] = [...moves, ...stack, ...ports, ...strings, ...prefixes];
