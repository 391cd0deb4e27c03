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
/** From this length on a call of a built-in copies faster than a loop. */
const COPY_FROM = 48;

/**
 * Positions by hash. What one call leaves is invalid in the next without being cleared: entries are position plus a
 * base that grows with every call.
 */
const positions = new Int32Array(1 << HASH_BITS);
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
  if (base > 0x7ffffff0 - length) {
    positions.fill(0);
    base = 0;
  }
  const bias = base + 1 - start;
  base += length;

  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  // Of four bytes that are read the last is shifted out where three are to be the same.
  const shift = 32 - 8 * shortest;
  const outEnd = at + limit;
  const last = end - 3;
  let out = at;
  let pos = start;
  let anchor = start;
  let misses = 1 << SKIP_BITS;
  while (pos < last) {
    const value = view.getInt32(pos, true) << shift;
    const slot = slotOf(value);
    const ref = (positions[slot] as number) - bias;
    positions[slot] = pos + bias;
    const offset = pos - ref - 1;
    if (ref < start || offset >= OFFSET_MAX || view.getInt32(ref, true) << shift !== value) {
      pos += misses++ >> SKIP_BITS;
      continue;
    }
    misses = 1 << SKIP_BITS;

    const most = Math.min(end - pos, MATCH_MAX);
    let count: number = shortest;
    while (count < most && input[ref + count] === input[pos + count]) count++;

    const run = pos - anchor;
    if (out + run + ((run + LITERAL_MAX - 1) >> 5) + 3 > outEnd) return 0;
    if (run > 0) out = putLiterals(input, anchor, pos, into, out);
    if (count <= 8) into[out++] = ((count - 2) << 5) | (offset >> 8);
    else {
      into[out++] = 0xe0 | (offset >> 8);
      into[out++] = count - 9;
    }
    into[out++] = offset;
    pos += count;
    anchor = pos;

    // The two last positions of the match may begin the next one.
    if (pos < last) {
      positions[slotOf(view.getInt32(pos - 2, true) << shift)] = pos - 2 + bias;
      positions[slotOf(view.getInt32(pos - 1, true) << shift)] = pos - 1 + bias;
    }
  }
  const run = end - anchor;
  if (out + run + ((run + LITERAL_MAX - 1) >> 5) > outEnd) return 0;
  return putLiterals(input, anchor, end, into, out) - at;
}

/** Writes `input[from, to)` as literal runs, and returns where they end. */
function putLiterals(input: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number {
  let out = at;
  let pos = from;
  while (pos < to) {
    const stop = to - pos < LITERAL_MAX ? to : pos + LITERAL_MAX;
    into[out++] = stop - pos - 1;
    while (pos < stop) into[out++] = input[pos++] as number;
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
  const outEnd = at + size;
  let pos = start;
  let out = at;
  while (pos < end) {
    const code = input[pos++] as number;
    if (code < LITERAL_MAX) {
      const stop = out + code + 1;
      if (stop > outEnd || pos + code >= end) return false;
      while (out < stop) into[out++] = input[pos++] as number;
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
    if (count < COPY_FROM) while (out < stop) into[out++] = into[ref++] as number;
    else if (offset >= count) {
      into.copyWithin(out, ref, ref + count);
      out = stop;
    } else if (offset === 1) {
      into.fill(into[ref] as number, out, stop);
      out = stop;
    } else while (out < stop) into[out++] = into[ref++] as number;
  }
  return out === outEnd && end > start;
}
