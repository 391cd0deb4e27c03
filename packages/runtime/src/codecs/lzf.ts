/*
 * LZF
 *
 * A stream of literal runs and references to what was put out up to 8 KiB before:
 *
 *     000nnnnn  (n+1 bytes)              the n+1 bytes that follow                      1…32 bytes
 *     lllooooo  oooooooo                 l+2 bytes from o+1 bytes back (l = 1…6)        3…8 bytes
 *     111ooooo  llllllll  oooooooo       l+9 bytes from o+1 bytes back                  9…264 bytes
 *
 * There is no header and no end mark: a block ends where its input ends. A reference may reach into what it produces
 * itself (offset 1 repeats one byte), which is how runs are coded.
 *
 * The compressor remembers one position per hash of four bytes: references of three save a byte each, which is not worth
 * the time that looking for them takes. Where it finds nothing it looks at fewer and fewer
 * positions, so that data that does not compress costs little; the choice of matches is free, and two compressors give
 * different bytes for the same data.
 */

const LITERAL_MAX = 32;
const OFFSET_MAX = 8192;
const MATCH_MAX = 264;
const HASH_BITS = 13;
/** After 2^5 misses in a row every second position is looked at, after 2^6 every third, and so on. */
const SKIP_BITS = 5;
/** From this length on a call of a built-in repeats a byte faster than a loop. */
const FILL_FROM = 48;

/**
 * Positions by hash. What one call leaves is invalid in the next without being cleared: entries are position plus a
 * base that grows with every call.
 */
const positions = new Int32Array(1 << HASH_BITS);
/** So far no sum of numbers here leaves the range of small integers. */
const BASE_MAX = 2 ** 30;
let base = 0;

function slotOf(value: number): number {
  return Math.imul(value, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/**
 * Compresses `input[start, end)` into `into[at, at + limit)`.
 *
 * @param limit most bytes the result may have; `into` must have room for them.
 * @param shortest bytes of the shortest reference that is looked for.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 */
export function lzfCompress(
  input: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  limit: number,
  shortest: 3 | 4 = 4,
): number {
  const length = end - start;
  if (base > BASE_MAX - length) {
    positions.fill(0);
    base = 0;
  }
  const origin = base + 1;
  base += length;

  // Of the block alone, so that positions are small numbers however large the memory is.
  const source = new DataView(input.buffer, input.byteOffset + start, length);
  const target = new DataView(into.buffer, into.byteOffset + at, limit);
  // Of four bytes that are read the last is shifted out where three are to be the same.
  const shift = 32 - 8 * shortest;
  const last = length - 3;
  let out = 0;
  let pos = 0;
  let anchor = 0;
  let misses = 1 << SKIP_BITS;
  while (pos < last) {
    const value = source.getInt32(pos, true) << shift;
    const slot = slotOf(value);
    const ref = (positions[slot] as number) - origin;
    positions[slot] = pos + origin;
    const offset = pos - ref - 1;
    if (ref < 0 || offset >= OFFSET_MAX || source.getInt32(ref, true) << shift !== value) {
      pos += misses++ >> SKIP_BITS;
      continue;
    }
    misses = 1 << SKIP_BITS;

    const most = Math.min(length - pos, MATCH_MAX);
    let count: number = shortest;
    let difference = 0;
    while (count <= most - 4) {
      difference = source.getInt32(ref + count, true) ^ source.getInt32(pos + count, true);
      if (difference !== 0) break;
      count += 4;
    }
    // The lowest bit that differs is in the first byte that does.
    if (difference !== 0) count += (31 - Math.clz32(difference & -difference)) >> 3;
    else while (count < most && source.getUint8(ref + count) === source.getUint8(pos + count)) count++;

    const run = pos - anchor;
    if (out + run + ((run + LITERAL_MAX - 1) >> 5) + 3 > limit) return 0;
    if (run > 0) out = putLiterals(source, anchor, pos, target, out);
    if (count <= 8) target.setUint8(out++, ((count - 2) << 5) | (offset >> 8));
    else {
      target.setUint8(out++, 0xe0 | (offset >> 8));
      target.setUint8(out++, count - 9);
    }
    target.setUint8(out++, offset);
    pos += count;
    anchor = pos;

    // The two last positions of the match may begin the next one.
    if (pos < last) {
      positions[slotOf(source.getInt32(pos - 2, true) << shift)] = pos - 2 + origin;
      positions[slotOf(source.getInt32(pos - 1, true) << shift)] = pos - 1 + origin;
    }
  }
  const run = length - anchor;
  if (out + run + ((run + LITERAL_MAX - 1) >> 5) > limit) return 0;
  return putLiterals(source, anchor, length, target, out);
}

/** Writes `source[from, to)` to `target[at…)` as literal runs, and returns where they end. */
function putLiterals(source: DataView, from: number, to: number, target: DataView, at: number): number {
  const lastIn = source.byteLength - 8;
  const lastOut = target.byteLength - 8;
  let out = at;
  let pos = from;
  while (pos < to) {
    const stop = to - pos < LITERAL_MAX ? to : pos + LITERAL_MAX;
    target.setUint8(out++, stop - pos - 1);
    const next = out + stop - pos;
    if (stop <= lastIn && next <= lastOut) {
      // Eight bytes where fewer are wanted: what comes next overwrites the others.
      do {
        target.setInt32(out, source.getInt32(pos, true), true);
        target.setInt32(out + 4, source.getInt32(pos + 4, true), true);
        pos += 8;
        out += 8;
      } while (pos < stop);
    } else while (pos < stop) target.setUint8(out++, source.getUint8(pos++));
    pos = stop;
    out = next;
  }
  return out;
}

/**
 * Expands `input[start, end)` into `into[at, at + size)`. Reads and writes nothing outside of the two.
 *
 * @returns whether the input is well formed and expands to exactly `size` bytes; what was written is to be dropped when
 * it is not.
 */
export function lzfDecompress(
  input: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  size: number,
): boolean {
  const source = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const target = new DataView(into.buffer, into.byteOffset, into.byteLength);
  const outEnd = at + size;
  // Up to here eight bytes can be copied where fewer are wanted: what comes next overwrites the others.
  const lastIn = end - 8;
  const lastOut = outEnd - 8;
  let pos = start;
  let out = at;
  while (pos < end) {
    const code = input[pos++] as number;
    if (code < LITERAL_MAX) {
      const stop = out + code + 1;
      if (stop > outEnd || pos + code >= end) return false;
      if (stop <= lastOut && pos + code < lastIn) {
        const next = pos + code + 1;
        do {
          target.setInt32(out, source.getInt32(pos, true), true);
          target.setInt32(out + 4, source.getInt32(pos + 4, true), true);
          pos += 8;
          out += 8;
        } while (out < stop);
        pos = next;
        out = stop;
      } else while (out < stop) into[out++] = input[pos++] as number;
      continue;
    }
    let count = (code >> 5) + 2;
    if (count === 9) {
      if (pos + 1 >= end) return false;
      count += input[pos++] as number;
    } else if (pos >= end) return false;
    const offset = ((code & 31) << 8) + (input[pos++] as number) + 1;
    const stop = out + count;
    let ref = out - offset;
    if (stop > outEnd || ref < at) return false;
    if (offset >= 8 && stop <= lastOut) {
      do {
        target.setInt32(out, target.getInt32(ref, true), true);
        target.setInt32(out + 4, target.getInt32(ref + 4, true), true);
        ref += 8;
        out += 8;
      } while (out < stop);
      out = stop;
    } else if (offset === 1 && count >= FILL_FROM) {
      into.fill(into[ref] as number, out, stop);
      out = stop;
    } else while (out < stop) into[out++] = into[ref++] as number;
  }
  return out === outEnd && end > start;
}
