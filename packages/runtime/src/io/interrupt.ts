import { SsmError } from '../error.js';

/** Longest delay that timers take. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * The way to end an operation from outside, while it waits for a sink or a source that may never answer.
 *
 * Cancelling and running out of time are interruptions. The first one stays; whatever waits then, or comes to wait later,
 * is told its failure.
 */
export class Interrupt {
  #failure: SsmError | undefined;
  readonly #waiting = new Set<(failure: SsmError) => void>();
  readonly #listeners: ((failure: SsmError) => void)[] = [];

  /** Why the operation was interrupted; `undefined` as long as it was not. */
  get failure(): SsmError | undefined {
    return this.#failure;
  }

  /** Interrupts the operation. @returns false when it has been already. */
  interrupt(failure: SsmError): boolean {
    if (this.#failure !== undefined) return false;
    this.#failure = failure;
    for (const listener of this.#listeners) listener(failure);
    for (const reject of this.#waiting) reject(failure);
    this.#waiting.clear();
    return true;
  }

  /** Has `listener` called when the operation is interrupted. */
  onInterrupt(listener: (failure: SsmError) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Cancels the operation when `signal` is aborted: VERR_SSM_CANCELLED, with the signal's reason as its cause.
   *
   * @returns what ends that.
   */
  cancelOn(signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    const cancel = () => {
      this.interrupt(new SsmError('VERR_SSM_CANCELLED', 'the operation was cancelled', {}, { cause: signal.reason }));
    };
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);
    return () => signal.removeEventListener('abort', cancel);
  }

  /**
   * Ends the operation after a time, unless it is over before.
   *
   * @param time in milliseconds; one beyond what timers take is no limit.
   * @returns what stops the clock.
   */
  endAfter(time: number, failure: () => SsmError): () => void {
    if (time > TIMER_MAX) return () => {};
    const timer = setTimeout(() => this.interrupt(failure()), time);
    return () => clearTimeout(timer);
  }

  /** @throws SsmError why the operation was interrupted, if it was. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits for `promise`, but not longer than until the interruption. @throws SsmError the interruption. */
  race<T>(promise: Promise<T>): Promise<T> {
    if (this.#failure !== undefined) {
      // Nobody else will look at it.
      promise.catch(() => {});
      return Promise.reject(this.#failure);
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const settled = () => this.#waiting.delete(reject);
      promise.then(resolve, reject).then(settled, settled);
    });
  }
}
