/** A program that never ends, for the interpreter to run. */
export interface Program {
  readonly name: string;
  /** Code, at 1000:0000. Data is at 2000:, extra segment 3000:, stack 4000:1000. */
  readonly code: readonly number[];
  /** Instructions, or iterations of repeated ones, that a second should hold, in millions. */
  readonly target: number;
}

export const programs: readonly Program[] = [
  {
    name: 'mixed',
    target: 20,
    code: [
      [0xb9, 0x00, 0x40], // MOV CX, 4000
      [0x31, 0xdb], // XOR BX, BX
      [0x8b, 0x07], // MOV AX, [BX]
      [0x01, 0xc8], // ADD AX, CX
      [0x89, 0x07], // MOV [BX], AX
      [0x83, 0xc3, 0x02], // ADD BX, 2
      [0xd1, 0xe0], // SHL AX, 1
      [0x88, 0xe0], // MOV AL, AH
      [0x3c, 0x10], // CMP AL, 10
      [0x72, 0x02], // JB +2
      [0x50], // PUSH AX
      [0x58], // POP AX
      [0xe2, 0xeb], // LOOP
      [0xeb, 0xe4], // JMP
    ].flat(),
  },
  {
    name: 'registers',
    target: 20,
    // MOV CX, 0; ADD AX, CX; XOR DX, AX; INC SI; DEC DI; LOOP; JMP
    code: [0xb9, 0x00, 0x00, 0x01, 0xc8, 0x31, 0xc2, 0x46, 0x4f, 0xe2, 0xf8, 0xeb, 0xf3],
  },
  {
    name: 'memory copies',
    target: 20,
    // MOV CX, 8000; REP MOVSW; JMP
    code: [0xb9, 0x00, 0x80, 0xf3, 0xa5, 0xeb, 0xf9],
  },
  {
    name: 'products, quotients',
    target: 5,
    // MOV BX, 7; MUL BX; DIV BX; INC AX; JMP
    code: [0xbb, 0x07, 0x00, 0xf7, 0xe3, 0xf7, 0xf3, 0x40, 0xeb, 0xf9],
  },
];
