import type { UnitHeader } from '../containers/state.js';

/*
 * Progress
 *
 * The percentages are VirtualBox's. Of the 100 a save spends 20 on preparing and 2 on the end, a load 2 and 2; in between
 * they follow the bytes, of a save against the sum of what the units guess, of a load against the size of the file. A
 * live save has 93 for its passes, which follow what the units report when they vote, and then goes by the number of
 * units (`VirtualBox 7.2 SSMR3.cpp`, ssmR3ProgressByByte, ssmR3ProgressByUnit, ssmR3LiveDoVoteRun).
 */

/** How far an operation is. */
export interface Progress {
  /** 0…100, never less than before; 100 only of an operation that has succeeded. */
  readonly percent: number;
  /** Units begun so far, every pass of one counted. */
  readonly units: number;
  /** Bytes so far: of a save the data that was put, of a load what was read of the file. */
  readonly bytes: number;
  /** The unit being saved or loaded. */
  readonly unit: Pick<UnitHeader, 'name' | 'instance' | 'pass'> | undefined;
}

/**
 * Told whenever the percentage changes, when a unit begins, and every few MiB within one. May call `cancel`. What it
 * throws ends the operation with VERR_GENERAL_FAILURE.
 */
export type ProgressListener = (progress: Progress) => void;

/** How the 100 percent are divided. */
export interface ProgressSplit {
  readonly prepare: number;
  readonly live: number;
  readonly done: number;
}

/** Bytes within a unit after which the listener is told even where the percentage stays. */
const BYTES_INTERVAL = 4 << 20;

/** Counts what an operation does, and tells its listener. */
export class ProgressMeter {
  readonly split: ProgressSplit;
  readonly #listener: ProgressListener | undefined;
  /** The last percentage told; -1 before the first. */
  #told = -1;
  /** The percentage that is due next as bytes go by. */
  #next = 0;
  #total = 0;
  #position = 0;
  #unitEnd = 0;
  #due = 0;
  #units = 0;
  #bytes = 0;
  #toldBytes = 0;
  #unit: Progress['unit'];

  constructor(split: ProgressSplit, listener: ProgressListener | undefined) {
    this.split = split;
    this.#listener = listener;
  }

  #tell(percent: number): void {
    this.#told = percent;
    this.#toldBytes = this.#bytes;
    this.#listener?.({ percent, units: this.#units, bytes: this.#bytes, unit: this.#unit });
  }

  /** Tells a percentage, unless that would be a step back. */
  report(percent: number): void {
    if (percent > this.#told) this.#tell(percent);
  }

  /** Begins a unit. */
  unit(unit: Progress['unit']): void {
    this.#unit = unit;
    this.#units++;
    if (this.#told >= 0) this.#tell(this.#told);
  }

  /** Counts bytes, without moving on. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes - this.#toldBytes >= BYTES_INTERVAL && this.#told >= 0) this.#tell(this.#told);
  }

  /**
   * Begins to follow bytes.
   *
   * @param total how many there will be; `Infinity` where nobody knows.
   */
  follow(total: number): void {
    this.#total = total;
    this.#next = this.split.prepare + this.split.live;
  }

  /** Lets the bytes go on by at most `bytes` more in the current part. */
  beginPart(bytes: number): void {
    this.#unitEnd += bytes;
  }

  /** Goes on by a number of bytes, within the current part. */
  advance(bytes: number): void {
    this.count(bytes);
    this.#moveTo(Math.min(this.#position + bytes, this.#unitEnd));
  }

  /** Goes on to the end of the current part, as if all its bytes had been there. */
  endPart(): void {
    this.#moveTo(this.#unitEnd);
  }

  #moveTo(position: number): void {
    const { prepare, live, done } = this.split;
    this.#position = position;
    while (position >= this.#due && this.#next <= 100 - done) {
      this.report(this.#next);
      this.#next++;
      this.#due = Math.floor(((this.#next - prepare - live) * this.#total) / (100 - done - prepare - live));
    }
  }
}
