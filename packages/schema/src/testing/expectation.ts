import type { Descriptor, Field } from '../descriptor.js';
import { type Holds, holdsOf } from '../holds.js';
import { giveWith, isPresent } from '../presence.js';

/*
 * What a load leaves
 *
 * The rules of spec 03 §3, written down once more and apart from the engines: what each property of an object must hold
 * after it was loaded from what another object saved. `prepare` marks what a load must not touch, `expectLoaded` does
 * to an object what a load must do, and `difference` compares.
 */

type Properties = Record<string, unknown>;

/** Stands in properties that a load must not touch. */
const untouched = Symbol('untouched');
/** Stands where a class's own methods decide. */
const anything = Symbol('anything');

/** Marks the properties of a new object that a load of a unit version must leave alone. */
export function prepare(descriptor: Descriptor, object: object, version: number): void {
  const properties = object as Properties;
  for (const field of descriptor.fields) {
    const holds = holdsOf(field);
    const isNewer = descriptor.shape === 'struct' && (field.since ?? 0) > version && field.default === undefined;
    if (holds.what === 'nothing' || isNewer) properties[field.name] = untouched;
    else if (isMergedInto(descriptor, field) && isObject(properties[field.name])) {
      prepare(field.class!.descriptor(), properties[field.name] as object, version);
    }
  }
}

/** Whether loading a nested object fills the one that is there, instead of making a new one. */
function isMergedInto(descriptor: Descriptor, field: Field): boolean {
  return holdsOf(field).what === 'object' && (descriptor.shape === 'stream' || field.flatten === true);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Does to `object` what loading a unit version must do when `saved` was saved.
 *
 * @param inMemory the load fills a C structure's memory, which knows no `default`.
 */
export function expectLoaded(
  descriptor: Descriptor,
  saved: object,
  object: object,
  version: number,
  inMemory = false,
): void {
  const from = saved as Properties;
  const to = object as Properties;
  for (const field of descriptor.fields) {
    const holds = holdsOf(field);
    if (!isLoaded(descriptor, field, object, version)) {
      if (inMemory) markAnything(field, to);
      else if (field.default !== undefined) to[field.name] = structuredClone(field.default);
    } else if (holds.what !== 'nothing') {
      to[field.name] = loadedValue(descriptor, field, holds, from[field.name], to, version, inMemory);
      if (holds.what === 'pair') to[holds.hi] = from[holds.hi];
    }
  }
}

function markAnything(field: Field, object: Properties): void {
  object[field.name] = anything;
  if (field.hi !== undefined) object[field.hi] = anything;
}

/** Whether a load of a unit version gets a field, for an object that has its earlier fields. */
function isLoaded(descriptor: Descriptor, field: Field, object: object, version: number): boolean {
  return descriptor.shape === 'stream' ? isPresent(object, field, { version }) : (field.since ?? 0) <= version;
}

function loadedValue(
  descriptor: Descriptor,
  field: Field,
  holds: Holds,
  value: unknown,
  object: Properties,
  version: number,
  inMemory: boolean,
): unknown {
  if (field.kind === 'callback') return anything;
  if (field.kind === 'hcptr_ni') return Array.isArray(value) ? value.map(indicator) : indicator(value);
  if (field.class === undefined) return copyOf(value);
  const nested = field.class.descriptor();
  const isImage = descriptor.shape === 'struct' && field.flatten !== true;
  const current = object[field.name];
  const one = (item: unknown, into: object): object => {
    giveWith(object, into, field);
    if (isImage) copyMembers(nested, item as object, into);
    else expectLoaded(nested, item as object, into, version, inMemory);
    return into;
  };
  const fresh = () => new (field.class!.target!())();
  if (holds.what === 'objects') return (value as readonly unknown[]).map((item) => one(item, fresh()));
  return one(value, isMergedInto(descriptor, field) && isObject(current) ? current : fresh());
}

/** A loaded host pointer: 1 where there was one. */
function indicator(pointer: unknown): boolean | bigint {
  if (typeof pointer === 'boolean') return pointer;
  return pointer === 0n ? 0n : 1n;
}

function copyOf(value: unknown): unknown {
  return isObject(value) ? structuredClone(value) : value;
}

/** What copying a C structure's bytes does: every member, as it is, whatever its entry would do. */
function copyMembers(descriptor: Descriptor, saved: object, object: object): void {
  const from = saved as Properties;
  const to = object as Properties;
  for (const field of descriptor.fields) {
    const holds = holdsOf(field);
    const value = from[field.name];
    const one = (item: unknown) => {
      const copy = new (field.class!.target!())();
      copyMembers(field.class!.descriptor(), item as object, copy);
      return copy;
    };
    if (holds.what === 'object') to[field.name] = one(value);
    else if (holds.what === 'objects') to[field.name] = (value as readonly unknown[]).map(one);
    else if (holds.what !== 'nothing') to[field.name] = copyOf(value);
    if (holds.what === 'pair') to[holds.hi] = from[holds.hi];
  }
}

/** The first difference between what was expected and what was loaded, with its path; `undefined` for none. */
export function difference(descriptor: Descriptor, expected: object, actual: object, path: string): string | undefined {
  for (const field of descriptor.fields) {
    const names = field.hi === undefined ? [field.name] : [field.name, field.hi];
    for (const name of names) {
      const found = different(field, (expected as Properties)[name], (actual as Properties)[name], `${path}.${name}`);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function different(field: Field, expected: unknown, actual: unknown, path: string): string | undefined {
  if (expected === anything || Object.is(expected, actual)) return undefined;
  if (expected === untouched) return `${path} was touched: ${text(actual)}`;
  if (!isObject(expected) || !isObject(actual)) return `${path} is ${text(actual)}, expected ${text(expected)}`;
  if (!Array.isArray(expected) && !ArrayBuffer.isView(expected)) {
    return field.class === undefined ? undefined : difference(field.class.descriptor(), expected, actual, path);
  }
  const [wanted, got] = [expected, actual] as readonly [ArrayLike<unknown>, ArrayLike<unknown>];
  if (wanted.constructor !== got.constructor) return `${path} is a ${got.constructor.name}`;
  if (wanted.length !== got.length) return `${path} has ${got.length} elements, expected ${wanted.length}`;
  for (let i = 0; i < wanted.length; i++) {
    const found = different(field, wanted[i], got[i], `${path}[${i}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function text(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return String(value.description);
  return isObject(value) ? (value.constructor?.name ?? 'an object') : String(JSON.stringify(value));
}
