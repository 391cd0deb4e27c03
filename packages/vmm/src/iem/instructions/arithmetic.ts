import {
  and8,
  and16,
  CMP,
  dec8,
  dec16,
  inc8,
  inc16,
  type Operation,
  operations8,
  operations16,
  type Unary,
} from '../alu.js';
import { AL, AX, type Core, type Instruction } from '../core.js';
import { readRm8, readRm16, reg, writeBack8, writeBack16 } from '../modrm.js';

// ADD, OR, ADC, SBB, AND, SUB, XOR, CMP and TEST in all forms; INC and DEC.

/** The six forms of an operation at 8n: rm,r8; rm,r16; r8,rm; r16,rm; AL,imm8; AX,imm16. */
export function sixForms(number: number): readonly Instruction[] {
  const on8 = operations8[number] as Operation;
  const on16 = operations16[number] as Operation;
  const stores = number !== CMP;
  return [
    (core) => {
      const modrm = core.fetch();
      const result = on8(core, readRm8(core, modrm), core.byte(reg(modrm)));
      if (stores) writeBack8(core, modrm, result);
    },
    (core) => {
      const modrm = core.fetch();
      const result = on16(core, readRm16(core, modrm), core.word(reg(modrm)));
      if (stores) writeBack16(core, modrm, result);
    },
    (core) => {
      const modrm = core.fetch();
      const operand = readRm8(core, modrm);
      const result = on8(core, core.byte(reg(modrm)), operand);
      if (stores) core.setByte(reg(modrm), result);
    },
    (core) => {
      const modrm = core.fetch();
      const operand = readRm16(core, modrm);
      const result = on16(core, core.word(reg(modrm)), operand);
      if (stores) core.setWord(reg(modrm), result);
    },
    (core) => {
      const result = on8(core, core.byte(AL), core.fetch());
      if (stores) core.setByte(AL, result);
    },
    (core) => {
      const result = on16(core, core.word(AX), core.fetchWord());
      if (stores) core.setWord(AX, result);
    },
  ];
}

/** 80 and its alias 82: rm8,imm8. */
export function immediate8(core: Core): void {
  const modrm = core.fetch();
  const operand = readRm8(core, modrm);
  const result = (operations8[reg(modrm)] as Operation)(core, operand, core.fetch());
  if (reg(modrm) !== CMP) writeBack8(core, modrm, result);
}

/** 81: rm16,imm16. */
export function immediate16(core: Core): void {
  const modrm = core.fetch();
  const operand = readRm16(core, modrm);
  const result = (operations16[reg(modrm)] as Operation)(core, operand, core.fetchWord());
  if (reg(modrm) !== CMP) writeBack16(core, modrm, result);
}

/** 83: rm16,imm8 with its sign. */
export function immediateSigned(core: Core): void {
  const modrm = core.fetch();
  const operand = readRm16(core, modrm);
  const result = (operations16[reg(modrm)] as Operation)(core, operand, core.fetchSigned() & 0xffff);
  if (reg(modrm) !== CMP) writeBack16(core, modrm, result);
}

/** 84, 85, A8, A9. */
export const test: Readonly<Record<'rm8' | 'rm16' | 'al' | 'ax', Instruction>> = {
  rm8: (core) => {
    const modrm = core.fetch();
    and8(core, readRm8(core, modrm), core.byte(reg(modrm)));
  },
  rm16: (core) => {
    const modrm = core.fetch();
    and16(core, readRm16(core, modrm), core.word(reg(modrm)));
  },
  al: (core) => {
    and8(core, core.byte(AL), core.fetch());
  },
  ax: (core) => {
    and16(core, core.word(AX), core.fetchWord());
  },
};

/** 40 to 4F. */
export function unaryWord(operation: Unary, register: number): Instruction {
  return (core) => core.setWord(register, operation(core, core.word(register)));
}

/** What stores its result where its operand was. */
export function modify8(core: Core, modrm: number, operation: Unary): void {
  writeBack8(core, modrm, operation(core, readRm8(core, modrm)));
}

export function modify16(core: Core, modrm: number, operation: Unary): void {
  writeBack16(core, modrm, operation(core, readRm16(core, modrm)));
}

/** FE and FF /0, /1 by the reg field. */
export const increments8: readonly Unary[] = [inc8, dec8];
export const increments16: readonly Unary[] = [inc16, dec16];
