import { AF, CF, OF, PF, SF, ZF } from '../flags.js';

/*
 * The ALU once more, as a text book has it: numbers are rows of bits, additions go from bit to bit, subtraction adds the
 * complement, shifts are done one at a time. Nothing is shared with the emulator but the places of the flags.
 */

/** Result, and the arithmetic flags after it. */
export interface SlowResult {
  readonly value: number;
  readonly flags: number;
}

type Bits = readonly boolean[];

const knownBits = new Map<number, Bits>();

function bitsOf(value: number, size: number): Bits {
  const key = value * 2 + (size === 8 ? 0 : 1);
  let bits = knownBits.get(key);
  if (bits === undefined) {
    bits = Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** i) % 2 === 1);
    knownBits.set(key, bits);
  }
  return bits;
}

function numberOf(bits: Bits): number {
  let sum = 0;
  for (let i = bits.length - 1; i >= 0; i--) sum = sum * 2 + (bits[i] ? 1 : 0);
  return sum;
}

function signZeroParity(bits: Bits): number {
  let even = true;
  let zero = true;
  for (let i = 0; i < bits.length; i++) {
    if (!bits[i]) continue;
    zero = false;
    if (i < 8) even = !even;
  }
  return (bits[bits.length - 1] ? SF : 0) | (zero ? ZF : 0) | (even ? PF : 0);
}

/** Adds with a carry; `borrows` inverts what is said of carries, for subtractions. */
function ripple(a: Bits, b: Bits, carryIn: boolean, borrows: boolean): SlowResult {
  const sum: boolean[] = [];
  const carries = [carryIn];
  for (let i = 0; i < a.length; i++) {
    const ones = (a[i] ? 1 : 0) + (b[i] ? 1 : 0) + (carries[i] ? 1 : 0);
    sum.push(ones % 2 === 1);
    carries.push(ones >= 2);
  }
  const carryOut = carries[a.length] !== borrows;
  const half = carries[4] !== borrows;
  const overflow = carries[a.length] !== carries[a.length - 1];
  const flags = (carryOut ? CF : 0) | (half ? AF : 0) | (overflow ? OF : 0) | signZeroParity(sum);
  return { value: numberOf(sum), flags };
}

export function slowAdd(a: number, b: number, carry: boolean, size: number): SlowResult {
  return ripple(bitsOf(a, size), bitsOf(b, size), carry, false);
}

export function slowSub(a: number, b: number, borrow: boolean, size: number): SlowResult {
  const complement = bitsOf(2 ** size - 1 - b, size);
  return ripple(bitsOf(a, size), complement, !borrow, true);
}

/** By the number of the operation: ADD, OR, ADC, SBB, AND, SUB, XOR, CMP. */
export function slowOperation(number: number, a: number, b: number, carry: boolean, size: number): SlowResult {
  const logic = (combine: (x: boolean, y: boolean) => boolean): SlowResult => {
    const other = bitsOf(b, size);
    const bits = bitsOf(a, size).map((bit, i) => combine(bit, other[i]!));
    return { value: numberOf(bits), flags: signZeroParity(bits) };
  };
  switch (number) {
    case 0:
      return slowAdd(a, b, false, size);
    case 1:
      return logic((x, y) => x || y);
    case 2:
      return slowAdd(a, b, carry, size);
    case 3:
      return slowSub(a, b, carry, size);
    case 4:
      return logic((x, y) => x && y);
    case 6:
      return logic((x, y) => x !== y);
    default: {
      const { value, flags } = slowSub(a, b, false, size);
      return { value: number === 7 ? a : value, flags };
    }
  }
}

/** By the reg field of D0 to D3: the bits after a single shift, and the carry. */
const singleShifts: readonly ((old: Bits, carry: boolean) => readonly [bits: Bits, carry: boolean])[] = [
  (old) => [[old.at(-1)!, ...old.slice(0, -1)], old.at(-1)!], // ROL
  (old) => [[...old.slice(1), old[0]!], old[0]!], // ROR
  (old, carry) => [[carry, ...old.slice(0, -1)], old.at(-1)!], // RCL
  (old, carry) => [[...old.slice(1), carry], old[0]!], // RCR
  (old) => [[false, ...old.slice(0, -1)], old.at(-1)!], // SHL
  (old) => [[...old.slice(1), false], old[0]!], // SHR
  (old) => [old.map(() => true), false], // SETMO
  (old) => [[...old.slice(1), old.at(-1)!], old[0]!], // SAR
];

/** `flags` are those before. */
export function slowShift(number: number, value: number, count: number, flags: number, size: number): SlowResult {
  let bits = bitsOf(value, size);
  let after = flags;
  for (let i = 0; i < count; i++) {
    const old = bits;
    const [next, carry] = singleShifts[number]!(old, (after & CF) !== 0);
    bits = next;
    // Overflow: a single shift has changed the sign. SETMO clears it.
    const overflow = number !== 6 && bits.at(-1) !== old.at(-1);
    after = (after & ~(CF | OF)) | (carry ? CF : 0) | (overflow ? OF : 0);
    if (number >= 4) {
      const half = number === 4 && old[3] === true;
      after = (after & ~(AF | SF | ZF | PF)) | (half ? AF : 0) | signZeroParity(bits);
    }
  }
  return { value: numberOf(bits), flags: after };
}

/** What the chip's division does, register by register; undefined for the divide error. */
export interface SlowQuotient extends SlowResult {
  readonly remainder: number;
}

/** The flags of a divide error. */
export interface SlowDivideError {
  readonly errorFlags: number;
}

/** Rotates left through a carry. */
function rcl(value: number, carry: boolean, size: number): readonly [value: number, carry: boolean] {
  const bits = bitsOf(value, size);
  return [numberOf([carry, ...bits.slice(0, -1)]), bits.at(-1)!];
}

/**
 * The microcode routine CORD: rotates quotient bits, inverted, into C while the dividend A:C is rotated out.
 *
 * @returns C (the quotient's complement), A (the remainder), and flags.
 */
function cord(high: number, low: number, divisor: number, size: number) {
  let a = high;
  let c = low;
  let { flags } = slowSub(a, divisor, false, size);
  let carry = (flags & CF) !== 0;
  if (!carry) return { errorFlags: flags };
  for (let i = 0; i < size; i++) {
    [c, carry] = rcl(c, carry, size);
    [a, carry] = rcl(a, carry, size);
    const difference = slowSub(a, divisor, false, size);
    if (carry) {
      carry = false;
      a = difference.value;
    } else {
      flags = difference.flags;
      carry = (flags & CF) !== 0;
      if (!carry) a = difference.value;
    }
  }
  [c, carry] = rcl(c, carry, size);
  [, carry] = rcl(c, carry, size);
  return { a, c, carry, flags: (flags & ~CF) | (carry ? CF : 0) };
}

export function slowDivide(high: number, low: number, divisor: number, size: number): SlowQuotient | SlowDivideError {
  const result = cord(high, low, divisor, size);
  if ('errorFlags' in result) return { errorFlags: result.errorFlags as number };
  const { a, c, flags } = result;
  return { value: 2 ** size - 1 - c, remainder: a, flags };
}

/** IDIV; `inverted` with a REP prefix. */
export function slowDivideSigned(
  high: number,
  low: number,
  divisor: number,
  size: number,
  inverted: boolean,
): SlowQuotient | SlowDivideError {
  const half = 2 ** (size - 1);
  const whole = 2 ** size;
  const dividend = high * whole + low;
  const negativeDividend = high >= half;
  const magnitude = negativeDividend ? whole * whole - dividend : dividend;
  const result = cord(
    Math.floor(magnitude / whole) % whole,
    magnitude % whole,
    divisor >= half ? whole - divisor : divisor,
    size,
  );
  if ('errorFlags' in result) return { errorFlags: result.errorFlags as number };
  const { a, c, carry, flags } = result;
  if (!carry) return { errorFlags: flags };
  const quotient = whole - 1 - c;
  const negative = (negativeDividend !== divisor >= half) !== inverted;
  return {
    value: negative ? (whole - quotient) % whole : quotient,
    remainder: negativeDividend ? (whole - a) % whole : a,
    flags: flags & ~(CF | OF),
  };
}
