import './units/ssm.ssm.js';
import './pgm/header.ssm.js';

export { Catalog, type KnownUnit, type RawUnit, type UnitContext, type UnitDefinition } from './catalog.js';
export { contextOf } from './context.js';
export {
  GuestMemory,
  type GuestMemoryOptions,
  type MemorySegment,
  type MemorySpace,
  type Mmio2Region,
  type PageCounts,
  type Piece,
} from './guest-memory.js';
export { PageReader } from './pgm/get-pages.js';
export * from './pgm/header.js';
export { getPgmHeader, type PgmHeader, putPgmHeader } from './pgm/header-parts.js';
export { OldMemoryReader, OldMemoryWriter, type OldPage, OldPageType, type OldRange } from './pgm/old-memory.js';
export { PageWriter } from './pgm/put-pages.js';
export {
  hasPageRecords,
  PAGE_SIZE,
  type PageRecord,
  PageType,
  PGM,
  PgmVersion,
  pgmVersions,
  RomProtection,
  readsShadow,
} from './pgm/records.js';
export { catalog } from './units/index.js';
