import { crc32 } from '../codecs/crc32.js';
import { SsmError, type SsmWhere } from '../error.js';
import type { SsmFailure } from '../status.js';

// What headers and their fields have in common.

export const magicBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A failure at an offset of the stream. */
export function refuse(status: SsmFailure, detail: string, offset: number, where: SsmWhere = {}): SsmError {
  return new SsmError(status, detail, { offset, ...where });
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The CRC of `bytes` as if the four bytes at `field` were 0. */
export function crcWithout(bytes: Uint8Array, field: number): number {
  const zeros = new Uint8Array(4);
  return crc32(bytes.subarray(field + 4), crc32(zeros, crc32(bytes.subarray(0, field))));
}

/** An offset. */
export function u64(view: DataView, at: number): number {
  // Above 2^53 the number is rounded: it is unequal to every real offset all the same.
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

export function putU64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}
