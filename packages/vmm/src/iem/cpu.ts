import { SsmError } from '@ssmkit/runtime';
import {
  type Coprocessor,
  Core,
  CS,
  HALTED,
  INHIBIT_ALL,
  INHIBIT_INTR,
  INTERRUPT_LINE,
  NMI,
  NO_OVERRIDE,
  PREFIXES,
  REPEATING,
  TRACING,
  TRAPPED,
} from './core.js';
import { FLAGS_FIXED, IF } from './flags.js';
import { forgetPrefixes, resume } from './instructions/prefix.js';
import { stringInstructions } from './instructions/string.js';
import { instructions } from './instructions/table.js';
import { FlatMemory, type IoPorts, type Memory, noPorts } from './memory.js';
import { type Registers, registerNames, registersOf } from './registers.js';
import { Cpu8086State } from './state.js';
import './state.ssm.js';

/** Vector of the single-step interrupt. */
const SINGLE_STEP = 1;
/** Vector of the non-maskable interrupt. */
const NON_MASKABLE = 2;

export interface Cpu8086Options {
  /** By default 1 MiB of RAM, zeroed. */
  readonly memory?: Memory;
  /** By default nothing answers: reads give 0xFF. */
  readonly io?: IoPorts;
  /** The interrupt controller's answer to the two INTA cycles: the vector. By default 0xFF, as of a floating bus. */
  readonly acknowledge?: () => number;
  readonly coprocessor?: Coprocessor;
  /**
   * Where an interrupt returns to that is taken between two iterations of a repeated string instruction. The chip steps
   * back by two bytes, opcode and one prefix, and so forgets all prefixes but the last (`'lastPrefix'`, the default):
   * `REP ES: MOVSB` goes on as `ES: MOVSB`. `'allPrefixes'` returns to the first one, as later processors do.
   */
  readonly interruptedRepeat?: 'lastPrefix' | 'allPrefixes';
}

/** Bits of `Core.attention` that are properties of the state. */
const stateMarks = {
  halted: HALTED,
  interruptLine: INTERRUPT_LINE,
  nmi: NMI,
  trapped: TRAPPED,
  inhibitAll: INHIBIT_ALL,
  inhibitIntr: INHIBIT_INTR,
  repeating: REPEATING,
  prefixes: PREFIXES,
} as const;

/**
 * An Intel 8086, or 8088, instruction by instruction.
 *
 * What memory, ports, `acknowledge` or the coprocessor throw passes through `step` and `run`; the instruction is then
 * done in part, and the CPU should be loaded or reset.
 */
export class Cpu8086 {
  readonly memory: Memory;
  readonly io: IoPorts;
  readonly registers: Registers;
  readonly #core: Core;
  readonly #acknowledge: () => number;
  readonly #allPrefixes: boolean;
  #stopRequested = false;
  #stepsInRun = 0;

  constructor(options: Cpu8086Options = {}) {
    const { memory = new FlatMemory(), io = noPorts, acknowledge = () => 0xff, coprocessor } = options;
    this.memory = memory;
    this.io = io;
    this.#core = new Core(memory, io, coprocessor, instructions);
    this.registers = registersOf(this.#core);
    this.#acknowledge = acknowledge;
    this.#allPrefixes = options.interruptedRepeat === 'allPrefixes';
    this.reset();
  }

  /** As the RESET pin: execution starts at FFFF:0000. General registers keep what they hold; INTR keeps its level. */
  reset(): void {
    const core = this.#core;
    core.segments.fill(0);
    core.segments[CS] = 0xffff;
    core.ip = 0;
    core.attention &= INTERRUPT_LINE;
    core.setFlags(FLAGS_FIXED);
    forgetPrefixes(core);
  }

  /** Level of INTR, the interrupt controller's line. */
  get interruptLine(): boolean {
    return (this.#core.attention & INTERRUPT_LINE) !== 0;
  }

  set interruptLine(high: boolean) {
    if (high) this.#core.attention |= INTERRUPT_LINE;
    else this.#core.attention &= ~INTERRUPT_LINE;
  }

  /** NMI rises. It is taken as soon as possible, once. */
  raiseNmi(): void {
    this.#core.attention |= NMI;
  }

  /** Whether HLT was executed and no interrupt was taken since. Steps do nothing then. */
  get halted(): boolean {
    return (this.#core.attention & HALTED) !== 0;
  }

  /** Whether a step would do anything: not while halted without an interrupt that can be taken. */
  get idle(): boolean {
    const { attention } = this.#core;
    return (attention & HALTED) !== 0 && (attention & (NMI | TRAPPED)) === 0 && !this.#takesIntr(attention);
  }

  /** Whether the CPU stands between two iterations of a repeated string instruction, or between prefixes. */
  get midInstruction(): boolean {
    return (this.#core.attention & (REPEATING | PREFIXES)) !== 0;
  }

  /**
   * One instruction, one iteration of a repeated string instruction, or the entry into the handler of an interrupt.
   *
   * Before an instruction, and before each further iteration, interrupts are taken in the order NMI, INTR, single step.
   * With TF set, an instruction that is itself an interrupt is followed by the single step at the first instruction of its
   * handler (8086 Family User's Manual, "Interrupt Processing Sequence").
   */
  step(): void {
    const core = this.#core;
    if (core.attention === 0) core.execute(core.fetch());
    else if (core.attention === REPEATING) resume(core);
    else this.#stepAttended(core);
  }

  /**
   * Makes steps, until there were `limit` of them, the CPU is idle, or `stop` is called.
   *
   * @returns how many steps were made.
   */
  run(limit: number): number {
    const core = this.#core;
    this.#stopRequested = false;
    this.#stepsInRun = 0;
    while (this.#stepsInRun < limit && !this.#stopRequested) {
      if (core.attention === 0) {
        core.execute(core.fetch());
      } else if (core.attention === REPEATING) {
        resume(core);
      } else {
        if (this.idle) break;
        this.#stepAttended(core);
      }
      this.#stepsInRun++;
    }
    const steps = this.#stepsInRun;
    this.#stepsInRun = 0;
    return steps;
  }

  /** Steps that the {@link run} under way has made; 0 between runs. For devices, which are called during steps. */
  get stepsInRun(): number {
    return this.#stepsInRun;
  }

  /** Lets a `run` return after the step it is in. For devices, which are called during steps. */
  stop(): void {
    this.#stopRequested = true;
  }

  #takesIntr(attention: number): boolean {
    return (
      (attention & INTERRUPT_LINE) !== 0 &&
      (this.#core.flags & IF) !== 0 &&
      (attention & (INHIBIT_INTR | INHIBIT_ALL)) === 0
    );
  }

  #stepAttended(core: Core): void {
    const { attention } = core;
    core.attention &= ~(INHIBIT_ALL | INHIBIT_INTR);
    const vector = this.#due(core, attention);
    if (vector !== undefined) {
      this.#take(core, vector);
      return;
    }
    if (attention & HALTED) return;
    if (attention & (REPEATING | PREFIXES)) resume(core);
    else core.execute(core.fetch());
    if (attention & TRACING) core.attention |= TRAPPED;
  }

  /** The vector of the interrupt to take now, which then is no longer due. */
  #due(core: Core, attention: number): number | undefined {
    // A prefix and what follows it are one instruction.
    if (attention & (INHIBIT_ALL | PREFIXES)) return undefined;
    if (attention & NMI) {
      core.attention &= ~NMI;
      return NON_MASKABLE;
    }
    if (this.#takesIntr(attention)) return this.#acknowledge() & 0xff;
    if (attention & TRAPPED) {
      core.attention &= ~TRAPPED;
      return SINGLE_STEP;
    }
    return undefined;
  }

  #take(core: Core, vector: number): void {
    if (core.attention & REPEATING) {
      core.ip = this.#allPrefixes ? core.prefixIp : (core.ip - 2) & 0xffff;
      forgetPrefixes(core);
    }
    core.attention &= ~(REPEATING | HALTED);
    core.interrupt(vector);
  }

  /** All that the CPU remembers, at any step. */
  saveState(): Cpu8086State {
    const core = this.#core;
    const state = new Cpu8086State();
    for (const name of registerNames) state[name] = this.registers[name];
    for (const [name, bit] of Object.entries(stateMarks)) {
      state[name as keyof typeof stateMarks] = (core.attention & bit) !== 0;
    }
    state.override = core.override;
    state.repeat = core.repeat;
    state.stringOpcode = core.stringOpcode;
    state.prefixIp = core.prefixIp;
    state.ea = core.ea;
    return state;
  }

  /**
   * Becomes what was saved; the next step is the one that would have followed.
   *
   * @throws SsmError VERR_SSM_UNEXPECTED_DATA when no CPU can be in that state; this one then stays as it was.
   */
  loadState(state: Cpu8086State): void {
    const refuse = (detail: string, field: string) => {
      throw new SsmError('VERR_SSM_UNEXPECTED_DATA', detail, { field: `Cpu8086State.${field}` });
    };
    const { repeating, prefixes, stringOpcode, repeat, override } = state;
    const unfinished = repeating || prefixes;
    if (repeating && !stringInstructions.has(stringOpcode)) {
      refuse(`0x${stringOpcode.toString(16)} is no string instruction`, 'stringOpcode');
    }
    if (repeating && repeat === 0) refuse('a string instruction repeats without a prefix', 'repeat');
    if (repeating && prefixes) refuse('prefixes are read while a string instruction repeats', 'prefixes');
    if (unfinished && state.halted) refuse('the CPU is halted within an instruction', 'halted');
    if (!unfinished && (repeat !== 0 || override !== NO_OVERRIDE)) {
      refuse('prefixes belong to no instruction', repeat !== 0 ? 'repeat' : 'override');
    }
    const core = this.#core;
    core.attention = 0;
    for (const name of registerNames) this.registers[name] = state[name];
    for (const [name, bit] of Object.entries(stateMarks)) {
      if (state[name as keyof typeof stateMarks]) core.attention |= bit;
    }
    core.override = override;
    core.repeat = repeat;
    core.stringOpcode = stringOpcode;
    core.prefixIp = state.prefixIp;
    core.ea = state.ea;
  }
}
