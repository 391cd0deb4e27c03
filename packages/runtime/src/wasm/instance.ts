import { moduleBase64 } from './module.js';
import { WasmCodecs } from './wasm-codecs.js';
import { fromBase64, webAssembly } from './webassembly.js';

/*
 * Starting WebAssembly
 *
 * The module is compiled when it is first wanted, which takes less than a millisecond. Where that must not happen
 * synchronously (in the main thread of some browsers) it happens in the background, and the codecs in TypeScript do the
 * work meanwhile. Where it must not happen at all (a content security policy, no SIMD) they go on doing so.
 */

/** `undefined`: not tried yet; `null`: not there, or not yet. */
let codecs: WasmCodecs | null | undefined;
let compiling: Promise<void> | undefined;
let enabled = true;

/** The codecs in WebAssembly; `undefined` where they are not there, not there yet, or switched off. */
export function wasm(): WasmCodecs | undefined {
  if (!enabled) return undefined;
  if (codecs === undefined) start();
  return codecs ?? undefined;
}

/**
 * Switches WebAssembly off or on again, for everything that runs in this thread. It is on to begin with; without it
 * everything works the same, but slower.
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
  wasm();
  await compiling;
  return wasm() !== undefined;
}

function start(): void {
  codecs = null;
  const api = webAssembly();
  if (api === undefined) return;
  const bytes = fromBase64(moduleBase64);
  const { Module, Instance } = api;
  try {
    codecs = new WasmCodecs(new Instance(new Module(bytes)).exports);
  } catch {
    compiling = api.instantiate(bytes).then(
      ({ instance }) => {
        codecs = new WasmCodecs(instance.exports);
      },
      () => {},
    );
  }
}
