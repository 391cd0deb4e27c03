import { copyBytes } from '../codecs/copy.js';
import { startModule, type WasmExports } from './exports.js';
import { WASM_FREE, WASM_OWN_SIZE, WASM_PAGE, WASM_RESULT, WASM_SLACK } from './layout.js';
import { type WasmModule, type WebAssemblyApi, webAssembly } from './webassembly.js';

/** Where the areas of the memory are: what comes in, and what comes of it. */
const INPUT = WASM_FREE + WASM_OWN_SIZE;
const INPUT_SIZE = 0x20000;
const OUTPUT = INPUT + INPUT_SIZE + WASM_SLACK;
const OUTPUT_SIZE = 0x40000;
const MEMORY_SIZE = OUTPUT + OUTPUT_SIZE + WASM_SLACK;

/** What {@link WasmCodecs.readRecords} tells of the records that it has read, by place. */
const Result = { consumed: 0, data: 1, raw: 2, lzf: 3, zero: 4, lz4: 6, length: 8 } as const;

/** What {@link WasmCodecs.readRecords} has read. */
export interface ReadRecords {
  /** Bytes of records, and of their data. */
  readonly consumed: number;
  readonly data: number;
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
  readonly #exports: WasmExports;
  readonly #memory: Uint8Array;
  readonly #result: Uint32Array;
  #crcTables = false;

  constructor(module: WasmModule) {
    const { Memory } = webAssembly() as WebAssemblyApi;
    const pages = Math.ceil(MEMORY_SIZE / WASM_PAGE);
    const memory = new Memory({ initial: pages, maximum: pages });
    this.#exports = startModule(module, memory, WASM_FREE);
    this.#memory = new Uint8Array(memory.buffer);
    this.#result = new Uint32Array(memory.buffer, WASM_FREE + WASM_RESULT, Result.length);
  }

  /** Blocks that {@link writeRecords} takes at once. */
  get blocksMax(): number {
    return INPUT_SIZE / PAGE;
  }

  /** Whether a block of `length` bytes can be packed here. */
  canCompress(length: number): boolean {
    return length <= COMPRESS_MAX;
  }

  /** Whether a block of `length` bytes that expands to `size` can be expanded here. */
  canExpand(length: number, size: number): boolean {
    return length >= 0 && length <= INPUT_SIZE && size <= OUTPUT_SIZE;
  }

  lzfCompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, limit: number): number {
    this.#put(input, start, end);
    const size = this.#exports.lzfCompress(INPUT, end - start, OUTPUT, Math.min(limit, OUTPUT_SIZE));
    this.#take(size, into, at);
    return size;
  }

  lzfDecompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, size: number): boolean {
    this.#put(input, start, end);
    if (this.#exports.lzfDecompress(INPUT, INPUT + end - start, OUTPUT, size) === 0) return false;
    this.#take(size, into, at);
    return true;
  }

  lz4Compress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, limit: number): number {
    this.#put(input, start, end);
    const size = this.#exports.lz4Compress(INPUT, end - start, OUTPUT, Math.min(limit, OUTPUT_SIZE));
    this.#take(size, into, at);
    return size;
  }

  lz4Decompress(input: Uint8Array, start: number, end: number, into: Uint8Array, at: number, size: number): boolean {
    this.#put(input, start, end);
    if (this.#exports.lz4Decompress(INPUT, INPUT + end - start, OUTPUT, size) === 0) return false;
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
    const size = this.#exports.writeRecords(INPUT, count, packing, OUTPUT);
    return this.#memory.subarray(OUTPUT, OUTPUT + size);
  }

  /**
   * Decodes whole records at `bytes[start, end)`, as many as there is room for, into a place of its own. It stops in front
   * of the first record that is unusual in any way.
   *
   * @param room most bytes of data. @param lastType highest type of a record that there may be.
   * @returns how many bytes of data there are for {@link takeData}; {@link lastRecords} tells of the records.
   */
  readRecords(bytes: Uint8Array, start: number, end: number, room: number, lastType: number): number {
    const stop = Math.min(end, start + INPUT_SIZE);
    // In memory copies are fastest to a place that lies alike, and from shared memory only there are they fast at all.
    const skew = (bytes.byteOffset + start) & 15;
    this.#memory.set(bytes.subarray(start, stop), INPUT + skew);
    const at = INPUT + skew;
    this.#exports.readRecords(at, at + stop - start, OUTPUT, Math.min(room, OUTPUT_SIZE), lastType);
    return this.#result[Result.data] as number;
  }

  /** Copies what {@link readRecords} has decoded. */
  takeData(into: Uint8Array, at: number): void {
    this.#take(this.#result[Result.data] as number, into, at);
  }

  /** What {@link readRecords} has read: bytes of records and of data, and how many of each type. */
  get lastRecords(): ReadRecords {
    const result = this.#result;
    return {
      consumed: result[Result.consumed] as number,
      data: result[Result.data] as number,
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
    this.#exports.zeroPages(INPUT, count, OUTPUT);
    return this.#memory.subarray(OUTPUT, OUTPUT + count);
  }

  /** The CRC of `bytes` behind others whose CRC is `previous`. */
  crc32(bytes: Uint8Array, previous: number): number {
    this.#needCrcTables();
    let crc = previous;
    for (let done = 0; done < bytes.length; done += INPUT_SIZE) {
      const end = Math.min(done + INPUT_SIZE, bytes.length);
      this.#put(bytes, done, end);
      crc = this.#exports.crc32(INPUT, INPUT + end - done, crc);
    }
    return crc >>> 0;
  }

  /** A CRC, as a remainder, times x^exponent; `exponent` has 32 bits. */
  crc32Times(remainder: number, exponent: number): number {
    this.#needCrcTables();
    return this.#exports.crc32Times(remainder, exponent) >>> 0;
  }

  #needCrcTables(): void {
    if (this.#crcTables) return;
    this.#exports.makeCrcTables();
    this.#crcTables = true;
  }

  #put(bytes: Uint8Array, start: number, end: number): void {
    copyBytes(bytes, start, end, this.#memory, INPUT);
  }

  #take(size: number, into: Uint8Array, at: number): void {
    copyBytes(this.#memory, OUTPUT, OUTPUT + size, into, at);
  }
}
