/*
 * When little enough is left
 *
 * `VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3LiveVote`. After each pass the number of pages that are still to be saved goes
 * into a history, of which there are two averages: a short one, over 4 passes, and a long one. Passes that have not been
 * count as passes in which nothing was left.
 *
 *     it is settling     short ≤ long, and the number is not above the short average by an eighth of it, at most 16
 *     it is little       pass ≤ 10: short ≤ 128 and long ≤ 1024, or long ≤ 256
 *                        pass > 10: at the rate of the passes so far, saving takes
 *                                   long ≤ most and short < most, or short < most / 2    (most: downtime, at least 32 ms)
 *
 * How many passes the long history has is taken from a real machine: with 64 the averages of the log (vm16.log,
 * `cDirtyPagesLong` 127 and `cDirtyPagesShort` 17) come out, and the number of passes, 5. Up to a short average of 7 an
 * eighth is nothing; then the number may be as large as the average, as machines that always write the same few pages
 * would otherwise never be stopped.
 */

const HISTORY = 64;
const SHORT = 4;

/** The last pass in which the plain numbers of pages decide. */
const COUNTED_PASSES = 10;

/** Milliseconds of downtime that are always granted. */
const DOWNTIME_MIN = 32;

/** What is voted with after a pass. */
export interface VoteInput {
  readonly pass: number;
  /** Pages that are still to be saved. */
  readonly dirty: number;
  /** Pages that are saved in a second. */
  readonly pagesPerSecond: number;
  /** Milliseconds. */
  readonly maxDowntime: number;
}

/** How many pages were left after each pass. */
export class DirtyHistory {
  readonly #counts = new Uint32Array(HISTORY);
  #next = 0;

  /** Average over the last 4 passes. */
  get short(): number {
    let sum = 0;
    for (let back = 1; back <= SHORT; back++) sum += this.#counts[(this.#next + HISTORY - back) % HISTORY] as number;
    return Math.floor(sum / SHORT);
  }

  /** Average over the whole history. */
  get long(): number {
    return Math.floor(this.#counts.reduce((sum, count) => sum + count, 0) / HISTORY);
  }

  /** Adds a pass. @returns whether what is left is little enough to stop the machine for it. */
  vote({ pass, dirty, pagesPerSecond, maxDowntime }: VoteInput): boolean {
    this.#counts[this.#next] = dirty;
    this.#next = (this.#next + 1) % HISTORY;
    const { short, long } = this;
    if (short > long) return false;
    if (dirty > short && dirty - short >= Math.min(short >> 3, 16)) return false;
    if (pass <= COUNTED_PASSES) return (short <= 128 && long <= 1024) || long <= 256;
    const most = Math.max(maxDowntime, DOWNTIME_MIN);
    const milliseconds = (pages: number) => (pages * 1000) / Math.max(pagesPerSecond, 1);
    return (milliseconds(long) <= most && milliseconds(short) < most) || milliseconds(short) < most / 2;
  }
}

/** How far a live save is, in percent: how much is saved, but no more than a pass may claim. */
export function livePercent(pass: number, dirty: number, pages: number): number {
  const saved = pages === 0 ? 100 : 100 - Math.floor((dirty * 100) / pages);
  return Math.min(Math.max(saved, 0), 2 * pass, 100);
}
