import { SsmError } from '../error.js';
import { newPoolMemory, type PoolMemory, releasePoolMemory } from './pool-memory.js';
import { instanceArea, Pool, Slot, SlotState, type SlotView, takeSlot } from './slots.js';
import { canUseWorkers, processors, type StartedWorker, startsBehind, startWorker } from './start-worker.js';

/*
 * Workers
 *
 * Packing and expanding blocks is most of what saving and loading take. A pool has workers do it, in memory that all
 * share: whoever saves or loads fills a slot, goes on with the next, and comes back for the result.
 *
 * Callbacks put and get synchronously, so this, too, never awaits anything. Whoever wants a result that is not there yet
 * does another part, or this one, by itself; only when all are in work does it wait, and never long: a worker that does
 * not come to an end in time (the machine is busy, the worker is dead) is not waited for, the part is done again. So
 * nothing can hang, and nothing can be lost, whatever becomes of the workers.
 *
 * Starting workers takes as long as saving some fifty MiB. They are started when so much has come together that they pay,
 * and used once they are there.
 */

/** Most workers that an operation has. */
export const WORKERS_MAX = 16;

/** What a pool is for. */
export type PoolUse = 'saving' | 'loading';

/** Bytes from which on workers pay: of data that is saved, of a file that is loaded or of its data other than zeros. */
const WORKERS_FROM: Readonly<Record<PoolUse, number>> = { saving: 128 * 2 ** 20, loading: 96 * 2 ** 20 };

/** In a page everybody waits while they start, so that it takes more until they pay. */
const PAGE_FACTOR = 2;

let workersFrom: number | undefined;

/**
 * Has workers used from other sizes on, and as many as are wanted, for tests.
 *
 * @returns what undoes that.
 */
export function useWorkersFrom(bytes: number): () => void {
  const before = workersFrom;
  workersFrom = bytes;
  return () => {
    workersFrom = before;
  };
}

/** Slots that are worth having for each worker, and for whoever hands out the work. */
const SLOTS_PER_WORKER = 8;
const SLOTS_MORE = 2;

/** Milliseconds after which a part in a worker's hands is done again: that takes less than one. */
const PATIENCE = 10;

/** Milliseconds after which workers that have not started are no longer awaited. */
const START_PATIENCE = 2000;

/** The result of a part. */
export interface PartResult {
  /** What came of it, from 0 to `size`. In shared memory, as a rule. Valid until the slot is released. */
  readonly out: Uint8Array;
  readonly size: number;
  /** CRC of the records: those that came of it, or those that it was made of. */
  readonly crc: number;
  /** Blocks that were expanded; fewer than there are where one is not well formed. */
  readonly good: number;
}

/** Workers of one operation. Made by {@link openPool}. */
export class CodecPool {
  readonly #count: number;
  readonly #from: number;
  readonly #workers: StartedWorker[] = [];
  #memory: PoolMemory | undefined;
  #free: SlotView[] = [];
  /** Handed out, oldest first. */
  #submitted: SlotView[] = [];
  /** Given up while a worker has them: free when it is done. */
  #lost: SlotView[] = [];
  #offered = 0;
  #started = false;
  #starting = 0;
  #ended = false;
  #failed = 0;
  #changed: () => void = () => {};

  constructor(count: number, use: PoolUse) {
    this.#count = count;
    this.#from = workersFrom ?? WORKERS_FROM[use] * (startsBehind ? 1 : PAGE_FACTOR);
  }

  /** Workers that are at work. */
  get running(): number {
    if (this.#memory === undefined || this.#ended) return 0;
    return Math.max(0, Atomics.load(this.#memory.view.control, Pool.running) - this.#failed);
  }

  /** Counts bytes that are to be packed, or were read: workers are started when there are enough of them. */
  offer(bytes: number): void {
    this.#offered += bytes;
    if (this.#offered >= this.#from) this.start();
  }

  /** Starts the workers, if that was not done before. */
  start(): void {
    if (this.#started || this.#ended) return;
    this.#started = true;
    const pool = newPoolMemory(this.#count, this.#count * SLOTS_PER_WORKER + SLOTS_MORE);
    if (pool === undefined) return;
    const { buffer, layout, wasm, view } = pool;
    this.#memory = pool;
    this.#free = [...view.slots];
    for (let i = 0; i < this.#count; i++) {
      let ready = false;
      let over = false;
      const onReady = () => {
        if (ready) return;
        ready = true;
        this.#starting--;
        this.#changed();
      };
      const onEnd = () => {
        if (over) return;
        over = true;
        if (ready) this.#failed++;
        else this.#starting--;
        this.#changed();
      };
      this.#starting++;
      try {
        this.#workers.push(startWorker({ buffer, layout, wasm, own: instanceArea(i) }, { onReady, onEnd }));
      } catch {
        onEnd();
      }
    }
  }

  /**
   * Starts the workers if they pay for an operation that has this many bytes. In a page it waits until they have started,
   * since there they do so only while nobody is busy.
   */
  async startFor(bytes: number): Promise<void> {
    if (bytes < this.#from) return;
    this.start();
    if (startsBehind || this.#starting === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, START_PATIENCE);
      this.#changed = () => {
        if (this.#starting === 0) resolve();
      };
    });
    clearTimeout(timer);
  }

  /** A slot to be filled; `undefined` where all are in use, and while there are no workers. */
  take(): SlotView | undefined {
    if (this.running === 0) return undefined;
    const slot = this.#free.shift();
    if (slot !== undefined || this.#lost.length === 0) return slot;
    const back = this.#lost.findIndex(({ words }) => Atomics.load(words, Slot.state) === SlotState.done);
    return back < 0 ? undefined : this.#lost.splice(back, 1)[0];
  }

  /** Hands out a slot that was filled. */
  submit(slot: SlotView): void {
    const { control } = (this.#memory as PoolMemory).view;
    this.#submitted.push(slot);
    Atomics.store(slot.words, Slot.state, SlotState.ready);
    Atomics.add(control, Pool.ticket, 1);
    Atomics.notify(control, Pool.ticket, 1);
  }

  /** The result of a slot that was handed out. */
  finish(slot: SlotView): PartResult {
    const { words } = slot;
    const { run, view } = this.#memory as PoolMemory;
    for (;;) {
      if (Atomics.load(words, Slot.state) === SlotState.done) return resultOf(slot, slot.out);
      if (takeSlot(slot)) this.#do(slot);
      else if (!this.#doAnother() && !waitFor(words)) {
        // Not in the slot's own, where the worker may still write. What both say in its words is the same.
        run(slot, view.spare);
        return resultOf(slot, view.spare.slice(0, words[Slot.size]));
      }
    }
  }

  #do(slot: SlotView): void {
    (this.#memory as PoolMemory).run(slot, slot.out);
    Atomics.store(slot.words, Slot.state, SlotState.done);
  }

  /** Does the oldest part that nobody has begun. */
  #doAnother(): boolean {
    const slot = this.#submitted.find(takeSlot);
    if (slot === undefined) return false;
    this.#do(slot);
    return true;
  }

  /** Gives a slot back, whatever has become of it. */
  release(slot: SlotView): void {
    const at = this.#submitted.indexOf(slot);
    if (at >= 0) this.#submitted.splice(at, 1);
    const { words } = slot;
    const state = Atomics.compareExchange(words, Slot.state, SlotState.ready, SlotState.free);
    if (state === SlotState.taken) this.#lost.push(slot);
    else this.#free.push(slot);
  }

  /** Ends the workers, whatever they do. Resolves when they are gone. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#memory === undefined) return;
    const { control } = this.#memory.view;
    Atomics.store(control, Pool.stop, 1);
    Atomics.add(control, Pool.ticket, 1);
    Atomics.notify(control, Pool.ticket);
    await Promise.all(this.#workers.map((worker) => worker.end()));
    // A page is not told when its workers are gone.
    if (startsBehind) releasePoolMemory(this.#memory);
  }
}

function resultOf({ words }: SlotView, out: Uint8Array): PartResult {
  return {
    out,
    size: words[Slot.size] as number,
    crc: (words[Slot.crc] as number) >>> 0,
    good: words[Slot.good] as number,
  };
}

/** Waits until a part that a worker has is done. @returns false when that takes too long. */
function waitFor(words: Int32Array): boolean {
  try {
    return Atomics.wait(words, Slot.state, SlotState.taken, PATIENCE) !== 'timed-out';
  } catch {
    // The main thread of a page may not sleep.
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      if (Atomics.load(words, Slot.state) !== SlotState.taken) return true;
    }
    return false;
  }
}

/**
 * Workers for an operation: as many as are wanted, but at most {@link WORKERS_MAX}, and no more than there are processors
 * beside the one of this thread, which does parts itself where it would have to wait. `undefined` where that is none, or
 * none can be used here.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for a count that is none.
 */
export function openPool(use: PoolUse, count = 0): CodecPool | undefined {
  if (!(Number.isInteger(count) && count >= 0)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${count} is no number of workers`);
  }
  const most = workersFrom === undefined ? processors() - 1 : WORKERS_MAX;
  const used = Math.min(count, most, WORKERS_MAX);
  return used <= 0 || !canUseWorkers() ? undefined : new CodecPool(used, use);
}
