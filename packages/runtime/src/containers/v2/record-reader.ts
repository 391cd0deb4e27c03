import { type Decompress, lz4Decompress, lzfDecompress } from '../../codecs/blocks.js';
import { copyBytes } from '../../codecs/copy.js';
import type { SsmError } from '../../error.js';
import { wasm } from '../../wasm/instance.js';
import type { WasmCodecs } from '../../wasm/wasm-codecs.js';
import type { CodecPool } from '../../workers/pool.js';
import type { ByteReader } from '../byte-reader.js';
import { noTotals, type RecordMark, type RecordTotals, type UnitRecords } from '../state.js';
import { LookAhead } from './look-ahead.js';
import { ZERO } from './pack-block.js';
import { type Packing, packings, RecordHeader } from './record-header.js';
import { RecordWalk } from './record-walk.js';
import { BLOCK, RecordType, TERM_SIZE } from './records.js';

/** Room from which on records are decoded many at a time. */
const MANY_FROM = 2 * BLOCK;

/** Bytes of a writer's ZERO record. */
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
  readonly #header: RecordHeader;
  readonly #walk: RecordWalk;
  /** Bytes left of the RAW record being read. */
  #rest = 0;
  #ended = false;
  /** The record read last holds no data. */
  #empty = false;
  #start = 0;
  #totals: RecordTotals = noTotals();
  #ahead: LookAhead | undefined;

  /** @param lz4 the file header has announced LZ4 records. */
  constructor(input: ByteReader, lz4 = false) {
    this.#input = input;
    this.#lastType = lz4 ? RecordType.lz4 : RecordType.named;
    this.#header = new RecordHeader(input, this.#lastType);
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
    this.#header.parse();
    switch (this.#header.type) {
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
        const size = this.#header.zeroSize();
        this.#consume('zero', size);
        into.fill(0, at, at + size);
        return size;
      }
      default:
        throw this.#header.fail('VERR_SSM_BAD_REC_TYPE', 'data in a NAMED record');
    }
  }

  /**
   * As {@link fill}, but as many records as there is room for in `into[at, end)`, and as the window has. What is not quite
   * usual it leaves to {@link fill}, which knows every rule.
   */
  fillMany(into: Uint8Array, at: number, end: number): number {
    if (end - at < MANY_FROM || this.#rest > 0 || this.#ended) return this.fill(into, at, end);
    const ahead = this.#ahead;
    const codecs = wasm();
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
      this.#header.parse();
      switch (this.#header.type) {
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
          this.#consume('zero', this.#header.zeroSize());
          return true;
        default:
          throw this.#header.fail('VERR_SSM_BAD_REC_TYPE', 'data in a NAMED record');
      }
    }
    if (this.#rest > 0) this.#passRaw(this.#rest);
    return true;
  }

  pass(most: number): number {
    if (this.#ended) return 0;
    if (this.#rest === 0) {
      this.#header.parse();
      switch (this.#header.type) {
        case RecordType.raw:
          this.#beginRaw();
          break;
        case RecordType.lzf:
          return this.#passPacked('lzf', most);
        case RecordType.lz4:
          return this.#passPacked('lz4', most);
        case RecordType.zero: {
          const size = this.#header.zeroSize();
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
    this.#header.need(1);
    const count = Math.min(this.#rest, most, this.#input.available);
    this.#input.advance(count);
    this.#rest -= count;
    return count;
  }

  #passPacked(kind: Packing, most: number): number {
    const expanded = this.#header.packedSize(kind);
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
    this.#header.parse();
    if (this.#header.type !== RecordType.term) throw this.#tooLittle('the unit was not read to its end');
    this.#takeTerm();
  }

  #tooLittle(detail: string): SsmError {
    return this.#header.fail('VERR_SSM_LOADED_TOO_LITTLE', detail);
  }

  #consume(kind: Packing | 'zero', size: number): void {
    this.#input.guard.record(this.#header.stored, size);
    this.#input.advance(this.#header.stored);
    this.#totals[kind]++;
    if (kind !== 'zero') this.#ahead?.offer(size);
    this.#totals.data += size;
    this.#empty = size === 0;
  }

  #beginRaw(): void {
    this.#input.guard.record(this.#header.stored, this.#header.payload);
    this.#input.advance(this.#header.size);
    this.#rest = this.#header.payload;
    this.#ahead?.offer(this.#header.payload);
    this.#totals.raw++;
    this.#totals.data += this.#header.payload;
    this.#empty = this.#header.payload === 0;
  }

  #copyRaw(into: Uint8Array, at: number, end: number): number {
    this.#header.need(1);
    const input = this.#input;
    const count = Math.min(this.#rest, end - at, input.available);
    copyBytes(input.bytes, input.pos, input.pos + count, into, at);
    input.advance(count);
    this.#rest -= count;
    return count;
  }

  #takePacked(kind: Packing, decompress: Decompress, into: Uint8Array, at: number): number {
    const expanded = this.#header.packedSize(kind);
    this.#header.need(this.#header.stored);
    this.#ahead?.look();
    if (this.#ahead?.take(into, at, at + expanded) === undefined) this.#expand(kind, decompress, expanded, into, at);
    this.#consume(kind, expanded);
    return expanded;
  }

  #expand(kind: Packing, decompress: Decompress, expanded: number, into: Uint8Array, at: number): void {
    const { bytes, pos } = this.#input;
    const from = pos + this.#header.size;
    if (!decompress(bytes, from + 1, from + this.#header.payload, into, at, expanded)) {
      throw this.#header.damaged(`an ${packings[kind]} record does not expand to its ${expanded} bytes`);
    }
  }

  #skipPacked(kind: Packing): void {
    const size = this.#header.packedSize(kind);
    this.#header.need(this.#header.stored);
    this.#consume(kind, size);
  }

  #takeTerm(): void {
    this.#header.checkTerm(this.stored + TERM_SIZE);
    this.#input.advance(TERM_SIZE);
    this.#ended = true;
  }
}
