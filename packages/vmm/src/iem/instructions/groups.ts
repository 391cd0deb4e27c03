import { and8, and16, neg8, neg16, not8, not16, type Unary } from '../alu.js';
import { type Core, CS, DS, SP, SS } from '../core.js';
import { REGISTER_FORM, readRm8, readRm16, reg } from '../modrm.js';
import { increments8, increments16, modify8, modify16 } from './arithmetic.js';
import { callFarTo, callTo } from './control.js';
import { div8, div16, idiv8, idiv16, imul8, imul16, mul8, mul16 } from './multiply.js';

/*
 * F6, F7, FE and FF: the reg field says which instruction it is. /1 of F6 and F7 is TEST once more, /7 of FF is PUSH.
 *
 * Of FE only INC and DEC are documented. The others are those of FF with a bus that is one byte wide: reads have a high
 * byte of all ones, writes to the stack store the low byte only. (MartyPC's observations of an 8088.) Far calls and jumps
 * through a register leave the chip without an offset and take the segment from behind the last memory operand; here IP
 * goes on as it is.
 */

type Member = (core: Core, modrm: number) => void;

const unary8 =
  (operation: Unary): Member =>
  (core, modrm) =>
    modify8(core, modrm, operation);
const unary16 =
  (operation: Unary): Member =>
  (core, modrm) =>
    modify16(core, modrm, operation);
const operand8 =
  (use: (core: Core, operand: number) => void): Member =>
  (core, modrm) =>
    use(core, readRm8(core, modrm));
const operand16 =
  (use: (core: Core, operand: number) => void): Member =>
  (core, modrm) =>
    use(core, readRm16(core, modrm));

const test8 = operand8((core, operand) => and8(core, operand, core.fetch()));
const test16 = operand16((core, operand) => and16(core, operand, core.fetchWord()));

const f6: readonly Member[] = [
  test8,
  test8,
  unary8(not8),
  unary8(neg8),
  operand8(mul8),
  operand8(imul8),
  operand8(div8),
  operand8(idiv8),
];

const f7: readonly Member[] = [
  test16,
  test16,
  unary16(not16),
  unary16(neg16),
  operand16(mul16),
  operand16(imul16),
  operand16(div16),
  operand16(idiv16),
];

/** The segment of a far pointer, the offset of which was read, or of a register form, of which there is none. */
function pointerSegment(core: Core, modrm: number): number {
  if (modrm >= REGISTER_FORM) core.eaSegment = core.segmentOr(DS);
  return core.readWord(core.eaSegment, (core.ea + 2) & 0xffff);
}

const pointerOffset = (core: Core, modrm: number) => (modrm >= REGISTER_FORM ? core.ip : readRm16(core, modrm));

function callFar(core: Core, modrm: number): void {
  const offset = pointerOffset(core, modrm);
  callFarTo(core, pointerSegment(core, modrm), offset);
}

function jumpFar(core: Core, modrm: number): void {
  const offset = pointerOffset(core, modrm);
  core.segments[CS] = pointerSegment(core, modrm);
  core.ip = offset;
}

function push(core: Core, modrm: number): void {
  // As for PUSH SP: the register is read after it was decremented.
  const isSp = modrm >= REGISTER_FORM && (modrm & 7) === SP;
  const operand = readRm16(core, modrm);
  core.push(isSp ? (operand - 2) & 0xffff : operand);
}

const ff: readonly Member[] = [
  ...increments16.map(unary16),
  operand16(callTo),
  callFar,
  operand16((core, ip) => {
    core.ip = ip;
  }),
  jumpFar,
  push,
  push,
];

function pushLowByte(core: Core, value: number): void {
  const sp = (core.word(SP) - 2) & 0xffff;
  core.setWord(SP, sp);
  core.writeByte(SS, sp, value & 0xff);
}

/** Register forms put the whole word register that the byte is part of on the internal bus. */
function wideOperand(core: Core, modrm: number): number {
  return modrm >= REGISTER_FORM ? core.word(modrm & 3) : 0xff00 | readRm8(core, modrm);
}

function narrowPointerSegment(core: Core, modrm: number): number {
  if (modrm >= REGISTER_FORM) core.eaSegment = core.segmentOr(DS);
  return 0xff00 | core.readByte(core.eaSegment, (core.ea + 2) & 0xffff);
}

function narrowCallFar(core: Core, modrm: number): void {
  const offset = wideOperand(core, modrm);
  const segment = narrowPointerSegment(core, modrm);
  pushLowByte(core, core.segment(CS));
  core.segments[CS] = segment;
  pushLowByte(core, core.ip);
  core.ip = offset;
}

function narrowJumpFar(core: Core, modrm: number): void {
  const offset = wideOperand(core, modrm);
  core.segments[CS] = narrowPointerSegment(core, modrm);
  core.ip = offset;
}

const narrowPush = operand8(pushLowByte);

const fe: readonly Member[] = [
  ...increments8.map(unary8),
  (core, modrm) => {
    const ip = wideOperand(core, modrm);
    pushLowByte(core, core.ip);
    core.ip = ip;
  },
  narrowCallFar,
  (core, modrm) => {
    core.ip = wideOperand(core, modrm);
  },
  narrowJumpFar,
  narrowPush,
  narrowPush,
];

const group = (members: readonly Member[]) => (core: Core) => {
  const modrm = core.fetch();
  (members[reg(modrm)] as Member)(core, modrm);
};

/** F6, F7, FE, FF. */
export const groupF6 = group(f6);
export const groupF7 = group(f7);
export const groupFe = group(fe);
export const groupFf = group(ff);
