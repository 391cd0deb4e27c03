import { type WasmMemory, type WasmModule, type WebAssemblyApi, webAssembly } from './webassembly.js';

/** What the module exports. Places are addresses in its memory; each has WASM_SLACK bytes behind it. */
export interface WasmExports {
  lzfCompress(input: number, length: number, output: number, limit: number): number;
  lzfDecompress(input: number, end: number, output: number, size: number): number;
  lz4Compress(input: number, length: number, output: number, limit: number): number;
  lz4Decompress(input: number, end: number, output: number, size: number): number;
  zeroPages(pages: number, count: number, output: number): void;
  makeCrcTables(): void;
  crc32(start: number, end: number, previous: number): number;
  crc32Times(remainder: number, exponent: number): number;
  readRecords(start: number, end: number, output: number, room: number, lastType: number): void;
  writeRecords(input: number, count: number, packing: number, output: number): number;
  packPart(ops: number, count: number, data: number, rest: number, output: number, packing: number): number;
  expandPart(ops: number, count: number, area: number, output: number, packing: number): number;
}

/** Starts the module in a memory. @param own where the area of this instance is. */
export function startModule(module: WasmModule, memory: WasmMemory, own: number): WasmExports {
  const { Instance } = webAssembly() as WebAssemblyApi;
  return new Instance(module, { env: { memory }, areas: { OWN: own } }).exports as WasmExports;
}
