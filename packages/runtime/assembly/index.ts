import { INPUT, INPUT_SIZE, OUTPUT, OUTPUT_SIZE } from './areas';
import { lz4CompressBlock } from './lz4-compress';
import { lz4ExpandBlock } from './lz4-decompress';
import { lzfCompressBlock } from './lzf-compress';
import { lzfExpandBlock } from './lzf-decompress';
import { RESULT, readRecords as read, writeRecords as write } from './records';
import { isZero } from './zero';

/*
 * What JavaScript calls. Data is in INPUT, results are in OUTPUT; areas.ts says where. Whoever calls keeps to the sizes of
 * the areas.
 */

export { INPUT, INPUT_SIZE, OUTPUT, OUTPUT_SIZE, RESULT };

/** Packs `length` bytes of INPUT. @returns the size of the result, or 0 when it does not fit in the limit. */
export function lzfCompress(length: usize, limit: usize): usize {
  return lzfCompressBlock(INPUT, length, OUTPUT, limit);
}

/** Expands a block of `length` bytes. @returns whether it is well formed and expands to exactly `size` bytes. */
export function lzfDecompress(length: usize, size: usize): bool {
  return lzfExpandBlock(INPUT, INPUT + length, OUTPUT, size);
}

/** As {@link lzfCompress}. */
export function lz4Compress(length: usize, limit: usize): usize {
  return lz4CompressBlock(INPUT, length, OUTPUT, limit);
}

/** As {@link lzfDecompress}. */
export function lz4Decompress(length: usize, size: usize): bool {
  return lz4ExpandBlock(INPUT, INPUT + length, OUTPUT, size);
}

/** Writes a byte to OUTPUT for each of `count` pages: 1 where it is all zero, else 0. */
export function zeroPages(count: u32): void {
  for (let page: u32 = 0; page < count; page++) {
    store<u8>(OUTPUT + page, isZero(INPUT + ((page as usize) << 12), 4096) ? 1 : 0);
  }
}

/** Reads the records in the `length` bytes of INPUT from `skew`, at most 15, on; see records.ts. */
export function readRecords(skew: usize, length: usize, room: usize, lastType: u32): void {
  read(INPUT + skew, INPUT + skew + length, room, lastType);
}

/** Writes records of the first `count` blocks of INPUT; see records.ts. */
export function writeRecords(count: u32, packing: u32): usize {
  return write(INPUT, count, packing);
}
