export { withAutoPadding } from './auto-pad.js';
export type { ClassMembers } from './check/members.js';
export { checkDescriptor } from './check.js';
export {
  type ClassCall,
  type ClassOptions,
  classDecorators,
  descriptorOf,
  type FieldCall,
  fieldOf,
  signatures,
} from './decorator-calls.js';
export * from './decorators.js';
export { describe, layout } from './describe.js';
export * from './descriptor.js';
export * from './field-table.js';
export * from './holds.js';
export * from './host.js';
export * from './image.js';
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
export * from './kinds/index.js';
export * from './layout.js';
export {
  type ClassSlot,
  classRef,
  descriptorFor,
  isStateClass,
  type StateClass,
  slotKey,
  slotOf,
  unkindProperties,
} from './metadata.js';
export { isPresent, isSame, lookUp, type UnitContext } from './presence.js';
export * from './wire.js';
