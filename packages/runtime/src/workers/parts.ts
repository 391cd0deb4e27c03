import { lz4Decompress, lzfDecompress } from '../codecs/blocks.js';
import { copyBytes, copyShared } from '../codecs/copy.js';
import { crc32 } from '../codecs/crc32.js';
import { packBlock, packerOf } from '../containers/v2/pack-block.js';
import { BLOCK, RecordType } from '../containers/v2/records.js';
import { OUT_SIZE, Slot, type SlotView } from './slots.js';

/** Bytes of the largest packed block, and what may be in front of it. */
const PACKED_ROOM = BLOCK + 16;

/** Shared memory is slow to write to: what comes of a part is made in memory of one's own, and then copied. */
let workshop: Uint8Array | undefined;
const block = new Uint8Array(PACKED_ROOM);

/** Does parts where there is no WebAssembly. */
export function plainParts(slot: SlotView, out: Uint8Array): void {
  const { words, area } = slot;
  workshop ??= new Uint8Array(OUT_SIZE);
  const isExpanded = words[Slot.expand] === 1;
  const size = isExpanded ? expandPart(slot, workshop) : packPart(slot, workshop);
  const start = words[Slot.start] as number;
  words[Slot.size] = size;
  words[Slot.crc] = crc32(
    isExpanded ? area.subarray(start, start + (words[Slot.stored] as number)) : workshop.subarray(0, size),
  );
  copyShared(workshop, 0, size, out, 0);
}

function packPart({ words, ops, data, rest }: SlotView, into: Uint8Array): number {
  const packer = packerOf(words[Slot.type] as number);
  const count = words[Slot.ops] as number;
  let at = 0;
  let from = 0;
  let restFrom = 0;
  for (let i = 0; i < count; i++) {
    const op = ops[i] as number;
    if (op < 0) {
      into.set(rest.subarray(restFrom, restFrom - op), at);
      restFrom -= op;
      at -= op;
      continue;
    }
    for (const end = from + op * BLOCK; from < end; from += BLOCK) at = packBlock(data, from, packer, into, at);
  }
  return at;
}

function expandPart({ words, ops, area }: SlotView, into: Uint8Array): number {
  const expand = words[Slot.type] === RecordType.lz4 ? lz4Decompress : lzfDecompress;
  const count = words[Slot.ops] as number;
  let at = 0;
  let good = 0;
  for (let i = 0; i < count; i += 3) {
    const from = ops[i] as number;
    const size = (ops[i + 1] as number) - from;
    const expanded = ops[i + 2] as number;
    // From shared memory copies are fast only to a place that lies alike.
    const skew = (area.byteOffset + from) & 7;
    block.set(area.subarray(from, from + size), skew);
    if (expanded === 0) copyBytes(block, skew, skew + size, into, at);
    else if (!expand(block, skew, skew + size, into, at, expanded)) break;
    at += expanded === 0 ? size : expanded;
    good++;
  }
  words[Slot.good] = good;
  return at;
}
