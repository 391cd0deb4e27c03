export { GetStream, NeedMore, RECORD_MAX, type RecordSource, type SavedHost } from './get-stream.js';
export { PutStream, type RecordSink, RUN_MAX, STRZ_MAX, type TableOptions } from './put-stream.js';
export {
  type GeneratedClass,
  registerGenerated,
  STRUCT_BEGIN,
  STRUCT_END,
  structClassOf,
} from './struct-class.js';
