import type { Core } from './core.js';

const wordNames = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const byteNames = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'] as const;
const segmentNames = ['es', 'cs', 'ss', 'ds'] as const;

/** The registers that are words, in the order of their numbers; then IP and the flags. */
export const registerNames = [...wordNames, ...segmentNames, 'ip', 'flags'] as const;

export type RegisterName = (typeof registerNames)[number];
export type ByteRegisterName = (typeof byteNames)[number];

/**
 * The registers by name, to read and to set. What is set is cut to the register's size; of the flags, bits that cannot
 * change keep their value (1 for bits 1 and 12 to 15, 0 for bits 3 and 5).
 */
export type Registers = Record<RegisterName | ByteRegisterName, number>;

/** The registers of a CPU as one object with an accessor for each. */
export function registersOf(core: Core): Registers {
  const registers = {};
  const add = (name: keyof Registers, get: () => number, set: (value: number) => void) =>
    Object.defineProperty(registers, name, { get, set, enumerable: true });
  for (const [i, name] of wordNames.entries()) {
    add(
      name,
      () => core.word(i),
      (value) => core.setWord(i, value),
    );
  }
  for (const [i, name] of byteNames.entries()) {
    add(
      name,
      () => core.byte(i),
      (value) => core.setByte(i, value),
    );
  }
  for (const [i, name] of segmentNames.entries()) {
    add(
      name,
      () => core.segment(i),
      (value) => {
        core.segments[i] = value;
      },
    );
  }
  add(
    'ip',
    () => core.ip,
    (value) => {
      core.ip = value & 0xffff;
    },
  );
  add(
    'flags',
    () => core.flags,
    (value) => core.setFlags(value),
  );
  return registers as Registers;
}
