import { copyBytes, copyShared } from '../codecs/copy.js';
import { crc32, crc32Combine } from '../codecs/crc32.js';
import { isSsmError, SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import type { Sink } from '../io/sink-source.js';
import { messageOf } from '../io/thrown.js';

/** Size of the buffers in which bytes are handed to a sink (`VirtualBox 7.2 SSMR3.cpp, SSMSTRMBUF`). */
const CHUNK = 65536;

/** Buffers that fit in the least limit: what one piece of `putMemAsync` needs, twice. */
const CHUNKS_MIN = 6;

/** Options of a {@link ByteWriter}. */
export interface ByteWriterOptions {
  /** Keep the stream CRC; default true. */
  checksum?: boolean | undefined;
  /** Most bytes waiting for an asynchronous sink; default 1 MiB, at least 384 KiB. */
  bufferLimit?: number | undefined;
  /** Ends the waiting for an asynchronous sink. */
  interrupt?: Interrupt | undefined;
}

/** How long an operation that was interrupted waits for its sink to be closed, in milliseconds. */
const CLOSE_GRACE = 2000;

/**
 * The writing end of a stream: buffers, the running CRC, and the order of writes to a sink that may be slow.
 *
 * Writers store at `bytes[reserve(n)…)` and advance `pos`. A full buffer goes to the sink. While an asynchronous sink is
 * busy, further buffers queue up behind, to the limit; beyond it a write fails with VERR_BUFFER_OVERFLOW.
 */
export class ByteWriter {
  bytes = new Uint8Array(CHUNK);
  view = new DataView(this.bytes.buffer);
  pos = 0;

  readonly #sink: Sink;
  readonly #checksum: boolean;
  readonly #chunksMax: number;
  readonly #interrupt: Interrupt;
  #handedOver = 0;
  #crc = 0;
  #crcFrom = 0;
  #failure: SsmError | undefined;
  #pump: Promise<void> | undefined;
  readonly #queue: Uint8Array[] = [];
  readonly #spare: ArrayBuffer[] = [];
  /** Buffers that the sink has not finished with. */
  #waiting = 0;
  #drained: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(sink: Sink, options: ByteWriterOptions = {}) {
    this.#sink = sink;
    this.#checksum = options.checksum ?? true;
    this.#chunksMax = Math.max(CHUNKS_MIN, Math.floor((options.bufferLimit ?? 1 << 20) / CHUNK));
    this.#interrupt = options.interrupt ?? new Interrupt();
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#handedOver + this.pos;
  }

  /** CRC of all bytes so far; 0 where none is kept. */
  get crc(): number {
    if (this.#checksum && this.#crcFrom < this.pos) {
      this.#crc = crc32(this.bytes.subarray(this.#crcFrom, this.pos), this.#crc);
      this.#crcFrom = this.pos;
    }
    return this.#crc;
  }

  /** Makes room for `count` bytes (at most 64 KiB) in one piece, and returns where it is. */
  reserve(count: number): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.pos + count > CHUNK) this.flush();
    return this.pos;
  }

  /** Writes any number of bytes. */
  write(data: Uint8Array): void {
    let done = 0;
    while (done < data.length) {
      const at = this.reserve(1);
      const count = Math.min(data.length - done, CHUNK - at);
      copyBytes(data, done, done + count, this.bytes, at);
      this.pos += count;
      done += count;
    }
  }

  /** {@link write} of bytes whose CRC is known. They may lie in shared memory. */
  writeSummed(data: Uint8Array, crc: number): void {
    if (this.#checksum) this.#crc = crc32Combine(this.crc, crc, data.length);
    for (let done = 0; done < data.length; ) {
      const at = this.reserve(1);
      const count = Math.min(data.length - done, CHUNK - at);
      copyShared(data, done, done + count, this.bytes, at);
      this.pos += count;
      this.#crcFrom = this.pos;
      done += count;
    }
  }

  /** Hands what is buffered to the sink. */
  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.pos === 0) return;
    void this.crc;
    const data = this.bytes.subarray(0, this.pos);
    this.#handedOver += this.pos;
    this.pos = 0;
    this.#crcFrom = 0;
    if (this.#pump === undefined) {
      let written: void | Promise<void>;
      try {
        written = this.#hand(data);
      } catch (error) {
        throw this.#fail(error);
      }
      if (written === undefined) return;
      this.#waiting = 1;
      this.#pump = this.#writeBehind(data, written);
    } else {
      if (this.#waiting >= this.#chunksMax) {
        throw this.#fail(
          new SsmError(
            'VERR_BUFFER_OVERFLOW',
            `more than ${this.#chunksMax * CHUNK} bytes wait for an asynchronous sink: await drain() or putMemAsync() while putting much`,
            { offset: this.position },
          ),
        );
      }
      this.#waiting++;
      this.#queue.push(data);
    }
    this.bytes = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(CHUNK));
    this.view = new DataView(this.bytes.buffer);
  }

  /** Gives a buffer to the sink, which is asked before whether it wants more. */
  #hand(data: Uint8Array): void | Promise<void> {
    this.#interrupt.check();
    const sink = this.#sink;
    const ok = sink.isOk?.();
    const written = ok === undefined ? sink.write(data) : ok.then(() => sink.write(data));
    return written === undefined ? undefined : this.#interrupt.race(written);
  }

  /** Asks the sink whether there is a point in going on. @throws SsmError the sink's failure. */
  async checkSink(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#interrupt.check();
      const ok = this.#sink.isOk?.();
      if (ok !== undefined) await this.#interrupt.race(ok);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Writes the queue out, one buffer after the other. Never rejects. */
  async #writeBehind(first: Uint8Array, written: Promise<void>): Promise<void> {
    try {
      await written;
      this.#written(first);
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        await this.#hand(next);
        this.#written(next);
      }
    } catch (error) {
      this.#fail(error);
      this.#queue.length = 0;
      this.#waiting = 0;
      this.#drained?.resolve();
    }
    this.#pump = undefined;
  }

  #written(data: Uint8Array): void {
    this.#spare.push(data.buffer as ArrayBuffer);
    this.#waiting--;
    if (this.#waiting <= this.#chunksMax / 2) this.#drained?.resolve();
  }

  #fail(error: unknown): SsmError {
    this.#failure ??= isSsmError(error)
      ? error
      : new SsmError('VERR_IO_GEN_FAILURE', `the sink failed: ${messageOf(error)}`, {}, { cause: error });
    return this.#failure;
  }

  /** Resolves when half the limit is free again; `undefined` when it is already. Rejects with the sink's failure. */
  drain(): Promise<void> | undefined {
    if (this.#waiting <= this.#chunksMax / 2) return undefined;
    if (this.#drained === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      }).then(() => {
        this.#drained = undefined;
        if (this.#failure !== undefined) throw this.#failure;
      });
      this.#drained = { promise, resolve };
    }
    return this.#drained.promise;
  }

  /** Waits until an asynchronous sink has taken everything handed to it. @throws SsmError the sink's failure. */
  async settle(): Promise<void> {
    await this.#pump;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Overwrites bytes that were written before, where they are still buffered and no CRC includes them.
   *
   * @returns whether they are.
   */
  patch(data: Uint8Array, position: number): boolean {
    const at = position - this.#handedOver;
    if (at < this.#crcFrom) return false;
    this.bytes.set(data, at);
    return true;
  }

  /**
   * Overwrites bytes that were written before.
   *
   * @throws SsmError VERR_NOT_SUPPORTED for a sink that cannot.
   */
  async rewrite(data: Uint8Array, position: number): Promise<void> {
    if (this.#sink.rewrite === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'the sink cannot go back, which the format needs');
    }
    this.flush();
    await this.settle();
    try {
      await this.#interrupt.race(Promise.resolve(this.#sink.rewrite(data, position)));
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /**
   * Writes out what is buffered (unless aborted) and closes the sink.
   *
   * @param failure why the state is not complete.
   * @throws SsmError what went wrong doing so.
   */
  async close(aborted: boolean, failure?: SsmError): Promise<void> {
    try {
      if (!aborted) this.flush();
    } catch {
      // It is kept, and told below.
    }
    await this.#pump;
    try {
      const incomplete = aborted || this.#failure !== undefined;
      await this.#whileClosing(this.#sink.close(incomplete, failure ?? this.#failure));
    } catch (error) {
      this.#fail(error);
    }
    if (!aborted && this.#failure !== undefined) throw this.#failure;
  }

  /** After an interruption nobody waits long: the sink may be what did not answer. */
  async #whileClosing(closed: void | Promise<void>): Promise<void> {
    if (closed === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise<void>((_, reject) => {
      timer = setTimeout(() => {
        if (this.#interrupt.failure !== undefined) reject(this.#interrupt.failure);
      }, CLOSE_GRACE);
    });
    try {
      await (this.#interrupt.failure === undefined ? this.#interrupt.race(closed) : Promise.race([closed, grace]));
    } finally {
      clearTimeout(timer);
    }
  }
}
