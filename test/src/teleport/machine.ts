import { createHash } from 'node:crypto';
import { type GetStream, type PutStream, Registry, type SsmStatus } from '@ssmkit/runtime';
import { randomNumbers } from '@ssmkit/runtime/testing';

const PAGE = 4096;
/** Ends the pages of a pass. */
const END = 0xffffffff;
/** Dirty pages that may be left for the last pass. */
const FEW = 256;

/** A machine whose memory changes as long as it runs, and which knows what has changed since it was last saved. */
export class Machine {
  readonly registry = new Registry();
  readonly #memory: Uint8Array;
  readonly #pages: number;
  readonly #dirty: Uint8Array;
  readonly #random = randomNumbers(1);
  #dirtyPages = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Pages written to so far. */
  writes = 0;
  /** Live passes saved. */
  passes = 0;

  constructor(mebibytes: number) {
    this.#memory = new Uint8Array(mebibytes << 20);
    this.#pages = this.#memory.length / PAGE;
    this.#dirty = new Uint8Array(this.#pages);
    this.registry.register({
      name: 'ram',
      version: 1,
      guess: this.#memory.length,
      livePrep: () => {
        this.#dirty.fill(1);
        this.#dirtyPages = this.#pages;
      },
      liveExec: (put, pass) => {
        this.passes = pass + 1;
        return this.#save(put);
      },
      liveVote: (): SsmStatus => (this.#dirtyPages <= FEW ? 'VINF_SUCCESS' : 'VINF_SSM_VOTE_FOR_ANOTHER_PASS'),
      saveExec: (put) => this.#save(put),
      loadExec: (get) => this.#load(get),
    });
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** Fills the memory with something that does not compress. */
  boot(): void {
    const words = new Uint32Array(this.#memory.buffer);
    let state = 1;
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state;
    }
  }

  /** Writes to pages here and there, many times a second. */
  run(): void {
    this.#timer = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        const page = Math.floor(this.#random() * this.#pages);
        this.#memory[page * PAGE + Math.floor(this.#random() * PAGE)] = this.#random() * 256;
        this.writes++;
        if (this.#dirty[page] === 1) continue;
        this.#dirty[page] = 1;
        this.#dirtyPages++;
      }
    }, 2);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  hash(): string {
    return createHash('sha256').update(this.#memory).digest('hex');
  }

  async #save(put: PutStream): Promise<void> {
    for (let page = 0; page < this.#pages; page++) {
      if (this.#dirty[page] === 0) continue;
      this.#dirty[page] = 0;
      this.#dirtyPages--;
      put.putU32(page);
      put.putMem(this.#memory.subarray(page * PAGE, (page + 1) * PAGE));
      await put.drain();
    }
    put.putU32(END);
  }

  async #load(get: GetStream): Promise<void> {
    for (;;) {
      await get.ensure(4);
      const page = get.getU32();
      if (page === END) return;
      await get.ensure(PAGE);
      get.getMem(this.#memory.subarray(page * PAGE, (page + 1) * PAGE));
    }
  }
}
