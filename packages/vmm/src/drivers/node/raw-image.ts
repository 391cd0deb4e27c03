import { type FileHandle, open } from 'node:fs/promises';
import { SsmError } from '@ssmkit/runtime';
import { fromSystemError } from '@ssmkit/runtime/node';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../../pdm/driver.js';
import { driverClasses } from '../../pdm/flags.js';
import { type BaseInterface, baseOf, offer } from '../../pdm/interface-ids.js';
import { Media } from '../../pdm/interfaces.js';
import { checkAccess, checkSector } from '../media.js';

const SECTOR = 512;

/** `RawImage`: a medium whose sectors are the bytes of a file, `Path`. What ends inside of a sector is not there. */
class RawImage implements Driver {
  base: BaseInterface = baseOf();
  readonly #instance: DriverInstance;
  #file: FileHandle | undefined;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
  }

  async construct(config: ConfigNode): Promise<void> {
    const { name: who, instance } = this.#instance;
    const shape = {
      path: ['Path', 'string'],
      sectorSize: ['SectorSize', 'u32', SECTOR],
      isReadOnly: ['ReadOnly', 'bool', false],
    } as const;
    const { path, sectorSize, isReadOnly } = readConfig(config, shape, { who, instance });
    checkSector(sectorSize);
    const file = await this.#open(path, isReadOnly);
    this.#file = file;
    const { size: bytes } = await calling(file.stat());
    const size = bytes - (bytes % sectorSize);
    const media: Media = {
      size,
      sectorSize,
      isReadOnly,
      read: async (offset, into) => {
        checkAccess(media, offset, into.length, false);
        for (let done = 0; done < into.length; ) {
          const { bytesRead } = await calling(file.read(into, done, into.length - done, offset + done));
          if (bytesRead === 0) throw new SsmError('VERR_EOF', `'${path}' has become shorter than ${size} bytes`);
          done += bytesRead;
        }
      },
      write: async (offset, from) => {
        checkAccess(media, offset, from.length, true);
        for (let done = 0; done < from.length; ) {
          const { bytesWritten } = await calling(file.write(from, done, from.length - done, offset + done));
          done += bytesWritten;
        }
      },
      flush: () => calling(file.sync()),
    };
    this.base = baseOf(offer(Media, media));
  }

  /** The saved state must find on the disk what the guest has written. */
  async suspend(): Promise<void> {
    await this.#sync();
  }

  async powerOff(): Promise<void> {
    await this.#sync();
  }

  async destruct(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(path: string, isReadOnly: boolean): Promise<FileHandle> {
    try {
      return await open(path, isReadOnly ? 'r' : 'r+');
    } catch (error) {
      const { status, detail } = fromSystemError(error);
      throw this.#instance.vmSetError(status, `RawImage#${this.#instance.instance}: '${path}': ${detail}`);
    }
  }

  async #sync(): Promise<void> {
    if (this.#file !== undefined) await calling(this.#file.sync());
  }
}

/** Awaits a system call. @throws SsmError for what it fails with. */
async function calling<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw fromSystemError(error);
  }
}

/** Registration of `RawImage`. */
export const rawImage: DriverRegistration = {
  name: 'RawImage',
  description: 'A medium whose sectors are the bytes of a file.',
  classes: driverClasses.BLOCK | driverClasses.MEDIA,
  create: (instance) => new RawImage(instance),
};
