import { SsmError } from '@ssmkit/runtime';
import type { TmTimer } from '../../tm/index.js';

/** Places in the table. */
const POLLERS_MAX = 16;
/** Milliseconds between two rounds. */
const INTERVAL = 5;

/**
 * Callbacks of drivers that look whether something has come (the seed `PDMDriver.cpp, pdmR3DrvHlp_PDMPollerRegister`; later
 * versions have threads for that). All share a timer of the real clock, which the first one starts. The seed says neither how
 * many there can be nor that they ever go; here they go with their drivers.
 */
export class Pollers {
  readonly #pollers: (() => void)[] = [];
  readonly #createTimer: (callback: () => void) => TmTimer<undefined, undefined>;
  readonly #log: (line: string) => void;
  #timer: TmTimer<undefined, undefined> | undefined;

  constructor(createTimer: (callback: () => void) => TmTimer<undefined, undefined>, log: (line: string) => void) {
    this.#createTimer = createTimer;
    this.#log = log;
  }

  get count(): number {
    return this.#pollers.length;
  }

  /** @returns what removes it. @throws SsmError VERR_INTERNAL_ERROR when the table is full. */
  add(poll: () => void): () => void {
    if (this.#pollers.length >= POLLERS_MAX) throw new SsmError('VERR_INTERNAL_ERROR', 'too many pollers');
    this.#pollers.push(poll);
    if (this.#timer === undefined) {
      this.#timer = this.#createTimer(() => this.#round());
      this.#timer.setMillies(INTERVAL);
    }
    return () => {
      const at = this.#pollers.indexOf(poll);
      if (at >= 0) this.#pollers.splice(at, 1);
      if (this.#pollers.length > 0) return;
      this.#timer?.destroy();
      this.#timer = undefined;
    };
  }

  #round(): void {
    for (const poll of [...this.#pollers]) {
      try {
        poll();
      } catch (error) {
        this.#log(`PDM: a poller failed: ${String(error)}`);
      }
    }
    this.#timer?.setMillies(INTERVAL);
  }
}
