import { crc32, crc32Combine } from '../codecs/crc32.js';
import { isSsmError, SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { messageOf } from '../io/thrown.js';
import { NeedMore } from '../streams/record-source.js';
import { ReadGuard } from './guard.js';

/** Size of the window through which a source is read. */
const WINDOW = 65536;

/** Bytes of the source whose CRC is known. */
interface Summed {
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/**
 * The reading end of a stream: a window on the source, and the CRC of what was consumed.
 *
 * Readers ask with `request(n)` for bytes at `bytes[pos…)` and consume them with `advance(n)`. Over an asynchronous
 * source a request may throw {@link NeedMore}: nothing is consumed then, and the same step works after `more()`.
 */
export class ByteReader {
  bytes: Uint8Array;
  view: DataView;
  pos = 0;
  limit = 0;
  /** Whether the CRC is kept; cleared once the header says that the stream has none. */
  checksum = true;

  /** What bounds the reading. */
  readonly guard: ReadGuard;
  readonly #source: Source;
  #base: number;
  #ended = false;
  #pending: Promise<void> | undefined;
  #asynchronous = false;
  #failure: SsmError | undefined;
  #crc = 0;
  #crcFrom = 0;
  /** In the order of the source, none of them used yet. */
  readonly #summed: Summed[] = [];

  /** @param position where to begin; other than 0 only with a source that has a size. */
  constructor(source: Source, position = 0, guard = new ReadGuard()) {
    this.#source = source;
    this.guard = guard;
    const all = source.bytes;
    if (all === undefined) {
      this.#base = position;
      this.bytes = new Uint8Array(WINDOW);
    } else {
      this.#base = 0;
      this.pos = position;
      this.#crcFrom = position;
      this.limit = all.length;
      this.#ended = true;
      this.bytes = all;
    }
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** Offset in the source of what is read next. */
  get position(): number {
    return this.#base + this.pos;
  }

  /** Bytes in the window. */
  get available(): number {
    return this.limit - this.pos;
  }

  /** Whether the source answers with promises; known after the first request. */
  get asynchronous(): boolean {
    return this.#asynchronous;
  }

  /** CRC of what was consumed since the start or since {@link restartCrc}. */
  get crc(): number {
    if (!this.checksum) return this.#crc;
    for (let next = this.#summed[0]; next !== undefined && next.end <= this.position; next = this.#summed[0]) {
      this.#summed.shift();
      if (next.start < this.#base + this.#crcFrom) continue;
      this.#sumTo(next.start - this.#base);
      this.#crc = crc32Combine(this.#crc, next.crc, next.end - next.start);
      this.#crcFrom = next.end - this.#base;
    }
    this.#sumTo(this.pos);
    return this.#crc;
  }

  #sumTo(end: number): void {
    if (this.#crcFrom >= end) return;
    this.#crc = crc32(this.bytes.subarray(this.#crcFrom, end), this.#crc);
    this.#crcFrom = end;
  }

  /** Tells the CRC of bytes of the source that are in the window, so that it need not be computed again. */
  sum(start: number, end: number, crc: number): void {
    if (!this.checksum) return;
    // So that there are never many of them.
    void this.crc;
    this.#summed.push({ start, end, crc });
  }

  /** {@link crc} with the next `count` bytes of the window included. */
  crcThrough(count: number): number {
    return crc32(this.bytes.subarray(this.pos, this.pos + count), this.crc);
  }

  /** Goes on as if the CRC so far were `crc`. */
  restartCrc(crc: number): void {
    this.#crc = crc;
    this.#crcFrom = this.pos;
    this.#summed.length = 0;
  }

  /**
   * Brings at least `count` bytes (at most 64 KiB) into the window.
   *
   * @returns false when the source ends before.
   * @throws SsmError when the source fails; {@link NeedMore} when it has to be waited for.
   */
  request(count: number): boolean {
    while (this.limit - this.pos < count) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#pending !== undefined) throw new NeedMore();
      if (this.#ended) return false;
      this.#fetch(count);
    }
    return true;
  }

  #fetch(count: number): void {
    if (this.pos > 0 && (this.pos === this.limit || this.pos + count > this.bytes.length)) {
      void this.crc;
      this.bytes.copyWithin(0, this.pos, this.limit);
      this.#base += this.pos;
      this.limit -= this.pos;
      this.pos = 0;
      this.#crcFrom = 0;
    }
    const { limit } = this;
    const start = this.#base + limit;
    // Up to what is allowed and no further, so that everybody's reading ends at the same place.
    const into = this.bytes.subarray(limit, limit + this.guard.room(start));
    let got: number | Promise<number>;
    try {
      this.guard.check();
      got = this.#source.read(into, start);
    } catch (error) {
      throw this.#fail(error);
    }
    if (typeof got === 'number') this.#received(got, into.length);
    else {
      this.#asynchronous = true;
      this.#pending = this.guard.interrupt
        .race(got)
        .then((count) => this.#received(count, into.length))
        .catch((error: unknown) => {
          this.#fail(error);
        })
        .then(() => {
          this.#pending = undefined;
        });
    }
  }

  /** Goes on with a window of `size` bytes; on a source in memory the window is all of it. */
  widen(size: number): void {
    // A read that is under way goes to the memory that there is.
    if (this.#source.bytes !== undefined || this.#pending !== undefined || this.bytes.length >= size) return;
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.limit));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /**
   * Reads more when half of the window has been consumed, where the source does so at once; else a read is under way
   * when it returns. A failure is told by the {@link request} that gets that far.
   */
  readAhead(): void {
    const half = this.bytes.length >> 1;
    if (this.#ended || this.#pending !== undefined || this.#failure !== undefined) return;
    if (this.pos <= half || this.limit - this.pos > half) return;
    try {
      this.#fetch(half);
    } catch (error) {
      this.#fail(error);
    }
  }

  #received(count: number, asked: number): void {
    if (!(count >= 0 && count <= asked)) throw this.#fail(`it returned ${count} for a read of ${asked} bytes`);
    if (count === 0) this.#ended = true;
    this.guard.reached(this.#base + this.limit + count);
    this.limit += count;
  }

  #fail(error: unknown): SsmError {
    this.#failure ??= isSsmError(error)
      ? error
      : new SsmError(
          'VERR_SSM_STREAM_ERROR',
          `the source failed: ${messageOf(error)}`,
          { offset: this.#base + this.limit },
          { cause: error },
        );
    return this.#failure;
  }

  /** Consumes `count` bytes of the window. */
  advance(count: number): void {
    this.pos += count;
  }

  /**
   * Goes on at another place of a source with a size; `position` is at most that. The CRC begins anew there.
   */
  async moveTo(position: number): Promise<void> {
    await this.#pending;
    const at = position - this.#base;
    if (at >= 0 && at <= this.limit) this.pos = at;
    else {
      this.#base = position;
      this.pos = 0;
      this.limit = 0;
      this.#ended = false;
    }
    this.restartCrc(0);
  }

  /** Waits for the read that is under way. Never rejects: a failure is thrown by the next request. */
  async more(): Promise<void> {
    await this.#pending;
  }

  /** Runs a step that consumes nothing when it throws {@link NeedMore} until it does not. */
  async run<T>(step: () => T): Promise<T> {
    for (;;) {
      try {
        return step();
      } catch (error) {
        if (!(error instanceof NeedMore)) throw error;
        await this.more();
      }
    }
  }

  /** Reads and consumes exactly `count` bytes. The caller has checked that many are plausible. */
  async read(count: number): Promise<Uint8Array> {
    const into = new Uint8Array(count);
    for (let done = 0; done < count; ) {
      const more = await this.run(() => this.request(1));
      if (!more) throw new SsmError('VERR_EOF', 'the saved state ends too early', { offset: this.position });
      const part = Math.min(count - done, this.available);
      into.set(this.bytes.subarray(this.pos, this.pos + part), done);
      this.advance(part);
      done += part;
    }
    return into;
  }
}
