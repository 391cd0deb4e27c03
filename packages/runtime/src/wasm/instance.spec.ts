import { expect } from 'chai';

const real = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly') as PropertyDescriptor;
const api = real.value as { Instance: unknown; instantiate: (bytes: Uint8Array) => Promise<unknown> };

class Refused {
  constructor() {
    throw new RangeError('WebAssembly.Compile is disallowed on the main thread');
  }
}

/** What runtimes have, and whether WebAssembly is used at once and in the end. */
const runtimes: readonly [name: string, has: unknown, atOnce: boolean, inTheEnd: boolean][] = [
  ['one that compiles at once', api, true, true],
  ['a main thread that must not wait', { ...api, Module: Refused, instantiate: api.instantiate }, false, true],
  ['a page whose policy forbids it', { Module: Refused, instantiate: () => Promise.reject(new Error()) }, false, false],
  ['one without WebAssembly', undefined, false, false],
];

describe('WebAssembly in', () => {
  afterEach(() => Object.defineProperty(globalThis, 'WebAssembly', real));

  for (const [i, [name, has, atOnce, inTheEnd]] of runtimes.entries()) {
    it(name, async () => {
      Object.defineProperty(globalThis, 'WebAssembly', { value: has, configurable: true, writable: true });
      // A module of its own, which has not tried yet.
      const { useWasm, wasm, wasmReady } = (await import(`./instance.js?${i}`)) as typeof import('./instance.js');
      expect(wasm() !== undefined).to.equal(atOnce);
      expect(await wasmReady()).to.equal(inTheEnd);
      expect(wasm() !== undefined).to.equal(inTheEnd);
      useWasm(false);
      expect(wasm()).to.equal(undefined);
      expect(await wasmReady()).to.equal(false);
      useWasm(true);
      expect(wasm() !== undefined).to.equal(inTheEnd);
    });
  }
});
