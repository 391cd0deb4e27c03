import type { Output } from '../io.js';

/** Milliseconds before a bar appears: what is done sooner needs none. */
const DELAY = 1000;
/** Milliseconds between two of its pictures. */
const INTERVAL = 100;

const BAR = 24;
/** To the line's beginning, and all of it away. */
const CLEAR = '\r\x1b[K';

/**
 * A bar on the terminal that says how far a file has been read, for work of more than a second. Commands may go through a
 * file several times; the bar then begins anew.
 *
 * Reading is synchronous, so that no timer would ever be served: the bar is drawn by who reads.
 */
export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #start: number;
  #enabled = true;
  #drawn = false;
  #next: number;

  /** @param now milliseconds of any clock. */
  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#start = now();
    this.#next = this.#start + DELAY;
  }

  /** No bar from now on. */
  disable(): void {
    this.clear();
    this.#enabled = false;
  }

  /** @param position bytes of `size` that have been read. */
  read(position: number, size: number): void {
    const { width } = this.#output;
    // What is no terminal gets no bar, nor one that has no room for it.
    if (!this.#enabled || width === undefined || width < BAR + 8) return;
    const now = this.#now();
    if (now < this.#next) return;
    this.#next = now + INTERVAL;
    const share = size === 0 ? 1 : Math.min(1, position / size);
    const done = Math.round(share * BAR);
    const bar = `${'█'.repeat(done)}${'░'.repeat(BAR - done)}`;
    this.#drawn = true;
    this.#write(`\r${bar} ${String(Math.floor(share * 100)).padStart(3)} %`);
  }

  /** Takes the bar away, so that something else can be shown. */
  clear(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    this.#write(CLEAR);
  }

  #write(text: string): void {
    // A bar that cannot be shown is no failure.
    this.#output.write(text).catch(() => {
      this.#enabled = false;
    });
  }
}
