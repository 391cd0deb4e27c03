import { type GetStream, type LoadHandle, SsmError, type SsmFailure } from '@ssmkit/runtime';
import {
  getPgmHeader,
  hasPageRecords,
  PAGE_SIZE,
  PageReader,
  PageType,
  type PgmHeader,
  type PgmMmio2Range,
  type PgmRamConfig,
  type PgmRanges,
  PgmVersion,
  type RomProtection,
} from '@ssmkit/vbox';
import type { GuestMemory } from './guest-memory.js';
import { OldMemoryLoad } from './load-old.js';
import type { Mmio2Range } from './mmio2.js';
import { Pace, type Turns } from './pace.js';
import { hex } from './page.js';
import type { RomRange } from './rom.js';

/*
 * How guest memory is loaded (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3Load`)
 *
 * The machine must have the memory that was saved: as much RAM, the same ROMs at the same addresses, devices with as much
 * memory. What differs lets the load fail, except for the debugger (`DEBUG_IT`), who gets what has a place. What was saved
 * of a ROM takes the place of what is in it: another version of the firmware would confuse the guest.
 */

/** Where zero pages are of no RAM: releases that had one range of RAM from 0 on wrote them. */
const NO_RAM = { from: 0xa0000 / PAGE_SIZE, to: 0x100000 / PAGE_SIZE };

/** A region of a device in a saved state, or a chunk of it. */
interface SavedMmio2 {
  readonly range: Mmio2Range;
  /** Pages of the region in front of the chunk. */
  readonly firstPage: number;
  readonly pageCount: number;
}

/** Ranges of the saved state by their numbers; `undefined` for those that are to be passed over. */
interface SavedRanges {
  readonly rom: Map<number, RomRange | undefined>;
  readonly mmio2: Map<number, SavedMmio2 | undefined>;
}

/** Guest memory being loaded, from the first pass to the last. */
export class MemoryLoad {
  readonly #memory: GuestMemory;
  readonly #handle: LoadHandle;
  readonly #pace: Pace;
  #ranges: SavedRanges | undefined;

  constructor(memory: GuestMemory, handle: LoadHandle, turns: Turns) {
    this.#memory = memory;
    this.#handle = handle;
    this.#pace = new Pace(turns);
  }

  /** Whether what has no place is passed over. */
  get #isTolerant(): boolean {
    return this.#handle.after === 'DEBUG_IT';
  }

  /** What a load fails with that cannot be; told to the user. */
  #fail(status: SsmFailure, message: string): SsmError {
    this.#handle.setLoadError(status, message);
    return new SsmError(status, message);
  }

  /** A difference between the machine and the one that was saved. */
  #differs(status: SsmFailure, message: string): void {
    if (!this.#isTolerant) throw this.#fail(status, message);
  }

  /**
   * Gets a pass.
   *
   * @throws SsmError VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION; VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH for RAM of another size,
   * VERR_SSM_LOAD_CONFIG_MISMATCH for other CPUs or ranges, VERR_PGM_SAVED_… for what has no place; what is wrong with the
   * data.
   */
  async load(stream: GetStream, version: number): Promise<void> {
    if (version < PgmVersion.oldest || version > PgmVersion.pae) {
      throw this.#fail('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `guest memory of version ${version}`);
    }
    const header = await getPgmHeader(stream, version, this.#ranges !== undefined);
    this.#loadCpus(header);
    if (header.ramConfig !== undefined) this.#checkRam(header.ramConfig);
    if (header.ranges !== undefined) this.#ranges = this.#match(header.ranges);
    if (hasPageRecords(version)) await this.#loadPages(stream, version);
    else
      await new OldMemoryLoad(this.#memory, (status, message) => this.#differs(status, message), this.#pace).load(
        stream,
        version,
      );
  }

  #loadCpus({ global, single, cpus }: PgmHeader): void {
    const saved = single !== undefined ? [single] : cpus;
    if (global === undefined && single === undefined) return;
    if (saved.length !== this.#memory.cpus.length) {
      const detail = `the state is of ${saved.length} CPUs, the machine has ${this.#memory.cpus.length}`;
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', detail);
    }
    for (const [i, { a20Enabled, guestMode, ...rest }] of saved.entries()) {
      const own = this.#memory.cpus[i]?.saveState();
      if (own === undefined) continue;
      const paeDirectories = 'paeDirectories' in rest ? rest.paeDirectories : own.paeDirectories;
      this.#memory.cpus[i]?.loadState({ a20Enabled: Boolean(a20Enabled), guestMode, paeDirectories });
    }
  }

  #checkRam({ size, hole }: PgmRamConfig): void {
    const { ram } = this.#memory;
    if (size !== BigInt(ram.size)) {
      const detail = `the state is of a machine with ${size} bytes of RAM, this one has ${ram.size}`;
      this.#differs('VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH', detail);
    }
    if (hole !== ram.hole) {
      const detail = `the state is of a machine with a RAM hole of ${hex(hole)} bytes, that of this one has ${hex(ram.hole)}`;
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', detail);
    }
  }

  #match({ rom, mmio2 }: PgmRanges): SavedRanges {
    const ranges: SavedRanges = { rom: new Map(), mmio2: new Map() };
    for (const { id, description, address, size } of rom) {
      const found = this.#memory.roms.find(
        (each) => each.description === description && BigInt(each.address) === address,
      );
      ranges.rom.set(id, found);
      const where = `ROM '${description}' at ${hex(Number(address))}`;
      if (found === undefined) this.#differs('VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND', `the machine has no ${where}`);
      else if (BigInt(found.size) !== size) {
        this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', `${where} had ${size} bytes, and has ${found.size}`);
      }
    }
    for (const missing of this.#memory.roms.filter((each) => ![...ranges.rom.values()].includes(each))) {
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', `the state has no ROM '${missing.description}'`);
    }
    this.#matchMmio2(mmio2, ranges.mmio2);
    return ranges;
  }

  /** Chunks of one region follow each other, in the order of their numbers. */
  #matchMmio2(saved: readonly PgmMmio2Range[], ranges: SavedRanges['mmio2']): void {
    const pages = new Map<Mmio2Range, number>();
    for (const { id, device, instance, region, description, size } of saved) {
      const range = this.#memory.mmio2.find(
        (each) => each.device === device && each.instance === instance && each.region === region,
      );
      if (range === undefined) {
        const detail = `the machine has no memory '${description}' of ${device}#${instance}, region ${region}`;
        this.#differs('VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND', detail);
        ranges.set(id, undefined);
        continue;
      }
      const firstPage = pages.get(range) ?? 0;
      const pageCount = Number(size) / PAGE_SIZE;
      ranges.set(id, { range, firstPage, pageCount });
      pages.set(range, firstPage + pageCount);
    }
    for (const range of this.#memory.mmio2) {
      const { device, instance, description, size } = range;
      const had = (pages.get(range) ?? 0) * PAGE_SIZE;
      if (had === size) continue;
      const detail = `memory '${description}' of ${device}#${instance} had ${had} bytes, and has ${size}`;
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', detail);
    }
  }

  async #loadPages(stream: GetStream, version: number): Promise<void> {
    const pages = new PageReader(stream);
    const data = new Uint8Array(PAGE_SIZE);
    for (;;) {
      const more = pages.next();
      if (typeof more === 'boolean' ? !more : !(await more)) return;
      const bytes = pages.hasData ? await pages.read(data) : undefined;
      this.#loadPage(pages, bytes, version);
      const turn = this.#pace.step();
      if (turn !== undefined) await turn;
    }
  }

  #loadPage(pages: PageReader, bytes: Uint8Array | undefined, version: number): void {
    const { type, range, page, protection } = pages;
    switch (type) {
      case PageType.ramRaw:
      case PageType.ramZero:
      case PageType.ramBallooned:
        this.#loadRam(page, type, bytes, version);
        break;
      case PageType.mmio2Raw:
      case PageType.mmio2Zero:
        this.#loadMmio2(range, page, bytes);
        break;
      case PageType.romVirgin:
        this.#loadRom(range, page, protection, { virgin: bytes as Uint8Array });
        break;
      case PageType.romShadowRaw:
      case PageType.romShadowZero:
        this.#loadRom(range, page, protection, { shadow: bytes ?? new Uint8Array(PAGE_SIZE) });
        break;
      case PageType.romProtection:
        this.#loadRom(range, page, protection, {});
        break;
    }
  }

  #loadRam(number: number, type: PageType, bytes: Uint8Array | undefined, version: number): void {
    const { ram } = this.#memory;
    const page = ram.pageAt(number * PAGE_SIZE);
    if (page < 0) {
      if (type === PageType.ramZero && number >= NO_RAM.from && number < NO_RAM.to) return;
      const detail = `a page of RAM at ${hex(number * PAGE_SIZE)}, where the machine has none`;
      this.#differs('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', detail);
    } else if (bytes !== undefined) {
      ram.note(page);
      ram.bytesOf(page).set(bytes);
    } else {
      // Up to version 12 a page in the balloon stays there when it is saved as zero.
      const stays = version <= PgmVersion.balloon && ram.isBallooned(page);
      ram.clearPage(page, type === PageType.ramBallooned || stays);
    }
  }

  #loadMmio2(id: number, page: number, bytes: Uint8Array | undefined): void {
    const ranges = this.#ranges?.mmio2;
    const saved = ranges?.get(id);
    if (saved === undefined) {
      if (ranges?.has(id)) return;
      throw this.#fail('VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND', `a page of memory ${id}, which the state does not list`);
    }
    const { range, firstPage, pageCount } = saved;
    if (page >= pageCount || firstPage + page >= range.pageCount) {
      const detail = `page ${page} of memory '${range.description}', which has ${range.pageCount}`;
      this.#differs('VERR_PGM_SAVED_MMIO2_PAGE_NOT_FOUND', detail);
    } else if (bytes === undefined) range.page(firstPage + page).fill(0);
    else range.page(firstPage + page).set(bytes);
  }

  #loadRom(id: number, page: number, protection: number, bytes: { virgin?: Uint8Array; shadow?: Uint8Array }): void {
    const ranges = this.#ranges?.rom;
    const rom = ranges?.get(id);
    if (rom === undefined) {
      if (ranges?.has(id)) return;
      throw this.#fail('VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND', `a page of ROM ${id}, which the state does not list`);
    }
    if (page >= rom.pageCount) {
      this.#differs(
        'VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND',
        `page ${page} of ROM '${rom.description}', which has ${rom.pageCount}`,
      );
      return;
    }
    if (bytes.shadow !== undefined && rom.shadow === undefined) {
      const detail = `ROM '${rom.description}' had RAM behind it, and has none`;
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', detail);
    }
    rom.loadPage(page, protection as RomProtection, bytes);
  }
}
