import { CL, type Core, type Instruction } from '../core.js';
import { AF, CF, FLAGS_KEPT, OF, szp8, szp16 } from '../flags.js';
import { readRm8, readRm16, reg, writeBack8, writeBack16 } from '../modrm.js';

/*
 * D0 to D3. The 8086 shifts as many times as CL says, up to 255; nothing masks the count. A count of 0 changes no flag.
 *
 * Flags are those of the last single shift, so OF is defined here for every count. Shifts left are additions of the
 * operand to itself, whence their AF; shifts right clear AF. /6 (SETMO, with CL: SETMOC) stores all ones.
 */

/** Shifts `value`, of `bits` bits, `count` times (at least 1), and sets flags. */
type Shift = (core: Core, value: number, count: number, bits: number) => number;

function setRotateFlags(core: Core, carry: number, overflow: number): void {
  core.flags = (core.flags & ~(CF | OF)) | carry | (overflow ? OF : 0);
}

function setShiftFlags(core: Core, result: number, bits: number, carry: number, overflow: number, af: number): void {
  const szp = (bits === 8 ? szp8[result] : szp16[result]) as number;
  core.flags = (core.flags & FLAGS_KEPT) | szp | carry | (overflow ? OF : 0) | af;
}

function rol(core: Core, value: number, count: number, bits: number): number {
  const n = count & (bits - 1);
  const result = ((value << n) | (value >> (bits - n))) & ((1 << bits) - 1);
  setRotateFlags(core, result & 1, (result >> (bits - 1)) ^ (result & 1));
  return result;
}

function ror(core: Core, value: number, count: number, bits: number): number {
  const n = count & (bits - 1);
  const result = ((value >> n) | (value << (bits - n))) & ((1 << bits) - 1);
  const top = result >> (bits - 1);
  setRotateFlags(core, top, top ^ ((result >> (bits - 2)) & 1));
  return result;
}

/** Operand and carry are one number of `bits` + 1 bits, the carry on top. */
function rcl(core: Core, value: number, count: number, bits: number): number {
  const n = count % (bits + 1);
  const wide = value | ((core.flags & CF) << bits);
  const rotated = (wide << n) | (wide >> (bits + 1 - n));
  const result = rotated & ((1 << bits) - 1);
  const carry = (rotated >> bits) & 1;
  setRotateFlags(core, carry, (result >> (bits - 1)) ^ carry);
  return result;
}

function rcr(core: Core, value: number, count: number, bits: number): number {
  const n = count % (bits + 1);
  const wide = value | ((core.flags & CF) << bits);
  const rotated = (wide >> n) | (wide << (bits + 1 - n));
  const result = rotated & ((1 << bits) - 1);
  setRotateFlags(core, (rotated >> bits) & 1, (result >> (bits - 1)) ^ ((result >> (bits - 2)) & 1));
  return result;
}

function shl(core: Core, value: number, count: number, bits: number): number {
  const wide = value << Math.min(count, bits + 1);
  const result = wide & ((1 << bits) - 1);
  const carry = (wide >> bits) & 1;
  setShiftFlags(core, result, bits, carry, (result >> (bits - 1)) ^ carry, result & AF);
  return result;
}

function shr(core: Core, value: number, count: number, bits: number): number {
  const n = Math.min(count, bits + 1);
  const result = value >> n;
  setShiftFlags(core, result, bits, (value >> (n - 1)) & 1, n === 1 ? value >> (bits - 1) : 0, 0);
  return result;
}

function sar(core: Core, value: number, count: number, bits: number): number {
  const n = Math.min(count, bits);
  const signed = (value << (32 - bits)) >> (32 - bits);
  const result = (signed >> n) & ((1 << bits) - 1);
  setShiftFlags(core, result, bits, (signed >> (n - 1)) & 1, 0, 0);
  return result;
}

function setmo(core: Core, _value: number, _count: number, bits: number): number {
  const result = (1 << bits) - 1;
  setShiftFlags(core, result, bits, 0, 0, 0);
  return result;
}

/** By the reg field. */
const shifts: readonly Shift[] = [rol, ror, rcl, rcr, shl, shr, setmo, sar];

const one = () => 1;
const cl = (core: Core) => core.byte(CL);

function shift8(count: (core: Core) => number): Instruction {
  return (core) => {
    const modrm = core.fetch();
    const value = readRm8(core, modrm);
    const times = count(core);
    writeBack8(core, modrm, times === 0 ? value : (shifts[reg(modrm)] as Shift)(core, value, times, 8));
  };
}

function shift16(count: (core: Core) => number): Instruction {
  return (core) => {
    const modrm = core.fetch();
    const value = readRm16(core, modrm);
    const times = count(core);
    writeBack16(core, modrm, times === 0 ? value : (shifts[reg(modrm)] as Shift)(core, value, times, 16));
  };
}

/** D0, D1, D2, D3. */
export const shiftForms: readonly Instruction[] = [shift8(one), shift16(one), shift8(cl), shift16(cl)];
