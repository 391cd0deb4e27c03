import { crc32, crc32Shift } from '../../codecs/crc32.js';
import type { ByteWriter } from '../byte-writer.js';
import { CHECKSUM_START, FILE_HEADER_SIZE } from './headers.js';
import { UNIT_HEADER_SIZE } from './unit-header.js';

/** Bytes in front of the END unit that the checksum misses. */
const TAIL = FILE_HEADER_SIZE - CHECKSUM_START - UNIT_HEADER_SIZE;

const zeros = new Uint8Array(8);

/**
 * The checksum of a V1.2 file that is not read again once it has been written.
 *
 * The writer's running CRC has everything from the file's first byte on, with zeros for sizes that were filled in later.
 * What is too much in it, at both ends, and what the sizes change, goes by arithmetic.
 */
export class FileChecksum {
  /** CRC of what is in front of the range. */
  readonly #head: number;
  /** The last bytes that were written. */
  readonly #tail = new Uint8Array(TAIL);
  /** What the sizes make of the CRC of all bytes up to {@link #changedTo}. */
  #change = 0;
  #changedTo = 0;

  /** @param header the file header as it was written. */
  constructor(header: Uint8Array) {
    this.#head = crc32(header.subarray(0, CHECKSUM_START));
  }

  /** Takes note of the last bytes of something that was just written in one piece, of at least eight bytes. */
  wrote({ bytes, pos }: ByteWriter): void {
    this.#tail.set(bytes.subarray(pos - TAIL, pos));
  }

  /** Takes note of bytes that were 0 when the running CRC took them in. To be called in the order of positions. */
  changed(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    const difference = crc32(bytes) ^ crc32(zeros.subarray(0, bytes.length));
    this.#change = crc32Shift(this.#change, end - this.#changedTo) ^ difference;
    this.#changedTo = end;
  }

  /**
   * The checksum.
   *
   * @param crc of everything in front of the END unit, as it was written.
   * @param position offset of the END unit.
   */
  finish(crc: number, position: number): number {
    const fromStart = crc ^ crc32Shift(this.#head, position - CHECKSUM_START);
    const withoutTail = crc32Shift(fromStart ^ crc32(this.#tail), -TAIL);
    return (withoutTail ^ crc32Shift(this.#change, position - TAIL - this.#changedTo)) >>> 0;
  }
}
