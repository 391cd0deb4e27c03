import { SsmError } from '@ssmkit/runtime';
import { CacheUser, type PdmBlkCache } from '@ssmkit/vbox';
import { failureOf } from '../../emt/outcome.js';
import type { Statistics } from '../../stam/index.js';
import type { TmTimer } from '../../tm/index.js';
import { BLOCK_SIZE, type Block, BlockCacheUser, type BlockDevice } from './block-cache-user.js';

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

function firstOf<T>(all: Iterable<T>, isMeant: (one: T) => boolean): T | undefined {
  for (const one of all) if (isMeant(one)) return one;
  return undefined;
}
