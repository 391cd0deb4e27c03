/*
 * What generated files call, exported as `@ssmkit/runtime/generated`. Not for other code: names and meanings follow the
 * code generator.
 */

import {
  type Descriptor,
  type Field,
  hosts,
  layout,
  type StateClass,
  StructFlags,
  type TypedArray,
} from '@ssmkit/schema';
import type { SsmError } from '../error.js';
import { inDomain } from './conditions.js';
import { getField as getOneField } from './get-object.js';
import type { GetPrimitives as GetStream } from './get-primitives.js';
import { locate, putField as putOneField } from './put-object.js';
import type { PutPrimitives as PutStream } from './put-primitives.js';

export {
  classRef,
  codecOf,
  type Descriptor,
  type Field,
  type Json,
  type JsonCodec,
  lookUp,
  viewOrNew,
} from '@ssmkit/schema';
export { countOf } from './conditions.js';
export type { GetPrimitives as GetStream } from './get-primitives.js';
export type { PutPrimitives as PutStream } from './put-primitives.js';
export { registerGenerated, structClassOf } from './struct-class.js';
export {
  ArrayMember,
  assign,
  assignAll,
  getBigints,
  getBooleans,
  getPointers,
  getWide,
  getWideNumber,
  initialMemory,
  isSet,
  normalizeBooleans,
  putIndicators,
  StructView,
  setBigints,
  setBooleans,
  setWide,
  setWideNumber,
  viewsOf,
} from './struct-view.js';
export { registerView } from './view-class.js';

type Stream = PutStream | GetStream;

/** Hosts whose layouts generated files have: one of each family of compilers. */
const layoutHosts = ['linux.amd64', 'linux.x86', 'win.x86'] as const;

/** Where C compilers put the members of a structure, as generated files have it: by host. */
export type LateLayout<Name extends string> = Readonly<
  Record<
    (typeof layoutHosts)[number],
    { readonly size: number; readonly align: number; readonly offsets: Readonly<Record<Name, number>> }
  >
>;

/**
 * The layouts of a structure whose members the generator has not all seen, computed when they are asked for.
 *
 * @throws DescriptorError (on access) for wrong use of a decorator.
 */
export function lateLayout<Name extends string>(target: StateClass): LateLayout<Name> {
  const layouts = {};
  for (const host of layoutHosts) {
    const get = () => {
      const { size, align, offsets } = layout(target, hosts[host]);
      return { size, align, offsets: Object.fromEntries(offsets) };
    };
    Object.defineProperty(layouts, host, { get, enumerable: true });
  }
  return layouts as LateLayout<Name>;
}

/** Puts one field as the reflective engine does: fields that have no fast way. */
export function putField(
  stream: PutStream,
  object: object,
  descriptor: Descriptor,
  index: number,
  flags: number,
): void {
  const field = descriptor.fields[index] as Field;
  try {
    putOneField(stream, object as never, descriptor.shape, field, flags);
  } catch (error) {
    throw within(stream, error, `${descriptor.name}.${field.name}`);
  }
}

/** Gets one field as the reflective engine does: fields that have no fast way. */
export function getField(
  stream: GetStream,
  object: object,
  descriptor: Descriptor,
  index: number,
  flags: number,
): void {
  const field = descriptor.fields[index] as Field;
  try {
    getOneField(stream, object as never, descriptor.shape, field, flags);
  } catch (error) {
    throw within(stream, error, `${descriptor.name}.${field.name}`);
  }
}

/** A failure inside a nested object, with the way to it, stored in the stream. */
export function within(stream: Stream, error: unknown, path: string): SsmError {
  return stream.fail(locate(error, path));
}

/** The bytes of a typed array. */
export function bytesOf(array: TypedArray): Uint8Array {
  return array instanceof Uint8Array ? array : new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Whether a value has any of the bits. */
export function hasBits(value: number | bigint, mask: number): boolean {
  return (BigInt(value) & BigInt(mask)) !== 0n;
}

/** A signed or unsigned 64-bit value as a safe integer. @throws SsmError VERR_OUT_OF_RANGE */
export function safeInteger(stream: Stream, low: number, high: number, field: string): number {
  const value = high * 0x1_0000_0000 + low;
  if (!Number.isSafeInteger(value)) throw unsafe(stream, value, field);
  return value;
}

/** VERR_OUT_OF_RANGE for a number that is no safe integer. */
export function unsafe(stream: Stream, value: number, field: string): SsmError {
  return stream.refuse('VERR_OUT_OF_RANGE', `${value} is no safe integer`, { field });
}

/** VERR_INVALID_PARAMETER for an array of the wrong length. */
export function wrongLength(stream: Stream, found: number, expected: number, field: string): SsmError {
  return stream.refuse('VERR_INVALID_PARAMETER', `${found} elements where there must be ${expected}`, { field });
}

/** VERR_TOO_MUCH_DATA for more elements than a field may have. */
export function tooMany(stream: Stream, found: number, limit: number, field: string): SsmError {
  return stream.refuse('VERR_TOO_MUCH_DATA', `${found} elements where at most ${limit} are loaded`, { field });
}

/** VERR_OUT_OF_RANGE or VERR_SSM_ENUM_VALUE_OUT_OF_RANGE for a value outside a field's domain. */
export function outOfDomain(stream: Stream, value: number | bigint, descriptor: Descriptor, index: number): SsmError {
  const field = descriptor.fields[index] as Field;
  try {
    inDomain(field, value);
  } catch (error) {
    return within(stream, error, `${descriptor.name}.${field.name}`);
  }
  throw new RangeError(`${value} is inside the domain of ${descriptor.name}.${field.name}`);
}

/** VERR_SSM_DATA_UNIT_FORMAT_CHANGED for a marker that is not there. */
export function badMarker(stream: Stream, value: number | bigint, expected: number | bigint, field: string): SsmError {
  const problem = `0x${value.toString(16)} where the marker 0x${expected.toString(16)} must be`;
  return stream.refuse('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', problem, { field });
}

/** VERR_SSM_FIELD_INVALID_VALUE for a pointer that must hold 32 bits and holds more. */
export function tooWide(stream: Stream, value: number, field: string): SsmError {
  return stream.refuse('VERR_SSM_FIELD_INVALID_VALUE', `0x${value.toString(16)} does not fit in 32 bits`, { field });
}

/** Refuses the high half of a pointer that must hold 32 bits, unless it was saved as plain memory. */
export function highHalf(stream: GetStream, high: number, flags: number, field: string): void {
  if ((flags & StructFlags.SAVED_AS_MEM) !== 0) return;
  const problem = `the high half of a 32-bit value is 0x${high.toString(16)}`;
  throw stream.refuse('VERR_SSM_FIELD_INVALID_VALUE', problem, { field });
}
