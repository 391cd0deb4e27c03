import { type CurrentEmt, EmtContext } from './context.js';
import { type Answer, hasFailed, type Outcome, settle } from './outcome.js';

/** Something an EMT does outside of executing the guest. */
export interface EmtStep {
  readonly name: string;
  /** Whether there is something to be done by this EMT. */
  pending(emt: Emt): boolean;
  /** Does it. */
  serve(emt: Emt): Promise<Outcome>;
}

/** The guest, as an EMT sees it. */
export interface EmtGuest {
  /** Whether the virtual CPU of this EMT is to execute the guest now. */
  mayRun(emt: Emt): boolean;
  /** Executes a slice. */
  run(emt: Emt): Promise<void>;
  /** There may be something new to do, perhaps while a slice is executed. */
  poked?(emt: Emt): void;
}

/** What an EMT is made for. */
export interface EmtDuties {
  /** What it looks after, the most urgent first. */
  readonly steps: readonly EmtStep[];
  readonly guest: EmtGuest;
  /** Called on the EMT first and last of all. */
  onInit?(emt: Emt): void;
  onTerm?(emt: Emt): void | Promise<void>;
}

/**
 * An emulation task: what a virtual CPU and all that is to happen on it run on, one thing after another.
 *
 * VirtualBox has a thread for it. Here it is an asynchronous loop:
 *
 *     until it is to end, or a request says VINF_EM_TERMINATE:
 *       the first step that is pending, in this order (`VirtualBox 7.2 VMMR3/VMEmt.cpp, vmR3EmulationThreadWithId`):
 *         rendezvous, shared requests, own requests, reset
 *       a slice of the guest, if the step did not fail and the guest is to run
 *       nothing to do: wait to be poked
 */
export class Emt {
  readonly id: number;
  readonly name: string;
  /** Settles when the loop has ended; never rejects. */
  readonly ended: Promise<void>;
  readonly #current: CurrentEmt;
  readonly #duties: EmtDuties;
  readonly #sleepers = new Set<() => void>();
  #terminating = false;
  #alive = true;
  #sleeping = false;

  constructor(id: number, name: string, current: CurrentEmt, duties: EmtDuties) {
    this.id = id;
    this.name = name;
    this.#current = current;
    this.#duties = duties;
    this.ended = this.#loop();
  }

  /** Whether the loop has not ended. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Whether there is nothing to do. */
  get idle(): boolean {
    return this.#sleeping;
  }

  /** Whether the guest should be left, because the EMT is needed for something else. */
  get wanted(): boolean {
    return this.#terminating || this.#duties.steps.some((step) => step.pending(this));
  }

  /** There may be something new to do. */
  poke(): void {
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wake of sleepers) wake();
    this.#duties.guest.poked?.(this);
  }

  /** Waits to be poked. */
  sleep(): Promise<void> {
    return new Promise((resolve) => this.#sleepers.add(resolve));
  }

  /** Lets the loop end as soon as what it does is done. */
  terminate(): void {
    this.#terminating = true;
    this.poke();
  }

  /** Runs a callback on this EMT. @param what for messages. */
  async perform(what: string, call: (context: EmtContext) => Answer | Promise<Answer>): Promise<Outcome> {
    const context = new EmtContext(this, this.#current);
    const outcome = await settle(what, () => context.run(() => call(context)));
    context.end();
    return outcome;
  }

  async #loop(): Promise<void> {
    // Not before whoever makes the EMTs has made all of them.
    await undefined;
    const { steps, guest } = this.#duties;
    await this.perform('emtInit', () => this.#duties.onInit?.(this));
    while (!this.#terminating) {
      const step = steps.find((candidate) => candidate.pending(this));
      const outcome = step === undefined ? 'VINF_SUCCESS' : await step.serve(this);
      if (this.#terminating || outcome === 'VINF_EM_TERMINATE') break;
      if (hasFailed(outcome)) continue;
      if (guest.mayRun(this)) await guest.run(this);
      else if (step === undefined) await this.#idle();
    }
    await this.perform('emtTerm', () => this.#duties.onTerm?.(this));
    this.#alive = false;
  }

  async #idle(): Promise<void> {
    this.#sleeping = true;
    await this.sleep();
    this.#sleeping = false;
  }
}
