import { defaultHost } from '@ssmkit/schema';
import { V2Writer } from '../containers/v2/writer.js';
import { SsmError } from '../error.js';
import { abandon } from '../io/abandon.js';
import { Interrupt } from '../io/interrupt.js';
import type { Sink } from '../io/sink-source.js';
import type { PutStream } from '../streams/put-stream.js';
import { describeSave, type SaveOptions } from './save.js';
import type { SaveResult } from './save-run.js';

/*
 * Writing units without a machine
 *
 * Programs that have data to keep but no registered units write them one by one, as VirtualBox's API for standalone files
 * does (`VirtualBox 7.2 SSMR3.cpp`, SSMR3Open for writing, SSMR3WriteFileHeader … SSMR3WriteFileFooter). Such a file has
 * no END unit and, unless it is written as any other, no unit "SSM": it is read by seeking, and does not load.
 */

/** Fewest and most units that a standalone file announces. */
const UNITS_MIN = 1;
const UNITS_MAX = 4095;

/** What a standalone file says about who wrote it. */
export type StandaloneOptions = Pick<
  SaveOptions,
  'host' | 'product' | 'revision' | 'checksum' | 'bufferLimit' | 'signal'
>;

/** Opens a sink for writing single units. Nothing is written yet. */
export function openForWriting(sink: Sink, options: StandaloneOptions = {}): StandaloneWriter {
  return new StandaloneWriter(sink, options);
}

/**
 * Writes a standalone file. Made by {@link openForWriting}.
 *
 *     const writer = openForWriting(sink);
 *     writer.writeFileHeader(1);
 *     writer.beginUnit('settings', 3).putStrZ('…');
 *     writer.completeUnit();
 *     writer.writeFileFooter();
 *     await writer.close();
 */
export class StandaloneWriter {
  readonly #sink: Sink;
  readonly #options: StandaloneOptions;
  readonly #interrupt = new Interrupt();
  readonly #detach: () => void;
  #writer: V2Writer | undefined;
  #failure: SsmError | undefined;
  #open = false;
  #complete = false;
  #closed = false;

  constructor(sink: Sink, options: StandaloneOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#interrupt.onInterrupt((failure) => {
      this.#failure ??= failure;
      this.#writer?.stream.fail(failure);
    });
    this.#detach = this.#interrupt.cancelOn(options.signal);
  }

  /** The first failure that is stored. */
  get failure(): SsmError | undefined {
    return this.#failure ?? this.#writer?.stream.failure;
  }

  /**
   * Writes the file header.
   *
   * @param units how many there will be, 1…4095; a hint for readers.
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_INVALID_STATE the second time, and for values that no loader accepts
   * as `saveState` does.
   */
  writeFileHeader(units: number): void {
    this.#check();
    if (!(Number.isInteger(units) && units >= UNITS_MIN && units <= UNITS_MAX)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${units} units are not ${UNITS_MIN}…${UNITS_MAX}`);
    }
    if (this.#writer !== undefined) throw this.#refuse('the file header is written');
    const { host = defaultHost, bufferLimit } = this.#options;
    const { header } = describeSave(this.#options, units, false);
    this.#writer = new V2Writer(this.#sink, header, { host, bufferLimit, interrupt: this.#interrupt });
  }

  /**
   * Begins a unit.
   *
   * @param name 1…47 bytes.
   * @param version version of the data's layout.
   * @returns the stream for its data.
   * @throws SsmError VERR_INVALID_NAME; VERR_INVALID_STATE before the file header, after the footer, and while another
   * unit is open, which is stored.
   */
  beginUnit(name: string, version: number, instance = 0): PutStream {
    const writer = this.#ready();
    if (this.#open) throw this.#store(new SsmError('VERR_INVALID_STATE', 'a unit is still open', { unit: name }));
    for (const [what, value] of Object.entries({ version, instance })) {
      if (value >>> 0 !== value)
        throw new SsmError('VERR_INVALID_PARAMETER', `${what} ${value} is no u32`, { unit: name });
    }
    const stream = writer.beginUnit({ name, version, instance });
    this.#open = true;
    return stream;
  }

  /** Ends the unit. @throws SsmError VERR_INVALID_STATE when none is open; what its stream was left with. */
  completeUnit(): void {
    const writer = this.#ready();
    if (!this.#open) throw this.#refuse('no unit is open');
    writer.endUnit();
    this.#open = false;
  }

  /** Writes directory and footer. @throws SsmError VERR_INVALID_STATE before the file header and while a unit is open. */
  writeFileFooter(): void {
    const writer = this.#ready();
    if (this.#open) throw this.#refuse('a unit is still open');
    writer.writeDirectory();
    writer.writeFooter();
    this.#complete = true;
  }

  /** Waits until an asynchronous sink has taken all that was put; to be awaited between units. */
  async settle(): Promise<void> {
    this.#check();
    await this.#writer?.settle();
  }

  /**
   * Closes the sink. VirtualBox leaves an incomplete file behind; here the sink is closed as aborted.
   *
   * @throws SsmError the failure that is stored; VERR_INVALID_STATE when the footer was not written.
   */
  async close(): Promise<SaveResult> {
    if (this.#closed) throw this.#refuse('the file is closed');
    this.#closed = true;
    if (!this.#complete) this.#failure ??= this.failure ?? this.#refuse('the file has no footer yet');
    const { failure } = this;
    try {
      if (this.#writer === undefined) await abandon(this.#sink, failure as SsmError);
      else await this.#writer.close(failure !== undefined, failure);
    } finally {
      this.#detach();
    }
    if (failure !== undefined) throw failure;
    return { bytes: (this.#writer as V2Writer).position };
  }

  #refuse(detail: string): SsmError {
    return new SsmError('VERR_INVALID_STATE', detail);
  }

  #store(error: SsmError): SsmError {
    this.#failure ??= error;
    return error;
  }

  #check(): void {
    if (this.#closed) throw this.#refuse('the file is closed');
    if (this.failure !== undefined) throw this.failure;
  }

  #ready(): V2Writer {
    this.#check();
    if (this.#writer === undefined) throw this.#refuse('the file header is not written yet');
    if (this.#complete) throw this.#refuse('the footer is written');
    return this.#writer;
  }
}
