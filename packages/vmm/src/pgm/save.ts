import { type PutStream, SsmError } from '@ssmkit/runtime';
import {
  isZeroPage,
  PageType,
  PageWriter,
  PgmGlobal,
  type PgmHeader,
  PgmMmio2Range,
  PgmRamConfig,
  PgmRanges,
  PgmRomRange,
  putPgmHeader,
} from '@ssmkit/vbox';
import type { GuestMemory } from './guest-memory.js';
import { Pace, type Turns } from './pace.js';
import type { RomRange } from './rom.js';
import { WatchedMmio2 } from './watched-mmio2.js';

/*
 * How guest memory is saved (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3LiveExec` and `pgmR3SaveExec`)
 *
 *     suspended                    ROM, RAM behind ROM, memory of devices, RAM; all pages once
 *     running   pass 0             ROM, RAM behind ROM
 *               pass 1             RAM
 *               pass 2, 3 …        changed RAM behind ROM, memory of devices, changed RAM
 *               last, suspended    what has changed since
 *
 * A page that was written since the pass before waits: it will be written again, and be saved in vain. In real states the
 * same shows: memory of a device that is not zero comes in pass 3 at the earliest, and a page of RAM that is always being
 * written only in the last pass. RAM behind ROM does not wait; it is rarely written twice.
 */

/** A ROM during a save. */
interface SavedRom {
  readonly rom: RomRange;
  readonly id: number;
  /** Protections that were saved. */
  readonly protections: Uint8Array;
}

/** Guest memory being saved, from the first pass to the last. */
export class MemorySave {
  readonly #memory: GuestMemory;
  readonly #pace: Pace;
  readonly #roms: readonly SavedRom[];
  readonly #mmio2: readonly WatchedMmio2[];
  /** Page records that were put. */
  savedPages = 0;

  constructor(memory: GuestMemory, turns: Turns) {
    this.#memory = memory;
    this.#pace = new Pace(turns);
    this.#roms = memory.roms.map((rom, i) => ({ rom, id: i + 1, protections: new Uint8Array(rom.pageCount) }));
    this.#mmio2 = memory.mmio2.map((range, i) => new WatchedMmio2(range, i + 1));
  }

  /** Begins a live save: from now on changes are noted. */
  watch(): void {
    this.#memory.ram.watch();
  }

  /** Ends it. */
  end(): void {
    this.#memory.ram.unwatch();
  }

  /** Puts a live pass. */
  async pass(stream: PutStream, pass: number): Promise<void> {
    if (pass === 0) putPgmHeader(stream, { cpus: [], ...this.#lists() });
    const pages = new PageWriter(stream);
    if (pass === 0) await this.#putRoms(stream, pages);
    if (pass >= 2) {
      await this.#putRomChanges(stream, pages);
      await this.#putMmio2(stream, pages, (range, page) => range.takeQuiet(page));
    }
    const { ram } = this.#memory;
    if (pass >= 1) await this.#putRam(stream, pages, (page) => ram.takeQuiet(page));
    pages.end();
  }

  /** Puts the last pass. @param afterLive there were others. */
  async last(stream: PutStream, afterLive: boolean): Promise<void> {
    const { ram, cpus } = this.#memory;
    this.#checkRanges();
    const global = Object.assign(new PgmGlobal(), { balloonedPages: ram.balloonedPages });
    putPgmHeader(stream, {
      global,
      cpus: cpus.map((cpu) => cpu.saveState()),
      ...(!afterLive && this.#lists()),
    });
    const pages = new PageWriter(stream);
    if (afterLive) await this.#putRomChanges(stream, pages);
    else await this.#putRoms(stream, pages);
    await this.#putMmio2(stream, pages, (range, page) => range.takeDirty(page));
    await this.#putRam(stream, pages, afterLive ? (page) => ram.takeDirty(page) : () => true);
    pages.end();
  }

  /** Pages that are not saved as they are. */
  countDirty(): number {
    const mmio2 = this.#mmio2.reduce((sum, { unsaved }) => sum + unsaved, 0);
    let roms = 0;
    for (const saved of this.#roms) {
      for (let page = 0; page < saved.rom.pageCount; page++) if (this.#isChanged(saved, page)) roms++;
    }
    return this.#memory.ram.countDirty() + mmio2 + roms;
  }

  /** Pages there are, RAM behind ROM included. */
  countPages(): number {
    const roms = this.#roms.reduce((sum, { rom }) => sum + rom.pageCount * (rom.shadow === undefined ? 1 : 2), 0);
    return this.#memory.ram.pageCount + this.#mmio2.reduce((sum, { range }) => sum + range.pageCount, 0) + roms;
  }

  /** What of the header tells which memory there is. */
  #lists(): Pick<PgmHeader, 'ramConfig' | 'ranges'> {
    const { ram } = this.#memory;
    const ranges = Object.assign(new PgmRanges(), {
      rom: this.#roms.map(({ id, rom: { description, address, size } }) =>
        Object.assign(new PgmRomRange(), { id, description, address: BigInt(address), size: BigInt(size) }),
      ),
      mmio2: this.#mmio2.map(({ id, range: { device, instance, region, description, size } }) =>
        Object.assign(new PgmMmio2Range(), { id, device, instance, region, description, size: BigInt(size) }),
      ),
    });
    return { ramConfig: Object.assign(new PgmRamConfig(), { hole: ram.hole, size: BigInt(ram.size) }), ranges };
  }

  /** The lists were written in the first pass. @throws SsmError VERR_WRONG_ORDER where they are no longer true. */
  #checkRanges(): void {
    const { roms, mmio2 } = this.#memory;
    const isListed =
      roms.length === this.#roms.length &&
      mmio2.length === this.#mmio2.length &&
      this.#roms.every(({ rom }, i) => rom === roms[i]) &&
      this.#mmio2.every(({ range, pageCount }, i) => range === mmio2[i] && range.pageCount === pageCount);
    if (isListed) return;
    throw new SsmError('VERR_WRONG_ORDER', 'ROM or memory of a device came or went while the machine was saved live');
  }

  async #putRoms(stream: PutStream, pages: PageWriter): Promise<void> {
    for (const { rom, id, protections } of this.#roms) {
      for (let page = 0; page < rom.pageCount; page++) {
        const protection = rom.protectionOf(page);
        protections[page] = protection;
        pages.putRom(id, page, protection, rom.virginPage(page));
        const waiting = this.#put(stream);
        if (waiting !== undefined) await waiting;
      }
    }
    for (const { rom, id } of this.#roms) {
      if (rom.shadow === undefined) continue;
      for (let page = 0; page < rom.pageCount; page++) {
        rom.takeWritten(page);
        pages.putShadow(id, page, rom.protectionOf(page), unlessZero(rom.shadowPage(page)));
        const waiting = this.#put(stream);
        if (waiting !== undefined) await waiting;
      }
    }
  }

  async #putRomChanges(stream: PutStream, pages: PageWriter): Promise<void> {
    for (const saved of this.#roms) {
      const { rom, id, protections } = saved;
      for (let page = 0; page < rom.pageCount; page++) {
        if (!this.#isChanged(saved, page)) continue;
        const protection = rom.protectionOf(page);
        protections[page] = protection;
        if (rom.takeWritten(page)) pages.putShadow(id, page, protection, unlessZero(rom.shadowPage(page)));
        else pages.put({ type: PageType.romProtection, range: id, page, protection });
        const waiting = this.#put(stream);
        if (waiting !== undefined) await waiting;
      }
    }
  }

  #isChanged({ rom, protections }: SavedRom, page: number): boolean {
    return rom.isWritten(page) || rom.protectionOf(page) !== protections[page];
  }

  async #putMmio2(
    stream: PutStream,
    pages: PageWriter,
    take: (range: WatchedMmio2, page: number) => boolean,
  ): Promise<void> {
    for (const watched of this.#mmio2) {
      const { range, id } = watched;
      for (let page = 0; page < range.pageCount; page++) {
        if (!take(watched, page)) continue;
        pages.putMmio2(id, page, unlessZero(range.page(page)));
        const waiting = this.#put(stream);
        if (waiting !== undefined) await waiting;
      }
    }
  }

  async #putRam(stream: PutStream, pages: PageWriter, take: (page: number) => boolean): Promise<void> {
    const { ram } = this.#memory;
    for (const page of ram.pages()) {
      if (!take(page)) continue;
      const number = ram.guestPageOf(page);
      if (ram.isBallooned(page)) pages.putBallooned(number);
      else pages.putRam(number, ram.isZero(page) ? undefined : ram.bytesOf(page));
      const waiting = this.#put(stream);
      if (waiting !== undefined) await waiting;
    }
  }

  /** A page was put: the sink and the guest may have their turn. */
  #put(stream: PutStream): Promise<void> | undefined {
    this.savedPages++;
    const draining = stream.drain();
    const turn = this.#pace.step();
    return draining === undefined || turn === undefined ? (draining ?? turn) : draining.then(() => turn);
  }
}

/** A page, or nothing where it is zero: the writer looks, too, but takes longer. */
function unlessZero(page: Uint8Array | undefined): Uint8Array | undefined {
  return page === undefined || isZeroPage(page) ? undefined : page;
}
