import { loadState, Registry, type Sink, type Source, saveState, useWasm } from '@ssmkit/runtime';
import { useWorkersFrom } from '@ssmkit/runtime/testing';

/** How a state is saved and loaded. */
export interface Way {
  readonly wasm: boolean;
  readonly workers: number;
  /** Also where they do not pay: on two processors one less is faster. */
  readonly always?: boolean;
}

export const ways: Readonly<Record<string, Way>> = {
  WebAssembly: { wasm: true, workers: 0 },
  'WebAssembly, 2 workers': { wasm: true, workers: 2 },
  'WebAssembly, 2 workers in any case': { wasm: true, workers: 2, always: true },
  'TypeScript alone': { wasm: false, workers: 0 },
};

/** A file in memory that need not grow while something is measured. */
export class FixedSink implements Sink {
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

/** Milliseconds of what `run` does. */
async function timed({ wasm, always }: Way, run: () => Promise<unknown>): Promise<number> {
  useWasm(wasm);
  const restore = always ? useWorkersFrom(0) : undefined;
  try {
    const start = performance.now();
    await run();
    return performance.now() - start;
  } finally {
    restore?.();
  }
}

/** A machine that has nothing but memory. */
function machine(memory: Uint8Array): Registry {
  const registry = new Registry();
  registry.register({
    name: 'memory',
    version: 1,
    guess: memory.length,
    saveExec: (stream) => stream.putMem(memory),
    loadExec: (stream) => void stream.getMem(memory),
  });
  return registry;
}

/** Saves a machine with this memory, and returns how many milliseconds that took. */
export function timeSave(memory: Uint8Array, sink: Sink, way: Way): Promise<number> {
  return timed(way, () => saveState(machine(memory), sink, { workers: way.workers }));
}

/** Loads a state into this memory, and returns how many milliseconds that took. */
export function timeLoad(memory: Uint8Array, source: Source, way: Way): Promise<number> {
  return timed(way, () => loadState(machine(memory), source, { workers: way.workers }));
}
