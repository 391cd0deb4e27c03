import { Registry } from '../engine/registry.js';
import type { UnitCallbacks } from '../engine/unit.js';
import { randomNumbers } from '../testing.js';

/** A machine for tests of places that states go to: some memory, awkward to compress, and a counter. */
export class TestMachine {
  readonly registry = new Registry();
  readonly ram: Uint8Array;
  counter = 0;
  /** Asked after each live pass; without it there is none. */
  vote: UnitCallbacks['liveVote'];

  /** @param seed decides what is in memory; 0 for zeros. */
  constructor(size: number, seed = 0) {
    const random = randomNumbers(seed);
    this.ram = seed === 0 ? new Uint8Array(size) : Uint8Array.from({ length: size }, () => random() * 256);
    this.counter = seed;
    this.registry.register({
      name: 'counter',
      version: 1,
      saveExec: (put) => put.putU32(this.counter),
      loadExec: (get) => {
        this.counter = get.getU32();
      },
    });
    this.registry.register({
      name: 'ram',
      version: 1,
      liveExec: (put) => put.putMemAsync(this.ram),
      liveVote: (pass, handle) => this.vote?.(pass, handle),
      saveExec: (put) => put.putMemAsync(this.ram),
      loadExec: (get) => get.getMemAsync(this.ram).then(() => {}),
    });
  }

  /** Whether both have the same in memory, and count alike. */
  equals(other: TestMachine): boolean {
    return this.counter === other.counter && this.ram.every((byte, i) => byte === other.ram[i]);
  }
}

/** Bytes in which every position can be told from the others nearby. */
export function testBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
}

/** Everything that a source gives, read in pieces of the given sizes, over and over. */
export async function readAll(
  source: { read(into: Uint8Array, position: number): number | Promise<number> },
  sizes: readonly number[] = [65536],
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let position = 0;
  for (let i = 0; ; i++) {
    const into = new Uint8Array(sizes[i % sizes.length] as number);
    const count = await source.read(into, position);
    if (count === 0) break;
    parts.push(into.subarray(0, count));
    position += count;
  }
  const all = new Uint8Array(position);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Writes data in pieces of the given sizes, from memory that is overwritten after each, and closes the sink. */
export async function writeAll(
  sink: { write(data: Uint8Array): void | Promise<void>; close(aborted: boolean): void | Promise<void> },
  data: Uint8Array,
  sizes: readonly number[] = [65536],
): Promise<void> {
  const lent = new Uint8Array(Math.max(...sizes));
  for (let done = 0, i = 0; done < data.length; i++) {
    const part = data.subarray(done, done + (sizes[i % sizes.length] as number));
    lent.set(part);
    await sink.write(lent.subarray(0, part.length));
    lent.fill(0xee);
    done += part.length;
  }
  await sink.close(false);
}

/** Lets timers and sockets have their turn. */
export function later(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
