import type { PitCounter } from '@ssmkit/vbox';
import { clocksIn, nsOf } from './clock.js';

/*
 * A counter of the 8254
 *
 * Nothing counts here: what a counter holds, and the level of its output, follow from when it was loaded and what time it
 * is. The members of its saved form say so:
 *
 *     countLoadTime        the clock edge from which `count` counts; NOT_LOADED while a new mode waits for its count, or
 *                          for the trigger after that
 *     reloadTime, past     periodic modes: when the current period began. With a gate that is low: when it fell
 *                 future   a new count has been written that is not in force yet. In periodic modes it is from then on,
 *                          and the period before it ends there; NEVER: with the next trigger
 *     count                as written, 0x10000 for 0, BCD digits as digits
 *
 * A count is loaded at the moment of the write. Data sheet: Intel 8254, 231164.
 */

/** `countLoadTime` of a counter that was not loaded since its mode was set. */
export const NOT_LOADED = 1n << 63n;
/** Later than any time. */
export const NEVER = (1n << 64n) - 1n;

/** Bits of a control word. */
const READ_BACK = 3;
const RW_LATCH = 0;

/** `readState` and `writeState`: which byte is next. */
const LOW = 1;
const HIGH = 2;
const LOW_OF_TWO = 3;
const HIGH_OF_TWO = 4;

interface Mode {
  /** The output while the counter waits to be loaded. */
  readonly idle: boolean;
  /** A low gate stops counting. */
  readonly gated: boolean;
  /** Counting begins when the gate rises, not when the count is written. */
  readonly triggered: boolean;
  /** Begins again by itself, and when the gate rises. */
  readonly periodic: boolean;
}

/** Modes 0…5. */
const modes: readonly Mode[] = [
  // Interrupt on terminal count.
  { idle: false, gated: true, triggered: false, periodic: false },
  // Hardware retriggerable one-shot.
  { idle: true, gated: false, triggered: true, periodic: false },
  // Rate generator.
  { idle: true, gated: true, triggered: false, periodic: true },
  // Square wave mode.
  { idle: true, gated: true, triggered: false, periodic: true },
  // Software triggered strobe.
  { idle: true, gated: true, triggered: false, periodic: false },
  // Hardware triggered strobe.
  { idle: true, gated: false, triggered: true, periodic: false },
];

export const MODE_COUNT = modes.length;
const RATE = 2;
const SQUARE = 3;
/** Of these two: the output stays high. */
const ILLEGAL = 1n;

/** Digits as BCD. 0x10000 has five of them. */
const fromBcd = (digits: number) =>
  [0, 4, 8, 12, 16].reduce((sum, shift, i) => sum + ((digits >> shift) & 0xf) * 10 ** i, 0);

const toBcd = (value: number) =>
  [0, 4, 8, 12].reduce((sum, shift, i) => sum | ((Math.floor(value / 10 ** i) % 10) << shift), 0);

const floorMod = (a: bigint, b: bigint) => ((a % b) + b) % b;

/** Behaviour of a counter, at times that are given. */
export class Counter {
  readonly state: PitCounter;

  constructor(state: PitCounter) {
    this.state = state;
  }

  /** A control word that selects this counter. */
  control(word: number, now: bigint): void {
    const rw = (word >> 4) & 3;
    if (rw === RW_LATCH) {
      this.latchCount(now);
      return;
    }
    const { state } = this;
    const mode = (word >> 1) & 7;
    state.rwMode = rw;
    state.readState = rw;
    state.writeState = rw;
    state.mode = mode >= MODE_COUNT ? mode & 3 : mode;
    state.bcd = word & 1;
    state.countLatched = 0;
    state.statusLatched = 0;
    state.countLoadTime = NOT_LOADED;
    state.reloadTime = 0n;
  }

  /** Keeps the count for reading, unless one is kept already. */
  latchCount(now: bigint): void {
    const { state } = this;
    if (state.countLatched !== 0) return;
    state.latchedCount = this.value(now);
    state.countLatched = state.rwMode === 0 ? LOW : state.rwMode;
  }

  /** Keeps the status for reading, unless one is kept already. */
  latchStatus(now: bigint): void {
    const { state } = this;
    if (state.statusLatched !== 0) return;
    const nullCount = this.#waits || state.reloadTime > now;
    const flags = (this.output(now) ? 0x80 : 0) | (nullCount ? 0x40 : 0);
    state.status = flags | ((state.rwMode & 3) << 4) | (state.mode << 1) | (state.bcd & 1);
    state.statusLatched = 1;
  }

  read(now: bigint): number {
    const { state } = this;
    if (state.statusLatched !== 0) {
      state.statusLatched = 0;
      return state.status;
    }
    if (state.countLatched !== 0) {
      const byte = state.countLatched;
      state.countLatched = byte === LOW_OF_TWO ? HIGH : 0;
      return isHigh(byte) ? state.latchedCount >> 8 : state.latchedCount & 0xff;
    }
    const byte = state.readState;
    if (byte > HIGH) state.readState = byte ^ LOW_OF_TWO ^ HIGH_OF_TWO;
    const value = this.value(now);
    return isHigh(byte) ? value >> 8 : value & 0xff;
  }

  write(byte: number, now: bigint): void {
    const { state } = this;
    switch (state.writeState) {
      case HIGH:
        this.#load(byte << 8, now);
        return;
      case LOW_OF_TWO:
        state.writeLatch = byte;
        state.writeState = HIGH_OF_TWO;
        // The first byte stops an interrupt on terminal count.
        if (state.mode === 0) state.countLoadTime = NOT_LOADED;
        return;
      case HIGH_OF_TWO:
        state.writeState = LOW_OF_TWO;
        this.#load(state.writeLatch | (byte << 8), now);
        return;
      default:
        this.#load(byte, now);
    }
  }

  setGate(level: boolean, now: bigint): void {
    const { state } = this;
    if ((state.gate !== 0) === level) return;
    const { gated, triggered, periodic } = this.#mode;
    state.gate = level ? 1 : 0;
    if (level && triggered) {
      if (!this.#waits || state.reloadTime === NEVER) this.#begin(now);
    } else if (this.#waits || !gated) {
      return;
    } else if (!level) {
      state.reloadTime = now;
    } else if (periodic) {
      this.#begin(now);
    } else {
      state.countLoadTime = BigInt.asUintN(64, this.#origin + now - state.reloadTime);
      state.reloadTime = now;
    }
  }

  /** Level of OUT. */
  output(now: bigint): boolean {
    const { mode } = this.state;
    if (this.#waits) return this.#mode.idle;
    const position = this.#position(now);
    const count = BigInt(this.divisor);
    switch (mode) {
      case 0:
      case 1:
        return position >= count;
      case RATE:
        return this.#stopped || count === ILLEGAL || this.#left(now) !== 1n;
      case SQUARE:
        if (this.#stopped) return true;
        return this.#pending(now) ? !this.#isHighHalf(this.state.reloadTime) : this.#isHighHalf(now);
      default:
        return position !== count;
    }
  }

  /** What the counting element holds, as it is read. */
  value(now: bigint): number {
    const count = this.count(now);
    return this.state.bcd & 1 ? toBcd(count) : count;
  }

  /** The same as a number, also where it has BCD digits. */
  count(now: bigint): number {
    const modulus = this.state.bcd & 1 ? 10_000n : 0x1_0000n;
    return Number(floorMod(this.#element(now), modulus));
  }

  /** Clocks of a whole count. */
  get divisor(): number {
    const { count, bcd } = this.state;
    return bcd & 1 ? Math.max(1, fromBcd(count)) : count;
  }

  /** Whether a count was written since the mode was set, and its trigger has come. */
  get isLoaded(): boolean {
    return !this.#waits;
  }

  get isPeriodic(): boolean {
    return this.#mode.periodic;
  }

  /** When the output changes next; nothing when it does not by itself. The one low clock of a rate generator does not count. */
  nextTransition(now: bigint): bigint | undefined {
    if (this.#waits || this.#stopped) return undefined;
    const { mode, reloadTime } = this.state;
    if (this.#pending(now)) return reloadTime;
    const position = this.#position(now);
    const count = BigInt(this.divisor);
    switch (mode) {
      case 0:
      case 1:
        return position < count ? this.#timeOf(count) : undefined;
      case RATE:
      case SQUARE: {
        if (count === ILLEGAL) return undefined;
        const begin = position - floorMod(position, count);
        return this.#timeOf(begin + (mode === SQUARE && this.#isHighHalf(now) ? this.#highHalf : count));
      }
      default:
        if (position < count) return this.#timeOf(count);
        return position === count ? this.#timeOf(count + 1n) : undefined;
    }
  }

  get #mode(): Mode {
    return modes[this.state.mode] as Mode;
  }

  get #highHalf(): bigint {
    return BigInt((this.divisor + 1) >> 1);
  }

  get #waits(): boolean {
    return this.state.countLoadTime === NOT_LOADED;
  }

  /** The gate keeps it from counting. */
  get #stopped(): boolean {
    return this.state.gate === 0 && this.#mode.gated;
  }

  /** The period before the one of a new count is under way. */
  #pending(now: bigint): boolean {
    return this.#mode.periodic && !this.#stopped && this.state.reloadTime > now;
  }

  get #origin(): bigint {
    return BigInt.asIntN(64, this.state.countLoadTime);
  }

  #timeOf(position: bigint): bigint {
    return this.#origin + nsOf(position);
  }

  /** Clocks since the count was loaded. Negative for an earlier one that is still to end. */
  #position(now: bigint): bigint {
    return clocksIn((this.#stopped ? this.state.reloadTime : now) - this.#origin);
  }

  #isHighHalf(at: bigint): boolean {
    return floorMod(this.#position(at), BigInt(this.divisor)) < this.#highHalf;
  }

  /** Clocks until the period ends. */
  #left(now: bigint): bigint {
    if (this.#pending(now)) return -clocksIn(now - this.state.reloadTime);
    const count = BigInt(this.divisor);
    return count - floorMod(this.#position(now), count);
  }

  #element(now: bigint): bigint {
    const count = BigInt(this.divisor);
    if (this.#waits) return count;
    const { mode } = this.state;
    if (mode === RATE) return this.#left(now);
    const position = this.#position(now);
    if (mode !== SQUARE) return count - position;
    // Counts by two, in both halves alike; an odd count less one (so that the low half is a clock shorter).
    const even = count - (count & 1n);
    if (this.#pending(now)) return 2n * this.#left(now);
    const clock = floorMod(position, count);
    return even - 2n * (clock < this.#highHalf ? clock : clock - this.#highHalf);
  }

  /** Counts from now on. */
  #begin(now: bigint): void {
    this.state.countLoadTime = now;
    this.state.reloadTime = now;
  }

  /** A new count, of two bytes. */
  #load(value: number, now: bigint): void {
    const { state } = this;
    const { triggered, periodic } = this.#mode;
    const isUnderWay = !this.#waits && !this.#stopped;
    if (triggered) {
      // The one-shot under way ends when it would have; the count is for the next one.
      const end = this.#waits ? undefined : this.#timeOf(BigInt(this.divisor));
      state.count = value || 0x1_0000;
      if (end !== undefined) state.countLoadTime = BigInt.asUintN(64, end - nsOf(BigInt(this.divisor)));
      state.reloadTime = NEVER;
    } else if (periodic && isUnderWay) {
      const end = this.nextTransition(now) ?? now;
      const isHigh = state.mode === SQUARE && this.output(now);
      state.count = value || 0x1_0000;
      // What follows a high half is the low one.
      const origin = isHigh ? end - nsOf(this.#highHalf) : end;
      state.countLoadTime = BigInt.asUintN(64, origin);
      state.reloadTime = end;
    } else {
      state.count = value || 0x1_0000;
      this.#begin(now);
    }
  }
}

const isHigh = (byte: number) => byte === HIGH || byte === HIGH_OF_TWO;

/** Whether a control word is a read-back command. */
export const isReadBack = (word: number) => word >> 6 === READ_BACK;
