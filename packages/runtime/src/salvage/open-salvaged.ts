import { defaultHost } from '@ssmkit/schema';
import { ByteReader } from '../containers/byte-reader.js';
import { ReadGuard } from '../containers/guard.js';
import type { Directory, RecordMark, StateReader, UnitHeader, UnitPlace, UnitRecords } from '../containers/state.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { RecordReader } from '../containers/v2/record-reader.js';
import { OpenedState, type OpenOptions, type OpenState, openState } from '../engine/open.js';
import { SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { readHeader } from './header.js';
import type { LostUnit, Survey } from './survey.js';
import { placeAt, surveyV2 } from './survey-v2.js';

/** A damaged state that was opened. */
export interface SalvagedState {
  /**
   * What is left: `units` goes through every unit whose header was found, each as far as it can be read, and `seek` finds
   * those that are whole. There is no directory.
   */
  readonly state: OpenState;
  /** Units that are not whole. Those whose header is known are among the units all the same. */
  readonly lost: readonly LostUnit[];
}

/**
 * Opens a damaged or truncated file to read what is left of it, units behind the damage included; it is gone through once
 * for that. Of formats V1.x the units in front of the damage are read.
 *
 * @throws SsmError what is wrong with a file header that is too damaged to go by; VERR_NOT_SUPPORTED for a stream.
 */
export async function openSalvaged(source: Source, options: Omit<OpenOptions, 'damaged'> = {}): Promise<SalvagedState> {
  if (source.size === undefined) {
    throw new SsmError('VERR_NOT_SUPPORTED', 'behind damage only a file can be searched, not a stream');
  }
  const guard = new ReadGuard({ ...options.limits, wallTime: Number.POSITIVE_INFINITY });
  guard.interrupt.cancelOn(options.signal);
  guard.check();
  const header = await readHeader(source, guard);
  if (header === undefined) return { state: await openState(source, { ...options, damaged: true }), lost: [] };
  const survey = await surveyV2(source, header, guard);
  const open = () => new FoundReader(source, header.header, survey, guard.fresh());
  const reopen = async () => open();
  const state = new OpenedState(source, open(), options.host ?? defaultHost, { reopen, restIgnored: true });
  return { state, lost: survey.lost };
}

/** Reads the units of format V2.0 that were found in a damaged file. */
class FoundReader implements StateReader {
  readonly format = '2.0';
  readonly header: FileHeader;
  readonly guard: ReadGuard;
  readonly atDirectory = false;
  readonly #source: Source;
  /** Units with a header, in the order of the file; and those that are whole. */
  readonly #units: readonly UnitHeader[];
  readonly #whole: readonly UnitHeader[];
  #next = 0;
  #place: UnitPlace | undefined;

  constructor(source: Source, header: FileHeader, { whole, lost }: Survey, guard: ReadGuard) {
    this.#source = source;
    this.header = header;
    this.guard = guard;
    this.#whole = whole.map(({ unit }) => unit);
    const damaged = lost.flatMap(({ unit }) => unit ?? []);
    this.#units = [...this.#whole, ...damaged].sort((a, b) => a.offset - b.offset);
  }

  get records(): UnitRecords {
    return (this.#place as UnitPlace).records;
  }

  get input(): ByteReader {
    return (this.#place as UnitPlace).input;
  }

  async nextUnit(): Promise<UnitHeader | undefined> {
    const unit = this.#units[this.#next++];
    if (unit === undefined) return undefined;
    this.#place = await this.#at(unit);
    return unit;
  }

  async #at({ offset }: UnitHeader): Promise<UnitPlace> {
    const place = await placeAt(this.#source, offset, this.header, this.guard);
    if (place !== undefined && place !== 'END') return place;
    throw new SsmError('VERR_SSM_INTEGRITY_UNIT', 'the file has changed meanwhile', { offset });
  }

  async readEnd(): Promise<void> {}

  async checkWhole(): Promise<void> {}

  async directory(): Promise<Directory> {
    throw new SsmError('VERR_NOT_SUPPORTED', 'the directory of a damaged state is not to be relied on');
  }

  async seek(name: string, instance: number): Promise<UnitPlace> {
    const unit = this.#whole.findLast((each) => each.name === name && each.instance === instance);
    if (unit !== undefined) return this.#at(unit);
    throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no unit '${name}'#${instance} is whole`, { unit: name, instance });
  }

  async resume(mark: RecordMark): Promise<RecordReader> {
    const input = new ByteReader(this.#source, mark.position, this.guard.fresh());
    input.checksum = false;
    const records = new RecordReader(input, this.header.compression === 'lz4');
    records.resume(mark);
    return records;
  }
}
