/** Nanoseconds per millisecond. */
export const NS_PER_MS = 1_000_000n;

/** The host's time. */
export interface HostClock {
  /** Nanoseconds since any fixed moment; never goes back. */
  now(): bigint;
}

/** The host's time, and waiting for it. Nothing in this package knows time, or a timer, from anywhere else. */
export interface HostTimers extends HostClock {
  /**
   * Calls `call` once, `delay` nanoseconds from now.
   *
   * @returns what prevents that.
   */
  after(delay: bigint, call: () => void): () => void;
  /** Lets everything else that waits in the host's event loop have its turn. */
  turn(): Promise<void>;
}

/** Longest delay that timers of JavaScript take, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;

interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/**
 * Calls `call` in the next turn of the event loop. Timers would do, but browsers let those of 0 ms wait for 4, and Node.js
 * for 1: a guest would be executed that much slower.
 */
const soon: (call: () => void) => void =
  typeof setImmediate === 'function'
    ? setImmediate
    : (call) => {
        // As browsers have it; the types are those of Node.js.
        const { port1, port2 } = new MessageChannel() as unknown as Record<'port1' | 'port2', Port>;
        port1.onmessage = () => {
          port1.close();
          call();
        };
        port2.postMessage(undefined);
      };

/** The time of the machine this runs on. */
export const systemTimers: HostTimers = {
  now: () => BigInt(Math.round(performance.now() * 1e6)),
  after: (delay, call) => {
    const ms = Math.min(Math.ceil(Number(delay) / 1e6), TIMER_MAX);
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise(soon),
};

/** Time that stands still until it is moved on: for tests, and for machines whose time is somebody else's. */
export class ManualTimers implements HostTimers {
  #now = 0n;
  #order = 0;
  readonly #timers = new Set<{ readonly at: bigint; readonly order: number; readonly call: () => void }>();

  now(): bigint {
    return this.#now;
  }

  after(delay: bigint, call: () => void): () => void {
    const timer = { at: this.now() + (delay > 0n ? delay : 0n), order: this.#order++, call };
    this.#timers.add(timer);
    this.onArmed?.();
    return () => this.#timers.delete(timer);
  }

  turn(): Promise<void> {
    return systemTimers.turn();
  }

  /** Told that something new is waited for. */
  onArmed: (() => void) | undefined;

  /** When the first timer goes off; `undefined` when none waits. */
  get nextAt(): bigint | undefined {
    let first: bigint | undefined;
    for (const { at } of this.#timers) if (first === undefined || at < first) first = at;
    return first;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ns` nanoseconds pass. What falls due on the way is called, in order, each at its own time.
   *
   * @returns how many were called.
   */
  advance(ns: bigint): number {
    let calls = 0;
    const end = this.#now + ns;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ at }) => at <= end)
        .sort((a, b) => (a.at === b.at ? a.order - b.order : a.at < b.at ? -1 : 1));
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.call();
      calls++;
    }
    this.#now = end;
    return calls;
  }
}
