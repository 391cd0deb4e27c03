/*
 * What is used of the global `WebAssembly`, which no library of types has for Node and browsers alike.
 */

/** A compiled module. It can be posted to workers. */
export type WasmModule = object & { readonly brand?: 'WebAssembly.Module' };

/** Memory of WebAssembly; its buffer is a `SharedArrayBuffer` where it is shared. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

export interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: object };
  /** Sizes are in pages of 64 KiB. */
  Memory: new (size: {
    initial: number;
    maximum: number;
    shared?: boolean;
  }) => WasmMemory;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}

/** `undefined` where there is none. */
export function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
}

/** Bytes of a base64 string. Browsers and Node have `atob`. */
export function fromBase64(text: string): Uint8Array {
  const { atob } = globalThis as unknown as { atob(text: string): string };
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
