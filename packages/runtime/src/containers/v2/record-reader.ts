import { type Decompress, lz4Decompress, lzfDecompress } from '../../codecs/blocks.js';
import { copyBytes } from '../../codecs/copy.js';
import { SsmError } from '../../error.js';
import type { SsmFailure } from '../../status.js';
import { NeedMore } from '../../streams/record-source.js';
import { wasm } from '../../wasm/instance.js';
import type { WasmCodecs } from '../../wasm/wasm-codecs.js';
import type { CodecPool } from '../../workers/pool.js';
import type { ByteReader } from '../byte-reader.js';
import { noTotals, type RecordMark, type RecordTotals, type UnitRecords } from '../state.js';
import { LookAhead } from './look-ahead.js';
import { RecordWalk } from './record-walk.js';
import { BLOCK, FIXED, IMPORTANT, RecordType, TERM_SIZE } from './records.js';

/** Records that hold compressed data: what messages call them, by their key in {@link RecordTotals}. */
const packings = { lzf: 'LZF', lz4: 'LZ4' } as const;
type Packing = keyof typeof packings;

/** Room from which on records are decoded many at a time. */
const MANY_FROM = 2 * BLOCK;

/** What a writer's ZERO records begin with, and their size. */
const ZERO = FIXED | IMPORTANT | RecordType.zero;
const ZERO_SIZE = 3;

/** Most bytes of records that are looked at together. */
const BATCH_MAX = 1 << 17;

/**
 * Decodes the records of one unit at a time.
 *
 * Every length is checked against the rules of the format before anything is done with it; nothing is allocated. A RAW
 * record may be as large as 2 GiB and comes in pieces as the reader asks. What the original calls "end of file inside
 * of a unit" is VERR_SSM_LOADED_TOO_MUCH, as there.
 */
export class RecordReader implements UnitRecords {
  readonly restIgnored = false;
  readonly #input: ByteReader;
  /** Highest record type there is: LZ4 only where the file header has announced it. */
  readonly #lastType: number;
  readonly #walk: RecordWalk;
  /** Bytes left of the RAW record being read. */
  #rest = 0;
  #ended = false;
  /** The record read last holds no data. */
  #empty = false;
  #start = 0;
  #totals: RecordTotals = noTotals();
  #ahead: LookAhead | undefined;
  /** Type, header size and payload size of the record whose header was parsed last. */
  #type = 0;
  #headerSize = 0;
  #payload = 0;

  /** @param lz4 the file header has announced LZ4 records. */
  constructor(input: ByteReader, lz4 = false) {
    this.#input = input;
    this.#lastType = lz4 ? RecordType.lz4 : RecordType.named;
    this.#walk = new RecordWalk(this.#lastType);
  }

  /** From now on workers expand what comes next, where there is much of it. */
  usePool(pool: CodecPool): void {
    this.#ahead = new LookAhead(pool, this.#input, this.#lastType);
  }

  /** What was read of the unit so far. */
  get totals(): Readonly<RecordTotals> {
    return this.#totals;
  }

  /** Bytes of records consumed so far, TERM included. */
  get stored(): number {
    return this.#input.position - this.#start;
  }

  /** Whether TERM has been read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the last record read holds no data: exact reading would have stopped in front of it. */
  get empty(): boolean {
    return this.#empty;
  }

  /** Starts a unit whose data begins where the input is. */
  begin(): void {
    this.#rest = 0;
    this.#ended = false;
    this.#empty = false;
    this.#start = this.#input.position;
    this.#totals = noTotals();
  }

  mark(): RecordMark {
    return { start: this.#start, position: this.#input.position, rest: this.#rest };
  }

  /** Goes on where a mark was made; the input stands there. */
  resume({ start, rest }: RecordMark): void {
    this.begin();
    this.#start = start;
    this.#rest = rest;
  }

  more(): Promise<void> {
    return this.#input.more();
  }

  fill(into: Uint8Array, at: number, end = into.length): number {
    if (this.#ended) return -1;
    if (this.#rest > 0) return this.#copyRaw(into, at, end);
    this.#parseHeader();
    switch (this.#type) {
      case RecordType.term:
        this.#takeTerm();
        return -1;
      case RecordType.raw:
        this.#beginRaw();
        return this.#rest > 0 ? this.#copyRaw(into, at, end) : 0;
      case RecordType.lzf:
        return this.#takePacked('lzf', lzfDecompress, into, at);
      case RecordType.lz4:
        return this.#takePacked('lz4', lz4Decompress, into, at);
      case RecordType.zero: {
        const size = this.#zeroSize();
        this.#consume('zero', size);
        into.fill(0, at, at + size);
        return size;
      }
      default:
        throw this.#fail('VERR_SSM_BAD_REC_TYPE', 'data in a NAMED record');
    }
  }

  /**
   * As {@link fill}, but as many records as there is room for in `into[at, end)`, and as the window has. What is not quite
   * usual it leaves to {@link fill}, which knows every rule.
   */
  fillMany(into: Uint8Array, at: number, end: number): number {
    const many = end - at >= MANY_FROM && this.#rest === 0 && !this.#ended;
    const ahead = many ? this.#ahead : undefined;
    const codecs = many ? wasm() : undefined;
    if (ahead === undefined && codecs === undefined) return this.fill(into, at, end);
    ahead?.look();
    return (
      this.#fillZeros(into, at, end) ||
      (ahead !== undefined && this.#fillExpanded(ahead, into, at, end)) ||
      (codecs !== undefined && ahead?.next === undefined && this.#fillBatch(codecs, into, at, end)) ||
      this.fill(into, at, end)
    );
  }

  /** Records that workers have expanded; 0 where there are none. */
  #fillExpanded(ahead: LookAhead, into: Uint8Array, at: number, end: number): number {
    const expanded = ahead.take(into, at, end);
    if (expanded === undefined) return 0;
    const { type, packed, raw, stored, data } = expanded;
    if (!this.#input.guard.records(packed + raw, stored, data)) return 0;
    this.#totals[type === RecordType.lz4 ? 'lz4' : 'lzf'] += packed;
    this.#totals.raw += raw;
    this.#consumeMany(stored, data);
    return data;
  }

  /** ZERO records that follow each other, as one stretch of zeros; 0 where there are none. */
  #fillZeros(into: Uint8Array, at: number, end: number): number {
    const { bytes, pos, limit } = this.#input;
    const most = end - at;
    let data = 0;
    let next = pos;
    for (; limit - next >= ZERO_SIZE; next += ZERO_SIZE) {
      if (bytes[next] !== ZERO || bytes[next + 1] !== 1) break;
      const size = (bytes[next + 2] as number) * 1024;
      if (size === 0 || size > BLOCK || data + size > most) break;
      data += size;
    }
    const count = (next - pos) / ZERO_SIZE;
    if (count === 0 || !this.#input.guard.records(count, next - pos, data)) return 0;
    into.fill(0, at, at + data);
    this.#totals.zero += count;
    this.#consumeMany(next - pos, data);
    return data;
  }

  /** Records of all kinds, in one call of WebAssembly; 0 where it has found none that it takes. */
  #fillBatch(codecs: WasmCodecs, into: Uint8Array, at: number, end: number): number {
    const { bytes, pos, guard } = this.#input;
    const stop = this.#batchEnd(end - at);
    if (stop === pos || codecs.readRecords(bytes, pos, stop, end - at, this.#lastType) === 0) return 0;
    const { consumed, data, raw, lzf, zero, lz4 } = codecs.lastRecords;
    codecs.takeData(into, at);
    this.#ahead?.offer(data);
    if (!guard.records(raw + lzf + zero + lz4, consumed, data)) return 0;
    const totals = this.#totals;
    totals.raw += raw;
    totals.lzf += lzf;
    totals.zero += zero;
    totals.lz4 += lz4;
    this.#consumeMany(consumed, data);
    // While they are in the processor's cache.
    void this.#input.crc;
    return data;
  }

  /** Where those of the next records end that are worth being decoded in one call, for data that fits in `room`. */
  #batchEnd(room: number): number {
    const { bytes, pos, limit } = this.#input;
    const walk = this.#walk;
    let next = pos;
    for (let data = 0; next - pos <= BATCH_MAX - BLOCK && data < room; ) {
      if (walk.look(bytes, next, limit) !== 'record') break;
      const { type, stored, end } = walk;
      // Several blocks of zeros, or of what is not packed, would only be copied once more.
      const isPlain = type === RecordType.zero || (type === RecordType.raw && stored >= BLOCK);
      if (isPlain && (stored > BLOCK || (end < limit && bytes[end] === bytes[next]))) break;
      data += isPlain ? BLOCK : walk.isPacked ? (bytes[walk.from] as number) * 1024 : stored;
      next = end;
    }
    return Math.min(next, limit);
  }

  #consumeMany(stored: number, data: number): void {
    this.#input.advance(stored);
    this.#totals.data += data;
    this.#empty = false;
  }

  /**
   * Skips data: the rest of a record, or a piece of it. LZF and LZ4 are not expanded.
   *
   * @returns false when the unit is at its end.
   */
  skip(): boolean {
    if (this.#ended) return false;
    if (this.#rest === 0) {
      this.#parseHeader();
      switch (this.#type) {
        case RecordType.term:
          this.#takeTerm();
          return false;
        case RecordType.raw:
          this.#beginRaw();
          break;
        case RecordType.lzf:
          this.#skipPacked('lzf');
          return true;
        case RecordType.lz4:
          this.#skipPacked('lz4');
          return true;
        case RecordType.zero:
          this.#consume('zero', this.#zeroSize());
          return true;
        default:
          throw this.#fail('VERR_SSM_BAD_REC_TYPE', 'data in a NAMED record');
      }
    }
    if (this.#rest > 0) this.#passRaw(this.#rest);
    return true;
  }

  pass(most: number): number {
    if (this.#ended) return 0;
    if (this.#rest === 0) {
      this.#parseHeader();
      switch (this.#type) {
        case RecordType.raw:
          this.#beginRaw();
          break;
        case RecordType.lzf:
          return this.#passPacked('lzf', most);
        case RecordType.lz4:
          return this.#passPacked('lz4', most);
        case RecordType.zero: {
          const size = this.#zeroSize();
          if (size > most) return 0;
          this.#consume('zero', size);
          return size;
        }
        default:
          return 0;
      }
    }
    return this.#rest === 0 ? 0 : this.#passRaw(most);
  }

  #passRaw(most: number): number {
    this.#need(1);
    const count = Math.min(this.#rest, most, this.#input.available);
    this.#input.advance(count);
    this.#rest -= count;
    return count;
  }

  #passPacked(kind: Packing, most: number): number {
    const expanded = this.#packedSize(kind);
    if (expanded > most) return 0;
    this.#skipPacked(kind);
    return expanded;
  }

  /**
   * The check after a load callback has returned: the unit must be at its end.
   *
   * A record without data in front of TERM counts as unread even where reading ahead has passed it: exact reading, which
   * is what the original does, never gets to it.
   *
   * @param buffered decoded bytes that the callback has left.
   * @throws SsmError VERR_SSM_LOADED_TOO_LITTLE; what {@link fill} throws for a damaged header or TERM.
   */
  finish(buffered: number): void {
    const left = buffered + this.#rest;
    if (left > 0) throw this.#tooLittle(`at least ${left} bytes of the unit were not read`);
    if (this.#empty) throw this.#tooLittle('the unit has a record without data at its end');
    if (this.#ended) return;
    this.#parseHeader();
    if (this.#type !== RecordType.term) throw this.#tooLittle('the unit was not read to its end');
    this.#takeTerm();
  }

  #tooLittle(detail: string): SsmError {
    return this.#fail('VERR_SSM_LOADED_TOO_LITTLE', detail);
  }

  #fail(status: SsmFailure, detail: string): SsmError {
    return new SsmError(status, detail, { offset: this.#input.position });
  }

  /** Asks for bytes that the unit must have. */
  #need(count: number): void {
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
    throw this.#fail(this.#input.guard.endInUnit, 'the saved state ends inside of a unit');
  }

  #consume(kind: Packing | 'zero', size: number): void {
    this.#input.guard.record(this.#headerSize + this.#payload, size);
    this.#input.advance(this.#headerSize + this.#payload);
    this.#totals[kind]++;
    if (kind !== 'zero') this.#ahead?.offer(size);
    this.#totals.data += size;
    this.#empty = size === 0;
  }

  /** Looks at the header in front of which the input stands, without consuming it. */
  #parseHeader(): void {
    const input = this.#input;
    this.#need(2);
    const { bytes, pos } = input;
    const first = bytes[pos] as number;
    const lead = bytes[pos + 1] as number;
    const type = first & 0x0f;
    if ((first & 0xe0) !== FIXED || type < RecordType.term || type > this.#lastType) {
      throw this.#fail('VERR_SSM_INTEGRITY_REC_HDR', `no record starts with 0x${first.toString(16)}`);
    }
    this.#type = type;
    if (type === RecordType.term || lead < 0x80) {
      this.#headerSize = 2;
      this.#payload = lead;
      return;
    }
    this.#parseSize(lead);
  }

  /** A size of more than one byte. Bit 6 of the lead byte is not looked at (`SSMR3.cpp, ssmR3DataReadRecHdrV2`). */
  #parseSize(lead: number): void {
    // The first clear bit from bit 5 down tells the number of bytes that follow: 1…5.
    let more = 1;
    while (more <= 5 && (lead & (0x40 >> more)) !== 0) more++;
    if (more > 5) throw this.#fail('VERR_SSM_INTEGRITY_REC_HDR', `no record size starts with 0x${lead.toString(16)}`);
    this.#need(2 + more);
    const { bytes, pos } = this.#input;
    let size = lead & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = bytes[pos + 2 + i] as number;
      if ((next & 0xc0) !== 0x80) {
        throw this.#fail('VERR_SSM_INTEGRITY_REC_HDR', 'a damaged record size');
      }
      size = size * 64 + (next & 0x3f);
    }
    // The two shortest of these forms may be longer than needed, the others may not.
    if (more >= 3 && size < 2 ** (5 * more + 1)) {
      throw this.#fail('VERR_SSM_INTEGRITY_REC_HDR', `a record size of ${size} in ${more + 1} bytes`);
    }
    this.#headerSize = 2 + more;
    this.#payload = size;
  }

  #beginRaw(): void {
    this.#input.guard.record(this.#headerSize + this.#payload, this.#payload);
    this.#input.advance(this.#headerSize);
    this.#rest = this.#payload;
    this.#ahead?.offer(this.#payload);
    this.#totals.raw++;
    this.#totals.data += this.#payload;
    this.#empty = this.#payload === 0;
  }

  #copyRaw(into: Uint8Array, at: number, end: number): number {
    this.#need(1);
    const input = this.#input;
    const count = Math.min(this.#rest, end - at, input.available);
    copyBytes(input.bytes, input.pos, input.pos + count, into, at);
    input.advance(count);
    this.#rest -= count;
    return count;
  }

  #damaged(detail: string): SsmError {
    return this.#fail('VERR_SSM_INTEGRITY_DECOMPRESSION', detail);
  }

  /** Checks what an LZF or LZ4 record says of itself, and returns how much it expands to. */
  #packedSize(kind: Packing): number {
    const size = this.#payload;
    if (size <= 1 || size > BLOCK + 2) throw this.#damaged(`an ${packings[kind]} record of ${size} bytes`);
    this.#need(this.#headerSize + 1);
    const expanded = (this.#input.bytes[this.#input.pos + this.#headerSize] as number) * 1024;
    if (expanded < size - 1 || expanded > BLOCK) {
      throw this.#damaged(`an ${packings[kind]} record of ${size} bytes that is to expand to ${expanded}`);
    }
    return expanded;
  }

  #takePacked(kind: Packing, decompress: Decompress, into: Uint8Array, at: number): number {
    const expanded = this.#packedSize(kind);
    this.#need(this.#headerSize + this.#payload);
    this.#ahead?.look();
    if (this.#ahead?.take(into, at, at + expanded) === undefined) this.#expand(kind, decompress, expanded, into, at);
    this.#consume(kind, expanded);
    return expanded;
  }

  #expand(kind: Packing, decompress: Decompress, expanded: number, into: Uint8Array, at: number): void {
    const { bytes, pos } = this.#input;
    const from = pos + this.#headerSize;
    if (!decompress(bytes, from + 1, from + this.#payload, into, at, expanded)) {
      throw this.#damaged(`an ${packings[kind]} record does not expand to its ${expanded} bytes`);
    }
  }

  #skipPacked(kind: Packing): void {
    const size = this.#packedSize(kind);
    this.#need(this.#headerSize + this.#payload);
    this.#consume(kind, size);
  }

  #zeroSize(): number {
    if (this.#payload !== 1) throw this.#damaged(`a ZERO record of ${this.#payload} bytes`);
    this.#need(this.#headerSize + 1);
    const size = (this.#input.bytes[this.#input.pos + this.#headerSize] as number) * 1024;
    if (size > BLOCK) throw this.#damaged(`a ZERO record of ${size} zeros`);
    return size;
  }

  /** Checks TERM and consumes it. */
  #takeTerm(): void {
    const input = this.#input;
    const fail = (detail: string) => this.#fail('VERR_SSM_INTEGRITY_REC_TERM', detail);
    if (this.#payload !== TERM_SIZE - 2) throw fail(`a TERM record of ${this.#payload} bytes`);
    if (((input.bytes[input.pos] as number) & IMPORTANT) === 0) throw fail('a TERM record without the important flag');
    this.#need(TERM_SIZE);
    const { view, pos } = input;
    const size = view.getUint32(pos + 8, true) + view.getUint32(pos + 12, true) * 2 ** 32;
    const stored = this.stored + TERM_SIZE;
    if (size !== stored) throw fail(`a TERM record says ${size} bytes in a unit of ${stored}`);
    const flags = view.getUint16(pos + 2, true);
    if ((flags & ~1) !== 0) throw fail(`unknown flags 0x${flags.toString(16)} in a TERM record`);
    const crc = view.getUint32(pos + 4, true);
    if (flags === 0) {
      if (crc !== 0) throw fail('a TERM record without a checksum that has one');
    } else if (input.checksum && crc !== input.crcThrough(2)) {
      throw this.#fail('VERR_SSM_INTEGRITY_REC_TERM_CRC', 'the CRC of the stream is wrong at the end of the unit');
    }
    input.advance(TERM_SIZE);
    this.#ended = true;
  }
}
