import type { PicChip } from '@ssmkit/vbox';

/*
 * One 8259A, as a PC has it: edge or level by ELCR and not by ICW1, cascaded, in 8086 mode. Data sheet: Intel 8259A,
 * 231468; ELCR: Intel 82371FB, 290550.
 *
 * `lastIrr` has the levels of the inputs. A request of an edge-triggered input lasts until it is acknowledged, or its
 * input falls; one of a level-triggered input as long as its level.
 */

/** ICW1. */
const ICW1 = { IC4: 0x01, SINGLE: 0x02, IS_ICW1: 0x10 } as const;
/** ICW4. */
const ICW4 = { AUTO_EOI: 0x02, FULLY_NESTED: 0x10 } as const;
/** OCW3; the bits in pairs: do, and what. */
const OCW3 = { IS_OCW3: 0x08, READ: 0x02, READ_ISR: 0x01, POLL: 0x04, MASK: 0x40, MASK_ON: 0x20 } as const;

/** `initState`: the word that comes next. */
const READY = 0;
const ICW2_NEXT = 1;
const ICW3_NEXT = 2;
const ICW4_NEXT = 3;

/** Input of the master that the slave is wired to. */
export const CASCADE = 2;
/** What is acknowledged when there is no request any more. */
const SPURIOUS = 7;

/** Nobody asks. */
const NONE = 8;

/** OCW2, by its upper three bits. */
const EOI = {
  ROTATE_AUTO_CLEAR: 0,
  UNSPECIFIC: 1,
  SPECIFIC: 3,
  ROTATE_AUTO_SET: 4,
  ROTATE: 5,
  PRIORITY: 6,
  ROTATE_SPECIFIC: 7,
};

/** Behaviour of a chip. */
export class Chip {
  readonly state: PicChip;
  readonly isMaster: boolean;
  /** Inputs that can be level-triggered. */
  readonly #elcrMask: number;

  constructor(state: PicChip, isMaster: boolean, elcrMask: number) {
    this.state = state;
    this.isMaster = isMaster;
    this.#elcrMask = elcrMask;
  }

  /** An input rises or falls. */
  setInput(input: number, level: boolean): void {
    const { state } = this;
    const bit = 1 << input;
    if (!level) {
      state.lastIrr &= ~bit;
      state.irr &= ~bit;
    } else if ((state.elcr & bit) !== 0 || (state.lastIrr & bit) === 0) {
      state.lastIrr |= bit;
      state.irr |= bit;
    }
  }

  /** A pulse too short for a level: an edge, whose request lasts. */
  pulse(input: number): void {
    const bit = 1 << input;
    if ((this.state.elcr & bit) !== 0) return;
    this.state.irr |= bit;
    this.state.lastIrr &= ~bit;
  }

  /** The input that is to be acknowledged; nothing when none asks, or what is in service comes first. */
  get pending(): number | undefined {
    const { irr, imr, isr, specialMask } = this.state;
    const request = this.#first(irr & ~imr);
    // With the special mask what is masked bars nobody.
    const service = this.#first(specialMask !== 0 ? isr & ~imr : isr);
    if (request < service) return this.#inputOf(request);
    // To a special fully nested master a slave that is in service may come again, with something more urgent.
    const again = request !== NONE && request === service && this.#isNested && this.#inputOf(request) === CASCADE;
    return again ? CASCADE : undefined;
  }

  /** The CPU's acknowledgement. @returns the input; 7 when there is none any more. */
  acknowledge(): number {
    const { state } = this;
    const input = this.pending;
    if (input === undefined) return SPURIOUS;
    const bit = 1 << input;
    // A level is asked for again after its service, for as long as it is there.
    if ((state.elcr & bit) === 0) state.irr &= ~bit;
    if (state.autoEoi === 0) state.isr |= bit;
    else if (state.rotateOnAutoEoi !== 0) this.#rotate(input);
    return input;
  }

  vectorOf(input: number): number {
    return (this.state.irqBase & 0xf8) | input;
  }

  /** @param offset address line A0. @returns whether it was a poll, which acknowledges. */
  read(offset: number): { value: number; polled: boolean } {
    const { state } = this;
    if (state.poll !== 0) {
      state.poll = 0;
      const { pending } = this;
      if (pending === undefined) return { value: 0, polled: false };
      return { value: 0x80 | this.acknowledge(), polled: true };
    }
    const value = offset === 1 ? state.imr : state.readRegSelect !== 0 ? state.isr : state.irr;
    return { value, polled: false };
  }

  write(offset: number, value: number): void {
    if (offset === 1) this.#writeOdd(value);
    else if ((value & ICW1.IS_ICW1) !== 0) this.#initialise(value);
    else if ((value & OCW3.IS_OCW3) !== 0) this.#ocw3(value);
    else this.#ocw2(value);
  }

  set elcr(value: number) {
    const { state } = this;
    state.elcr = value & this.#elcrMask;
    // Levels that are there now count.
    state.irr |= state.lastIrr & state.elcr;
  }

  get #isNested(): boolean {
    return this.isMaster && this.state.specialFullyNestedMode !== 0;
  }

  /** Priority of the most urgent of some inputs: 0…7, NONE. */
  #first(inputs: number): number {
    if (inputs === 0) return NONE;
    let priority = 0;
    while ((inputs & (1 << this.#inputOf(priority))) === 0) priority++;
    return priority;
  }

  #inputOf(priority: number): number {
    return (priority + this.state.priorityAdd) & 7;
  }

  /** Makes an input the least urgent. */
  #rotate(input: number): void {
    this.state.priorityAdd = (input + 1) & 7;
  }

  #initialise(icw1: number): void {
    const { state } = this;
    state.init4 = icw1 & (ICW1.IC4 | ICW1.SINGLE);
    state.initState = ICW2_NEXT;
    // An edge has to come anew; a level is still there.
    state.irr = state.lastIrr & state.elcr;
    state.imr = 0;
    state.isr = 0;
    state.priorityAdd = 0;
    state.readRegSelect = 0;
    state.poll = 0;
    state.specialMask = 0;
    state.autoEoi = 0;
    state.rotateOnAutoEoi = 0;
    state.specialFullyNestedMode = 0;
  }

  #writeOdd(value: number): void {
    const { state } = this;
    const last = (state.init4 & ICW1.IC4) !== 0 ? ICW4_NEXT : READY;
    switch (state.initState) {
      case READY:
        state.imr = value;
        return;
      case ICW2_NEXT:
        state.irqBase = value & 0xf8;
        state.initState = (state.init4 & ICW1.SINGLE) !== 0 ? last : ICW3_NEXT;
        return;
      case ICW3_NEXT:
        // Which chip is wired where is not for the guest to say.
        state.initState = last;
        return;
      default:
        state.autoEoi = (value & ICW4.AUTO_EOI) !== 0 ? 1 : 0;
        state.specialFullyNestedMode = (value & ICW4.FULLY_NESTED) !== 0 ? 1 : 0;
        state.initState = READY;
    }
  }

  #ocw3(value: number): void {
    const { state } = this;
    if ((value & OCW3.POLL) !== 0) state.poll = 1;
    if ((value & OCW3.READ) !== 0) state.readRegSelect = value & OCW3.READ_ISR;
    if ((value & OCW3.MASK) !== 0) state.specialMask = (value & OCW3.MASK_ON) !== 0 ? 1 : 0;
  }

  #ocw2(value: number): void {
    const { state } = this;
    const level = value & 7;
    switch (value >> 5) {
      case EOI.ROTATE_AUTO_CLEAR:
      case EOI.ROTATE_AUTO_SET:
        state.rotateOnAutoEoi = value >> 7;
        return;
      case EOI.UNSPECIFIC:
      case EOI.ROTATE: {
        // What is masked is left in service by the special mask.
        const service = this.#first(state.specialMask !== 0 ? state.isr & ~state.imr : state.isr);
        if (service === NONE) return;
        const input = this.#inputOf(service);
        state.isr &= ~(1 << input);
        if (value >> 5 === EOI.ROTATE) this.#rotate(input);
        return;
      }
      case EOI.ROTATE_SPECIFIC:
        state.isr &= ~(1 << level);
        this.#rotate(level);
        return;
      case EOI.SPECIFIC:
        state.isr &= ~(1 << level);
        return;
      case EOI.PRIORITY:
        this.#rotate(level);
        return;
    }
  }
}
