import { SsmError } from '@ssmkit/runtime';
import { type MaybeNode, query } from '../../cfgm/index.js';
import type { HostTimers } from '../../emt/index.js';

/*
 * The network shaper: no network card may use more than its group has (`VirtualBox 7.2 PDMNetShaper.cpp`)
 *
 *     /PDM/NetworkShaper/BwGroups/<name>/Max     bytes a second; 0: no limit
 *
 * A group is a bucket into which tokens flow, so many bytes a second, up to what it holds. A filter that asks for more than
 * is in the bucket is refused, and is choked: it is told when its turn may have come. Who waits longest is told first.
 */

const NS_PER_S = 1_000_000_000n;
/** A bucket holds the tokens of so much time, but a large frame at least. */
const BUCKET_NS = 100_000_000n;
const BUCKET_MIN = 65536n;

/** What a network card has of its group. */
export interface NetFilter {
  readonly group: string;
  /** Was refused, and not told since that it may ask again. */
  readonly isChoked: boolean;
  /** Asks to send or receive. @returns whether it may. */
  allocateBandwidth(bytes: number): boolean;
  /** Belongs to no group any more. */
  detach(): void;
}

class Group {
  readonly name: string;
  /** Bytes a second; 0: no limit. */
  #max: bigint;
  readonly filters = new Set<Filter>();
  readonly #timers: HostTimers;
  #tokens: bigint;
  #filledAt: bigint;
  #cancel: (() => void) | undefined;
  readonly #choked: Filter[] = [];

  constructor(name: string, max: bigint, timers: HostTimers) {
    this.name = name;
    this.#max = max;
    this.#timers = timers;
    this.#tokens = this.#size;
    this.#filledAt = timers.now();
  }

  get max(): bigint {
    return this.#max;
  }

  set max(max: bigint) {
    this.#fill();
    this.#max = max;
    if (this.#tokens > this.#size) this.#tokens = this.#size;
    this.#alarm();
  }

  get #size(): bigint {
    const inBucket = (this.#max * BUCKET_NS) / NS_PER_S;
    return inBucket > BUCKET_MIN ? inBucket : BUCKET_MIN;
  }

  take(filter: Filter, bytes: number): boolean {
    if (this.#max === 0n) return true;
    this.#fill();
    // What is larger than the bucket could never go: it takes a full one.
    const wanted = BigInt(bytes) < this.#size ? BigInt(bytes) : this.#size;
    const isTurn = this.#choked.length === 0 || this.#choked[0] === filter || !this.#choked.includes(filter);
    if (isTurn && wanted <= this.#tokens) {
      this.#tokens -= wanted;
      return true;
    }
    filter.wanted = wanted;
    filter.isChoked = true;
    if (!this.#choked.includes(filter)) this.#choked.push(filter);
    this.#alarm();
    return false;
  }

  forget(filter: Filter): void {
    this.filters.delete(filter);
    const at = this.#choked.indexOf(filter);
    if (at >= 0) this.#choked.splice(at, 1);
    this.#alarm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #fill(): void {
    const now = this.#timers.now();
    const gained = ((now - this.#filledAt) * this.#max) / NS_PER_S;
    // Less than a token stays in the time that has gone by.
    if (gained === 0n) return;
    this.#filledAt += (gained * NS_PER_S) / this.#max;
    this.#tokens += gained;
    if (this.#tokens < this.#size) return;
    this.#tokens = this.#size;
    this.#filledAt = now;
  }

  /** Sets the alarm for the time when the first of those who wait can have what it wants. */
  #alarm(): void {
    this.stop();
    const [first] = this.#choked;
    if (first === undefined) return;
    const missing = this.#max === 0n ? 0n : first.wanted - this.#tokens;
    const delay = missing <= 0n ? 0n : (missing * NS_PER_S + this.#max - 1n) / this.#max;
    const gone = this.#timers.now() - this.#filledAt;
    this.#cancel = this.#timers.after(delay > gone ? delay - gone : 0n, () => this.#unchoke());
  }

  #unchoke(): void {
    this.#cancel = undefined;
    const filter = this.#choked.shift();
    if (filter === undefined) return;
    filter.isChoked = false;
    filter.unchoked();
    this.#alarm();
  }
}

class Filter implements NetFilter {
  readonly #group: Group;
  readonly #unchoked: () => void;
  wanted = 0n;
  isChoked = false;
  #isAttached = true;

  constructor(group: Group, unchoked: () => void) {
    this.#group = group;
    this.#unchoked = unchoked;
    group.filters.add(this);
  }

  get group(): string {
    return this.#group.name;
  }

  unchoked(): void {
    this.#unchoked();
  }

  allocateBandwidth(bytes: number): boolean {
    if (!(Number.isSafeInteger(bytes) && bytes >= 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${bytes} is no number of bytes`);
    }
    return this.#isAttached ? this.#group.take(this, bytes) : true;
  }

  detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this.isChoked = false;
    this.#group.forget(this);
  }
}

/** The bandwidth groups of a VM. */
export class NetShaper {
  readonly #groups = new Map<string, Group>();

  /** @throws SsmError as `query` for a group without `Max`. */
  constructor(config: MaybeNode, timers: HostTimers) {
    for (const node of config?.child('BwGroups')?.children ?? []) {
      this.#groups.set(node.name, new Group(node.name, query(node, 'Max', 'u64'), timers));
    }
  }

  get names(): readonly string[] {
    return [...this.#groups.keys()];
  }

  /** Bytes a second. @throws SsmError VERR_INVALID_PARAMETER for a group that there is not. */
  limit(group: string): bigint {
    return this.#group(group).max;
  }

  /** Sets what a group has, at run time. @throws as {@link limit}. */
  setLimit(group: string, bytesPerSecond: bigint): void {
    if (bytesPerSecond < 0n || bytesPerSecond >> 64n !== 0n) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${bytesPerSecond} bytes a second are no limit`);
    }
    this.#group(group).max = bytesPerSecond;
  }

  /** Filters of a group. @throws as {@link limit}. */
  count(group: string): number {
    return this.#group(group).filters.size;
  }

  /** @param unchoked a filter that was refused may ask again. @throws as {@link limit}. */
  attach(group: string, unchoked: () => void = () => {}): NetFilter {
    return new Filter(this.#group(group), unchoked);
  }

  /** Nobody is told anything any more. */
  stop(): void {
    for (const group of this.#groups.values()) group.stop();
  }

  #group(name: string): Group {
    const group = this.#groups.get(name);
    if (group === undefined) throw new SsmError('VERR_INVALID_PARAMETER', `there is no bandwidth group '${name}'`);
    return group;
  }
}
