import { copyOver, repeat } from './copy';

const LITERAL_MAX: usize = 32;

/** Most bytes that are read of one operation with what follows it: while there are as many, their end need not be looked for. */
const AHEAD: usize = 36;

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
  if (end - pos > AHEAD) {
    const last = end - AHEAD;
    while (pos < last) {
      // A run of literals or none, which nobody can foresee, and so without a branch: what is copied for nothing is
      // overwritten by what follows. Then a reference.
      let code = load<u8>(pos) as usize;
      const isRun = (code < LITERAL_MAX) as usize;
      const run = select<usize>(code + 1, 0, isRun);
      if (run > outEnd - out) return false;
      v128.store(out, v128.load(pos, 1));
      if (run > 16) v128.store(out, v128.load(pos, 17), 16);
      pos += run + isRun;
      out += run;
      code = load<u8>(pos) as usize;
      if (code < LITERAL_MAX || pos >= last) continue;

      const high = (code & 31) << 8;
      if (code < 0xe0) {
        const count = (code >> 5) + 2;
        const offset = high + (load<u8>(pos, 1) as usize) + 1;
        if (count > outEnd - out || offset > out - start) return false;
        pos += 2;
        if (offset >= 8) store<u64>(out, load<u64>(out - offset));
        else repeat(out, offset, count);
        out += count;
      } else {
        const count = (load<u8>(pos, 1) as usize) + 9;
        const offset = high + (load<u8>(pos, 2) as usize) + 1;
        if (count > outEnd - out || offset > out - start) return false;
        pos += 3;
        repeat(out, offset, count);
        out += count;
      }
    }
  }
  return expandRest(pos, end, out, start, outEnd);
}

/** Expands the last bytes of a block, or all of a small one. */
function expandRest(pos: usize, end: usize, out: usize, start: usize, outEnd: usize): bool {
  while (pos < end) {
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
  }
  return out === outEnd;
}
