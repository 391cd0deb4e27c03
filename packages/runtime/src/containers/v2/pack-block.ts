import { type Compress, lz4Compress, lzfCompress } from '../../codecs/blocks.js';
import { copyBytes } from '../../codecs/copy.js';
import { BLOCK, type Compression, FIXED, IMPORTANT, PACKED_LIMIT, RecordType } from './records.js';

/** First bytes of the records that hold data as it is, and of those that stand for zeros. */
export const RAW = FIXED | IMPORTANT | RecordType.raw;
export const ZERO = FIXED | IMPORTANT | RecordType.zero;
const BLOCK_KIB = BLOCK / 1024;

/** How blocks are packed: the type of the record, and what packs. */
export interface Packer {
  readonly type: number;
  readonly compress: Compress;
}

/** `none` has no packer. */
export const packers: Readonly<Record<Compression, Packer | undefined>> = {
  lzf: { type: RecordType.lzf, compress: lzfCompress },
  lz4: { type: RecordType.lz4, compress: lz4Compress },
  none: undefined,
};

/** The packer that makes records of a type. */
export function packerOf(type: number): Packer | undefined {
  return Object.values(packers).find((packer) => packer?.type === type);
}

/** Words of memory that is not aligned to four bytes are looked at here. */
const aligned = new Uint8Array(BLOCK);
const alignedWords = new Int32Array(aligned.buffer);

/**
 * Writes the record of the block `data[from, from + BLOCK)` to `into[at…)`, which has room for a RAW one, and returns
 * where it ends.
 */
export function packBlock(
  data: Uint8Array,
  from: number,
  packer: Packer | undefined,
  into: Uint8Array,
  at: number,
): number {
  if (isZeroBlock(data, from)) return putZeroRecord(into, at);
  const size = packer?.compress(data, from, from + BLOCK, into, at + 5, PACKED_LIMIT) ?? 0;
  if (packer !== undefined && size > 0) {
    into[at] = FIXED | IMPORTANT | packer.type;
    putSize3(into, at + 1, size + 1);
    into[at + 4] = BLOCK_KIB;
    return at + 5 + size;
  }
  into[at] = RAW;
  putSize3(into, at + 1, BLOCK);
  copyBytes(data, from, from + BLOCK, into, at + 4);
  return at + 4 + BLOCK;
}

/** Writes the record of a block of zeros, and returns where it ends. */
function putZeroRecord(into: Uint8Array, at: number): number {
  into[at] = ZERO;
  into[at + 1] = 1;
  into[at + 2] = BLOCK_KIB;
  return at + 3;
}

/** Whether a block is all zero. */
function isZeroBlock(data: Uint8Array, from: number): boolean {
  if (data[from] !== 0 || data[from + 2040] !== 0 || data[from + BLOCK - 1] !== 0) return false;
  const offset = data.byteOffset + from;
  if (offset % 4 === 0) return isZero(new Int32Array(data.buffer, offset, BLOCK / 4));
  aligned.set(data.subarray(from, from + BLOCK));
  return isZero(alignedWords);
}

function isZero(words: Int32Array): boolean {
  for (let i = 0; i < BLOCK / 4; i += 8) {
    const any =
      (words[i] as number) |
      (words[i + 1] as number) |
      (words[i + 2] as number) |
      (words[i + 3] as number) |
      (words[i + 4] as number) |
      (words[i + 5] as number) |
      (words[i + 6] as number) |
      (words[i + 7] as number);
    if (any !== 0) return false;
  }
  return true;
}

/** The form of the size that blocks always have, however small they are. */
function putSize3(bytes: Uint8Array, at: number, size: number): void {
  bytes[at] = 0xe0 | (size >> 12);
  bytes[at + 1] = 0x80 | ((size >> 6) & 0x3f);
  bytes[at + 2] = 0x80 | (size & 0x3f);
}
