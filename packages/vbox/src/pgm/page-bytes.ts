/** Whether a page is all zero. */
export function isZeroPage(page: Uint8Array): boolean {
  const words = wordsOf(page);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Whether two pages are the same. */
export function isSamePage(a: Uint8Array, b: Uint8Array): boolean {
  const [words, others] = [wordsOf(a), wordsOf(b)];
  // Two that lie differently may be an array of words and one of bytes.
  if (words.length !== others.length) return a.every((byte, i) => byte === b[i]);
  for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
  return true;
}

/** The same bytes, four at a time where they lie so. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Int32Array | Uint8Array {
  return (byteOffset | length) % 4 === 0
    ? new Int32Array(buffer, byteOffset, length / 4)
    : new Uint8Array(buffer, byteOffset, length);
}
