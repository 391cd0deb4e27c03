import { crc32, loadState, MemorySource, Registry, type Sink, saveState, useWasm, wasmReady } from '@ssmkit/runtime';
import { useWorkersFrom } from '@ssmkit/runtime/testing';
import { fetchBytes } from './globals.js';

/*
 * A guest's memory, saved to a file in memory and loaded from it. Everything that is large is there before anything is
 * measured.
 */

/** A file in memory that need not grow. */
class FixedSink implements Sink {
  readonly #bytes: Uint8Array;
  #size = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  write(data: Uint8Array): void {
    this.#bytes.set(data, this.#size);
    this.#size += data.length;
  }

  close(): void {}

  get state(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Which codecs are used, and by how many workers. */
export interface Way {
  readonly wasm: boolean;
  readonly workers: number;
}

/** What is compared, the slowest first. */
export const ways: Readonly<Record<string, Way>> = {
  TypeScript: { wasm: false, workers: 0 },
  WebAssembly: { wasm: true, workers: 0 },
  'WebAssembly, 2 workers': { wasm: true, workers: 2 },
};

/** How long it took, in milliseconds, how large the file is, and how many workers there were in the end. */
export interface Figures {
  readonly time: number;
  readonly size: number;
  readonly workers: number;
}

let memory = new Uint8Array(0);
let file = new Uint8Array(0);
let into = new Uint8Array(0);
let state: Uint8Array = file;
let workers = 0;

/** Makes all ready: `size` bytes of a guest's memory, which the server at `address` has. */
export async function prepare(address: string, size: number): Promise<void> {
  await wasmReady();
  // Also where they do not pay.
  useWorkersFrom(0);
  memory = await fetchBytes(`${address}/guest-memory?size=${size}`);
  // Touched now, and not while something is measured.
  file = new Uint8Array(size).fill(1);
  into = new Uint8Array(size).fill(1);
}

const unitsOf = (memory: Uint8Array): Registry => {
  const units = new Registry();
  units.register({
    name: 'memory',
    version: 1,
    guess: memory.length,
    saveExec: (stream, handle) => {
      stream.putMem(memory);
      workers = handle.workers;
    },
    loadExec: (stream, _version, _pass, handle) => {
      stream.getMem(memory);
      workers = handle.workers;
    },
  });
  return units;
};

async function timed(way: Way, work: () => Promise<unknown>): Promise<Figures> {
  useWasm(way.wasm);
  try {
    const start = performance.now();
    await work();
    return { time: performance.now() - start, size: state.length, workers };
  } finally {
    useWasm(true);
  }
}

export function save(way: Way): Promise<Figures> {
  const sink = new FixedSink(file);
  return timed(way, async () => {
    await saveState(unitsOf(memory), sink, { workers: way.workers });
    state = sink.state;
  });
}

export function load(way: Way): Promise<Figures> {
  into.fill(1);
  return timed(way, () => loadState(unitsOf(into), new MemorySource(state), { workers: way.workers }));
}

/** CRC of the file. */
export function fileCrc(): number {
  return crc32(state);
}

/** Whether what was loaded last is what was saved. */
export function isSame(): boolean {
  const [saved, loaded] = [memory, into].map((bytes) => new Int32Array(bytes.buffer)) as [Int32Array, Int32Array];
  // A loop, as it takes a tenth of the time of `every`, which would be longer than all that is measured.
  for (let i = 0; i < saved.length; i++) if (saved[i] !== loaded[i]) return false;
  return saved.length === loaded.length;
}
