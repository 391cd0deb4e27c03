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
