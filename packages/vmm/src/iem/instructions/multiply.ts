import { add8, logic8, setMulFlags, sub8, sub16 } from '../alu.js';
import { AH, AL, AX, type Core, DX } from '../core.js';
import { AF, CF, OF, szp8, szp16 } from '../flags.js';

/*
 * MUL, IMUL, DIV, IDIV, AAM and AAD as the chip's microcode does them, for the flags that the manual calls undefined and
 * for three habits: a REP prefix turns the sign of the result of MUL, IMUL and IDIV (the microcode's flag F1, which counts
 * signs, is the same one that remembers the prefix); IDIV refuses the most negative quotient; and the divide error
 * returns behind the instruction, not to it.
 *
 * Multiplication ends with a test of the high half, whose flags stay. IMUL's test adds the sign of the low half: nothing
 * remains where the high half is nothing but sign. Division is by shifting and subtracting; what stays are the flags
 * of the last subtraction that was also a comparison.
 *
 * Facts: Andrew Jenner's disassembly of the 8086 microcode (routines CORX, CORD, PREIMUL, NEGATE, IMULCOF, MULCOF,
 * PREIDIV, POSTIDIV), and what SingleStepTests measured on an 8088.
 */

/** A product in two's complement of twice `bits` bits, or its negative. */
function signedProduct(product: number, negate: boolean): number {
  return negate ? -product : product;
}

export function mul8(core: Core, operand: number): void {
  const product = signedProduct(core.byte(AL) * operand, core.repeat !== 0) & 0xffff;
  core.setWord(AX, product);
  const high = product >> 8;
  setMulFlags(core, szp8[high] as number, 0, high !== 0);
}

export function mul16(core: Core, operand: number): void {
  const product = signedProduct(core.word(AX) * operand, core.repeat !== 0);
  core.setWord(AX, product);
  // Of a negative product the division rounds down, as two's complement wants.
  const high = Math.floor(product / 0x1_0000) & 0xffff;
  core.setWord(DX, high);
  setMulFlags(core, szp16[high] as number, 0, high !== 0);
}

export function imul8(core: Core, operand: number): void {
  const signed = ((core.byte(AL) << 24) >> 24) * ((operand << 24) >> 24);
  const product = signedProduct(signed, core.repeat !== 0) & 0xffff;
  core.setWord(AX, product);
  const high = product >> 8;
  const sign = (product >> 7) & 1;
  const rest = (high + sign) & 0xff;
  setMulFlags(core, szp8[rest] as number, (high ^ sign ^ rest) & AF, rest !== 0);
}

export function imul16(core: Core, operand: number): void {
  const signed = ((core.word(AX) << 16) >> 16) * ((operand << 16) >> 16);
  const product = signedProduct(signed, core.repeat !== 0);
  core.setWord(AX, product);
  const high = (product >> 16) & 0xffff;
  core.setWord(DX, high);
  const sign = (product >> 15) & 1;
  const rest = (high + sign) & 0xffff;
  setMulFlags(core, szp16[rest] as number, (high ^ sign ^ rest) & AF, rest !== 0);
}

/** Results of `divide`; one is enough, since nothing divides while dividing. */
const division = { quotient: 0, remainder: 0 };

/**
 * Divides high:low by the divisor, all of `bits` bits, into `division`.
 *
 * @returns false when the quotient has more bits, which no divisor of 0 escapes.
 */
function divide(core: Core, high: number, low: number, divisor: number, bits: number): boolean {
  const subtract = bits === 8 ? sub8 : sub16;
  const mask = (1 << bits) - 1;
  subtract(core, high, divisor);
  if ((core.flags & CF) === 0) return false;
  let remainder = high;
  let rest = low;
  let quotient = 0;
  for (let i = 0; i < bits; i++) {
    const shifted = (remainder << 1) | (rest >> (bits - 1));
    rest = (rest << 1) & mask;
    let fits = shifted > mask;
    // With a bit shifted out the chip does not compare, and so sets no flags.
    if (!fits) {
      subtract(core, shifted, divisor);
      fits = (core.flags & CF) === 0;
    }
    remainder = fits ? (shifted - divisor) & mask : shifted;
    quotient = (quotient << 1) | (fits ? 1 : 0);
  }
  // The quotient was collected inverted; its top bit is what the last rotation leaves in CF.
  core.flags = (core.flags & ~CF) | ((quotient >> (bits - 1)) ^ 1 ? CF : 0);
  division.quotient = quotient;
  division.remainder = remainder;
  return true;
}

/** @returns false for the divide error. */
function divideSigned(core: Core, high: number, low: number, divisor: number, bits: number): boolean {
  const mask = (1 << bits) - 1;
  const negativeDividend = high >> (bits - 1) !== 0;
  const negativeDivisor = divisor >> (bits - 1) !== 0;
  const negativeLow = -low & mask;
  const absoluteHigh = negativeDividend ? ~high + (low === 0 ? 1 : 0) : high;
  const absoluteLow = negativeDividend ? negativeLow : low;
  const absoluteDivisor = negativeDivisor ? -divisor & mask : divisor;
  if (!divide(core, absoluteHigh & mask, absoluteLow, absoluteDivisor, bits)) return false;
  if ((core.flags & CF) === 0) return false;
  if (negativeDividend) division.remainder = -division.remainder & mask;
  const negative = (negativeDividend !== negativeDivisor) !== (core.repeat !== 0);
  if (negative) division.quotient = -division.quotient & mask;
  core.flags &= ~(CF | OF);
  return true;
}

export function div8(core: Core, operand: number): void {
  storeDivision8(core, divide(core, core.byte(AH), core.byte(AL), operand, 8));
}

export function div16(core: Core, operand: number): void {
  storeDivision16(core, divide(core, core.word(DX), core.word(AX), operand, 16));
}

export function idiv8(core: Core, operand: number): void {
  storeDivision8(core, divideSigned(core, core.byte(AH), core.byte(AL), operand, 8));
}

export function idiv16(core: Core, operand: number): void {
  storeDivision16(core, divideSigned(core, core.word(DX), core.word(AX), operand, 16));
}

function storeDivision8(core: Core, done: boolean): void {
  if (done) {
    core.setByte(AL, division.quotient);
    core.setByte(AH, division.remainder);
  } else {
    core.interrupt(DIVIDE_ERROR);
  }
}

function storeDivision16(core: Core, done: boolean): void {
  if (done) {
    core.setWord(AX, division.quotient);
    core.setWord(DX, division.remainder);
  } else {
    core.interrupt(DIVIDE_ERROR);
  }
}

const DIVIDE_ERROR = 0;

/** AAM with any base: AL in two digits. */
export function aam(core: Core): void {
  if (divide(core, 0, core.byte(AL), core.fetch(), 8)) {
    core.setByte(AH, division.quotient);
    core.setByte(AL, logic8(core, division.remainder));
  } else {
    core.interrupt(DIVIDE_ERROR);
  }
}

/** AAD with any base: two digits to AL. The flags are those of the addition. */
export function aad(core: Core): void {
  const product = (core.byte(AH) * core.fetch()) & 0xff;
  core.setWord(AX, add8(core, core.byte(AL), product));
}
