import { loadState, Registry, type Sink, type Source, saveState, useWasm } from '@ssmkit/runtime';

/** How a state is saved and loaded. */
export interface Way {
  readonly wasm: boolean;
  readonly workers: number;
}

export const ways: Readonly<Record<string, Way>> = {
  WebAssembly: { wasm: true, workers: 0 },
  'WebAssembly, 1 worker': { wasm: true, workers: 1 },
  'WebAssembly, 2 workers': { wasm: true, workers: 2 },
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
async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
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
export function timeSave(memory: Uint8Array, sink: Sink, { wasm, workers }: Way): Promise<number> {
  useWasm(wasm);
  return timed(() => saveState(machine(memory), sink, { workers }));
}

/** Loads a state into this memory, and returns how many milliseconds that took. */
export function timeLoad(memory: Uint8Array, source: Source, { wasm, workers }: Way): Promise<number> {
  useWasm(wasm);
  return timed(() => loadState(machine(memory), source, { workers }));
}
