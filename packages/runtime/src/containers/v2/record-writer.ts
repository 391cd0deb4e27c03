import { SsmError } from '../../error.js';
import type { RecordSink } from '../../streams/put-primitives.js';
import { wasm } from '../../wasm/instance.js';
import type { CodecPool } from '../../workers/pool.js';
import type { ByteWriter } from '../byte-writer.js';
import { type Packer, packBlock, packers, RAW } from './pack-block.js';
import { PartWriter } from './part-writer.js';
import { BLOCK, type Compression, PAYLOAD_MAX, RECORD_HEADER_MAX } from './records.js';

/** Bytes after which it is looked again whether there are workers. */
const SHARE = 2 ** 20;

/** Room that one block may take: header, `k`, data. */
const BLOCK_ROOM = RECORD_HEADER_MAX + 1 + BLOCK;

/**
 * Cuts the data of units into records as VirtualBox does (`VirtualBox 7.2 SSMR3.cpp, ssmR3DataWriteBig`): items of up
 * to 512 bytes are gathered into RAW records of up to 4096; of larger ones every 4096 bytes become a ZERO record, an
 * LZF record, or, where LZF does not save 256 bytes, a RAW record, and the rest a RAW record. LZ4 in the place of LZF, or
 * nothing, is ssmkit's own.
 *
 * VirtualBox recognises zeros only at addresses that are multiples of 16 and compresses the others; here they are
 * always recognised. No reader can tell.
 */
export class RecordWriter implements RecordSink {
  readonly capacity = BLOCK;
  readonly itemMax = 512;
  readonly #output: ByteWriter;
  readonly #packer: Packer | undefined;
  readonly #pool: CodecPool | undefined;
  /** What workers pack. */
  readonly #parts: PartWriter | undefined;
  readonly #header = new Uint8Array(RECORD_HEADER_MAX);

  /** @param pool who packs large data, where there is much of it. */
  constructor(output: ByteWriter, compression: Compression = 'lzf', pool?: CodecPool) {
    this.#output = output;
    this.#packer = packers[compression];
    if (this.#packer === undefined || pool === undefined) return;
    this.#pool = pool;
    this.#parts = new PartWriter(pool, output, this.#packer.type);
  }

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.#putRaw(bytes.subarray(start, end));
  }

  putBig(data: Uint8Array): void {
    const end = data.length - (data.length % BLOCK);
    this.#pool?.offer(end);
    for (let at = 0; at < end; ) {
      // Workers may come while others of the blocks are packed here.
      at = this.#parts?.putBlocks(data, at, end) ?? at;
      const stop = this.#parts === undefined ? end : Math.min(end, at + SHARE);
      if (at < stop) this.#putBlocks(data, at, stop);
      at = stop;
    }
    if (end < data.length) this.#putRaw(data.subarray(end));
  }

  #putBlocks(data: Uint8Array, from: number, end: number): void {
    const codecs = this.#packer === undefined ? undefined : wasm();
    if (codecs === undefined) {
      for (let at = from; at < end; at += BLOCK) this.#putBlock(data, at);
      return;
    }
    // What #putBlock does, for many blocks in one call of WebAssembly.
    const { type } = this.#packer as Packer;
    for (let at = from; at < end; ) {
      const count = Math.min((end - at) / BLOCK, codecs.blocksMax);
      this.#output.write(codecs.writeRecords(data, at, count, type));
      at += count * BLOCK;
    }
  }

  drain(): Promise<void> | undefined {
    return this.#output.drain();
  }

  /** Writes what workers still have. To be called before anything else is written, or asked of what was. */
  join(): void {
    this.#parts?.join();
  }

  /** {@link join} that waits for a sink that is slow. @returns `undefined` where there is nothing to wait for. */
  joinSlowly(): Promise<void> | undefined {
    return this.#parts?.joinSlowly();
  }

  #putRaw(data: Uint8Array): void {
    if (this.#parts?.isEmpty === false) {
      this.#header[0] = RAW;
      this.#parts.putRecord(this.#header, putSize(this.#header, 1, data.length), data);
      return;
    }
    const output = this.#output;
    const at = output.reserve(RECORD_HEADER_MAX + Math.min(data.length, BLOCK));
    output.bytes[at] = RAW;
    output.pos = putSize(output.bytes, at + 1, data.length);
    output.write(data);
  }

  #putBlock(data: Uint8Array, from: number): void {
    const output = this.#output;
    const at = output.reserve(BLOCK_ROOM);
    output.pos = packBlock(data, from, this.#packer, output.bytes, at);
  }
}

/**
 * Writes a size in its shortest form to `bytes[at…)`, and returns where it ends.
 *
 * @throws SsmError VERR_SSM_MEM_TOO_BIG above 0x7FFFFFFF.
 */
export function putSize(bytes: Uint8Array, at: number, size: number): number {
  if (size < 0x80) {
    bytes[at] = size;
    return at + 1;
  }
  if (size > PAYLOAD_MAX) throw new SsmError('VERR_SSM_MEM_TOO_BIG', `a record of ${size} bytes`);
  // n bytes hold 5n + 1 bits: the lead byte has n ones, a zero, and the highest bits.
  let count = 2;
  while (size >= 2 ** (5 * count + 1)) count++;
  let rest = size;
  for (let i = count - 1; i > 0; i--) {
    bytes[at + i] = 0x80 | (rest & 0x3f);
    rest >>>= 6;
  }
  bytes[at] = (0xff00 >> count) | rest;
  return at + count;
}
