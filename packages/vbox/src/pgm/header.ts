import { Bool, GCPhys, GCPtr, Marker, Nested, SsmStream, StrZ, U8, U32, U64 } from '@ssmkit/schema';

// What stands in front of the pages in the unit `pgm`, piece by piece; header-parts.ts says which versions have which.

/** Around what SSMR3PutStruct wrote. */
const STRUCT_BEGIN = 0x19200102;
const STRUCT_END = 0x19920406;

/** The paging mode of a guest CPU (`PGMMODE`). */
export const PagingMode = {
  real: 1,
  protected: 2,
  bits32: 3,
  pae: 4,
  paeNx: 5,
  amd64: 6,
  amd64Nx: 7,
} as const;

/** Address mask of a CPU whose A20 gate is closed. */
export const A20_MASK = 0xffff_ffff_ffef_ffffn;

/** What all CPUs share, from version 9 on (`PGMR3SavedState.cpp, s_aPGMFields`). */
@SsmStream()
export class PgmGlobal {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** The place of VirtualBox's own mappings in the guest was fixed; always false since 7.0. */
  @Bool() mappingsFixed = false;
  @GCPtr() mappingAddress = 0n;
  /** Bytes. */
  @U32() mappingSize = 0;
  /** Pages that the guest gave to the balloon. */
  @U32({ when: 'hasBalloon' }) balloonedPages = 0;
  @Marker('u32', STRUCT_END) declare end: never;

  /** The numbering for ARM starts anew. */
  hasBalloon({ version }: { version: number }): boolean {
    return version >= 12 || version === 1;
  }
}

/** One CPU, from version 9 on; empty for ARM (`PGMR3SavedState.cpp, s_aPGMCpuFields`). */
@SsmStream()
export class PgmCpu {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** The A20 gate is open. */
  @Bool({ since: 9 }) a20Enabled = true;
  /** All ones, or {@link A20_MASK}. */
  @GCPhys({ since: 9 }) a20Mask = 0xffff_ffff_ffff_ffffn;
  /** {@link PagingMode} */
  @U32({ since: 9 }) guestMode = 1;
  /** Guest-physical addresses of PAE's four page directories; all ones where there are none. */
  @U64({ since: 14, count: 4 }) paeDirectories = new BigUint64Array(4).fill(0xffff_ffff_ffff_ffffn);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** Everything in one structure, versions 7 and 8: guests had one CPU (`PGMR3SavedState.cpp, s_aPGMFields_Old`). */
@SsmStream()
export class PgmSingle {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Bool() mappingsFixed = false;
  @GCPtr() mappingAddress = 0n;
  @U32() mappingSize = 0;
  @Bool() a20Enabled = true;
  @GCPhys() a20Mask = 0xffff_ffff_ffff_ffffn;
  /** {@link PagingMode} */
  @U32() guestMode = 1;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** The same in version 6 (`PGMR3SavedState.cpp, pgmR3LoadFinalLocked`). */
@SsmStream()
export class PgmOldest {
  @Bool() mappingsFixed = false;
  @GCPtr() mappingAddress = 0n;
  @U32() mappingSize = 0;
  /** Bytes of RAM; nobody looks at it. */
  @U32() ramSize = 0;
  @GCPhys() a20Mask = 0xffff_ffff_ffff_ffffn;
  @U32() a20Enabled = 1;
  @U32() syncFlags = 0;
  /** {@link PagingMode} */
  @U32() guestMode = 1;
  @Marker('u32', 0xffffffff) declare separator: never;
}

/** A mapping of the guest that VirtualBox had made, up to version 13. */
@SsmStream()
export class PgmMapping {
  /** 0, 1, 2… */
  @U32() sequence = 0;
  @StrZ({ max: 255 }) description = '';
  @GCPtr() address = 0n;
  @GCPtr() pageTables = 0n;
}

/** Those mappings. */
@SsmStream()
export class PgmMappings {
  @Nested(PgmMapping, { end: { sequence: 0xffffffff }, max: 1024 }) mappings: PgmMapping[] = [];
}

/** How much RAM there is (`PGMR3SavedState.cpp, pgmR3SaveRamConfig`). */
@SsmStream()
export class PgmRamConfig {
  /** Bytes below 4 GiB that are no RAM. */
  @U32() hole = 0x2000_0000;
  /** Bytes of RAM. */
  @U64() size = 0n;
}

/** A range of ROM (`PGMR3SavedState.cpp, pgmR3SaveRomRanges`). */
@SsmStream()
export class PgmRomRange {
  /** 1…254: what page records name the range by. */
  @U8() id = 0;
  /** Always empty. */
  @StrZ({ max: 31 }) device = '';
  @U32() instance = 0;
  @U8() region = 0;
  /** `PC BIOS - 0xfffff` */
  @StrZ({ max: 63 }) description = '';
  /** Guest-physical address of the first page. */
  @GCPhys() address = 0n;
  /** Bytes, whole pages. */
  @GCPhys() size = 0n;
}

/** A region of memory that a device has, or a chunk of one (`PGMR3SavedState.cpp, pgmR3SaveMmio2Ranges`). */
@SsmStream()
export class PgmMmio2Range {
  /** 1…254, not related to those of ROM: what page records name the range by. */
  @U8() id = 0;
  /** Name of the device: `vga`, `VMMDev` … */
  @StrZ({ max: 31 }) device = '';
  @U32() instance = 0;
  /** Of a PCI device the number of the region; `GIMDev` has numbers of its own. */
  @U8() region = 0;
  /** `VRam` */
  @StrZ({ max: 63 }) description = '';
  /** Bytes, whole pages. Where the guest sees them only the device knows. */
  @GCPhys() size = 0n;
}

/** All ranges of ROM, and of memory of devices. */
@SsmStream()
export class PgmRanges {
  @Nested(PgmRomRange, { end: { id: 0xff }, max: 254 }) rom: PgmRomRange[] = [];
  @Nested(PgmMmio2Range, { end: { id: 0xff }, max: 254 }) mmio2: PgmMmio2Range[] = [];
}
