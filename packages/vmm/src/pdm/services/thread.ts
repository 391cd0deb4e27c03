import { isFailure, SsmError, type SsmStatus } from '@ssmkit/runtime';
import { type Answer, type HostTimers, type InfoStatus, NS_PER_MS, type Outcome } from '../../emt/index.js';
import { failureOf } from '../../emt/outcome.js';

/*
 * Threads: what a device or driver does beside the EMTs, and only while the VM runs (`VirtualBox 7.2 PDMR3Thread.cpp`)
 *
 * A "thread" is an asynchronous function. It is called twice: when the thread is created, in state INITIALIZING, when it
 * has to return at once; and each time that it is resumed, in state RUNNING, when it works until the state says otherwise:
 *
 *     threadCreate({ name: 'Reader', run: async (thread) => {
 *       while (thread.state === 'RUNNING') {
 *         await source.wait();
 *         …
 *       }
 *     }, wakeUp: () => source.interrupt() });
 *
 *     INITIALIZING ─▶ SUSPENDING ─▶ SUSPENDED ─▶ RESUMING ─▶ RUNNING ─▶ SUSPENDING …
 *                                       └───────────┴──▶ TERMINATING ─▶ TERMINATED
 */

/** States of a thread and their numbers (`pdmthread.h, PDMTHREADSTATE`). */
export const threadStates = {
  INVALID: 0,
  INITIALIZING: 1,
  SUSPENDING: 2,
  SUSPENDED: 3,
  RESUMING: 4,
  RUNNING: 5,
  TERMINATING: 6,
  TERMINATED: 7,
} as const;

export type ThreadState = keyof typeof threadStates;

export interface ThreadOptions<U> {
  readonly name: string;
  readonly user?: U;
  /** The work; see above. */
  readonly run: (thread: PdmThread<U>) => Answer | Promise<Answer>;
  /** Gets the function out of whatever it waits for, when it is not `thread.sleep`. */
  readonly wakeUp?: (thread: PdmThread<U>) => void;
}

/** Milliseconds that a change of state is waited for. */
const STATE_WAIT = 60_000;
/** The same of a thread whose wake-up has failed. */
const FAILED_WAIT = 150;

/** What a thread needs of those that it belongs to. */
export interface ThreadHost {
  readonly timers: HostTimers;
  /** A thread begins, or ends. */
  begun(): void;
  ended(): void;
  forget(thread: AnyThread): void;
}

/** A thread, whoever uses it. */
export type AnyThread = Pick<
  PdmThread,
  'name' | 'state' | 'status' | 'failure' | 'wake' | 'suspend' | 'resume' | 'destroy'
>;

export class PdmThread<U = unknown> {
  readonly name: string;
  readonly user: U;
  readonly #options: ThreadOptions<U>;
  readonly #host: ThreadHost;
  readonly #waiting = new Set<() => void>();
  #state: ThreadState = 'INITIALIZING';
  #status: Outcome = 'VINF_SUCCESS';
  #release: (() => void) | undefined;
  #wakeSleeper: (() => void) | undefined;

  /** For {@link Threads.create}. */
  constructor(host: ThreadHost, options: ThreadOptions<U>) {
    this.name = options.name;
    this.user = options.user as U;
    this.#options = options;
    this.#host = host;
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** What the function has ended with. */
  get status(): SsmStatus {
    return typeof this.#status === 'string' ? this.#status : this.#status.status;
  }

  get failure(): SsmError | undefined {
    return typeof this.#status === 'string' ? undefined : this.#status;
  }

  /** Waits within the thread's function. @returns VINF_SUCCESS; sooner when the thread is not to run, or is woken. */
  async sleep(millies: number): Promise<InfoStatus> {
    if (this.#state !== 'RUNNING') return 'VINF_SUCCESS';
    await new Promise<void>((resolve) => {
      const cancel = this.#host.timers.after(BigInt(Math.round(millies)) * NS_PER_MS, () => this.#wakeSleeper?.());
      this.#wakeSleeper = () => {
        cancel();
        this.#wakeSleeper = undefined;
        resolve();
      };
    });
    return 'VINF_SUCCESS';
  }

  /** Ends a {@link sleep}. */
  wake(): void {
    this.#wakeSleeper?.();
  }

  /** Starts the function; waits until it has initialised. For {@link Threads}. @throws SsmError what it has failed with, VERR_TIMEOUT. */
  async start(): Promise<void> {
    this.#host.begun();
    void this.#main();
    await this.#expect('SUSPENDED', STATE_WAIT);
  }

  /**
   * Suspends the thread, from elsewhere.
   *
   * @throws SsmError VERR_WRONG_ORDER in other states than RUNNING and SUSPENDED, VERR_TIMEOUT, what the function has failed
   * with; the thread is to end then.
   */
  async suspend(): Promise<void> {
    if (this.#state === 'SUSPENDED') return;
    if (this.#state !== 'RUNNING') throw this.#giveUp(this.#wrongOrder('suspended'));
    this.#set('SUSPENDING');
    try {
      this.#wakeUp();
      await this.#expect('SUSPENDED', STATE_WAIT);
    } catch (error) {
      throw this.#giveUp(failureOf('suspending', error));
    }
  }

  /** Resumes the thread. @throws as {@link suspend}; VERR_WRONG_ORDER unless it is suspended. */
  async resume(): Promise<void> {
    if (this.#state !== 'SUSPENDED') throw this.#giveUp(this.#wrongOrder('resumed'));
    this.#set('RESUMING');
    this.#release?.();
    try {
      await this.#expect('RUNNING', STATE_WAIT);
    } catch (error) {
      throw this.#giveUp(failureOf('resuming', error));
    }
  }

  /** The thread's function says that it suspends itself, and waits until it is resumed. */
  async iAmSuspending(): Promise<void> {
    if (this.#state !== 'RUNNING' && this.#state !== 'INITIALIZING' && this.#state !== 'SUSPENDING') {
      throw this.#wrongOrder('suspended');
    }
    await this.#rest();
  }

  /** The thread's function says that it goes on. @throws SsmError VERR_WRONG_ORDER unless it was resumed. */
  iAmRunning(): void {
    if (this.#state !== 'RESUMING') throw this.#wrongOrder('running');
    this.#set('RUNNING');
  }

  /** Ends the thread. @returns what its function has ended with. A function that does not end is left to itself. */
  async destroy(): Promise<Outcome> {
    if (this.#state !== 'TERMINATED') {
      const wasRunning = this.#state === 'RUNNING';
      if (this.#state !== 'TERMINATING') this.#set('TERMINATING');
      let wait = STATE_WAIT;
      if (wasRunning) {
        try {
          this.#wakeUp();
        } catch {
          wait = FAILED_WAIT;
        }
      }
      this.#release?.();
      await this.#until(() => this.#state === 'TERMINATED', wait);
    }
    this.#host.forget(this);
    return this.#status;
  }

  async #main(): Promise<void> {
    const { run } = this.#options;
    // Not before whoever creates the thread waits for it.
    await undefined;
    try {
      this.#check(await run(this), false);
      while (this.#state !== 'TERMINATING') {
        await this.#rest();
        if (this.#state !== 'RESUMING') break;
        this.#set('RUNNING');
        this.#check(await run(this), true);
      }
    } catch (error) {
      this.#status = failureOf(`thread '${this.name}'`, error);
    }
    this.#set('TERMINATED');
    this.#host.ended();
  }

  #check(status: Answer, wasRunning: boolean): void {
    if (status !== undefined && isFailure(status)) throw new SsmError(status, `thread '${this.name}' returned it`);
    if (status !== undefined) this.#status = status;
    // A function that has nothing more to do has ended.
    if (wasRunning && this.#state === 'RUNNING') this.#set('TERMINATING');
  }

  /** Waits to be resumed or to end. */
  async #rest(): Promise<void> {
    if (this.#state === 'TERMINATING') return;
    const released = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#set('SUSPENDED');
    await released;
    this.#release = undefined;
  }

  #set(state: ThreadState): void {
    this.#state = state;
    for (const look of [...this.#waiting]) look();
  }

  #wakeUp(): void {
    this.#wakeSleeper?.();
    this.#options.wakeUp?.(this);
  }

  async #expect(state: ThreadState, millies: number): Promise<void> {
    const isEnding = () => this.#state === 'TERMINATING' || this.#state === 'TERMINATED';
    const reached = await this.#until(() => this.#state === state || isEnding(), millies);
    if (!reached) throw new SsmError('VERR_TIMEOUT', `thread '${this.name}' is still ${this.#state}`);
    // One that ran to its end at once has been running.
    if (isEnding() && !(state === 'RUNNING' && this.failure === undefined)) {
      throw this.failure ?? new SsmError('VERR_WRONG_ORDER', `thread '${this.name}' has ended`);
    }
  }

  async #until(condition: () => boolean, millies: number): Promise<boolean> {
    if (condition()) return true;
    return new Promise((resolve) => {
      const end = (result: boolean) => {
        cancel();
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = () => {
        if (condition()) end(true);
      };
      const cancel = this.#host.timers.after(BigInt(millies) * NS_PER_MS, () => end(false));
      this.#waiting.add(look);
    });
  }

  #wrongOrder(what: string): SsmError {
    return new SsmError('VERR_WRONG_ORDER', `thread '${this.name}' is ${this.#state}: it cannot be ${what}`);
  }

  #giveUp(error: SsmError): SsmError {
    if (this.#state !== 'TERMINATED') this.#set('TERMINATING');
    this.#release?.();
    this.#wakeSleeper?.();
    return error;
  }
}
