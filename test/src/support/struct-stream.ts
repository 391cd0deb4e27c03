import { type GetStream as Get, GetStream, PutStream, type SavedHost } from '@ssmkit/runtime';
import type { HostProfile } from '@ssmkit/schema';

/** Collects what a put stream writes, record boundaries included. */
export class Collected {
  readonly records: Uint8Array[] = [];
  readonly capacity = 4096;
  readonly itemMax = 512;

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.records.push(bytes.slice(start, end));
  }

  putBig(data: Uint8Array): void {
    this.records.push(data.slice());
  }

  drain(): undefined {}

  bytes(): Uint8Array {
    return new Uint8Array(this.records.flatMap((record) => [...record]));
  }
}

/** What `put` writes on a host. */
export function written(host: HostProfile, put: (stream: PutStream) => void): Uint8Array {
  const records = new Collected();
  const stream = new PutStream(records, { host });
  put(stream);
  stream.flush();
  return records.bytes();
}

/** A get stream over a unit's bytes. */
export function reading(
  data: Uint8Array,
  options: { host?: HostProfile; saved?: SavedHost; version?: number } = {},
): Get {
  let at = 0;
  const records = {
    fill(into: Uint8Array, to: number): number {
      if (at === data.length) return -1;
      const count = Math.min(data.length - at, into.length - to);
      into.set(data.subarray(at, at + count), to);
      at += count;
      return count;
    },
    more: async () => {},
  };
  return new GetStream(records, options);
}
