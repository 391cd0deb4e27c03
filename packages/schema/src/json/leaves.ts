import * as t from 'io-ts';
import type { Domain, Field } from '../descriptor.js';
import { type Holds, newTypedArray, type TypedArray, valueRange, valueTypeOf } from '../holds.js';
import { kinds, type ValueType } from '../kinds/index.js';
import { isSame } from '../presence.js';
import { fromBase64, fromHex, toBase64, toHex } from './bytes-text.js';
import type { Json } from './json-error.js';

/** Tells of a problem: of the value, or of one of its elements. */
export type Report = (problem: string, index?: number) => void;

/** The JSON form of a property that holds no object. What is returned after a report has no meaning. */
export interface Leaf {
  readonly type: t.Any;
  fromJson(json: unknown, report: Report): unknown;
  toJson(value: unknown, report: Report): Json;
}

/** How bytes are written. */
export type BytesForm = 'base64' | 'hex';

/** Most UTF-8 bytes of a string that can be saved. */
const STRZ_MAX = 1_048_576;

function leaf(name: string, fromJson: Leaf['fromJson'], toJson: Leaf['toJson']): Leaf {
  const isClean = (run: (report: Report) => void): boolean => {
    let clean = true;
    run(() => {
      clean = false;
    });
    return clean;
  };
  const type = new t.Type<unknown, Json, unknown>(
    name,
    (value): value is unknown => isClean((report) => toJson(value, report)),
    (json, context) => {
      const problems: string[] = [];
      const value = fromJson(json, (problem) => problems.push(problem));
      return problems.length === 0
        ? t.success(value)
        : t.failures(problems.map((message) => ({ value: json, context, message })));
    },
    (value) => toJson(value, () => {}),
  );
  return { type, fromJson, toJson };
}

/** The JSON form of a field whose property holds numbers, booleans, bytes or a string. */
export function leafOf(field: Field, holds: Holds, bytes: BytesForm): Leaf {
  switch (holds.what) {
    case 'bytes':
      return bytesLeaf(field, bytes);
    case 'string':
      return stringLeaf(field.limit ?? STRZ_MAX);
    case 'typed':
    case 'list':
      return arrayLeaf(field, holds, elementLeaf(field, holds.element));
    case 'pair':
      return integerLeaf(valueTypeOf(field)!, 'bigint', field.domain);
    default:
      return elementLeaf(field, holds.what as 'number' | 'bigint' | 'boolean');
  }
}

function elementLeaf(field: Field, js: 'number' | 'bigint' | 'boolean'): Leaf {
  return js === 'boolean' ? booleanLeaf : integerLeaf(valueTypeOf(field)!, js, field.domain);
}

/** What was found, short enough for a message. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

const booleanLeaf: Leaf = (() => {
  const check = (value: unknown, report: Report): boolean => {
    if (typeof value !== 'boolean') report(`expected true or false, found ${found(value)}`);
    return value as boolean;
  };
  return leaf('boolean', check, check);
})();

/*
 * Integers: up to 32 bits are JSON numbers; 64 and 128 bits are decimal strings, because JSON's readers round large
 * numbers, unless the property is a safe integer itself (`as: 'number'`). Minus zero becomes zero: no integer type has
 * it, and a stream would not keep it.
 */
function integerLeaf(value: ValueType, js: 'number' | 'bigint', domain: Domain | undefined): Leaf {
  const isWide = value.bits > 32;
  const { min, max, values } = boundsOf(value, js, domain);
  const expected = values === undefined ? `an integer from ${min} to ${max}` : `one of ${values.join(', ')}`;
  const isIn = (integer: bigint) =>
    integer >= min && integer <= max && (values === undefined || values.some((listed) => isSame(integer, listed)));
  return leaf(
    expected,
    (json, report) => {
      const integer = integerOf(json, isWide);
      if (integer === undefined || !isIn(integer)) report(`expected ${expected}, found ${found(json)}`);
      return js === 'number' ? Number(integer ?? 0n) : integer;
    },
    (property, report) => {
      const isInteger = js === 'bigint' ? typeof property === 'bigint' : Number.isSafeInteger(property);
      const integer = isInteger ? BigInt(property as number | bigint) : undefined;
      if (integer === undefined || !isIn(integer)) {
        report(`expected ${expected}${js === 'bigint' ? ' as a bigint' : ''}, found ${found(property)}`);
      }
      return js === 'number' ? Number(integer ?? 0n) : String(integer);
    },
  );
}

interface Bounds {
  readonly min: bigint;
  readonly max: bigint;
  readonly values: Domain['values'];
}

/** What a value may be: by the width of its kind, by what the property can hold, and by its domain. */
export function boundsOf(value: ValueType, js: 'number' | 'bigint', domain: Domain = {}): Bounds {
  let { min, max } = valueRange(value);
  const narrow = (low: number | bigint, high: number | bigint) => {
    if (BigInt(low) > min) min = BigInt(low);
    if (BigInt(high) < max) max = BigInt(high);
  };
  if (js === 'number') narrow(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  narrow(domain.min ?? min, domain.max ?? max);
  return { min, max, values: domain.values?.filter((listed) => listed >= min && listed <= max) };
}

/** The integer that a JSON value says; `undefined` when it says none. */
function integerOf(json: unknown, isWide: boolean): bigint | undefined {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : undefined;
  // 128 bits have 39 digits; longer texts are refused before they cost anything.
  if (!isWide || typeof json !== 'string' || json.length > 80) return undefined;
  const [, sign, digits] = /^(-?)(\d+|0x[0-9a-f]+)$/i.exec(json) ?? [];
  if (digits === undefined) return undefined;
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

function stringLeaf(limit: number): Leaf {
  const check = (value: unknown, report: Report): string => {
    if (typeof value !== 'string') report(`expected a string, found ${found(value)}`);
    else if (!value.isWellFormed()) report('expected a string with a UTF-8 form, found a lone surrogate');
    else {
      const size = utf8Length(value);
      if (size > limit) report(`expected at most ${limit} bytes of UTF-8, found ${size}`);
    }
    return value as string;
  };
  return leaf('string', check, check);
}

/** Bytes of a well-formed string's UTF-8 form. */
export function utf8Length(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) size += 2;
    else if (unit >= 0x80) size++;
  }
  return size;
}

/** Complains about a number of elements that the field cannot have. */
export function checkLength(field: Field, length: number, unit: string, report: Report): void {
  const { count, limit } = field;
  if (typeof count === 'number' && length !== count) report(`expected ${count} ${unit}, found ${length}`);
  if (limit !== undefined && length > limit) report(`expected at most ${limit} ${unit}, found ${length}`);
}

function bytesLeaf(field: Field, form: BytesForm): Leaf {
  const decode = form === 'hex' ? fromHex : fromBase64;
  const encode = form === 'hex' ? toHex : toBase64;
  return leaf(
    form,
    (json, report) => {
      const bytes = typeof json === 'string' ? decode(json) : undefined;
      if (bytes === undefined) report(`expected bytes as ${form}, found ${found(json)}`);
      else checkLength(field, bytes.length, 'bytes', report);
      return bytes;
    },
    (value, report) => {
      if (!(value instanceof Uint8Array)) {
        report(`expected a Uint8Array, found ${found(value)}`);
        return null;
      }
      checkLength(field, value.length, 'bytes', report);
      return encode(value);
    },
  );
}

function arrayLeaf(field: Field, holds: Holds & { what: 'typed' | 'list' }, element: Leaf): Leaf {
  const isArray = (value: unknown) =>
    holds.what === 'list' ? Array.isArray(value) : Object.prototype.toString.call(value) === `[object ${holds.array}]`;
  const each = (items: ArrayLike<unknown>, report: Report, convert: Leaf['fromJson'] | Leaf['toJson']) =>
    Array.from(items, (item, i) => convert(item, (problem) => report(problem, i)));
  return leaf(
    `array of ${element.type.name}`,
    (json, report) => {
      if (!Array.isArray(json)) {
        report(`expected an array, found ${found(json)}`);
        return undefined;
      }
      checkLength(field, json.length, 'elements', report);
      const list = each(json, report, element.fromJson);
      return holds.what === 'list' ? list : typedArray(newTypedArray(holds.array, list.length), list);
    },
    (value, report) => {
      if (!isArray(value)) {
        report(`expected ${holds.what === 'list' ? 'an array' : `a ${holds.array}`}, found ${found(value)}`);
        return null;
      }
      const items = value as ArrayLike<unknown>;
      checkLength(field, items.length, 'elements', report);
      return each(items, report, element.toJson) as Json[];
    },
  );
}

/** Fills an array of zeros with values of its width; others are left out, for they have been reported. */
function typedArray(array: TypedArray, list: readonly unknown[]): TypedArray {
  const type = typeof array[0];
  for (const [i, value] of list.entries()) if (typeof value === type) array[i] = value as never;
  return array;
}

/** Whether the JSON form of a field may be absent: in some versions, or under some condition, the field is not there. */
export function mayBeAbsent(field: Field): boolean {
  return field.since !== undefined || field.until !== undefined || field.when !== undefined;
}

/** Whether the property of a field is part of the JSON form. */
export function hasJson(field: Field): boolean {
  const { family } = kinds[field.kind];
  return !['ignore', 'old', 'pad', 'marker', 'noentry'].includes(family);
}
