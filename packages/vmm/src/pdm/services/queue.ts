import { SsmError } from '@ssmkit/runtime';
import type { InfoStatus } from '../../emt/index.js';
import { Counter, type Statistics } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';

/*
 * Queues: work that a device or driver hands on to an EMT (`VirtualBox 7.2 PDMR3Queue.cpp`)
 *
 * A queue has a fixed number of items, made when it is. Anybody takes one, fills it and inserts it; an EMT hands all that
 * were inserted to the callback, the oldest first. A callback that cannot go on says false: the item, and what comes after
 * it, is offered again at the next flush, in front of what is inserted meanwhile. So no order is ever lost, and no memory
 * is needed while the VM runs.
 */

/** An item of a queue. */
export interface QueueItem<T> {
  data: T;
}

export interface QueueOptions<T> {
  /** At most 39 bytes. */
  readonly name: string;
  /** Bytes of an item, for the rules about sizes; default: just its header. */
  readonly itemSize?: number;
  /** How many items: 1…16384. */
  readonly items: number;
  /** Milliseconds between two flushes; 0, the default, for a flush as soon as possible. */
  readonly interval?: number;
  /** Makes what is in an item, once for each. */
  readonly create: () => T;
  /** @returns false: not now; the item is offered again. */
  readonly callback: (data: T) => boolean;
}

type State = 'free' | 'allocated' | 'pending';

interface Item<T> extends QueueItem<T> {
  readonly queue: PdmQueue<T>;
  state: State;
}

/** What a queue needs of those that it belongs to. */
export interface QueueHost {
  readonly statistics: Statistics;
  /** A flush is due: an EMT is to come. */
  wake(): void;
  forget(queue: AnyQueue): void;
}

/** A queue, whatever is in it. */
export type AnyQueue = Pick<
  PdmQueue,
  'name' | 'interval' | 'items' | 'itemSize' | 'pending' | 'broken' | 'flushIfNecessary' | 'flush' | 'drop' | 'destroy'
>;

export class PdmQueue<T = unknown> {
  readonly name: string;
  readonly interval: number;
  /** Bytes of an item, rounded up. */
  readonly itemSize: number;
  readonly #callback: (data: T) => boolean;
  readonly #items: readonly Item<T>[];
  readonly #free: Item<T>[];
  readonly #host: QueueHost;
  #pending: Item<T>[] = [];
  #timer: TmTimer<undefined, undefined> | undefined;
  #broken: SsmError | undefined;
  readonly #counts = {
    allocFailures: new Counter(),
    insert: new Counter(),
    flush: new Counter(),
    flushLeftovers: new Counter(),
  };

  /** For {@link Queues.create}. */
  constructor(host: QueueHost, options: QueueOptions<T>, itemSize: number) {
    this.name = options.name;
    this.interval = options.interval ?? 0;
    this.itemSize = itemSize;
    this.#callback = options.callback;
    this.#host = host;
    this.#items = Array.from({ length: options.items }, () => ({
      queue: this,
      state: 'free' as const,
      data: options.create(),
    }));
    this.#free = [...this.#items].reverse();
    this.#registerSamples();
  }

  get items(): number {
    return this.#items.length;
  }

  /** How many items wait for a flush. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Why the queue is no longer flushed: its callback has thrown. */
  get broken(): SsmError | undefined {
    return this.#broken;
  }

  /** An item to fill. @returns nothing when all are in use. */
  alloc(): QueueItem<T> | undefined {
    const item = this.#free.pop();
    if (item === undefined) {
      this.#counts.allocFailures.inc();
      return undefined;
    }
    item.state = 'allocated';
    return item;
  }

  /** @throws SsmError VERR_INVALID_PARAMETER for an item that is not this queue's, or was not allocated. */
  insert(item: QueueItem<T>): void {
    const own = item as Item<T>;
    if (own.queue !== this || own.state !== 'allocated') {
      throw new SsmError('VERR_INVALID_PARAMETER', `that is no allocated item of queue '${this.name}'`);
    }
    own.state = 'pending';
    this.#pending.push(own);
    this.#counts.insert.inc();
    if (this.interval === 0) this.#host.wake();
  }

  /** Asks for a flush when something is pending. @returns VINF_NO_CHANGE when nothing is. */
  flushIfNecessary(): InfoStatus {
    if (this.#pending.length === 0) return 'VINF_NO_CHANGE';
    this.#host.wake();
    return 'VINF_SUCCESS';
  }

  /** Hands out what is pending, on an EMT. @returns whether something is left. */
  flush(): boolean {
    if (this.#pending.length === 0 || this.#broken !== undefined) return false;
    this.#counts.flush.inc();
    const taken = this.#pending;
    this.#pending = [];
    let done = 0;
    try {
      while (done < taken.length && this.#callback(taken[done]!.data)) this.#release(taken[done++]!);
    } catch (error) {
      this.#broken = new SsmError(
        'VERR_GENERAL_FAILURE',
        `queue '${this.name}': ${String(error)}`,
        {},
        { cause: error },
      );
    }
    // What the callback has inserted comes after what it has left.
    this.#pending.unshift(...taken.slice(done));
    if (this.#broken !== undefined) throw this.#broken;
    if (done < taken.length) this.#counts.flushLeftovers.inc();
    return done < taken.length;
  }

  /** Throws away what is pending. */
  drop(): void {
    for (const item of this.#pending.splice(0)) this.#release(item);
  }

  /** The queue is no more. What is pending is lost. */
  destroy(): void {
    this.drop();
    this.#timer?.destroy();
    this.#timer = undefined;
    this.#host.statistics.deregisterByPrefix(`${this.#samples}/`);
    this.#host.forget(this);
  }

  /** The timer of its interval. For {@link Queues}. */
  set timer(timer: TmTimer<undefined, undefined>) {
    this.#timer = timer;
  }

  get #samples(): string {
    // A name may have what a path of samples may not.
    return `/PDM/Queue/${this.name.replaceAll(/[/\\]/g, '-')}`;
  }

  #release(item: Item<T>): void {
    item.state = 'free';
    this.#free.push(item);
  }

  #registerSamples(): void {
    const { statistics } = this.#host;
    const prefix = this.#samples;
    const { itemSize, items } = this;
    const isOkay = { get: () => this.#broken === undefined };
    statistics.register({ name: `${prefix}/cbItem`, type: 'u32', sample: { value: itemSize }, unit: 'bytes' });
    statistics.register({ name: `${prefix}/cItems`, type: 'u32', sample: { value: items }, unit: 'count' });
    const okay = Object.defineProperty({ value: true }, 'value', isOkay);
    statistics.register({ name: `${prefix}/rcOkay`, type: 'bool', sample: okay });
    for (const [name, key] of [
      ['AllocFailures', 'allocFailures'],
      ['Insert', 'insert'],
      ['Flush', 'flush'],
      ['FlushLeftovers', 'flushLeftovers'],
    ] as const) {
      statistics.register({
        name: `${prefix}/${name}`,
        type: 'counter',
        sample: this.#counts[key],
        unit: 'occurences',
      });
    }
  }
}
