/** Copies `count` bytes, and up to 15 more. The two do not overlap, or `to` lies at least 16 bytes behind `from`. */
export function copyOver(to: usize, from: usize, count: usize): void {
  const end = to + count;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
}

/** Byte i of row n is i % n: shuffling the first n bytes of a vector by it repeats them. Row 0 is not used. */
const PATTERNS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0,
  1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1,
  2, 3, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 0, 1, 2, 3, 4,
  5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2,
  3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4, 0, 1, 2,
  3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8,
  9, 10, 11, 12, 13, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

/** Repeats the `offset` bytes in front of `to` until `count` bytes are written, and up to 15 more. `offset` is 1 or more. */
export function repeat(to: usize, offset: usize, count: usize): void {
  if (offset >= 16) {
    copyOver(to, to - offset, count);
    return;
  }
  const end = to + count;
  const pattern = i8x16.swizzle(v128.load(to - offset), v128.load(PATTERNS + (offset << 4)));
  // As many whole periods as fit in a vector.
  const step: usize = 16 - (16 % offset);
  do {
    v128.store(to, pattern);
    to += step;
  } while (to < end);
}

/** How many bytes are the same from `a` and from `b` on, at most those in front of `end`, which is behind `a`. */
export function same(a: usize, b: usize, end: usize): usize {
  const start = a;
  while (a < end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference !== 0) {
      const count = a - start + ((ctz(difference) as usize) >> 3);
      return min(count, end - start);
    }
    a += 8;
    b += 8;
  }
  return end - start;
}
