import { WASM_FREE, WASM_OWN_SIZE, WASM_SLACK } from '../wasm/layout.js';

/*
 * The memory that workers share
 *
 *     │ tables of WebAssembly, an area for each of its instances │ pool │ slot 0 … │ ops 0 … │ spare │ data 0 │ rest 0 │ out 0 │ …
 *                                                                  words of control            bytes
 *
 * A slot holds one part of the work: what it is (the words of the slot, and a list of operations), what it is made of
 * (data and rest) and what comes of it (out). Whoever changes its state from `ready` to `taken` does it, and nobody else
 * touches the slot until it is `done`. What it is made of stays as it is, so that a part can always be done again.
 *
 * Packing: an operation n > 0 stands for the next n blocks of 4 KiB in `data`, which become records; n < 0 for the next
 * -n bytes in `rest`, which are records already.
 *
 * Expanding: `area`, which is `data` and `rest` together, holds records that follow each other. An operation is three
 * words: where a block of them begins, where it ends, and to how many bytes it expands: 0 where it is not packed.
 */

/** Words of the pool, from the first on. */
export const Pool = {
  /** Not 0 when workers are to end. */
  stop: 0,
  /** Changes with every part that is ready. */
  ticket: 1,
  /** Workers that take parts. */
  running: 2,
  length: 4,
} as const;

/** Words of a slot, from its first on. */
export const Slot = {
  state: 0,
  /** What is to be done: the type of the records that are packed or expanded. */
  type: 1,
  /** Whether to expand; else to pack. */
  expand: 2,
  /** Words in the list of operations. */
  ops: 3,
  /** Where the records to be expanded begin in `area`, and how many bytes they have. */
  start: 4,
  stored: 5,
  /** Bytes in `out`. */
  size: 6,
  /** CRC of the records: those that were packed, or those that were to be expanded. */
  crc: 7,
  /** Blocks that were expanded; fewer than there are where one was not well formed. */
  good: 8,
  length: 12,
} as const;

export const SlotState = { free: 0, ready: 1, taken: 2, done: 3 } as const;

/** What workers tell: that they take parts, or that they cannot. */
export const Told = { ready: 'ready', failed: 'failed' } as const;

/** Words in the list of operations of a slot. */
export const OPS_MAX = 768;

/** Bytes of data that a part is made of. */
export const IN_SIZE = 0x20000;
/** Bytes behind the data: what is written as it is; or the odd bytes in front of it. */
export const REST_SIZE = 0x8000;
export const OUT_SIZE = 0x40000;

const AREA_BYTES = IN_SIZE + REST_SIZE + WASM_SLACK;
const OUT_BYTES = OUT_SIZE + WASM_SLACK;

/** A slot, as each side sees it. All are views of the shared memory. */
export interface SlotView {
  readonly index: number;
  readonly words: Int32Array;
  readonly ops: Int32Array;
  /** {@link IN_SIZE} bytes. */
  readonly data: Uint8Array;
  /** {@link REST_SIZE} bytes, which follow `data`. */
  readonly rest: Uint8Array;
  /** Both together. */
  readonly area: Uint8Array;
  readonly out: Uint8Array;
}

/** The shared memory of a pool, as each side sees it. */
export interface SharedView {
  readonly control: Int32Array;
  readonly slots: readonly SlotView[];
  /** In the place of a slot's `out`, when a part is done again while somebody may still write there. */
  readonly spare: Uint8Array;
}

/** How much there is of what in the memory of a pool. */
export interface SharedLayout {
  /** Instances of WebAssembly: one for each worker, and one more. */
  readonly instances: number;
  readonly slots: number;
}

/** Does the part in a slot, and says in the slot what came of it. @param out where that goes. */
export type RunPart = (slot: SlotView, out: Uint8Array) => void;

/** Where the area of an instance of WebAssembly is. */
export function instanceArea(index: number): number {
  return WASM_FREE + index * WASM_OWN_SIZE;
}

function controlBytes({ slots }: SharedLayout): number {
  return (Pool.length + slots * (Slot.length + OPS_MAX)) * 4;
}

function spareAt(layout: SharedLayout): number {
  return instanceArea(layout.instances) + controlBytes(layout);
}

/** Size of the memory. */
export function sharedSize(layout: SharedLayout): number {
  return spareAt(layout) + OUT_BYTES + layout.slots * (AREA_BYTES + OUT_BYTES);
}

/** What is where in a memory. */
export function viewShared(memory: SharedArrayBuffer, layout: SharedLayout): SharedView {
  const control = new Int32Array(memory, instanceArea(layout.instances), controlBytes(layout) / 4);
  const spare = spareAt(layout);
  const slots = Array.from({ length: layout.slots }, (_, index): SlotView => {
    const words = Pool.length + index * Slot.length;
    const ops = Pool.length + layout.slots * Slot.length + index * OPS_MAX;
    const area = spare + OUT_BYTES + index * (AREA_BYTES + OUT_BYTES);
    return {
      index,
      words: control.subarray(words, words + Slot.length),
      ops: control.subarray(ops, ops + OPS_MAX),
      data: new Uint8Array(memory, area, IN_SIZE),
      rest: new Uint8Array(memory, area + IN_SIZE, REST_SIZE),
      area: new Uint8Array(memory, area, IN_SIZE + REST_SIZE),
      out: new Uint8Array(memory, area + AREA_BYTES, OUT_SIZE),
    };
  });
  return { control, slots, spare: new Uint8Array(memory, spare, OUT_SIZE) };
}

/** Takes a slot that is ready. @returns whether nobody else was faster. */
export function takeSlot({ words }: SlotView): boolean {
  return Atomics.compareExchange(words, Slot.state, SlotState.ready, SlotState.taken) === SlotState.ready;
}
