import { divideUp, earlier, later } from './clocks.js';
import type { CatchUpSettings } from './config.js';
import type { VirtualClock } from './virtual-clock.js';

/** What is saved of the clock. Nanoseconds. */
export interface VirtualSyncState {
  time: bigint;
  offset: bigint;
  givenUp: bigint;
  catchUpPrevious: bigint;
  catchingUp: boolean;
}

/**
 * The clock that a guest goes by: the virtual clock, less an offset.
 *
 * It never passes a timer: where its first timer expires it is held until the timer has been delivered. So a guest never
 * sees that a timer is late, however long the host was away. What is lost that way is the lag. It is made up for by
 * running faster, the more the greater the lag, until what is left is not worth it, or, when there is too much of it, given
 * up for good:
 *
 *     virtual ├──────────────────────────────────────────┤
 *     offset                 ├── lag ──┤───── given up ──┤
 *     sync    ├──────────────┤
 *
 * While it catches up the offset shrinks by a percentage of the time gone by since `#previous`; reading the clock does
 * not touch it. A lag only grows while the clock is held, so what it calls for is decided when a held clock goes on: whether
 * it has passed a period's start, or the threshold of giving up. Thresholds and percentages are VirtualBox's (TMR3.cpp); how
 * they are applied follows from what the project's specification says they do.
 */
export class VirtualSyncClock {
  readonly #virtual: VirtualClock;
  readonly #settings: CatchUpSettings;
  readonly #firstExpire: () => bigint | undefined;
  /** No reading is before this: where the clock was held, marked, or how far timers were delivered ahead of it. */
  #time = 0n;
  #held = false;
  #offset = 0n;
  #givenUp = 0n;
  /** Percent; 0 when it does not catch up. */
  #percentage = 0n;
  /** Virtual time at which the offset was `#offset`, while it catches up. */
  #previous = 0n;

  /** @param firstExpire when the first timer expires. */
  constructor(virtual: VirtualClock, settings: CatchUpSettings, firstExpire: () => bigint | undefined) {
    this.#virtual = virtual;
    this.#settings = settings;
    this.#firstExpire = firstExpire;
  }

  /** Whether it moves: the VM runs, and no timer is waited for. */
  get ticking(): boolean {
    this.read();
    return this.#virtual.ticking && !this.#held;
  }

  /** Whether a timer is due, and holds the clock. */
  get held(): boolean {
    this.read();
    return this.#held;
  }

  /** How far it is behind the virtual clock. */
  get offset(): bigint {
    return this.#virtual.read() - this.read();
  }

  /** How much of that will not be made up for. */
  get givenUp(): bigint {
    return this.#givenUp;
  }

  /** How much of it will, or at least is still there. */
  get lag(): bigint {
    return later(this.offset - this.#givenUp, 0n);
  }

  /** By how many percent it runs faster than the virtual clock. */
  get percentage(): bigint {
    return this.#offsetAt(this.#moment) > this.#leastOffset ? this.#percentage : 0n;
  }

  read(): bigint {
    if (this.#held || !this.#virtual.ticking) return this.#time;
    const virtual = this.#virtual.read();
    const time = later(virtual - this.#offsetAt(virtual), this.#time);
    const expire = this.#firstExpire();
    if (expire === undefined || time < expire) return time;
    this.#time = later(expire, this.#time);
    this.#held = true;
    return this.#time;
  }

  /** Notes the time, before something changes that it follows from: its timers, or whether the virtual clock ticks. */
  mark(): void {
    this.#time = this.read();
  }

  /** Up to when timers are delivered now: a little ahead (the schedule slack), if there is a lag to be made up for. */
  get limit(): bigint {
    const now = this.read();
    const ahead = now + this.#settings.slack;
    const most = this.#virtual.read() - this.#givenUp;
    return later(earlier(ahead, most), now);
  }

  /** A timer of this time is delivered: that is what time it is. */
  reach(expire: bigint): void {
    this.#time = later(expire, this.read());
  }

  /** All that was due has been delivered: goes on, and sees to the lag. */
  restart(): void {
    if (!this.#held) return;
    this.#percentage = this.percentage;
    this.#held = false;
    this.#settle(this.#virtual.read() - this.#time);
    const { periods, stopThreshold, giveUpThreshold } = this.#settings;
    const lag = this.#offset - this.#givenUp;
    const isWorthIt = this.#percentage > 0n ? lag > stopThreshold : lag >= periods[0]!.start;
    if (isWorthIt && lag > giveUpThreshold) this.giveUp();
    // Within one attempt it only becomes faster.
    else this.#percentage = isWorthIt ? later(this.#percentage, this.#percentageFor(lag)) : 0n;
  }

  /** Forgets the lag. */
  giveUp(): void {
    this.#settle(this.offset);
    this.#givenUp = this.#offset;
    this.#percentage = 0n;
  }

  /** The virtual time at which this clock gets to a time. */
  virtualTimeOf(time: bigint): bigint {
    if (this.read() >= time) return this.#virtual.read();
    return this.#virtualTimeOf(time);
  }

  save(): VirtualSyncState {
    const time = this.read();
    const moment = this.#moment;
    const catchingUp = this.percentage > 0n;
    return {
      time,
      offset: this.#offsetAt(moment),
      givenUp: this.#givenUp,
      catchUpPrevious: catchingUp ? moment : this.#previous,
      catchingUp,
    };
  }

  /**
   * Goes on from a saved state, once the virtual clock does. The percentage is not in it: that of the lag is taken. Nor is
   * whether the clock was held, but then it is behind where its offset would have it.
   */
  load({ time, offset, givenUp, catchUpPrevious, catchingUp }: VirtualSyncState): void {
    this.#time = time;
    this.#offset = offset;
    this.#givenUp = givenUp;
    this.#previous = catchUpPrevious;
    this.#percentage = catchingUp ? this.#percentageFor(offset - givenUp) : 0n;
    const virtual = this.#virtual.read();
    this.#held = time < virtual - this.#offsetAt(virtual);
  }

  /** The virtual time up to which it has moved: what it was when the clock was held, if it is. */
  get #moment(): bigint {
    const virtual = this.#virtual.read();
    return this.#held ? earlier(this.#virtualTimeOf(this.#time), virtual) : virtual;
  }

  #virtualTimeOf(time: bigint): bigint {
    if (this.#percentage === 0n) return time + this.#offset;
    const catchingUp = divideUp((time + this.#offset - this.#previous) * 100n, 100n + this.#percentage);
    return later(this.#previous + catchingUp, time + this.#leastOffset);
  }

  #settle(offset: bigint): void {
    this.#offset = offset;
    this.#previous = this.#virtual.read();
  }

  #offsetAt(virtual: bigint): bigint {
    if (this.#percentage === 0n) return this.#offset;
    const madeUp = (later(virtual - this.#previous, 0n) * this.#percentage) / 100n;
    return later(this.#offset - madeUp, this.#leastOffset);
  }

  /** The offset at which catching up ends: where the lag is at the stop threshold, if it was not below that before. */
  get #leastOffset(): bigint {
    return earlier(this.#givenUp + this.#settings.stopThreshold, this.#offset);
  }

  #percentageFor(lag: bigint): bigint {
    const { periods } = this.#settings;
    return (periods.findLast(({ start }) => start <= lag) ?? periods[0]!).percentage;
  }
}
