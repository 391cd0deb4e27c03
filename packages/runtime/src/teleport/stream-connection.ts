import { ReadableStreamSource, WritableStreamSink } from '../io/web-streams.js';
import type { Connection } from './connection.js';

/**
 * A pair of WHATWG streams as the connection of a teleport: a stream of WebTransport, a WebSocketStream, a TCP connection
 * of Deno.
 */
export class StreamConnection implements Connection {
  readonly #source: ReadableStreamSource;
  readonly #sink: WritableStreamSink;

  /** @throws SsmError VERR_INVALID_STATE for streams that somebody else uses. */
  constructor(
    streams: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<Uint8Array> },
    readonly peer?: string,
  ) {
    this.#source = new ReadableStreamSource(streams.readable);
    this.#sink = new WritableStreamSink(streams.writable);
  }

  read(into: Uint8Array): Promise<number> {
    return this.#source.read(into);
  }

  write(data: Uint8Array): Promise<void> {
    return this.#sink.write(data);
  }

  async close(): Promise<void> {
    // What was written has been taken, so closing loses nothing; a write that is under way must not hold it up.
    await Promise.allSettled([this.#source.close(), this.#sink.close(this.#sink.writing)]);
  }
}
