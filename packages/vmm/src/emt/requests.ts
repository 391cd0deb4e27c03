import { SsmError } from '@ssmkit/runtime';
import type { CurrentEmt } from './context.js';
import type { Emt } from './emt.js';
import { type HostTimers, NS_PER_MS } from './host-clock.js';
import { conclude, type InfoStatus, isEmStatus, type Outcome, statusOf } from './outcome.js';
import { destinations, REQUEST_TYPE_INTERNAL, type RequestFunction, requestFlags, VmRequest } from './request.js';

/** Free packets that are kept to be used again. */
const FREE_MAX = 128;

/** Waiting without limit (`RT_INDEFINITE_WAIT`). */
export const INDEFINITE_WAIT = Number.POSITIVE_INFINITY;

/** What the queues have counted. */
export interface RequestStatistics {
  allocNew: number;
  allocRecycled: number;
  free: number;
  freeOverflow: number;
  processed: number;
  moreThanOne: number;
}

/** The packets that wait for an EMT, or for any. */
class Chains {
  readonly normal: VmRequest[] = [];
  readonly priority: VmRequest[] = [];

  /** The next packet, those of priority first. */
  take(priorityOnly: boolean): VmRequest | undefined {
    return this.priority.shift() ?? (priorityOnly ? undefined : this.normal.shift());
  }

  count(priorityOnly: boolean): number {
    return this.priority.length + (priorityOnly ? 0 : this.normal.length);
  }
}

/** Who works on requests. */
export interface RequestServers {
  readonly emts: readonly Emt[];
  readonly current: CurrentEmt;
  /** Waits on an EMT until `settled()`; meanwhile it takes part in every rendezvous. */
  serveWhile(emt: Emt, settled: () => boolean): Promise<void>;
}

/**
 * The request queues of a VM: work that is to be done on an EMT.
 *
 * There is a queue for every virtual CPU and one that all share, each with a chain for packets of priority and one for the
 * others; both are first in, first out. Who asks on the EMT that is meant is not queued: it would wait for itself, so
 * the function is called at once (`VirtualBox 7.2 VMMR3/VMReq.cpp`).
 */
export class Requests {
  readonly statistics: RequestStatistics = {
    allocNew: 0,
    allocRecycled: 0,
    free: 0,
    freeOverflow: 0,
    processed: 0,
    moreThanOne: 0,
  };
  readonly #servers: RequestServers;
  readonly #timers: HostTimers;
  readonly #shared = new Chains();
  readonly #own: readonly Chains[];
  readonly #free: VmRequest[] = [];
  /** Packets that these queues have made: those of another VM are refused. */
  readonly #mine = new WeakSet<VmRequest>();
  #killed = false;

  constructor(cpuCount: number, servers: RequestServers, timers: HostTimers) {
    this.#servers = servers;
    this.#timers = timers;
    this.#own = Array.from({ length: cpuCount }, () => new Chains());
  }

  /**
   * A packet to be filled with a function and flags.
   *
   * @throws SsmError VERR_VM_REQUEST_INVALID_TYPE, VERR_INVALID_PARAMETER for a destination that is none.
   */
  alloc(type: number, destination: number): VmRequest {
    if (type !== REQUEST_TYPE_INTERNAL) throw new SsmError('VERR_VM_REQUEST_INVALID_TYPE', `there is no type ${type}`);
    const special = Object.values(destinations) as readonly number[];
    if (this.#own[destination] === undefined && !special.includes(destination)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `there is no destination ${destination}`);
    }
    const recycled = this.#free.pop();
    if (recycled !== undefined) {
      this.statistics.allocRecycled++;
      recycled.reset(destination);
      return recycled;
    }
    this.statistics.allocNew++;
    const request = new VmRequest(destination);
    this.#mine.add(request);
    return request;
  }

  /** Gives a packet back. @throws SsmError VERR_VM_REQUEST_STATE when it is still being worked on, or free already. */
  free(request: VmRequest | undefined): void {
    if (request === undefined) return;
    request.require('ALLOCATED', 'COMPLETED');
    request.advance('FREE');
    request.call = undefined;
    this.statistics.free++;
    if (this.#free.length < FREE_MAX) this.#free.push(request);
    else this.statistics.freeOverflow++;
  }

  /**
   * Queues a packet and, unless NO_WAIT says otherwise, waits for it.
   *
   * @param timeout milliseconds.
   * @returns success once the packet is done, whatever its own status; what the function returned where it was called
   * directly.
   * @throws SsmError VERR_VM_REQUEST_STATE, VERR_VM_REQUEST_INVALID_PACKAGE for a packet of another VM,
   * VERR_INVALID_POINTER without a function, VERR_INVALID_PARAMETER, VERR_TIMEOUT: the packet is worked on all the same;
   * VERR_INVALID_VM_HANDLE when the VM is gone. The failure of the function where it was called directly.
   */
  async queue(request: VmRequest, timeout = INDEFINITE_WAIT): Promise<InfoStatus> {
    request.require('ALLOCATED');
    if (!this.#mine.has(request)) throw new SsmError('VERR_VM_REQUEST_INVALID_PACKAGE', 'the packet is another VM’s');
    if (request.call === undefined) throw new SsmError('VERR_INVALID_POINTER', 'the packet has no function');
    request.checkFlags();
    this.#checkAlive();
    const { destination } = request;
    if (destination === destinations.ALL || destination === destinations.ALL_REVERSE) {
      return this.#queueToAll(request, timeout, destination === destinations.ALL_REVERSE);
    }
    if (destination === destinations.NIL) throw new SsmError('VERR_INVALID_PARAMETER', 'the packet goes nowhere');
    const here = this.#servers.current.context;
    if (here !== undefined && (destination === destinations.ANY || destination === here.idCpu)) {
      request.advance('QUEUED');
      return conclude(await this.#processOne(here.emt, request));
    }
    const chains = this.#chainsOf(destination);
    const chain = (request.flags & requestFlags.PRIORITY) !== 0 ? chains.priority : chains.normal;
    request.advance('QUEUED');
    chain.push(request);
    for (const emt of this.#servers.emts) if (chains === this.#shared || emt.id === destination) emt.poke();
    if ((request.flags & requestFlags.NO_WAIT) !== 0) return 'VINF_SUCCESS';
    return this.wait(request, timeout);
  }

  /**
   * Waits for a packet that was queued. The waiting ends, too, when the packet is killed with its VM.
   *
   * @throws SsmError VERR_VM_REQUEST_STATE, VERR_TIMEOUT.
   */
  async wait(request: VmRequest, timeout = INDEFINITE_WAIT): Promise<InfoStatus> {
    request.require('QUEUED', 'PROCESSING', 'COMPLETED');
    if (request.settled) return 'VINF_SUCCESS';
    const here = this.#servers.current.context;
    let timedOut = false;
    let wake = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const nudge = () => {
      wake();
      here?.emt.poke();
    };
    const forget = request.onSettled(nudge);
    const stop =
      timeout === INDEFINITE_WAIT
        ? () => {}
        : this.#timers.after(BigInt(Math.round(timeout)) * NS_PER_MS, () => {
            timedOut = true;
            nudge();
          });
    if (here === undefined) await woken;
    else await this.#servers.serveWhile(here.emt, () => request.settled || timedOut);
    stop();
    forget();
    if (request.settled) return 'VINF_SUCCESS';
    throw new SsmError('VERR_TIMEOUT', `a request was not done within ${timeout} ms`);
  }

  /** Whether there is work for an EMT, or with `ANY` for all of them. */
  pending(destination: number, priorityOnly = false): boolean {
    return this.#chainsOf(destination).count(priorityOnly) > 0;
  }

  /**
   * Works on packets, those of priority first, until there are none or one tells the execution manager something.
   *
   * @returns what it tells.
   */
  async process(emt: Emt, destination: number, priorityOnly = false): Promise<Outcome> {
    const chains = this.#chainsOf(destination);
    for (;;) {
      if (chains.count(priorityOnly) > 1) this.statistics.moreThanOne++;
      const request = chains.take(priorityOnly);
      if (request === undefined) return 'VINF_SUCCESS';
      const outcome = await this.#processOne(emt, request);
      if (isEmStatus(statusOf(outcome))) return outcome;
    }
  }

  /**
   * Makes a packet, queues it and waits.
   *
   * @returns the packet, for the caller to free; `undefined` with NO_WAIT.
   * @throws SsmError like {@link alloc} and {@link queue}, save VERR_TIMEOUT: the packet is returned then, too, and not
   * settled. Of a function that is called directly its failure, too.
   */
  async call(
    destination: number,
    call: RequestFunction,
    flags: number = requestFlags.VBOX_STATUS,
    timeout = INDEFINITE_WAIT,
  ): Promise<VmRequest | undefined> {
    if (typeof call !== 'function') throw new SsmError('VERR_INVALID_POINTER', 'there is no function');
    const request = this.alloc(REQUEST_TYPE_INTERNAL, destination);
    request.call = call;
    request.flags = flags;
    try {
      await this.queue(request, timeout);
    } catch (error) {
      if ((error as SsmError).status === 'VERR_TIMEOUT') return request;
      if (request.settled) this.free(request);
      throw error;
    }
    return (flags & requestFlags.NO_WAIT) !== 0 ? undefined : request;
  }

  /** Has a function run and waits for it. @returns what it returned. @throws SsmError what it failed with. */
  callWait(destination: number, call: RequestFunction): Promise<InfoStatus> {
    return this.#callWait(destination, call, requestFlags.VBOX_STATUS);
  }

  /** {@link callWait} for functions whose status does not matter. */
  callVoidWait(destination: number, call: RequestFunction): Promise<InfoStatus> {
    return this.#callWait(destination, call, requestFlags.VOID);
  }

  /** {@link callWait} before all others. */
  priorityCallWait(destination: number, call: RequestFunction): Promise<InfoStatus> {
    return this.#callWait(destination, call, requestFlags.VBOX_STATUS | requestFlags.PRIORITY);
  }

  /** Has a function run some time. What becomes of it nobody is told. */
  async callNoWait(destination: number, call: RequestFunction): Promise<InfoStatus> {
    await this.call(destination, call, requestFlags.VBOX_STATUS | requestFlags.NO_WAIT, 0);
    return 'VINF_SUCCESS';
  }

  /** The VM goes: every packet still queued is killed, and nothing is queued any more. */
  kill(): void {
    this.#killed = true;
    for (const chains of [this.#shared, ...this.#own]) {
      for (let request = chains.take(false); request !== undefined; request = chains.take(false)) {
        request.complete('INVALID', new SsmError('VERR_VM_REQUEST_KILLED', 'the VM was destroyed'));
      }
    }
  }

  async #callWait(destination: number, call: RequestFunction, flags: number): Promise<InfoStatus> {
    const request = await this.call(destination, call, flags);
    const outcome = request?.outcome ?? 'VINF_SUCCESS';
    if (request?.state === 'COMPLETED') this.free(request);
    return conclude(outcome);
  }

  async #queueToAll(request: VmRequest, timeout: number, reverse: boolean): Promise<InfoStatus> {
    if ((request.flags & requestFlags.NO_WAIT) !== 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'a packet that goes to all EMTs has to be waited for');
    }
    const { current } = this.#servers;
    const here = current.context;
    const ids = this.#own.map((_, id) => id);
    if (reverse) ids.reverse();
    let status: InfoStatus = 'VINF_SUCCESS';
    for (const id of ids) {
      request.advance('ALLOCATED');
      request.destination = id;
      const queue = () => this.queue(request, timeout);
      status = await (here === undefined ? queue() : current.enter(here, queue));
      if (request.outcome instanceof SsmError) break;
    }
    return status;
  }

  async #processOne(emt: Emt, request: VmRequest): Promise<Outcome> {
    request.require('QUEUED');
    request.advance('PROCESSING');
    const { call, flags } = request;
    const result = await emt.perform('a request', (context) => call?.(context));
    const outcome = (flags & requestFlags.VOID) !== 0 ? 'VINF_SUCCESS' : result;
    this.statistics.processed++;
    request.complete('COMPLETED', outcome);
    if ((flags & requestFlags.NO_WAIT) !== 0) this.free(request);
    return outcome;
  }

  #chainsOf(destination: number): Chains {
    return this.#own[destination] ?? this.#shared;
  }

  #checkAlive(): void {
    if (this.#killed) throw new SsmError('VERR_INVALID_VM_HANDLE', 'the VM is gone');
  }
}
