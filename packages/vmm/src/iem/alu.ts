import type { Core } from './core.js';
import { AF, CF, FLAGS_KEPT, OF, szp8, szp16 } from './flags.js';

/*
 * Operations of the ALU with the flags they leave. Carry and half carry are where a, b and the result differ from a sum
 * without carries; overflow is when the sign of the result fits none of the operands'. Logical operations clear CF, OF
 * and, which the manual leaves open, AF.
 */

/** Makes the result of two operands, and sets flags. */
export type Operation = (core: Core, a: number, b: number) => number;
/** Makes the result of one operand, and sets flags. */
export type Unary = (core: Core, value: number) => number;

function addCarry8(core: Core, a: number, b: number, carry: number): number {
  const sum = a + b + carry;
  const result = sum & 0xff;
  core.flags =
    (core.flags & FLAGS_KEPT) |
    (szp8[result] as number) |
    (sum >> 8) |
    ((a ^ b ^ sum) & AF) |
    (((a ^ sum) & (b ^ sum) & 0x80) << 4);
  return result;
}

function addCarry16(core: Core, a: number, b: number, carry: number): number {
  const sum = a + b + carry;
  const result = sum & 0xffff;
  core.flags =
    (core.flags & FLAGS_KEPT) |
    (szp16[result] as number) |
    (sum >> 16) |
    ((a ^ b ^ sum) & AF) |
    (((a ^ sum) & (b ^ sum) & 0x8000) >> 4);
  return result;
}

function subBorrow8(core: Core, a: number, b: number, borrow: number): number {
  const difference = a - b - borrow;
  const result = difference & 0xff;
  core.flags =
    (core.flags & FLAGS_KEPT) |
    (szp8[result] as number) |
    (difference < 0 ? CF : 0) |
    ((a ^ b ^ difference) & AF) |
    (((a ^ b) & (a ^ difference) & 0x80) << 4);
  return result;
}

function subBorrow16(core: Core, a: number, b: number, borrow: number): number {
  const difference = a - b - borrow;
  const result = difference & 0xffff;
  core.flags =
    (core.flags & FLAGS_KEPT) |
    (szp16[result] as number) |
    (difference < 0 ? CF : 0) |
    ((a ^ b ^ difference) & AF) |
    (((a ^ b) & (a ^ difference) & 0x8000) >> 4);
  return result;
}

export function logic8(core: Core, result: number): number {
  core.flags = (core.flags & FLAGS_KEPT) | (szp8[result] as number);
  return result;
}

export function logic16(core: Core, result: number): number {
  core.flags = (core.flags & FLAGS_KEPT) | (szp16[result] as number);
  return result;
}

export const add8: Operation = (core, a, b) => addCarry8(core, a, b, 0);
export const add16: Operation = (core, a, b) => addCarry16(core, a, b, 0);
export const adc16: Operation = (core, a, b) => addCarry16(core, a, b, core.flags & CF);
export const adc8: Operation = (core, a, b) => addCarry8(core, a, b, core.flags & CF);
export const sub8: Operation = (core, a, b) => subBorrow8(core, a, b, 0);
export const sub16: Operation = (core, a, b) => subBorrow16(core, a, b, 0);
export const and8: Operation = (core, a, b) => logic8(core, a & b);
export const and16: Operation = (core, a, b) => logic16(core, a & b);

/** By the number that opcodes and reg fields have for them: ADD, OR, ADC, SBB, AND, SUB, XOR, CMP. */
export const operations8: readonly Operation[] = [
  add8,
  (core, a, b) => logic8(core, a | b),
  adc8,
  (core, a, b) => subBorrow8(core, a, b, core.flags & CF),
  and8,
  sub8,
  (core, a, b) => logic8(core, a ^ b),
  sub8,
];

export const operations16: readonly Operation[] = [
  add16,
  (core, a, b) => logic16(core, a | b),
  adc16,
  (core, a, b) => subBorrow16(core, a, b, core.flags & CF),
  and16,
  sub16,
  (core, a, b) => logic16(core, a ^ b),
  sub16,
];

/** The number of CMP, whose result is dropped. */
export const CMP = 7;

/** What INC and DEC leave alone of the flags an addition sets. */
function keepCarry(core: Core, carry: number, result: number): number {
  core.flags = (core.flags & ~CF) | carry;
  return result;
}

export const inc8: Unary = (core, value) => keepCarry(core, core.flags & CF, addCarry8(core, value, 1, 0));
export const inc16: Unary = (core, value) => keepCarry(core, core.flags & CF, addCarry16(core, value, 1, 0));
export const dec8: Unary = (core, value) => keepCarry(core, core.flags & CF, subBorrow8(core, value, 1, 0));
export const dec16: Unary = (core, value) => keepCarry(core, core.flags & CF, subBorrow16(core, value, 1, 0));
export const neg8: Unary = (core, value) => subBorrow8(core, 0, value, 0);
export const neg16: Unary = (core, value) => subBorrow16(core, 0, value, 0);
export const not8: Unary = (_, value) => value ^ 0xff;
export const not16: Unary = (_, value) => value ^ 0xffff;

/** CF and OF of a product: whether its high half is more than the sign of the low one. */
export function setMulFlags(core: Core, szp: number, af: number, wide: boolean): void {
  core.flags = (core.flags & FLAGS_KEPT) | szp | af | (wide ? CF | OF : 0);
}
