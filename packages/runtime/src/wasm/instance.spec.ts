import { expect } from 'chai';
import * as layout from './layout.js';
import { moduleBase64, sharedModuleBase64 } from './module.js';
import { fromBase64, type WebAssemblyApi } from './webassembly.js';

const real = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly') as PropertyDescriptor;
const api = real.value as { readonly compile: (bytes: Uint8Array) => Promise<object> };

class Refused {
  constructor() {
    throw new RangeError('WebAssembly.Compile is disallowed on the main thread');
  }
}

/** WebAssembly that compiles in the background at most. */
function withoutModule(compile: (typeof api)['compile']): object {
  const { Instance, Memory } = real.value as Record<string, unknown>;
  return { Instance, Memory, Module: Refused, compile };
}

/** What runtimes have, and whether WebAssembly is used at once and in the end. */
const runtimes: readonly [name: string, has: unknown, atOnce: boolean, inTheEnd: boolean][] = [
  ['one that compiles at once', api, true, true],
  ['a main thread that must not wait', withoutModule(api.compile), false, true],
  ['a page whose policy forbids it', withoutModule(() => Promise.reject(new Error())), false, false],
  ['one without WebAssembly', undefined, false, false],
];

describe('WebAssembly in', () => {
  afterEach(() => Object.defineProperty(globalThis, 'WebAssembly', real));

  for (const [i, [name, has, atOnce, inTheEnd]] of runtimes.entries()) {
    it(name, async () => {
      Object.defineProperty(globalThis, 'WebAssembly', { value: has, configurable: true, writable: true });
      // A module of its own, which has not tried yet.
      const { sharedWasm, useWasm, wasm, wasmReady } = (await import(
        `./instance.js?${i}`
      )) as typeof import('./instance.js');
      expect(wasm() !== undefined).to.equal(atOnce);
      expect(sharedWasm() !== undefined).to.equal(atOnce);
      expect(await wasmReady()).to.equal(inTheEnd);
      expect(wasm() !== undefined).to.equal(inTheEnd);
      expect(sharedWasm() !== undefined).to.equal(inTheEnd);
      useWasm(false);
      expect(wasm()).to.equal(undefined);
      expect(sharedWasm()).to.equal(undefined);
      expect(await wasmReady()).to.equal(false);
      useWasm(true);
      expect(wasm() !== undefined).to.equal(inTheEnd);
    });
  }
});

describe('the memory of WebAssembly is laid out here as in the module', () => {
  for (const [name, base64] of Object.entries({ own: moduleBase64, shared: sharedModuleBase64 })) {
    it(name, () => {
      const { WASM_FREE, WASM_OWN_SIZE, WASM_RESULT, WASM_SLACK } = layout;
      const { Module, Instance, Memory } = real.value as WebAssemblyApi;
      const memory = new Memory({ initial: 8, maximum: 8, shared: name === 'shared' });
      const imports = { env: { memory }, areas: { OWN: WASM_FREE } };
      const { FREE, OWN_SIZE, RESULT, SLACK } = new Instance(new Module(fromBase64(base64)), imports).exports as Record<
        string,
        { readonly value: number }
      >;
      expect([FREE?.value, OWN_SIZE?.value, RESULT?.value, SLACK?.value]).to.deep.equal([
        WASM_FREE,
        WASM_OWN_SIZE,
        WASM_RESULT,
        WASM_SLACK,
      ]);
    });
  }
});
