/*
 * The memory that workers share
 *
 *     │ pool │ slot 0 … │ ops 0 … │ in 0 │ out 0 │ in 1 │ out 1 │ …
 *       words of control            bytes
 *
 * A slot holds one part of the work: what it is (the words of the slot, and a list of operations), what it is made of
 * (in) and what comes of it (out). Whoever changes its state from `ready` to `taken` does it, and nobody else touches the
 * slot until it is `done`. What is in `in` stays as it is, so that a part can always be done again.
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
  /** Whether the one who asks uses WebAssembly: others may find other matches. */
  wasm: 3,
  /** Words in the list of operations. */
  ops: 4,
  /** Bytes in `out`. */
  size: 5,
  /** CRC of them; of packed parts only. */
  crc: 6,
  /** Whether the blocks to be expanded are in records that follow each other, and where these begin. */
  whole: 8,
  start: 9,
  /** Operations that were done; fewer than there are where one was not well formed. */
  good: 7,
  length: 10,
} as const;

export const SlotState = { free: 0, ready: 1, taken: 2, done: 3 } as const;

/** Words in the list of operations of a slot. */
export const OPS_MAX = 768;

/** Bytes of data that a part is made of. */
export const IN_SIZE = 0x20000;
/** Bytes behind the data: what is written as it is; or the odd bytes in front of it. */
export const REST_SIZE = 0x8000;
export const OUT_SIZE = 0x40000;

/** Slots that are worth having for each worker, and for whoever hands out the work. */
export const SLOTS_PER_WORKER = 3;

const SLOT_BYTES = IN_SIZE + REST_SIZE + OUT_SIZE;

/** A slot, as each side sees it. */
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
}

/** Size of the memory for `count` slots. */
export function sharedSize(count: number): number {
  return controlBytes(count) + count * SLOT_BYTES;
}

function controlBytes(count: number): number {
  return (Pool.length + count * (Slot.length + OPS_MAX)) * 4;
}

/** The slots in a memory made for `count`. */
export function viewShared(memory: SharedArrayBuffer, count: number): SharedView {
  const control = new Int32Array(memory, 0, controlBytes(count) / 4);
  const slots = Array.from({ length: count }, (_, index): SlotView => {
    const words = Pool.length + index * Slot.length;
    const ops = Pool.length + count * Slot.length + index * OPS_MAX;
    const bytes = controlBytes(count) + index * SLOT_BYTES;
    return {
      index,
      words: control.subarray(words, words + Slot.length),
      ops: control.subarray(ops, ops + OPS_MAX),
      data: new Uint8Array(memory, bytes, IN_SIZE),
      rest: new Uint8Array(memory, bytes + IN_SIZE, REST_SIZE),
      area: new Uint8Array(memory, bytes, IN_SIZE + REST_SIZE),
      out: new Uint8Array(memory, bytes + IN_SIZE + REST_SIZE, OUT_SIZE),
    };
  });
  return { control, slots };
}

/** Takes a slot that is ready. @returns whether nobody else was faster. */
export function takeSlot({ words }: SlotView): boolean {
  return Atomics.compareExchange(words, Slot.state, SlotState.ready, SlotState.taken) === SlotState.ready;
}
