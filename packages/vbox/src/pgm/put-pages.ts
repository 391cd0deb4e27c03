import { type PutStream, SsmError } from '@ssmkit/runtime';
import { isZeroPage } from './page-bytes.js';
import { PageSequence } from './page-sequence.js';
import { ADDRESSED, END, PAGE_SIZE, type PageRecord, PageType, pageTypes } from './records.js';

/**
 * Puts the page records of a unit `pgm` (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3SaveRamPages` and its kin).
 *
 * Records have an address where VirtualBox would write one.
 */
export class PageWriter {
  readonly #stream: PutStream;
  #sequence = new PageSequence();

  /** @param stream stands where the first page record belongs. */
  constructor(stream: PutStream) {
    this.#stream = stream;
  }

  /**
   * Puts a record.
   *
   * @param record `addressed` says that the address is to be written though it need not, or to be left out wherever a
   * reader knows it; where it is not given it is written as VirtualBox does.
   * @param data the page, of types that have one: {@link PAGE_SIZE} bytes.
   * @throws SsmError VERR_INVALID_PARAMETER for data where there may be none, or the other way around.
   */
  put(record: Omit<PageRecord, 'addressed'> & { readonly addressed?: boolean }, data?: Uint8Array): void {
    const { type, range, page, protection } = record;
    const { memory, hasProtection, hasData } = pageTypes[type] as (typeof pageTypes)[number];
    if ((data?.length ?? 0) !== (hasData ? PAGE_SIZE : 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${data?.length ?? 0} bytes in a page record of type ${type}`);
    }
    const stream = this.#stream;
    const sequence = this.#sequence;
    const addressed =
      record.addressed === false ? !sequence.isKnown(record) : record.addressed || !sequence.follows(record);
    stream.putU8(type | (addressed ? ADDRESSED : 0));
    if (addressed && memory === 'ram') stream.putGCPhys(BigInt(page) * BigInt(PAGE_SIZE));
    else if (addressed) {
      stream.putU8(range);
      stream.putU32(page);
    }
    if (hasProtection) stream.putU8(protection);
    if (data !== undefined) stream.putMem(data);
    sequence.add(record);
  }

  /**
   * Puts a page of RAM; as zero where it is.
   *
   * @param page guest-physical address / 4096. @param data of {@link PAGE_SIZE} bytes; none: zeros.
   */
  putRam(page: number, data?: Uint8Array): void {
    const zero = data === undefined || isZeroPage(data);
    const type = zero ? PageType.ramZero : PageType.ramRaw;
    this.put({ type, range: 0, page, protection: 0 }, zero ? undefined : data);
  }

  /** Puts a page that the guest gave to the balloon. */
  putBallooned(page: number): void {
    this.put({ type: PageType.ramBallooned, range: 0, page, protection: 0 });
  }

  /** Puts a page of a device's memory; as zero where it is. @param page index in the range. */
  putMmio2(range: number, page: number, data?: Uint8Array): void {
    const zero = data === undefined || isZeroPage(data);
    const type = zero ? PageType.mmio2Zero : PageType.mmio2Raw;
    this.put({ type, range, page, protection: 0 }, zero ? undefined : data);
  }

  /** Puts a page of ROM. @param page index in the range. */
  putRom(range: number, page: number, protection: number, data: Uint8Array): void {
    this.put({ type: PageType.romVirgin, range, page, protection }, data);
  }

  /** Puts the RAM behind a page of shadowed ROM; as zero where it is. @param page index in the range. */
  putShadow(range: number, page: number, protection: number, data?: Uint8Array): void {
    const zero = data === undefined || isZeroPage(data);
    const type = zero ? PageType.romShadowZero : PageType.romShadowRaw;
    this.put({ type, range, page, protection }, zero ? undefined : data);
  }

  /** Puts the end of the pass. */
  end(): void {
    this.#stream.putU8(END);
    this.#sequence = new PageSequence();
  }
}
