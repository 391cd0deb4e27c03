import { copyBytes } from '../codecs/copy.js';
import type { WasmConstant } from './webassembly.js';

/** What the module exports (assembly/index.ts). */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly INPUT: WasmConstant;
  readonly INPUT_SIZE: WasmConstant;
  readonly OUTPUT: WasmConstant;
  readonly OUTPUT_SIZE: WasmConstant;
  readonly RESULT: WasmConstant;
  lzfCompress(length: number, limit: number): number;
  lzfDecompress(length: number, size: number): number;
  lz4Compress(length: number, limit: number): number;
  lz4Decompress(length: number, size: number): number;
  zeroPages(count: number): void;
  readRecords(skew: number, length: number, room: number, lastType: number): void;
  writeRecords(count: number, packing: number): number;
}

/** What was read of records by {@link WasmCodecs.readRecords}, by place in the module's RESULT. */
const Result = { consumed: 0, data: 1, raw: 2, lzf: 3, zero: 4, lz4: 6, length: 8 } as const;

/** What {@link WasmCodecs.readRecords} has read. */
export interface ReadRecords {
  /** Bytes of records. */
  readonly consumed: number;
  readonly raw: number;
  readonly lzf: number;
  readonly zero: number;
  readonly lz4: number;
}

/** Longest block that is packed: positions have 16 bits. */
const COMPRESS_MAX = 65535;

const PAGE = 4096;

/**
 * The codecs in WebAssembly. Its memory is a workshop: what comes in is copied to it, and the result is copied out, so
 * that loops which go over the end of what they copy never do so in anybody's memory.
 *
 * Compressing and expanding are those of codecs/lzf.ts and codecs/lz4.ts, with the same arguments and results, except
 * that other matches may be found.
 */
export class WasmCodecs {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;
  readonly #input: number;
  readonly #inputSize: number;
  readonly #output: number;
  readonly #outputSize: number;
  readonly #result: Uint32Array;

  constructor(exports: object) {
    const all = exports as Exports;
    this.#exports = all;
    this.#memory = new Uint8Array(all.memory.buffer);
    this.#input = all.INPUT.value;
    this.#inputSize = all.INPUT_SIZE.value;
    this.#output = all.OUTPUT.value;
    this.#outputSize = all.OUTPUT_SIZE.value;
    this.#result = new Uint32Array(all.memory.buffer, all.RESULT.value, Result.length);
  }

  /** Blocks that {@link writeRecords} takes at once. */
  get blocksMax(): number {
    return this.#inputSize / PAGE;
  }

  /** Whether a block of `length` bytes can be packed here. */
  canCompress(length: number): boolean {
    return length <= COMPRESS_MAX;
  }

  /** Whether a block of `length` bytes that expands to `size` can be expanded here. */
  canExpand(length: number, size: number): boolean {
    return length >= 0 && length <= this.#inputSize && size <= this.#outputSize;
  }

  lzfCompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, limit: number): number {
    this.#put(input, start, end);
    const size = this.#exports.lzfCompress(end - start, Math.min(limit, this.#outputSize));
    this.#take(size, into, at);
    return size;
  }

  lzfDecompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, size: number): boolean {
    this.#put(input, start, end);
    if (this.#exports.lzfDecompress(end - start, size) === 0) return false;
    this.#take(size, into, at);
    return true;
  }

  lz4Compress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, limit: number): number {
    this.#put(input, start, end);
    const size = this.#exports.lz4Compress(end - start, Math.min(limit, this.#outputSize));
    this.#take(size, into, at);
    return size;
  }

  lz4Decompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, size: number): boolean {
    this.#put(input, start, end);
    if (this.#exports.lz4Decompress(end - start, size) === 0) return false;
    this.#take(size, into, at);
    return true;
  }

  /**
   * Writes a ZERO, a packed or a RAW record for each of `count` blocks of 4096 bytes from `start` on.
   *
   * @param count at most {@link blocksMax}. @param packing type of the records that packed blocks make; 0 for none.
   * @returns the records: valid until the next call of anything here.
   */
  writeRecords(data: Uint8Array, start: number, count: number, packing: number): Uint8Array {
    this.#put(data, start, start + count * PAGE);
    const size = this.#exports.writeRecords(count, packing);
    return this.#memory.subarray(this.#output, this.#output + size);
  }

  /**
   * Decodes whole records at `bytes[start, end)`, as many as there is room for, into a place of its own. It stops in front
   * of the first record that is unusual in any way.
   *
   * @param room most bytes of data. @param lastType highest type of a record that there may be.
   * @returns how many bytes of data there are for {@link takeData}; {@link lastRecords} tells of the records.
   */
  readRecords(bytes: Uint8Array, start: number, end: number, room: number, lastType: number): number {
    const stop = Math.min(end, start + this.#inputSize);
    // In memory copies are fastest to a place that lies alike, and from shared memory only there are they fast at all.
    const skew = (bytes.byteOffset + start) & 15;
    this.#memory.set(bytes.subarray(start, stop), this.#input + skew);
    this.#exports.readRecords(skew, stop - start, Math.min(room, this.#outputSize), lastType);
    return this.#result[Result.data] as number;
  }

  /** What {@link readRecords} has decoded: valid until the next call of anything here. */
  get data(): Uint8Array {
    return this.#memory.subarray(this.#output, this.#output + (this.#result[Result.data] as number));
  }

  /** Copies what {@link readRecords} has decoded. */
  takeData(into: Uint8Array, at: number): void {
    this.#take(this.#result[Result.data] as number, into, at);
  }

  /** What {@link readRecords} has read: bytes of records, and how many of each type. */
  get lastRecords(): ReadRecords {
    const result = this.#result;
    return {
      consumed: result[Result.consumed] as number,
      raw: result[Result.raw] as number,
      lzf: result[Result.lzf] as number,
      zero: result[Result.zero] as number,
      lz4: result[Result.lz4] as number,
    };
  }

  /** For each of `count` pages from `start` on, 1 where it is all zero. @param count at most {@link blocksMax}. */
  zeroPages(data: Uint8Array, start: number, count: number): Uint8Array {
    this.#put(data, start, start + count * PAGE);
    return this.scanAgain(count);
  }

  /** {@link zeroPages} of the pages that were put there last. */
  scanAgain(count: number): Uint8Array {
    this.#exports.zeroPages(count);
    return this.#memory.subarray(this.#output, this.#output + count);
  }

  #put(bytes: Uint8Array, start: number, end: number): void {
    copyBytes(bytes, start, end, this.#memory, this.#input);
  }

  #take(size: number, into: Uint8Array, at: number): void {
    copyBytes(this.#memory, this.#output, this.#output + size, into, at);
  }
}
