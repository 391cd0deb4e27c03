import { table } from './areas';
import { copyOver, same } from './copy';
import { beginBlock, slotOf } from './positions';

/*
 * The format is explained in codecs/lz4.ts. Other decoders insist on its rules for the end of a block: the last five
 * bytes are literals, and no match begins within the last twelve.
 */

const NIBBLE: usize = 15;
const MATCH_MIN: usize = 4;
const LAST_LITERALS: usize = 5;
const LAST_MATCH: usize = 12;
/** After 2^5 misses in a row every second position is looked at, after 2^6 every third, and so on. */
const SKIP_BITS: u32 = 5;

/** Bytes that a length takes besides its nibble. */
function moreBytes(length: usize): usize {
  return length < NIBBLE ? 0 : 1 + (length - NIBBLE) / 255;
}

/** Writes what of a length does not fit in its nibble, and returns where it ends. */
function putMore(length: usize, out: usize): usize {
  if (length < NIBBLE) return out;
  let rest = length - NIBBLE;
  while (rest >= 255) {
    store<u8>(out++, 255);
    rest -= 255;
  }
  store<u8>(out++, rest as u8);
  return out;
}

/** Writes a token and its literals, and up to 15 bytes more, and returns where they end. */
function putLiterals(from: usize, to: usize, matched: usize, out: usize): usize {
  const run = to - from;
  store<u8>(out++, ((min(run, NIBBLE) << 4) | min(matched, NIBBLE)) as u8);
  out = putMore(run, out);
  if (run > 0) copyOver(out, from, run);
  return out + run;
}

/**
 * Packs `length` bytes, at most 65535, from `input` on.
 *
 * @param limit most bytes the result may have; 32 more may be written.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 */
export function lz4CompressBlock(input: usize, length: usize, output: usize, limit: usize): usize {
  const hash = table();
  const bias = input - (beginBlock(length as u32) as usize);
  const end = input + length;
  const outEnd = output + limit;
  let out = output;
  let pos = input;
  let anchor = input;
  if (length > LAST_MATCH) {
    const last = end - LAST_MATCH;
    let misses: u32 = 1 << SKIP_BITS;
    while (pos <= last) {
      const value = load<u32>(pos);
      const slot = slotOf(hash, value);
      let ref = (load<u16>(slot) as usize) + bias;
      store<u16>(slot, (pos - bias) as u16);
      // Entries of earlier blocks lie in front of this one. No block is so large that an offset would not fit.
      if (ref < input || load<u32>(ref) !== value) {
        pos += misses++ >> SKIP_BITS;
        continue;
      }
      misses = 1 << SKIP_BITS;
      let matched = same(pos + MATCH_MIN, ref + MATCH_MIN, end - LAST_LITERALS);
      // What was skipped may belong to the match.
      while (pos > anchor && ref > input && load<u8>(pos - 1) === load<u8>(ref - 1)) {
        pos--;
        ref--;
        matched++;
      }
      const run = pos - anchor;
      if (out + 1 + moreBytes(run) + run + 2 + moreBytes(matched) > outEnd) return 0;
      out = putLiterals(anchor, pos, matched, out);
      store<u16>(out, (pos - ref) as u16);
      out = putMore(matched, out + 2);
      pos += MATCH_MIN + matched;
      anchor = pos;
      // A position inside of the match may begin the next one.
      store<u16>(slotOf(hash, load<u32>(pos - 2)), (pos - 2 - bias) as u16);
    }
  }
  const run = end - anchor;
  if (out + 1 + moreBytes(run) + run > outEnd) return 0;
  return putLiterals(anchor, end, 0, out) - output;
}
