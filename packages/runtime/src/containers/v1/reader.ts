import { PASS_FINAL, SsmError } from '../../error.js';
import type { Source } from '../../io/sink-source.js';
import { ByteReader } from '../byte-reader.js';
import type { ReadGuard } from '../guard.js';
import type { Directory, RecordMark, StateReader, UnitHeader, UnitPlace } from '../state.js';
import { nameBytes, nameOf } from '../unit-name.js';
import { CHECKSUM_START, decodeFileHeader, HEADER_ROOM, type V1FileHeader, type V1Format } from './headers.js';
import { decodeUnitFields, UNIT_HEADER_SIZE, type UnitFields } from './unit-header.js';
import { ZipReader } from './zip-reader.js';

/**
 * Reads a saved state of format V1.0, V1.1 or V1.2 unit by unit, from a file.
 *
 * Over an asynchronous source `records` throws NeedMore as the streams expect; everything else waits by itself.
 */
export class V1Reader implements StateReader {
  readonly format: V1Format;
  readonly header: V1FileHeader;
  readonly records: ZipReader;
  readonly input: ByteReader;
  /** There is no directory. */
  readonly atDirectory = false;
  readonly #source: Source;
  /** Size of the source. */
  readonly #size: number;
  /** Offset of the next unit. */
  #next: number;

  private constructor(format: V1Format, source: Source, input: ByteReader, header: V1FileHeader) {
    this.format = format;
    this.header = header;
    this.input = input;
    this.records = new ZipReader(input);
    this.#source = source;
    this.#size = source.size as number;
    this.#next = header.headerSize;
  }

  /**
   * Reads and checks the file header, at the start of which `input` is, but not the CRC of the file, which
   * {@link checkWhole} does.
   *
   * @param checkSize whether the file must have the size that the header says.
   * @throws SsmError VERR_EOF, VERR_SMM_INTEGRITY_MACHINE, VERR_SSM_INTEGRITY_SIZE, VERR_SSM_INTEGRITY_VBOX_VERSION,
   * VERR_SSM_INTEGRITY_HEADER; for a stream VERR_SSM_INTEGRITY_SIZE, or of V1.0 VERR_SSM_INTEGRITY_VERSION.
   */
  static async open(format: V1Format, source: Source, input: ByteReader, checkSize: boolean): Promise<V1Reader> {
    input.checksum = false;
    const room = HEADER_ROOM[format];
    const present = await input.run(() => input.request(room));
    if (!present) throw new SsmError('VERR_EOF', 'the saved state ends inside of its header', { offset: 0 });
    const { bytes, pos } = input;
    const size = checkSize || source.size === undefined ? source.size : 'any';
    const header = decodeFileHeader(format, bytes.subarray(pos, pos + room), size);
    return new V1Reader(format, source, input, header);
  }

  get guard(): ReadGuard {
    return this.input.guard;
  }

  /**
   * Reads the header of the next unit; what is left of the one before is skipped.
   *
   * @returns the unit, or `undefined` after the END unit.
   * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_UNIT_MAGIC, VERR_SSM_INTEGRITY_UNIT.
   */
  async nextUnit(): Promise<UnitHeader | undefined> {
    const offset = this.#next;
    const fields = await this.#readFields(this.input, offset);
    if (fields === undefined) return undefined;
    this.guard.unit(PASS_FINAL);
    const name = await this.#readName(this.input, offset, fields);
    this.#next = endOf(offset, fields);
    this.records.begin(this.#next);
    return unitOf(offset, fields, name);
  }

  /** Nothing follows the END unit that a loader would look at. */
  async readEnd(): Promise<void> {}

  /**
   * Checks the size of the file and its CRC.
   *
   * @throws SsmError VERR_SSM_INTEGRITY_SIZE, VERR_SSM_INTEGRITY_CRC.
   */
  async checkWhole(): Promise<void> {
    const { fileSize, headerSize, crc } = this.header;
    if (fileSize !== this.#size) {
      const detail = `a file of ${this.#size} bytes whose header says ${fileSize}`;
      throw new SsmError('VERR_SSM_INTEGRITY_SIZE', detail, { offset: 0 });
    }
    const end = CHECKSUM_START + fileSize - headerSize;
    const input = new ByteReader(this.#source, CHECKSUM_START, this.guard);
    while (input.position < end) {
      const more = await input.run(() => input.request(1));
      if (!more) throw new SsmError('VERR_EOF', 'the saved state ends too early', { offset: input.position });
      input.advance(Math.min(input.available, end - input.position));
    }
    if (input.crc !== crc) {
      throw new SsmError('VERR_SSM_INTEGRITY_CRC', 'the CRC of the whole file is wrong', { offset: CHECKSUM_START });
    }
  }

  /** @throws SsmError VERR_NOT_SUPPORTED */
  async directory(): Promise<Directory> {
    throw new SsmError('VERR_NOT_SUPPORTED', `format V${this.format} has no directory`);
  }

  /**
   * Finds a unit by going from header to header (`VirtualBox 7.2 SSMR3.cpp, ssmR3FileSeekV1`).
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, VERR_SSM_INTEGRITY_UNIT_MAGIC, VERR_SSM_INTEGRITY_UNIT, VERR_EOF.
   */
  async seek(name: string, instance: number): Promise<UnitPlace> {
    const wanted = nameBytes(name);
    const input = new ByteReader(this.#source, 0, this.guard.fresh());
    input.checksum = false;
    for (let offset = this.header.headerSize; ; ) {
      const fields = await this.#readFields(input, offset);
      if (fields === undefined) break;
      input.guard.unit(PASS_FINAL);
      if (fields.instance === instance && fields.nameSize === wanted.length + 1) {
        const found = await this.#readName(input, offset, fields);
        if (wanted.every((byte, i) => byte === found[i])) {
          const records = new ZipReader(input);
          records.begin(endOf(offset, fields));
          return { unit: unitOf(offset, fields, found), input, records };
        }
      }
      offset = endOf(offset, fields);
    }
    throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', `no unit '${name}'#${instance}`, { unit: name, instance });
  }

  async resume(mark: RecordMark): Promise<ZipReader> {
    const input = new ByteReader(this.#source, mark.start, this.guard.fresh());
    input.checksum = false;
    const records = new ZipReader(input);
    await records.resume(mark);
    return records;
  }

  /** Reads a unit header up to the name. */
  async #readFields(input: ByteReader, offset: number): Promise<UnitFields | undefined> {
    if (offset + UNIT_HEADER_SIZE > this.#size) {
      throw new SsmError('VERR_EOF', 'the saved state ends where a unit should be', { offset });
    }
    await input.moveTo(offset);
    const fields = decodeUnitFields(await input.read(UNIT_HEADER_SIZE), offset);
    // A smaller one would lead back to where the reader has been.
    if (fields !== undefined && fields.size < UNIT_HEADER_SIZE) {
      throw new SsmError('VERR_SSM_INTEGRITY_UNIT', `a unit that says that it has ${fields.size} bytes`, { offset });
    }
    return fields;
  }

  /** Reads the name that follows, its terminator included. */
  async #readName(input: ByteReader, offset: number, { nameSize }: UnitFields): Promise<Uint8Array> {
    input.guard.name(nameSize);
    if (offset + UNIT_HEADER_SIZE + nameSize > this.#size) {
      throw new SsmError('VERR_EOF', 'the saved state ends in the name of a unit', { offset });
    }
    const name = await input.read(nameSize);
    if (name.at(-1) !== 0) {
      throw new SsmError('VERR_SSM_INTEGRITY_UNIT', 'the name of a unit is not terminated', { offset });
    }
    return name;
  }
}

/** Offset at which the next unit begins. */
function endOf(offset: number, { size }: UnitFields): number {
  return offset + size;
}

function unitOf(offset: number, { version, instance }: UnitFields, name: Uint8Array): UnitHeader {
  return { name: nameOf(name), instance, version, pass: PASS_FINAL, offset };
}
