import { SsmError } from '../../error.js';
import type { SsmFailure } from '../../status.js';
import { NeedMore } from '../../streams/record-source.js';
import type { ByteReader } from '../byte-reader.js';
import { BLOCK, FIXED, IMPORTANT, RecordType, TERM_SIZE } from './records.js';

/** Records that hold compressed data: what messages call them, by their key in the totals. */
export const packings = { lzf: 'LZF', lz4: 'LZ4' } as const;
export type Packing = keyof typeof packings;

/**
 * The record in front of which a reader stands, by every rule of the format: what its header says, and whether that can
 * be. Nothing is consumed.
 */
export class RecordHeader {
  /** What was parsed last: the type, and the bytes of the header and of the payload. */
  type = 0;
  size = 0;
  payload = 0;
  readonly #input: ByteReader;
  readonly #lastType: number;

  /** @param lastType highest type of a record that there may be. */
  constructor(input: ByteReader, lastType: number) {
    this.#input = input;
    this.#lastType = lastType;
  }

  /** Bytes of header and payload. */
  get stored(): number {
    return this.size + this.payload;
  }

  /** A failure where the input stands. */
  fail(status: SsmFailure, detail: string): SsmError {
    return new SsmError(status, detail, { offset: this.#input.position });
  }

  /** Asks for bytes that the unit must have. */
  need(count: number): void {
    try {
      if (this.#input.request(count)) return;
    } catch (error) {
      if (error instanceof NeedMore) throw error;
      const { status, detail } = error as SsmError;
      if (status === 'VERR_SSM_CANCELLED' || this.#input.guard.isOwn(error)) throw error;
      if (status !== 'VERR_EOF') {
        throw new SsmError('VERR_SSM_STREAM_ERROR', detail, { offset: this.#input.position }, { cause: error });
      }
    }
    throw this.fail(this.#input.guard.endInUnit, 'the saved state ends inside of a unit');
  }

  /** Looks at the header in front of which the input stands, without consuming it. @throws SsmError VERR_SSM_INTEGRITY_REC_HDR. */
  parse(): void {
    const input = this.#input;
    this.need(2);
    const { bytes, pos } = input;
    const first = bytes[pos] as number;
    const lead = bytes[pos + 1] as number;
    const type = first & 0x0f;
    if ((first & 0xe0) !== FIXED || type < RecordType.term || type > this.#lastType) {
      throw this.fail('VERR_SSM_INTEGRITY_REC_HDR', `no record starts with 0x${first.toString(16)}`);
    }
    this.type = type;
    if (type === RecordType.term || lead < 0x80) {
      this.size = 2;
      this.payload = lead;
      return;
    }
    this.#parseSize(lead);
  }

  /** A size of more than one byte. Bit 6 of the lead byte is not looked at (`SSMR3.cpp, ssmR3DataReadRecHdrV2`). */
  #parseSize(lead: number): void {
    // The first clear bit from bit 5 down tells the number of bytes that follow: 1…5.
    let more = 1;
    while (more <= 5 && (lead & (0x40 >> more)) !== 0) more++;
    if (more > 5) throw this.fail('VERR_SSM_INTEGRITY_REC_HDR', `no record size starts with 0x${lead.toString(16)}`);
    this.need(2 + more);
    const { bytes, pos } = this.#input;
    let size = lead & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = bytes[pos + 2 + i] as number;
      if ((next & 0xc0) !== 0x80) {
        throw this.fail('VERR_SSM_INTEGRITY_REC_HDR', 'a damaged record size');
      }
      size = size * 64 + (next & 0x3f);
    }
    // The two shortest of these forms may be longer than needed, the others may not.
    if (more >= 3 && size < 2 ** (5 * more + 1)) {
      throw this.fail('VERR_SSM_INTEGRITY_REC_HDR', `a record size of ${size} in ${more + 1} bytes`);
    }
    this.size = 2 + more;
    this.payload = size;
  }

  /** A failure of data that cannot be had from its record. */
  damaged(detail: string): SsmError {
    return this.fail('VERR_SSM_INTEGRITY_DECOMPRESSION', detail);
  }

  /** Checks what an LZF or LZ4 record says of itself, and returns how much it expands to. */
  packedSize(kind: Packing): number {
    const size = this.payload;
    if (size <= 1 || size > BLOCK + 2) throw this.damaged(`an ${packings[kind]} record of ${size} bytes`);
    this.need(this.size + 1);
    const expanded = (this.#input.bytes[this.#input.pos + this.size] as number) * 1024;
    if (expanded < size - 1 || expanded > BLOCK) {
      throw this.damaged(`an ${packings[kind]} record of ${size} bytes that is to expand to ${expanded}`);
    }
    return expanded;
  }

  /** Checks what a ZERO record says of itself, and returns how many zeros it stands for. */
  zeroSize(): number {
    if (this.payload !== 1) throw this.damaged(`a ZERO record of ${this.payload} bytes`);
    this.need(this.size + 1);
    const size = (this.#input.bytes[this.#input.pos + this.size] as number) * 1024;
    if (size > BLOCK) throw this.damaged(`a ZERO record of ${size} zeros`);
    return size;
  }

  /** Checks a TERM record. @param stored bytes of the unit, with it. */
  checkTerm(stored: number): void {
    const input = this.#input;
    const fail = (detail: string) => this.fail('VERR_SSM_INTEGRITY_REC_TERM', detail);
    if (this.payload !== TERM_SIZE - 2) throw fail(`a TERM record of ${this.payload} bytes`);
    if (((input.bytes[input.pos] as number) & IMPORTANT) === 0) throw fail('a TERM record without the important flag');
    this.need(TERM_SIZE);
    const { view, pos } = input;
    const size = view.getUint32(pos + 8, true) + view.getUint32(pos + 12, true) * 2 ** 32;
    if (size !== stored) throw fail(`a TERM record says ${size} bytes in a unit of ${stored}`);
    const flags = view.getUint16(pos + 2, true);
    if ((flags & ~1) !== 0) throw fail(`unknown flags 0x${flags.toString(16)} in a TERM record`);
    const crc = view.getUint32(pos + 4, true);
    if (flags === 0) {
      if (crc !== 0) throw fail('a TERM record without a checksum that has one');
    } else if (input.checksum && crc !== input.crcThrough(2)) {
      throw this.fail('VERR_SSM_INTEGRITY_REC_TERM_CRC', 'the CRC of the stream is wrong at the end of the unit');
    }
  }
}
