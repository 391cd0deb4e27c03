import { Z_BUF_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2 } from 'pako';
import type { SsmError } from '../../error.js';
import type { Decoder } from './decoder.js';
import type { UnitBytes } from './unit-bytes.js';

/** Logarithm of the largest distance in a stream; zlib takes its negative for a stream without header and checksum. */
const WINDOW_BITS = 15;

/** Data that is decoded at a time to be counted only. */
const SCRATCH_SIZE = 16384;

/**
 * ZLIB and DEFLATE. Only as much is decoded as there is room for, so that a stream that stands for very much data takes
 * no memory. The checksum at the end of a zlib stream is checked.
 *
 * What follows the end of the stream in the unit is nothing to anybody, as in the original.
 */
export class InflateDecoder implements Decoder {
  /** What is decoded next depends on what was before. */
  readonly resumable = false;
  readonly #unit: UnitBytes;
  readonly #stream = new ZStream();
  #ended = false;
  /** What is wrong behind the data that has been handed out. */
  #failure: SsmError | undefined;
  #scratch: Uint8Array | undefined;

  constructor(unit: UnitBytes, wrapped: boolean) {
    this.#unit = unit;
    zlibInflateInit2(this.#stream, wrapped ? WINDOW_BITS : -WINDOW_BITS);
    unit.totals.zlib = 1;
    unit.input.guard.record(0, 0);
  }

  /** A get that sees the end of the stream fails otherwise than one behind it (`VirtualBox 7.2 zip.cpp`). */
  get cutStatus() {
    return this.#ended ? 'VERR_NO_DATA' : 'VERR_SSM_LOADED_TOO_MUCH';
  }

  fill(into: Uint8Array, at: number): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return -1;
    const unit = this.#unit;
    for (;;) {
      const consumed = unit.input.position;
      const count = this.#inflate(into, at);
      if (count > 0) return count;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return -1;
      if (unit.input.position === consumed && unit.request(1) === 0) {
        throw unit.fail('VERR_SSM_LOADED_TOO_MUCH', 'the unit ends inside of a zlib stream');
      }
    }
  }

  /** Decodes what is in the input's window, and returns how much data that was. */
  #inflate(into: Uint8Array, at: number): number {
    const unit = this.#unit;
    const { input, totals } = unit;
    const stream = this.#stream;
    stream.input = input.bytes;
    stream.next_in = input.pos;
    stream.avail_in = unit.available;
    stream.output = into as Uint8Array<ArrayBuffer>;
    stream.next_out = at;
    stream.avail_out = into.length - at;
    const status = zlibInflate(stream, Z_NO_FLUSH);
    const stored = stream.next_in - input.pos;
    const data = stream.next_out - at;
    input.guard.part(stored, data);
    input.advance(stored);
    totals.data += data;
    if (status === Z_STREAM_END) this.#ended = true;
    else if (status !== Z_OK && status !== Z_BUF_ERROR) {
      this.#failure = unit.fail('VERR_ZIP_CORRUPTED', `a damaged zlib stream: ${stream.msg || `zlib says ${status}`}`);
    }
    return data;
  }

  skip(): boolean {
    this.#scratch ??= new Uint8Array(SCRATCH_SIZE);
    return this.fill(this.#scratch, 0) >= 0;
  }
}
