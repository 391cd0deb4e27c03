import { startModule } from '../wasm/exports.js';
import { WASM_RESULT } from '../wasm/layout.js';
import type { WasmMemory, WasmModule } from '../wasm/webassembly.js';
import { type RunPart, Slot } from './slots.js';

// Asked for at run time instead of imported, so that the package loads in a browser.
const nativeCrc: ((bytes: Uint8Array) => number) | undefined =
  globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

/**
 * Does parts in WebAssembly, in the memory in which they are.
 *
 * Nothing is imported here that is not needed, since every worker loads it anew.
 *
 * @param own where the area of this instance is.
 */
export function wasmParts(module: WasmModule, memory: WasmMemory, own: number): RunPart {
  const codecs = startModule(module, memory, own);
  if (nativeCrc === undefined) codecs.makeCrcTables();
  const result = new Uint32Array(memory.buffer, own + WASM_RESULT, 1);
  const all = new Uint8Array(memory.buffer);
  const crc32 = (from: number, end: number) =>
    nativeCrc === undefined ? codecs.crc32(from, end, 0) : nativeCrc(all.subarray(from, end));
  return ({ words, ops, data, rest, area }, { byteOffset: out }) => {
    const type = words[Slot.type] as number;
    const count = words[Slot.ops] as number;
    let from: number;
    let end: number;
    if (words[Slot.expand] === 1) {
      words[Slot.size] = codecs.expandPart(ops.byteOffset, count, area.byteOffset, out, type);
      words[Slot.good] = result[0] as number;
      from = area.byteOffset + (words[Slot.start] as number);
      end = from + (words[Slot.stored] as number);
    } else {
      const size = codecs.packPart(ops.byteOffset, count, data.byteOffset, rest.byteOffset, out, type);
      words[Slot.size] = size;
      from = out;
      end = out + size;
    }
    words[Slot.crc] = crc32(from, end);
  };
}
