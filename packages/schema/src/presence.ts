import type { Field } from './descriptor.js';

/** What conditions and counts may ask of the stream that is written or read. */
export interface UnitContext {
  /** Version of the unit. */
  readonly version: number;
}

type Properties = Readonly<Record<string, unknown>>;

/** The value of a field, a getter or a method (which is called with the stream). */
export function lookUp(object: object, name: string, context: UnitContext): unknown {
  const value = (object as Properties)[name];
  return typeof value === 'function' ? value.call(object, context) : value;
}

/** Gives a nested object the properties that its field says. */
export function giveWith(outer: object, nested: object, field: Field): void {
  for (const name of field.with ?? []) (nested as Record<string, unknown>)[name] = (outer as Properties)[name];
}

/** Whether a field of a stream class is there, by the unit version and by its condition. */
export function isPresent(object: object, field: Field, context: UnitContext): boolean {
  if (field.since !== undefined && context.version < field.since) return false;
  if (field.until !== undefined && context.version > field.until) return false;
  return field.when === undefined || conditionHolds(object, field.when, context);
}

function conditionHolds(object: object, when: NonNullable<Field['when']>, context: UnitContext): boolean {
  if (typeof when === 'string') return Boolean(lookUp(object, when, context));
  const value = lookUp(object, when.field, context) as number;
  if (when.is !== undefined && !isSame(value, when.is)) return false;
  if (when.not !== undefined && isSame(value, when.not)) return false;
  if (when.mask !== undefined && (BigInt(value) & BigInt(when.mask)) === 0n) return false;
  if (when.min !== undefined && value < when.min) return false;
  return when.max === undefined || value <= when.max;
}

/** Whether a value is a constant of a descriptor, which may be a plain number where the field is 64 bits wide. */
export function isSame(value: unknown, constant: unknown): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1
  return value == constant;
}
