import type { Field } from '@ssmkit/schema';
import { SsmError } from '../error.js';

/** What conditions and counts may ask of the stream. */
export interface StreamContext {
  readonly version: number;
}

type Properties = Record<string, unknown>;

/** The value of a field, getter or method. */
function lookUp(object: Properties, name: string, stream: StreamContext): unknown {
  const value = object[name];
  return typeof value === 'function' ? value.call(object, stream) : value;
}

/** Whether a field of a stream class is there, by the unit version and by its condition. */
export function isPresent(object: object, field: Field, stream: StreamContext): boolean {
  if (field.since !== undefined && stream.version < field.since) return false;
  if (field.until !== undefined && stream.version > field.until) return false;
  return field.when === undefined || holds(object as Properties, field.when, stream);
}

function holds(object: Properties, when: NonNullable<Field['when']>, stream: StreamContext): boolean {
  if (typeof when === 'string') return Boolean(lookUp(object, when, stream));
  const value = lookUp(object, when.field, stream) as number;
  // Loose equality between number and bigint is what a condition on a 64-bit field means.
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1
  const same = (constant: unknown) => value == constant;
  if (when.is !== undefined && !same(when.is)) return false;
  if (when.not !== undefined && same(when.not)) return false;
  if (when.mask !== undefined && (BigInt(value) & BigInt(when.mask)) === 0n) return false;
  if (when.min !== undefined && value < when.min) return false;
  return when.max === undefined || value <= when.max;
}

/** The number of elements that a constant, a field, a getter or a method says. */
export function countOf(object: object, count: number | string, stream: StreamContext): number {
  if (typeof count === 'number') return count;
  const value = Number(lookUp(object as Properties, count, stream));
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new SsmError('VERR_OUT_OF_RANGE', `the count '${count}' is ${value}`);
  }
  return value;
}

/** Refuses a value outside the field's domain. */
export function inDomain(field: Field, value: unknown): void {
  const { domain } = field;
  if (domain === undefined) return;
  const number = value as number;
  if ((domain.min !== undefined && number < domain.min) || (domain.max !== undefined && number > domain.max)) {
    throw new SsmError('VERR_OUT_OF_RANGE', `${number} is outside ${domain.min ?? ''}…${domain.max ?? ''}`);
  }
  if (domain.values !== undefined && !isListed(domain.values, number)) {
    throw new SsmError('VERR_SSM_ENUM_VALUE_OUT_OF_RANGE', `${number} is none of ${domain.values.join(', ')}`);
  }
}

function isListed(values: readonly (number | bigint)[], value: number | bigint): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: a 64-bit field may list plain numbers
  return values.some((candidate) => candidate == value);
}
