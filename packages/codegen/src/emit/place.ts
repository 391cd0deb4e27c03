/**
 * Behind a position in a buffer: positions are far below 2^30, and V8, once told, adds offsets to them without looking
 * for overflow, which makes straight-line code a tenth faster.
 */
export const SMALL = '& 0x3fffffff';

/** An offset behind the position `p` in a buffer. */
export function plus(at: number): string {
  return at === 0 ? 'p' : `p + ${at}`;
}
