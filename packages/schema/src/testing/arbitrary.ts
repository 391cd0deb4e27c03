import fc from 'fast-check';
import type { Descriptor, Field } from '../descriptor.js';
import { type Holds, holdsOf, newTypedArray } from '../holds.js';
import { defaultHost, type HostProfile } from '../host.js';
import { hasJson } from '../json/leaves.js';
import { descriptorFor, type StateClass } from '../metadata.js';
import { giveWith, isPresent, isSame, lookUp, type UnitContext } from '../presence.js';
import { slotOf } from '../slot.js';
import { byteRuns, counterOf, lengths, mostCounted, scalarOf, strings } from './values.js';

/** What instances are drawn for. */
export interface ArbitraryOptions {
  /** Version of the unit; the newest where not given. Fields that it does not have keep the initialiser or `default`. */
  readonly version?: number;
  /** Guest addresses and host pointers fit all of these; `linux.amd64` where not given. */
  readonly hosts?: readonly HostProfile[];
  /**
   * What is drawn for a field instead, by property name or, in nested objects, by path (`'channels.mode'`). A pair is
   * one bigint. Arrays are taken as they come, and a field that counts them follows.
   */
  readonly fields?: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  /** Usual most elements of arrays without a constant count; 8 where not given. */
  readonly maxLength?: number;
}

/*
 * Ingredients and making
 *
 * Which fields are there, and how long arrays are, may depend on earlier fields, getters and methods. Drawing one field
 * after the other would make that easy and counterexamples hard to shrink. So ingredients for every field are drawn
 * independently, and an object is made from them, field by field in stream order: a field that is not there leaves
 * its ingredients unused, an array takes as many as it needs, from the start again when they run out. The same
 * ingredients always make the same object, and smaller ones a smaller object.
 */

/** How a field gets its value. */
interface Recipe {
  readonly field: Field;
  readonly ingredients: fc.Arbitrary<unknown>;
  /** The property's value, for an object that has its earlier fields. */
  make(ingredients: unknown, object: object): unknown;
}

/** Ingredients that make no object that could be saved: they are drawn anew. */
class Unusable extends Error {}

/** How often in a row ingredients may be unusable. */
const MAX_RETRIES = 1000;

/** How often a class may contain itself before its arrays of itself are empty. */
const MAX_NESTING = 3;

type Properties = Record<string, unknown>;

/**
 * Instances of a decorated class that can be saved and loaded: values in range and domain, with edges; arrays as long
 * as their counts say; strings with a UTF-8 form.
 *
 * @throws DescriptorError for a class that is not decorated; RangeError for a domain without values.
 */
export function arbitraryOf<T extends object>(target: StateClass<T>, options: ArbitraryOptions = {}): fc.Arbitrary<T> {
  const cook = new Cook(options);
  const { ingredients, make } = cook.object(target, options.fields ?? {}, []);
  let retries = 0;
  return ingredients
    .map((drawn): T | Unusable => {
      try {
        const object = make(drawn) as T;
        retries = 0;
        return object;
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        if (++retries > MAX_RETRIES) throw new RangeError(`${error.message}; draw what it depends on with 'fields'`);
        return error;
      }
    })
    .filter((made): made is T => !(made instanceof Unusable));
}

class Cook {
  readonly #context: UnitContext;
  readonly #hosts: readonly HostProfile[];
  readonly #usual: number;

  constructor(options: ArbitraryOptions) {
    this.#context = { version: options.version ?? 0xffffffff };
    this.#hosts = options.hosts ?? [defaultHost];
    this.#usual = options.maxLength ?? 8;
  }

  object(
    target: StateClass,
    overrides: Readonly<Record<string, fc.Arbitrary<unknown>>>,
    outer: readonly StateClass[],
  ): { ingredients: fc.Arbitrary<unknown>; make(ingredients: unknown, prepare?: (object: object) => void): object } {
    const decorated = slotOf(target).target;
    const descriptor = descriptorFor(decorated);
    const path = [...outer, decorated];
    const recipes = descriptor.fields.filter(hasJson).map((field): Recipe => {
      const override = overrides[field.name];
      if (override !== undefined) return { field, ingredients: override, make: (value) => value };
      return this.#recipe(descriptor, field, inside(overrides, field.name), path);
    });
    const followed = followedArrays(recipes, overrides);
    return {
      ingredients: fc.tuple(...recipes.map(({ ingredients }) => ingredients)),
      make: (drawn, prepare) => {
        const object = new target();
        prepare?.(object);
        for (const [i, { field, make }] of recipes.entries()) {
          const values = drawn as readonly unknown[];
          const array = followed.get(field.name);
          if (!this.#isThere(descriptor, field, object)) absent(object, field);
          else if (array !== undefined) assign(object, field, countIn(field, values[array]));
          else assign(object, field, make(values[i], object));
        }
        return object;
      },
    };
  }

  #isThere(descriptor: Descriptor, field: Field, object: object): boolean {
    if (descriptor.shape === 'struct') return this.#context.version >= (field.since ?? 0);
    return isPresent(object, field, this.#context);
  }

  #recipe(
    descriptor: Descriptor,
    field: Field,
    overrides: ArbitraryOptions['fields'] & object,
    path: readonly StateClass[],
  ): Recipe {
    const holds = holdsOf(field);
    const counted = descriptor.fields.filter(({ count }) => count === field.name);
    if (counted.length > 0) {
      const most = Math.min(...counted.map((array) => (isEmptyHere(array, path) ? 0 : (array.limit ?? 0))));
      return { field, ingredients: counterOf(field, most, this.#usual), make: (count) => count };
    }
    switch (holds.what) {
      case 'string':
        return { field, ingredients: strings(field.limit ?? 4096), make: (text) => text };
      case 'bytes':
        return this.#bytes(descriptor, field);
      case 'object': {
        const { ingredients, make } = this.#nested(field, overrides, path);
        return {
          field,
          ingredients,
          make: (drawn, object) => make(drawn, (nested) => giveWith(object, nested, field)),
        };
      }
      case 'objects':
      case 'typed':
      case 'list':
        return this.#array(descriptor, field, holds, overrides, path);
      default: {
        const js = holds.what === 'pair' ? 'bigint' : (holds.what as 'number' | 'bigint' | 'boolean');
        return { field, ingredients: scalarOf(field, js, this.#hosts), make: (value) => value };
      }
    }
  }

  #nested(field: Field, overrides: ArbitraryOptions['fields'] & object, path: readonly StateClass[]) {
    if (!isEmptyHere(field, path)) return this.object(field.class!.target!(), overrides, path);
    const tooDeep = (): never => {
      throw new Unusable(`${field.name}: contains itself without an end`);
    };
    return { ingredients: fc.constant(undefined), make: tooDeep };
  }

  #bytes(descriptor: Descriptor, field: Field): Recipe {
    const { count, limit } = field;
    if (typeof count === 'number') return { field, ingredients: byteRuns(fc.constant(count)), make: copyOf };
    if (typeof count !== 'string') {
      const most = Math.min(limit ?? 4096, count === undefined ? 0xffffffff : mostCounted(count.stream));
      return { field, ingredients: byteRuns(lengths(0, most, this.#usual)), make: copyOf };
    }
    return {
      field,
      ingredients: byteRuns(lengths(1, Math.max(limit!, 1), this.#usual)),
      make: (bytes, object) => {
        const run = bytes as Uint8Array;
        return Uint8Array.from({ length: this.#count(descriptor, field, object) }, (_, i) => run[i % run.length]!);
      },
    };
  }

  #array(
    descriptor: Descriptor,
    field: Field,
    holds: Holds,
    overrides: ArbitraryOptions['fields'] & object,
    path: readonly StateClass[],
  ): Recipe {
    const { count, limit, end } = field;
    const isEmpty = isEmptyHere(field, path);
    const js = holds.what === 'typed' || holds.what === 'list' ? holds.element : 'number';
    const element =
      holds.what === 'objects'
        ? this.#nested(field, overrides, path)
        : { ingredients: scalarOf(field, js, this.#hosts), make: (value: unknown): unknown => value };
    // Deep trees stay small: what contains itself has fewer elements at every level.
    const usual = Math.max(1, this.#usual >> (2 * (path.length - new Set(path).size)));
    const isFree = typeof count === 'object' || end !== undefined;
    const most = typeof count === 'object' ? Math.min(limit!, mostCounted(count.stream)) : (limit ?? 0);
    // Where not many elements are allowed, any number of them is as likely, and so is the limit.
    const isSmall = isFree && most <= usual * 2;
    const drawnMost = isEmpty
      ? 0
      : typeof count === 'number'
        ? Math.min(count, 16)
        : isSmall
          ? most
          : Math.min(most, usual);
    const minLength = isFree ? 0 : Math.min(drawnMost, 1);
    const ingredients = fc.array(element.ingredients, {
      minLength,
      maxLength: drawnMost,
      ...(isSmall && { size: 'max' }),
    });
    const build = (drawn: readonly unknown[], length: number, object: object): unknown => {
      if (drawn.length === 0 && length > 0)
        throw new Unusable(`${descriptor.name}.${field.name}: no elements to repeat`);
      const prepare = (nested: object) => giveWith(object, nested, field);
      const items = Array.from({ length }, (_, i) => element.make(drawn[i % drawn.length], prepare));
      const list = typeof end === 'object' ? items.filter((item) => !looksLike(item as object, end)) : items;
      return holds.what === 'typed' ? typed(holds, list) : list;
    };
    return {
      field,
      ingredients,
      make: (drawn, object) => {
        const items = drawn as readonly unknown[];
        return build(items, isFree ? items.length : this.#count(descriptor, field, object), object);
      },
    };
  }

  /** The number of elements that a constant, an earlier field, a getter or a method says. */
  #count(descriptor: Descriptor, { name, count, limit }: Field, object: object): number {
    if (typeof count === 'number') return count;
    const value = Number(lookUp(object, count as string, this.#context));
    if (!Number.isSafeInteger(value) || value < 0 || value > limit!) {
      throw new Unusable(
        `${descriptor.name}.${name}: '${count}' says ${value} elements, where at most ${limit} are loaded`,
      );
    }
    return value;
  }
}

function copyOf(bytes: unknown): Uint8Array {
  return (bytes as Uint8Array).slice();
}

/** The overrides of a nested object's fields. */
function inside(
  overrides: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  name: string,
): Record<string, fc.Arbitrary<unknown>> {
  const prefix = `${name}.`;
  return Object.fromEntries(
    Object.entries(overrides)
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, arbitrary]) => [path.slice(prefix.length), arbitrary]),
  );
}

/** The fields that follow the length of an array that is taken as it comes: name to the array's position. */
function followedArrays(
  recipes: readonly Recipe[],
  overrides: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, number> {
  const followed = new Map<string, number>();
  for (const [i, { field }] of recipes.entries()) {
    const { count, name } = field;
    if (typeof count === 'string' && name in overrides && !(count in overrides)) followed.set(count, i);
  }
  return followed;
}

function countIn(field: Field, array: unknown): unknown {
  const { length } = array as ArrayLike<unknown>;
  const holds = holdsOf(field);
  return holds.what === 'bigint' ? BigInt(length) : holds.what === 'boolean' ? length > 0 : length;
}

/** Whether a field's class has contained itself often enough. */
function isEmptyHere(field: Field, path: readonly StateClass[]): boolean {
  if (field.class === undefined) return false;
  const nested = field.class.target!();
  return path.filter((outer) => outer === nested).length >= MAX_NESTING;
}

function looksLike(item: object, end: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(end).every(([name, value]) => isSame((item as Properties)[name], value));
}

function typed(holds: Holds & { what: 'typed' }, list: readonly unknown[]): unknown {
  const array = newTypedArray(holds.array, list.length);
  for (const [i, value] of list.entries()) array[i] = value as never;
  return array;
}

/** Sets a property, or the two of a pair. */
function assign(object: object, field: Field, value: unknown): void {
  const properties = object as Properties;
  const holds = holdsOf(field);
  if (holds.what === 'pair') {
    properties[field.name] = Number(BigInt.asUintN(32, value as bigint));
    properties[holds.hi] = Number(BigInt.asUintN(32, (value as bigint) >> 32n));
  } else properties[field.name] = value;
}

/** What a field becomes that the version, or the object so far, does not have. */
function absent(object: object, field: Field): void {
  if (field.default !== undefined) (object as Properties)[field.name] = structuredClone(field.default);
}
