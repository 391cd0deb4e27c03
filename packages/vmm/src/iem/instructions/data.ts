import { AH, AL, AX, BX, type Core, DS, DX, ES, INHIBIT_ALL, type Instruction, SP } from '../core.js';
import { CF } from '../flags.js';
import { address, REGISTER_FORM, readRm8, readRm16, reg, writeBack8, writeBack16 } from '../modrm.js';

// MOV, PUSH, POP, XCHG, XLAT, LEA, LDS, LES, LAHF, SAHF, CBW, CWD, SALC.

/** Loads a segment register, after which the 8086 takes no interrupt for one instruction, whichever register it was. */
export function loadSegment(core: Core, register: number, value: number): void {
  core.segments[register] = value;
  core.attention |= INHIBIT_ALL;
}

/** 88 to 8B. */
export const moves: readonly Instruction[] = [
  (core) => {
    const modrm = core.fetch();
    if (modrm < REGISTER_FORM) address(core, modrm);
    writeBack8(core, modrm, core.byte(reg(modrm)));
  },
  (core) => {
    const modrm = core.fetch();
    if (modrm < REGISTER_FORM) address(core, modrm);
    writeBack16(core, modrm, core.word(reg(modrm)));
  },
  (core) => {
    const modrm = core.fetch();
    core.setByte(reg(modrm), readRm8(core, modrm));
  },
  (core) => {
    const modrm = core.fetch();
    core.setWord(reg(modrm), readRm16(core, modrm));
  },
];

/** 8C. The high bit of the reg field is not looked at. */
export function moveFromSegment(core: Core): void {
  const modrm = core.fetch();
  if (modrm < REGISTER_FORM) address(core, modrm);
  writeBack16(core, modrm, core.segment(reg(modrm) & 3));
}

/** 8E, CS included. */
export function moveToSegment(core: Core): void {
  const modrm = core.fetch();
  loadSegment(core, reg(modrm) & 3, readRm16(core, modrm));
}

/** A0 to A3: between accumulator and an address without modrm. */
export const directMoves: readonly Instruction[] = [
  (core) => core.setByte(AL, core.readByte(core.segmentOr(DS), core.fetchWord())),
  (core) => core.setWord(AX, core.readWord(core.segmentOr(DS), core.fetchWord())),
  (core) => core.writeByte(core.segmentOr(DS), core.fetchWord(), core.byte(AL)),
  (core) => core.writeWord(core.segmentOr(DS), core.fetchWord(), core.word(AX)),
];

/** C6; the reg field is not looked at. */
export function moveImmediate8(core: Core): void {
  const modrm = core.fetch();
  if (modrm < REGISTER_FORM) address(core, modrm);
  writeBack8(core, modrm, core.fetch());
}

/** C7. */
export function moveImmediate16(core: Core): void {
  const modrm = core.fetch();
  if (modrm < REGISTER_FORM) address(core, modrm);
  writeBack16(core, modrm, core.fetchWord());
}

/** 50 to 57. SP is decremented before it is read. */
export function pushRegister(register: number): Instruction {
  return (core) => {
    const sp = (core.word(SP) - 2) & 0xffff;
    core.push(register === SP ? sp : core.word(register));
  };
}

/** 58 to 5F. */
export function popRegister(register: number): Instruction {
  return (core) => core.setWord(register, core.pop());
}

export function pushSegment(register: number): Instruction {
  return (core) => core.push(core.segment(register));
}

/** 07, 0F, 17, 1F: CS, too. */
export function popSegment(register: number): Instruction {
  return (core) => loadSegment(core, register, core.pop());
}

/** 8F; the reg field is not looked at. */
export function popOperand(core: Core): void {
  const modrm = core.fetch();
  if (modrm < REGISTER_FORM) address(core, modrm);
  writeBack16(core, modrm, core.pop());
}

/** 86. */
export function exchange8(core: Core): void {
  const modrm = core.fetch();
  const operand = readRm8(core, modrm);
  writeBack8(core, modrm, core.byte(reg(modrm)));
  core.setByte(reg(modrm), operand);
}

/** 87. */
export function exchange16(core: Core): void {
  const modrm = core.fetch();
  const operand = readRm16(core, modrm);
  writeBack16(core, modrm, core.word(reg(modrm)));
  core.setWord(reg(modrm), operand);
}

/** 90 to 97. */
export function exchangeAx(register: number): Instruction {
  return (core) => {
    const value = core.word(register);
    core.setWord(register, core.word(AX));
    core.setWord(AX, value);
  };
}

/** D7. */
export function xlat(core: Core): void {
  core.setByte(AL, core.readByte(core.segmentOr(DS), (core.word(BX) + core.byte(AL)) & 0xffff));
}

/** 8D. The register form gives the offset of the last memory operand. */
export function lea(core: Core): void {
  const modrm = core.fetch();
  if (modrm < REGISTER_FORM) address(core, modrm);
  core.setWord(reg(modrm), core.ea);
}

/**
 * C4, C5. Of the register form the chip has no offset, and takes the segment from behind the last memory operand; here
 * the general register stays as it is.
 */
function loadPointer(register: number): Instruction {
  return (core) => {
    const modrm = core.fetch();
    if (modrm < REGISTER_FORM) core.setWord(reg(modrm), readRm16(core, modrm));
    else core.eaSegment = core.segmentOr(DS);
    core.segments[register] = core.readWord(core.eaSegment, (core.ea + 2) & 0xffff);
  };
}

export const les = loadPointer(ES);
export const lds = loadPointer(DS);

/** 9F: SF, ZF, AF, PF and CF among bits that are constant. */
export function lahf(core: Core): void {
  core.setByte(AH, core.flags & 0xff);
}

const SAHF_FLAGS = 0xd5;

/** 9E. */
export function sahf(core: Core): void {
  core.flags = (core.flags & ~SAHF_FLAGS) | (core.byte(AH) & SAHF_FLAGS);
}

/** 98. */
export function cbw(core: Core): void {
  core.setByte(AH, core.byte(AL) & 0x80 ? 0xff : 0);
}

/** 99. */
export function cwd(core: Core): void {
  core.setWord(DX, core.word(AX) & 0x8000 ? 0xffff : 0);
}

/** D6, undocumented: AL becomes 0xFF or 0 by CF. */
export function salc(core: Core): void {
  core.setByte(AL, core.flags & CF ? 0xff : 0);
}

/** 9C. */
export function pushf(core: Core): void {
  core.push(core.flags);
}

/** 9D. */
export function popf(core: Core): void {
  core.setFlags(core.pop());
}
