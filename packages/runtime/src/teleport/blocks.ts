import { SsmError } from '../error.js';
import type { Sink, Source } from '../io/sink-source.js';
import type { Connection } from './connection.js';
import { defaultTimeouts } from './timeouts.js';
import { Wire } from './wire.js';

/*
 * A saved state on its way: blocks, and after the last one an empty one
 *
 *     0  u32  magic   05 12 47 19
 *     4  u32  cb      1…0x00FFFFF8: bytes of the state that follow; 0: the end; 0xFFFFFFFF: the source gives up
 *
 * Where blocks begin and end means nothing (`VirtualBox 7.2 ConsoleImplTeleporter.cpp, TELEPORTERTCPHDR`).
 */

const MAGIC = 0x19471205;
const HEADER = 8;
const PAYLOAD_MAX = 0x00fffff8;
const END = 0;
const CANCELLED = 0xffffffff;

/** Payload of the blocks we send: what SSM hands over at a time. */
const BLOCK = 65536;

/** Limits on waiting of {@link BlockSink} and {@link BlockSource}. */
export interface BlockOptions {
  /** How long the other side may neither take nor send anything, in milliseconds; default two minutes. */
  readonly timeout?: number | undefined;
  /** Told after every part that was sent or read how many bytes of the state there have been. What it throws ends it. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Sends a saved state as blocks.
 *
 * The other side has nothing to say meanwhile, unless it gives up: `isOk` fails with VERR_SSM_CANCELLED as soon as
 * something arrives, and what that is can then be read from the connection.
 */
export class BlockSink implements Sink {
  readonly #wire: Wire;
  readonly #timeout: number;
  readonly #onBytes: BlockOptions['onBytes'];
  readonly #block = new Uint8Array(HEADER + BLOCK);
  readonly #header = new DataView(this.#block.buffer, 0, HEADER);
  #position = 0;
  #closed = false;

  constructor(connection: Connection | Wire, options: BlockOptions = {}) {
    this.#wire = Wire.over(connection);
    this.#timeout = options.timeout ?? defaultTimeouts.stream;
    this.#onBytes = options.onBytes;
    this.#header.setUint32(0, MAGIC, true);
  }

  /** Bytes of the state sent so far. */
  get position(): number {
    return this.#position;
  }

  /** Whether the end was sent, or given up. */
  get closed(): boolean {
    return this.#closed;
  }

  isOk(): void {
    this.#wire.interrupt.check();
    this.#wire.lookAhead();
    if (this.#wire.pending) throw new SsmError('VERR_SSM_CANCELLED', 'the target has given up');
  }

  async write(data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length; done += BLOCK) {
      const part = data.subarray(done, done + BLOCK);
      this.#block.set(part, HEADER);
      this.#header.setUint32(4, part.length, true);
      const wait = { what: 'the target to take more of the state', timeout: this.#timeout };
      await this.#wire.write(this.#block.subarray(0, HEADER + part.length), wait);
      this.#position += part.length;
      this.#onBytes?.(this.#position);
    }
  }

  async close(aborted: boolean, failure?: SsmError): Promise<void> {
    this.#closed = true;
    // A block of its own: the write that is under way may need the other one.
    const last = new DataView(new ArrayBuffer(HEADER));
    last.setUint32(0, MAGIC, true);
    last.setUint32(4, aborted && failure?.status === 'VERR_SSM_CANCELLED' ? CANCELLED : END, true);
    const bytes = new Uint8Array(last.buffer);
    if (aborted) await this.#wire.farewell(bytes);
    else await this.#wire.write(bytes, { what: 'the target to take the end of the state', timeout: this.#timeout });
  }
}

/** Reads a saved state that arrives as blocks. Of the connection it takes no byte more. */
export class BlockSource implements Source {
  readonly #wire: Wire;
  readonly #timeout: number;
  readonly #onBytes: BlockOptions['onBytes'];
  /** Bytes left of the current block. */
  #left = 0;
  #ended: 'whole' | SsmError | undefined;
  #position = 0;

  constructor(connection: Connection | Wire, options: BlockOptions = {}) {
    this.#wire = Wire.over(connection);
    this.#timeout = options.timeout ?? defaultTimeouts.stream;
    this.#onBytes = options.onBytes;
  }

  /** Bytes of the state read so far. */
  get position(): number {
    return this.#position;
  }

  /**
   * @throws SsmError VERR_SSM_CANCELLED when the source has given up, VERR_IO_GEN_FAILURE for what is no block and for a
   * connection that ends; the same again from then on.
   */
  async read(into: Uint8Array): Promise<number> {
    if (this.#ended === undefined) {
      try {
        return await this.#read(into);
      } catch (error) {
        this.#ended = error as SsmError;
      }
    }
    if (this.#ended === 'whole') return 0;
    throw this.#ended;
  }

  async #read(into: Uint8Array): Promise<number> {
    if (into.length === 0) return 0;
    if (this.#left === 0) await this.#next();
    if (this.#left === 0) return 0;
    const wait = { what: 'more of the state', timeout: this.#timeout };
    const count = await this.#wire.read(into.subarray(0, this.#left), wait);
    if (count === 0) throw this.#broken('the connection was closed');
    this.#left -= count;
    this.#position += count;
    this.#onBytes?.(this.#position);
    return count;
  }

  async #next(): Promise<void> {
    const wait = { what: 'the next block of the state', timeout: this.#timeout };
    let bytes: Uint8Array;
    try {
      bytes = await this.#wire.readExactly(HEADER, wait);
    } catch (error) {
      if ((error as SsmError).status !== 'VERR_EOF') throw error;
      throw this.#broken('the connection was closed');
    }
    const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
    const magic = header.getUint32(0, true);
    const size = header.getUint32(4, true);
    if (magic !== MAGIC) throw this.#broken(`a block with the magic 0x${magic.toString(16)}`);
    if (size === CANCELLED) throw new SsmError('VERR_SSM_CANCELLED', 'the source has given up');
    if (size > PAYLOAD_MAX) throw this.#broken(`a block of 0x${size.toString(16)} bytes`);
    if (size === END) this.#ended = 'whole';
    this.#left = size;
  }

  #broken(what: string): SsmError {
    return new SsmError('VERR_IO_GEN_FAILURE', `${what} after ${this.#position} bytes of the state`);
  }
}
