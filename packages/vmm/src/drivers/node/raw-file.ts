import { type FileHandle, open } from 'node:fs/promises';
import { fromSystemError } from '@ssmkit/runtime/node';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../../pdm/driver.js';
import { driverClasses } from '../../pdm/flags.js';
import { baseOf, offer } from '../../pdm/interface-ids.js';
import { Stream } from '../../pdm/interfaces.js';
import { runtimeErrorFlags } from '../../vm/index.js';
import { ByteQueue } from '../byte-queue.js';

/** Bytes that wait for the file, before the machine has to. */
const WAITING_MAX = 1 << 20;

/**
 * `RawFile`: a stream into a file, `Location`, which is written anew, or with `Append` goes on.
 *
 * What was written is in the file when the machine is suspended, so that who resumes its saved state can go on behind it. A
 * disk that is full suspends the machine; resumed, it tries again.
 */
class RawFile implements Driver {
  readonly #instance: DriverInstance;
  readonly #waiting = new ByteQueue();
  readonly #stream: Stream = {
    available: 0,
    read: () => new Uint8Array(0),
    write: (bytes) => this.#take(bytes),
  };
  readonly base = baseOf(offer(Stream, this.#stream));
  #file: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
  }

  async construct(config: ConfigNode): Promise<void> {
    const { name: who, instance } = this.#instance;
    const shape = { location: ['Location', 'string'], append: ['Append', 'bool', false] } as const;
    const { location, append } = readConfig(config, shape, { who, instance });
    try {
      this.#file = await open(location, append ? 'a' : 'w');
    } catch (error) {
      const { status, detail } = fromSystemError(error);
      throw this.#instance.vmSetError(status, `RawFile#${instance}: '${location}': ${detail}`);
    }
  }

  resume(): void {
    this.#hasFailed = false;
    this.#begin();
    this.#stream.onWritable?.();
  }

  async suspend(): Promise<void> {
    await this.#written();
  }

  async powerOff(): Promise<void> {
    await this.#written();
  }

  async destruct(): Promise<void> {
    await this.#written();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #take(bytes: Uint8Array): number {
    if (this.#hasFailed) return 0;
    const taken = bytes.subarray(0, WAITING_MAX - this.#waiting.length);
    this.#waiting.push(taken);
    this.#begin();
    return taken.length;
  }

  #begin(): void {
    if (this.#waiting.length === 0) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      // More may have come while the last write was ending.
      if (!this.#hasFailed) this.#begin();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0 && this.#file !== undefined) {
      try {
        const { bytesWritten } = await this.#file.write(this.#waiting.first);
        this.#waiting.take(bytesWritten);
      } catch (error) {
        this.#fail(fromSystemError(error).detail);
        return;
      }
      this.#stream.onWritable?.();
    }
  }

  #fail(detail: string): void {
    this.#hasFailed = true;
    const flags = runtimeErrorFlags.SUSPEND | runtimeErrorFlags.NO_WAIT;
    // A machine that is going away needs no telling.
    void this.#instance
      .vmSetRuntimeError(flags, 'RawFileWrite', `RawFile#${this.#instance.instance}: ${detail}`)
      .catch(() => {});
  }
}

/** Registration of `RawFile`. */
export const rawFile: DriverRegistration = {
  name: 'RawFile',
  description: 'A stream into a file.',
  classes: driverClasses.STREAM,
  create: (instance) => new RawFile(instance),
};
