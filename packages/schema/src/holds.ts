import type { Field } from './descriptor.js';
import { kinds, type PrimitiveName, primitives, type TypedArrayName, type ValueType } from './kinds/index.js';

/** What the property of a field holds. */
export type Holds =
  | { readonly what: 'number' | 'bigint' | 'boolean' }
  /** The low 32 bits; the high ones are in the property `hi`. */
  | { readonly what: 'pair'; readonly hi: string }
  /** An array whose elements are all of one width. */
  | { readonly what: 'typed'; readonly array: TypedArrayName; readonly element: 'number' | 'bigint' }
  /** A plain array of numbers, bigints or booleans. */
  | { readonly what: 'list'; readonly element: 'number' | 'bigint' | 'boolean' }
  | { readonly what: 'bytes' }
  | { readonly what: 'string' }
  | { readonly what: 'object' }
  | { readonly what: 'objects' }
  /** The property has no part in saving. */
  | { readonly what: 'nothing' };

/** The values of a field's elements; `undefined` for fields that have none. */
export function valueTypeOf(field: Field): ValueType | undefined {
  if (field.kind !== 'callback' && field.kind !== 'marker') return kinds[field.kind].value;
  return field.type === 'hcptr'
    ? { js: 'bigint', bits: 64, signed: false }
    : primitives[field.type as PrimitiveName].value;
}

/** What the property of a field holds. */
export function holdsOf(field: Field): Holds {
  const { family } = kinds[field.kind];
  const isArray = field.count !== undefined || field.end !== undefined;
  switch (family) {
    case 'ignore':
    case 'old':
    case 'pad':
    case 'marker':
    case 'noentry':
      return { what: 'nothing' };
    case 'mem':
      return { what: 'bytes' };
    case 'strz':
      return { what: field.as === 'bytes' ? 'bytes' : 'string' };
    case 'class':
      return { what: isArray ? 'objects' : 'object' };
    default: {
      const value = valueTypeOf(field)!;
      const js = (field.as as 'number' | 'bigint' | 'boolean' | undefined) ?? value.js;
      if (field.hi !== undefined) return { what: 'pair', hi: field.hi };
      if (!isArray) return { what: js };
      if (value.array === undefined || family === 'pointer') return { what: 'list', element: js };
      return { what: 'typed', array: value.array, element: js as 'number' | 'bigint' };
    }
  }
}

const typedArrays = {
  Uint8Array,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  BigInt64Array,
};

/** Any array that {@link Holds} calls typed. */
export type TypedArray = InstanceType<(typeof typedArrays)[TypedArrayName]>;

/** A new typed array of zeros. */
export function newTypedArray(name: TypedArrayName, length: number): TypedArray {
  return new typedArrays[name](length);
}

/** The least and the greatest value of a scalar's type. */
export function valueRange(value: ValueType): { readonly min: bigint; readonly max: bigint } {
  const bits = BigInt(value.bits);
  return value.signed
    ? { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n }
    : { min: 0n, max: (1n << bits) - 1n };
}
