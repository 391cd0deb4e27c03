import { SsmError } from '@ssmkit/runtime';

/** What a {@link PageTable} says of pages that have no data in the file. */
export const Page = {
  /** Nothing was saved of it. */
  missing: -1,
  zero: -2,
  /** The guest gave it to the balloon: zeros. */
  ballooned: -3,
} as const;

/** Pages of a chunk, the unit of allocation: 16 MiB of guest memory in 24 KiB of table. */
const CHUNK_PAGES = 4096;

/** High part of the entries of pages without data, whose low part is the negated {@link Page}; 0 in a fresh chunk. */
const SPECIAL = 0xffff;

/** Bytes of an entry: 48 bits. */
const ENTRY_SIZE = 6;

/** The most memory that tables may take together. */
export class TableBudget {
  #left: number;
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#left = bytes;
    this.#bytes = bytes;
  }

  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new SsmError(
        'VERR_TOO_MUCH_DATA',
        `the index of guest memory needs more than the limit of ${this.#bytes} bytes`,
      );
    }
  }
}

/** A part of the table: entries of 48 bits. */
interface Chunk {
  readonly low: Uint32Array;
  readonly high: Uint16Array;
}

/** How many pages there are of each kind. */
export interface PageCounts {
  /** With data of their own. */
  readonly raw: number;
  readonly zero: number;
  readonly ballooned: number;
  /** Of which nothing was saved. */
  readonly missing: number;
}

/**
 * Where the data of each page is: six bytes a page, and none for large stretches without pages.
 *
 * An entry is a position (0…2^47) or one of {@link Page}.
 */
export class PageTable {
  readonly #chunks = new Map<number, Chunk>();
  readonly #budget: TableBudget;
  #last: Chunk | undefined;
  #lastNumber = -1;
  #sorted: readonly number[] | undefined;

  constructor(budget: TableBudget) {
    this.#budget = budget;
  }

  #chunk(number: number): Chunk | undefined {
    if (number === this.#lastNumber) return this.#last;
    this.#last = this.#chunks.get(number);
    this.#lastNumber = number;
    return this.#last;
  }

  #create(number: number): Chunk {
    this.#budget.take(CHUNK_PAGES * ENTRY_SIZE);
    const chunk = { low: new Uint32Array(CHUNK_PAGES), high: new Uint16Array(CHUNK_PAGES).fill(SPECIAL) };
    chunk.low.fill(-Page.missing);
    this.#chunks.set(number, chunk);
    this.#sorted = undefined;
    this.#last = chunk;
    this.#lastNumber = number;
    return chunk;
  }

  set(page: number, entry: number): void {
    const number = Math.floor(page / CHUNK_PAGES);
    const { low, high } = this.#chunk(number) ?? this.#create(number);
    const at = page % CHUNK_PAGES;
    low[at] = entry < 0 ? -entry : entry;
    high[at] = entry < 0 ? SPECIAL : entry / 2 ** 32;
  }

  get(page: number): number {
    const chunk = this.#chunk(Math.floor(page / CHUNK_PAGES));
    if (chunk === undefined) return Page.missing;
    const at = page % CHUNK_PAGES;
    const high = chunk.high[at] as number;
    const low = chunk.low[at] as number;
    return high === SPECIAL ? -low : high * 2 ** 32 + low;
  }

  /** Runs of neighbouring pages of which something was saved, ascending: `[from, to)`. */
  runs(): [from: number, to: number][] {
    const runs: [from: number, to: number][] = [];
    for (const number of this.#numbers()) {
      for (let page = number * CHUNK_PAGES; page < (number + 1) * CHUNK_PAGES; page++) {
        if (this.get(page) === Page.missing) continue;
        const last = runs.at(-1);
        if (last !== undefined && last[1] === page) last[1]++;
        else runs.push([page, page + 1]);
      }
    }
    return runs;
  }

  /** The end of the stretch from `page` on, at most `end`, of which nothing was saved, as far as that shows at a glance. */
  skipMissing(page: number, end: number): number {
    const number = Math.floor(page / CHUNK_PAGES);
    if (this.#chunks.has(number)) return page;
    const numbers = this.#numbers();
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    const next = numbers[low];
    return next === undefined ? end : Math.min(next * CHUNK_PAGES, end);
  }

  /** Numbers of the chunks, ascending. */
  #numbers(): readonly number[] {
    this.#sorted ??= [...this.#chunks.keys()].sort((a, b) => a - b);
    return this.#sorted;
  }
}
