import { sharedWasm, wasm } from '../wasm/instance.js';
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

/**
 * The memory that was given back last. It is used again if nobody has collected it meanwhile: one operation after the other
 * would else each leave some MiB behind, of which the collector knows too little to hurry.
 */
let idle: WeakRef<PoolMemory> | undefined;

/** Gives memory back that nobody uses any more, no worker either. */
export function releasePoolMemory(memory: PoolMemory): void {
  memory.view.control.fill(0);
  idle = new WeakRef(memory);
}

/**
 * Memory for a number of workers; `undefined` where this thread has WebAssembly, but there is none that can be shared:
 * workers without would be slower, and find other matches.
 */
export function newPoolMemory(workers: number, slots: number): PoolMemory | undefined {
  const layout: SharedLayout = { instances: workers + 1, slots };
  const last = idle?.deref();
  idle = undefined;
  if (last !== undefined && isFor(last, layout)) return last;
  const size = sharedSize(layout);
  const shared = wasmMemory(size);
  if (shared === undefined && wasm() !== undefined) return undefined;
  const buffer = (shared?.memory.buffer as SharedArrayBuffer | undefined) ?? new SharedArrayBuffer(size);
  const run = shared === undefined ? plainParts : wasmParts(shared.module, shared.memory, instanceArea(workers));
  return { buffer, layout, view: viewShared(buffer, layout), wasm: shared, run };
}

function isFor({ layout, wasm }: PoolMemory, { instances, slots }: SharedLayout): boolean {
  return layout.instances === instances && layout.slots === slots && wasm?.module === sharedWasm();
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
