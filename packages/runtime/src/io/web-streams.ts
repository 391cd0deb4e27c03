import { SsmError } from '../error.js';
import { Interrupt } from './interrupt.js';
import type { Sink, Source } from './sink-source.js';

/*
 * Web streams, as browsers, Deno, Bun and Node have them
 *
 *     await saveState(registry, new WritableStreamSink(await fileHandle.createWritable()));
 *     await loadState(registry, new ReadableStreamSource((await fetch(url)).body));
 *     await openState(new BlobSource(file));
 *
 * A stream keeps the chunks it is given: what is written is therefore copied, and what is read is copied out.
 */

/** Bytes that are read from a stream or blob at a time where that is for us to say. */
const CHUNK = 65536;

/** What both ends of a stream are told. */
export interface WritableStreamSinkOptions {
  /** Leave the stream open at the end, whatever the end is: more is to follow. Default false. */
  readonly preventClose?: boolean;
}

/**
 * Writes to a WHATWG stream, one chunk at a time: the next one when the stream has done with the one before.
 *
 * The stream is locked from construction to `close()`, which closes it, or aborts it when the state is not complete.
 */
export class WritableStreamSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #preventClose: boolean;
  /** A stream that is aborted need not let go of the write that is under way: we do. */
  readonly #over = new Interrupt();
  #writing = false;

  /** @throws SsmError VERR_INVALID_STATE for a stream that somebody else writes to. */
  constructor(stream: WritableStream<Uint8Array>, options: WritableStreamSinkOptions = {}) {
    expectUnlocked(stream);
    this.#writer = stream.getWriter();
    this.#preventClose = options.preventClose ?? false;
    // A stream that fails between two writes tells the next one.
    this.#writer.closed.catch(ignore);
    this.#writer.ready.catch(ignore);
  }

  /** Whether a write is under way, or has failed. */
  get writing(): boolean {
    return this.#writing;
  }

  async write(data: Uint8Array): Promise<void> {
    const writer = this.#writer;
    this.#writing = true;
    const written = writer.ready.then(() => writer.write(data.slice()));
    await this.#over.race(written);
    this.#writing = false;
  }

  async close(aborted: boolean, failure?: SsmError): Promise<void> {
    const writer = this.#writer;
    try {
      if (this.#preventClose) return;
      if (!aborted) {
        await writer.close();
        return;
      }
      const done = writer.abort(failure);
      this.#over.interrupt(failure ?? new SsmError('VERR_SSM_CANCELLED', 'the sink was closed'));
      // The write may never end, and the abortion with it.
      if (this.#writing) done.catch(ignore);
      else await done;
    } finally {
      writer.releaseLock();
    }
  }
}

/** How a stream is read. */
export interface ReadableStreamSourceOptions {
  /** `close()` only gives the stream back instead of cancelling it. Default false. */
  readonly preventCancel?: boolean;
}

/** One of the two ways to read a stream: the next chunk, or `undefined` at the end. */
interface ChunkReader {
  next(): Promise<unknown>;
  readonly reader: { cancel(reason?: unknown): Promise<void>; releaseLock(): void };
}

/**
 * Reads a WHATWG stream of bytes, such as the body of a response. Byte streams fill a buffer of ours; of others the rest
 * of a chunk is kept.
 *
 * The stream is locked from construction to `close()`.
 */
export class ReadableStreamSource implements Source {
  readonly #chunks: ChunkReader;
  readonly #preventCancel: boolean;
  #rest = new Uint8Array(0);
  #ended = false;
  #closed: SsmError | undefined;

  /** @throws SsmError VERR_INVALID_STATE for a stream that somebody else reads. */
  constructor(stream: ReadableStream<Uint8Array>, options: ReadableStreamSourceOptions = {}) {
    expectUnlocked(stream);
    this.#chunks = bufferedReader(stream) ?? plainReader(stream);
    this.#preventCancel = options.preventCancel ?? false;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      if (this.#closed !== undefined) throw this.#closed;
      if (this.#ended) return 0;
      const chunk = await this.#next();
      if (chunk === undefined) this.#ended = true;
      else this.#rest = bytesOf(chunk);
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async #next(): Promise<unknown> {
    try {
      const chunk = await this.#chunks.next();
      if (this.#closed === undefined) return chunk;
    } catch (error) {
      if (this.#closed === undefined) throw error;
    }
    throw this.#closed;
  }

  /**
   * Cancels the stream unless it has ended, and unlocks it. A read that waits fails with VERR_SSM_CANCELLED; what has
   * arrived and was not read is lost.
   *
   * @param reason what the stream is told.
   */
  async close(reason?: unknown): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = new SsmError('VERR_SSM_CANCELLED', 'the source was closed');
    this.#rest = new Uint8Array(0);
    const { reader } = this.#chunks;
    try {
      if (!this.#ended && !this.#preventCancel) await reader.cancel(reason);
    } finally {
      reader.releaseLock();
    }
  }
}

/** A reader that has a byte stream fill the same buffer over and over; `undefined` for other streams. */
function bufferedReader(stream: ReadableStream<Uint8Array>): ChunkReader | undefined {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
  let buffer = new ArrayBuffer(CHUNK);
  const next = async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    // The stream has had the buffer for its own; this is the one that came back.
    if (value !== undefined) buffer = value.buffer;
    return done ? undefined : value;
  };
  return { reader, next };
}

function plainReader(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  const next = async () => {
    const { done, value } = await reader.read();
    return done ? undefined : value;
  };
  return { reader, next };
}

/** The bytes of a chunk. @throws SsmError VERR_INVALID_PARAMETER for what has none, such as a string. */
export function bytesOf(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength);
  }
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  const what = chunk === null ? 'null' : typeof chunk;
  throw new SsmError('VERR_INVALID_PARAMETER', `the stream gives chunks of type ${what}, not bytes`);
}

function expectUnlocked(stream: { readonly locked: boolean }): void {
  if (stream.locked) throw new SsmError('VERR_INVALID_STATE', 'the stream is locked: somebody else uses it');
}

function ignore(): void {}

/** What is needed of a blob; a `File` is one. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Bytes of a blob that are fetched at once: a request takes long, compared with what it brings. */
const PIECE = 4 * CHUNK;

/** Reads a blob or a file that the user of a web page has chosen: anywhere, also by several readers. */
export class BlobSource implements Source {
  readonly size: number;
  readonly #blob: BlobLike;
  /** The piece read last. */
  #piece: { readonly index: number; readonly bytes: Promise<ArrayBuffer> } | undefined;

  constructor(blob: BlobLike) {
    this.#blob = blob;
    this.size = blob.size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    if (position >= this.size) return 0;
    const index = Math.floor(position / PIECE);
    const start = index * PIECE;
    const bytes = new Uint8Array(await this.#fetch(index), position - start);
    const part = bytes.subarray(0, into.length);
    into.set(part);
    return part.length;
  }

  async #fetch(index: number): Promise<ArrayBuffer> {
    if (this.#piece?.index !== index) {
      const bytes = this.#blob.slice(index * PIECE, (index + 1) * PIECE).arrayBuffer();
      this.#piece = { index, bytes };
    }
    const { bytes } = this.#piece;
    try {
      return await bytes;
    } catch (error) {
      if (this.#piece?.bytes === bytes) this.#piece = undefined;
      throw error;
    }
  }
}
