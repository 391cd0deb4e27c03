/*
 * What generated files call, exported as `@ssmkit/runtime/generated`. Not for other code: names and meanings follow the
 * code generator.
 */

import { type Field, StructFlags, type TypedArray } from '@ssmkit/schema';
import type { SsmError } from '../error.js';
import type { GetPrimitives as GetStream } from './get-primitives.js';
import type { PutPrimitives as PutStream } from './put-primitives.js';

export { classRef, codecOf, type Descriptor, type Field, type JsonCodec } from '@ssmkit/schema';
export { countOf } from './conditions.js';
export { getField } from './get-object.js';
export type { GetPrimitives as GetStream } from './get-primitives.js';
export { putField } from './put-object.js';
export type { PutPrimitives as PutStream } from './put-primitives.js';
export { registerGenerated, structClassOf } from './struct-class.js';

type Stream = PutStream | GetStream;

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
export function outOfDomain(stream: Stream, value: number | bigint, field: Field, path: string): SsmError {
  const { min, max, values } = field.domain!;
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    return stream.refuse('VERR_OUT_OF_RANGE', `${value} is outside ${min ?? ''}…${max ?? ''}`, { field: path });
  }
  return stream.refuse('VERR_SSM_ENUM_VALUE_OUT_OF_RANGE', `${value} is none of ${values!.join(', ')}`, {
    field: path,
  });
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
