import './streams/round-trip-engine.js';

export { lz4Compress, lz4Decompress, lzfCompress, lzfDecompress } from './codecs/blocks.js';
export { crc32 } from './codecs/crc32.js';
export { LZ4_BLOCK_MAX } from './codecs/lz4.js';
export type { Format } from './containers/formats.js';
export { defaultLimits, type Limits } from './containers/guard.js';
export type {
  Directory,
  DirectoryEntry,
  ProductVersion,
  RecordMark,
  RecordTotals,
  StateHeader,
  UnitHeader,
  UnitStart,
} from './containers/state.js';
export type { V12Header } from './containers/v1/headers.js';
export { V1Writer, type V1WriterOptions } from './containers/v1/writer.js';
export type { FileHeader } from './containers/v2/headers.js';
export type { Compression } from './containers/v2/records.js';
export { V2Writer, type V2WriterOptions } from './containers/v2/writer.js';
export { type ConvertOptions, type ConvertResult, convertState } from './convert/convert.js';
export type { CallbackResult } from './engine/call-unit.js';
export {
  LoadHandle,
  SaveHandle,
  type SelfDescription,
  type SsmAfter,
  SsmHandle,
  type SsmState,
} from './engine/handle.js';
export { LiveSave, type LiveSaveOptions, liveSave } from './engine/live-save.js';
export { type LoadOptions, loadState, type UnknownUnitHandler } from './engine/load.js';
export { type OpenOptions, type OpenState, type OpenUnit, openState, type UnitSize } from './engine/open.js';
export type { OperationOptions } from './engine/operation.js';
export type { Progress, ProgressListener } from './engine/progress.js';
export { type Deregistration, Registry } from './engine/registry.js';
export { describeSave, type SaveOptions, saveState } from './engine/save.js';
export type { SaveResult } from './engine/save-run.js';
export { getSelfDescription, hostOf } from './engine/self-units.js';
export { openForWriting, type StandaloneOptions, type StandaloneWriter } from './engine/standalone.js';
export type { Unit, UnitCallbacks, UnitLock, UnitRegistration, UnitType } from './engine/unit.js';
export { majorVersion, majorVersionChanged, minorVersion } from './engine/unit-version.js';
export { type ValidateOptions, validateState } from './engine/validate.js';
export { type Verdict, type VerifyOptions, verifyState } from './engine/verify.js';
export * from './error.js';
export * from './explain/index.js';
export { MemorySink, MemorySource } from './io/memory.js';
export type { Sink, Source } from './io/sink-source.js';
export {
  type BlobLike,
  BlobSource,
  ReadableStreamSource,
  type ReadableStreamSourceOptions,
  WritableStreamSink,
  type WritableStreamSinkOptions,
} from './io/web-streams.js';
export * from './salvage/index.js';
export * from './status.js';
export * from './streams/index.js';
export * from './teleport/index.js';
export { useWasm, wasmReady } from './wasm/instance.js';
export { canUseWorkers } from './workers/start-worker.js';
