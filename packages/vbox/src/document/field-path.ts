import { SsmError } from '@ssmkit/runtime';
import { descriptorFor, type Field, type Holds, holdsOf, type Json, type StateClass, slotOf } from '@ssmkit/schema';
import { nearNames } from '../near-names.js';
import { fromBase64, toBase64 } from './base64.js';

/*
 * A field of a unit by its path, `channels[2].mode`, as messages and dumps have it: names of properties, and in square
 * brackets indexes of elements or of bytes, decimal or with 0x.
 */

/** A step of a path: the name of a property, or an index. */
type Step = string | number;

/** @throws SsmError VERR_INVALID_PARAMETER */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const [whole, name, index] =
      /^(?:\.?([A-Za-z_$][\w$]*)|\[(0x[0-9a-f]+|\d+)\])/i.exec(rest) ?? ([''] as (string | undefined)[]);
    const dotted = rest.startsWith('.');
    if (!whole || (name !== undefined && dotted === (steps.length === 0))) throw notAPath(path);
    steps.push(name ?? Number(index));
    rest = rest.slice(whole.length);
  }
  if (steps.length === 0) throw notAPath(path);
  return steps;
}

function notAPath(path: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `'${path}' is no path of a field, such as channels[2].mode`);
}

/** What a property holds or one of its elements. */
type Place = 'object' | 'objects' | 'bytes' | 'string' | 'elements' | 'scalar';

const places: Readonly<Record<Holds['what'], Place>> = {
  number: 'scalar',
  bigint: 'scalar',
  boolean: 'scalar',
  pair: 'scalar',
  typed: 'elements',
  list: 'elements',
  bytes: 'bytes',
  string: 'string',
  object: 'object',
  objects: 'objects',
  nothing: 'scalar',
};

type JsonObject = Record<string, Json>;

/**
 * Changes a field in the JSON form of an object. Whether the value is one that the field may have is for the codec of the
 * class to say, when the object is made of the JSON again.
 *
 * @param text the value as JSON, or `0x…`; of a string also as it is, of bytes as base64 or `hex:…`.
 * @throws SsmError VERR_INVALID_PARAMETER for a path that leads nowhere, with near names, and for text that is no value.
 */
export function setField(target: StateClass, json: Json, path: string, text: string): void {
  const steps = parsePath(path);
  let object = json as JsonObject;
  let holder = target;
  for (let at = 0; ; ) {
    const name = steps[at] as string;
    const field = fieldOf(holder, name, steps, at);
    const place = places[holdsOf(field).what];
    const index = steps[at + 1];
    const isLast = index === undefined;
    if (isLast) {
      object[name] = valueFrom(text, place, path);
      return;
    }
    const value = object[name];
    if (value === undefined) throw wrong(steps, at, 'is not there in this unit');
    if (place === 'bytes' && typeof index === 'number') {
      if (steps.length > at + 2) throw wrong(steps, at + 1, 'is a byte and has no parts');
      object[name] = withByte(value as string, index, text, steps, at);
      return;
    }
    if (place === 'object') {
      if (typeof index === 'number') throw wrong(steps, at, 'is an object and has no elements');
      object = value as JsonObject;
      holder = field.class?.target?.() as StateClass;
      at += 1;
      continue;
    }
    if (place !== 'objects' && place !== 'elements') throw wrong(steps, at, 'has no parts');
    if (typeof index !== 'number') throw wrong(steps, at, `is an array: say which element, [0] for the first`);
    const array = value as Json[];
    if (index >= array.length) throw wrong(steps, at, `has ${array.length} elements`);
    if (steps.length === at + 2) {
      array[index] = valueFrom(text, place === 'objects' ? 'object' : 'scalar', path);
      return;
    }
    if (place === 'elements') throw wrong(steps, at + 1, 'has no parts');
    if (typeof steps[at + 2] === 'number') throw wrong(steps, at + 1, 'is an object and has no elements');
    object = array[index] as JsonObject;
    holder = field.class?.target?.() as StateClass;
    at += 2;
  }
}

function fieldOf(target: StateClass, name: string, steps: readonly Step[], at: number): Field {
  const { fields, name: className } = descriptorFor(slotOf(target).target);
  const holding = fields.filter((field) => holdsOf(field).what !== 'nothing');
  const found = holding.find((field) => field.name === name);
  if (found !== undefined) return found;
  const names = holding.map((field) => field.name);
  const near = nearNames(name, names);
  const hint = near.length > 0 ? `near names: ${near.join(', ')}` : `there is ${names.join(', ')}`;
  throw new SsmError(
    'VERR_INVALID_PARAMETER',
    `'${pathText(steps.slice(0, at + 1))}': ${className} has no '${name}'; ${hint}`,
  );
}

function withByte(base64: string, index: number, text: string, steps: readonly Step[], at: number): string {
  const bytes = fromBase64(base64) as Uint8Array;
  if (index >= bytes.length) throw wrong(steps, at, `has ${bytes.length} bytes`);
  const value = valueFrom(text, 'scalar', pathText(steps));
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xff) {
    throw wrong(steps, at + 1, `is a byte: expected an integer from 0 to 255, found ${text}`);
  }
  bytes[index] = value;
  return toBase64(bytes);
}

function valueFrom(text: string, place: Place, path: string): Json {
  const isText = place === 'string' || place === 'bytes';
  if (!isText && /^-?(?:0x[0-9a-f]+|\d+)$/i.test(text)) return integer(text);
  const hex = place === 'bytes' ? /^hex:((?:[0-9a-f]{2})*)$/i.exec(text)?.[1] : undefined;
  if (hex !== undefined) return toBase64(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    if (isText) return text;
    throw new SsmError('VERR_INVALID_PARAMETER', `'${path}': ${JSON.stringify(text)} is no value`);
  }
  // What is not quoted is meant as it is.
  return isText && typeof value !== 'string' ? text : value;
}

/** A number, or the text that JSON has for integers that are no safe ones. */
function integer(text: string): Json {
  const negative = text.startsWith('-');
  const value = negative ? -BigInt(text.slice(1)) : BigInt(text);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function wrong(steps: readonly Step[], at: number, problem: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `'${pathText(steps.slice(0, at + 1))}' ${problem}`);
}

function pathText(steps: readonly Step[]): string {
  return steps.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${step}`)).join('');
}
