import { SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE } from '../pgm/records.js';
import { Page, type PageCounts } from './page-table.js';
import type { SavedPages } from './saved-pages.js';

/** Most bytes of a {@link Piece}. */
const PIECE = 2 ** 20;

/** Most pages that are decoded in one go. */
const RUN_MAX = 32;

/** Bytes that are not all zero by themselves, and where they are. */
export interface Piece {
  /** Offset in the space. */
  readonly offset: number;
  /** Valid until the next but one is asked for, so that one can be written while the next is decoded. */
  readonly data: Uint8Array;
}

/** A stretch of memory that was saved: random access, page by page from the file. */
export class MemorySpace {
  /** Bytes, whole pages. */
  readonly size: number;
  readonly #saved: SavedPages;
  readonly #entry: (page: number) => number;
  readonly #skipMissing: (page: number, end: number) => number;

  /**
   * @param entry what a table of pages says of the page with this index.
   * @param skipMissing the end of the stretch of pages from an index on of which nothing was saved.
   */
  constructor(
    size: number,
    saved: SavedPages,
    entry: (page: number) => number,
    skipMissing: (page: number, end: number) => number = (page) => page,
  ) {
    this.size = size;
    this.#saved = saved;
    this.#entry = entry;
    this.#skipMissing = skipMissing;
  }

  /**
   * Reads from an offset on. Pages of which nothing was saved are zero.
   *
   * @throws SsmError VERR_OUT_OF_RANGE for bytes that are outside; what is wrong with the file.
   */
  async read<T extends Uint8Array>(offset: number, into: T): Promise<T> {
    if (!(offset >= 0 && offset + into.length <= this.size)) {
      throw new SsmError('VERR_OUT_OF_RANGE', `${into.length} bytes at ${offset} of ${this.size} bytes of memory`);
    }
    for (let done = 0; done < into.length; ) {
      const at = offset + done;
      const inPage = at % PAGE_SIZE;
      const count = Math.min(PAGE_SIZE - inPage, into.length - done);
      const page = Math.floor(at / PAGE_SIZE);
      const entry = this.#entry(page);
      if (entry < 0) into.fill(0, done, done + count);
      else if (count < PAGE_SIZE) {
        into.set((await this.#saved.page(entry)).subarray(inPage, inPage + count), done);
      } else {
        const run = this.#run(page, Math.min(RUN_MAX, Math.floor((into.length - done) / PAGE_SIZE)));
        await this.#saved.readRun(run, into.subarray(done, done + run.length * PAGE_SIZE));
        done += run.length * PAGE_SIZE;
        continue;
      }
      done += count;
    }
    return into;
  }

  /** Positions of a page and of those behind it, up to `most` pages, as far as they can be read along with it. */
  #run(page: number, most: number): number[] {
    const run = [this.#entry(page)];
    while (run.length < most) {
      const next = this.#entry(page + run.length);
      if (next < 0 || !this.#saved.isNext(run[run.length - 1] as number, next)) break;
      run.push(next);
    }
    return run;
  }

  /**
   * What is in the memory, piece by piece in ascending order; what is between the pieces is zero.
   *
   * @param from where to begin. @param to where to end.
   */
  async *pieces(from = 0, to = this.size): AsyncGenerator<Piece, void, undefined> {
    const [size, memories] = [Math.min(PIECE, Math.max(0, to - from)), [] as Uint8Array[]];
    for (let at = from; at < to; ) {
      const start = this.#nextData(at, to);
      if (start >= to) return;
      const end = this.#endOfData(start, Math.min(to, start + PIECE));
      const memory = memories.length < 2 ? new Uint8Array(size) : (memories.shift() as Uint8Array);
      memories.push(memory);
      const data = memory.subarray(0, end - start);
      await this.read(start, data);
      yield { offset: start, data };
      at = end;
    }
  }

  #nextData(from: number, to: number): number {
    const end = Math.ceil(to / PAGE_SIZE);
    let page = Math.floor(from / PAGE_SIZE);
    while (page < end && this.#entry(page) < 0) {
      const skipped = this.#skipMissing(page, end);
      page = Math.max(skipped, page + 1);
    }
    return Math.max(from, page * PAGE_SIZE);
  }

  #endOfData(from: number, to: number): number {
    const end = Math.ceil(to / PAGE_SIZE);
    let page = Math.floor(from / PAGE_SIZE) + 1;
    while (page < end && this.#entry(page) >= 0) page++;
    return Math.min(to, page * PAGE_SIZE);
  }

  /** How many of its pages are of each kind. */
  count(): PageCounts {
    const counts = { raw: 0, zero: 0, ballooned: 0, missing: 0 };
    const end = this.size / PAGE_SIZE;
    for (let page = 0; page < end; ) {
      const skipped = this.#skipMissing(page, end);
      counts.missing += skipped - page;
      page = skipped;
      if (page === end) break;
      const entry = this.#entry(page);
      if (entry === Page.missing) counts.missing++;
      else if (entry === Page.zero) counts.zero++;
      else if (entry === Page.ballooned) counts.ballooned++;
      else counts.raw++;
      page++;
    }
    return counts;
  }
}
