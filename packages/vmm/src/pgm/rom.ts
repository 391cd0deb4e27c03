import { SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE, RomProtection, readsShadow } from '@ssmkit/vbox';
import { type AccessSize, checkText, type PhysMapping } from './mapping.js';
import { hex, PAGE_SHIFT, pagesOf } from './page.js';

/** A ROM. */
export interface RomOptions {
  /** The device. */
  readonly owner?: object;
  /** `PC BIOS - 0xfffff` */
  readonly description: string;
  /** Guest-physical address, of a page. */
  readonly address: number;
  /** What is in it. Copied. */
  readonly bytes: Uint8Array;
  /** Bytes, whole pages; default those of `bytes`, rounded up. What `bytes` has not is zero. */
  readonly size?: number;
  /** Whether there is RAM behind it, of which pages can be shown instead; default false. */
  readonly shadowed?: boolean;
}

const DESCRIPTION_MAX = 63;

/** Told that a page is to be seen otherwise. */
export type PageShown = (address: number, bytes: Uint8Array) => void;

/**
 * A ROM, page by page: the ROM itself and, where it is shadowed, RAM behind it. The protection of a page says which of the
 * two the guest reads, and whether it writes the RAM. Resetting makes all pages ROM that ignores writes, and the RAM zero.
 */
export class RomRange implements PhysMapping {
  readonly kind = 'rom';
  readonly owner: object | undefined;
  readonly description: string;
  readonly address: number;
  readonly size: number;
  /** The ROM itself. */
  readonly virgin: Uint8Array;
  /** RAM behind it; `undefined` where it is not shadowed. */
  readonly shadow: Uint8Array | undefined;
  readonly #protections: Uint8Array;
  readonly #onShown: PageShown;
  /** Pages whose RAM was written since {@link watch}. */
  readonly #written: Uint8Array;

  /** @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE for a description that is too long. */
  constructor(options: RomOptions, onShown: PageShown) {
    const { owner, description, address, bytes, shadowed = false } = options;
    const { size = pagesOf(bytes.length) * PAGE_SIZE } = options;
    const isWhole = (number: number) => Number.isSafeInteger(number) && number >= 0 && number % PAGE_SIZE === 0;
    if (!isWhole(address) || !isWhole(size) || size === 0 || bytes.length > size) {
      const detail = `ROM '${description}' of ${bytes.length} in ${size} bytes cannot be at ${address}`;
      throw new SsmError('VERR_INVALID_PARAMETER', detail);
    }
    checkText(description, DESCRIPTION_MAX);
    this.owner = owner;
    this.description = description;
    this.address = address;
    this.size = size;
    this.virgin = new Uint8Array(size);
    this.virgin.set(bytes);
    this.shadow = shadowed ? new Uint8Array(size) : undefined;
    this.#protections = new Uint8Array(size / PAGE_SIZE).fill(RomProtection.readRomWriteIgnore);
    this.#written = new Uint8Array(size / PAGE_SIZE);
    this.#onShown = onShown;
  }

  get pageCount(): number {
    return this.#protections.length;
  }

  /** {@link RomProtection} of a page. */
  protectionOf(page: number): RomProtection {
    return this.#protections[page] as RomProtection;
  }

  /**
   * Says what reads and writes of pages do (`ROMProtectShadow`).
   *
   * @param offset of the first page, in bytes. @param size bytes, whole pages; default up to the end.
   * @throws SsmError VERR_INVALID_PARAMETER for what is not whole pages of the range, or no protection; VERR_NOT_SUPPORTED
   * for a ROM without RAM behind it.
   */
  protect(protection: RomProtection, offset = 0, size = this.size - offset): void {
    const pages = offset % PAGE_SIZE === 0 && size % PAGE_SIZE === 0;
    if (!pages || offset < 0 || size <= 0 || offset + size > this.size) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${size} bytes at ${hex(offset)} of ROM '${this.description}'`);
    }
    if (!Object.values(RomProtection).includes(protection)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${protection} is no protection of a ROM page`);
    }
    if (this.shadow === undefined) {
      throw new SsmError('VERR_NOT_SUPPORTED', `ROM '${this.description}' has no RAM behind it`);
    }
    for (let page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++)
      this.#setProtection(page, protection);
  }

  #setProtection(page: number, protection: number): void {
    this.#protections[page] = protection;
    this.#show(page);
  }

  #show(page: number): void {
    this.#onShown(this.address + page * PAGE_SIZE, this.visible(page));
  }

  /** What the guest reads of a page. Not to be changed. */
  visible(page: number): Uint8Array {
    const { shadow, virgin } = this;
    const bytes = shadow !== undefined && readsShadow(this.#protections[page] as number) ? shadow : virgin;
    return bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }

  /** Shows all pages. */
  showAll(): void {
    for (let page = 0; page < this.pageCount; page++) this.#show(page);
  }

  read(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = (value << 8) | this.#readByte(offset + i);
    return value >>> 0;
  }

  #readByte(offset: number): number {
    return this.visible(offset >>> PAGE_SHIFT)[offset % PAGE_SIZE] as number;
  }

  write(offset: number, value: number, size: AccessSize): void {
    for (let i = 0; i < size; i++) this.#writeByte(offset + i, value >>> (i * 8));
  }

  #writeByte(offset: number, value: number): void {
    const page = offset >>> PAGE_SHIFT;
    const protection = this.#protections[page] as number;
    const writes = protection === RomProtection.readRomWriteRam || protection === RomProtection.readRamWriteRam;
    if (!writes || this.shadow === undefined) return;
    this.shadow[offset] = value;
    this.#written[page] = 1;
    if (readsShadow(protection)) this.#onShown(this.address + offset, this.shadow.subarray(offset, offset + 1));
  }

  readBytes(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const at = (offset + done) % PAGE_SIZE;
      const piece = this.visible((offset + done) >>> PAGE_SHIFT).subarray(at, at + into.length - done);
      into.set(piece, done);
      done += piece.length;
    }
  }

  writeBytes(offset: number, from: Uint8Array): void {
    for (let i = 0; i < from.length; i++) this.#writeByte(offset + i, from[i] as number);
  }

  reset(): void {
    if (this.shadow !== undefined) {
      this.shadow.fill(0);
      this.#written.fill(1);
    }
    this.#protections.fill(RomProtection.readRomWriteIgnore);
    this.showAll();
  }

  // Saving and loading

  /** The RAM of a page; `undefined` without. */
  shadowPage(page: number): Uint8Array | undefined {
    return this.shadow?.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }

  virginPage(page: number): Uint8Array {
    return this.virgin.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }

  /** Whether the RAM of a page was written since the last call. */
  takeWritten(page: number): boolean {
    const written = this.#written[page] === 1;
    this.#written[page] = 0;
    return written;
  }

  /** Whether the RAM of a page was written since {@link takeWritten}. */
  isWritten(page: number): boolean {
    return this.#written[page] === 1;
  }

  /** A page as a saved state has it. @param virgin the ROM itself. @param shadow the RAM behind it. */
  loadPage(
    page: number,
    protection: RomProtection,
    { virgin, shadow }: { virgin?: Uint8Array; shadow?: Uint8Array },
  ): void {
    if (virgin !== undefined) this.virginPage(page).set(virgin);
    if (shadow !== undefined && this.shadow !== undefined) {
      this.shadowPage(page)?.set(shadow);
      this.#written[page] = 1;
    }
    this.#setProtection(page, protection);
  }
}
