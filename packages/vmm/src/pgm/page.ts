import { PAGE_SIZE } from '@ssmkit/vbox';

/** Bits that the offset in a page has. */
export const PAGE_SHIFT = 12;

export const PAGE_MASK = PAGE_SIZE - 1;

/** Whole pages that hold so many bytes. */
export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

/** `0xe2000` */
export const hex = (address: number): string => `0x${address.toString(16)}`;

/** Whether a page is zero. */
export function isZeroPage(bytes: Uint8Array): boolean {
  const words = wordsOf(bytes);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Whether two pages are the same. */
export function isSamePage(a: Uint8Array, b: Uint8Array): boolean {
  const [words, others] = [wordsOf(a), wordsOf(b)];
  for (let i = 0; i < words.length; i++) if (words[i] !== others[i]) return false;
  return true;
}

/** The same bytes, four at a time where they lie so. */
function wordsOf(bytes: Uint8Array): Int32Array | Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  return (byteOffset | length) % 4 === 0 ? new Int32Array(buffer, byteOffset, length / 4) : bytes;
}
