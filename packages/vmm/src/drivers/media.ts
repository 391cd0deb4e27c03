import { SsmError } from '@ssmkit/runtime';
import { type ConfigNode, readConfig } from '../cfgm/index.js';
import type { Driver, DriverInstance, DriverRegistration } from '../pdm/driver.js';
import { driverClasses } from '../pdm/flags.js';
import { type BaseInterface, baseOf, interfaceId, offer } from '../pdm/interface-ids.js';
import { Media } from '../pdm/interfaces.js';

/** The program's side of a medium in memory: `queryInterface(base, MediaEnd)`. */
export interface MediaEnd {
  /** What is on the medium; may be read and written at any time. */
  readonly bytes: Uint8Array;
}

export const MediaEnd = interfaceId<MediaEnd>('MediaEnd', '7f0a3c64-2b3e-4a41-8d55-0e6d1d0f9b7e');

const SECTOR = 512;
const SIZE_MAX = 2 ** 31;

/** What of a medium every access to it must fit into. */
export type MediaShape = Pick<Media, 'size' | 'sectorSize' | 'isReadOnly'>;

/**
 * Checks an access.
 *
 * @throws SsmError VERR_INVALID_PARAMETER for what is no whole sectors, VERR_OUT_OF_RANGE behind the end,
 * VERR_ACCESS_DENIED for writing to what cannot be written.
 */
export function checkAccess(media: MediaShape, offset: number, count: number, writes: boolean): void {
  const { size, sectorSize, isReadOnly } = media;
  const isWhole = Number.isSafeInteger(offset) && offset >= 0 && offset % sectorSize === 0 && count % sectorSize === 0;
  if (!isWhole) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${count} bytes at ${offset} are no sectors of ${sectorSize}`);
  }
  if (offset + count > size) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${count} bytes at ${offset} of a medium of ${size}`);
  }
  if (writes && isReadOnly) throw new SsmError('VERR_ACCESS_DENIED', 'the medium cannot be written');
}

/** Checks the size of a sector. @throws SsmError VERR_INVALID_PARAMETER for one that is none. */
export function checkSector(size: number): void {
  if (size >= 128 && size <= 4096 && (size & (size - 1)) === 0) return;
  throw new SsmError('VERR_INVALID_PARAMETER', `SectorSize: ${size} bytes`);
}

/** `MemoryMedia`: sectors in memory, `Size` bytes. What is written is gone with the driver, unless the program keeps it. */
class MemoryMedia implements Driver {
  base: BaseInterface = baseOf();
  readonly #instance: DriverInstance;

  constructor(instance: DriverInstance) {
    this.#instance = instance;
  }

  construct(config: ConfigNode): void {
    const { name: who, instance } = this.#instance;
    const shape = {
      size: ['Size', 'u64'],
      sectorSize: ['SectorSize', 'u32', SECTOR],
      isReadOnly: ['ReadOnly', 'bool', false],
    } as const;
    const { size: wanted, sectorSize, isReadOnly } = readConfig(config, shape, { who, instance });
    checkSector(sectorSize);
    const size = Number(wanted);
    if (size > SIZE_MAX || size % sectorSize !== 0) {
      throw this.#instance.vmSetError('VERR_INVALID_PARAMETER', `Size: ${wanted} bytes`);
    }
    const bytes = new Uint8Array(size);
    const media: Media = {
      size,
      sectorSize,
      isReadOnly,
      read: async (offset, into) => {
        checkAccess(media, offset, into.length, false);
        into.set(bytes.subarray(offset, offset + into.length));
      },
      write: async (offset, from) => {
        checkAccess(media, offset, from.length, true);
        bytes.set(from, offset);
      },
      flush: async () => {},
    };
    this.base = baseOf(offer(Media, media), offer(MediaEnd, { bytes }));
  }
}

/** Registration of `MemoryMedia`. */
export const memoryMedia: DriverRegistration = {
  name: 'MemoryMedia',
  description: 'A medium in memory.',
  classes: driverClasses.BLOCK | driverClasses.MEDIA,
  create: (instance) => new MemoryMedia(instance),
};
