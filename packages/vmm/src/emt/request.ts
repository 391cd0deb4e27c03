import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import type { EmtContext } from './context.js';
import type { Answer, Outcome } from './outcome.js';

/** Where requests go: the number of a virtual CPU, or one of these (`VMCPUID_*`). */
export const destinations = {
  /** Every CPU from 0 up, one after another; waiting only. */
  ALL: 0xfffffff2,
  /** Every CPU from the last down. */
  ALL_REVERSE: 0xfffffff3,
  /** Any EMT; called directly when on one. */
  ANY: 0xfffffff4,
  /** Any EMT, always through the queue. */
  ANY_QUEUE: 0xfffffff5,
  /** None. */
  NIL: 0xfffffffd,
} as const;

/** Flags of requests (`VMREQFLAGS_*`). */
export const requestFlags = {
  /** The status of the packet is that of its function. */
  VBOX_STATUS: 0,
  /** The status of the packet is success. */
  VOID: 1,
  /** Nobody waits: the EMT frees the packet. */
  NO_WAIT: 2,
  /** Fetch the EMT out of executing the guest. */
  POKE: 4,
  /** Before all others. */
  PRIORITY: 8,
} as const;

const knownFlags = Object.values(requestFlags).reduce<number>((all, flag) => all | flag, 0);

/** What has become of a packet (`VMREQSTATE`). */
export type RequestState = 'INVALID' | 'ALLOCATED' | 'QUEUED' | 'PROCESSING' | 'COMPLETED' | 'FREE';

/** The numbers of {@link RequestState}. */
export const requestStates: Readonly<Record<RequestState, number>> = {
  INVALID: 0,
  ALLOCATED: 1,
  QUEUED: 2,
  PROCESSING: 3,
  COMPLETED: 4,
  FREE: 5,
};

/** The one type of packet there is (`VMREQTYPE_INTERNAL`). */
export const REQUEST_TYPE_INTERNAL = 1;

/**
 * What a packet has an EMT do. Functions of VirtualBox get up to 15 arguments from the packet; here they bring along
 * what they need, and VERR_TOO_MUCH_DATA has no occasion.
 */
export type RequestFunction = (context: EmtContext) => Answer | Promise<Answer>;

/** A packet of work for an EMT. Made by {@link Requests.alloc}. */
export class VmRequest {
  destination: number;
  flags = 0;
  call: RequestFunction | undefined;
  #state: RequestState = 'ALLOCATED';
  #outcome: Outcome | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(destination: number) {
    this.destination = destination;
  }

  get state(): RequestState {
    return this.#state;
  }

  /** Status of the packet: that of its function once that is done. */
  get status(): SsmStatus {
    if (this.#state === 'FREE') return 'VERR_VM_REQUEST_STATUS_FREED';
    if (this.#outcome === undefined) return 'VERR_VM_REQUEST_STATUS_STILL_PENDING';
    return typeof this.#outcome === 'string' ? this.#outcome : this.#outcome.status;
  }

  /** What came of the function; `undefined` until it is done. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Whether nobody will work on the packet any more. */
  get settled(): boolean {
    return this.#state !== 'QUEUED' && this.#state !== 'PROCESSING';
  }

  /** @throws SsmError VERR_VM_REQUEST_STATE when the packet is in none of these states. */
  require(...states: readonly RequestState[]): void {
    if (!states.includes(this.#state)) {
      throw new SsmError('VERR_VM_REQUEST_STATE', `a packet is ${this.#state} where ${states.join(' or ')} is needed`);
    }
  }

  /** @throws SsmError VERR_INVALID_PARAMETER for flags that do not exist. */
  checkFlags(): void {
    if ((this.flags & ~knownFlags) !== 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', `0x${this.flags.toString(16)} are no flags of requests`);
    }
  }

  /** A fresh packet. For {@link Requests}. */
  reset(destination: number): void {
    this.destination = destination;
    this.flags = 0;
    this.call = undefined;
    this.#state = 'ALLOCATED';
    this.#outcome = undefined;
  }

  /** The packet goes on to a state in which it is not settled, or is free. For {@link Requests}. */
  advance(state: 'ALLOCATED' | 'QUEUED' | 'PROCESSING' | 'FREE'): void {
    this.#state = state;
  }

  /** The packet is done, or killed; who waits for it is told. For {@link Requests}. */
  complete(state: 'COMPLETED' | 'INVALID', outcome: Outcome): void {
    this.#outcome = outcome;
    this.#state = state;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Has `wake` called when the packet is settled. @returns what ends that. */
  onSettled(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}
