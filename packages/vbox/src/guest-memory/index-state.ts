import { isSsmError, type OpenState, type OpenUnit, PASS_FINAL, SsmError } from '@ssmkit/runtime';
import { LOST_RANGE, PageReader } from '../pgm/get-pages.js';
import type { PgmMmio2Range, PgmRomRange } from '../pgm/header.js';
import { getPgmHeader, type PgmHeader } from '../pgm/header-parts.js';
import { OldMemoryReader, OldPageType, type OldRange } from '../pgm/old-memory.js';
import { hasPageRecords, PAGE_SIZE, PageType, PGM, PgmVersion, pageTypes } from '../pgm/records.js';
import { findTail } from './find-tail.js';
import { Page, PageTable, TableBudget } from './page-table.js';
import { type AddressRange, ramLayout } from './ram-layout.js';
import { SavedPages } from './saved-pages.js';
import { isPgm, type Trust, trustsOf } from './trust.js';

/** Zero pages here are of no RAM: releases that had one range of RAM from 0 on wrote them. */
const NO_RAM = { from: 0xa0000 / PAGE_SIZE, to: 0x100000 / PAGE_SIZE };

/** A range of ROM and what was saved of it. */
export interface IndexedRom {
  readonly range: PgmRomRange;
  readonly virgin: PageTable;
  /** The RAM behind shadowed ROM. */
  readonly shadow: PageTable;
  /** Protections of pages. */
  readonly protections: Map<number, number>;
}

/** A range of a device's memory and what was saved of it. */
export interface IndexedMmio2 {
  readonly range: PgmMmio2Range;
  readonly pages: PageTable;
}

/** A range of up to version 9, whose pages are with those of RAM. */
export interface IndexedOldRange extends AddressRange {
  readonly kind: 'ram' | 'rom' | 'mmio';
}

/** Where every page of the guest's memory is. */
export class MemoryIndex {
  readonly saved: SavedPages;
  readonly ram: PageTable;
  readonly rom = new Map<number, IndexedRom>();
  readonly mmio2 = new Map<number, IndexedMmio2>();
  readonly oldRanges: IndexedOldRange[] = [];
  /** Version of the unit; 0 where there is none. */
  version = 0;
  /** Live passes. */
  livePasses = 0;
  /** What the last pass has in front of its pages; ranges and RAM config also from the first. */
  header: PgmHeader = { cpus: [] };
  /** Where there is RAM; `undefined` where nothing tells. */
  ramRanges: readonly AddressRange[] | undefined;
  /** What is wrong with passes of which only a part could be read. */
  readonly damage: SsmError[] = [];
  readonly #budget: TableBudget;
  readonly #headers: IndexOptions['headers'];
  /** Memory for a page, where each is read to see that it can be. */
  readonly #page: Uint8Array | undefined;
  readonly #state: OpenState;
  #hasLists = false;
  /** Page of RAM that was read last in a pass; -1 in front of the first. */
  #lastPage = -1;

  constructor(state: OpenState, { indexBytes, headers, partial = false }: IndexOptions) {
    this.#state = state;
    this.saved = new SavedPages(state);
    this.#budget = new TableBudget(indexBytes);
    this.#headers = headers;
    this.#page = partial ? new Uint8Array(PAGE_SIZE) : undefined;
    this.ram = new PageTable(this.#budget);
  }

  /**
   * Goes through a unit `pgm`; to be called for every pass in the order of the file.
   *
   * @param trust in a pass of a damaged state. @throws SsmError
   */
  async add(unit: OpenUnit, trust?: Trust): Promise<void> {
    const { name, instance, pass, offset } = unit;
    const where = { unit: name, instance, pass, offset };
    const lost: LostPages = { count: 0, first: '' };
    let failure: SsmError | undefined;
    let isRead = false;
    try {
      await this.#add(unit, trust, lost);
      isRead = true;
      // The checksum of the unit is behind its data.
      if (this.#page !== undefined) await unit.measure();
    } catch (error) {
      if (!isSsmError(error)) throw error;
      failure = error.at(where);
      if (this.#page === undefined || error.status === 'VERR_TOO_MUCH_DATA') throw failure;
      if (!isRead) await this.#addTail(unit, error.where.offset ?? this.saved.lastMark, lost);
    }
    const { count, first } = lost;
    const what =
      count === 1 ? `a page cannot be expanded: ${first}` : `${count} pages cannot be expanded, first ${first}`;
    if (count > 0) this.damage.push(new SsmError('VERR_SSM_INTEGRITY_DECOMPRESSION', what, where));
    if (failure !== undefined) this.damage.push(failure);
  }

  async #add(unit: OpenUnit, trust: Trust | undefined, lost: LostPages): Promise<void> {
    const { version, pass } = unit;
    this.saved.begin(unit);
    const own = await getPgmHeader(unit.stream, version, this.#hasLists);
    const header = this.#headers?.get(unit.offset) ?? own;
    if (pass !== PASS_FINAL) this.livePasses++;
    this.version = version;
    this.header = { ...this.header, ...header };
    if (header.ranges !== undefined) this.#addRanges(header.ranges);
    if (header.ramConfig !== undefined && version !== PgmVersion.arm) this.ramRanges = ramLayout(header.ramConfig);
    this.#lastPage = -1;
    if (hasPageRecords(version)) await this.#addPages(new PageReader(unit.stream), version, trust, lost);
    else await this.#addOldMemory(unit);
    this.saved.end();
  }

  #addRanges({ rom, mmio2 }: NonNullable<PgmHeader['ranges']>): void {
    this.#hasLists = true;
    for (const range of rom) {
      const [virgin, shadow] = [new PageTable(this.#budget), new PageTable(this.#budget)];
      this.rom.set(range.id, { range, virgin, shadow, protections: new Map() });
    }
    for (const range of mmio2) this.mmio2.set(range.id, { range, pages: new PageTable(this.#budget) });
  }

  /** Adds the pages behind damage, where they can be found: see find-tail.ts. */
  async #addTail(unit: OpenUnit, from: number, lost: LostPages): Promise<void> {
    const ram = this.ramRanges;
    if (this.#state.header.live || unit.pass !== PASS_FINAL || !hasPageRecords(unit.version) || ram === undefined)
      return;
    const { start } = this.saved;
    const tail = await findTail(this.#state, unit, { start, from, ram, lastPage: this.#lastPage });
    if (tail === undefined) return;
    const stream = await this.saved.goOn(unit, tail.mark);
    await stream.skipReady(tail.skip);
    await this.#addPages(new PageReader(stream, tail.firstPage), unit.version, 'framed', lost);
    this.saved.end();
  }

  async #addPages(pages: PageReader, version: number, trust: Trust | undefined, lost: LostPages): Promise<void> {
    for (;;) {
      const more = pages.next();
      if (typeof more === 'boolean' ? !more : !(await more)) return;
      const { type, page, range } = pages;
      if (range === LOST_RANGE) continue;
      // Where the data is, known to be readable where that is in doubt.
      const at = pages.hasData ? this.saved.here() : 0;
      if (this.#page !== undefined && pages.hasData && trust !== 'whole') {
        if (trust !== 'framed') await pages.read(this.#page);
        else if ((await this.saved.failureOf(at, this.#page)) !== undefined) {
          if (lost.count++ === 0) lost.first = placeOf(pages);
          continue;
        }
      }
      if (pageTypes[type]?.memory === 'ram') this.#lastPage = page;
      switch (type) {
        case PageType.ramRaw:
          if (this.#isRam(page, type)) this.ram.set(page, at);
          break;
        case PageType.ramZero:
          // A ballooned page stays one (`PGMR3SavedState.cpp`, PGM_SAVED_STATE_VERSION_BALLOON_BROKEN).
          if (version <= PgmVersion.balloon && this.ram.get(page) === Page.ballooned) break;
          if (this.#isRam(page, type)) this.ram.set(page, Page.zero);
          break;
        case PageType.ramBallooned:
          if (this.#isRam(page, type)) this.ram.set(page, Page.ballooned);
          break;
        case PageType.mmio2Raw:
          this.#mmio2(range, page).set(page, at);
          break;
        case PageType.mmio2Zero:
          this.#mmio2(range, page).set(page, Page.zero);
          break;
        default:
          this.#addRom(pages, at);
      }
    }
  }

  #isRam(page: number, type: PageType): boolean {
    const ranges = this.ramRanges;
    if (ranges === undefined) return true;
    const at = page * PAGE_SIZE;
    for (const { address, size } of ranges) if (at >= address && at < address + size) return true;
    if (type === PageType.ramZero && page >= NO_RAM.from && page < NO_RAM.to) return false;
    throw new SsmError('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', `a page of RAM at 0x${at.toString(16)}, where is none`);
  }

  #mmio2(id: number, page: number): PageTable {
    const found = this.mmio2.get(id);
    if (found === undefined) throw new SsmError('VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND', `no MMIO2 range ${id}`);
    if (page * PAGE_SIZE >= found.range.size) {
      throw new SsmError('VERR_PGM_SAVED_MMIO2_PAGE_NOT_FOUND', `no page ${page} in MMIO2 range ${id}`);
    }
    return found.pages;
  }

  #addRom({ type, range: id, page, protection }: PageReader, at: number): void {
    const found = this.rom.get(id);
    if (found === undefined) throw new SsmError('VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND', `no ROM range ${id}`);
    if (page * PAGE_SIZE >= found.range.size) {
      throw new SsmError('VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND', `no page ${page} in ROM range ${id}`);
    }
    found.protections.set(page, protection);
    if (type === PageType.romVirgin) found.virgin.set(page, at);
    else if (type === PageType.romShadowRaw) found.shadow.set(page, at);
    else if (type === PageType.romShadowZero) found.shadow.set(page, Page.zero);
  }

  async #addOldMemory({ stream, version }: OpenUnit): Promise<void> {
    const memory = new OldMemoryReader(stream, version);
    for (;;) {
      const range = await memory.nextRange();
      if (range === undefined) return;
      const first = Number(range.address) / PAGE_SIZE;
      let kind: IndexedOldRange['kind'] = 'ram';
      try {
        while (await memory.nextPage()) {
          if (memory.page === 0 && !memory.hidden) kind = oldKind(range, memory.type);
          const at = memory.hasData ? this.saved.here() : Page.zero;
          if (this.#page !== undefined && memory.hasData) await memory.read(this.#page);
          if (memory.hidden || memory.type === OldPageType.mmio) continue;
          this.ram.set(first + memory.page, at);
        }
      } finally {
        const { description } = range;
        this.oldRanges.push({ address: Number(range.address), size: Number(range.size), description, kind });
      }
    }
  }
}

/** What a range of up to version 9 is, by its first page; in version 6 that does not tell. */
function oldKind({ address }: OldRange, type: number): IndexedOldRange['kind'] {
  if (type === OldPageType.mmio) return 'mmio';
  const isRom = type === OldPageType.rom || type === OldPageType.romShadow || (type === 0 && address >= 0xfff80000n);
  return isRom ? 'rom' : 'ram';
}

/** Pages of a pass that cannot be expanded. */
interface LostPages {
  count: number;
  /** The place of the first, for people. */
  first: string;
}

function placeOf({ type, range, page }: PageReader): string {
  const memory = pageTypes[type]?.memory === 'ram' ? 'RAM' : `range ${range}`;
  return `${memory} at 0x${(page * PAGE_SIZE).toString(16)}`;
}

/** How guest memory is gone through. */
export interface IndexOptions {
  /** Most memory for tables. */
  readonly indexBytes: number;
  /** Headers to go by instead of those that units have, by the units' offsets. */
  readonly headers?: ReadonlyMap<number, PgmHeader> | undefined;
  /** What is wrong with a unit is noted, and what is in front of it stays. */
  readonly partial?: boolean | undefined;
}

/**
 * Goes through all units of a state.
 *
 * @throws SsmError VERR_SSM_UNIT_NOT_FOUND where none holds guest memory; where nothing of it could be read, why.
 */
export async function indexState(state: OpenState, options: IndexOptions): Promise<MemoryIndex> {
  const index = new MemoryIndex(state, options);
  const trusts = options.partial ? await trustsOf(state) : undefined;
  for await (const unit of state.units()) if (isPgm(unit)) await index.add(unit, trusts?.get(unit.offset));
  if (index.version > 0) return index;
  const { name, instance } = PGM;
  throw (
    index.damage[0] ??
    new SsmError('VERR_SSM_UNIT_NOT_FOUND', 'the state holds no guest memory', { unit: name, instance })
  );
}
