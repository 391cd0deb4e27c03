import { SsmError } from '@ssmkit/runtime';
import { CacheEntry } from '@ssmkit/vbox';
import type { BlockCache } from './block-cache.js';

/** Bytes of a block. */
export const BLOCK_SIZE = 4096;
/** Bytes of an entry of a saved state; neighbours that are dirty are one entry up to that. */
const ENTRY_MAX = 1 << 20;

/** What is cached. */
export interface BlockDevice {
  /** Bytes. */
  readonly size: number;
  read(offset: number, bytes: Uint8Array): Promise<void>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** What is there is needed no more. */
  discard?(offset: number, size: number): Promise<void>;
}

/** A block of a medium. */
export interface Block {
  readonly user: BlockCacheUser;
  readonly index: number;
  readonly data: Uint8Array<ArrayBuffer>;
  isDirty: boolean;
  /** Being written to its medium: it stays where it is until that has ended, and is not written a second time. */
  writing: Promise<void> | undefined;
}

/** A medium that is cached. Operations are done one after another. */
export class BlockCacheUser {
  readonly id: string;
  readonly #cache: BlockCache;
  readonly #medium: BlockDevice;
  readonly #blocks = new Map<number, Block>();
  #last: Promise<unknown> = Promise.resolve();
  #isReleased = false;

  /** For {@link BlockCache.retain}. */
  constructor(cache: BlockCache, medium: BlockDevice, id: string) {
    this.#cache = cache;
    this.#medium = medium;
    this.id = id;
  }

  get size(): number {
    return this.#medium.size;
  }

  /** @throws SsmError VERR_OUT_OF_RANGE behind the end, VERR_INVALID_HANDLE once released; what the medium fails with. */
  read(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(offset, bytes.length);
      for (const [index, from, part] of partsOf(offset, bytes)) {
        await this.#withBlock(index, true, false, ({ data }) => part.set(data.subarray(from, from + part.length)));
      }
    });
  }

  /** Data is the medium's when it was flushed. @throws as {@link read}. */
  write(offset: number, bytes: Uint8Array, isLoading = false): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(offset, bytes.length);
      for (const [index, from, part] of partsOf(offset, bytes)) {
        await this.#withBlock(index, part.length < BLOCK_SIZE, isLoading, (block) => {
          block.data.set(part, from);
          this.#cache.dirty(block, true);
        });
      }
      if (isLoading || this.#cache.dirtyBytes < this.#cache.commitThreshold) return;
      await this.#commit();
    });
  }

  /** Gives the medium what is dirty, and has it keep it. @throws what the medium fails with. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#commit();
      await this.#medium.flush();
    });
  }

  /** Data is needed no more. Whole blocks are forgotten; the medium is told. @throws as {@link read}. */
  discard(offset: number, size: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(offset, size);
      const end = Math.floor((offset + size) / BLOCK_SIZE);
      for (let index = Math.ceil(offset / BLOCK_SIZE); index < end; index++) {
        const block = this.#blocks.get(index);
        if (block !== undefined) this.drop(block);
      }
      await this.#medium.discard?.(offset, size);
    });
  }

  /** Gives the medium what is dirty. @throws what the medium fails with. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit());
  }

  /** Waits for what is under way. */
  async suspend(): Promise<void> {
    await this.#last.catch(() => {});
  }

  /** Gives the medium what is dirty, and ends. @throws what the medium fails with; it has ended all the same. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    try {
      await this.commit();
    } finally {
      this.#isReleased = true;
      this.clear();
      this.#cache.forget(this);
    }
  }

  /** Forgets everything, dirty or not. */
  clear(): void {
    for (const block of [...this.#blocks.values()]) this.drop(block);
  }

  /** What is dirty, as a saved state has it: neighbours together. */
  dirtyEntries(): CacheEntry[] {
    return this.#dirtyRuns().map((run) => {
      const entry = new CacheEntry();
      entry.offset = BigInt(run[0]!.index) * BigInt(BLOCK_SIZE);
      entry.data = this.#joined(run);
      return entry;
    });
  }

  // For the cache

  drop(block: Block): void {
    this.#blocks.delete(block.index);
    this.#cache.removed(block);
  }

  /** Writes neighbours. @throws what the medium fails with; they are dirty then. */
  async writeBack(run: readonly Block[]): Promise<void> {
    const bytes = this.#joined(run);
    const writing = this.#medium.write(run[0]!.index * BLOCK_SIZE, bytes);
    for (const block of run) {
      // What is written to it from now on makes it dirty again.
      this.#cache.dirty(block, false);
      block.writing = writing;
    }
    try {
      await writing;
    } catch (error) {
      for (const block of run) if (this.#blocks.get(block.index) === block) this.#cache.dirty(block, true);
      throw error;
    } finally {
      for (const block of run) block.writing = undefined;
    }
  }

  async #commit(): Promise<void> {
    // Another user may be writing some of them, to have their places.
    await Promise.allSettled([...this.#blocks.values()].map(({ writing }) => writing));
    for (const run of this.#dirtyRuns()) await this.writeBack(run);
  }

  #dirtyRuns(): Block[][] {
    const dirty = [...this.#blocks.values()].filter(({ isDirty }) => isDirty).sort((a, b) => a.index - b.index);
    const runs: Block[][] = [];
    for (const block of dirty) {
      const run = runs.at(-1);
      if (run?.at(-1)?.index === block.index - 1 && run.length * BLOCK_SIZE < ENTRY_MAX) run.push(block);
      else runs.push([block]);
    }
    return runs;
  }

  #joined(run: readonly Block[]): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array((run.length - 1) * BLOCK_SIZE + this.#sizeOf(run.at(-1)!.index));
    for (const [i, { data, index }] of run.entries()) bytes.set(data.subarray(0, this.#sizeOf(index)), i * BLOCK_SIZE);
    return bytes;
  }

  /** Bytes of a block: the last one of a medium may be shorter. */
  #sizeOf(index: number): number {
    return Math.min(BLOCK_SIZE, this.size - index * BLOCK_SIZE);
  }

  /** Uses the block of an index, at once when it is there. @param isFilled whether what the medium has is needed. */
  async #withBlock(index: number, isFilled: boolean, isLoading: boolean, use: (block: Block) => void): Promise<void> {
    let block = this.#blocks.get(index);
    if (block !== undefined) this.#cache.used(block);
    if (block === undefined) {
      // What is loaded is kept whole: a medium must not change before the machine goes on.
      if (!isLoading) await this.#cache.makeRoom();
      const data = new Uint8Array(BLOCK_SIZE);
      if (isFilled) await this.#medium.read(index * BLOCK_SIZE, data.subarray(0, this.#sizeOf(index)));
      // From here to its use nobody else has a turn who could take its place.
      block = { user: this, index, data, isDirty: false, writing: undefined };
      this.#blocks.set(index, block);
      this.#cache.added(block);
    }
    use(block);
  }

  #check(offset: number, size: number): void {
    if (this.#isReleased) throw new SsmError('VERR_INVALID_HANDLE', `'${this.id}' is cached no more`);
    if (!(Number.isSafeInteger(offset) && offset >= 0 && size >= 0 && offset + size <= this.size)) {
      throw new SsmError('VERR_OUT_OF_RANGE', `'${this.id}' has no ${size} bytes at ${offset}`);
    }
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(call, call);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** The pieces of bytes that lie in one block each. */
function* partsOf(offset: number, bytes: Uint8Array): Generator<readonly [index: number, from: number, Uint8Array]> {
  for (let at = 0; at < bytes.length; ) {
    const index = Math.floor((offset + at) / BLOCK_SIZE);
    const from = (offset + at) % BLOCK_SIZE;
    const size = Math.min(BLOCK_SIZE - from, bytes.length - at);
    yield [index, from, bytes.subarray(at, at + size)];
    at += size;
  }
}
