import { SsmError } from '@ssmkit/runtime';
import { CacheEntry, CacheUser, type PdmBlkCache } from '@ssmkit/vbox';
import { failureOf } from '../../emt/outcome.js';
import type { Statistics } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';

/*
 * The block cache: what disks were read lately, and what they were not yet given (`VirtualBox 7.2 PDMR3BlkCache.cpp`; how it
 * chooses what to keep is ours)
 *
 * Media are cached in blocks of 4 KiB. What is written stays in the cache, dirty, until it is committed: when its user
 * flushes, when much is dirty, when some time has gone by, or when its place is needed. What has gone unused for longest goes
 * first. A machine that is saved takes what is dirty with it, in the unit `pdmblkcache`, so that it need not be given to a
 * disk that another machine may already be using.
 *
 *     driver ── read, write ──▶ user ──▶ blocks ── commit ──▶ medium
 */

const BLOCK_SIZE = 4096;
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

export interface BlockCacheOptions {
  /** Bytes of all blocks; default 5 MiB. */
  readonly size?: number;
  /** Milliseconds after which what is dirty is committed; default 10 s. */
  readonly commitInterval?: number;
  /** Dirty bytes from which on all is committed; default half of the size. */
  readonly commitThreshold?: number;
  readonly statistics: Statistics;
  /** Makes the timer for the interval. */
  createTimer(callback: () => void): TmTimer<undefined, undefined>;
  log(line: string): void;
}

interface Block {
  readonly user: BlockCacheUser;
  readonly index: number;
  readonly data: Uint8Array<ArrayBuffer>;
  isDirty: boolean;
  /** Being written to its medium: it stays where it is until that has ended, and is not written a second time. */
  writing: Promise<void> | undefined;
}

/** The block cache of a VM. */
export class BlockCache {
  readonly commitInterval: number;
  readonly commitThreshold: number;
  readonly maxBytes: number;
  readonly #options: BlockCacheOptions;
  readonly #users = new Map<string, BlockCacheUser>();
  /** Those that were not used for longest come first. */
  readonly #blocks = new Set<Block>();
  #timer: TmTimer<undefined, undefined> | undefined;
  #dirtyBytes = 0;
  readonly #counts = { hits: 0, misses: 0 };

  constructor(options: BlockCacheOptions) {
    const { size = 5 << 20, commitInterval = 10_000, statistics } = options;
    this.#options = options;
    this.maxBytes = Math.max(size, BLOCK_SIZE);
    this.commitInterval = commitInterval;
    this.commitThreshold = options.commitThreshold ?? this.maxBytes / 2;
    const cell = (get: () => number) => Object.defineProperty({ value: 0 }, 'value', { get });
    for (const [name, unit, get] of [
      ['cbMax', 'bytes', () => this.maxBytes],
      ['cbCached', 'bytes', () => this.cachedBytes],
      ['cbDirty', 'bytes', () => this.#dirtyBytes],
      ['cHits', 'count', () => this.#counts.hits],
      ['cMisses', 'count', () => this.#counts.misses],
    ] as const) {
      statistics.register({ name: `/PDM/BlkCache/${name}`, type: 'u32', sample: cell(get), unit });
    }
    options.log(`BlkCache: Cache successfully initialized. Cache size is ${this.maxBytes} bytes`);
    options.log(`BlkCache: Cache commit interval is ${this.commitInterval} ms`);
    options.log(`BlkCache: Cache commit threshold is ${this.commitThreshold} bytes`);
  }

  get cachedBytes(): number {
    return this.#blocks.size * BLOCK_SIZE;
  }

  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  get users(): readonly BlockCacheUser[] {
    return [...this.#users.values()];
  }

  /**
   * Caches a medium, on an EMT.
   *
   * @param id by which what is dirty finds its way back from a saved state.
   * @throws SsmError VERR_ALREADY_EXISTS, VERR_INVALID_PARAMETER for an id of no characters, or too many.
   */
  retain(medium: BlockDevice, id: string): BlockCacheUser {
    if (id === '' || id.length > 1024) throw new SsmError('VERR_INVALID_PARAMETER', `'${id}' is no id`);
    if (this.#users.has(id)) throw new SsmError('VERR_ALREADY_EXISTS', `'${id}' is cached`);
    const user = new BlockCacheUser(this, medium, id);
    this.#users.set(id, user);
    if (this.#timer === undefined) {
      this.#timer = this.#options.createTimer(() => {
        this.#timer?.setMillies(this.commitInterval);
        void this.commit().catch((error) => this.#options.log(`BlkCache: commit failed: ${String(error)}`));
      });
      this.#timer.setMillies(this.commitInterval);
    }
    return user;
  }

  /** Gives all media what is dirty. @throws SsmError the first failure; what was not written stays dirty. */
  async commit(): Promise<void> {
    let failure: unknown;
    for (const user of this.#users.values()) {
      try {
        await user.commit();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failureOf('the commit', failure);
  }

  /** What is saved. */
  save(state: PdmBlkCache): PdmBlkCache {
    state.users = this.users.map((user) =>
      Object.assign(new CacheUser(), {
        id: user.id,
        idBytes: new TextEncoder().encode(user.id).length,
        entries: user.dirtyEntries(),
      }),
    );
    return state;
  }

  /** Goes on from what was saved. @returns what does not fit this machine. */
  async load(state: PdmBlkCache): Promise<string | undefined> {
    for (const user of this.#users.values()) user.clear();
    for (const { id, entries } of state.users) {
      const user = this.#users.get(id);
      if (user === undefined) {
        if (entries.length > 0) return `there is no disk '${id}' that waits for data`;
        continue;
      }
      for (const { offset, data } of entries) {
        if (offset + BigInt(data.length) > BigInt(user.size)) return `'${id}' waits for data behind its end`;
        await user.write(Number(offset), data, true);
      }
    }
    return undefined;
  }

  /** The cache is no more. */
  end(): void {
    this.#timer?.destroy();
    this.#options.statistics.deregisterByPrefix('/PDM/BlkCache/');
  }

  // For users

  used(block: Block): void {
    this.#counts.hits++;
    this.#blocks.delete(block);
    this.#blocks.add(block);
  }

  added(block: Block): void {
    this.#counts.misses++;
    this.#blocks.add(block);
  }

  removed(block: Block): void {
    this.#blocks.delete(block);
    this.dirty(block, false);
  }

  dirty(block: Block, isDirty: boolean): void {
    if (block.isDirty === isDirty) return;
    block.isDirty = isDirty;
    this.#dirtyBytes += isDirty ? BLOCK_SIZE : -BLOCK_SIZE;
  }

  /** Makes room for a block. @throws what a medium fails with that does not take what would have to go. */
  async makeRoom(): Promise<void> {
    while (this.cachedBytes + BLOCK_SIZE > this.maxBytes) {
      const oldest = firstOf(this.#blocks, ({ writing }) => writing === undefined);
      // All that there is, is on its way: for a moment there is more than there should be.
      if (oldest === undefined) return;
      if (oldest.isDirty) await oldest.user.writeBack([oldest]);
      // Somebody may have written to it meanwhile.
      else oldest.user.drop(oldest);
    }
  }

  forget(user: BlockCacheUser): void {
    this.#users.delete(user.id);
    if (this.#users.size > 0) return;
    this.#timer?.destroy();
    this.#timer = undefined;
  }
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

function firstOf<T>(all: Iterable<T>, isMeant: (one: T) => boolean): T | undefined {
  for (const one of all) if (isMeant(one)) return one;
  return undefined;
}
