/** Whether `size` bytes, a multiple of 128, are all zero. */
export function isZero(at: usize, size: usize): bool {
  const end = at + size;
  do {
    const a = v128.or(v128.load(at), v128.load(at, 16));
    const b = v128.or(v128.load(at, 32), v128.load(at, 48));
    const c = v128.or(v128.load(at, 64), v128.load(at, 80));
    const d = v128.or(v128.load(at, 96), v128.load(at, 112));
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return false;
    at += 128;
  } while (at < end);
  return true;
}

/** Writes a byte to `out` for each of `count` pages from `at` on: 1 where it is all zero, else 0. */
export function zeroPages(at: usize, count: u32, out: usize): void {
  for (let page: u32 = 0; page < count; page++)
    store<u8>(out + page, isZero(at + ((page as usize) << 12), 4096) ? 1 : 0);
}
