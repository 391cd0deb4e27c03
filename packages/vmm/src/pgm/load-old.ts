import type { GetStream, SsmFailure } from '@ssmkit/runtime';
import {
  isZeroPage,
  OldMemoryReader,
  type OldPage,
  OldPageType,
  type OldRange,
  PAGE_SIZE,
  type RomProtection,
  readsShadow,
} from '@ssmkit/vbox';
import type { GuestMemory } from './guest-memory.js';
import type { Mmio2Range } from './mmio2.js';
import type { Pace } from './pace.js';
import { hex } from './page.js';
import type { RomRange } from './rom.js';

/**
 * Loads guest memory of versions 6 to 9: range after range, with all its pages (`VirtualBox 7.2 PGMR3SavedState.cpp,
 * pgmR3LoadMemoryOld`). A range of RAM has the pages of ROM that lie in it. Memory of a device is found by where it is
 * mapped, or by its description, since the device itself is loaded later.
 */
export class OldMemoryLoad {
  readonly #memory: GuestMemory;
  readonly #differs: (status: SsmFailure, message: string) => void;
  readonly #pace: Pace;

  /** @param differs throws, or lets what has no place be passed over. */
  constructor(memory: GuestMemory, differs: (status: SsmFailure, message: string) => void, pace: Pace) {
    this.#memory = memory;
    this.#differs = differs;
    this.#pace = pace;
  }

  /** @throws SsmError VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH, VERR_SSM_LOAD_CONFIG_MISMATCH; what is wrong with the data. */
  async load(stream: GetStream, version: number): Promise<void> {
    const reader = new OldMemoryReader(stream, version);
    const data = new Uint8Array(PAGE_SIZE);
    for (;;) {
      const range = await reader.nextRange();
      if (range === undefined) return;
      const device = this.#deviceMemory(range);
      while (await reader.nextPage()) {
        const bytes = reader.hasData ? await reader.read(data) : undefined;
        const loaded = this.#loadPage(range, device, reader, bytes);
        if (!loaded && bytes !== undefined && !isZeroPage(bytes)) this.#misplaced(range, reader);
        const turn = this.#pace.step();
        if (turn !== undefined) await turn;
      }
    }
  }

  /** The memory of a device that a range is of. */
  #deviceMemory({ address, size, hasBits, description }: OldRange): Mmio2Range | undefined {
    const { mmio2 } = this.#memory;
    const mapped = mmio2.find((each) => each.address !== undefined && BigInt(each.address) === address);
    const found = mapped ?? (hasBits ? mmio2.find((each) => each.description === description) : undefined);
    if (found !== undefined && BigInt(found.size) !== size) {
      const detail = `memory '${found.description}' had ${size} bytes, and has ${found.size}`;
      this.#differs('VERR_SSM_LOAD_CONFIG_MISMATCH', detail);
    }
    return found;
  }

  /** @returns whether the page has a place. */
  #loadPage(range: OldRange, device: Mmio2Range | undefined, old: OldPage, bytes: Uint8Array | undefined): boolean {
    if (old.type === OldPageType.mmio) return true;
    if (device !== undefined) {
      if (old.page >= device.pageCount) return false;
      if (bytes === undefined) device.page(old.page).fill(0);
      else device.page(old.page).set(bytes);
      return true;
    }
    const address = Number(range.address) + old.page * PAGE_SIZE;
    const mapping = this.#memory.mappingAt(address);
    if (mapping?.kind === 'rom') {
      this.#loadRom(mapping as RomRange, address, old, bytes);
      return true;
    }
    const { ram } = this.#memory;
    const page = ram.pageAt(address);
    if (page < 0) return false;
    if (bytes === undefined) ram.clearPage(page);
    else {
      ram.note(page);
      ram.bytesOf(page).set(bytes);
    }
    return true;
  }

  /** Of a page of shadowed ROM first comes what the guest sees, then the other. */
  #loadRom(rom: RomRange, address: number, { type, protection, hidden }: OldPage, bytes?: Uint8Array): void {
    const page = (address - rom.address) / PAGE_SIZE;
    const content = bytes ?? new Uint8Array(PAGE_SIZE);
    if (type !== OldPageType.romShadow) rom.loadPage(page, rom.protectionOf(page), { virgin: content });
    else {
      const isShadow = readsShadow(protection) !== hidden;
      rom.loadPage(page, protection as RomProtection, isShadow ? { shadow: content } : { virgin: content });
    }
  }

  #misplaced({ address, description }: OldRange, { page, type }: OldPage): void {
    const at = hex(Number(address) + page * PAGE_SIZE);
    const isRom = type === OldPageType.rom || type === OldPageType.romShadow;
    const status = isRom ? 'VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND' : 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH';
    this.#differs(
      status,
      `a page of '${description}' at ${at}, where the machine has ${isRom ? 'no ROM' : 'no memory'}`,
    );
  }
}
