import { Nested, SsmStream, U8 } from '@ssmkit/schema';

// `i8259`: the two interrupt controllers (`VirtualBox 7.2 DevPIC.cpp, picR3SaveExec`).

/** One of the controllers; bit n of the bytes is its input n. */
@SsmStream()
export class PicChip {
  /** Levels of the inputs, to see edges. */
  @U8() lastIrr = 0;
  /** Requested. */
  @U8() irr = 0;
  /** Masked. */
  @U8() imr = 0;
  /** In service. */
  @U8() isr = 0;
  /** The input with the highest priority. */
  @U8() priorityAdd = 0;
  /** Vector of input 0. */
  @U8() irqBase = 0;
  @U8() readRegSelect = 0;
  @U8() poll = 0;
  @U8() specialMask = 0;
  /** Which of the initialisation command words comes next; 0: none. */
  @U8() initState = 0;
  @U8() autoEoi = 0;
  @U8() rotateOnAutoEoi = 0;
  @U8() specialFullyNestedMode = 0;
  /** Whether a fourth initialisation command word will come. */
  @U8() init4 = 0;
  /** Inputs that are level-triggered. */
  @U8() elcr = 0;
}

/** `i8259` version 1. */
@SsmStream()
export class Pic {
  @Nested(PicChip) master = new PicChip();
  @Nested(PicChip) slave = new PicChip();
}
