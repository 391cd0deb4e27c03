import type { TimerClock } from './clocks.js';
import type { AnyTimer } from './timer.js';
import { type HeapEntry, TimerHeap } from './timer-heap.js';

/** A timer, as its queue sees it. */
export interface QueueEntry extends HeapEntry {
  readonly timer: AnyTimer;
  /** In Hz; 0 for none. */
  frequencyHint: number;
  /** Its time has come; it is no longer armed. */
  deliver(): void;
}

/**
 * The timers of a clock, and those of them that are armed, in the order of their times; of equal times in that of arming.
 *
 * A timer that is armed while timers are delivered, and is due already, waits for the next run: one that arms itself for
 * the past could keep a run going for ever.
 */
export class TimerQueue {
  readonly clock: TimerClock;
  readonly #now: () => bigint;
  readonly #changing: () => void;
  readonly #changed: () => void;
  readonly #timers = new Set<QueueEntry>();
  readonly #armed = new TimerHeap<QueueEntry>();
  /** Those that wait for the next run, while there is one. */
  readonly #postponed = new Set<QueueEntry>();
  #running = false;
  #order = 0;

  /**
   * @param changed is told when the first timer may have become another.
   * @param changing is told before that.
   */
  constructor(clock: TimerClock, now: () => bigint, changed: () => void, changing: () => void = () => {}) {
    this.clock = clock;
    this.#now = now;
    this.#changing = changing;
    this.#changed = changed;
  }

  /** Current time of the clock, in its ticks. */
  get now(): bigint {
    return this.#now();
  }

  /** All timers, armed or not, in the order of their creation. */
  get timers(): readonly AnyTimer[] {
    return [...this.#timers].map(({ timer }) => timer);
  }

  /** How many timers there are, armed or not. */
  get size(): number {
    return this.#timers.size;
  }

  /** Those that are armed, in the order of their times. */
  get armed(): readonly AnyTimer[] {
    return this.#armed.sorted.map(({ timer }) => timer);
  }

  /** When the first timer expires. */
  get firstExpire(): bigint | undefined {
    return this.#armed.first?.expire;
  }

  /** The greatest frequency hint of the timers that are armed; 0 for none. */
  get maxFrequencyHint(): number {
    let max = 0;
    for (const timer of this.#timers) if (this.#isArmed(timer)) max = Math.max(max, timer.frequencyHint);
    return max;
  }

  add(timer: QueueEntry): void {
    this.#timers.add(timer);
  }

  delete(timer: QueueEntry): void {
    this.disarm(timer);
    this.#timers.delete(timer);
  }

  arm(timer: QueueEntry, expire: bigint): void {
    this.#changing();
    this.#take(timer);
    timer.expire = expire;
    timer.order = this.#order++;
    if (this.#running && expire <= this.#now()) this.#postponed.add(timer);
    else this.#armed.insert(timer);
    this.#changed();
  }

  disarm(timer: QueueEntry): void {
    this.#changing();
    if (this.#take(timer)) this.#changed();
  }

  /**
   * Delivers what is armed up to a time, one after another.
   *
   * @param reached is told the time of each before it is delivered.
   * @returns how many there were.
   * @throws what a timer's callback throws; what is due after it stays armed.
   */
  deliver(limit: bigint, reached: (expire: bigint) => void = () => {}): number {
    let count = 0;
    this.#running = true;
    try {
      for (;;) {
        const { first } = this.#armed;
        if (first === undefined || first.expire > limit) return count;
        this.#armed.remove(first);
        reached(first.expire);
        count++;
        first.deliver();
      }
    } finally {
      this.#running = false;
      for (const timer of this.#postponed) this.#armed.insert(timer);
      this.#postponed.clear();
    }
  }

  #isArmed(timer: QueueEntry): boolean {
    return timer.index >= 0 || this.#postponed.has(timer);
  }

  #take(timer: QueueEntry): boolean {
    if (this.#postponed.delete(timer)) return true;
    if (timer.index < 0) return false;
    this.#armed.remove(timer);
    return true;
  }
}
