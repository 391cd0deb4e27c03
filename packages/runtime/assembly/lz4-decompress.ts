import { copyOver, repeat } from './copy';

const NIBBLE: usize = 15;
const MATCH_MIN: usize = 4;

/** No length. */
const DAMAGED: usize = usize.MAX_VALUE;

/** Where {@link more} has stopped. */
let next: usize = 0;

/** A length that goes on behind its nibble; {@link DAMAGED} where the block ends inside. */
function more(pos: usize, end: usize): usize {
  let length = NIBBLE;
  for (;;) {
    if (pos >= end) return DAMAGED;
    const byte = load<u8>(pos++) as usize;
    length += byte;
    if (byte !== 255) break;
  }
  next = pos;
  return length;
}

/**
 * Expands the block at `[pos, end)` into `[out, out + size)`. 15 bytes more may be read behind the one and written behind
 * the other.
 *
 * @returns whether the block is well formed and expands to exactly `size` bytes.
 */
export function lz4ExpandBlock(pos: usize, end: usize, out: usize, size: usize): bool {
  const start = out;
  const outEnd = out + size;
  while (pos < end) {
    const lengths = load<u8>(pos++) as usize;
    let literals = lengths >> 4;
    if (literals === NIBBLE) {
      literals = more(pos, end);
      if (literals === DAMAGED) return false;
      pos = next;
    }
    if (literals > end - pos || literals > outEnd - out) return false;
    if (literals > 0) copyOver(out, pos, literals);
    pos += literals;
    out += literals;
    if (pos === end) return out === outEnd;

    if (end - pos < 2) return false;
    const offset = load<u16>(pos) as usize;
    pos += 2;
    if (offset === 0 || offset > out - start) return false;
    let count = lengths & NIBBLE;
    if (count === NIBBLE) {
      count = more(pos, end);
      if (count === DAMAGED) return false;
      pos = next;
    }
    count += MATCH_MIN;
    if (count > outEnd - out) return false;
    repeat(out, offset, count);
    out += count;
  }
  // Nothing at all, or a block that ends with a reference.
  return false;
}
