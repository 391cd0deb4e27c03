import { isSamePage, isZeroPage } from '@ssmkit/vbox';
import type { Mmio2Range } from './mmio2.js';

/**
 * Memory of a device during a live save.
 *
 * The device writes it without telling anybody, so every pass compares it with what it was in the pass before, as
 * VirtualBox does with checksums; here with the pages themselves, so that no change can hide. Those that are zero need no copy.
 */
export class WatchedMmio2 {
  readonly range: Mmio2Range;
  /** Number that page records name it by. */
  readonly id: number;
  /** Pages it had when the save began. */
  readonly pageCount: number;
  /** What each page was in the pass before; `undefined` for zeros. Before the first look all are taken for zero. */
  readonly #before: (Uint8Array | undefined)[];
  readonly #saved: Uint8Array;
  #unsaved: number;

  constructor(range: Mmio2Range, id: number) {
    this.range = range;
    this.id = id;
    this.pageCount = range.pageCount;
    this.#before = new Array<Uint8Array | undefined>(range.pageCount).fill(undefined);
    this.#saved = new Uint8Array(range.pageCount);
    this.#unsaved = range.pageCount;
  }

  /** Pages that were not saved as they are, as far as the last look has shown. */
  get unsaved(): number {
    return this.#unsaved;
  }

  /** Whether a page is to be saved in this pass: one that has not changed since the pass before, and is unsaved. */
  takeQuiet(page: number): boolean {
    if (!this.#look(page)) return false;
    return this.#take(page);
  }

  /** Whether a page is still to be saved in the last pass. */
  takeDirty(page: number): boolean {
    this.#look(page);
    return this.#take(page);
  }

  #take(page: number): boolean {
    if (this.#saved[page] === 1) return false;
    this.#saved[page] = 1;
    this.#unsaved--;
    return true;
  }

  /** Whether a page is what it was; else it is unsaved. */
  #look(page: number): boolean {
    const now = this.range.page(page);
    const before = this.#before[page];
    if (before === undefined ? isZeroPage(now) : isSamePage(now, before)) return true;
    if (isZeroPage(now)) this.#before[page] = undefined;
    else if (before === undefined) this.#before[page] = now.slice();
    else before.set(now);
    this.#unsaved += this.#saved[page] as number;
    this.#saved[page] = 0;
    return false;
  }
}
