import { type GetStream, type PutStream, SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE, PgmVersion, RomProtection } from './records.js';

/*
 * Guest memory up to version 9 (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3LoadMemoryOld`)
 *
 *     range:  number, first, last, size, has bits, description (from version 7)
 *     pages:  type, protection of shadowed ROM, state, 4096 bytes unless zero      (from version 7)
 *             flags of all pages; then 1 MiB chunks, all 4096 bytes, or nothing    (version 6)
 *     …
 *     end:    0xFFFFFFFF
 *
 * A page of shadowed ROM is there twice: as the guest sees it, then as it does not.
 */

/** The number of a range that ends the list. */
const LAST = 0xffffffff;

const DESCRIPTION_MAX = 255;

/** Pages of the chunks of version 6. */
export const CHUNK_PAGES = 256;

/** Most pages of a range: 64 GiB, of which version 6 has flags in memory. */
const PAGES_MAX = 2 ** 24;

/** Below are the chunks of version 6, from `BIOS` on the ROM at the end of the address space. */
const DEVICES = 0xe0000000n;
const BIOS = 0xfff80000n;

/** What a page is in versions 7 to 9 (`PGMPAGETYPE_OLD`). */
export const OldPageType = { ram: 1, mmio2Alias: 2, romShadow: 3, rom: 4, mmio: 5 } as const;

/** A range of guest memory. */
export interface OldRange {
  /** Guest-physical address of the first byte, and of the last. */
  readonly address: bigint;
  readonly last: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** Its memory was one piece on the host: memory of a device. */
  readonly hasBits: boolean;
  /** From version 7 on. */
  readonly description: string;
  /** Version 6: flags of every page. */
  readonly flags?: Uint16Array;
}

/** One page. */
export interface OldPage {
  /** Index in the range. */
  readonly page: number;
  /** {@link OldPageType}; 0 in version 6. */
  readonly type: number;
  /** {@link RomProtection} of shadowed ROM, else 0. */
  readonly protection: number;
  /** The other page of shadowed ROM: the one that the guest does not see. */
  readonly hidden: boolean;
  /** It has data; else it is zero. */
  readonly hasData: boolean;
}

/** How the pages of a range are stored. */
type Layout = 'pages' | 'chunks' | 'plain' | 'none';

function layoutOf(version: number, { hasBits, last }: OldRange): Layout {
  if (version >= PgmVersion.described) return 'pages';
  if (hasBits) return 'plain';
  if (last < DEVICES) return 'chunks';
  return last < BIOS ? 'none' : 'plain';
}

/** Pages that are stored of a range. */
function pagesOf(version: number, range: OldRange): number {
  return layoutOf(version, range) === 'none' ? 0 : Number(range.size) / PAGE_SIZE;
}

/** Whether there can be such a range. */
function isRange(version: number, range: OldRange): boolean {
  const { address, last, size } = range;
  const whole = (address | size) % BigInt(PAGE_SIZE) === 0n && size > 0n && last === address + size - 1n;
  if (!whole || size / BigInt(PAGE_SIZE) > PAGES_MAX) return false;
  return layoutOf(version, range) !== 'chunks' || pagesOf(version, range) % CHUNK_PAGES === 0;
}

function rangeText({ address, last, size }: OldRange): string {
  return `a range of ${size} bytes from 0x${address.toString(16)} to 0x${last.toString(16)}`;
}

/** Gets ranges and their pages, one at a time; what `nextPage` says of a page is in the properties. */
export class OldMemoryReader implements OldPage {
  page = 0;
  type = 0;
  protection = 0;
  hidden = false;
  hasData = false;
  readonly #stream: GetStream;
  readonly #version: number;
  #sequence = 0;
  #layout: Layout = 'none';
  #next = 0;
  #pages = 0;
  /** The hidden page of the shadowed ROM follows. */
  #twice = false;
  #chunkPresent = false;
  #left = 0;

  /** @param stream stands at the first range. */
  constructor(stream: GetStream, version: number) {
    this.#stream = stream;
    this.#version = version;
  }

  /** The range is one of version 6 that is made of chunks. */
  get isChunk(): boolean {
    return this.#layout === 'chunks';
  }

  /**
   * Goes on to the next range; pages of the one before that were not asked for are skipped.
   *
   * @throws SsmError VERR_SSM_DATA_UNIT_FORMAT_CHANGED.
   */
  async nextRange(): Promise<OldRange | undefined> {
    while (await this.nextPage());
    const stream = this.#stream;
    await stream.ready(4 + 8 + 8 + 8 + 1 + 4 + DESCRIPTION_MAX);
    const sequence = stream.getU32();
    if (sequence === LAST) return undefined;
    if (sequence !== this.#sequence++)
      throw this.#fail(`range ${sequence} of memory where ${this.#sequence - 1} should be`);
    const address = stream.getGCPhys();
    const last = stream.getGCPhys();
    const size = stream.getGCPhys();
    const bits = stream.getU8();
    const description = this.#version >= PgmVersion.described ? stream.getStrZ(DESCRIPTION_MAX) : '';
    const range = { address, last, size, hasBits: bits === 1, description };
    if (bits > 1 || !isRange(this.#version, range)) throw this.#fail(rangeText(range));
    const flags = this.#version < PgmVersion.described ? await this.#flags(Number(size) / PAGE_SIZE) : undefined;
    this.#layout = layoutOf(this.#version, range);
    this.#pages = pagesOf(this.#version, range);
    this.#next = 0;
    return { ...range, ...(flags && { flags }) };
  }

  /** Read in pieces: nothing is allocated for flags that are not there. */
  async #flags(count: number): Promise<Uint16Array> {
    let flags = new Uint16Array(0);
    for (let done = 0; done < count; ) {
      const part = Math.min(count - done, 32768);
      await this.#stream.ready(part * 2);
      if (flags.length < done + part) {
        const grown = new Uint16Array(Math.min(count, Math.max(done + part, flags.length * 2)));
        grown.set(flags);
        flags = grown;
      }
      for (let i = 0; i < part; i++) flags[done++] = this.#stream.getU16();
    }
    return flags;
  }

  /** Goes on to the next page of the range. @returns false after the last. @throws SsmError */
  async nextPage(): Promise<boolean> {
    const stream = this.#stream;
    if (this.#left > 0) await stream.skipReady(this.#left);
    this.#left = 0;
    this.hidden = this.#twice;
    if (!this.hidden && this.#next >= this.#pages) return false;
    if (!this.hidden) this.page = this.#next++;
    if (this.#layout === 'pages') await this.#getPage();
    else {
      if (this.#layout === 'chunks' && this.page % CHUNK_PAGES === 0) {
        await stream.ready(1);
        this.#chunkPresent = this.#flag('a chunk');
      }
      this.hasData = this.#layout === 'plain' || this.#chunkPresent;
    }
    this.#left = this.hasData ? PAGE_SIZE : 0;
    return true;
  }

  async #getPage(): Promise<void> {
    const stream = this.#stream;
    if (!this.hidden) {
      await stream.ready(1);
      this.type = stream.getU8();
      if (this.type < OldPageType.ram || this.type > OldPageType.mmio) throw this.#fail(`a page of type ${this.type}`);
      this.#twice = this.type === OldPageType.romShadow;
      await stream.ready(this.#twice ? 2 : 1);
      this.protection = this.#twice ? stream.getU8() : 0;
      if (this.#twice && !(this.protection >= 1 && this.protection <= RomProtection.readRamWriteRam)) {
        throw this.#fail(`protection ${this.protection} of a ROM page`);
      }
    } else {
      this.#twice = false;
      await stream.ready(1);
    }
    this.hasData = this.#flag('a page');
  }

  #flag(what: string): boolean {
    const flag = this.#stream.getU8();
    if (flag > 1) throw this.#fail(`${what} in state ${flag}`);
    return flag === 1;
  }

  /** Reads the data of the page. @param into {@link PAGE_SIZE} bytes. */
  async read<T extends Uint8Array>(into: T): Promise<T> {
    if (into.length !== this.#left) throw new SsmError('VERR_INVALID_PARAMETER', `a page of ${into.length} bytes`);
    await this.#stream.ready(this.#left);
    this.#left = 0;
    return this.#stream.getMem(into);
  }

  #fail(detail: string): SsmError {
    const where = `in front of byte ${this.#stream.offset} of the unit`;
    return this.#stream.refuse('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', `${detail}, ${where}`);
  }
}

/** Puts ranges and their pages. What a reader would refuse is refused here: VERR_INVALID_PARAMETER. */
export class OldMemoryWriter {
  readonly #stream: PutStream;
  readonly #version: number;
  #sequence = 0;
  #layout: Layout = 'none';
  /** Pages of the range, and the one that comes next. */
  #pages = 0;
  #next = 0;
  /** What comes next is the hidden page of shadowed ROM. */
  #twice = false;
  #chunkPresent = false;

  /** @param stream stands where the first range belongs. */
  constructor(stream: PutStream, version: number) {
    this.#stream = stream;
    this.#version = version;
  }

  /** Puts the head of a range; all of its pages must follow. @throws SsmError */
  beginRange(range: OldRange): void {
    this.#checkComplete();
    const stream = this.#stream;
    const hasFlags = this.#version < PgmVersion.described;
    if (!isRange(this.#version, range)) throw refused(rangeText(range));
    if ((range.flags?.length ?? 0) !== (hasFlags ? Number(range.size) / PAGE_SIZE : 0)) {
      throw refused(`${rangeText(range)} with ${range.flags?.length ?? 0} flags`);
    }
    this.#layout = layoutOf(this.#version, range);
    this.#pages = pagesOf(this.#version, range);
    this.#next = 0;
    stream.putU32(this.#sequence++);
    stream.putGCPhys(range.address);
    stream.putGCPhys(range.last);
    stream.putGCPhys(range.size);
    stream.putU8(range.hasBits ? 1 : 0);
    if (!hasFlags) stream.putStrZ(range.description, DESCRIPTION_MAX);
    for (const flags of range.flags ?? []) stream.putU16(flags);
  }

  /**
   * Puts a page.
   *
   * @param data {@link PAGE_SIZE} bytes; `undefined` for zeros. In version 6 chunks have data or have none. @throws SsmError
   */
  put({ page, type, protection, hidden }: Omit<OldPage, 'hasData'>, data?: Uint8Array): void {
    const stream = this.#stream;
    const twice = this.#layout === 'pages' && type === OldPageType.romShadow;
    this.#checkPage({ page, type, protection, hidden }, data);
    if (this.#layout === 'pages') {
      if (!hidden) stream.putU8(type);
      if (!hidden && twice) stream.putU8(protection);
      stream.putU8(data === undefined ? 0 : 1);
    } else if (this.#layout === 'chunks' && page % CHUNK_PAGES === 0) {
      this.#chunkPresent = data !== undefined;
      stream.putU8(this.#chunkPresent ? 1 : 0);
    }
    if (data !== undefined) stream.putMem(data);
    this.#twice = twice && !hidden;
    if (!this.#twice) this.#next++;
  }

  #checkPage({ page, type, protection, hidden }: Omit<OldPage, 'hasData'>, data: Uint8Array | undefined): void {
    const isNext = page === this.#next && page < this.#pages && hidden === this.#twice;
    if (!isNext) throw refused(`page ${page} where page ${this.#next} of ${this.#pages} is to come`);
    if (data !== undefined && data.length !== PAGE_SIZE) throw refused(`a page of ${data.length} bytes`);
    if (this.#layout === 'pages') {
      if (type < OldPageType.ram || type > OldPageType.mmio || (hidden && type !== OldPageType.romShadow)) {
        throw refused(`a page of type ${type}`);
      }
      const least = type === OldPageType.romShadow ? 1 : 0;
      const most = type === OldPageType.romShadow ? RomProtection.readRamWriteRam : 0;
      if (protection < least || protection > most) throw refused(`protection ${protection} of a page`);
      return;
    }
    const present = this.#layout === 'plain' || (page % CHUNK_PAGES === 0 ? data !== undefined : this.#chunkPresent);
    if ((data !== undefined) !== present) throw refused(`page ${page} ${present ? 'without' : 'with'} data`);
  }

  #checkComplete(): void {
    if (this.#next < this.#pages) throw refused(`page ${this.#next} of ${this.#pages} of the range is missing`);
  }

  /** Puts the end of the list. @throws SsmError where pages are missing. */
  end(): void {
    this.#checkComplete();
    this.#stream.putU32(LAST);
  }
}

function refused(detail: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', detail);
}
