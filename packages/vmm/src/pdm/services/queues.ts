import { SsmError } from '@ssmkit/runtime';
import { sizeOfString } from '../../iprt/name-order.js';
import type { Statistics } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';
import { type AnyQueue, PdmQueue, type QueueOptions } from './queue.js';

/** Bytes of an item's header, which is part of its size (two words: chain and queue). */
const HEADER_SIZE = 16;
const ITEM_SIZE_END = 1 << 20;
const ITEMS_MAX = 16384;
const TOTAL_MAX = 32 << 20;
const NAME_MAX = 39;

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
