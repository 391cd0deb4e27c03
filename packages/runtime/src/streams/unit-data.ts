import type { HostProfile } from '@ssmkit/schema';
import { GetStream } from './get-stream.js';
import type { RecordSink } from './put-primitives.js';
import { PutStream } from './put-stream.js';
import type { RecordSource, SavedHost } from './record-source.js';

// The data of one unit in memory, without a container around it.

class DataSource implements RecordSource {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  fill(into: Uint8Array, at: number): number {
    const rest = this.#data.length - this.#at;
    if (rest === 0) return -1;
    const count = Math.min(rest, into.length - at);
    into.set(this.#data.subarray(this.#at, this.#at + count), at);
    this.#at += count;
    return count;
  }

  async more(): Promise<void> {}
}

class DataSink implements RecordSink {
  readonly capacity = 4096;
  readonly itemMax = 512;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.#add(bytes.slice(start, end));
  }

  putBig(data: Uint8Array): void {
    this.#add(data.slice());
  }

  drain(): undefined {}

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** A stream over the data of a unit. @param options as of {@link GetStream}. */
export function getFrom(
  data: Uint8Array,
  options: { host?: HostProfile; saved?: SavedHost; version?: number; pass?: number } = {},
): GetStream {
  return new GetStream(new DataSource(data), options);
}

/** The data that `put` puts. @param options as of {@link PutStream}. */
export function putInto(
  put: (stream: PutStream) => void,
  options: { host?: HostProfile; version?: number } = {},
): Uint8Array<ArrayBuffer> {
  const sink = new DataSink();
  const stream = new PutStream(sink, options);
  put(stream);
  stream.flush();
  return sink.bytes();
}
