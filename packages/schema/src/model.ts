/*
 * The model without the decorators and the codecs, which load reflect-metadata and io-ts: what tools need that read
 * decorators from source files. Exported as `@ssmkit/schema/model`; `@ssmkit/schema` has all of it, too.
 */

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
export * from './descriptor.js';
export * from './field-table.js';
export { holdsForeign, nestedDescriptor } from './foreign.js';
export * from './holds.js';
export * from './host.js';
export * from './image.js';
export * from './kinds/index.js';
export * from './layout.js';
export { giveWith, isPresent, isSame, lookUp, type UnitContext } from './presence.js';
export * from './wire.js';
