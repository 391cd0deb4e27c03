import './streams/round-trip-engine.js';

export { crc32 } from './codecs/crc32.js';
export { lzfCompress, lzfDecompress } from './codecs/lzf.js';
export type { Format } from './containers/formats.js';
export { defaultLimits, type Limits } from './containers/guard.js';
export type {
  Directory,
  DirectoryEntry,
  ProductVersion,
  RecordTotals,
  StateHeader,
  UnitHeader,
  UnitStart,
} from './containers/state.js';
export type { FileHeader } from './containers/v2/headers.js';
export { V2Writer, type V2WriterOptions } from './containers/v2/writer.js';
export {
  type CallbackResult,
  LoadHandle,
  SaveHandle,
  type SelfDescription,
  SsmHandle,
} from './engine/handle.js';
export { type LoadOptions, loadState, type UnknownUnitHandler } from './engine/load.js';
export { type OpenOptions, type OpenState, type OpenUnit, openState, type UnitSize } from './engine/open.js';
export { type Deregistration, Registry } from './engine/registry.js';
export { describeSave, type SaveOptions, type SaveResult, saveState } from './engine/save.js';
export { getSelfDescription, hostOf } from './engine/self-units.js';
export type { Unit, UnitCallbacks, UnitRegistration, UnitType } from './engine/unit.js';
export { validateState } from './engine/validate.js';
export { type Verdict, verifyState } from './engine/verify.js';
export * from './error.js';
export { MemorySink, MemorySource } from './io/memory.js';
export type { Sink, Source } from './io/sink-source.js';
export * from './status.js';
export * from './streams/index.js';
