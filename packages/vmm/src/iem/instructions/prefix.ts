import { type Core, CS, DS, ES, type Instruction, NO_OVERRIDE, PREFIXES, REPEATING, SS } from '../core.js';

/*
 * Prefixes. Any number may precede an opcode, in any order; of segment overrides and of REPs the last one counts. LOCK
 * holds a bus that nobody else uses. What prefixes chose lasts to the end of their instruction, which for a repeated
 * string instruction is many steps later.
 */

type Prefix = (core: Core, opcode: number) => void;

const overrideBy =
  (segment: number): Prefix =>
  (core) => {
    core.override = segment;
  };
const repeatBy: Prefix = (core, opcode) => {
  core.repeat = opcode;
};
const lock: Prefix = () => {};

/** By opcode. F1 is LOCK again. */
export const prefixes: ReadonlyMap<number, Prefix> = new Map([
  [0x26, overrideBy(ES)],
  [0x2e, overrideBy(CS)],
  [0x36, overrideBy(SS)],
  [0x3e, overrideBy(DS)],
  [0xf0, lock],
  [0xf1, lock],
  [0xf2, repeatBy],
  [0xf3, repeatBy],
]);

/** Prefixes that one step reads; a segment full of them must not hold the caller for ever. */
const PREFIXES_PER_STEP = 16;

/** Reads prefixes from `opcode` on and executes what follows. */
function readPrefixes(core: Core, first: number): void {
  let opcode = first;
  for (let i = 0; i < PREFIXES_PER_STEP; i++) {
    const prefix = prefixes.get(opcode);
    if (prefix === undefined) {
      finish(core, opcode);
      return;
    }
    prefix(core, opcode);
    opcode = core.fetch();
  }
  core.ip = (core.ip - 1) & 0xffff;
  core.attention |= PREFIXES;
}

function finish(core: Core, opcode: number): void {
  core.execute(opcode);
  if ((core.attention & REPEATING) === 0) forgetPrefixes(core);
}

export function forgetPrefixes(core: Core): void {
  core.override = NO_OVERRIDE;
  core.repeat = 0;
}

/** The instruction that begins with the prefix `opcode`. */
export function prefixed(opcode: number): Instruction {
  return (core) => {
    core.prefixIp = (core.ip - 1) & 0xffff;
    readPrefixes(core, opcode);
  };
}

/** Goes on with prefixes, or with a repeated string instruction. */
export function resume(core: Core): void {
  if (core.attention & REPEATING) {
    finish(core, core.stringOpcode);
  } else {
    core.attention &= ~PREFIXES;
    readPrefixes(core, core.fetch());
  }
}
