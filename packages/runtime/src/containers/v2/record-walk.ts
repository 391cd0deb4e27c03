import { BLOCK, FIXED, RecordType } from './records.js';

/**
 * What stands where a record was looked for: one, or nothing that can be told: because it is not all in the window, or
 * because it is not as writers make them, of which only exact reading knows what to think.
 */
export type Walked = 'record' | 'window' | 'unknown';

/**
 * Goes over headers of records that lie in memory, without judging them. Of a block, packed or RAW, all must be there.
 */
export class RecordWalk {
  /** The record looked at last: its type, where its payload begins, and where it ends. */
  type = 0;
  from = 0;
  end = 0;
  readonly #lastType: number;

  /** @param lastType highest type of a record that there may be. */
  constructor(lastType: number) {
    this.#lastType = lastType;
  }

  /** Whether the record is a packed block. */
  get isPacked(): boolean {
    return this.type === RecordType.lzf || this.type === RecordType.lz4;
  }

  /** Bytes of the payload. */
  get stored(): number {
    return this.end - this.from;
  }

  /** Looks at the record at `bytes[next]`. */
  look(bytes: Uint8Array, next: number, limit: number): Walked {
    if (limit - next < 4) return 'window';
    const head = bytes[next] as number;
    const type = head & 0x0f;
    if ((head & 0xe0) !== FIXED || type === RecordType.term || type > this.#lastType) return 'unknown';
    // A size of up to three bytes, as those of blocks are.
    const lead = bytes[next + 1] as number;
    const second = (bytes[next + 2] as number) & 0x3f;
    const third = (bytes[next + 3] as number) & 0x3f;
    let size = lead;
    let headerSize = 2;
    if (lead >= 0xf0) return 'unknown';
    if (lead >= 0xe0) {
      size = ((lead & 0x0f) << 12) | (second << 6) | third;
      headerSize = 4;
    } else if (lead >= 0x80) {
      size = ((lead & 0x1f) << 6) | second;
      headerSize = 3;
    }
    this.type = type;
    this.from = next + headerSize;
    this.end = this.from + size;
    if (type === RecordType.raw) return size <= BLOCK && this.end > limit ? 'window' : 'record';
    if (type !== RecordType.lzf && type !== RecordType.lz4) return 'record';
    if (this.end > limit) return 'window';
    const expanded = (bytes[this.from] as number) * 1024;
    return size < 2 || size - 1 > expanded || expanded > BLOCK ? 'unknown' : 'record';
  }
}
