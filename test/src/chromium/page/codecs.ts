import { crc32, useWasm, wasmReady } from '@ssmkit/runtime';
import { randomNumbers, wasm } from '@ssmkit/runtime/testing';
import { page } from './globals.js';

/** What a page is given. */
export function surroundings(): { isolated: boolean; sharedMemory: boolean; process: boolean } {
  return {
    isolated: page.crossOriginIsolated,
    sharedMemory: page.SharedArrayBuffer !== undefined,
    process: page.process !== undefined,
  };
}

/** Whether WebAssembly is used: at once, in the end, switched off, switched on again. */
export async function wasmUsed(): Promise<boolean[]> {
  const used = [wasm() !== undefined, await wasmReady()];
  for (const on of [false, true]) {
    useWasm(on);
    used.push(wasm() !== undefined);
  }
  return used;
}

/** CRCs of the same bytes wherever this runs, whole and in two pieces. */
export function crcs(sizes: readonly number[]): { whole: number; pieces: number }[] {
  const random = randomNumbers(1);
  return sizes.map((size) => {
    const bytes = Uint8Array.from({ length: size }, () => random() * 256);
    const middle = Math.floor(size / 3);
    return {
      whole: crc32(bytes),
      pieces: crc32(bytes.subarray(middle), crc32(bytes.subarray(0, middle))),
    };
  });
}
