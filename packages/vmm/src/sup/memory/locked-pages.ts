import { SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE, type PhysicalMemory } from './physical.js';

interface LockedPage {
  readonly physical: bigint;
  locks: number;
}

/** Memory of processes that is locked. A page has the same physical address for all who lock it. */
export class LockedPages {
  readonly #physical: PhysicalMemory;
  readonly #buffers = new Map<ArrayBufferLike, Map<number, LockedPage>>();

  constructor(physical: PhysicalMemory) {
    this.#physical = physical;
  }

  /** How many pages are locked. */
  get size(): number {
    return [...this.#buffers.values()].reduce((sum, pages) => sum + pages.size, 0);
  }

  /**
   * Locks whole pages of a buffer.
   *
   * @returns their physical addresses.
   * @throws SsmError VERR_INVALID_PARAMETER unless it begins and ends at pages, VERR_NO_MEMORY.
   */
  lock(memory: Uint8Array): bigint[] {
    if (memory.length === 0 || memory.byteOffset % PAGE_SIZE !== 0 || memory.length % PAGE_SIZE !== 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'only whole pages can be locked');
    }
    const pages = this.#buffers.get(memory.buffer) ?? new Map<number, LockedPage>();
    const indices = indicesOf(memory);
    const fresh = indices.filter((index) => !pages.has(index));
    for (const [i, physical] of this.#physical.takeAny(fresh.length).entries()) {
      pages.set(fresh[i]!, { physical, locks: 0 });
    }
    this.#buffers.set(memory.buffer, pages);
    return indices.map((index) => {
      const page = pages.get(index)!;
      page.locks++;
      return page.physical;
    });
  }

  /** Takes back one {@link lock} of the same memory. */
  unlock(memory: Uint8Array): void {
    const pages = this.#buffers.get(memory.buffer)!;
    for (const index of indicesOf(memory)) {
      const page = pages.get(index)!;
      if (--page.locks > 0) continue;
      pages.delete(index);
      this.#physical.give([page.physical]);
    }
    if (pages.size === 0) this.#buffers.delete(memory.buffer);
  }
}

function indicesOf(memory: Uint8Array): number[] {
  const first = memory.byteOffset / PAGE_SIZE;
  return Array.from({ length: memory.length / PAGE_SIZE }, (_, i) => first + i);
}
