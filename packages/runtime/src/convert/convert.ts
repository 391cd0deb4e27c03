import { defaultHost, hostProfile } from '@ssmkit/schema';
import { crc32 } from '../codecs/crc32.js';
import type { Format } from '../containers/formats.js';
import { type Limits, ReadGuard } from '../containers/guard.js';
import type {
  DirectoryEntry,
  ProductVersion,
  StateHeader,
  StateReader,
  StateWriter,
  UnitHeader,
} from '../containers/state.js';
import { nameBytes } from '../containers/unit-name.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { V2Reader } from '../containers/v2/reader.js';
import type { Compression } from '../containers/v2/records.js';
import { V2Writer } from '../containers/v2/writer.js';
import { openReader } from '../engine/open-reader.js';
import { openWriter } from '../engine/open-writer.js';
import { isSsmError, SsmError } from '../error.js';
import type { Sink, Source } from '../io/sink-source.js';
import { copyData } from './copy.js';
import { hostNameOf, isSelfUnit, putPairs, readPairs, SELF_NAME, SELF_VERSION, withHost } from './self-unit.js';
import { checkHostName, checkUnit, refusal, targetHeader } from './target.js';

/** What a state is converted to. */
export interface ConvertOptions {
  /** Default `'2.0'`. `'1.2'` needs a sink that can {@link Sink.rewrite}. */
  format?: '2.0' | '1.2' | undefined;
  /** How blocks are packed; default as in the input. Only ssmkit reads `lz4`. */
  compression?: Compression | undefined;
  /**
   * The host that saved, `os.arch`: goes into the header and into the unit "SSM", which is added where there is none.
   * Units are not converted: a host on which they would be laid out otherwise is refused. Needed for V1.1, which does
   * not tell.
   */
  host?: string | undefined;
  /** Width of guest pointers; needed for V1.1, which does not tell. Otherwise it has to be what the input says. */
  gcPtrBytes?: 4 | 8 | undefined;
  /** Version of the product; default as in the input. Needed for V1.1 and V1.0, which do not tell. */
  product?: ProductVersion | undefined;
  /** Source revision of the product, 1…10000000; likewise. */
  revision?: number | undefined;
  /** Write checksums; default as in the input. */
  checksum?: boolean | undefined;
  /** Most bytes waiting for an asynchronous sink; default 1 MiB, at least 384 KiB. */
  bufferLimit?: number | undefined;
  /** What to take on at most. */
  limits?: Partial<Limits> | undefined;
  /** Ends the conversion: VERR_SSM_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** What a conversion amounts to. */
export interface ConvertResult {
  /** What was read. */
  readonly from: { readonly format: Format; readonly header: StateHeader };
  /** What was written. */
  readonly to: { readonly format: '2.0' | '1.2'; readonly header: StateHeader };
  /** Unit headers written, every pass counted. */
  readonly units: number;
  /** Bytes of data that the units hold. */
  readonly data: number;
  /** Size of the converted state in bytes. */
  readonly bytes: number;
}

/**
 * Writes a saved state again: in another format, packed otherwise, or with another header. Units keep their order,
 * passes, versions and data, the directory its order, a live save its flag; a file without an END unit has none after.
 *
 * The input is checked on the way as when it is loaded, and memory stays bounded.
 *
 * @throws SsmError VERR_NOT_SUPPORTED for what cannot be kept, with the reason; what is wrong with the input. The sink
 * has been closed as aborted then.
 */
export async function convertState(source: Source, sink: Sink, options: ConvertOptions = {}): Promise<ConvertResult> {
  const guard = new ReadGuard(options.limits);
  const release = guard.interrupt.cancelOn(options.signal);
  guard.startClock();
  const conversion = new Conversion(source, sink, options, guard);
  try {
    return await conversion.run();
  } catch (error) {
    await conversion.abort(isSsmError(error) ? error : undefined);
    throw error;
  } finally {
    guard.stopClock();
    release();
  }
}

/** Most units that a directory has room for. */
const UNITS_MAX = 65535;

/** Of a unit, where its last header is in the input. */
interface Written {
  readonly name: string;
  readonly instance: number;
  readonly offset: number;
}

class Conversion {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #options: ConvertOptions;
  readonly #guard: ReadGuard;
  readonly #format: '2.0' | '1.2';
  /** By name and instance, in the order in which they first appear. */
  readonly #written = new Map<string, Written>();
  #writer: StateWriter | undefined;
  #closed = false;
  /** The input has come to its end without an END unit. */
  #standalone = false;
  #units = 0;
  #data = 0;

  constructor(source: Source, sink: Sink, options: ConvertOptions, guard: ReadGuard) {
    this.#source = source;
    this.#sink = sink;
    this.#options = options;
    this.#guard = guard;
    this.#format = options.format ?? '2.0';
  }

  async run(): Promise<ConvertResult> {
    const reader = await openReader(this.#source, this.#guard);
    const first = await this.#nextUnit(reader);
    const addsSelf = this.#options.host !== undefined && !(first && isSelfUnit(first));
    const count = reader.header.unitCount ?? (await this.#countUnits());
    const header = targetHeader(reader, this.#options, count + (addsSelf ? 1 : 0));
    const writer = this.#open(header);

    if (addsSelf) this.#addSelf(writer, this.#options.host as string);
    for (let unit = first; unit !== undefined; unit = await this.#nextUnit(reader)) {
      try {
        await this.#copyUnit(reader, writer, unit);
      } catch (error) {
        const { name, instance, pass } = unit;
        throw isSsmError(error) ? error.at({ unit: name, instance, pass }) : error;
      }
    }
    await this.#finish(reader, writer, addsSelf);
    this.#closed = true;
    await writer.close(false);
    const { format } = reader;
    return {
      from: { format, header: reader.header },
      to: { format: this.#format, header },
      units: this.#units,
      data: this.#data,
      bytes: writer.position,
    };
  }

  async #nextUnit(reader: StateReader): Promise<UnitHeader | undefined> {
    // Behind an END unit the directory comes, too.
    this.#standalone = reader.atDirectory;
    return this.#standalone ? undefined : reader.nextUnit();
  }

  /** Leaves nothing behind. A sink that failed to close has closed all the same. */
  async abort(failure: SsmError | undefined): Promise<void> {
    if (this.#closed) return;
    await (this.#writer ?? this.#sink).close(true, failure);
  }

  /** Goes through all units of a file whose header does not count them. */
  async #countUnits(): Promise<number> {
    const reader = await openReader(this.#source, this.#guard.fresh());
    let count = 0;
    while ((await this.#nextUnit(reader)) !== undefined) {
      count++;
      while (await reader.input.run(() => reader.records.skip()));
    }
    return count;
  }

  #open(header: FileHeader): StateWriter {
    const { host, compression, bufferLimit } = this.#options;
    this.#writer = openWriter(this.#sink, header, {
      format: this.#format,
      compression,
      bufferLimit,
      interrupt: this.#guard.interrupt,
      // Nothing is put that would depend on it.
      host: host === undefined ? defaultHost : hostProfile(host),
    });
    return this.#writer;
  }

  /** The unit "SSM" of a state that has none: it tells the host and nothing else. */
  #addSelf(writer: StateWriter, host: string): void {
    putPairs(writer.beginUnit({ name: SELF_NAME, version: SELF_VERSION }), withHost([], host));
    writer.endUnit();
    this.#units++;
  }

  async #copyUnit(reader: StateReader, writer: StateWriter, unit: UnitHeader): Promise<void> {
    const { name, instance, version, pass, offset } = unit;
    const { host } = this.#options;
    checkUnit(reader, unit, this.#format);
    await writer.settle();
    if (host !== undefined && isSelfUnit(unit)) {
      const pairs = await readPairs(reader, unit);
      checkHostName(hostNameOf(pairs), host);
      putPairs(writer.beginUnit({ name, instance, version, pass }), withHost(pairs, host));
    } else {
      await copyData(reader, writer.beginUnit({ name, instance, version, pass }));
    }
    writer.endUnit();
    this.#units++;
    this.#data += reader.records.totals.data;
    this.#written.set(`${name}\0${instance}`, { name, instance, offset });
    if (this.#written.size > UNITS_MAX) throw refusal(`more than ${UNITS_MAX} units: no directory has room for them`);
  }

  async #finish(reader: StateReader, writer: StateWriter, addsSelf: boolean): Promise<void> {
    const self = addsSelf ? [{ name: SELF_NAME, instance: 0 }] : [];
    if (!(reader instanceof V2Reader)) {
      await reader.readEnd();
      writer.finish([...self, ...this.#written.values()]);
      return;
    }
    const entries = await reader.readDirectoryAndFooter();
    const order = [...self, ...this.#orderOf(entries)];
    if (!this.#standalone) writer.finish(order);
    else if (writer instanceof V2Writer) {
      writer.writeDirectory(order.flatMap(({ name, instance }) => writer.entryOf(name, instance) ?? []));
      writer.writeFooter();
    } else throw refusal('a file that was written unit by unit has no END unit, which format V1.2 must have');
  }

  /**
   * The units in the order of the directory.
   *
   * @throws SsmError VERR_SSM_INTEGRITY_DIR for an entry that does not lead to the last header of a unit: VirtualBox
   * would not find it either.
   */
  #orderOf(entries: readonly DirectoryEntry[]): Written[] {
    const byOffset = new Map([...this.#written.values()].map((unit) => [unit.offset, unit]));
    return entries.flatMap((entry, i) => {
      // Revisions before 53365 have entries that lead nowhere.
      if (entry.offset === 0) return [];
      const unit = byOffset.get(entry.offset);
      if (unit === undefined || unit.instance !== entry.instance || crc32(nameBytes(unit.name)) !== entry.nameCrc) {
        throw new SsmError(
          'VERR_SSM_INTEGRITY_DIR',
          `directory entry ${i} does not lead to the last header of its unit`,
        );
      }
      return [unit];
    });
  }
}
