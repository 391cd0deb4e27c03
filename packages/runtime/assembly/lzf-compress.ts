import { table } from './areas';
import { copyOver, same } from './copy';
import { beginBlock, slotOf } from './positions';

/*
 * The same format and the same way as codecs/lzf.ts, where both are explained; the matches that are found differ.
 */

const LITERAL_MAX: usize = 32;
const OFFSET_MAX: usize = 8192;
const MATCH_MAX: usize = 264;
/** After 2^5 misses in a row every second position is looked at, after 2^6 every third, and so on. */
const SKIP_BITS: u32 = 5;

/**
 * Shortest reference that is looked for. The format has references of three bytes, but looking for them takes longer than
 * the one byte that each saves is worth, and so does expanding them.
 */
const MATCH_MIN: usize = 4;

/** Writes a run of literals, and up to 15 bytes more, and returns where it ends. */
function putLiterals(from: usize, to: usize, out: usize): usize {
  while (from < to) {
    const count = min(to - from, LITERAL_MAX);
    store<u8>(out, (count - 1) as u8);
    copyOver(out + 1, from, count);
    out += 1 + count;
    from += count;
  }
  return out;
}

/**
 * Packs `length` bytes, at most 65535, from `input` on.
 *
 * @param limit most bytes the result may have; 32 more may be written.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 */
export function lzfCompressBlock(input: usize, length: usize, output: usize, limit: usize): usize {
  const hash = table();
  const bias = input - (beginBlock(length as u32) as usize);
  const end = input + length;
  const outEnd = output + limit;
  let out = output;
  let pos = input;
  let anchor = input;
  if (length > MATCH_MIN) {
    const last = end - MATCH_MIN;
    let misses: u32 = 1 << SKIP_BITS;
    while (pos < last) {
      const value = load<u32>(pos);
      const slot = slotOf(hash, value);
      const ref = (load<u16>(slot) as usize) + bias;
      store<u16>(slot, (pos - bias) as u16);
      // Entries of earlier blocks lie in front of this one.
      if (ref < input || pos - ref > OFFSET_MAX || load<u32>(ref) !== value) {
        pos += misses++ >> SKIP_BITS;
        continue;
      }
      misses = 1 << SKIP_BITS;
      const count = MATCH_MIN + same(pos + MATCH_MIN, ref + MATCH_MIN, min(end, pos + MATCH_MAX));
      const run = pos - anchor;
      if (out + run + ((run + LITERAL_MAX - 1) >> 5) + 3 > outEnd) return 0;
      if (run > 16) out = putLiterals(anchor, pos, out);
      else {
        // Most runs are short, and none at all is as likely as one: no branch, which nobody could foresee.
        store<u8>(out, (run - 1) as u8);
        v128.store(out + 1, v128.load(anchor));
        out += run + ((run > 0) as usize);
      }
      const offset = pos - ref - 1;
      // Here neither: the third byte is overwritten where it is not needed.
      const long = count > 8;
      store<u8>(out, ((long ? 0xe0 : (count - 2) << 5) | (offset >> 8)) as u8);
      store<u8>(out + 1, (long ? count - 9 : offset) as u8);
      store<u8>(out + 2, offset as u8);
      out += 2 + (long as usize);
      pos += count;
      anchor = pos;
      // The two last positions of the match may begin the next one.
      if (pos < last) {
        store<u16>(slotOf(hash, load<u32>(pos - 2)), (pos - 2 - bias) as u16);
        store<u16>(slotOf(hash, load<u32>(pos - 1)), (pos - 1 - bias) as u16);
      }
    }
  }
  const run = end - anchor;
  if (out + run + ((run + LITERAL_MAX - 1) >> 5) > outEnd) return 0;
  return putLiterals(anchor, end, out) - output;
}
