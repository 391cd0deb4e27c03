/** Lets others have their turn. */
export interface Turns {
  turn(): Promise<void>;
}

/** Pages between two turns of others: 1 MiB, which takes about a millisecond. */
const STRIDE = 256;

/** Keeps a loop over pages from having the event loop for itself: the guest runs in it, too. */
export class Pace {
  readonly #turns: Turns;
  #pages = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** A page is done. @returns what to wait for, if anything. */
  step(): Promise<void> | undefined {
    return ++this.#pages % STRIDE === 0 ? this.#turns.turn() : undefined;
  }
}
