import { moduleBase64, sharedModuleBase64 } from './module.js';
import { WasmCodecs } from './wasm-codecs.js';
import { fromBase64, type WasmModule, webAssembly } from './webassembly.js';

/*
 * Starting WebAssembly
 *
 * A module is compiled when it is first wanted, which takes less than a millisecond. Where that must not happen
 * synchronously (in the main thread of some browsers) it happens in the background, and the codecs in TypeScript do the
 * work meanwhile. Where it must not happen at all (a content security policy, no SIMD) they go on doing so.
 */

/** A module that is compiled once. */
class LazyModule {
  readonly #base64: string;
  readonly #onReady: (module: WasmModule) => void;
  #started = false;
  #compiling: Promise<void> | undefined;

  constructor(base64: string, onReady: (module: WasmModule) => void) {
    this.#base64 = base64;
    this.#onReady = onReady;
  }

  /** Compiles it, unless that was tried before. @returns what to wait for where that happens in the background. */
  start(): Promise<void> | undefined {
    const api = webAssembly();
    if (this.#started || api === undefined) return this.#compiling;
    this.#started = true;
    const bytes = fromBase64(this.#base64);
    try {
      this.#onReady(new api.Module(bytes));
    } catch {
      this.#compiling = api
        .compile(bytes)
        .then(this.#onReady)
        .catch(() => {});
    }
    return this.#compiling;
  }
}

let enabled = true;
let codecs: WasmCodecs | undefined;
let shared: WasmModule | undefined;

const ownModule = new LazyModule(moduleBase64, (module) => {
  codecs = new WasmCodecs(module);
});
const sharedModule = new LazyModule(sharedModuleBase64, (module) => {
  shared = module;
});

/** The codecs in WebAssembly; `undefined` where they are not there, not there yet, or switched off. */
export function wasm(): WasmCodecs | undefined {
  if (!enabled) return undefined;
  if (codecs === undefined) ownModule.start();
  return codecs;
}

/** The module for memory that workers share; `undefined` as {@link wasm}, and where memory cannot be shared. */
export function sharedWasm(): WasmModule | undefined {
  if (!enabled) return undefined;
  if (shared === undefined) sharedModule.start();
  return shared;
}

/**
 * Switches WebAssembly off or on again, for everything that begins in this thread from now on. It is on to begin with;
 * without it everything works the same, but slower.
 */
export function useWasm(on: boolean): void {
  enabled = on;
}

/**
 * Waits until WebAssembly is ready, where it must be compiled in the background. Nobody needs to: until then, and where
 * there is none, the codecs are those in TypeScript.
 *
 * @returns whether WebAssembly is used.
 */
export async function wasmReady(): Promise<boolean> {
  if (enabled) await Promise.all([ownModule.start(), sharedModule.start()]);
  return wasm() !== undefined;
}
