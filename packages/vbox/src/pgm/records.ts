/*
 * Facts about the unit `pgm`, the guest's memory (`VirtualBox 7.2 PGMR3SavedState.cpp`)
 *
 *     live pass 0     RAM config, ROM list, MMIO2 list, page records, END
 *     live pass n     page records, END
 *     final pass      global struct, a struct per CPU, mappings (up to version 13)
 *                     without a live pass 0: RAM config (from version 11), ROM list, MMIO2 list
 *                     page records, END
 *
 * Up to version 9 there are no live passes, and in the place of lists and page records range after range with its pages.
 */

/** Name and instance of the unit. */
export const PGM = { name: 'pgm', instance: 1 } as const;

/** Bytes of a guest page. */
export const PAGE_SIZE = 4096;

/** Versions of the unit at which its layout changed. */
export const PgmVersion = {
  /** Guests with ARM CPUs, whose numbering is one of its own. */
  arm: 1,
  /** No markers around the first structure, chunks of RAM. The oldest that is known. */
  oldest: 6,
  /** A description for each range, a record for each page. */
  described: 7,
  /** Several CPUs: a structure for each. VirtualBox 3.0. */
  cpus: 9,
  /** Live passes, page records. The first of V2.0. */
  records: 10,
  /** The size of RAM stands in front of the lists. */
  ramConfig: 11,
  /** Balloon. A page in it that is saved as zero stays there. */
  balloon: 12,
  /** With a list of guest mappings; the last. */
  mappings: 13,
  /** Page directories of PAE in the CPUs' structures. Current. */
  pae: 14,
} as const;

/** Every version that is known. */
export const pgmVersions: readonly number[] = [1, 6, 7, 8, 9, 10, 11, 12, 13, 14];

/** Whether a version has page records, and not ranges with their pages. */
export function hasPageRecords(version: number): boolean {
  return version === PgmVersion.arm || version >= PgmVersion.records;
}

/** What a page record is: the lower seven bits of its first byte. */
export const PageType = {
  ramZero: 0,
  ramRaw: 1,
  mmio2Raw: 2,
  mmio2Zero: 3,
  romVirgin: 4,
  romShadowRaw: 5,
  romShadowZero: 6,
  romProtection: 7,
  ramBallooned: 8,
} as const;
export type PageType = (typeof PageType)[keyof typeof PageType];

/** Bit of a record's first byte: its address follows. Without it the record is for the page after the one before. */
export const ADDRESSED = 0x80;

/** First byte of the record that ends a pass. */
export const END = 0xff;

/** What a record of each type is about, and what follows its address. */
export interface PageTypeRow {
  /** Which memory the page belongs to. */
  readonly memory: 'ram' | 'mmio2' | 'rom';
  /** A byte with the page's protection. */
  readonly hasProtection: boolean;
  /** The page itself. */
  readonly hasData: boolean;
}

/** {@link PageTypeRow} by {@link PageType}. */
export const pageTypes: readonly PageTypeRow[] = [
  { memory: 'ram', hasProtection: false, hasData: false },
  { memory: 'ram', hasProtection: false, hasData: true },
  { memory: 'mmio2', hasProtection: false, hasData: true },
  { memory: 'mmio2', hasProtection: false, hasData: false },
  { memory: 'rom', hasProtection: true, hasData: true },
  { memory: 'rom', hasProtection: true, hasData: true },
  { memory: 'rom', hasProtection: true, hasData: false },
  { memory: 'rom', hasProtection: true, hasData: false },
  { memory: 'ram', hasProtection: false, hasData: false },
];

/** What reads and writes of a shadowed ROM page do (`PGMROMPROT`). */
export const RomProtection = {
  readRomWriteIgnore: 1,
  readRomWriteRam: 2,
  readRamWriteIgnore: 3,
  readRamWriteRam: 4,
} as const;
export type RomProtection = (typeof RomProtection)[keyof typeof RomProtection];

/** Whether the guest sees the RAM behind a shadowed ROM page, and not the ROM. */
export function readsShadow(protection: number): boolean {
  return protection >= RomProtection.readRamWriteIgnore;
}

/** One page record. */
export interface PageRecord {
  readonly type: PageType;
  /** The record has its address, though it may follow from the record before. */
  readonly addressed: boolean;
  /** Of MMIO2 and ROM: id of the range; 0 of RAM. */
  readonly range: number;
  /** Of RAM: guest-physical address / 4096; else index in the range. */
  readonly page: number;
  /** {@link RomProtection} of ROM; else 0. */
  readonly protection: number;
}
