import type { HostProfile } from '@ssmkit/schema';
import { PASS_FINAL, SsmError } from '../../error.js';
import type { Sink } from '../../io/sink-source.js';
import { PutStream } from '../../streams/put-stream.js';
import { ByteWriter, type ByteWriterOptions } from '../byte-writer.js';
import type { StateWriter, UnitStart } from '../state.js';
import { newNameBytes } from '../unit-name.js';
import { FileChecksum } from './checksum.js';
import { checkV12Header, encodeFileHeader, encodeFileSize, type V12Header } from './headers.js';
import { encodeEndHeader, encodeUnitHeader, encodeUnitSize, UNIT_SIZE_AT } from './unit-header.js';
import { ZipWriter } from './zip-writer.js';

/** Options of a {@link V1Writer}. */
export interface V1WriterOptions extends Omit<ByteWriterOptions, 'checksum'> {
  /** The host whose C structures are put. */
  readonly host?: HostProfile | undefined;
}

/** Bytes that are to replace others. */
interface Rewrite {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes a saved state of format V1.2, which VirtualBox 2.1 and later read: header, units, END unit.
 *
 *     const writer = new V1Writer(sink, header);
 *     const put = writer.beginUnit({ name: 'pit', version: 1 });
 *     put.putU32(42);
 *     writer.endUnit();
 *     writer.finish();
 *     await writer.close(false);
 *
 * The sink must be able to go back. Sizes that are known too late to be put where they belong before that has been
 * handed over are written by {@link settle} and {@link close}.
 */
export class V1Writer implements StateWriter {
  /** What units are written with; the same stream for all of them. */
  readonly stream: PutStream;
  readonly #output: ByteWriter;
  readonly #zip: ZipWriter;
  readonly #checksum: FileChecksum;
  readonly #rewrites: Rewrite[] = [];
  #unitStart: number | undefined;

  /**
   * Writes the file header.
   *
   * @throws SsmError VERR_NOT_SUPPORTED for a sink without `rewrite`; VERR_SSM_INTEGRITY_VBOX_VERSION,
   * VERR_SSM_INTEGRITY_HEADER for a header that no loader accepts.
   */
  constructor(sink: Sink, header: V12Header, options: V1WriterOptions = {}) {
    if (sink.rewrite === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'format V1.2 needs a sink that can go back, such as a file');
    }
    checkV12Header(header);
    const { host, ...rest } = options;
    const output = new ByteWriter(sink, rest);
    const bytes = encodeFileHeader(header);
    const checksum = new FileChecksum(bytes);
    this.#output = output;
    this.#checksum = checksum;
    this.#zip = new ZipWriter(output, () => checksum.wrote(output));
    this.stream = new PutStream(this.#zip, host === undefined ? {} : { host });
    this.stream.end();
    this.#write(bytes);
  }

  get position(): number {
    return this.#output.position;
  }

  /**
   * Writes a unit's header.
   *
   * @returns the stream for the unit's data.
   * @throws SsmError VERR_INVALID_STATE while another unit is open, VERR_INVALID_NAME; VERR_NOT_SUPPORTED for a live
   * pass, which the format does not know.
   */
  beginUnit(start: UnitStart): PutStream {
    const { name, version, instance = 0, pass = PASS_FINAL } = start;
    this.#expectOpen(false);
    const text = newNameBytes(name);
    if (pass !== PASS_FINAL) {
      throw new SsmError('VERR_NOT_SUPPORTED', 'format V1.2 has no live passes', { unit: name, instance, pass });
    }
    this.#unitStart = this.#output.position;
    this.#write(encodeUnitHeader({ size: 0, version, instance }, text));
    this.#zip.begin();
    this.stream.begin(version);
    return this.stream;
  }

  /** Writes what the stream still buffers, and the size of the unit. @throws SsmError what the stream was left with. */
  endUnit(): void {
    this.#expectOpen(true);
    this.stream.flush();
    this.#zip.end();
    const start = this.#unitStart as number;
    const bytes = encodeUnitSize(this.#output.position - start);
    const position = start + UNIT_SIZE_AT;
    if (!this.#output.patch(bytes, position)) {
      this.#checksum.changed(bytes, position);
      this.#rewrites.push({ position, bytes });
    }
    this.#unitStart = undefined;
    this.stream.end();
  }

  /** Writes the END unit. The file is complete once what {@link settle} or {@link close} gives has resolved. */
  finish(): void {
    this.#expectOpen(false);
    const output = this.#output;
    const crc = this.#checksum.finish(output.crc, output.position);
    output.write(encodeEndHeader());
    const { at: position, bytes } = encodeFileSize(output.position, crc);
    this.#rewrites.push({ position, bytes });
  }

  /** Writes sizes where they belong, and waits until the sink has taken all. @throws SsmError the sink's failure. */
  async settle(): Promise<void> {
    await this.#output.settle();
    for (let next = this.#rewrites.shift(); next !== undefined; next = this.#rewrites.shift()) {
      await this.#output.rewrite(next.bytes, next.position);
    }
  }

  checkSink(): Promise<void> {
    return this.#output.checkSink();
  }

  async close(aborted: boolean, failure?: SsmError): Promise<void> {
    try {
      if (!aborted) await this.settle();
    } catch {
      // The output keeps it, and tells it when it is closed.
    }
    await this.#output.close(aborted, failure);
  }

  /** Writes a header in one piece. */
  #write(bytes: Uint8Array): void {
    const output = this.#output;
    const at = output.reserve(bytes.length);
    output.bytes.set(bytes, at);
    output.pos = at + bytes.length;
    this.#checksum.wrote(output);
  }

  #expectOpen(open: boolean): void {
    if ((this.#unitStart !== undefined) !== open) {
      throw new SsmError('VERR_INVALID_STATE', open ? 'no unit is open' : 'a unit is still open');
    }
  }
}
