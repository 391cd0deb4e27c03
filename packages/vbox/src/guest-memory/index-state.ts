import { isSsmError, type OpenState, type OpenUnit, PASS_FINAL, SsmError } from '@ssmkit/runtime';
import { PageReader } from '../pgm/get-pages.js';
import type { PgmMmio2Range, PgmRomRange } from '../pgm/header.js';
import { getPgmHeader, type PgmHeader } from '../pgm/header-parts.js';
import { OldMemoryReader, OldPageType, type OldRange } from '../pgm/old-memory.js';
import { hasPageRecords, PAGE_SIZE, PageType, PGM, PgmVersion } from '../pgm/records.js';
import { Page, PageTable, TableBudget } from './page-table.js';
import { type AddressRange, ramLayout } from './ram-layout.js';
import { SavedPages } from './saved-pages.js';

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
  readonly #budget: TableBudget;
  #hasLists = false;

  /** @param indexBytes most memory for tables. */
  constructor(state: OpenState, indexBytes: number) {
    this.saved = new SavedPages(state);
    this.#budget = new TableBudget(indexBytes);
    this.ram = new PageTable(this.#budget);
  }

  /**
   * Goes through a unit `pgm`; to be called for every pass in the order of the file.
   *
   * @param changed a header to go by instead of the unit's own. @throws SsmError
   */
  async add(unit: OpenUnit, changed?: PgmHeader): Promise<void> {
    const { name, instance, pass } = unit;
    try {
      await this.#add(unit, changed);
    } catch (error) {
      throw isSsmError(error) ? error.at({ unit: name, instance, pass, offset: unit.offset }) : error;
    }
  }

  async #add(unit: OpenUnit, changed: PgmHeader | undefined): Promise<void> {
    const { version, pass } = unit;
    this.saved.begin(unit);
    const own = await getPgmHeader(unit.stream, version, this.#hasLists);
    const header = changed ?? own;
    if (pass !== PASS_FINAL) this.livePasses++;
    this.version = version;
    this.header = { ...this.header, ...header };
    if (header.ranges !== undefined) this.#addRanges(header.ranges);
    if (header.ramConfig !== undefined && version !== PgmVersion.arm) this.ramRanges = ramLayout(header.ramConfig);
    if (hasPageRecords(version)) await this.#addPages(unit);
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

  async #addPages({ stream, version }: OpenUnit): Promise<void> {
    const pages = new PageReader(stream);
    for (;;) {
      const more = pages.next();
      if (typeof more === 'boolean' ? !more : !(await more)) return;
      const { type, page, range } = pages;
      switch (type) {
        case PageType.ramRaw:
          if (this.#isRam(page, type)) this.ram.set(page, this.saved.here());
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
          this.#mmio2(range, page).set(page, this.saved.here());
          break;
        case PageType.mmio2Zero:
          this.#mmio2(range, page).set(page, Page.zero);
          break;
        default:
          this.#addRom(pages);
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

  #addRom({ type, range: id, page, protection }: PageReader): void {
    const found = this.rom.get(id);
    if (found === undefined) throw new SsmError('VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND', `no ROM range ${id}`);
    if (page * PAGE_SIZE >= found.range.size) {
      throw new SsmError('VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND', `no page ${page} in ROM range ${id}`);
    }
    found.protections.set(page, protection);
    if (type === PageType.romVirgin) found.virgin.set(page, this.saved.here());
    else if (type === PageType.romShadowRaw) found.shadow.set(page, this.saved.here());
    else if (type === PageType.romShadowZero) found.shadow.set(page, Page.zero);
  }

  async #addOldMemory({ stream, version }: OpenUnit): Promise<void> {
    const memory = new OldMemoryReader(stream, version);
    for (;;) {
      const range = await memory.nextRange();
      if (range === undefined) return;
      const first = Number(range.address) / PAGE_SIZE;
      let kind: IndexedOldRange['kind'] = 'ram';
      while (await memory.nextPage()) {
        if (memory.page === 0 && !memory.hidden) kind = oldKind(range, memory.type);
        if (memory.hidden || memory.type === OldPageType.mmio) continue;
        this.ram.set(first + memory.page, memory.hasData ? this.saved.here() : Page.zero);
      }
      const { description } = range;
      this.oldRanges.push({ address: Number(range.address), size: Number(range.size), description, kind });
    }
  }
}

/** What a range of up to version 9 is, by its first page; in version 6 that does not tell. */
function oldKind({ address }: OldRange, type: number): IndexedOldRange['kind'] {
  if (type === OldPageType.mmio) return 'mmio';
  const isRom = type === OldPageType.rom || type === OldPageType.romShadow || (type === 0 && address >= 0xfff80000n);
  return isRom ? 'rom' : 'ram';
}

/** Goes through all units of a state. @param headers to go by instead of those of units, by their offset. @throws SsmError VERR_SSM_UNIT_NOT_FOUND where none holds guest memory. */
export async function indexState(
  state: OpenState,
  indexBytes: number,
  headers?: ReadonlyMap<number, PgmHeader>,
): Promise<MemoryIndex> {
  const index = new MemoryIndex(state, indexBytes);
  for await (const unit of state.units()) {
    if (unit.name === PGM.name && unit.instance === PGM.instance) await index.add(unit, headers?.get(unit.offset));
  }
  if (index.version === 0) {
    const { name, instance } = PGM;
    throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', 'the state holds no guest memory', { unit: name, instance });
  }
  return index;
}
