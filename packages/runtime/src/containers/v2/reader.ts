import { crc32 } from '../../codecs/crc32.js';
import { SsmError } from '../../error.js';
import type { Source } from '../../io/sink-source.js';
import { ByteReader } from '../byte-reader.js';
import {
  DIRECTORY_ENTRY_SIZE,
  DIRECTORY_HEADER_SIZE,
  type DirectoryEntry,
  decodeDirectory,
  decodeFooter,
  directoryEntries,
  FOOTER_SIZE,
  type Footer,
  soughtEntries,
} from './directory.js';
import { checkHeaderValues, decodeFileHeader, FILE_HEADER_SIZE, type FileHeader } from './headers.js';
import { RecordReader } from './record-reader.js';
import {
  decodeSoughtUnit,
  decodeUnitHeader,
  nameBytes,
  UNIT_HEADER_SIZE,
  UNIT_NAME_MAX,
  type UnitHeader,
  unitHeaderSize,
} from './unit-header.js';

/**
 * Reads a saved state of format V2.0 unit by unit, from a file or from a stream.
 *
 * Over an asynchronous source `records` throws NeedMore as the streams expect; everything else waits by itself.
 */
export class V2Reader {
  readonly header: FileHeader;
  /** Decodes the unit whose header was read last. */
  readonly records: RecordReader;
  readonly input: ByteReader;
  /** The footer of a file; streams have it in front of them still. */
  readonly #footer: Footer | undefined;

  private constructor(input: ByteReader, header: FileHeader, footer: Footer | undefined) {
    this.input = input;
    this.header = header;
    this.#footer = footer;
    this.records = new RecordReader(input);
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
      const bytes = await new ByteReader(source, offset).read(FOOTER_SIZE);
      footer = decodeFooter(bytes, { offset, checksum: header.checksum });
    }
    checkHeaderValues(header);
    return new V2Reader(input, header, footer);
  }

  /** Whether the source answers with promises. */
  get asynchronous(): boolean {
    return this.input.asynchronous;
  }

  /** Offset of what is read next. */
  get position(): number {
    return this.input.position;
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
    return unit;
  }

  #need(count: number): void {
    if (!this.input.request(count)) {
      throw new SsmError('VERR_EOF', 'the saved state ends where a unit should be', { offset: this.input.position });
    }
  }

  /** Skips what is left of the unit, and checks its end. LZF is not expanded. */
  async skipUnit(): Promise<void> {
    while (await this.input.run(() => this.records.skip()));
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

  /** Where the directory of a file is, as its footer has it; `undefined` for a stream. */
  get directoryOffset(): number | undefined {
    const footer = this.#footer;
    return footer && footer.offset - DIRECTORY_HEADER_SIZE - DIRECTORY_ENTRY_SIZE * footer.entries;
  }
}

/** A unit and the readers that stand at its data. */
export interface UnitPlace {
  readonly unit: UnitHeader;
  readonly input: ByteReader;
  readonly records: RecordReader;
}

/** A directory and where it is. */
export interface Directory {
  readonly offset: number;
  readonly entries: readonly DirectoryEntry[];
}

/**
 * Reads the directory of a file from its end, as seeking does (`VirtualBox 7.2 SSMR3.cpp, ssmR3FileSeekV2`).
 *
 * @throws SsmError VERR_SSM_INTEGRITY, VERR_SSM_INTEGRITY_DIR_MAGIC, VERR_SSM_INTEGRITY_CRC, VERR_SSM_INTEGRITY_DIR.
 */
export async function readDirectory(source: Source, header: FileHeader): Promise<Directory> {
  const end = (source.size as number) - FOOTER_SIZE;
  const count = soughtEntries(await new ByteReader(source, end).read(FOOTER_SIZE), end);
  const size = DIRECTORY_HEADER_SIZE + DIRECTORY_ENTRY_SIZE * count;
  const offset = end - size;
  if (offset < FILE_HEADER_SIZE) {
    throw new SsmError('VERR_SSM_INTEGRITY_DIR_MAGIC', `no room for a directory of ${count} entries`, { offset: end });
  }
  const bytes = await new ByteReader(source, offset).read(size);
  return { offset, entries: decodeDirectory(bytes, offset, header.revision) };
}

/**
 * Finds a unit through the directory: of several headers with this name and instance the one the directory knows.
 *
 * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, VERR_SSM_INTEGRITY_UNIT, VERR_SSM_INTEGRITY_CRC.
 */
export async function seekUnit(
  source: Source,
  header: FileHeader,
  directory: Directory,
  name: string,
  instance: number,
): Promise<UnitPlace> {
  const nameCrc = crc32(nameBytes(name));
  for (const entry of directory.entries) {
    if (entry.nameCrc !== nameCrc || entry.instance !== instance || entry.offset === 0) continue;
    const input = new ByteReader(source, entry.offset);
    input.checksum = header.checksum;
    const room = Math.min(UNIT_HEADER_SIZE + UNIT_NAME_MAX, directory.offset - entry.offset);
    const { unit, headerSize, streamCrc } = decodeSoughtUnit(await peek(input, room), entry);
    if (unit.name !== name) continue;
    input.advance(headerSize);
    input.restartCrc(streamCrc);
    const records = new RecordReader(input);
    records.begin();
    return { unit, input, records };
  }
  throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no unit '${name}'#${instance}`, { unit: name, instance });
}

async function peek(input: ByteReader, count: number): Promise<Uint8Array> {
  await input.run(() => input.request(count));
  return input.bytes.slice(input.pos, input.pos + Math.min(count, input.available));
}

/** The CRC of `[0, end)`, read in order. */
export async function streamCrcOf(source: Source, end: number): Promise<number> {
  const input = new ByteReader(source);
  while (input.position < end) {
    const more = await input.run(() => input.request(1));
    if (!more) throw new SsmError('VERR_EOF', 'the saved state ends too early', { offset: input.position });
    input.advance(Math.min(input.available, end - input.position));
  }
  return input.crc;
}

/** The footer of a file that has checksums. */
export async function readFooter(source: Source): Promise<Footer> {
  const offset = (source.size as number) - FOOTER_SIZE;
  return decodeFooter(await new ByteReader(source, offset).read(FOOTER_SIZE), { offset, checksum: true });
}
