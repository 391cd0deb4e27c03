import { Bool, S8, SsmStream, U8, U16 } from '@ssmkit/schema';

/** Name of the saved-state unit of the interpreter. */
export const IEM_UNIT = 'iem8086';
/** Its version. */
export const IEM_UNIT_VERSION = 1;

/**
 * All that an 8086 remembers between two steps, which are not always instructions: a repeated string instruction can be
 * in the middle, or a long row of prefixes.
 */
@SsmStream()
export class Cpu8086State {
  @U16() ax = 0;
  @U16() cx = 0;
  @U16() dx = 0;
  @U16() bx = 0;
  @U16() sp = 0;
  @U16() bp = 0;
  @U16() si = 0;
  @U16() di = 0;
  @U16() es = 0;
  @U16() cs = 0;
  @U16() ss = 0;
  @U16() ds = 0;
  @U16() ip = 0;
  /** Bits 1 and 12 to 15 are always 1, bits 3 and 5 always 0. */
  @U16() flags = 0xf002;
  /** HLT was executed, and no interrupt taken since. */
  @Bool() halted = false;
  /** Level of INTR. */
  @Bool() interruptLine = false;
  /** NMI has risen, and was not taken yet. */
  @Bool() nmi = false;
  /** A single-step interrupt is due. */
  @Bool() trapped = false;
  /** A segment register was loaded: no interrupt before the next instruction. */
  @Bool() inhibitAll = false;
  /** STI has set IF: INTR is not looked at before the next instruction. */
  @Bool() inhibitIntr = false;
  /** A repeated string instruction has iterations left. */
  @Bool() repeating = false;
  /** Prefixes were read, and their instruction not yet. */
  @Bool() prefixes = false;
  /** What prefixes of an unfinished instruction chose: index of the segment register (ES, CS, SS, DS), or -1. */
  @S8({ min: -1, max: 3 }) override = -1;
  /** And the last REP prefix, or 0. */
  @U8({ values: [0, 0xf2, 0xf3] }) repeat = 0;
  /** Opcode of the string instruction that repeats. */
  @U8() stringOpcode = 0;
  /** Offset of the first prefix of an unfinished instruction. */
  @U16() prefixIp = 0;
  /** Offset of the last memory operand; undocumented register forms use it again. */
  @U16() ea = 0;
}
