import { Cpu8086, type Cpu8086Options } from '../cpu.js';
import { FlatMemory } from '../memory.js';
import type { Registers } from '../registers.js';

/*
 * A CPU with a program, for tests
 *
 *     const { cpu, registers } = cpuWith([0x04, 0x01], { al: 0xff });   // ADD AL, 1
 *     cpu.step();
 *
 * Code is at 1000:0100, data at 2000:, extra segment 3000:, stack 4000:0800. All flags are clear.
 */

/** Physical address of the program. */
export const CODE = 0x1_0100;
/** Physical addresses of the segments' starts. */
export const DATA = 0x2_0000;
export const EXTRA = 0x3_0000;
export const STACK = 0x4_0000;

const start: Partial<Registers> = { cs: 0x1000, ip: 0x100, ds: 0x2000, es: 0x3000, ss: 0x4000, sp: 0x800, flags: 0 };

export interface TestCpu {
  readonly cpu: Cpu8086;
  readonly registers: Registers;
  /** All of memory. */
  readonly bytes: Uint8Array;
}

export function cpuWith(
  code: readonly number[],
  registers: Partial<Registers> = {},
  options: Omit<Cpu8086Options, 'memory'> = {},
): TestCpu {
  const memory = new FlatMemory();
  memory.bytes.set(code, CODE);
  const cpu = new Cpu8086({ ...options, memory });
  Object.assign(cpu.registers, start, registers);
  return { cpu, registers: cpu.registers, bytes: memory.bytes };
}

/** Executes one instruction to its end, and returns the CPU. */
export function execute(
  code: readonly number[],
  registers: Partial<Registers> = {},
  options: Omit<Cpu8086Options, 'memory'> = {},
): TestCpu {
  const test = cpuWith(code, registers, options);
  do test.cpu.step();
  while (test.cpu.midInstruction);
  return test;
}

/** A word of memory at a physical address. */
export function wordAt(bytes: Uint8Array, address: number): number {
  return bytes[address]! | (bytes[address + 1]! << 8);
}

export function setWordAt(bytes: Uint8Array, address: number, value: number): void {
  bytes[address] = value & 0xff;
  bytes[address + 1] = value >> 8;
}

/** Sets an entry of the interrupt vector table. */
export function setVector(bytes: Uint8Array, vector: number, segment: number, offset: number): void {
  setWordAt(bytes, vector * 4, offset);
  setWordAt(bytes, vector * 4 + 2, segment);
}

/** Letters of set flags, as debuggers show them: `OF DF IF TF SF ZF AF PF CF`. */
export function flagNames(flags: number): string {
  const names = ['CF', '', 'PF', '', 'AF', '', 'ZF', 'SF', 'TF', 'IF', 'DF', 'OF'];
  return names
    .filter((name, bit) => name !== '' && (flags >> bit) & 1)
    .reverse()
    .join(' ');
}
