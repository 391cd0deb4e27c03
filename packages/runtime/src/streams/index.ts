export { GetStream } from './get-stream.js';
export { type RecordSink, RUN_MAX, STRZ_MAX } from './put-primitives.js';
export { PutStream } from './put-stream.js';
export type { TableOptions } from './put-table.js';
export { NeedMore, RECORD_MAX, type RecordSource, type SavedHost } from './record-source.js';
export {
  type GeneratedClass,
  registerGenerated,
  STRUCT_BEGIN,
  STRUCT_END,
  structClassOf,
} from './struct-class.js';
export { StructView } from './struct-view.js';
export { getFrom, putInto } from './unit-data.js';
