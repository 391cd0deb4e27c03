/*
 * Copying where two places lie differently
 *
 * The C library copies more than 2 KiB with an instruction that is fast to even places, and where source and target lie
 * alike in their words; elsewhere some processors are twenty times slower. Less it copies in another way, which does not
 * mind. Shared memory
 * is copied by the engine itself (it must not tear words), and byte by byte where the two lie differently.
 */

/** Largest piece that is copied fast to wherever it goes. */
const PIECE = 2048;

/** From this size on it matters. */
const LARGE = 2 * PIECE;

/** Copies `from[start, end)` to `into[at…)`. The two do not overlap. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const count = end - start;
  if (count < LARGE || ((into.byteOffset + at) & 15) === 0 || liesAlike(from, start, into, at, 16)) {
    into.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
    return;
  }
  for (let done = 0; done < count; done += PIECE) {
    into.set(from.subarray(start + done, Math.min(start + done + PIECE, end)), at + done);
  }
}

const staging = new Uint8Array(65536 + 8);

/** {@link copyBytes} from or to shared memory. */
export function copyShared(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (end - start < 64 || liesAlike(from, start, into, at, 8)) {
    into.set(from.subarray(start, end), at);
    return;
  }
  // By way of a place that lies as the one in shared memory does.
  const toShared = isShared(into);
  for (let pos = start; pos < end; ) {
    const to = at + pos - start;
    const skew = (toShared ? into.byteOffset + to : from.byteOffset + pos) & 7;
    const count = Math.min(end - pos, staging.length - 8);
    if (toShared) {
      copyBytes(from, pos, pos + count, staging, skew);
      into.set(staging.subarray(skew, skew + count), to);
    } else {
      staging.set(from.subarray(pos, pos + count), skew);
      copyBytes(staging, skew, skew + count, into, to);
    }
    pos += count;
  }
}

function liesAlike(from: Uint8Array, start: number, into: Uint8Array, at: number, word: number): boolean {
  return ((from.byteOffset + start - into.byteOffset - at) & (word - 1)) === 0;
}

function isShared(bytes: Uint8Array): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && bytes.buffer instanceof SharedArrayBuffer;
}
