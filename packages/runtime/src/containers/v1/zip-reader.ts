import type { SsmFailure } from '../../status.js';
import type { ByteReader } from '../byte-reader.js';
import { noTotals, type RecordMark, type RecordTotals, type UnitRecords } from '../state.js';
import type { Decoder } from './decoder.js';
import { InflateDecoder } from './inflate-decoder.js';
import { LzfDecoder } from './lzf-decoder.js';
import { StoreDecoder } from './store-decoder.js';
import { UnitBytes } from './unit-bytes.js';
import { ZipType } from './zip.js';

/** What decodes each manner of compression; those that VirtualBox knows and does not read have none. */
const decoders = new Map<number, ((unit: UnitBytes) => Decoder) | undefined>([
  [ZipType.store, (unit) => new StoreDecoder(unit)],
  [ZipType.zlib, (unit) => new InflateDecoder(unit, true)],
  [ZipType.bzlib, undefined],
  [ZipType.lzf, (unit) => new LzfDecoder(unit)],
  [ZipType.lzjb, undefined],
  [ZipType.lzo, undefined],
  [ZipType.deflate, (unit) => new InflateDecoder(unit, false)],
]);

/**
 * Decodes the zip stream of one unit at a time. Nothing is fetched beyond the unit.
 *
 * A stream need not be read to its end: what is left of a unit is skipped without a look
 * (`VirtualBox 7.2 SSMR3.cpp, ssmR3LoadExecV1`).
 */
export class ZipReader implements UnitRecords {
  /** No stream has a record without data at its end that would matter. */
  readonly empty = false;
  readonly restIgnored = true;
  readonly #input: ByteReader;
  #unit: UnitBytes | undefined;
  #decoder: Decoder | undefined;

  constructor(input: ByteReader) {
    this.#input = input;
  }

  /** Starts a unit whose data begins where the input is and ends at the offset `end`. */
  begin(end: number): void {
    this.#unit = new UnitBytes(this.#input, end);
    this.#decoder = undefined;
  }

  mark(): RecordMark | undefined {
    const unit = this.#unit;
    if (unit === undefined || this.#decoder?.resumable === false) return undefined;
    const { position } = this.#input;
    return { start: unit.start, position, rest: unit.end - position };
  }

  /** Goes on where a mark was made; the input stands at the unit's start. */
  async resume({ start, position, rest }: RecordMark): Promise<void> {
    this.begin(position + rest);
    if (position === start) return;
    await this.#input.run(() => this.#open());
    await this.#input.moveTo(position);
  }

  get totals(): Readonly<RecordTotals> {
    return this.#unit?.totals ?? noTotals();
  }

  get stored(): number {
    return this.#unit === undefined ? 0 : this.#input.position - this.#unit.start;
  }

  get cutStatus(): SsmFailure {
    return this.#decoder?.cutStatus ?? 'VERR_SSM_LOADED_TOO_MUCH';
  }

  more(): Promise<void> {
    return this.#input.more();
  }

  fill(into: Uint8Array, at: number): number {
    return this.#open()?.fill(into, at) ?? -1;
  }

  /** @returns false at the end of the unit: also what follows the end of a zlib stream has been skipped then. */
  skip(): boolean {
    const unit = this.#unit;
    if (unit === undefined) return false;
    if (this.#open()?.skip()) return true;
    if (unit.request(1) === 0) return false;
    unit.input.advance(unit.available);
    return true;
  }

  finish(_buffered: number): void {
    const unit = this.#unit;
    if (unit === undefined || unit.end >= unit.start) return;
    throw unit.fail('VERR_SSM_LOADED_TOO_MUCH', `the unit ends ${unit.start - unit.end} bytes before its data begins`);
  }

  /**
   * The decoder of the stream; `undefined` where the unit has no data.
   *
   * @throws SsmError VERR_INVALID_MAGIC, VERR_NOT_SUPPORTED; NeedMore.
   */
  #open(): Decoder | undefined {
    if (this.#decoder !== undefined) return this.#decoder;
    const unit = this.#unit;
    if (unit === undefined || unit.request(1) === 0) return undefined;
    const type = this.#input.bytes[this.#input.pos] as number;
    const decoder = decoders.get(type);
    if (decoder === undefined) {
      throw decoders.has(type)
        ? unit.fail('VERR_NOT_SUPPORTED', `compression of type ${type}, which VirtualBox does not read either`)
        : unit.fail('VERR_INVALID_MAGIC', `no zip stream starts with 0x${type.toString(16)}`);
    }
    this.#input.advance(1);
    this.#decoder = decoder(unit);
    return this.#decoder;
  }
}
