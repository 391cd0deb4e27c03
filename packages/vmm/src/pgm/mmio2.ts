import { SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE } from '@ssmkit/vbox';
import { type AccessSize, type AddressSpace, checkText, MovableMapping } from './mapping.js';

/** Memory of a device that the guest can see. */
export interface Mmio2Options {
  /** The device. */
  readonly owner?: object;
  /** Its name: `vga`. */
  readonly device: string;
  /** Its instance; default 0. */
  readonly instance?: number;
  /** Of a PCI device the number of the region; default 0. */
  readonly region?: number;
  /** `VRam` */
  readonly description: string;
  /** Bytes, whole pages. */
  readonly size: number;
  /** Note which pages the guest writes, for {@link Mmio2Range.takeDirty}; default false. */
  readonly trackDirty?: boolean;
}

/** Longest names that a saved state has, in bytes (`packages/vbox`, PgmMmio2Range). */
const DEVICE_MAX = 31;
const DESCRIPTION_MAX = 63;

/** Memory of a device, such as the video memory. The device has its bytes at hand; the guest sees them where they are mapped. */
export class Mmio2Range extends MovableMapping {
  readonly kind = 'mmio2';
  readonly device: string;
  readonly instance: number;
  readonly region: number;
  /** All bytes it was made with. The device reads and writes them as it likes; a live save finds out by comparing. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #dirty: Uint8Array | undefined;

  /** @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE for names that are too long; VERR_NO_MEMORY. */
  constructor(space: AddressSpace, options: Mmio2Options) {
    super(space, options, PAGE_SIZE);
    const { device, instance = 0, region = 0, description, size, trackDirty = false } = options;
    if (!(Number.isInteger(region) && region >= 0 && region <= 0xff && instance >>> 0 === instance)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `region ${region} of ${device}#${instance}`);
    }
    checkText(device, DEVICE_MAX);
    checkText(description, DESCRIPTION_MAX);
    this.device = device;
    this.instance = instance;
    this.region = region;
    try {
      this.bytes = new Uint8Array(size);
    } catch (error) {
      throw new SsmError('VERR_NO_MEMORY', `the host has no ${size} bytes for '${description}'`, {}, { cause: error });
    }
    this.#view = new DataView(this.bytes.buffer);
    this.#dirty = trackDirty ? new Uint8Array(size / PAGE_SIZE) : undefined;
  }

  /** Pages. */
  get pageCount(): number {
    return this.size / PAGE_SIZE;
  }

  /** The bytes of a page. */
  page(index: number): Uint8Array {
    return this.bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
  }

  read(offset: number, size: AccessSize): number {
    if (size === 1) return this.bytes[offset] as number;
    return size === 2 ? this.#view.getUint16(offset, true) : this.#view.getUint32(offset, true);
  }

  write(offset: number, value: number, size: AccessSize): void {
    if (size === 1) this.bytes[offset] = value;
    else if (size === 2) this.#view.setUint16(offset, value, true);
    else this.#view.setUint32(offset, value, true);
    if (this.#dirty !== undefined) this.#mark(offset, size);
  }

  readBytes(offset: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  writeBytes(offset: number, from: Uint8Array): void {
    this.bytes.set(from, offset);
    if (this.#dirty !== undefined) this.#mark(offset, from.length);
  }

  #mark(offset: number, count: number): void {
    this.#dirty?.fill(1, Math.floor(offset / PAGE_SIZE), Math.floor((offset + count - 1) / PAGE_SIZE) + 1);
  }

  /**
   * The pages that the guest has written since the last call, or since it was made: for a device that draws what has
   * changed. What the device writes itself, it knows.
   *
   * @throws SsmError VERR_INVALID_STATE where it was not made to know.
   */
  takeDirty(): number[] {
    const dirty = this.#dirty;
    if (dirty === undefined) {
      throw new SsmError('VERR_INVALID_STATE', `'${this.description}' was not made to note what is written`);
    }
    const pages: number[] = [];
    for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) pages.push(page);
    dirty.fill(0);
    return pages;
  }

  /** All pages count as written: after a load or a reset, when the screen is drawn anew. */
  markAllDirty(): void {
    this.#dirty?.fill(1);
  }
}
