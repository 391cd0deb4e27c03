import { result } from './areas';
import { copyOver } from './copy';
import { lz4CompressBlock } from './lz4-compress';
import { lz4ExpandBlock } from './lz4-decompress';
import { lzfCompressBlock } from './lzf-compress';
import { lzfExpandBlock } from './lzf-decompress';
import { isZero } from './zero';

/*
 * Records of format V2.0, many in one call. The format is explained in containers/v2/records.ts.
 */

const RAW: u32 = 2;
const LZF: u32 = 3;
const ZERO: u32 = 4;
export const LZ4: u32 = 6;

/** First byte of a record, less its type: a fixed bit and the flag "important". */
const FIRST: u32 = 0x90;
/** Bits of the first byte that are fixed, and how. */
const FIXED_MASK: u32 = 0xe0;
const FIXED: u32 = 0x80;
const TYPE_MASK: u32 = 0x0f;

const BLOCK: usize = 4096;
const BLOCK_KIB: u32 = 4;
/** Largest packed block that is written. */
const PACKED_LIMIT: usize = BLOCK - 256;

/*
 * What RESULT tells of the records that were read: their bytes, the bytes that they stand for, and how many of each type
 * there were.
 */
const DATA: usize = 4;
const RESULT_SIZE: usize = 8 * 4;

/** Whether the next record begins as this one has. */
function isFollowed(next: usize, end: usize, first: u32): bool {
  return next < end && (load<u8>(next) as u32) === first;
}

/**
 * Reads records from `pos` on, and writes what they stand for to `out`, until one comes that does not fit in `room`, is
 * not all there, or is none that a writer makes of data: that one is the caller's, who also knows what is wrong with it.
 * So is one with which several of zeros begin, or several of blocks that are not packed: from here they would only be
 * copied once more.
 *
 * @param lastType highest type that there may be. RESULT tells what was done.
 */
export function readRecords(pos: usize, end: usize, out: usize, room: usize, lastType: u32): void {
  const start = pos;
  const outStart = out;
  const roomEnd = out + room;
  const told = result();
  memory.fill(told, 0, RESULT_SIZE);
  while (end - pos >= 3) {
    const first = load<u8>(pos) as u32;
    const type = first & TYPE_MASK;
    if ((first & FIXED_MASK) !== FIXED || type > lastType) break;
    // A size of up to three bytes.
    let size = load<u8>(pos + 1) as usize;
    let from = pos + 2;
    if (size >= 0x80) {
      const second = load<u8>(pos + 2) as usize;
      if ((second & 0xc0) !== 0x80) break;
      if ((size & 0x20) === 0) {
        size = ((size & 0x1f) << 6) | (second & 0x3f);
        from = pos + 3;
      } else {
        if ((size & 0x10) !== 0 || end - pos < 4) break;
        const third = load<u8>(pos + 3) as usize;
        if ((third & 0xc0) !== 0x80) break;
        size = ((size & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
        from = pos + 4;
      }
    }
    if (size === 0 || size > end - from) break;
    if (type === RAW) {
      if (size > BLOCK || size > roomEnd - out || (size === BLOCK && isFollowed(from + size, end, first))) break;
      copyOver(out, from, size);
      out += size;
    } else {
      const expanded = (load<u8>(from) as usize) << 10;
      if (expanded === 0 || expanded > BLOCK || expanded > roomEnd - out) break;
      if (type === ZERO) {
        if (size !== 1 || isFollowed(from + size, end, first)) break;
        memory.fill(out, 0, expanded);
      } else {
        if (size < 2 || size - 1 > expanded) break;
        const block = from + 1;
        if (type === LZF) {
          if (!lzfExpandBlock(block, from + size, out, expanded)) break;
        } else if (type === LZ4) {
          if (!lz4ExpandBlock(block, from + size, out, expanded)) break;
        } else break;
      }
      out += expanded;
    }
    pos = from + size;
    const count = told + ((type as usize) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  store<u32>(told, (pos - start) as u32);
  store<u32>(told, (out - outStart) as u32, DATA);
}

/** Writes the size of a record in three bytes. */
function putSize3(at: usize, size: usize): void {
  store<u8>(at, (0xe0 | (size >> 12)) as u8);
  store<u8>(at + 1, (0x80 | ((size >> 6) & 0x3f)) as u8);
  store<u8>(at + 2, (0x80 | (size & 0x3f)) as u8);
}

/**
 * Writes a record to `out` for each of `count` blocks from `input` on: ZERO, packed, or RAW where packing does not pay.
 *
 * @param packing LZF or LZ4, as in records; else blocks are not packed.
 * @returns how many bytes of records there are.
 */
export function writeRecords(input: usize, count: u32, packing: u32, out: usize): usize {
  const start = out;
  for (const end = input + (count as usize) * BLOCK; input < end; input += BLOCK) {
    if (isZero(input, BLOCK)) {
      store<u8>(out, (FIRST | ZERO) as u8);
      store<u8>(out + 1, 1);
      store<u8>(out + 2, BLOCK_KIB as u8);
      out += 3;
      continue;
    }
    let size: usize = 0;
    if (packing === LZF) size = lzfCompressBlock(input, BLOCK, out + 5, PACKED_LIMIT);
    else if (packing === LZ4) size = lz4CompressBlock(input, BLOCK, out + 5, PACKED_LIMIT);
    if (size > 0) {
      store<u8>(out, (FIRST | packing) as u8);
      putSize3(out + 1, size + 1);
      store<u8>(out + 4, BLOCK_KIB as u8);
      out += 5 + size;
    } else {
      store<u8>(out, (FIRST | RAW) as u8);
      putSize3(out + 1, BLOCK);
      copyOver(out + 4, input, BLOCK);
      out += 4 + BLOCK;
    }
  }
  return out - start;
}
