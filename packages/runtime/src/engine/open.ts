import { defaultHost, type HostProfile } from '@ssmkit/schema';
import type { Format } from '../containers/formats.js';
import { type Limits, ReadGuard } from '../containers/guard.js';
import type {
  Directory,
  RecordMark,
  RecordTotals,
  StateHeader,
  StateReader,
  UnitHeader,
  UnitPlace,
  UnitRecords,
} from '../containers/state.js';
import { copyData } from '../convert/copy.js';
import { SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';
import type { SavedHost } from '../streams/record-source.js';
import { savedHostOf } from './load-handle.js';
import { openReader } from './open-reader.js';
import { getSelfDescription, hostOf, selfUnit } from './self-units.js';

/** How a state is opened. */
export interface OpenOptions {
  /** The host whose C structures are filled; default linux.amd64. */
  host?: HostProfile;
  /**
   * Open a V1.x file also where its size or its CRC is wrong, to read what there is; default false. V2.0 has checksums on
   * the way, which tell how far a file can be trusted.
   */
  damaged?: boolean;
  /**
   * What to take on at most, for every unit that is sought and every walk over the units; see {@link Limits}. A state may
   * be open for as long as one likes: `signal` ends the reading.
   */
  limits?: Partial<Omit<Limits, 'wallTime'>>;
  /** Ends all reading: VERR_SSM_CANCELLED. */
  signal?: AbortSignal;
}

/** A unit of an opened state. */
export interface OpenUnit extends UnitHeader {
  /**
   * The unit's data. Its `version` is 0xFFFFFFFF for units that were sought, as in VirtualBox; that of the unit is
   * beside it.
   */
  readonly stream: GetStream;
  /**
   * Reads over what is left of the unit and checks its end.
   *
   * @returns what the unit amounts to, what was read before included.
   */
  measure(): Promise<UnitSize>;
  /**
   * Where in the file the data lies that `stream` decodes next, for {@link OpenState.resume}. Known only while nothing is
   * buffered (`stream.buffered` is 0); in V1.x not everywhere even then.
   */
  mark(): RecordMark | undefined;
  /**
   * Puts the data of the unit, of which nothing may have been read, into a unit that is being written. Large items stay
   * whole as far as the records show them, so that the copy is packed as well as the original is.
   *
   * @throws SsmError VERR_INVALID_STATE after reading from `stream`; what is wrong with the unit.
   */
  copyTo(put: PutStream): Promise<void>;
}

/** What a unit amounts to. */
export interface UnitSize {
  /** Bytes of data. */
  readonly data: number;
  /** Bytes of its records in the file, headers and TERM included; in V1.x all that follows the unit's header. */
  readonly stored: number;
  /** Number of its records by type, TERM not counted; in V1.x of blocks or streams. */
  readonly records: Readonly<Omit<RecordTotals, 'data'>>;
}

/** A saved state opened for reading. */
export interface OpenState {
  readonly format: Format;
  readonly header: StateHeader;
  /** The directory of a file. @throws SsmError VERR_NOT_SUPPORTED for a stream and in V1.x, which has none; what is wrong with the directory. */
  directory(): Promise<Directory>;
  /**
   * Finds a unit, through the directory where there is one: of a unit saved in several passes the last.
   *
   * Every call gives a stream of its own; several may be read in turns.
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, VERR_NOT_SUPPORTED for a stream, what is wrong with the directory.
   */
  seek(name: string, instance?: number): Promise<OpenUnit>;
  /**
   * All units in the order of the file, every pass of them. Each is valid until the next is asked for, which in V2.0
   * checks that the rest of it is sound; in V1.x what is wrong with one unit leaves the others as they are. At the end
   * directory and footer are checked.
   *
   * Of a stream it can be called once.
   */
  units(): AsyncGenerator<OpenUnit, void, undefined>;
  /**
   * Goes on reading the data of a unit at a mark made before. Random access into large units: the marks cost little, and
   * the unit need not be decoded up to there. The unit's checksum is not looked at; going through the units has done so.
   *
   * @param unit the unit in which the mark was made.
   * @returns a stream of its own, whose `offset` counts from the mark.
   * @throws SsmError VERR_NOT_SUPPORTED for a stream.
   */
  resume(unit: UnitHeader, mark: RecordMark): Promise<GetStream>;
}

/**
 * Opens a saved state: reads and checks its header, of a V2.0 file its footer, of a V1.x file its size and its CRC.
 *
 * @throws SsmError as `loadState` does for a state in which any of these is damaged.
 */
export async function openState(source: Source, options: OpenOptions = {}): Promise<OpenState> {
  const guard = new ReadGuard({ ...options.limits, wallTime: Number.POSITIVE_INFINITY });
  guard.interrupt.cancelOn(options.signal);
  guard.check();
  const reader = await openReader(source, guard, options.damaged ? 'readable' : 'all');
  return new OpenedState(source, reader, options.host ?? defaultHost);
}

/** How a state is read that is not just opened as a file. */
export interface OpenedOptions {
  /** Another reader that stands at the first unit. */
  readonly reopen: () => Promise<StateReader>;
  /** What is wrong with one unit leaves the others as they are. */
  readonly restIgnored: boolean;
}

/** A state that is read through any reader; made by {@link openState}. */
export class OpenedState implements OpenState {
  readonly format: Format;
  readonly header: StateHeader;
  readonly #source: Source;
  readonly #host: HostProfile;
  readonly #reader: StateReader;
  /** Whether {@link units} has been called: the reader then no longer stands at the first unit. */
  #walked = false;
  #saved: SavedHost;
  #askedSelf = false;
  readonly #options: OpenedOptions | undefined;

  constructor(source: Source, reader: StateReader, host: HostProfile, options?: OpenedOptions) {
    this.#options = options;
    this.format = reader.format;
    this.header = reader.header;
    this.#source = source;
    this.#host = host;
    this.#reader = reader;
    this.#saved = savedHostOf(reader.header, host);
  }

  directory(): Promise<Directory> {
    return this.#reader.directory();
  }

  async seek(name: string, instance = 0): Promise<OpenUnit> {
    const place = await this.#reader.seek(name, instance);
    await this.#askSelf();
    return this.#open(place, 0xffffffff);
  }

  async *units(): AsyncGenerator<OpenUnit, void, undefined> {
    const reader = this.#walked ? await this.#reopen() : this.#reader;
    this.#walked = true;
    await this.#askSelf();
    while (!reader.atDirectory) {
      const unit = await reader.nextUnit();
      if (unit === undefined) break;
      const opened = this.#open({ unit, records: reader.records, input: reader.input }, unit.version);
      yield opened;
      if (!reader.records.restIgnored && this.#options?.restIgnored !== true) await opened.measure();
    }
    await reader.readEnd();
  }

  async #reopen(): Promise<StateReader> {
    if (this.#options !== undefined) return this.#options.reopen();
    if (this.#source.size === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'a stream can be read only once');
    return openReader(this.#source, this.#reader.guard.fresh(), 'readable');
  }

  #open({ unit, records, input }: UnitPlace, version: number): OpenUnit {
    const stream = this.#stream(records, version, unit.pass);
    const measure = async () => {
      try {
        while (await input.run(() => records.skip()));
      } catch (error) {
        const { name, instance, pass } = unit;
        throw error instanceof SsmError ? error.at({ unit: name, instance, pass }) : error;
      }
      const { data, ...counts } = records.totals;
      return { data, stored: records.stored, records: counts };
    };
    const mark = () => (stream.buffered === 0 ? records.mark() : undefined);
    const copyTo = async (put: PutStream) => {
      if (records.totals.data > 0) throw new SsmError('VERR_INVALID_STATE', 'the unit has been read from already');
      await copyData({ records }, put);
    };
    return { ...unit, stream, measure, mark, copyTo };
  }

  async resume({ version, pass }: UnitHeader, mark: RecordMark): Promise<GetStream> {
    return this.#stream(await this.#reader.resume(mark), version, pass);
  }

  #stream(records: UnitRecords, version: number, pass: number): GetStream {
    return new GetStream(records, { host: this.#host, saved: this.#saved, version, pass });
  }

  /**
   * Reads the unit "SSM" of a file, to know how the saving host's compiler laid structures out. VirtualBox does not when
   * it seeks, and goes by the loading host.
   */
  async #askSelf(): Promise<void> {
    if (this.#askedSelf || this.#source.size === undefined) return;
    this.#askedSelf = true;
    try {
      const place = await this.#reader.seek(selfUnit.name, 0);
      if (place.unit.version !== selfUnit.version) return;
      this.#saved = { ...this.#saved, ...hostOf(await getSelfDescription(this.#open(place, selfUnit.version).stream)) };
    } catch (error) {
      // Files of the standalone writer have no such unit; a damaged one is reported to whoever reads it.
      if (!(error instanceof SsmError)) throw error;
    }
  }
}
