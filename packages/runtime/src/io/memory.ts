import { copyBytes } from '../codecs/copy.js';
import type { Sink, Source } from './sink-source.js';

/** A sink in memory that grows as needed. */
export class MemorySink implements Sink {
  #data = new Uint8Array(4096);
  #length = 0;

  /** What was written. A view: it stays as it is as long as nothing more is written. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#data.subarray(0, this.#length);
  }

  write(data: Uint8Array): void {
    const length = this.#length + data.length;
    if (length > this.#data.length) {
      const grown = new Uint8Array(Math.max(length, this.#data.length * 2));
      grown.set(this.#data.subarray(0, this.#length));
      this.#data = grown;
    }
    copyBytes(data, 0, data.length, this.#data, this.#length);
    this.#length = length;
  }

  rewrite(data: Uint8Array, position: number): void {
    this.#data.set(data, position);
  }

  /** Drops what was written when the state is not complete. */
  close(aborted: boolean): void {
    if (!aborted) return;
    this.#data = new Uint8Array(0);
    this.#length = 0;
  }
}

/** A saved state in memory. */
export class MemorySource implements Source {
  constructor(readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(position + into.length, this.bytes.length);
    if (position >= end) return 0;
    copyBytes(this.bytes, position, end, into, 0);
    return end - position;
  }
}
