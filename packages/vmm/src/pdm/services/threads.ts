import { SsmError } from '@ssmkit/runtime';
import { type AnyThread, PdmThread, type ThreadHost, type ThreadOptions } from './thread.js';

/** The threads of a VM, in the order of their creation. */
export class Threads {
  readonly #host: ThreadHost;
  readonly #threads: AnyThread[] = [];

  constructor(host: Omit<ThreadHost, 'forget'>) {
    this.#host = {
      timers: host.timers,
      begun: () => host.begun(),
      ended: () => host.ended(),
      forget: (thread) => {
        const at = this.#threads.indexOf(thread);
        if (at >= 0) this.#threads.splice(at, 1);
      },
    };
  }

  get all(): readonly AnyThread[] {
    return this.#threads;
  }

  /**
   * Makes a thread; it is suspended.
   *
   * @throws SsmError VERR_INVALID_POINTER without a function, VERR_INVALID_NAME; what the function fails with, VERR_TIMEOUT when
   * it does not return from its initialisation.
   */
  async create<U>(options: ThreadOptions<U>): Promise<PdmThread<U>> {
    if (typeof options.run !== 'function') throw new SsmError('VERR_INVALID_POINTER', 'a thread has a function');
    if (options.name === '') throw new SsmError('VERR_INVALID_NAME', 'a thread has a name');
    const thread = new PdmThread<U>(this.#host, options);
    this.#threads.push(thread);
    try {
      await thread.start();
    } catch (error) {
      await thread.destroy();
      throw error;
    }
    return thread;
  }

  /** Resumes all that are suspended. @throws SsmError the first failure. */
  async resumeAll(): Promise<void> {
    for (const thread of [...this.#threads]) if (thread.state === 'SUSPENDED') await thread.resume();
  }

  /** Suspends all that run. @throws SsmError the first failure; the others are suspended all the same. */
  async suspendAll(): Promise<void> {
    let failure: unknown;
    for (const thread of [...this.#threads]) {
      if (thread.state !== 'RUNNING') continue;
      try {
        await thread.suspend();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  async destroyAll(): Promise<void> {
    for (const thread of [...this.#threads]) await thread.destroy();
  }
}
