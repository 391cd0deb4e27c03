import { SsmError } from '@ssmkit/runtime';
import type { InfoStatus } from '../../emt/index.js';
import { sizeOfString } from '../../iprt/name-order.js';
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

/** Bytes of an item's header, which is part of its size (two words: chain and queue). */
const HEADER_SIZE = 16;
const ITEM_SIZE_END = 1 << 20;
const ITEMS_MAX = 16384;
const TOTAL_MAX = 32 << 20;
const NAME_MAX = 39;

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

/** What the queues of a VM need of it. */
export interface QueuesOptions {
  readonly statistics: Statistics;
  /** An EMT is to come and {@link Queues.flushAll}. */
  wake(): void;
  /** Makes the timer of a queue with an interval, on the real clock; `rearm` gives its next time. */
  createTimer(name: string, callback: () => void): TmTimer<undefined, undefined>;
  log(line: string): void;
}

/** The queues of a VM. */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #queues: AnyQueue[] = [];
  /** A flush is due. */
  #isDue = false;
  #isFlushing = false;

  constructor(options: QueuesOptions) {
    this.#options = options;
  }

  get all(): readonly AnyQueue[] {
    return this.#queues;
  }

  /** Whether an EMT should call {@link flushAll}. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /**
   * Makes a queue.
   *
   * @throws SsmError VERR_INVALID_NAME, VERR_INVALID_POINTER without a callback, VERR_OUT_OF_RANGE for items, or a size, that
   * cannot be, VERR_DUPLICATE for a name that there is.
   */
  create<T>(options: QueueOptions<T>): PdmQueue<T> {
    const { name, callback, create, items, interval = 0, itemSize = HEADER_SIZE } = options;
    if (typeof callback !== 'function' || typeof create !== 'function') {
      throw new SsmError('VERR_INVALID_POINTER', `queue '${name}' has no callback`);
    }
    const size = Math.ceil(itemSize / 8) * 8;
    if (!(Number.isInteger(itemSize) && size >= HEADER_SIZE && size < ITEM_SIZE_END)) {
      throw new SsmError('VERR_OUT_OF_RANGE', `queue '${name}': items have 16 bytes to 1 MiB, not ${itemSize}`);
    }
    if (!(Number.isInteger(items) && items >= 1 && items <= ITEMS_MAX && items * size <= TOTAL_MAX)) {
      throw new SsmError('VERR_OUT_OF_RANGE', `queue '${name}' cannot have ${items} items of ${size} bytes`);
    }
    const bytes = sizeOfString(name) - 1;
    if (bytes < 1 || bytes > NAME_MAX) {
      throw new SsmError('VERR_INVALID_NAME', `'${name}' is no name of a queue: 1 to ${NAME_MAX} bytes`);
    }
    if (this.#queues.some((queue) => queue.name === name)) {
      throw new SsmError('VERR_DUPLICATE', `there is a queue '${name}'`);
    }
    const queue = new PdmQueue<T>(
      {
        statistics: this.#options.statistics,
        wake: () => this.#wake(),
        forget: (gone) => void this.#queues.splice(this.#queues.indexOf(gone), 1),
      },
      options,
      size,
    );
    this.#queues.push(queue);
    if (interval > 0) {
      const timer = this.#options.createTimer(timerName(name), () => {
        this.#flush(queue);
        timer.setMillies(interval);
      });
      queue.timer = timer;
      timer.setMillies(interval);
    }
    return queue;
  }

  /** Flushes all queues that have no interval, on an EMT. Called by a callback it has one more round done. */
  flushAll(): void {
    this.#isDue = this.#isFlushing;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      // One round more for what the callbacks of this one have inserted; what they go on to insert waits for the next step.
      for (let round = 0; round < 2; round++) {
        this.#isDue = false;
        for (const queue of [...this.#queues]) if (queue.interval === 0) this.#flush(queue);
        if (!this.#isDue) return;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Flushes queues with an interval, too, before a state is loaded. */
  drain(): void {
    this.flushAll();
    for (const queue of [...this.#queues]) if (queue.interval > 0) this.#flush(queue);
  }

  #flush(queue: AnyQueue): void {
    try {
      queue.flush();
    } catch (error) {
      this.#options.log(`PDM: queue '${queue.name}' is broken: ${String(error)}`);
    }
  }

  #wake(): void {
    this.#isDue = true;
    this.#options.wake();
  }
}

/** Bytes of a timer's name. */
const TIMER_NAME_MAX = 31;

/** The name of a queue's timer, which is shorter than that of the queue can be. */
function timerName(queue: string): string {
  let name = `Que/${queue}`;
  while (sizeOfString(name) - 1 > TIMER_NAME_MAX) name = [...name].slice(0, -1).join('');
  return name;
}
