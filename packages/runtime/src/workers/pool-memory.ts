import { sharedWasm } from '../wasm/instance.js';
import { WASM_PAGE } from '../wasm/layout.js';
import { type WasmMemory, type WasmModule, webAssembly } from '../wasm/webassembly.js';
import { plainParts } from './parts.js';
import { instanceArea, type RunPart, type SharedLayout, type SharedView, sharedSize, viewShared } from './slots.js';
import { wasmParts } from './wasm-parts.js';

/** The memory of a pool, and who does parts in it. */
export interface PoolMemory {
  readonly buffer: SharedArrayBuffer;
  readonly layout: SharedLayout;
  readonly view: SharedView;
  /** The WebAssembly that all instances have; `undefined` where parts are done in TypeScript. */
  readonly wasm: { readonly module: WasmModule; readonly memory: WasmMemory } | undefined;
  /** Does parts in this thread. */
  readonly run: RunPart;
}

/** Memory for a number of workers. */
export function newPoolMemory(workers: number, slots: number): PoolMemory {
  const layout: SharedLayout = { instances: workers + 1, slots };
  const size = sharedSize(layout);
  const wasm = wasmMemory(size);
  const buffer = (wasm?.memory.buffer as SharedArrayBuffer | undefined) ?? new SharedArrayBuffer(size);
  const run = wasm === undefined ? plainParts : wasmParts(wasm.module, wasm.memory, instanceArea(workers));
  return { buffer, layout, view: viewShared(buffer, layout), wasm, run };
}

function wasmMemory(size: number): PoolMemory['wasm'] {
  const module = sharedWasm();
  const api = webAssembly();
  if (module === undefined || api === undefined) return undefined;
  const pages = Math.ceil(size / WASM_PAGE);
  try {
    return { module, memory: new api.Memory({ initial: pages, maximum: pages, shared: true }) };
  } catch {
    // Each takes up some GiB of addresses, of which there may be no more.
    return undefined;
  }
}
