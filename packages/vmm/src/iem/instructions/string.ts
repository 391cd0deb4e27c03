import { sub8, sub16 } from '../alu.js';
import { AL, AX, type Core, CX, DI, DS, ES, type Instruction, REPEATING, SI } from '../core.js';
import { DF, ZF } from '../flags.js';

/*
 * String instructions. The source segment can be overridden, the destination is always ES.
 *
 * With a REP prefix one step is one iteration; `REPEATING` then makes the next step go on with `stringOpcode`, unless it
 * takes an interrupt. CX is counted by the iteration, so that all is consistent between any two.
 */

/** The prefix that goes on while ZF is 0. */
const REPNE = 0xf2;

function advance(core: Core, register: number, bytes: number): void {
  core.setWord(register, core.word(register) + (core.flags & DF ? -bytes : bytes));
}

const movs8: Instruction = (core) => {
  core.writeByte(ES, core.word(DI), core.readByte(core.segmentOr(DS), core.word(SI)));
  advance(core, SI, 1);
  advance(core, DI, 1);
};

const movs16: Instruction = (core) => {
  core.writeWord(ES, core.word(DI), core.readWord(core.segmentOr(DS), core.word(SI)));
  advance(core, SI, 2);
  advance(core, DI, 2);
};

const cmps8: Instruction = (core) => {
  const source = core.readByte(core.segmentOr(DS), core.word(SI));
  sub8(core, source, core.readByte(ES, core.word(DI)));
  advance(core, SI, 1);
  advance(core, DI, 1);
};

const cmps16: Instruction = (core) => {
  const source = core.readWord(core.segmentOr(DS), core.word(SI));
  sub16(core, source, core.readWord(ES, core.word(DI)));
  advance(core, SI, 2);
  advance(core, DI, 2);
};

const stos8: Instruction = (core) => {
  core.writeByte(ES, core.word(DI), core.byte(AL));
  advance(core, DI, 1);
};

const stos16: Instruction = (core) => {
  core.writeWord(ES, core.word(DI), core.word(AX));
  advance(core, DI, 2);
};

const lods8: Instruction = (core) => {
  core.setByte(AL, core.readByte(core.segmentOr(DS), core.word(SI)));
  advance(core, SI, 1);
};

const lods16: Instruction = (core) => {
  core.setWord(AX, core.readWord(core.segmentOr(DS), core.word(SI)));
  advance(core, SI, 2);
};

const scas8: Instruction = (core) => {
  sub8(core, core.byte(AL), core.readByte(ES, core.word(DI)));
  advance(core, DI, 1);
};

const scas16: Instruction = (core) => {
  sub16(core, core.word(AX), core.readWord(ES, core.word(DI)));
  advance(core, DI, 2);
};

/** For MOVS, STOS and LODS both prefixes are the same. */
function countOnly(): boolean {
  return true;
}

function whileEqual(core: Core): boolean {
  return ((core.flags & ZF) === 0) === (core.repeat === REPNE);
}

function repeatable(opcode: number, iteration: Instruction, goesOn: (core: Core) => boolean): Instruction {
  return (core) => {
    if (core.repeat === 0) {
      iteration(core);
      return;
    }
    core.attention &= ~REPEATING;
    if (core.word(CX) === 0) return;
    iteration(core);
    const count = (core.word(CX) - 1) & 0xffff;
    core.setWord(CX, count);
    if (count !== 0 && goesOn(core)) {
      core.stringOpcode = opcode;
      core.attention |= REPEATING;
    }
  };
}

/** By opcode. */
export const stringInstructions: ReadonlyMap<number, Instruction> = new Map(
  (
    [
      [0xa4, movs8, countOnly],
      [0xa5, movs16, countOnly],
      [0xa6, cmps8, whileEqual],
      [0xa7, cmps16, whileEqual],
      [0xaa, stos8, countOnly],
      [0xab, stos16, countOnly],
      [0xac, lods8, countOnly],
      [0xad, lods16, countOnly],
      [0xae, scas8, whileEqual],
      [0xaf, scas16, whileEqual],
    ] as const
  ).map(([opcode, iteration, goesOn]) => [opcode, repeatable(opcode, iteration, goesOn)]),
);
