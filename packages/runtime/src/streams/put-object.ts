import {
  type Descriptor,
  type Field,
  type Holds,
  holdsOf,
  memberShape,
  newImage,
  StructFlags,
  valueTypeOf,
  type Wire,
  wireOf,
  writeImage,
} from '@ssmkit/schema';
import { SsmError } from '../error.js';
import type { SsmFailure } from '../status.js';
import { countOf, giveWith, inDomain, isPresent } from './conditions.js';
import type { PutPrimitives } from './put-primitives.js';

/*
 * The reflective engine, putting half
 *
 * Walks a descriptor and puts each field of an object. Generated code does the same for one class at a time, faster;
 * where the two could differ (the sizes of items, the order, the checks), this file is the reference. `get-object.ts`
 * mirrors it.
 */

type Properties = Record<string, unknown>;
type Shape = Descriptor['shape'];

/** Puts the fields of an object, without markers. */
export function putFields(stream: PutPrimitives, object: object, descriptor: Descriptor, flags: number): void {
  const { fields, shape } = descriptor;
  let i = 0;
  try {
    for (; i < fields.length; i++) {
      const field = fields[i] as Field;
      if (shape === 'struct' || isPresent(object, field, stream)) {
        putField(stream, object as Properties, shape, field, flags);
      }
    }
  } catch (error) {
    throw stream.fail(locate(error, `${descriptor.name}.${fields[i]?.name}`));
  }
}

/** A failure inside a field, with the field's path; a wrong type becomes VERR_INVALID_PARAMETER. */
export function locate(error: unknown, path: string): SsmError {
  if (error instanceof SsmError) {
    const inner = error.where.field;
    // A nested class has named its own part of the path: 'Channel.mode' inside 'Pit.channels' is 'Pit.channels.mode'.
    const rest = inner === undefined ? '' : (/[.[].*/.exec(inner)?.[0] ?? `.${inner}`);
    return new SsmError(
      error.status,
      error.detail,
      { ...error.where, field: path + rest },
      { cause: error.cause ?? error },
    );
  }
  const problem = error instanceof Error ? error.message : String(error);
  return new SsmError('VERR_INVALID_PARAMETER', problem, { field: path }, { cause: error });
}

/** A property's value where a number must be. */
function number(value: unknown): number {
  expectType(value, 'number');
  return value as number;
}

/** Refuses a value of the wrong type. */
function expectType(value: unknown, type: string): void {
  if (typeof value !== type) {
    throw new SsmError('VERR_INVALID_PARAMETER', `expected a ${type}, found ${value === null ? 'null' : typeof value}`);
  }
}

/** One field of an object. For generated code: fields that have no fast way. */
export function putField(stream: PutPrimitives, object: Properties, shape: Shape, field: Field, flags: number): void {
  // The kinds that most fields have, without looking further.
  if (field.count === undefined && field.end === undefined && field.domain === undefined) {
    const value = object[field.name];
    switch (field.kind) {
      case 'u8':
      case 's8':
        stream.putU8(number(value));
        return;
      case 'u16':
      case 's16':
        stream.putU16(number(value));
        return;
      case 'u32':
      case 's32':
        stream.putU32(number(value));
        return;
      case 'bool':
        if (typeof value !== 'boolean' || field.as !== undefined) break;
        stream.putBool(value);
        return;
      case 'u64':
      case 's64':
        if (typeof value !== 'bigint' || field.as !== undefined || field.hi !== undefined) break;
        stream.putU64(value);
        return;
    }
  }
  const wire = wireOf(shape, field, stream.host, stream.host, (flags & StructFlags.DONT_IGNORE) !== 0);
  switch (wire.form) {
    case 'zeros':
      stream.putZeros(wire.bytes);
      return;
    case 'string':
      putString(stream, object[field.name], field);
      return;
    case 'callback':
      callback(object, field.put, stream, flags);
      return;
  }
  if (field.kind === 'u32_zx_u64') {
    throw new SsmError('VERR_SSM_FIELD_LOAD_ONLY_TRANSFORMATION', 'a 32-bit value read into 64 bits cannot be saved');
  }
  if (field.kind === 'marker') putInteger(stream, field, wire, BigInt(field.value!));
  else if (isRawMember(shape, field, wire)) putRawMember(stream, object, field);
  else if (field.count === undefined && field.end === undefined) {
    putValue(stream, object, field, wire, holdsOf(field), object[field.name], flags);
  } else putArray(stream, object, field, wire, flags);
}

/** Whether a member of a structure is copied as one item: an array, or a structure, without a transformation. */
export function isRawMember(shape: Shape, field: Field, wire: Wire): boolean {
  if (shape !== 'struct') return false;
  return (
    wire.form === 'image' ||
    wire.form === 'bytes' ||
    (field.count !== undefined && wire.form === 'value' && !isPointerArray(field))
  );
}

/** The arrays that SSMFIELD saves element by element: RCPTR_ARRAY and HCPTR_NI_ARRAY. */
function isPointerArray(field: Field): boolean {
  return field.kind === 'rcptr' || field.kind === 'hcptr_ni';
}

/** Puts one member as the bytes it has in the host's structure: one item, however large. */
function putRawMember(stream: PutPrimitives, object: Properties, field: Field): void {
  const value = object[field.name];
  if (field.domain !== undefined) for (const element of value as Iterable<unknown>) inDomain(field, element);
  const expected = field.count as number;
  if (ArrayBuffer.isView(value)) {
    const { length } = value as Uint8Array;
    if (length !== expected) throw wrongLength(length, expected);
    // RTGCUINT and its kin are narrower on hosts of old, and then not what the array holds.
    if (value.byteLength === memberShape(field, stream.host)!.size) {
      stream.putMem(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return;
    }
  }
  expectType(value, 'object');
  if (Array.isArray(value) && value.length !== expected) throw wrongLength(value.length, expected);
  const member: Descriptor = { name: field.name, shape: 'struct', fields: [{ ...field, offset: 0 }] };
  const image = newImage(member, stream.host);
  writeImage(member, stream.host, object, image);
  stream.putMem(image);
}

function wrongLength(length: number, expected: number | string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `${length} elements where there must be ${expected}`);
}

function putString(stream: PutPrimitives, value: unknown, field: Field): void {
  if (field.as === 'bytes') stream.putStrZBytes(value as Uint8Array, field.limit);
  else {
    expectType(value, 'string');
    stream.putStrZ(value as string, field.limit);
  }
}

/** Runs a method that a field names. @throws SsmError VERR_SSM_FIELD_INVALID_CALLBACK when there is none. */
export function callback(object: Properties, method: string | undefined, stream: unknown, flags: number): void {
  const run = method === undefined ? undefined : object[method];
  if (typeof run !== 'function') {
    throw new SsmError(
      'VERR_SSM_FIELD_INVALID_CALLBACK',
      method === undefined ? 'the callback names no method for this' : `'${method}' is no method`,
    );
  }
  run.call(object, stream, flags);
}

function putArray(stream: PutPrimitives, object: Properties, field: Field, wire: Wire, flags: number): void {
  const items = object[field.name] as ArrayLike<unknown>;
  putCount(stream, object, field, items.length);
  if (wire.form === 'bytes') {
    stream.putMem(items as Uint8Array);
    return;
  }
  const holds = elementHolds(holdsOf(field));
  for (let i = 0; i < items.length; i++) {
    try {
      putValue(stream, object, field, wire, holds, items[i], flags);
    } catch (error) {
      throw locate(error, `[${i}]`);
    }
  }
  putEnd(stream, field, wire);
}

/** What one element of an array holds. */
export function elementHolds(holds: Holds): Holds {
  if (holds.what === 'objects') return { what: 'object' };
  return holds.what === 'typed' || holds.what === 'list' ? { what: holds.element } : holds;
}

function putCount(stream: PutPrimitives, object: Properties, field: Field, length: number): void {
  const { count, limit } = field;
  if (limit !== undefined && length > limit) {
    throw new SsmError('VERR_TOO_MUCH_DATA', `${length} elements where at most ${limit} are loaded`);
  }
  if (count === undefined) return;
  if (typeof count === 'object') {
    if (count.stream === 'u8') stream.putU8(length);
    else if (count.stream === 'u16') stream.putU16(length);
    else stream.putU32(length);
    return;
  }
  const expected = countOf(object, count, stream);
  if (length !== expected)
    throw wrongLength(length, typeof count === 'string' ? `${expected}, as '${count}' says` : expected);
}

function putEnd(stream: PutPrimitives, field: Field, wire: Wire): void {
  const { end } = field;
  if (end === undefined) return;
  if (typeof end === 'object') {
    for (const inner of endFields(field)) putField(stream, end as Properties, 'stream', inner, 0);
  } else putInteger(stream, field, wire, BigInt(end));
}

/** The leading fields of a nested class that tell the end of an array. */
export function endFields(field: Field): readonly Field[] {
  return field.class!.descriptor().fields.slice(0, Object.keys(field.end as object).length);
}

function putValue(
  stream: PutPrimitives,
  object: Properties,
  field: Field,
  wire: Wire,
  holds: Holds,
  value: unknown,
  flags: number,
): void {
  switch (wire.form) {
    case 'indicator':
      expectType(value, holds.what);
      stream.putBool(Boolean(value));
      return;
    case 'low32':
      if (number(value) > 0xffffffff) {
        throw new SsmError('VERR_SSM_FIELD_INVALID_VALUE', `0x${number(value).toString(16)} does not fit in 32 bits`);
      }
      stream.putU32(number(value));
      if (wire.bytes === 8) stream.putU32(0);
      return;
    case 'nested':
      expectType(value, 'object');
      giveWith(object, value as object, field);
      if (field.kind === 'struct' && field.flatten !== true) stream.putStructEx(value as object, field.flags ?? 0);
      else stream.putPart(field.class!.target!(), value as object, flags);
      return;
    default:
      inDomain(field, value);
      putInteger(stream, field, wire, integerOf(object, field, holds, value));
  }
}

/** A scalar's value as an integer, whatever the property holds. */
function integerOf(object: Properties, field: Field, holds: Holds, value: unknown): bigint {
  if (holds.what === 'pair') return BigInt(number(value) >>> 0) | (BigInt(number(object[holds.hi]) >>> 0) << 32n);
  expectType(value, holds.what);
  if (holds.what === 'number' && !Number.isSafeInteger(value)) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${value} in ${field.kind} is no safe integer`);
  }
  return BigInt(value as number | bigint | boolean);
}

/** Puts an integer; an address that the host's width cannot hold is an error. */
function putInteger(stream: PutPrimitives, field: Field, wire: Wire, value: bigint): void {
  const { bytes } = wire as Wire & { form: 'value' };
  if (bytes === 4 && value > 0xffffffffn && valueTypeOf(field)?.bits === 64) {
    throw new SsmError(overflowStatus(field), `0x${value.toString(16)} does not fit in 4 bytes`);
  }
  switch (bytes) {
    case 1:
      stream.putU8(Number(BigInt.asUintN(8, value)));
      return;
    case 2:
      stream.putU16(Number(BigInt.asUintN(16, value)));
      return;
    case 4:
      stream.putU32(Number(BigInt.asUintN(32, value)));
      return;
    case 8:
      stream.putU64(value);
      return;
    default:
      stream.putU128(value);
  }
}

/** What an address too wide for its 4 bytes fails with. */
export function overflowStatus(field: Field): SsmFailure {
  if (field.kind === 'hcptr_ni') return 'VERR_SSM_FIELD_INVALID_VALUE';
  return field.kind === 'gcphys' ? 'VERR_SSM_GCPHYS_OVERFLOW' : 'VERR_SSM_GCPTR_OVERFLOW';
}
