import { SsmError } from '@ssmkit/runtime';
import type { Emt } from './emt.js';

/** Which callback of which EMT is being run right now; `undefined` while anybody else's code runs. */
export class CurrentEmt {
  #context: EmtContext | undefined;

  get context(): EmtContext | undefined {
    return this.#context;
  }

  /**
   * Runs `call` as part of a callback of an EMT; of none with `undefined`. Only what `call` does at once is: an EMT is left
   * at the first await.
   */
  enter<T>(context: EmtContext | undefined, call: () => T): T {
    const before = this.#context;
    this.#context = context;
    try {
      return call();
    } finally {
      this.#context = before;
    }
  }
}

/**
 * "On an EMT", for one callback that an EMT runs.
 *
 * What a callback calls before its first await is on the EMT by itself. After an await nobody can tell whose code is
 * running, so that a callback has to say it:
 *
 *     async (emt) => {
 *       await disk.flush();
 *       await emt.run(() => uvm.suspend('RUNTIME_ERROR'));
 *     }
 *
 * Without `run` the operation would be taken for one from elsewhere and wait for the very EMT that waits for it.
 */
export class EmtContext {
  readonly emt: Emt;
  readonly #current: CurrentEmt;
  #over = false;

  constructor(emt: Emt, current: CurrentEmt) {
    this.emt = emt;
    this.#current = current;
  }

  /** Number of the virtual CPU. */
  get idCpu(): number {
    return this.emt.id;
  }

  /** Whether the callback has not come to its end. */
  get active(): boolean {
    return !this.#over;
  }

  /** Runs `call` on the EMT, up to its first await. @throws SsmError VERR_VM_THREAD_NOT_EMT when the callback is over. */
  run<T>(call: () => T): T {
    if (this.#over) throw new SsmError('VERR_VM_THREAD_NOT_EMT', `the callback of EMT(${this.idCpu}) is over`);
    return this.#current.enter(this, call);
  }

  /** Runs `call` as anybody else's code, though it is called from here: what the host's event loop would have called. */
  outside<T>(call: () => T): T {
    return this.#current.enter(undefined, call);
  }

  /** The callback is over. For the EMT. */
  end(): void {
    this.#over = true;
  }
}
