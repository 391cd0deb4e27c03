import { SsmError } from '@ssmkit/runtime';

/** Bytes of a page. */
export const PAGE_SIZE = 4096;

/** First page number at and above 4 GiB. */
const FRAME_4G = 0x10_0000;
/** Page number of the first page that is handed out: what is below 1 MiB belongs to the firmware. */
const FRAME_FIRST = 0x100;

/** How much memory the machine has to give away, in pages. */
export interface PhysicalMemoryOptions {
  /** Below 4 GiB; 65536 (256 MiB) where not given, 1048320 at most. */
  readonly lowPages?: number;
  /** Above; 1048576 (4 GiB) where not given. */
  readonly highPages?: number;
  /** What memory is filled with that nobody promises zeros of; 0xcc where not given. */
  readonly fill?: number;
}

/** A run of free pages. */
interface Run {
  start: number;
  count: number;
}

/**
 * The physical pages of the machine. There is nothing in them: the bytes are in ArrayBuffers. What is real are their
 * addresses (deterministic: always the lowest that do) and that they come to an end.
 */
export class PhysicalMemory {
  readonly fill: number;
  readonly #low: Run[];
  readonly #high: Run[];

  constructor({ lowPages = 0x1_0000, highPages = 0x10_0000, fill = 0xcc }: PhysicalMemoryOptions = {}) {
    if (!isCount(lowPages, FRAME_4G - FRAME_FIRST) || !isCount(highPages, 2 ** 40) || !isCount(fill, 0xff)) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'no machine has that many pages, or no byte that value');
    }
    this.fill = fill;
    this.#low = lowPages === 0 ? [] : [{ start: FRAME_FIRST, count: lowPages }];
    this.#high = highPages === 0 ? [] : [{ start: FRAME_4G, count: highPages }];
  }

  /** Free pages, below 4 GiB and above. */
  get free(): { readonly low: number; readonly high: number } {
    const total = (runs: readonly Run[]) => runs.reduce((sum, { count }) => sum + count, 0);
    return { low: total(this.#low), high: total(this.#high) };
  }

  /** Takes pages from anywhere, from above 4 GiB as long as there are. @throws SsmError VERR_NO_MEMORY. */
  takeAny(pages: number): bigint[] {
    const { low, high } = this.free;
    if (pages > low + high) throw new SsmError('VERR_NO_MEMORY', `${pages} pages of ${low + high}`);
    const fromHigh = Math.min(pages, high);
    return [...take(this.#high, fromHigh), ...take(this.#low, pages - fromHigh)];
  }

  /** Takes pages below 4 GiB. @throws SsmError VERR_NO_MEMORY. */
  takeLow(pages: number): bigint[] {
    const { low } = this.free;
    if (pages > low) throw new SsmError('VERR_NO_MEMORY', `${pages} pages of ${low} below 4 GiB`);
    return take(this.#low, pages);
  }

  /** Takes pages below 4 GiB that follow each other. @throws SsmError VERR_NO_MEMORY. */
  takeContiguous(pages: number): bigint[] {
    const at = this.#low.findIndex(({ count }) => count >= pages);
    if (at < 0) throw new SsmError('VERR_NO_MEMORY', `no ${pages} pages below 4 GiB follow each other`);
    return cut(this.#low, at, pages);
  }

  /** Gives pages back. */
  give(addresses: readonly bigint[]): void {
    for (const address of addresses) {
      const frame = Number(address / BigInt(PAGE_SIZE));
      giveBack(frame < FRAME_4G ? this.#low : this.#high, frame);
    }
  }
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function take(runs: Run[], pages: number): bigint[] {
  const taken: bigint[] = [];
  while (taken.length < pages) taken.push(...cut(runs, 0, Math.min(pages - taken.length, runs[0]!.count)));
  return taken;
}

function cut(runs: Run[], at: number, pages: number): bigint[] {
  const run = runs[at]!;
  const taken = Array.from({ length: pages }, (_, i) => BigInt(run.start + i) * BigInt(PAGE_SIZE));
  run.start += pages;
  run.count -= pages;
  if (run.count === 0) runs.splice(at, 1);
  return taken;
}

function giveBack(runs: Run[], frame: number): void {
  let at = runs.findIndex(({ start }) => start > frame);
  if (at < 0) at = runs.length;
  const before = runs[at - 1];
  const behind = runs[at];
  const joinsBefore = before !== undefined && before.start + before.count === frame;
  const joinsBehind = behind !== undefined && frame + 1 === behind.start;
  if (joinsBefore) {
    before.count += 1 + (joinsBehind ? behind.count : 0);
    if (joinsBehind) runs.splice(at, 1);
  } else if (joinsBehind) {
    behind.start--;
    behind.count++;
  } else runs.splice(at, 0, { start: frame, count: 1 });
}
