import type { Cell } from './types.js';

const U64_MAX = (1n << 64n) - 1n;

/** Counts events. A number, for speed: exact up to 2⁵³. */
export class Counter {
  value = 0;

  inc(): void {
    this.value++;
  }

  dec(): void {
    this.value--;
  }

  add(count: number): void {
    this.value += count;
  }

  reset(): void {
    this.value = 0;
  }
}

/** What a profile measures with: any clock, of nanoseconds or of CPU ticks. */
export interface TickSource {
  now(): bigint;
}

/**
 * How long something takes: total, number of times, longest and shortest.
 *
 *     const start = profile.start();
 *     …
 *     profile.stop(start);
 *
 * The start is the caller's, so that what is measured may be running several times at once.
 */
export class Profile {
  protected readonly clock: TickSource;
  #ticks = 0n;
  #periods = 0n;
  #max = 0n;
  #min = U64_MAX;

  constructor(clock: TickSource) {
    this.clock = clock;
  }

  /** Ticks of all periods. */
  get ticks(): bigint {
    return this.#ticks;
  }

  /** How many there were. */
  get periods(): bigint {
    return this.#periods;
  }

  /** Ticks of the longest period; 0 before the first. */
  get max(): bigint {
    return this.#max;
  }

  /** Ticks of the shortest period; 2⁶⁴-1 before the first. */
  get min(): bigint {
    return this.#min;
  }

  /** Ticks of a period on average, rounded down; 0 before the first. */
  get average(): bigint {
    return this.#periods === 0n ? 0n : this.#ticks / this.#periods;
  }

  /** Begins a period. @returns what {@link stop} wants. */
  start(): bigint {
    return this.clock.now();
  }

  /** Ends a period. */
  stop(start: bigint): void {
    this.addPeriod(this.clock.now() - start);
  }

  /** Measures a call, also of an async function, and one that throws. */
  measure<T>(call: () => T): T {
    const start = this.start();
    let result: T | undefined;
    try {
      result = call();
      return result instanceof Promise ? (result.finally(() => this.stop(start)) as T) : result;
    } finally {
      if (!(result instanceof Promise)) this.stop(start);
    }
  }

  /** Adds a period measured elsewhere. A clock that went back counts as none gone by. */
  addPeriod(ticks: bigint): void {
    const period = ticks < 0n ? 0n : ticks;
    this.#ticks += period;
    this.#periods++;
    if (period > this.#max) this.#max = period;
    if (period < this.#min) this.#min = period;
  }

  reset(): void {
    this.#ticks = 0n;
    this.#periods = 0n;
    this.#max = 0n;
    this.#min = U64_MAX;
  }
}

/** A profile that keeps its start itself, for what begins in one function and ends in another, with pauses between. */
export class ProfileAdv extends Profile {
  /** When the period began, less the time it was suspended. */
  #started: bigint | undefined;
  /** Ticks that had gone by when it was suspended. */
  #suspended: bigint | undefined;

  /** Begins a period; one that was under way is forgotten. */
  override start(): bigint {
    this.#suspended = undefined;
    this.#started = this.clock.now();
    return this.#started;
  }

  /** Ends the period, suspended or not; without one nothing happens. */
  override stop(): void {
    this.#end(this.clock.now());
  }

  /** Ends the period and begins the next, with no time lost between them. */
  stopAndStart(): void {
    const now = this.clock.now();
    this.#end(now);
    this.#started = now;
  }

  /** Stops the watch within a period. */
  suspend(): void {
    this.#suspended = this.#elapsed(this.clock.now());
    this.#started = undefined;
  }

  /** Lets it go on. */
  resume(): void {
    if (this.#suspended === undefined) return;
    this.#started = this.clock.now() - this.#suspended;
    this.#suspended = undefined;
  }

  #end(now: bigint): void {
    const elapsed = this.#elapsed(now);
    this.#started = undefined;
    this.#suspended = undefined;
    if (elapsed !== undefined) this.addPeriod(elapsed);
  }

  #elapsed(now: bigint): bigint | undefined {
    return this.#started === undefined ? this.#suspended : now - this.#started;
  }
}

/** A cell that is a property of an object: `cellOf(device, 'irqs')`. */
export function cellOf<O extends object, K extends keyof O>(object: O, key: K): Cell<O[K]> {
  return {
    get value() {
      return object[key];
    },
    set value(value: O[K]) {
      object[key] = value;
    },
  };
}
