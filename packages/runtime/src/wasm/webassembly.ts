/*
 * What is used of the global `WebAssembly`, which no library of types has for Node and browsers alike.
 */

/** A value of a module that never changes. */
export interface WasmConstant {
  readonly value: number;
}

interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
  instantiate(bytes: Uint8Array): Promise<{ readonly instance: { readonly exports: object } }>;
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
