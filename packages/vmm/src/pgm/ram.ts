import { SsmError } from '@ssmkit/runtime';
import { type AddressRange, isZeroPage, PAGE_SIZE, ramLayout } from '@ssmkit/vbox';
import { PAGE_SHIFT, pagesOf } from './page.js';

/*
 * The RAM of a guest
 *
 *     guest-physical    0        A0000   100000          4 GiB - hole   4 GiB
 *                       │  RAM   │ other │      RAM      │    other     │     RAM      │
 *     buffer            │      the same addresses        │     RAM      │
 *                                                        └── `lowSize`
 *
 * One buffer for all of it, which the host fills with memory where it is touched. Below the hole an address is its own
 * place in the buffer; the 384 KiB that are no RAM keep their place, so that ROM can be shown there.
 *
 * What a store or a load at a page has to look at is one byte in a table. For most pages it says that there is nothing to
 * look at. The first store to a page is noted, and the byte then says so; when pages are watched for changes, the byte of
 * each is set back, and the next store is noted again. So nothing but the first store to a page costs more, ever.
 */

/** What a store or a load of a page finds. */
export const Access = {
  /** RAM: go ahead. Of loads also ROM. */
  plain: 0,
  /** RAM; a store is to be noted. */
  noted: 1,
  /** No RAM. */
  elsewhere: 2,
} as const;

/** What is known of a page of RAM. */
const Flag = {
  /** It may have bytes other than zero. */
  touched: 1,
  /** Written since the last look at it; only while pages are watched. */
  written: 2,
  /** Not saved as it is; only while pages are watched. */
  pending: 4,
  /** The guest has given it to the balloon. */
  ballooned: 8,
} as const;

/** Bytes that can always be addressed by their own addresses. */
const LOW_MIN = 2 ** 20;

const GIB4 = 2 ** 32;

/** Bytes of a view of RAM: less than the most that a typed array has. */
const VIEW_SIZE = 2 ** 30;

/** The highest address that is reached, and one. */
export const ADDRESS_LIMIT = 2 ** 52;

/** Sizes of RAM. */
export interface RamSizes {
  /** Bytes of RAM, whole pages. */
  readonly size: number;
  /** Bytes below 4 GiB that are none; default 512 MiB. */
  readonly hole?: number;
}

/** @throws SsmError VERR_INVALID_PARAMETER for sizes that are no whole pages; VERR_OUT_OF_RANGE for too large ones. */
export function checkRamSizes({ size, hole = 0 }: RamSizes): void {
  for (const [what, bytes, limit] of [
    ['RAM', size, ADDRESS_LIMIT - GIB4],
    ['a RAM hole', hole, GIB4 - LOW_MIN],
  ] as const) {
    if (!(Number.isSafeInteger(bytes) && bytes >= 0 && bytes % PAGE_SIZE === 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${bytes} bytes of ${what} are no whole pages`);
    }
    if (bytes > limit) throw new SsmError('VERR_OUT_OF_RANGE', `${bytes} bytes of ${what}, at most ${limit}`);
  }
}

/** The RAM of a guest; see above. */
export class Ram {
  /** Bytes of RAM as configured: those under graphics and ROM are counted and not there. */
  readonly size: number;
  /** Bytes below 4 GiB that are none. */
  readonly hole: number;
  /** Where there is RAM. */
  readonly ranges: readonly AddressRange[];
  /** Pages there are. */
  readonly pageCount: number;
  /** The buffer's first part: address and index are the same. */
  readonly low: Uint8Array;
  readonly lowView: DataView;
  /** {@link Access} of loads, by pages of {@link low}. */
  readonly loads: Uint8Array;
  /** {@link Access} of stores, by pages of the buffer. */
  readonly stores: Uint8Array;
  /** {@link Flag} by pages of the buffer. */
  readonly #flags: Uint8Array;
  /** The rest of the buffer, in views of {@link VIEW_SIZE}. */
  readonly #high: readonly Uint8Array[];
  #watched = false;
  #touchedPages = 0;
  #balloonedPages = 0;

  /** @throws SsmError as {@link checkRamSizes}; VERR_NO_MEMORY where the host has not that much. */
  constructor({ size, hole = 2 ** 29 }: RamSizes) {
    checkRamSizes({ size, hole });
    this.size = size;
    this.hole = hole;
    this.ranges = ramLayout({ size: BigInt(size), hole });
    this.pageCount = this.ranges.reduce((sum, range) => sum + range.size / PAGE_SIZE, 0);
    const low = Math.min(size, GIB4 - hole);
    const lowSize = Math.max(low, LOW_MIN);
    const highSize = size - low;
    const buffer = allocate(lowSize + highSize);
    this.low = new Uint8Array(buffer, 0, lowSize);
    this.lowView = new DataView(buffer, 0, lowSize);
    this.#high = Array.from(
      { length: Math.ceil(highSize / VIEW_SIZE) },
      (_, i) => new Uint8Array(buffer, lowSize + i * VIEW_SIZE, Math.min(VIEW_SIZE, highSize - i * VIEW_SIZE)),
    );
    this.loads = new Uint8Array(pagesOf(lowSize)).fill(Access.elsewhere);
    this.stores = new Uint8Array(pagesOf(lowSize + highSize)).fill(Access.elsewhere);
    this.#flags = new Uint8Array(this.stores.length);
    for (const { address, size: bytes } of this.ranges) {
      const first = this.#placeOf(address);
      this.stores.fill(Access.noted, first, first + bytes / PAGE_SIZE);
      if (address < lowSize) this.loads.fill(Access.plain, first, first + bytes / PAGE_SIZE);
    }
  }

  /** Whether other threads could see it, too. */
  get isShared(): boolean {
    return typeof SharedArrayBuffer === 'function' && this.low.buffer instanceof SharedArrayBuffer;
  }

  /** The buffer's page for an address; -1 where there is no RAM. */
  pageAt(address: number): number {
    if (address >= this.low.length && address < GIB4) return -1;
    const page = this.#placeOf(address);
    return page < this.stores.length && this.stores[page] !== Access.elsewhere ? page : -1;
  }

  /** The buffer's page for an address that has one. */
  #placeOf(address: number): number {
    const { low } = this;
    if (address < low.length) return address >>> PAGE_SHIFT;
    return low.length / PAGE_SIZE + Math.floor((address - GIB4) / PAGE_SIZE);
  }

  /** The bytes of a page of the buffer. Storing there is not noted. */
  bytesOf(page: number): Uint8Array {
    const lowPages = this.low.length / PAGE_SIZE;
    if (page < lowPages) return this.low.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    const offset = (page - lowPages) * PAGE_SIZE;
    const at = offset % VIEW_SIZE;
    return (this.#high[Math.floor(offset / VIEW_SIZE)] as Uint8Array).subarray(at, at + PAGE_SIZE);
  }

  /** Notes that a page is being stored to. */
  note(page: number): void {
    const flags = this.#flags[page] as number;
    if ((flags & Flag.touched) === 0) this.#touchedPages++;
    if ((flags & Flag.ballooned) !== 0) this.#balloonedPages--;
    this.#flags[page] = (flags & ~Flag.ballooned) | Flag.touched | (this.#watched ? Flag.written : 0);
    this.stores[page] = Access.plain;
  }

  /** Whether a page has nothing but zeros; of one that was never stored to that is known without a look. */
  isZero(page: number): boolean {
    return ((this.#flags[page] as number) & Flag.touched) === 0 || isZeroPage(this.bytesOf(page));
  }

  isBallooned(page: number): boolean {
    return ((this.#flags[page] as number) & Flag.ballooned) !== 0;
  }

  /** Makes a page zero, and so that it takes no memory when saved. @param ballooned the guest has given it away. */
  clearPage(page: number, ballooned = false): void {
    let flags = this.#flags[page] as number;
    if ((flags & Flag.touched) !== 0) {
      this.bytesOf(page).fill(0);
      this.#touchedPages--;
    }
    if (((flags & Flag.ballooned) !== 0) !== ballooned) this.#balloonedPages += ballooned ? 1 : -1;
    flags = (flags & ~(Flag.touched | Flag.ballooned)) | (ballooned ? Flag.ballooned : 0);
    this.#flags[page] = this.#watched ? flags | Flag.written : flags;
    this.stores[page] = Access.noted;
  }

  /** Makes all of it zero. */
  clear(): void {
    for (const page of this.pages()) {
      if (((this.#flags[page] as number) & (Flag.touched | Flag.ballooned)) !== 0) this.clearPage(page);
    }
  }

  /** The buffer's pages, by ascending address. */
  *pages(): Generator<number> {
    for (const { address, size } of this.ranges) {
      const first = this.#placeOf(address);
      for (let page = first; page < first + size / PAGE_SIZE; page++) yield page;
    }
  }

  /** The number that a page of the buffer has in guest-physical memory. */
  guestPageOf(page: number): number {
    const lowPages = this.low.length / PAGE_SIZE;
    return page < lowPages ? page : page - lowPages + GIB4 / PAGE_SIZE;
  }

  /** Pages that have been stored to. */
  get touchedPages(): number {
    return this.#touchedPages;
  }

  /** Pages in the balloon. */
  get balloonedPages(): number {
    return this.#balloonedPages;
  }

  // Watching for changes

  /** Begins to watch. All pages are unsaved. */
  watch(): void {
    this.#watched = true;
    for (const page of this.pages()) {
      this.#flags[page] = ((this.#flags[page] as number) & ~Flag.written) | Flag.pending;
      this.stores[page] = Access.noted;
    }
  }

  /** Ends to watch: stores cost nothing again. */
  unwatch(): void {
    if (!this.#watched) return;
    this.#watched = false;
    for (const page of this.pages()) {
      const flags = (this.#flags[page] as number) & ~(Flag.written | Flag.pending);
      this.#flags[page] = flags;
      this.stores[page] = (flags & Flag.touched) !== 0 ? Access.plain : Access.noted;
    }
  }

  /** Whether changes are noted. */
  get isWatched(): boolean {
    return this.#watched;
  }

  /**
   * Looks whether a page is to be saved in this pass: one that is unsaved and was not written since the last look. One that
   * was waits, since it will be written again.
   */
  takeQuiet(page: number): boolean {
    const flags = this.#flags[page] as number;
    if ((flags & Flag.written) !== 0) {
      this.#flags[page] = (flags & ~Flag.written) | Flag.pending;
      this.stores[page] = Access.noted;
      return false;
    }
    this.#flags[page] = flags & ~Flag.pending;
    return (flags & Flag.pending) !== 0;
  }

  /** Looks whether a page is still to be saved in the last pass. */
  takeDirty(page: number): boolean {
    const flags = this.#flags[page] as number;
    const dirty = (flags & (Flag.written | Flag.pending)) !== 0;
    if (dirty) {
      this.#flags[page] = flags & ~(Flag.written | Flag.pending);
      this.stores[page] = Access.noted;
    }
    return dirty;
  }

  /** Pages that are not saved as they are. */
  countDirty(): number {
    let count = 0;
    for (const { address, size } of this.ranges) {
      const first = this.#placeOf(address);
      for (let page = first; page < first + size / PAGE_SIZE; page++) {
        if (((this.#flags[page] as number) & (Flag.written | Flag.pending)) !== 0) count++;
      }
    }
    return count;
  }

  /** Pages whose next store will be noted: VirtualBox write-monitors them. */
  countMonitored(): number {
    if (!this.#watched) return 0;
    let count = 0;
    for (const page of this.pages()) if (this.stores[page] === Access.noted) count++;
    return count;
  }
}

/** Zeroed memory, that other threads could see where the host has such. */
function allocate(bytes: number): SharedArrayBuffer | ArrayBuffer {
  try {
    return typeof SharedArrayBuffer === 'function' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  } catch (error) {
    throw new SsmError('VERR_NO_MEMORY', `the host has no ${bytes} bytes for the RAM`, {}, { cause: error });
  }
}
