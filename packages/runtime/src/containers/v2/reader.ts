import { crc32 } from '../../codecs/crc32.js';
import { SsmError } from '../../error.js';
import type { Source } from '../../io/sink-source.js';
import type { CodecPool } from '../../workers/pool.js';
import { ByteReader } from '../byte-reader.js';
import type { ReadGuard } from '../guard.js';
import type { Directory, DirectoryEntry, RecordMark, StateReader, UnitHeader, UnitPlace } from '../state.js';
import { nameBytes, UNIT_NAME_MAX } from '../unit-name.js';
import {
  DIRECTORY_ENTRY_SIZE,
  DIRECTORY_HEADER_SIZE,
  decodeDirectory,
  decodeFooter,
  directoryEntries,
  FOOTER_SIZE,
  type Footer,
  soughtEntries,
} from './directory.js';
import { checkHeaderValues, decodeFileHeader, FILE_HEADER_SIZE, type FileHeader } from './headers.js';
import { RecordReader } from './record-reader.js';
import { decodeSoughtUnit, decodeUnitHeader, UNIT_HEADER_SIZE, unitHeaderSize } from './unit-header.js';

/**
 * Reads a saved state of format V2.0 unit by unit, from a file or from a stream.
 *
 * Over an asynchronous source `records` throws NeedMore as the streams expect; everything else waits by itself.
 */
export class V2Reader implements StateReader {
  readonly format = '2.0';
  readonly header: FileHeader;
  /** Decodes the unit whose header was read last. */
  readonly records: RecordReader;
  readonly input: ByteReader;
  /** The footer of a file; streams have it in front of them still. */
  readonly #footer: Footer | undefined;
  readonly #source: Source;
  #directory: Directory | undefined;

  private constructor(source: Source, input: ByteReader, header: FileHeader, footer: Footer | undefined) {
    this.#source = source;
    this.input = input;
    this.header = header;
    this.#footer = footer;
    this.records = new RecordReader(input, header.compression === 'lz4');
  }

  /**
   * Reads and checks the file header, at the start of which `input` is; of a file the footer, too.
   *
   * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY, VERR_SSM_INTEGRITY_FOOTER,
   * VERR_SSM_INTEGRITY_VBOX_VERSION, VERR_SSM_INTEGRITY_HEADER.
   */
  static async open(source: Source, input: ByteReader): Promise<V2Reader> {
    const header = decodeFileHeader(await input.read(FILE_HEADER_SIZE));
    input.checksum = header.checksum;
    let footer: Footer | undefined;
    if (source.size !== undefined) {
      const offset = source.size - FOOTER_SIZE;
      const bytes = await new ByteReader(source, offset, input.guard).read(FOOTER_SIZE);
      footer = decodeFooter(bytes, { offset, checksum: header.checksum });
    }
    checkHeaderValues(header);
    return new V2Reader(source, input, header, footer);
  }

  useWorkers(pool: CodecPool): void {
    this.records.usePool(pool);
  }

  get guard(): ReadGuard {
    return this.input.guard;
  }

  /**
   * Reads the header of the next unit, after the records of the one before.
   *
   * @returns the unit, or `undefined` after the END unit.
   * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_UNIT_MAGIC, VERR_SSM_INTEGRITY_UNIT, VERR_SSM_INTEGRITY_CRC,
   * VERR_SSM_INTEGRITY.
   */
  async nextUnit(): Promise<UnitHeader | undefined> {
    const input = this.input;
    const offset = input.position;
    const streamCrc = input.checksum ? input.crc : undefined;
    const size = await input.run(() => {
      this.#need(UNIT_HEADER_SIZE);
      const size = unitHeaderSize(input.bytes, input.pos, offset);
      this.#need(size);
      return size;
    });
    const unit = decodeUnitHeader(input.bytes.subarray(input.pos, input.pos + size), offset, streamCrc);
    input.advance(size);
    this.records.begin();
    if (unit !== undefined) this.guard.unit(unit.pass);
    return unit;
  }

  #need(count: number): void {
    if (!this.input.request(count)) {
      throw new SsmError('VERR_EOF', 'the saved state ends where a unit should be', { offset: this.input.position });
    }
  }

  /**
   * Reads and checks directory and footer, which follow the END unit.
   *
   * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_DIR_MAGIC, VERR_SSM_INTEGRITY_DIR, VERR_SSM_INTEGRITY_CRC,
   * VERR_SSM_INTEGRITY_FOOTER.
   */
  async readDirectoryAndFooter(): Promise<DirectoryEntry[]> {
    const input = this.input;
    const offset = input.position;
    const start = await input.read(DIRECTORY_HEADER_SIZE);
    const entries = directoryEntries(start, offset);
    const rest = await input.read(entries * DIRECTORY_ENTRY_SIZE);
    const bytes = new Uint8Array(start.length + rest.length);
    bytes.set(start);
    bytes.set(rest, start.length);
    const directory = decodeDirectory(bytes, offset, this.header.revision);

    const expected = { offset: input.position, checksum: input.checksum, entries, streamCrc: input.crc };
    decodeFooter(await input.read(FOOTER_SIZE), expected);
    return directory;
  }

  /** Whether the units of a file are at their end without an END unit, as in files of VirtualBox's standalone writer. */
  get atDirectory(): boolean {
    const footer = this.#footer;
    if (footer === undefined) return false;
    return this.input.position === footer.offset - DIRECTORY_HEADER_SIZE - DIRECTORY_ENTRY_SIZE * footer.entries;
  }

  async readEnd(): Promise<void> {
    await this.readDirectoryAndFooter();
  }

  async checkWhole(): Promise<void> {
    if (!this.header.checksum || this.#footer === undefined) return;
    const { streamCrc, offset } = this.#footer;
    const input = new ByteReader(this.#source, 0, this.guard);
    while (input.position < offset) {
      const more = await input.run(() => input.request(1));
      if (!more) throw new SsmError('VERR_EOF', 'the saved state ends too early', { offset: input.position });
      input.advance(Math.min(input.available, offset - input.position));
    }
    if (input.crc !== streamCrc) {
      throw new SsmError('VERR_SSM_INTEGRITY_CRC', 'the CRC of the whole file is wrong', { offset });
    }
  }

  /**
   * The directory of a file, found from its end (`VirtualBox 7.2 SSMR3.cpp, ssmR3FileSeekV2`).
   *
   * @throws SsmError VERR_NOT_SUPPORTED for a stream, VERR_SSM_INTEGRITY, VERR_SSM_INTEGRITY_DIR_MAGIC,
   * VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY_DIR.
   */
  async directory(): Promise<Directory> {
    this.#directory ??= await this.#readDirectory();
    return this.#directory;
  }

  async #readDirectory(): Promise<Directory> {
    const source = this.#source;
    if (source.size === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'the directory of a stream cannot be read before its end');
    }
    const end = source.size - FOOTER_SIZE;
    const count = soughtEntries(await new ByteReader(source, end, this.guard).read(FOOTER_SIZE), end);
    const size = DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * count;
    const offset = end - size;
    if (offset < FILE_HEADER_SIZE) {
      throw new SsmError('VERR_SSM_INTEGRITY_DIR_MAGIC', `no room for a directory of ${count} entries`, {
        offset: end,
      });
    }
    const bytes = await new ByteReader(source, offset, this.guard).read(size);
    return { offset, entries: decodeDirectory(bytes, offset, this.header.revision) };
  }

  /**
   * Finds a unit through the directory: of several headers with this name and instance the one the directory knows.
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, VERR_SSM_INTEGRITY_UNIT, VERR_SSM_INTEGRITY_CRC, and as {@link directory}.
   */
  async seek(name: string, instance: number): Promise<UnitPlace> {
    const directory = await this.directory();
    const nameCrc = crc32(nameBytes(name));
    for (const entry of directory.entries) {
      if (entry.nameCrc !== nameCrc || entry.instance !== instance || entry.offset === 0) continue;
      const input = new ByteReader(this.#source, entry.offset, this.guard.fresh());
      input.checksum = this.header.checksum;
      const room = Math.min(UNIT_HEADER_SIZE + UNIT_NAME_MAX, directory.offset - entry.offset);
      const { unit, headerSize, streamCrc } = decodeSoughtUnit(await peek(input, room), entry);
      if (unit.name !== name) continue;
      input.advance(headerSize);
      input.restartCrc(streamCrc);
      const records = new RecordReader(input, this.header.compression === 'lz4');
      records.begin();
      return { unit, input, records };
    }
    throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no unit '${name}'#${instance}`, { unit: name, instance });
  }

  async resume(mark: RecordMark): Promise<RecordReader> {
    if (this.#source.size === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'a stream can be read only once');
    const input = new ByteReader(this.#source, mark.position, this.guard.fresh());
    input.checksum = false;
    const records = new RecordReader(input, this.header.compression === 'lz4');
    records.resume(mark);
    return records;
  }
}

async function peek(input: ByteReader, count: number): Promise<Uint8Array> {
  await input.run(() => input.request(count));
  return input.bytes.slice(input.pos, input.pos + Math.min(count, input.available));
}
