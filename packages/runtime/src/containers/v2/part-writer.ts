import { copyShared } from '../../codecs/copy.js';
import type { CodecPool } from '../../workers/pool.js';
import { IN_SIZE, OPS_MAX, REST_SIZE, Slot, type SlotView } from '../../workers/slots.js';
import type { ByteWriter } from '../byte-writer.js';
import { BLOCK, RECORD_HEADER_MAX } from './records.js';

const BLOCKS_MAX = IN_SIZE / BLOCK;

/** Bytes of a part that are records already, at most; one more RAW record of a writer always fits behind them. */
const REST_MAX = REST_SIZE - RECORD_HEADER_MAX - BLOCK;

/** So few bytes are copied faster one by one. */
const FEW = 32;

/**
 * Has blocks packed by workers: gathers what is put into parts, hands them out, and writes what comes of them in the order
 * in which it was put. Zeros are not looked for here: to copy them takes less time, and it is workers that look.
 */
export class PartWriter {
  readonly #pool: CodecPool;
  readonly #output: ByteWriter;
  /** Type of the records that are made. */
  readonly #type: number;
  /** The part that is being gathered: a slot, blocks and bytes of records in it, and its operations. */
  #slot: SlotView | undefined;
  #blocks = 0;
  #rest = 0;
  #ops = 0;
  /** Parts that are handed out, oldest first. */
  readonly #parts: SlotView[] = [];

  constructor(pool: CodecPool, output: ByteWriter, type: number) {
    this.#pool = pool;
    this.#output = output;
    this.#type = type;
  }

  /** Whether everything put here has been written. */
  get isEmpty(): boolean {
    return this.#slot === undefined && this.#parts.length === 0;
  }

  /** Takes over the blocks `data[from, end)`, or the first of them. @returns where it has stopped: at `from` without workers. */
  putBlocks(data: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end) {
      const slot = this.#gather();
      if (slot === undefined) return at;
      const count = Math.min((end - at) / BLOCK, BLOCKS_MAX - this.#blocks);
      const stop = at + count * BLOCK;
      copyShared(data, at, stop, slot.data, this.#blocks * BLOCK);
      this.#blocks += count;
      this.#addOp(slot, count);
      at = stop;
    }
    return at;
  }

  /** Takes over a record, header and data, of at most 4096 bytes of data. Only while {@link isEmpty} is false. */
  putRecord(header: Uint8Array, headerSize: number, data: Uint8Array): void {
    const slot = this.#gather();
    if (slot === undefined) {
      // There are no workers any more, and everything put before has been written.
      this.#output.write(header.subarray(0, headerSize));
      this.#output.write(data);
      return;
    }
    this.#putRest(slot, header, headerSize);
    this.#putRest(slot, data, data.length);
  }

  #putRest(slot: SlotView, bytes: Uint8Array, count: number): void {
    if (count > FEW) copyShared(bytes, 0, count, slot.rest, this.#rest);
    else for (let i = 0; i < count; i++) slot.rest[this.#rest + i] = bytes[i] as number;
    this.#rest += count;
    this.#addOp(slot, -count);
  }

  /** Adds an operation, or to the last one where that is of the same kind. */
  #addOp({ ops }: SlotView, count: number): void {
    const last = this.#ops - 1;
    if (last >= 0 && Math.sign(ops[last] as number) === Math.sign(count)) ops[last] = (ops[last] as number) + count;
    else ops[this.#ops++] = count;
  }

  /** A slot with room for a block and a record; `undefined` where there are no workers any more. */
  #gather(): SlotView | undefined {
    const full = this.#blocks >= BLOCKS_MAX || this.#rest > REST_MAX || this.#ops >= OPS_MAX - 2;
    if (this.#slot !== undefined && full) this.#submit();
    while (this.#slot === undefined) {
      this.#slot = this.#pool.take();
      if (this.#slot !== undefined) break;
      if (this.#parts.length === 0) return undefined;
      this.#writeOldest();
    }
    return this.#slot;
  }

  #submit(): void {
    const slot = this.#slot as SlotView;
    const { words } = slot;
    words[Slot.type] = this.#type;
    words[Slot.expand] = 0;
    words[Slot.ops] = this.#ops;
    this.#slot = undefined;
    this.#blocks = 0;
    this.#rest = 0;
    this.#ops = 0;
    this.#parts.push(slot);
    this.#pool.submit(slot);
  }

  #writeOldest(): void {
    const slot = this.#parts.shift() as SlotView;
    try {
      const { out, size, crc } = this.#pool.finish(slot);
      this.#output.writeSummed(out.subarray(0, size), crc);
    } finally {
      this.#pool.release(slot);
    }
  }

  /** Writes everything that was put. @throws SsmError the sink's failure. */
  join(): void {
    while (!this.isEmpty) this.#joinOne();
  }

  #joinOne(): void {
    if (this.#slot !== undefined) this.#submit();
    this.#writeOldest();
  }

  /** {@link join} that waits for a sink that is slow. @returns `undefined` where there is nothing to wait for. */
  joinSlowly(): Promise<void> | undefined {
    while (!this.isEmpty) {
      const waiting = this.#output.drain();
      if (waiting !== undefined) return waiting.then(() => this.joinSlowly());
      this.#joinOne();
    }
    return undefined;
  }
}
