import { SsmError } from '@ssmkit/runtime';
import type { EmtContext } from './context.js';
import type { Emt } from './emt.js';
import { type Answer, combine, hasFailed, isEmStatus, type Outcome, statusOf } from './outcome.js';

/** How the EMTs of a rendezvous run its callback (`VMMEMTRENDEZVOUS_FLAGS_TYPE_*`). */
export const rendezvousTypes = {
  /** One at a time, in any order; the last to arrive begins. */
  ONE_BY_ONE: 1,
  /** All at the same time. */
  ALL_AT_ONCE: 2,
  /** Only the last to arrive. */
  ONCE: 3,
  /** One at a time, CPU 0 first. */
  ASCENDING: 4,
  /** One at a time, the last CPU first. */
  DESCENDING: 5,
} as const;

export type RendezvousType = keyof typeof rendezvousTypes;

/** What the EMTs meet for. */
export type RendezvousCallback = (context: EmtContext) => Answer | Promise<Answer>;

/** The order in which EMTs have their turn; `arrivals` is the order in which they came. */
const turns: Readonly<Record<RendezvousType, (arrivals: readonly Emt[]) => readonly Emt[]>> = {
  ONE_BY_ONE: (arrivals) => [...arrivals.slice(-1), ...arrivals.slice(0, -1)],
  ALL_AT_ONCE: (arrivals) => arrivals,
  ONCE: (arrivals) => arrivals.slice(-1),
  ASCENDING: (arrivals) => [...arrivals].sort((a, b) => a.id - b.id),
  DESCENDING: (arrivals) => [...arrivals].sort((a, b) => b.id - a.id),
};

/** Informational statuses of callbacks are for the execution manager; others nobody would understand. */
export function checkInfo(outcome: Outcome): Outcome {
  const status = statusOf(outcome);
  if (hasFailed(outcome) || status === 'VINF_SUCCESS' || isEmStatus(status)) return outcome;
  return new SsmError('VERR_IPE_UNEXPECTED_INFO_STATUS', `the callback of a rendezvous returned ${status}`);
}

/** A rendezvous from the first to the last EMT: everybody arrives, then has their turn, then goes. */
export class Meeting {
  readonly type: RendezvousType;
  readonly #cpuCount: number;
  readonly #stopOnError: boolean;
  readonly #callback: RendezvousCallback;
  readonly #arrivals: Emt[] = [];
  readonly #inCallback = new Set<Emt>();
  #queue: readonly Emt[] = [];
  /** How many of the queue have been let in, and how many are done. */
  #admitted = 0;
  #finished = 0;
  #outcome: Outcome = 'VINF_SUCCESS';

  constructor(type: RendezvousType, cpuCount: number, stopOnError: boolean, callback: RendezvousCallback) {
    this.type = type;
    this.#cpuCount = cpuCount;
    this.#stopOnError = stopOnError;
    this.#callback = callback;
  }

  /** What the callbacks have come to together. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Whether everybody has arrived and all that were to run the callback have. */
  get over(): boolean {
    return this.#arrivals.length === this.#cpuCount && this.#finished === this.#queue.length;
  }

  has(emt: Emt): boolean {
    return this.#arrivals.includes(emt);
  }

  /** Whether an EMT is running the callback. */
  isInCallback(emt: Emt): boolean {
    return this.#inCallback.has(emt);
  }

  /** Whether it is an EMT's turn. */
  isTurnOf(emt: Emt): boolean {
    return this.#queue.slice(0, this.#admitted).includes(emt);
  }

  /** An EMT is there. The last one opens the meeting. */
  arrive(emt: Emt): void {
    this.#arrivals.push(emt);
    if (this.#arrivals.length < this.#cpuCount) return;
    this.#queue = turns[this.type](this.#arrivals);
    this.#admitted = this.type === 'ALL_AT_ONCE' ? this.#queue.length : 1;
  }

  /** The turn of an EMT. */
  async run(emt: Emt): Promise<void> {
    const skip = this.#stopOnError && hasFailed(this.#outcome);
    if (!skip) {
      this.#inCallback.add(emt);
      const outcome = await emt.perform('the callback of a rendezvous', this.#callback);
      this.#inCallback.delete(emt);
      this.#outcome = combine(this.#outcome, checkInfo(outcome));
    }
    this.#finished++;
    if (this.#admitted < this.#queue.length) this.#admitted++;
  }
}
