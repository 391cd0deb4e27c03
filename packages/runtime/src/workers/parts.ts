import { lz4Decompress, lzfDecompress } from '../codecs/blocks.js';
import { copyBytes, copyShared } from '../codecs/copy.js';
import { crc32 } from '../codecs/crc32.js';
import { packBlock, packerOf } from '../containers/v2/pack-block.js';
import { BLOCK, RecordType } from '../containers/v2/records.js';
import { wasm } from '../wasm/instance.js';
import type { WasmCodecs } from '../wasm/wasm-codecs.js';
import { OUT_SIZE, Slot, SlotState, type SlotView } from './slots.js';

/*
 * What is done with a part, by a worker or by whoever waits for one.
 *
 * Packing: an operation n > 0 stands for the next n blocks of 4 KiB in `data`, which become records; n < 0 for the next
 * -n bytes in `rest`, which are records already.
 *
 * Expanding: an operation is three words, where a packed block begins (`data` and `rest` are one area), where it ends,
 * and to how many bytes it expands.
 */

/** Bytes of the largest packed block, and what may be in front of it. */
const PACKED_ROOM = BLOCK + 16;

/** Work that is not done in the memory of WebAssembly is done in memory of one's own: shared memory is slow to write to. */
let workshop: Uint8Array | undefined;
const block = new Uint8Array(PACKED_ROOM);

/** Does what a slot asks for, and says so. The slot has been taken. */
export function runPart(slot: SlotView): void {
  const result = doPart(slot);
  copyShared(result, 0, result.length, slot.out, 0);
  Atomics.store(slot.words, Slot.state, SlotState.done);
}

/** Does what a slot asks for, and returns what comes of it: valid until the next call. */
export function doPart(slot: SlotView): Uint8Array {
  const { words } = slot;
  const result = words[Slot.expand] === 1 ? expandPart(slot) : packPart(slot);
  words[Slot.size] = result.length;
  return result;
}

function packPart({ words, ops, data, rest }: SlotView): Uint8Array {
  const type = words[Slot.type] as number;
  const count = words[Slot.ops] as number;
  const codecs = wasm();
  const only = ops[0] as number;
  if (codecs !== undefined && count === 1 && only > 0 && only <= codecs.blocksMax) {
    const records = codecs.writeRecords(data, 0, only, type);
    words[Slot.crc] = crc32(records);
    return records;
  }
  workshop ??= new Uint8Array(OUT_SIZE);
  let at = 0;
  let from = 0;
  let restFrom = 0;
  for (let i = 0; i < count; i++) {
    const op = ops[i] as number;
    if (op < 0) {
      workshop.set(rest.subarray(restFrom, restFrom - op), at);
      restFrom -= op;
      at -= op;
    } else {
      at = packBlocks(data, from, op, type, workshop, at);
      from += op * BLOCK;
    }
  }
  const result = workshop.subarray(0, at);
  words[Slot.crc] = crc32(result);
  return result;
}

/** Packs `count` blocks from `data[from]` on into `into[at…)`, and returns where that ends. */
function packBlocks(data: Uint8Array, from: number, count: number, type: number, into: Uint8Array, at: number): number {
  const codecs = wasm();
  const packer = packerOf(type);
  let out = at;
  for (let done = 0; done < count; ) {
    if (codecs === undefined) {
      out = packBlock(data, from + done * BLOCK, packer, into, out);
      done++;
      continue;
    }
    const blocks = Math.min(count - done, codecs.blocksMax);
    const records = codecs.writeRecords(data, from + done * BLOCK, blocks, type);
    copyBytes(records, 0, records.length, into, out);
    out += records.length;
    done += blocks;
  }
  return out;
}

function expandPart(slot: SlotView): Uint8Array {
  const codecs = slot.words[Slot.whole] === 1 ? wasm() : undefined;
  return codecs === undefined ? expandBlocks(slot) : expandRecords(slot, codecs);
}

/** Blocks in records that follow each other: all in one call. */
function expandRecords({ words, ops, area }: SlotView, codecs: WasmCodecs): Uint8Array {
  const count = words[Slot.ops] as number;
  // In front of the first block are its size in units of 1 KiB and the header of the record.
  const start = words[Slot.start] as number;
  codecs.readRecords(area, start, ops[count - 2] as number, OUT_SIZE, words[Slot.type] as number);
  const { data } = codecs;
  let good = 0;
  for (let sum = 0; good < count / 3; good++) {
    sum += ops[3 * good + 2] as number;
    if (sum > data.length) break;
  }
  words[Slot.good] = good;
  return data;
}

function expandBlocks({ words, ops, area }: SlotView): Uint8Array {
  workshop ??= new Uint8Array(OUT_SIZE);
  const expand = words[Slot.type] === RecordType.lz4 ? lz4Decompress : lzfDecompress;
  const count = words[Slot.ops] as number;
  let at = 0;
  let good = 0;
  for (let i = 0; i < count; i += 3) {
    const from = ops[i] as number;
    const size = (ops[i + 1] as number) - from;
    const expanded = ops[i + 2] as number;
    const skew = (area.byteOffset + from) & 7;
    block.set(area.subarray(from, from + size), skew);
    if (!expand(block, skew, skew + size, workshop, at, expanded)) break;
    at += expanded;
    good++;
  }
  words[Slot.good] = good;
  return workshop.subarray(0, at);
}
