/*
 * The instruction emulator (VirtualBox: IEM)
 *
 * VirtualBox interprets what the host's processor cannot run itself. This one interprets everything, for the smallest
 * machine: an 8086 or 8088 with all 256 opcodes, documented or not. A guest can thus run, be stopped between any two of
 * its instructions, and be saved there; in a browser as well.
 *
 *     const cpu = new Cpu8086({ memory, io });
 *     cpu.registers.cs = 0x1000;
 *     cpu.step();
 *
 * Exactness before speed. A state that was saved must go on as if nothing had been, so a step is the smallest thing that
 * an interrupt can come between: an instruction, or one iteration of a repeated string instruction. And guests find out
 * what processor they run on by what the manual leaves open, so that is done as the chip does it where it is known: the
 * flags after shifts, decimal corrections, products and quotients; counts that are not masked; PUSH SP; words that wrap
 * at the end of their segment; addresses that wrap at 1 MiB; prefixes forgotten by an interrupt. What is not the chip's:
 * there is no prefetch queue, so code that changes the bytes right behind itself runs changed; and there are no cycles.
 *
 *     memory.ts        what is outside: memory and ports
 *     core.ts          what instructions work on
 *     alu.ts modrm.ts  operations with their flags; operands
 *     instructions/    the 256 instructions, by kind; table.ts puts them in their places
 *     cpu.ts           steps and interrupts; saving and loading
 *     executor.ts      runs it as a CPU of a VM; subsystem.ts plugs that in
 *     single-step.ts   runs tests in the form of SingleStepTests
 *
 * Flags are made at once, not when they are asked for: tables make that cheap, and the state is complete at every step.
 * The usual step tests one number (`Core.attention`, zero when nothing is special), fetches a byte and calls what the
 * table has for it; nothing is allocated.
 *
 * Facts: Intel's "The 8086 Family User's Manual" (1979); for what it leaves open, Andrew Jenner's disassembly of the
 * chip's microcode and the measurements of SingleStepTests on an 8088.
 */

export type { Coprocessor } from './core.js';
export { Cpu8086, type Cpu8086Options } from './cpu.js';
export { Executor8086 } from './executor.js';
export { FlatMemory, type IoPorts, MEMORY_SIZE, type Memory } from './memory.js';
export type { ByteRegisterName, RegisterName, Registers } from './registers.js';
export {
  flagsMaskOf,
  runSingleStep,
  type SingleStepMetadata,
  type SingleStepOptions,
  type SingleStepState,
  type SingleStepTest,
} from './single-step.js';
export { Cpu8086State, IEM_UNIT, IEM_UNIT_VERSION } from './state.js';
export { StepTimers } from './step-timers.js';
export { type IemOptions, iem } from './subsystem.js';
export { iemUnit } from './unit.js';
