import { lzfCompress } from '../../codecs/lzf.js';
import type { RecordSink } from '../../streams/put-primitives.js';
import type { ByteWriter } from '../byte-writer.js';
import { BLOCK_DATA_MAX, BLOCK_HEADER_SIZE, BLOCK_LZF_MAX, BLOCK_MAGIC, ZipType } from './zip.js';

/** Pieces in which VirtualBox gives the data of one put to the stream. */
const PIECE = 131072;

/**
 * Cuts the data of units into LZF blocks as VirtualBox did up to 3.0 (`VirtualBox 3.0 SSM.cpp, ssmR3Write`,
 * `zip.cpp, rtZipLZFCompress`): items of up to 128 bytes are gathered into blocks of up to 32768; a larger one becomes
 * blocks of its own. A unit of which nothing is put has no stream.
 *
 * Small items arrive in groups, which are not split: where the next group does not fit, a block ends up to 4096 bytes
 * sooner than with single items. No reader can tell.
 */
export class ZipWriter implements RecordSink {
  readonly capacity = 4096;
  readonly itemMax = 128;
  readonly #output: ByteWriter;
  readonly #onBlock: () => void;
  readonly #gathered = new Uint8Array(BLOCK_DATA_MAX);
  #count = 0;
  #begun = false;

  /** @param onBlock called whenever a block has been written. */
  constructor(output: ByteWriter, onBlock: () => void) {
    this.#output = output;
    this.#onBlock = onBlock;
  }

  /** Starts the stream of a unit. */
  begin(): void {
    this.#count = 0;
    this.#begun = false;
  }

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    if (this.#count + end - start > BLOCK_DATA_MAX) this.#putGathered();
    this.#gathered.set(bytes.subarray(start, end), this.#count);
    this.#count += end - start;
  }

  putBig(data: Uint8Array): void {
    this.#putGathered();
    for (let at = 0; at < data.length; at += PIECE) this.#putBlocks(data, at, Math.min(at + PIECE, data.length));
  }

  /** Ends the stream of a unit. */
  end(): void {
    this.#putGathered();
  }

  drain(): Promise<void> | undefined {
    return this.#output.drain();
  }

  #putGathered(): void {
    const count = this.#count;
    this.#count = 0;
    this.#putBlocks(this.#gathered, 0, count);
  }

  #putBlocks(data: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) at += this.#putBlock(data, at, end);
  }

  /** Writes one block of as much data as LZF makes fit, and returns how much that is. */
  #putBlock(data: Uint8Array, start: number, end: number): number {
    const output = this.#output;
    if (!this.#begun) {
      const at = output.reserve(1);
      output.bytes[at] = ZipType.lzf;
      output.pos = at + 1;
      this.#begun = true;
    }
    const at = output.reserve(BLOCK_HEADER_SIZE + BLOCK_LZF_MAX);
    const { bytes, view } = output;
    let size = Math.min(end - start, BLOCK_DATA_MAX);
    let stored: number;
    for (;;) {
      // The shortest references, too: they make the blocks of small units those of the original.
      stored = lzfCompress(data, start, start + size, bytes, at + BLOCK_HEADER_SIZE, BLOCK_LZF_MAX, 3);
      if (stored > 0) break;
      size >>= 1;
    }
    view.setUint16(at, BLOCK_MAGIC, true);
    view.setUint16(at + 2, stored, true);
    view.setUint32(at + 4, 0, true);
    view.setUint16(at + 8, size, true);
    output.pos = at + BLOCK_HEADER_SIZE + stored;
    this.#onBlock();
    return size;
  }
}
