import { copyOver, repeat } from './copy';

const LITERAL_MAX: usize = 32;

/**
 * Expands the block at `[pos, end)` into `[out, out + size)`. 31 bytes more may be read behind the one and written behind
 * the other.
 *
 * @returns whether the block is well formed and expands to exactly `size` bytes.
 */
export function lzfExpandBlock(pos: usize, end: usize, out: usize, size: usize): bool {
  const start = out;
  const outEnd = out + size;
  if (pos >= end) return false;
  do {
    const code = load<u8>(pos++) as usize;
    if (code < LITERAL_MAX) {
      const count = code + 1;
      if (count > outEnd - out || count > end - pos) return false;
      copyOver(out, pos, count);
      pos += count;
      out += count;
    } else {
      let count = (code >> 5) + 2;
      if (count === 9) {
        if (end - pos < 2) return false;
        count += load<u8>(pos++) as usize;
      } else if (pos === end) return false;
      const offset = ((code & 31) << 8) + (load<u8>(pos++) as usize) + 1;
      if (count > outEnd - out || offset > out - start) return false;
      repeat(out, offset, count);
      out += count;
    }
  } while (pos < end);
  return out === outEnd;
}
