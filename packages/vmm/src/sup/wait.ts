import { SsmError } from '@ssmkit/runtime';
import type { HostTimers } from '../emt/host-clock.js';

/** How a wait can end other than by the semaphore. */
export interface WaitOptions {
  /** When it ends with VERR_TIMEOUT, in nanoseconds of the timers' clock; without it never. */
  readonly deadline?: bigint;
  /** Is given what ends the wait early, and returns what forgets about it. */
  readonly arm?: readonly ((end: (error: SsmError) => void) => () => void)[];
}

/** Somebody waiting. */
interface Waiter {
  readonly wake: () => void;
  readonly fail: (error: SsmError) => void;
}

/** What both kinds of event semaphores have in common: whether they are signalled, and who waits. */
export abstract class EventSemaphore {
  protected readonly waiters = new Set<Waiter>();
  protected signalled = false;
  readonly #timers: HostTimers;
  #isDestroyed = false;

  constructor(timers: HostTimers) {
    this.#timers = timers;
  }

  /** How many wait. */
  get waiting(): number {
    return this.waiters.size;
  }

  get isSignalled(): boolean {
    return this.signalled;
  }

  /** Wakes whoever is to be woken. */
  abstract signal(): void;

  /** Whether a wait that begins now is over at once; takes the signal where waits do. */
  protected abstract take(): boolean;

  /**
   * Waits. A deadline that has passed makes it a question: it ends at once either way.
   *
   * @throws SsmError VERR_TIMEOUT, VERR_SEM_DESTROYED, whatever `arm` ends it with.
   */
  wait({ deadline, arm = [] }: WaitOptions = {}): Promise<void> {
    if (this.#isDestroyed) return Promise.reject(destroyed());
    if (this.take()) return Promise.resolve();
    if (deadline !== undefined && deadline <= this.#timers.now()) return Promise.reject(timeout());
    return new Promise((resolve, reject) => {
      const undo: (() => void)[] = [];
      const end = (settle: () => void) => {
        // The first to come ends the wait; whoever comes later finds nothing left to do.
        if (!this.waiters.delete(waiter)) return;
        for (const call of undo) call();
        settle();
      };
      const waiter: Waiter = { wake: () => end(resolve), fail: (error) => end(() => reject(error)) };
      this.waiters.add(waiter);
      if (deadline !== undefined) undo.push(this.#alarm(deadline, () => waiter.fail(timeout())));
      for (const armed of arm) {
        const disarm = armed(waiter.fail);
        if (this.waiters.has(waiter)) undo.push(disarm);
        else disarm();
      }
    });
  }

  /** The end of the semaphore: whoever waits gets VERR_SEM_DESTROYED. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const { fail } of [...this.waiters]) fail(destroyed());
  }

  /** Calls at a time, not before; timers may come early, since there is a longest delay they take. */
  #alarm(at: bigint, call: () => void): () => void {
    let cancel = () => {};
    const arm = () => {
      const left = at - this.#timers.now();
      if (left <= 0n) call();
      else cancel = this.#timers.after(left, arm);
    };
    arm();
    return () => cancel();
  }
}

/** A signal lets one wait pass; a signal that nobody waits for is kept, but not counted. */
export class SingleEvent extends EventSemaphore {
  signal(): void {
    const [first] = this.waiters;
    if (first === undefined) this.signalled = true;
    else first.wake();
  }

  protected take(): boolean {
    const was = this.signalled;
    this.signalled = false;
    return was;
  }
}

/** A signal lets every wait pass until it is reset. */
export class MultiEvent extends EventSemaphore {
  signal(): void {
    this.signalled = true;
    for (const { wake } of [...this.waiters]) wake();
  }

  reset(): void {
    this.signalled = false;
  }

  protected take(): boolean {
    return this.signalled;
  }
}

const timeout = () => new SsmError('VERR_TIMEOUT', 'nobody signalled the semaphore in time');
const destroyed = () => new SsmError('VERR_SEM_DESTROYED', 'the semaphore was destroyed');
