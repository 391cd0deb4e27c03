import { Cpu8086 } from './cpu.js';
import { FlatMemory, type IoPorts, MEMORY_SIZE } from './memory.js';
import { type RegisterName, registerNames } from './registers.js';

/*
 * SingleStepTests (github.com/SingleStepTests/8088 and /8086): thousands of cases for each opcode, recorded from a real
 * chip. Each has registers and memory before and after one instruction; of what is after, only what is different needs
 * to be there. Queue and bus cycles, which the tests have as well, are not looked at.
 */

/** Registers and memory, `ram` as pairs of physical address and byte. Other bytes are 0. */
export interface SingleStepState {
  readonly regs: Partial<Readonly<Record<RegisterName, number>>>;
  readonly ram: readonly (readonly [address: number, value: number])[];
}

/** One case as in the files, whose other members do not matter here. */
export interface SingleStepTest {
  readonly name: string;
  readonly initial: SingleStepState;
  readonly final: SingleStepState;
}

export interface SingleStepOptions {
  /** Bits of the flags that count, `flags-mask` in the tests' `metadata.json`; default all, 0xFFFF. */
  readonly flagsMask?: number;
  /** Ports; by default reads give 0xFF, as the tests want. */
  readonly io?: IoPorts;
}

interface OpcodeMetadata {
  readonly 'flags-mask'?: number;
  /** By the reg field, in decimal, where it says which instruction it is. */
  readonly reg?: Readonly<Record<string, OpcodeMetadata>>;
}

/** What `metadata.json` of the tests says; other members do not matter here. */
export interface SingleStepMetadata {
  /** By opcode, in hexadecimal capitals. */
  readonly opcodes: Readonly<Record<string, OpcodeMetadata>>;
}

/**
 * The flags that the manual defines after the instructions of one file.
 *
 * @param file such as `27` or `F6.4`, with or without what follows (`.json`, `.json.gz`).
 * @returns bits that count; 0xFFFF where the metadata leave none out, or do not know the file.
 */
export function flagsMaskOf(metadata: SingleStepMetadata, file: string): number {
  const [, opcode = '', reg = ''] = /^([0-9A-F]{2})(?:\.([0-7]))?/i.exec(file) ?? [];
  const entry = metadata.opcodes[opcode.toUpperCase()];
  return (entry?.reg?.[reg] ?? entry)?.['flags-mask'] ?? 0xffff;
}

/** More steps than any repeated instruction takes. */
const STEPS_MAX = 0x1_0000;

/** Bytes that an interrupt pushes: IP, CS, flags. */
const INTERRUPT_FRAME = 6;

/** A bus on which the tests of one file run one after the other; written bytes are cleared after each. */
const memory = new FlatMemory();

function checkRam({ ram }: SingleStepState): void {
  const within = (value: number, end: number) => Number.isInteger(value) && value >= 0 && value < end;
  for (const [address, value] of ram) {
    if (!within(address, MEMORY_SIZE) || !within(value, 0x100)) {
      throw new RangeError(`memory has no place for [${address}] = ${value}`);
    }
  }
}

/** Where the flags lie on the stack after an interrupt: the two bytes behind IP and CS. */
function pushedFlags(cpu: Cpu8086): readonly number[] {
  const { ss, sp } = cpu.registers;
  return [sp + 4, sp + 5].map((offset) => (ss * 16 + (offset & 0xffff)) & 0xf_ffff);
}

/**
 * Runs one test: one instruction with its prefixes, all of a repeated one. Registers that the initial state does not name
 * are as after a reset, those that the final state does not name as before.
 *
 * @returns what is not as the test wants it, one line each: none when it is passed. Bytes that a test does not name are
 * compared, too: an instruction must not change them. Where the test's instruction ends in an interrupt (a divide error,
 * INT), `flagsMask` also applies to the flags it has pushed.
 * @throws RangeError when an address is not within 0 to 0xFFFFF, or a value is no byte.
 */
export function runSingleStep(test: SingleStepTest, options: SingleStepOptions = {}): string[] {
  const { flagsMask = 0xffff, io } = options;
  const { initial, final } = test;
  checkRam(initial);
  checkRam(final);
  const written = new Set<number>();
  const cpu = new Cpu8086({
    memory: {
      readByte: (address) => memory.readByte(address),
      writeByte: (address, value) => {
        written.add(address);
        memory.writeByte(address, value);
      },
    },
    ...(io && { io }),
  });
  const expected = new Map<number, number>();
  try {
    for (const [address, value] of initial.ram) {
      memory.writeByte(address, value);
      expected.set(address, value);
    }
    for (const [address, value] of final.ram) expected.set(address, value);
    for (const name of registerNames) {
      const value = initial.regs[name];
      if (value !== undefined) cpu.registers[name] = value;
    }
    const before = { ...cpu.registers };
    for (let steps = 0; steps === 0 || (cpu.midInstruction && steps < STEPS_MAX); steps++) cpu.step();

    const differences: string[] = [];
    for (const name of registerNames) {
      const mask = name === 'flags' ? flagsMask : 0xffff;
      const wanted = (final.regs[name] ?? before[name]) & 0xffff;
      const actual = cpu.registers[name];
      if ((wanted & mask) !== (actual & mask)) differences.push(`${name} is ${hex(actual, 4)}, not ${hex(wanted, 4)}`);
    }
    const onStack = cpu.registers.sp === ((before.sp - INTERRUPT_FRAME) & 0xffff) ? pushedFlags(cpu) : [];
    for (const address of new Set([...expected.keys(), ...written])) {
      const half = onStack.indexOf(address);
      const mask = half < 0 ? 0xff : (flagsMask >> (8 * half)) & 0xff;
      const wanted = expected.get(address) ?? 0;
      const actual = memory.readByte(address);
      if ((wanted & mask) !== (actual & mask)) {
        differences.push(`[${hex(address, 5)}] is ${hex(actual, 2)}, not ${hex(wanted, 2)}`);
      }
    }
    return differences;
  } finally {
    for (const address of [...expected.keys(), ...written]) memory.writeByte(address, 0);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
