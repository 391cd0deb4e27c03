import lz4 from 'lz4js';

/*
 * LZ4 blocks
 *
 * A block is a chain of sequences: literals, and a reference to what was put out up to 64 KiB before:
 *
 *     llll mmmm │ (more l) │ literals │ offset, 2 bytes, little-endian │ (more m)         m + 4 bytes from offset back
 *
 * A nibble of 15 goes on in the bytes that follow: each is added, and the first that is not 255 is the last. The last
 * sequence ends after its literals. There is no header and no end mark.
 *
 * lz4js does the work, between checks of ours: it trusts every length and offset of a block, and its blocks may break
 * the format's rules for their end, which other decoders insist on (the last 5 bytes are literals, and the last match
 * begins at least 12 bytes before the end).
 */

/** Most bytes that {@link lz4Compress} takes. */
export const LZ4_BLOCK_MAX = 4096;

const NIBBLE = 15;

/**
 * lz4js begins matches 10 bytes before the end of what it is given, or earlier. With this much less in front of it they
 * begin where the format asks.
 */
const HELD_BACK = 3;

/** What the compressor works with; made when it is first needed. */
interface Workshop {
  /** The block, from position 1 on: at position 0 lz4js takes "no match" for "nothing written". */
  readonly source: Uint8Array;
  /** Positions by hash, as many as lz4js has hashes. */
  readonly table: Uint32Array;
  readonly block: Uint8Array;
}

const FROM = 1;

let workshop: Workshop | undefined;

function openWorkshop(): Workshop {
  return {
    source: new Uint8Array(FROM + LZ4_BLOCK_MAX),
    table: new Uint32Array(65536),
    block: new Uint8Array(lz4.compressBound(LZ4_BLOCK_MAX)),
  };
}

/**
 * Compresses `input[start, end)`, at most {@link LZ4_BLOCK_MAX} bytes, into `into[at, at + limit)`.
 *
 * @param limit most bytes the result may have; `into` must have room for them.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 * @throws RangeError for a larger block.
 */
export function lz4Compress(
  input: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  limit: number,
): number {
  const length = end - start;
  if (length > LZ4_BLOCK_MAX) throw new RangeError(`a block of ${length} bytes, at most ${LZ4_BLOCK_MAX}`);
  workshop ??= openWorkshop();
  const { source, table, block } = workshop;
  source.set(input.subarray(start, end), FROM);
  table.fill(0);

  const given = Math.max(0, length - HELD_BACK);
  const size = lz4.compressBlock(source, block, FROM, given, table);
  // The last literals are written anew, with those that were held back.
  const { token, literals } = lastSequence(block, size);
  const count = length - given + (size - literals);
  const more = count < NIBBLE ? 0 : 1 + Math.floor((count - NIBBLE) / 255);
  if (token + 1 + more + count > limit) return 0;
  into.set(block.subarray(0, token), at);
  let out = at + token;
  into[out++] = Math.min(count, NIBBLE) << 4;
  for (let i = 0; i < more; i++) into[out++] = i < more - 1 ? 255 : (count - NIBBLE) % 255;
  into.set(input.subarray(end - count, end), out);
  return out + count - at;
}

/** Where the last sequence of a sound block has its token and its literals. */
function lastSequence(block: Uint8Array, size: number): { token: number; literals: number } {
  for (let token = 0; ; ) {
    const lengths = block[token] as number;
    let literals = token + 1;
    let count = lengths >> 4;
    if (count === NIBBLE) {
      let next: number;
      do {
        next = block[literals++] as number;
        count += next;
      } while (next === 255);
    }
    let pos = literals + count;
    if (pos >= size) return { token, literals };
    pos += 2;
    if ((lengths & NIBBLE) === NIBBLE) while (block[pos++] === 255);
    token = pos;
  }
}

/**
 * Expands `input[start, end)` into `into[at, at + size)`. Reads and writes nothing outside of the two, and writes nothing
 * at all where the input is not well formed.
 *
 * @returns whether the input is well formed and expands to exactly `size` bytes.
 */
export function lz4Decompress(
  input: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  size: number,
): boolean {
  if (!expandsTo(input, start, end, size)) return false;
  lz4.decompressBlock(input, into, start, end - start, at);
  return true;
}

/** Goes through the sequences of a block without expanding it. */
function expandsTo(input: Uint8Array, start: number, end: number, size: number): boolean {
  let pos = start;
  let out = 0;
  while (pos < end) {
    const lengths = input[pos++] as number;
    let literals = lengths >> 4;
    if (literals === NIBBLE) {
      let next: number;
      do {
        if (pos >= end) return false;
        next = input[pos++] as number;
        literals += next;
      } while (next === 255);
    }
    if (literals > end - pos || literals > size - out) return false;
    pos += literals;
    out += literals;
    if (pos === end) return out === size;

    if (end - pos < 2) return false;
    const offset = (input[pos] as number) | ((input[pos + 1] as number) << 8);
    pos += 2;
    if (offset === 0 || offset > out) return false;
    let count = (lengths & NIBBLE) + 4;
    if ((lengths & NIBBLE) === NIBBLE) {
      let next: number;
      do {
        if (pos >= end) return false;
        next = input[pos++] as number;
        count += next;
      } while (next === 255);
    }
    if (count > size - out) return false;
    out += count;
  }
  // Nothing at all, or a block that ends with a reference.
  return false;
}
