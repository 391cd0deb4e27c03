/**
 * Compares two names as C compares the bytes of their UTF-8 forms; one that the other begins with comes first.
 *
 * UTF-8 sorts as code points do, UTF-16 does not: surrogates (U+10000 and up) have lower units than U+E000…U+FFFF.
 */
export function compareNames(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return inCodePointOrder(x) - inCodePointOrder(y);
  }
  return a.length - b.length;
}

function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Compares two paths component by component, so that what is below `/a` comes before `/a-b` (`STAMR3.cpp, stamR3SlashCompare`). */
export function comparePaths(a: string, b: string): number {
  const x = a.split('/');
  const y = b.split('/');
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = compareNames(x[i]!, y[i]!);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

/** Where in a sorted list a thing of this order belongs: in front of the first for which `isBehind` holds. */
export function sortedIndex<T>(list: readonly T[], isBehind: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a text is one that C can hold as a name or a string: well-formed, without a NUL. */
export function isCString(text: unknown): text is string {
  return typeof text === 'string' && text.isWellFormed() && !text.includes('\0');
}

const utf8 = new TextEncoder();

/** Bytes of a string in C, its terminator included. */
export function sizeOfString(text: string): number {
  return utf8.encode(text).length + 1;
}
