import { type OpenState, SsmError } from '@ssmkit/runtime';
import { type IndexedMmio2, type IndexedRom, indexState, type MemoryIndex } from './guest-memory/index-state.js';
import { Page, type PageCounts } from './guest-memory/page-table.js';
import type { AddressRange } from './guest-memory/ram-layout.js';
import { MemorySpace, type Piece } from './guest-memory/space.js';
import type { PgmHeader } from './pgm/header-parts.js';
import { PAGE_SIZE, readsShadow } from './pgm/records.js';

/*
 * The guest's memory in a saved state
 *
 * A saved state has no memory image, but a record for each page, in the order in which they were written; a live save
 * wrote many of them again and again. Opening goes through all of that once and remembers where the last record of each
 * page is: six bytes a page, and no page itself. Pages are decoded when they are read.
 */

/** How guest memory is opened. */
export interface GuestMemoryOptions {
  /**
   * Most bytes that the index may take: 6 for each page of the guest. Default 1 GiB, for 680 GiB of guest memory.
   */
  readonly indexBytes?: number;
  /** Headers to go by instead of those that units have, by the units' offsets: whether the pages fit what is to be changed. */
  readonly headers?: ReadonlyMap<number, PgmHeader>;
  /**
   * Of a damaged state (see `openSalvaged`) take what can be read: a page that cannot be expanded counts as not saved in its
   * pass, and where nothing tells where the next one is, so do all pages behind it. What tells that are records that
   * still lead to the end of the pass, and in a state that was not saved live the number of pages that are left. What was
   * wrong is in {@link GuestMemory.damage}. Bytes that have changed in a page go unnoticed as long as it can be decoded.
   */
  readonly partial?: boolean;
}

/** A stretch of guest-physical addresses with memory. */
export interface MemorySegment extends AddressRange {
  readonly kind: 'ram' | 'rom';
  /** Its bytes; offsets count from the segment's address. */
  readonly space: MemorySpace;
}

/** Memory of a device. The guest sees it where the device says, which is not part of it. */
export interface Mmio2Region {
  /** Name of the device: `vga`, `VMMDev` … */
  readonly device: string;
  readonly instance: number;
  /** Of a PCI device the number of the region. */
  readonly region: number;
  readonly description: string;
  /** Bytes. */
  readonly size: number;
  readonly space: MemorySpace;
}

/** The guest's memory, with random access. Made by {@link GuestMemory.open}. */
export class GuestMemory {
  readonly #index: MemoryIndex;
  readonly #segments: readonly MemorySegment[];
  readonly #regions: readonly Mmio2Region[];

  private constructor(index: MemoryIndex) {
    this.#index = index;
    this.#segments = segmentsOf(index);
    this.#regions = regionsOf(index);
  }

  /**
   * Goes through a saved state and notes where each page is.
   *
   * The state must be a file, and stay open as long as the memory is read.
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND where there is no guest memory in it; VERR_TOO_MUCH_DATA where the index
   * would take more than it may; what is wrong with the file.
   */
  static async open(state: OpenState, options: GuestMemoryOptions = {}): Promise<GuestMemory> {
    return new GuestMemory(await indexState(state, { ...options, indexBytes: options.indexBytes ?? 2 ** 30 }));
  }

  /** Version of the unit `pgm`. */
  get version(): number {
    return this.#index.version;
  }

  /** Number of live passes in front of the final one. */
  get livePasses(): number {
    return this.#index.livePasses;
  }

  /** What the unit says besides the pages: CPUs' paging, size of RAM, ranges. */
  get header(): PgmHeader {
    return this.#index.header;
  }

  /** What is wrong with passes of which only a part could be read; empty unless `partial` was asked for. */
  get damage(): readonly SsmError[] {
    return this.#index.damage;
  }

  /** Where there is memory, by ascending address. Where ROM lies over RAM the segment is the ROM's. */
  segments(): readonly MemorySegment[] {
    return this.#segments;
  }

  /**
   * Reads guest-physical memory: RAM and ROM as the guest sees them.
   *
   * @param address below 2^52.
   * @throws SsmError VERR_OUT_OF_RANGE where there is no memory at any of the addresses; what is wrong with the file.
   */
  async read<T extends Uint8Array>(address: number, into: T): Promise<T> {
    for (let done = 0; done < into.length; ) {
      const at = address + done;
      const segment = this.segmentAt(at);
      if (segment === undefined) throw new SsmError('VERR_OUT_OF_RANGE', `no memory at 0x${at.toString(16)}`);
      const offset = at - segment.address;
      const count = Math.min(into.length - done, segment.size - offset);
      await segment.space.read(offset, into.subarray(done, done + count));
      done += count;
    }
    return into;
  }

  /** The segment that an address lies in. */
  segmentAt(address: number): MemorySegment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { address: start, size } = this.#segments[middle] as MemorySegment;
      if (address < start) high = middle;
      else if (address >= start + size) low = middle + 1;
      else return this.#segments[middle];
    }
    return undefined;
  }

  /** Memory of all devices, regions in the order of the file. Up to version 9 it lies among the segments. */
  mmio2Regions(): readonly Mmio2Region[] {
    return this.#regions;
  }

  /**
   * Memory of a device; `undefined` where it has none such.
   *
   * @param region of a PCI device the number of the region; default its first.
   */
  mmio2(device: string, instance = 0, region?: number): Mmio2Region | undefined {
    return this.#regions.find(
      (each) =>
        each.device === device && each.instance === instance && (region === undefined || each.region === region),
    );
  }
}

/** Memory space of a table's pages. */
function tableSpace(
  { saved }: MemoryIndex,
  table: { get(page: number): number; skipMissing(page: number, end: number): number },
  size: number,
  first = 0,
): MemorySpace {
  return new MemorySpace(
    size,
    saved,
    (page) => table.get(first + page),
    (page, end) => table.skipMissing(first + page, first + end) - first,
  );
}

/** What the guest sees of ROM. */
function romSpace(
  { saved }: MemoryIndex,
  { range, virgin, shadow, protections }: IndexedRom,
  from: number,
  size: number,
) {
  const first = (from - Number(range.address)) / PAGE_SIZE;
  const entry = (at: number) => {
    const page = first + at;
    const shadowed = readsShadow(protections.get(page) ?? 0) ? shadow.get(page) : Page.missing;
    return shadowed === Page.missing ? virgin.get(page) : shadowed;
  };
  const skipMissing = (at: number, end: number) =>
    Math.min(...[virgin, shadow].map((table) => table.skipMissing(first + at, first + end))) - first;
  return new MemorySpace(size, saved, entry, skipMissing);
}

function segmentsOf(index: MemoryIndex): MemorySegment[] {
  const rom = [...index.rom.values()].map((rom) => ({
    address: Number(rom.range.address),
    size: Number(rom.range.size),
    description: rom.range.description,
    rom,
  }));
  const segments: MemorySegment[] = [];
  let covered: readonly AddressRange[] = [];
  // Of ROM that lies over ROM (there is none in real files) the first counts.
  for (const each of rom) {
    for (const { address, size, description } of without(each, covered)) {
      segments.push({ kind: 'rom', address, size, description, space: romSpace(index, each.rom, address, size) });
    }
    covered = [...covered, each];
  }
  for (const range of ramRangesOf(index)) {
    for (const { address, size, description } of without(range, covered)) {
      const space = tableSpace(index, index.ram, size, address / PAGE_SIZE);
      segments.push({ kind: range.kind, address, size, description, space });
    }
    covered = [...covered, range];
  }
  return segments.filter(({ size }) => size > 0).sort((a, b) => a.address - b.address);
}

function ramRangesOf({ ram, ramRanges, oldRanges }: MemoryIndex): (AddressRange & { kind: 'ram' | 'rom' })[] {
  if (oldRanges.length > 0) {
    return oldRanges.flatMap(({ kind, ...range }) => (kind === 'mmio' ? [] : [{ ...range, kind }]));
  }
  const ranges =
    ramRanges ??
    ram.runs().map(([from, to]) => ({ address: from * PAGE_SIZE, size: (to - from) * PAGE_SIZE, description: 'RAM' }));
  return ranges.map((range) => ({ ...range, kind: 'ram' as const }));
}

/** What is left of a range without those. */
function without(range: AddressRange, others: readonly AddressRange[]): AddressRange[] {
  const { description } = range;
  let left = [{ from: range.address, to: range.address + range.size }];
  for (const { address, size } of others) {
    left = left.flatMap(({ from, to }) => [
      { from, to: Math.min(to, address) },
      { from: Math.max(from, address + size), to },
    ]);
    left = left.filter(({ from, to }) => to > from);
  }
  return left.map(({ from, to }) => ({ address: from, size: to - from, description }));
}

/** Chunks of one region make one. */
function regionsOf(index: MemoryIndex): Mmio2Region[] {
  const groups = new Map<string, IndexedMmio2[]>();
  for (const each of index.mmio2.values()) {
    const { device, instance, region } = each.range;
    const key = JSON.stringify([device, instance, region]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((chunks) => {
    const [{ range }] = chunks as [IndexedMmio2];
    const { device, instance, region } = range;
    const description = chunks.length > 1 ? range.description.replace(/ \(#\d+\)$/, '') : range.description;
    const size = chunks.reduce((sum, chunk) => sum + Number(chunk.range.size), 0);
    return { device, instance, region, description, size, space: chunkedSpace(index, chunks, size) };
  });
}

function chunkedSpace(index: MemoryIndex, chunks: readonly IndexedMmio2[], size: number): MemorySpace {
  const [only] = chunks as [IndexedMmio2];
  if (chunks.length === 1) return tableSpace(index, only.pages, size);
  let pages = 0;
  const parts = chunks.map(({ range, pages: table }) => {
    const start = pages;
    pages += Number(range.size) / PAGE_SIZE;
    return { start, end: pages, table };
  });
  type Part = (typeof parts)[number];
  const partAt = (page: number) => parts.find(({ end }) => page < end) as Part;
  const entry = (page: number) => {
    const { start, table } = partAt(page);
    return table.get(page - start);
  };
  const skipMissing = (page: number, end: number) => {
    const part = partAt(page);
    return part.table.skipMissing(page - part.start, Math.min(end, part.end) - part.start) + part.start;
  };
  return new MemorySpace(size, index.saved, entry, skipMissing);
}

export type { MemorySpace, PageCounts, Piece };
