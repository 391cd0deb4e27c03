export * from './decorators.js';
export { describe, layout } from './describe.js';
export { fromBase64, fromHex, toBase64, toHex } from './json/bytes-text.js';
export {
  codecOf,
  decodeJson,
  encodeJson,
  type Json,
  type JsonCodec,
  JsonError,
  type JsonOptions,
  type JsonProblem,
} from './json-codec.js';
export { classRef, descriptorFor, isStateClass, type StateClass, unkindProperties } from './metadata.js';
export * from './model.js';
export { type ClassSlot, slotKey, slotOf, viewOrNew, viewSlotOf } from './slot.js';
