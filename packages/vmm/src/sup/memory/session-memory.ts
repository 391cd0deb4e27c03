import { SsmError } from '@ssmkit/runtime';
import type { Session } from '../session.js';
import { Mapping, protections } from './mapping.js';
import { PAGE_SIZE, type PhysicalMemory } from './physical.js';

/** SUPPAGE: where a page is. */
export interface SupPage {
  readonly physical: bigint;
}

/** Kinds of memory: how many pages can be allocated at once, and where they come from. The limits are this driver's own. */
const kinds = {
  page: { most: 0x1_0000, take: (from: PhysicalMemory, pages: number) => from.takeAny(pages) },
  contiguous: { most: 512, take: (from: PhysicalMemory, pages: number) => from.takeContiguous(pages) },
  low: { most: 512, take: (from: PhysicalMemory, pages: number) => from.takeLow(pages) },
  memory: { most: 0x1_0000, take: (from: PhysicalMemory, pages: number) => from.takeAny(pages) },
} as const;

export type MemoryKind = keyof typeof kinds;

/** Memory that was allocated: where it is mapped, and its pages. */
export interface Allocation {
  readonly kind: MemoryKind;
  /** As the process sees it. */
  readonly r3: Mapping;
  /** As the kernel sees it, where it does. */
  readonly r0: Mapping | undefined;
  readonly pages: readonly SupPage[];
}

/** The memory of a session: `SUPR3Page*`, `SUPR3Cont*`, `SUPR3Low*`, `SUPR0Mem*`, `SUPR0LockMem`. */
export class SessionMemory {
  readonly #session: Session;
  readonly #allocations = new Set<Allocation>();
  /** What {@link pageMapKernel} has mapped in addition. */
  readonly #partMappings = new Map<Allocation, Mapping[]>();
  readonly #locks: Uint8Array[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** What is allocated, oldest first. */
  get allocations(): readonly Allocation[] {
    return [...this.#allocations];
  }

  /** Allocates pages of zeros for the process only (`SUPR3PageAlloc`). @throws SsmError VERR_OUT_OF_RANGE, VERR_NO_MEMORY. */
  pageAlloc(pages: number): Allocation {
    return this.#allocate('page', pages, { kernel: false, fill: 0 });
  }

  /** Frees pages (`SUPR3PageFree`, `SUPR3PageFreeEx`). @throws SsmError VERR_INVALID_PARAMETER for any other address or count. */
  pageFree(r3: bigint, pages: number): void {
    this.#free('page', r3, pages);
  }

  /**
   * Allocates pages, whose contents are arbitrary (`SUPR3PageAllocEx`).
   *
   * @param flags reserved, 0.
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE, VERR_NO_MEMORY.
   */
  pageAllocEx(pages: number, flags = 0, options: { readonly kernel?: boolean } = {}): Allocation {
    mustBeZero(flags);
    return this.#allocate('page', pages, { kernel: options.kernel ?? false });
  }

  /** Maps part of an allocation into the kernel. It goes with the allocation. @throws SsmError VERR_INVALID_PARAMETER. */
  pageMapKernel(r3: bigint, offset: number, size: number, flags = 0): Mapping {
    mustBeZero(flags);
    const allocation = this.#pages(r3);
    checkPart(allocation, offset, size);
    const part = allocation.r3.mapPart(this.#session.driver.kernelSpace, offset, size);
    this.#partMappings.get(allocation)!.push(part);
    return part;
  }

  /**
   * Changes what may be done with pages, as the process sees them and, where `r0` is given, as the kernel does.
   *
   * @param r0 address of the allocation's mapping in the kernel, or 0.
   * @param protection of `protections`.
   * @throws SsmError VERR_INVALID_PARAMETER.
   */
  pageProtect(r3: bigint, r0: bigint, offset: number, size: number, protection: number): void {
    const allocation = this.#pages(r3);
    checkPart(allocation, offset, size);
    const all = protections.READ | protections.WRITE | protections.EXEC;
    if (!Number.isInteger(protection) || (protection & ~all) !== 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${protection} is no protection of pages`);
    }
    if (r0 !== 0n && r0 !== allocation.r0?.address) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'that is not where the kernel sees these pages');
    }
    allocation.r3.protect(offset, size, protection);
    if (r0 !== 0n) allocation.r0!.protect(offset, size, protection);
  }

  /** Allocates memory that is contiguous and below 4 GiB (`SUPR3ContAlloc`). @throws SsmError VERR_OUT_OF_RANGE, VERR_NO_MEMORY. */
  contAlloc(pages: number): Allocation {
    return this.#allocate('contiguous', pages);
  }

  /** Frees it by either of its addresses. @throws SsmError VERR_INVALID_PARAMETER. */
  contFree(address: bigint, pages?: number): void {
    this.#free('contiguous', address, pages);
  }

  /** Allocates pages below 4 GiB (`SUPR3LowAlloc`). @throws SsmError VERR_OUT_OF_RANGE, VERR_NO_MEMORY. */
  lowAlloc(pages: number): Allocation {
    return this.#allocate('low', pages);
  }

  /** Frees it by either of its addresses. @throws SsmError VERR_INVALID_PARAMETER. */
  lowFree(address: bigint, pages?: number): void {
    this.#free('low', address, pages);
  }

  /** Allocates bytes, rounded up to pages (`SUPR0MemAlloc`). @throws SsmError VERR_INVALID_PARAMETER for none, VERR_OUT_OF_RANGE, VERR_NO_MEMORY. */
  memAlloc(bytes: number): Allocation {
    if (!Number.isInteger(bytes) || bytes < 1) throw new SsmError('VERR_INVALID_PARAMETER', `${bytes} bytes`);
    return this.#allocate('memory', Math.ceil(bytes / PAGE_SIZE));
  }

  /** The pages of what {@link memAlloc} gave, by either address. @throws SsmError VERR_INVALID_PARAMETER. */
  memGetPhys(address: bigint): readonly SupPage[] {
    return this.#find('memory', address).pages;
  }

  /** @throws SsmError VERR_INVALID_PARAMETER. */
  memFree(address: bigint): void {
    this.#free('memory', address, undefined);
  }

  /**
   * Locks memory of the process: whole pages of an ArrayBuffer.
   *
   * @returns the physical addresses, which stay until the last lock is gone.
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_NO_MEMORY.
   */
  lockMem(memory: Uint8Array): SupPage[] {
    this.#session.mustBeOpen();
    const pages = this.#session.driver.lockedPages.lock(memory).map((physical) => ({ physical }));
    this.#locks.push(memory.subarray());
    return pages;
  }

  /** Takes back one {@link lockMem} of memory that begins there. @throws SsmError VERR_INVALID_PARAMETER. */
  unlockMem(memory: Uint8Array): void {
    const at = this.#locks.findIndex(
      ({ buffer, byteOffset }) => buffer === memory.buffer && byteOffset === memory.byteOffset,
    );
    if (at < 0) throw new SsmError('VERR_INVALID_PARAMETER', 'the session has not locked memory that begins there');
    const [locked] = this.#locks.splice(at, 1);
    this.#session.driver.lockedPages.unlock(locked!);
  }

  /** Frees and unlocks everything. For the driver. */
  sessionClosed(): void {
    for (const allocation of this.#allocations) this.#release(allocation);
    for (const memory of [...this.#locks]) this.unlockMem(memory);
  }

  #allocate(kind: MemoryKind, pages: number, options: { kernel?: boolean; fill?: number } = {}): Allocation {
    this.#session.mustBeOpen();
    const { most, take } = kinds[kind];
    if (!Number.isInteger(pages) || pages < 1 || pages > most) {
      throw new SsmError('VERR_OUT_OF_RANGE', `${pages} pages; 1 to ${most} can be allocated at once`);
    }
    const { kernel = true, fill } = options;
    const { physical, userSpace, kernelSpace } = this.#session.driver;
    const addresses = take(physical, pages);
    const bytes = new Uint8Array(pages * PAGE_SIZE).fill(fill ?? physical.fill);
    const r3 = new Mapping(userSpace, bytes);
    const r0 = kernel ? new Mapping(kernelSpace, bytes) : undefined;
    const allocation = { kind, r3, r0, pages: addresses.map((address) => ({ physical: address })) };
    this.#allocations.add(allocation);
    this.#partMappings.set(allocation, []);
    return allocation;
  }

  #pages(r3: bigint): Allocation {
    const allocation = this.#find('page', r3);
    if (allocation.r3.address !== r3) throw unknown('page', r3);
    return allocation;
  }

  #find(kind: MemoryKind, address: bigint): Allocation {
    for (const allocation of this.#allocations) {
      const { r3, r0 } = allocation;
      if (allocation.kind === kind && (r3.address === address || r0?.address === address)) return allocation;
    }
    throw unknown(kind, address);
  }

  #free(kind: MemoryKind, address: bigint, pages: number | undefined): void {
    const allocation = kind === 'page' ? this.#pages(address) : this.#find(kind, address);
    if (pages !== undefined && pages !== allocation.pages.length) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${allocation.pages.length} pages were allocated, not ${pages}`);
    }
    this.#release(allocation);
  }

  #release(allocation: Allocation): void {
    this.#allocations.delete(allocation);
    for (const part of this.#partMappings.get(allocation)!) part.unmap();
    this.#partMappings.delete(allocation);
    allocation.r3.unmap();
    allocation.r0?.unmap();
    this.#session.driver.physical.give(allocation.pages.map(({ physical }) => physical));
  }
}

function unknown(kind: MemoryKind, address: bigint): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `the session has no ${kind} allocation at 0x${address.toString(16)}`);
}

function mustBeZero(flags: number): void {
  if (flags !== 0) throw new SsmError('VERR_INVALID_PARAMETER', `flags ${flags}; all are reserved`);
}

function checkPart({ r3 }: Allocation, offset: number, size: number): void {
  const isAligned = (value: number) => Number.isInteger(value) && value >= 0 && value % PAGE_SIZE === 0;
  if (!isAligned(offset) || !isAligned(size) || size === 0 || offset + size > r3.size) {
    throw new SsmError('VERR_INVALID_PARAMETER', `${size} bytes at ${offset} are no pages of ${r3.size} bytes`);
  }
}
