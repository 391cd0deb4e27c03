import { type PageRecord, PageType, pageTypes } from './records.js';

/** No page that another could follow has been. */
const NONE = -1;

/** A page as far as its place goes. */
export type PagePlace = Pick<PageRecord, 'type' | 'range' | 'page'>;

/**
 * The addresses that page records need not have.
 *
 * VirtualBox leaves the address out where the page is the one after the last of the same kind and range. A reader knows it
 * more often: RAM goes on behind pages of other kinds, and ROM behind MMIO2; but RAM makes the range forgotten.
 */
export class PageSequence {
  #type: PageType = PageType.ramZero;
  #range = 0;
  #next = NONE;
  #ramNext = NONE;
  #rangeNext = NONE;

  /** Whether VirtualBox would leave out the address of a record that comes next. */
  follows({ type, range, page }: PagePlace): boolean {
    return page === this.#next && range === this.#range && pageTypes[this.#type]?.memory === pageTypes[type]?.memory;
  }

  /** Whether a reader knows it. */
  isKnown({ type, range, page }: PagePlace): boolean {
    if (pageTypes[type]?.memory === 'ram') return page === this.#ramNext;
    return page === this.#rangeNext && range === this.#range;
  }

  /** Goes on behind a record. */
  add({ type, range, page }: PagePlace): void {
    const isRam = pageTypes[type]?.memory === 'ram';
    this.#type = type;
    this.#range = range;
    this.#next = page + 1;
    if (isRam) this.#ramNext = this.#next;
    this.#rangeNext = isRam ? NONE : this.#next;
  }
}
