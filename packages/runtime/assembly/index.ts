import { CRC_POWERS, OWN_SIZE, SLACK, TABLE_SIZE } from './areas';

/*
 * What JavaScript calls. Whoever calls keeps to what areas.ts says of the memory.
 */

export { crc32, crc32Times, makeCrcTables } from './crc32';
export { lz4CompressBlock as lz4Compress } from './lz4-compress';
export { lz4ExpandBlock as lz4Decompress } from './lz4-decompress';
export { lzfCompressBlock as lzfCompress } from './lzf-compress';
export { lzfExpandBlock as lzfDecompress } from './lzf-decompress';
export { expandPart, packPart } from './parts';
export { readRecords, writeRecords } from './records';
export { zeroPages } from './zero';

/** Where the memory is free to those who call: behind the tables that instances share. */
export const FREE: usize = CRC_POWERS + 0x80;
/** Where in an instance's area RESULT is. */
export const RESULT: usize = TABLE_SIZE;
export { OWN_SIZE, SLACK };
