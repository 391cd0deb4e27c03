import { type GetStream, SsmError } from '@ssmkit/runtime';
import { ADDRESSED, END, PAGE_SIZE, type PageRecord, PageType, pageTypes, RomProtection } from './records.js';

/** Largest page number of guest-physical memory. */
const PAGE_MAX = 2 ** 40 - 1;

/** No page has been. */
const NONE = -1;

/** The range of pages in front of which records are lost, up to the first with an address. */
export const LOST_RANGE = 256;

/**
 * Gets the page records of a unit `pgm`, one at a time (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3LoadMemory`).
 *
 *     while (await pages.next()) {
 *       if (pages.hasData) await pages.read(page);
 *     }
 *
 * What `next` says of the record is in the properties, the same for all records, so that the millions of them take no
 * memory. A page that is not read is skipped, without being decoded where that can be.
 */
export class PageReader implements PageRecord {
  type: PageType = PageType.ramZero;
  addressed = false;
  range = 0;
  page = 0;
  protection = 0;
  readonly #stream: GetStream;
  /** Bytes of the record that were not read yet. */
  #left = 0;
  #ended = false;
  #ramPage = NONE;
  /** Range and index of the last page of MMIO2 or ROM; a page of RAM makes them forgotten. */
  #rangeId = NONE;
  #index = 0;

  /**
   * @param stream stands at the first page record.
   * @param firstPage where records in front of it are lost: number of the first page of RAM, if it has no address. Pages of
   * other memory are then of {@link LOST_RANGE}.
   */
  constructor(stream: GetStream, firstPage?: number) {
    this.#stream = stream;
    if (firstPage === undefined) return;
    this.#ramPage = firstPage - 1;
    this.#rangeId = LOST_RANGE;
  }

  /** Whether the record has a page of data, which {@link read} reads. */
  get hasData(): boolean {
    return this.#left > 0;
  }

  /**
   * Goes on to the next record.
   *
   * @returns false after the last; a promise only where the source has to be waited for.
   * @throws SsmError VERR_PGM_SAVED_REC_TYPE, VERR_PGM_SAVED_ROM_PAGE_PROT, VERR_SSM_DATA_UNIT_FORMAT_CHANGED for a page
   * whose address cannot be known; VERR_SSM_LOADED_TOO_LITTLE for data behind the last record.
   */
  next(): boolean | Promise<boolean> {
    if (this.#ended) return false;
    const stream = this.#stream;
    if (this.#left > 0) {
      const skipping = stream.skipReady(this.#left);
      this.#left = 0;
      if (skipping !== undefined) return skipping.then(() => this.next());
    }
    const arriving = stream.ready(1);
    if (arriving !== undefined) return arriving.then(() => this.#first());
    return this.#first();
  }

  /** The record's first byte is there, and tells how many more there are. */
  #first(): boolean | Promise<boolean> {
    const stream = this.#stream;
    const first = stream.getU8();
    if (first === END) return this.#end();
    const row = pageTypes[first & ~ADDRESSED];
    if (row === undefined) {
      throw this.#fail('VERR_PGM_SAVED_REC_TYPE', `no page record starts with 0x${first.toString(16)}`);
    }
    this.type = (first & ~ADDRESSED) as PageType;
    this.addressed = (first & ADDRESSED) !== 0;
    const address = this.addressed ? (row.memory === 'ram' ? stream.saved.gcPhysBytes : 5) : 0;
    const rest = address + (row.hasProtection ? 1 : 0);
    const arriving = rest === 0 ? undefined : stream.ready(rest);
    return arriving === undefined ? this.#rest() : arriving.then(() => this.#rest());
  }

  #rest(): true {
    const row = pageTypes[this.type] as (typeof pageTypes)[number];
    if (row.memory === 'ram') this.#ram();
    else this.#ranged();
    this.protection = row.hasProtection ? this.#stream.getU8() : 0;
    if (row.hasProtection && !(this.protection >= 1 && this.protection <= RomProtection.readRamWriteRam)) {
      throw this.#fail('VERR_PGM_SAVED_ROM_PAGE_PROT', `protection ${this.protection} of a ROM page`);
    }
    this.#left = row.hasData ? PAGE_SIZE : 0;
    return true;
  }

  #ram(): void {
    this.#rangeId = NONE;
    this.range = 0;
    if (this.addressed) {
      const address = Number(this.#stream.getGCPhys());
      if (address % PAGE_SIZE !== 0) throw this.#fail('VERR_PGM_SAVED_REC_TYPE', `a page at 0x${address.toString(16)}`);
      this.page = address / PAGE_SIZE;
    } else if (this.#ramPage === NONE) {
      throw this.#fail('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', 'the first page of RAM has no address');
    } else this.page = this.#ramPage + 1;
    if (this.page > PAGE_MAX) throw this.#fail('VERR_PGM_SAVED_REC_TYPE', 'a page behind the end of memory');
    this.#ramPage = this.page;
  }

  #ranged(): void {
    if (this.addressed) {
      this.#rangeId = this.#stream.getU8();
      this.#index = this.#stream.getU32();
    } else if (this.#rangeId === NONE) {
      throw this.#fail('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', 'the first page of a range has no address');
    } else this.#index++;
    this.range = this.#rangeId;
    this.page = this.#index;
  }

  #end(): boolean | Promise<boolean> {
    this.#ended = true;
    const arriving = this.#stream.ready(1);
    return arriving === undefined ? this.#checkEnd() : arriving.then(() => this.#checkEnd());
  }

  #checkEnd(): false {
    if (this.#stream.buffered > 0) throw this.#fail('VERR_SSM_LOADED_TOO_LITTLE', 'data behind the last page');
    return false;
  }

  /** Reads the record's page. @param into {@link PAGE_SIZE} bytes. */
  async read<T extends Uint8Array>(into: T): Promise<T> {
    if (into.length !== this.#left) throw new SsmError('VERR_INVALID_PARAMETER', `a page of ${into.length} bytes`);
    await this.#stream.ready(this.#left);
    this.#left = 0;
    return this.#stream.getMem(into);
  }

  #fail(status: SsmError['status'], detail: string): SsmError {
    return this.#stream.refuse(status, `${detail}, in front of byte ${this.#stream.offset} of the unit`);
  }
}
