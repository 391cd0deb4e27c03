import type { HostProfile } from '@ssmkit/schema';
import { crc32 } from '../../codecs/crc32.js';
import { PASS_FINAL, SsmError } from '../../error.js';
import type { Sink } from '../../io/sink-source.js';
import { PutStream } from '../../streams/put-stream.js';
import type { CodecPool } from '../../workers/pool.js';
import { OUT_SIZE } from '../../workers/slots.js';
import { ByteWriter, type ByteWriterOptions } from '../byte-writer.js';
import type { DirectoryEntry, StateWriter, UnitStart } from '../state.js';
import { newNameBytes } from '../unit-name.js';
import { encodeDirectory, encodeFooter } from './directory.js';
import { checkHeaderValues, encodeFileHeader, type FileHeader } from './headers.js';
import { RecordWriter } from './record-writer.js';
import { type Compression, FIXED, IMPORTANT, RecordType, TERM_SIZE } from './records.js';
import { encodeEndHeader, encodeUnitHeader } from './unit-header.js';

/** Options of a {@link V2Writer}. */
export interface V2WriterOptions extends Omit<ByteWriterOptions, 'checksum'> {
  /** The host whose C structures are put. */
  readonly host?: HostProfile | undefined;
  /**
   * How blocks are packed; default what the header says, else `lzf`. Only ssmkit reads a state with `lz4`, which the
   * header then announces.
   */
  readonly compression?: Compression | undefined;
  /** Who packs blocks, where there are many. It is not ended along with the writer. */
  readonly pool?: CodecPool | undefined;
}

/**
 * Writes a saved state of format V2.0, part by part and in any valid order: header, units (of any pass), END unit,
 * directory, footer.
 *
 * `saveState` does so for registered units. Live passes, or files as VirtualBox's standalone writer makes them (no END
 * unit), are written with this class directly:
 *
 *     const writer = new V2Writer(sink, header);
 *     const put = writer.beginUnit({ name: 'second', version: 1, instance: 4 });
 *     put.putU32(42);
 *     writer.endUnit();
 *     writer.writeDirectory();
 *     writer.writeFooter();
 *     await writer.close(false);
 */
export class V2Writer implements StateWriter {
  /** What units are written with; the same stream for all of them. */
  readonly stream: PutStream;
  readonly #output: ByteWriter;
  readonly #records: RecordWriter;
  readonly #checksum: boolean;
  readonly #written = new Map<string, DirectoryEntry>();
  #dataStart: number | undefined;
  #entries: number | undefined;

  /**
   * Writes the file header.
   *
   * @throws SsmError VERR_SSM_INTEGRITY_VBOX_VERSION, VERR_SSM_INTEGRITY_HEADER for a header that no loader accepts.
   */
  constructor(sink: Sink, header: FileHeader, options: V2WriterOptions = {}) {
    checkHeaderValues(header);
    const { host, compression = header.compression ?? 'lzf', pool, ...rest } = options;
    this.#checksum = header.checksum;
    // Whoever keeps to the limit does so with workers, too, of whose parts one may be written along with what is put.
    const bufferLimit = pool === undefined ? rest.bufferLimit : (rest.bufferLimit ?? 2 ** 20) + OUT_SIZE;
    this.#output = new ByteWriter(sink, { ...rest, bufferLimit, checksum: header.checksum });
    this.#records = new RecordWriter(this.#output, compression, pool);
    this.stream = new PutStream(this.#records, host === undefined ? {} : { host });
    this.stream.end();
    this.#output.write(encodeFileHeader({ ...header, compression: compression === 'lz4' ? 'lz4' : undefined }));
  }

  /** Offset of what is written next; data that the stream still buffers is not counted. */
  get position(): number {
    try {
      this.#records.join();
    } catch {
      // The sink has failed, at the place that is told.
    }
    return this.#output.position;
  }

  /**
   * Writes a unit's header.
   *
   * @returns the stream for the unit's data.
   * @throws SsmError VERR_INVALID_STATE while another unit is open, VERR_INVALID_NAME.
   */
  beginUnit(start: UnitStart): PutStream {
    const { name, version, instance = 0, pass = PASS_FINAL } = start;
    this.#expectOpen(false);
    const text = newNameBytes(name);
    const offset = this.#output.position;
    this.#output.write(encodeUnitHeader({ name, version, instance, pass, offset }, this.#output.crc));
    this.#dataStart = this.#output.position;
    this.#written.set(`${name}\0${instance}`, { offset, instance, nameCrc: crc32(text) });
    this.stream.begin(version);
    return this.stream;
  }

  /**
   * Waits until a slow sink has taken so much of the unit that the rest fits in its buffer; needed with workers only.
   *
   * @returns `undefined` where there is nothing to wait for.
   */
  settleUnit(): Promise<void> | undefined {
    return this.#records.joinSlowly();
  }

  /** Writes what the stream still buffers, and the TERM record. @throws SsmError what the stream was left with. */
  endUnit(): void {
    this.#expectOpen(true);
    this.stream.flush();
    this.#records.join();
    const output = this.#output;
    const size = output.position - (this.#dataStart as number) + TERM_SIZE;
    const at = output.reserve(TERM_SIZE);
    const { bytes, view } = output;
    bytes[at] = FIXED | IMPORTANT | RecordType.term;
    bytes[at + 1] = TERM_SIZE - 2;
    // The checksum covers these two bytes, too.
    output.pos = at + 2;
    view.setUint16(at + 2, this.#checksum ? 1 : 0, true);
    view.setUint32(at + 4, output.crc, true);
    view.setBigUint64(at + 8, BigInt(size), true);
    output.pos = at + TERM_SIZE;
    this.#dataStart = undefined;
    this.stream.end();
  }

  /** Writes the END unit. Standalone files have none. */
  writeEnd(): void {
    this.#expectOpen(false);
    this.#output.write(encodeEndHeader(this.#output.position, this.#output.crc));
  }

  /** The directory entry of a unit that was written: where its last header is. */
  entryOf(name: string, instance: number): DirectoryEntry | undefined {
    return this.#written.get(`${name}\0${instance}`);
  }

  /** Writes the directory. @param entries default: every unit, in the order in which they first appeared. */
  writeDirectory(entries: readonly DirectoryEntry[] = [...this.#written.values()]): void {
    this.#expectOpen(false);
    this.#output.write(encodeDirectory(entries));
    this.#entries = entries.length;
  }

  /** Writes the footer. @throws SsmError VERR_INVALID_STATE before the directory. */
  writeFooter(): void {
    if (this.#entries === undefined) throw new SsmError('VERR_INVALID_STATE', 'a footer without a directory');
    const { position: offset, crc: streamCrc } = this.#output;
    this.#output.write(encodeFooter({ offset, streamCrc, entries: this.#entries }));
  }

  /** Writes END unit, directory and footer. Units that were not written have no entry. */
  finish(order: readonly { readonly name: string; readonly instance: number }[]): void {
    this.writeEnd();
    const entries = order.map(({ name, instance }) => this.entryOf(name, instance));
    this.writeDirectory(entries.filter((entry): entry is DirectoryEntry => entry !== undefined));
    this.writeFooter();
  }

  /** Waits until an asynchronous sink has taken all that was handed to it. @throws SsmError the sink's failure. */
  settle(): Promise<void> {
    return this.#output.settle();
  }

  /** Asks the sink whether there is a point in going on. @throws SsmError the sink's failure. */
  checkSink(): Promise<void> {
    return this.#output.checkSink();
  }

  /** Writes out what is buffered and closes the sink. @param aborted the state is not complete. */
  close(aborted: boolean, failure?: SsmError): Promise<void> {
    return this.#output.close(aborted, failure);
  }

  #expectOpen(open: boolean): void {
    if ((this.#dataStart !== undefined) !== open) {
      throw new SsmError('VERR_INVALID_STATE', open ? 'no unit is open' : 'a unit is still open');
    }
  }
}
