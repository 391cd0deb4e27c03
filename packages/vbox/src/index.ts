export {
  Catalog,
  type ExplainedVersion,
  type KnownUnit,
  type RawUnit,
  type UnitContext,
  type UnitDefinition,
} from './catalog.js';
export { contextOf, headerContext } from './context.js';
export * from './document/index.js';
export { type CoreFile, type CoreMachine, type CoreSegment, elfCore } from './guest-memory/elf-core.js';
export { type MappedRegion, mappedRegions } from './guest-memory/mapped-regions.js';
export { type AddressRange, ramLayout } from './guest-memory/ram-layout.js';
export { MemoryPattern, searchMemory } from './guest-memory/search.js';
export {
  GuestMemory,
  type GuestMemoryOptions,
  type MemorySegment,
  type MemorySpace,
  type Mmio2Region,
  type PageCounts,
  type Piece,
} from './guest-memory.js';
export { copyPgm, type PgmChanges } from './pgm/copy.js';
export { PageReader } from './pgm/get-pages.js';
export * from './pgm/header.js';
export { getPgmHeader, type PgmHeader, putPgmHeader } from './pgm/header-parts.js';
export { OldMemoryReader, OldMemoryWriter, type OldPage, OldPageType, type OldRange } from './pgm/old-memory.js';
export { isSamePage, isZeroPage } from './pgm/page-bytes.js';
export { PageWriter } from './pgm/put-pages.js';
export {
  hasPageRecords,
  PAGE_SIZE,
  type PageRecord,
  PageType,
  type PageTypeRow,
  PGM,
  PgmVersion,
  pageTypes,
  pgmVersions,
  RomProtection,
  readsShadow,
} from './pgm/records.js';
export { type PgmSurvey, surveyPgm } from './pgm/survey.js';
export { type ReadOptions, readKnownUnit, readUnit } from './read-unit.js';
export { DECODED_MAX, type ReadKnown, type ReadRaw } from './read-with.js';
export {
  type CpuMode,
  type CpuRegisters,
  cpuModeOf,
  type FpuRegisters,
  hasRegisters,
  type Msr,
  type PlainRegister,
  plainRegisters,
  registersOf,
  type SegmentName,
  type SegmentRegister,
  segmentNames,
  type TableRegister,
} from './registers.js';
export { registersText } from './registers-text.js';
export { type SalvagedUnit, salvageUnit } from './salvage-unit.js';
export * from './screen/index.js';
export { unitPieces } from './unit-data.js';
export * from './units/cpum/context.js';
export * from './units/cpum/cpuid.js';
export * from './units/cpum/cpum.js';
export * from './units/cpum/cpum-old.js';
export * from './units/cpum/msrs.js';
export * from './units/cpum/svm.js';
export * from './units/cpum/vmcs.js';
export * from './units/cpum/vmx.js';
export * from './units/cpum/xstate.js';
export * from './units/devices.js';
export { catalog } from './units/index.js';
export * from './units/main/console.js';
export * from './units/main/display.js';
export * from './units/main/hgcm.js';
export * from './units/vmm/execution.js';
export * from './units/vmm/gim.js';
export * from './units/vmm/hm.js';
export * from './units/vmm/pdm.js';
export * from './units/vmm/skipped.js';
export * from './units/vmm/ssm.js';
export * from './units/vmm/time.js';
