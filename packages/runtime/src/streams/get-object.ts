import {
  type Descriptor,
  type Field,
  type Holds,
  holdsOf,
  kinds,
  memberShape,
  newTypedArray,
  readImage,
  StructFlags,
  type TypedArray,
  valueTypeOf,
  viewOrNew,
  type Wire,
  wireOf,
} from '@ssmkit/schema';
import { SsmError } from '../error.js';
import { countOf, giveWith, inDomain, isPresent } from './conditions.js';
import type { GetPrimitives } from './get-primitives.js';
import { callback, elementHolds, endFields, isRawMember, locate, overflowStatus } from './put-object.js';

/*
 * The reflective engine, getting half
 *
 * Mirrors `put-object.ts`: walks a descriptor and fills an object. The saved host decides how many bytes a field has
 * in the stream, the own host how large a member is that is copied as it is.
 */

type Properties = Record<string, unknown>;
type Shape = Descriptor['shape'];

/** Gets the fields of an object, without markers. */
export function getFields(stream: GetPrimitives, object: object, descriptor: Descriptor, flags: number): void {
  const { fields, shape } = descriptor;
  let i = 0;
  try {
    for (; i < fields.length; i++) {
      const field = fields[i] as Field;
      const there = shape === 'stream' ? isPresent(object, field, stream) : stream.version >= (field.since ?? 0);
      if (there) getField(stream, object as Properties, shape, field, flags);
      else if (field.default !== undefined) (object as Properties)[field.name] = structuredClone(field.default);
    }
  } catch (error) {
    throw stream.fail(locate(error, `${descriptor.name}.${fields[i]?.name}`));
  }
}

/** One field of an object. For generated code: fields that have no fast way. */
export function getField(stream: GetPrimitives, object: Properties, shape: Shape, field: Field, flags: number): void {
  // The kinds that most fields have, without looking further.
  if (field.count === undefined && field.end === undefined && field.domain === undefined) {
    switch (field.kind) {
      case 'u8':
        object[field.name] = stream.getU8();
        return;
      case 'u16':
        object[field.name] = stream.getU16();
        return;
      case 'u32':
        object[field.name] = stream.getU32();
        return;
      case 'bool':
        if (field.as !== undefined) break;
        object[field.name] = stream.getBool();
        return;
      case 'u64':
        if (field.as !== undefined || field.hi !== undefined) break;
        object[field.name] = stream.getU64();
        return;
    }
  }
  const wire = wireOf(shape, field, stream.saved, stream.host, (flags & StructFlags.DONT_IGNORE) !== 0);
  switch (wire.form) {
    case 'zeros':
      stream.skip(wire.bytes);
      return;
    case 'string':
      object[field.name] = field.as === 'bytes' ? stream.getStrZBytes(field.limit) : stream.getStrZ(field.limit);
      return;
    case 'callback':
      callback(object, field.get, stream, flags);
      return;
  }
  if (field.kind === 'marker') getMarker(stream, field, wire);
  else if (isRawMember(shape, field, wire)) getRawMember(stream, object, field);
  else if (field.count === undefined && field.end === undefined) {
    getValue(stream, object, object, field, wire, holdsOf(field), field.name, flags);
  } else getArray(stream, object, field, wire, flags);
}

function getMarker(stream: GetPrimitives, field: Field, wire: Wire): void {
  const value = getInteger(stream, wire, valueTypeOf(field)!.signed);
  if (value !== BigInt(field.value!)) {
    const problem = `0x${value.toString(16)} where the marker 0x${field.value!.toString(16)} must be`;
    throw new SsmError('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', problem);
  }
}

/** Gets one member that is saved as the bytes it has in this host's structure. */
function getRawMember(stream: GetPrimitives, object: Properties, field: Field): void {
  const holds = holdsOf(field);
  const { size } = memberShape(field, stream.host)!;
  if (holds.what === 'bytes' || holds.what === 'typed') {
    const array = existing(object[field.name], holds, field.count as number);
    if (array.byteLength === size) {
      stream.getMem(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      if (field.domain !== undefined) for (const element of array) inDomain(field, element);
      object[field.name] = array;
      return;
    }
  }
  const image = stream.getMem(new Uint8Array(size));
  readImage({ name: field.name, shape: 'struct', fields: [{ ...field, offset: 0 }] }, stream.host, object, image);
  if (field.domain !== undefined)
    for (const element of object[field.name] as Iterable<unknown>) inDomain(field, element);
}

/** The array that the object has already, if it fits; else a new one. */
function existing(value: unknown, holds: Holds, count: number): Uint8Array | TypedArray {
  const name = holds.what === 'typed' ? holds.array : 'Uint8Array';
  const fits = ArrayBuffer.isView(value) && value.constructor.name === name && (value as Uint8Array).length === count;
  return fits ? (value as unknown as Uint8Array) : newTypedArray(name, count);
}

function getArray(stream: GetPrimitives, object: Properties, field: Field, wire: Wire, flags: number): void {
  const holds = holdsOf(field);
  if (field.end !== undefined) {
    object[field.name] = collect(holds, getUntilEnd(stream, object, field, wire, elementHolds(holds), flags));
    return;
  }
  const count = getCount(stream, object, field);
  if (holds.what === 'bytes') {
    object[field.name] = getBytes(stream, object[field.name], count);
    return;
  }
  const items: Properties = {};
  const list: unknown[] = [];
  const element = elementHolds(holds);
  const before = wire.form === 'nested' ? (object[field.name] as readonly unknown[] | undefined) : undefined;
  // The array grows with what is read: a large count in a short unit fails before it has cost anything.
  for (let i = 0; i < count; i++) {
    try {
      if (wire.form === 'nested') items['item'] = viewOrNew(field.class!.target!(), before, i);
      getValue(stream, object, items, field, wire, element, 'item', flags);
    } catch (error) {
      throw locate(error, `[${i}]`);
    }
    list.push(items['item']);
  }
  object[field.name] = collect(holds, list);
}

function getBytes(stream: GetPrimitives, value: unknown, count: number): Uint8Array {
  const target = value instanceof Uint8Array && value.length === count ? value : new Uint8Array(count);
  return stream.getMem(target);
}

/** A list as the array that the property holds. */
function collect(holds: Holds, list: readonly unknown[]): unknown {
  if (holds.what !== 'typed') return list;
  const array = newTypedArray(holds.array, list.length);
  for (const [i, value] of list.entries()) array[i] = value as never;
  return array;
}

function getCount(stream: GetPrimitives, object: Properties, field: Field): number {
  const { count, limit } = field;
  const value =
    typeof count === 'object'
      ? count.stream === 'u8'
        ? stream.getU8()
        : count.stream === 'u16'
          ? stream.getU16()
          : stream.getU32()
      : countOf(object, count!, stream);
  if (limit !== undefined && value > limit)
    throw stream.refuse('VERR_TOO_MUCH_DATA', `${value} elements where at most ${limit} are loaded`);
  return value;
}

function getUntilEnd(
  stream: GetPrimitives,
  object: Properties,
  field: Field,
  wire: Wire,
  holds: Holds,
  flags: number,
): unknown[] {
  const { domain: _, ...withoutDomain } = field;
  const list: unknown[] = [];
  const items: Properties = {};
  for (;;) {
    if (typeof field.end === 'object') {
      const item = new (field.class!.target!())() as Properties;
      giveWith(object, item, field);
      const lead = endFields(field);
      for (const inner of lead) getField(stream, item, 'stream', inner, flags);
      if (lead.every(({ name }) => sameValue(item[name], (field.end as Properties)[name]))) return list;
      getRest(stream, item, field.class!.descriptor(), lead.length, flags);
      items['item'] = item;
    } else {
      getValue(stream, object, items, withoutDomain, wire, holds, 'item', flags);
      if (sameValue(items['item'], field.end)) return list;
      inDomain(field, items['item']);
    }
    list.push(items['item']);
    if (list.length > field.limit!)
      throw stream.refuse('VERR_TOO_MUCH_DATA', `more than ${field.limit} elements before the end marker`);
  }
}

function getRest(stream: GetPrimitives, item: Properties, descriptor: Descriptor, from: number, flags: number): void {
  getFields(stream, item, { ...descriptor, fields: descriptor.fields.slice(from) }, flags);
}

function sameValue(value: unknown, constant: unknown): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 for 64-bit fields
  return value == constant;
}

/** Gets one value of an object into `target[name]`. */
function getValue(
  stream: GetPrimitives,
  outer: Properties,
  target: Properties,
  field: Field,
  wire: Wire,
  holds: Holds,
  name: string,
  flags: number,
): void {
  switch (wire.form) {
    case 'indicator':
      target[name] = present(stream.getU8() !== 0, holds);
      return;
    case 'low32':
      target[name] = getLow32(stream, wire.bytes, flags);
      return;
    case 'nested':
      target[name] = getNested(stream, outer, field, target[name], flags);
      return;
  }
  const value = getInteger(stream, wire, valueTypeOf(field)!.signed);
  if (field.kind === 'hcptr_ni') {
    target[name] = present(value !== 0n, holds);
    return;
  }
  checkAddress(stream, field, value);
  if (holds.what === 'pair') {
    target[name] = Number(BigInt.asUintN(32, value));
    target[holds.hi] = Number(BigInt.asUintN(32, value >> 32n));
    return;
  }
  const converted = holds.what === 'bigint' ? value : holds.what === 'boolean' ? value !== 0n : Number(value);
  if (holds.what === 'number' && !Number.isSafeInteger(converted))
    throw new SsmError('VERR_OUT_OF_RANGE', `${value} is no safe integer`);
  inDomain(field, converted);
  target[name] = converted;
}

/** A loaded host pointer: 1 or 0, as the property holds it. */
function present(there: boolean, holds: Holds): boolean | bigint {
  return holds.what === 'bigint' ? (there ? 1n : 0n) : there;
}

function getLow32(stream: GetPrimitives, bytes: 4 | 8, flags: number): number {
  const low = stream.getU32();
  if (bytes === 8) {
    const high = stream.getU32();
    if (high !== 0 && (flags & StructFlags.SAVED_AS_MEM) === 0) {
      throw new SsmError('VERR_SSM_FIELD_INVALID_VALUE', `the high half of a 32-bit value is 0x${high.toString(16)}`);
    }
  }
  return low;
}

function getNested(stream: GetPrimitives, outer: Properties, field: Field, current: unknown, flags: number): object {
  const target = field.class!.target!();
  const object = typeof current === 'object' && current !== null ? current : new target();
  giveWith(outer, object, field);
  if (field.kind === 'struct' && field.flatten !== true) stream.getStructEx(object, field.flags ?? 0);
  else stream.getPart(target, object, flags);
  return object;
}

/** Refuses a guest address that is wider than the own host's. */
function checkAddress(stream: GetPrimitives, field: Field, value: bigint): void {
  const { gcPhysBytes, gcPtrBytes } = stream.host;
  const { savedWidth } = kinds[field.kind];
  const own = savedWidth === 'gcPhys' ? gcPhysBytes : savedWidth === 'gcPtr' ? gcPtrBytes : 8;
  if (own === 4 && value > 0xffffffffn) {
    throw new SsmError(overflowStatus(field), `0x${value.toString(16)} does not fit in 4 bytes`);
  }
}

function getInteger(stream: GetPrimitives, wire: Wire, signed: boolean): bigint {
  switch ((wire as Wire & { form: 'value' }).bytes) {
    case 1:
      return BigInt(signed ? stream.getS8() : stream.getU8());
    case 2:
      return BigInt(signed ? stream.getS16() : stream.getU16());
    case 4:
      return BigInt(signed ? stream.getS32() : stream.getU32());
    case 8:
      return signed ? stream.getS64() : stream.getU64();
    default:
      return signed ? stream.getS128() : stream.getU128();
  }
}
