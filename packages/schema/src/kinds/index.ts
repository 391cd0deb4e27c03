import type { Kind } from './kind.js';
import { type PrimitiveName, primitives } from './primitives.js';
import { type EntryName, entries } from './transformers.js';

export type { Family, Kind, Transformer, TypedArrayName, ValueType } from './kind.js';
export { transformers } from './kind.js';
export { hostPointer, type PrimitiveName, primitives } from './primitives.js';
export { type EntryName, entries, usesSize64 } from './transformers.js';

/** Name of a row of the table of kinds. */
export type KindName = PrimitiveName | EntryName;

/** The table of kinds. */
export const kinds: Readonly<Record<KindName, Kind>> = { ...primitives, ...entries };

/** The C types that `@Ignore`, `@NoEntry` and `@Callback` may name. */
export type CTypeName = Exclude<PrimitiveName, 'mem' | 'strz'> | 'hcptr';
