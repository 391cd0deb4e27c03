import { hex2, type Row } from './row.js';

/*
 * ADD to CMP, TEST, INC, DEC, NOT, NEG, multiplication, division, decimal adjustments, shifts. Results and flags were
 * worked out by hand. Flags that the manual calls undefined are those of the chip where the operation it makes is known;
 * of division they are left to instructions/multiply.spec.ts, which follows the microcode.
 */

const names = ['ADD', 'OR', 'ADC', 'SBB', 'AND', 'SUB', 'XOR', 'CMP'];

/** 9C op 67 with CF. */
const bytes: readonly (readonly [result: string, flags: string])[] = [
  ['03', 'AF PF CF'],
  ['FF', 'SF PF'],
  ['04', 'AF CF'],
  ['34', 'OF'],
  ['04', ''],
  ['35', 'OF PF'],
  ['FB', 'SF'],
  ['9C', 'OF PF'],
];
/** 8A3C op 7567 with CF. */
const words: readonly (readonly [result: string, flags: string])[] = [
  ['FFA3', 'SF AF PF'],
  ['FF7F', 'SF'],
  ['FFA4', 'SF AF'],
  ['14D4', 'OF PF'],
  ['0024', 'PF'],
  ['14D5', 'OF'],
  ['FF5B', 'SF'],
  ['8A3C', 'OF'],
];
/** 1234 op FF9A, as the byte 9A, with CF. */
const extended: readonly (readonly [result: string, flags: string])[] = [
  ['11CE', 'CF'],
  ['FFBE', 'SF PF'],
  ['11CF', 'PF CF'],
  ['1299', 'AF PF CF'],
  ['1210', ''],
  ['129A', 'AF PF CF'],
  ['EDAE', 'SF'],
  ['1234', 'AF PF CF'],
];

const swapped = (word: string) => word.slice(2) + word.slice(0, 2);

function sixForms(n: number): Row[] {
  const name = names[n] as string;
  const [byte, byteFlags] = bytes[n] as readonly [string, string];
  const [word, wordFlags] = words[n] as readonly [string, string];
  const opcode = (form: number) => hex2(8 * n + form);
  const memory = `2000:1234=${swapped(word)}`;
  return [
    [`${opcode(0)} CB`, `${name} BL, CL`, 'bl=9C cl=67 CF', `bl=${byte} / ${byteFlags}`],
    [`${opcode(0)} 0E 34 12`, `${name} [1234], CL`, '2000:1234=9C cl=67 CF', `2000:1234=${byte} / ${byteFlags}`],
    [`${opcode(1)} CB`, `${name} BX, CX`, 'bx=8A3C cx=7567 CF', `bx=${word} / ${wordFlags}`],
    [`${opcode(1)} 0E 34 12`, `${name} [1234], CX`, '2000:1234=3C8A cx=7567 CF', `${memory} / ${wordFlags}`],
    [`${opcode(2)} CB`, `${name} CL, BL`, 'cl=9C bl=67 CF', `cl=${byte} / ${byteFlags}`],
    [`${opcode(2)} 0E 34 12`, `${name} CL, [1234]`, 'cl=9C 2000:1234=67 CF', `cl=${byte} / ${byteFlags}`],
    [`${opcode(3)} CB`, `${name} CX, BX`, 'cx=8A3C bx=7567 CF', `cx=${word} / ${wordFlags}`],
    [`${opcode(3)} 0E 34 12`, `${name} CX, [1234]`, 'cx=8A3C 2000:1234=6775 CF', `cx=${word} / ${wordFlags}`],
    [`${opcode(4)} 67`, `${name} AL, 67`, 'ax=559C CF', `al=${byte} / ${byteFlags}`],
    [`${opcode(5)} 67 75`, `${name} AX, 7567`, 'ax=8A3C CF', `ax=${word} / ${wordFlags}`],
  ];
}

/** 80 to 83; 82 is 80 once more. */
function immediates(n: number): Row[] {
  const name = names[n] as string;
  const [byte, byteFlags] = bytes[n] as readonly [string, string];
  const [word, wordFlags] = words[n] as readonly [string, string];
  const [long, longFlags] = extended[n] as readonly [string, string];
  const register = hex2(0xc3 | (n << 3));
  const memory = hex2(0x07 | (n << 3));
  return [
    ...['80', '82'].flatMap((opcode): Row[] => [
      [`${opcode} ${register} 67`, `${name} BL, 67`, 'bl=9C CF', `bl=${byte} / ${byteFlags}`],
      [`${opcode} ${memory} 67`, `${name} byte [BX], 67`, 'bx=9 2000:0009=9C CF', `2000:0009=${byte} / ${byteFlags}`],
    ]),
    [`81 ${register} 67 75`, `${name} BX, 7567`, 'bx=8A3C CF', `bx=${word} / ${wordFlags}`],
    [
      `81 ${memory} 67 75`,
      `${name} word [BX] across the end of the segment, 7567`,
      'bx=FFFF 2000:FFFF=3C8A CF',
      `2000:FFFF=${swapped(word)} / ${wordFlags}`,
    ],
    [`83 ${register} 9A`, `${name} BX, -66`, 'bx=1234 CF', `bx=${long} / ${longFlags}`],
  ];
}

const registers = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];

const counting: readonly Row[] = [
  ...registers.flatMap((name, i): Row[] => [
    [hex2(0x40 + i), `INC ${name}`, `${name}=7FFF CF`, `${name}=8000 / OF SF AF PF CF`],
    [hex2(0x40 + i), `INC ${name} past the end`, `${name}=FFFF`, `${name}=0 / ZF AF PF`],
    [hex2(0x48 + i), `DEC ${name}`, `${name}=8000 CF`, `${name}=7FFF / OF AF PF CF`],
  ]),
  ['FE C3', 'INC BL', 'bl=7F CF', 'bl=80 / OF SF AF CF'],
  ['FE CB', 'DEC BL', 'bl=80 CF', 'bl=7F / OF AF CF'],
  ['FF 07', 'INC word [BX]', 'bx=9 2000:0009=FFFF CF', '2000:0009=0000 / ZF AF PF CF'],
  ['FF 0F', 'DEC word [BX]', 'bx=9 2000:0009=0000', '2000:0009=FFFF / SF AF PF'],
];

/** /1 of F6 and F7 is /0 once more. */
const unary: readonly Row[] = [
  ['84 CB', 'TEST BL, CL', 'bl=9C cl=67 OF CF AF', '/'],
  ['85 0E 34 12', 'TEST [1234], CX', 'cx=7567 2000:1234=3C8A CF', '/ PF'],
  ['A8 67', 'TEST AL, 67', 'al=9C CF', '/'],
  ['A9 67 75', 'TEST AX, 7567', 'ax=8A3C CF', '/ PF'],
  ...['C3', 'CB'].flatMap((modrm): Row[] => [
    [`F6 ${modrm} 67`, 'TEST BL, 67', 'bl=9C CF', '/'],
    [`F7 ${modrm} 67 75`, 'TEST BX, 7567', 'bx=8A3C CF', '/ PF'],
  ]),
  ['F6 D3', 'NOT BL', 'bl=9C OF CF', 'bl=63'],
  ['F7 D3', 'NOT BX', 'bx=8A3C ZF', 'bx=75C3'],
  ['F6 DB', 'NEG BL', 'bl=9C', 'bl=64 / AF CF'],
  ['F6 DB', 'NEG BL, the most negative', 'bl=80', 'bl=80 / OF SF CF'],
  ['F7 DB', 'NEG BX', 'bx=8A3C', 'bx=75C4 / AF CF'],
  ['F7 DB', 'NEG BX, zero', 'bx=0 CF', '/ ZF PF'],
];

/** Flags are of the high half, for IMUL with the sign of the low half added to it. REP makes the product negative. */
const products: readonly Row[] = [
  ['F6 E3', 'MUL BL', 'ax=559C bl=67', 'ax=3EC4 / OF CF'],
  ['F6 E3', 'MUL BL, small', 'al=0F bl=11 AF SF', 'ax=00FF / ZF PF'],
  ['F3 F6 E3', 'REP MUL BL', 'al=0F bl=11', 'ax=FF01 / OF SF PF CF'],
  ['F6 EB', 'IMUL BL', 'ax=559C bl=67', 'ax=D7C4 / OF SF PF CF'],
  ['F6 EB', 'IMUL BL, small', 'al=FF bl=7F', 'ax=FF81 / ZF AF PF'],
  ['F2 F6 EB', 'REPNE IMUL BL', 'al=FF bl=7F', 'ax=007F / ZF PF'],
  ['F7 E3', 'MUL BX', 'ax=8000 bx=0006 dx=5555', 'ax=0000 dx=0003 / OF PF CF'],
  ['F7 EB', 'IMUL BX', 'ax=8000 bx=0006 dx=5555', 'ax=0000 dx=FFFD / OF SF CF'],
  ['F3 F7 E3', 'REP MUL BX', 'ax=1 bx=1', 'ax=FFFF dx=FFFF / OF SF PF CF'],
  ['F3 F7 EB', 'REP IMUL BX', 'ax=1 bx=1', 'ax=FFFF dx=FFFF / ZF AF PF'],
];

/** 4000:07FA is where the divide error puts IP, CS and flags; the IP is behind the instruction. */
const divideError = (length: number) => `4000:07FA=${hex2(length)}01001002F0 cs=5000 ip=0020 sp=7FA / ?`;
const vector = '0000:0000=20000050';

const quotients: readonly Row[] = [
  ['F6 F3', 'DIV BL', 'ax=1234 bl=56', 'al=36 ah=10 / ?'],
  ['F3 F6 F3', 'REP DIV BL is as without', 'ax=1234 bl=56', 'al=36 ah=10 / ?'],
  ['F6 FB', 'IDIV BL', 'ax=FF9C bl=07', 'al=F2 ah=FE / ?'],
  ['F6 FB', 'IDIV BL, both negative', 'ax=FF9C bl=F9', 'al=0E ah=FE / ?'],
  ['F3 F6 FB', 'REP IDIV BL turns the quotient', 'ax=FF9C bl=07', 'al=0E ah=FE / ?'],
  ['F6 FB', 'IDIV BL, the most negative that it gives', 'ax=FF81 bl=01', 'al=81 ah=00 / ?'],
  ['F7 F3', 'DIV BX', 'dx=1234 ax=5678 bx=5679', 'ax=35E4 dx=45B4 / ?'],
  ['F7 FB', 'IDIV BX', 'dx=FFFF ax=FF9C bx=0007', 'ax=FFF2 dx=FFFE / ?'],
  ['F2 F7 FB', 'REPNE IDIV BX turns the quotient', 'dx=FFFF ax=FF9C bx=0007', 'ax=000E dx=FFFE / ?'],
  ['F6 F3', 'DIV BL by zero', `ax=1234 bl=0 ${vector}`, divideError(2)],
  ['F6 F3', 'DIV BL, 256', `ax=0200 bl=02 ${vector}`, divideError(2)],
  ['F6 FB', 'IDIV BL, 128', `ax=0080 bl=01 ${vector}`, divideError(2)],
  ['F6 FB', 'IDIV BL, -128, which later processors give', `ax=FF80 bl=01 ${vector}`, divideError(2)],
  ['F7 FB', 'IDIV BX, -32768', `dx=FFFF ax=8000 bx=0001 ${vector}`, divideError(2)],
  ['2E F7 36 34 12', 'DIV CS: word [1234]', `dx=1 ax=0 1000:1234=0100 ${vector}`, divideError(5)],
  ['D4 00', 'AAM 0', `al=12 ${vector}`, divideError(2)],
];

const decimal: readonly Row[] = [
  ['27', 'DAA', 'al=9C', 'al=02 / AF CF'],
  ['27', 'DAA, 9F is not too large with AF', 'al=9F AF', 'al=A5 / SF AF PF'],
  ['2F', 'DAS', 'al=9C', 'al=36 / OF AF PF CF'],
  ['37', 'AAA', 'ax=129C', 'ax=1302 / SF AF CF'],
  ['37', 'AAA, AL carries nothing into AH', 'ax=12FF', 'ax=1305 / AF PF CF'],
  ['3F', 'AAS', 'ax=129C', 'ax=1106 / SF AF PF CF'],
  ['D4 0A', 'AAM', 'ax=559C AF CF OF', 'ax=0F06 / PF'],
  ['D4 10', 'AAM 10', 'al=9C', 'ax=090C / PF'],
  ['D5 0A', 'AAD', 'ax=0507', 'ax=0039 / PF'],
  ['D5 0A', 'AAD, more than a byte holds', 'ax=1907', 'ax=0001 / AF CF'],
  ['D5 10', 'AAD 10', 'ax=1234', 'ax=0054 /'],
];

/** By the reg field: the byte 9C by 1 and by 2, the word 8A3C by 1 and by 4, all with CF; /6 is undocumented. */
const shifted: readonly (readonly [name: string, ...results: readonly string[]])[] = [
  ['ROL', '39 / OF CF', '72 /', '1479 / OF CF', 'A3C8 / OF'],
  ['ROR', '4E / OF', '27 /', '451E / OF', 'C8A3 / CF'],
  ['RCL', '39 / OF CF', '73 /', '1479 / OF CF', 'A3CC / OF'],
  ['RCR', 'CE /', '67 / OF', 'C51E /', '98A3 / OF CF'],
  ['SHL', '38 / OF AF CF', '70 / AF', '1478 / OF AF PF CF', 'A3C0 / OF SF PF'],
  ['SHR', '4E / OF PF', '27 / PF', '451E / OF PF', '08A3 / PF CF'],
  ['SETMO', 'FF / SF PF', 'FF / SF PF', 'FFFF / SF PF', 'FFFF / SF PF'],
  ['SAR', 'CE / SF', 'E7 / SF PF', 'C51E / SF PF', 'F8A3 / SF PF CF'],
];

const shifts: readonly Row[] = shifted.flatMap(([name, byte, byteTwice, word, wordBy4], n): Row[] => {
  const modrm = hex2(0xc3 | (n << 3));
  return [
    [`D0 ${modrm}`, `${name} BL, 1`, 'bl=9C CF', `bl=${byte}`],
    [`D1 ${modrm}`, `${name} BX, 1`, 'bx=8A3C CF', `bx=${word}`],
    [`D2 ${modrm}`, `${name} BL, CL`, 'bl=9C cl=02 CF', `bl=${byteTwice}`],
    [`D3 ${modrm}`, `${name} BX, CL`, 'bx=8A3C cl=04 CF', `bx=${wordBy4}`],
    [`D2 ${modrm}`, `${name} BL by 0 leaves the flags`, 'bl=9C cl=00 OF SF ZF AF CF', ''],
    [`D3 ${modrm}`, `${name} BX by 0 leaves the flags`, 'bx=8A3C cl=00 PF', ''],
  ];
});

/** Counts are not masked: those of 32 and more are shifted out, or go round. */
const largeCounts: readonly Row[] = [
  ['D2 E3', 'SHL BL by 32', 'bl=9C cl=20', 'bl=00 / ZF PF'],
  ['D2 EB', 'SHR BL by 33', 'bl=9C cl=21', 'bl=00 / ZF PF'],
  ['D2 FB', 'SAR BL by 255', 'bl=9C cl=FF', 'bl=FF / SF PF CF'],
  ['D3 E3', 'SHL BX by 16', 'bx=8A3D cl=10', 'bx=0000 / OF ZF PF CF'],
  ['D3 EB', 'SHR BX by 16', 'bx=8A3C cl=10', 'bx=0000 / ZF PF CF'],
  ['D2 C3', 'ROL BL by 32', 'bl=9D cl=20', 'bl=9D / CF'],
  ['D2 CB', 'ROR BL by 32', 'bl=9C cl=20', 'bl=9C / OF CF'],
  ['D2 D3', 'RCL BL by 36 is none', 'bl=9C cl=24 CF', 'bl=9C / CF'],
  ['D3 DB', 'RCR BX by 34 is none', 'bx=8A3C cl=22', 'bx=8A3C / OF'],
];

export const arithmeticRows: readonly Row[] = [
  ...names.flatMap((_, n) => [...sixForms(n), ...immediates(n)]),
  ...counting,
  ...unary,
  ...products,
  ...quotients,
  ...decimal,
  ...shifts,
  ...largeCounts,
];
