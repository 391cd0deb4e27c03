import { PAGE_SIZE } from '@ssmkit/vbox';

/** Bits that the offset in a page has. */
export const PAGE_SHIFT = 12;

export const PAGE_MASK = PAGE_SIZE - 1;

/** Whole pages that hold so many bytes. */
export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

/** `0xe2000` */
export const hex = (address: number): string => `0x${address.toString(16)}`;
