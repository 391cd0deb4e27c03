import * as t from 'io-ts';
import type { Field } from './descriptor.js';
import { type Holds, holdsOf, valueTypeOf } from './holds.js';
import { type Json, JsonError, type JsonProblem } from './json/json-error.js';
import { type BytesForm, checkLength, found, hasJson, type Leaf, leafOf, mayBeAbsent } from './json/leaves.js';
import { descriptorFor, type StateClass } from './metadata.js';
import { slotOf } from './slot.js';

export { type Json, JsonError, type JsonProblem } from './json/json-error.js';

/*
 * Objects as JSON
 *
 * Every decorated class has a codec, derived from its descriptor when it is first used (classes may contain arrays of
 * themselves, so a codec asks for those of its fields' classes only then):
 *
 *   numbers up to 32 bits   numbers
 *   64 and 128 bits         decimal strings; read also from safe integers and from 0x-strings. A property that is a
 *                           safe integer (`as: 'number'`) is a number
 *   a pair (`hi`)           one decimal string under the low half's name
 *   bytes                   base64, or hex
 *   arrays, typed or not    arrays
 *   objects                 objects
 *
 * Members that hold nothing do not appear. A field that may be absent (`since`, `until`, `when`) and is undefined is
 * left out; one that is left out stays as the class's initialiser has it.
 */

/** Options of the JSON form; both directions must use the same. */
export interface JsonOptions {
  /** How `@Mem` and strings kept as bytes are written; base64 where not given. */
  readonly bytes?: BytesForm;
}

/** A codec between instances of a decorated class and JSON values. */
export type JsonCodec<T, J = Json> = t.Type<T, J, unknown>;

/** Levels of objects and arrays in each other, beyond which JSON is refused before the call stack is used up. */
const MAX_DEPTH = 1000;

const caches: Readonly<Record<BytesForm, WeakMap<StateClass, JsonCodec<object>>>> = {
  base64: new WeakMap(),
  hex: new WeakMap(),
};

/**
 * The io-ts codec of a decorated class. `encode` throws a {@link JsonError} for an instance that its class could not
 * save either (a value outside its kind's range, an array of the wrong length).
 *
 * @throws DescriptorError for a class without a class decorator, or with wrong use of one.
 */
export function codecOf<T extends object>(target: StateClass<T>, options: JsonOptions = {}): JsonCodec<T> {
  const bytes = options.bytes ?? 'base64';
  const cache = caches[bytes];
  let codec = cache.get(target);
  if (codec === undefined) {
    codec = makeCodec(target, bytes);
    cache.set(target, codec);
  }
  return codec as t.Any;
}

/** The JSON form of an instance. @throws JsonError for values that the class could not save. */
export function encodeJson<T extends object>(target: StateClass<T>, instance: T, options?: JsonOptions): Json {
  return codecOf(target, options).encode(instance);
}

/** A new instance from its JSON form. @throws JsonError with all problems and their paths. */
export function decodeJson<T extends object>(target: StateClass<T>, json: unknown, options?: JsonOptions): T {
  const result = codecOf(target, options).decode(json);
  if (result._tag === 'Right') return result.right;
  throw new JsonError(result.left.map(problemOf));
}

function problemOf({ context, message = 'not as expected' }: t.ValidationError): JsonProblem {
  const [root, ...rest] = context;
  const path = rest.map(({ key }) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
  return { path: `${root?.type.name ?? ''}${path}`, problem: message };
}

type Properties = Record<string, unknown>;

/** How a field of a class is converted: by itself, or by its class's codec. */
interface Part {
  readonly field: Field;
  readonly holds: Holds;
  readonly leaf: Leaf | undefined;
  readonly codec: () => JsonCodec<object>;
  /** What the class's initialiser leaves in the property. */
  readonly initial: () => unknown;
}

function makeCodec(target: StateClass, bytes: BytesForm): JsonCodec<object> {
  const descriptor = descriptorFor(slotOf(target).target);
  const parts = descriptor.fields.filter(hasJson).map((field): Part => {
    const holds = holdsOf(field);
    const leaf = field.class === undefined ? leafOf(field, holds, bytes) : undefined;
    const initial = () => (new target() as Properties)[field.name];
    return { field, holds, leaf, codec: () => codecOf(field.class!.target!(), { bytes }), initial };
  });
  const names = new Set(parts.map(({ field }) => field.name));
  const codec: JsonCodec<object> = new t.Type(
    descriptor.name,
    (value): value is object => value instanceof target && problemsOf(codec, value).length === 0,
    (json, context) => {
      if (context.length > MAX_DEPTH) return t.failure(json, context, 'nested too deeply');
      if (typeof json !== 'object' || json === null || Array.isArray(json)) {
        return t.failure(json, context, `expected an object, found ${found(json)}`);
      }
      const errors: t.Errors = unknownKeys(json, names, context);
      const object = new target();
      for (const part of parts) decodePart(part, object as Properties, json as Properties, context, errors);
      return errors.length === 0 ? t.success(object) : t.failures(errors);
    },
    (object) => {
      const problems: JsonProblem[] = [];
      const json: Record<string, Json> = {};
      for (const part of parts) encodePart(part, object as Properties, json, descriptor.name, problems);
      if (problems.length > 0) throw new JsonError(problems);
      return json;
    },
  );
  return codec;
}

function problemsOf(codec: JsonCodec<object>, value: object): readonly JsonProblem[] {
  try {
    codec.encode(value);
    return [];
  } catch (error) {
    if (error instanceof JsonError) return error.problems;
    throw error;
  }
}

function unknownKeys(json: object, names: ReadonlySet<string>, context: t.Context): t.Errors {
  return Object.entries(json)
    .filter(([key]) => !names.has(key))
    .map(([key, value]) => ({ value, context: t.appendContext(context, key, t.never), message: 'no such field' }));
}

function decodePart(part: Part, object: Properties, json: Properties, context: t.Context, errors: t.Errors): void {
  const { field, holds, leaf } = part;
  const { name } = field;
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  if (value === undefined) {
    if (mayBeAbsent(field)) return;
    errors.push({ value, context: t.appendContext(context, name, leaf?.type ?? t.unknown), message: 'missing' });
  } else if (leaf === undefined) {
    object[name] = decodeObjects(part, value, context, errors);
  } else {
    const report = (message: string, index?: number) => {
      let at = t.appendContext(context, name, leaf.type, value);
      if (index !== undefined) at = t.appendContext(at, String(index), t.unknown, (value as unknown[])[index]);
      errors.push({ value, context: at, message });
    };
    const decoded = leaf.fromJson(value, report);
    if (holds.what === 'pair' && typeof decoded === 'bigint') {
      object[name] = Number(BigInt.asUintN(32, decoded));
      object[holds.hi] = Number(BigInt.asUintN(32, decoded >> 32n));
    } else object[name] = decoded;
  }
}

/** The nested object of a field, or its array of nested objects. */
function decodeObjects(part: Part, json: unknown, context: t.Context, errors: t.Errors): unknown {
  const codec = part.codec();
  const { field, holds } = part;
  const inside = t.appendContext(context, field.name, codec, json);
  const one = (value: unknown, at: t.Context): unknown => {
    const result = codec.validate(value, at);
    if (result._tag === 'Right') return result.right;
    errors.push(...result.left);
    return undefined;
  };
  if (holds.what === 'object') return one(json, inside);
  if (!Array.isArray(json)) {
    errors.push({ value: json, context: inside, message: `expected an array, found ${found(json)}` });
    return undefined;
  }
  checkLength(field, json.length, 'elements', (message) => errors.push({ value: json, context: inside, message }));
  return json.map((value, i) => one(value, t.appendContext(inside, String(i), codec, value)));
}

function encodePart(
  part: Part,
  object: Properties,
  json: Record<string, Json>,
  path: string,
  problems: JsonProblem[],
): void {
  const { field, holds, leaf } = part;
  const value = object[field.name];
  const here = `${path}.${field.name}`;
  if (value === undefined) {
    if (!mayBeAbsent(field)) problems.push({ path: here, problem: 'missing' });
    return;
  }
  if (leaf === undefined) {
    json[field.name] = encodeObjects(part, value, here, problems);
    return;
  }
  const own: JsonProblem[] = [];
  const form = leaf.toJson(holds.what === 'pair' ? pairOf(object, field, holds.hi) : value, (problem, index) =>
    own.push({ path: index === undefined ? here : `${here}[${index}]`, problem }),
  );
  if (own.length === 0) json[field.name] = form;
  // What the initialiser left in a field that is not there need not be in its domain; decoding leaves it, too.
  else if (!mayBeAbsent(field) || !Object.is(value, part.initial())) problems.push(...own);
}

function encodeObjects(part: Part, value: unknown, path: string, problems: JsonProblem[]): Json {
  const codec = part.codec();
  const one = (item: unknown, at: string): Json => {
    if (typeof item !== 'object' || item === null) {
      problems.push({ path: at, problem: `expected an object, found ${found(item)}` });
      return null;
    }
    try {
      return codec.encode(item);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      // The nested codec names its own class where this path names the property.
      for (const inner of error.problems) problems.push({ ...inner, path: at + inner.path.slice(codec.name.length) });
      return null;
    }
  };
  if (part.holds.what === 'object') return one(value, path);
  if (!Array.isArray(value)) {
    problems.push({ path, problem: `expected an array, found ${found(value)}` });
    return null;
  }
  checkLength(part.field, value.length, 'elements', (problem) => problems.push({ path, problem }));
  return value.map((item, i) => one(item, `${path}[${i}]`));
}

/** The 64-bit value of two halves; the half that is no u32 where one is none. */
function pairOf(object: Properties, field: Field, hi: string): unknown {
  const low = object[field.name];
  const high = object[hi];
  if (!isU32(low)) return low;
  if (!isU32(high)) return high;
  const value = (BigInt(high) << 32n) | BigInt(low);
  return valueTypeOf(field)!.signed ? BigInt.asIntN(64, value) : value;
}

function isU32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
}
