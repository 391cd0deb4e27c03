import type { Field } from '../descriptor.js';
import { type Holds, holdsOf, valueRange, valueTypeOf } from '../holds.js';
import { type Kind, kinds, primitives } from '../kinds/index.js';
import { type Complain, isCount, isWhole } from './complain.js';

/*
 * What a field's values may be, and what its property holds
 */

const sizeLimits: Partial<Record<Field['kind'], readonly [keyof Field & ('cb' | 'cb32' | 'cb64'), number, number][]>> =
  {
    old: [['cb', 1, 0x7ffffffe]],
    old_pad_hc: [
      ['cb32', 0, 0xffff],
      ['cb64', 0, 0xffff],
    ],
    old_pad_msc32: [['cb', 1, 0x7ffffffe]],
    pad_hc: [
      ['cb32', 1, 0xff],
      ['cb64', 1, 0xff],
    ],
    pad_hc32: [['cb', 1, 0xff]],
    pad_hc64: [['cb', 1, 0xff]],
    pad_hc_auto: [
      ['cb32', 0, 0xff],
      ['cb64', 0, 0xff],
    ],
    pad_msc32_auto: [['cb', 1, 0xff]],
  };

/** The sizes of members that are gone, and of paddings; and the C types of members without a kind of their own. */
export function checkSizes(field: Field, complain: Complain): void {
  for (const [key, least, most] of sizeLimits[field.kind] ?? []) {
    if (!isCount(field[key], least, most)) complain(`the size ${key} must be a whole number from ${least} to ${most}`);
  }
  if ((field.cb32 ?? 1) + (field.cb64 ?? 1) === 0) complain('both sizes are 0');
  const { type } = field;
  if (type === undefined) return;
  const isPrimitive = Object.hasOwn(primitives, type) && primitives[type as 'u8'].family === 'scalar';
  if (type !== 'hcptr' && !isPrimitive) {
    complain(`'${String(type)}' is no C type; use one of the primitives or 'hcptr'`);
  }
}

/** The options `as` and `hi`. */
export function checkRepresentation(field: Field, kind: Kind, complain: Complain): void {
  const { as, hi, count, end, kind: name } = field;
  const isArray = count !== undefined || end !== undefined;
  const allowed: readonly string[] =
    kind.family === 'strz'
      ? ['bytes']
      : name === 'hcptr_ni'
        ? ['boolean', 'bigint']
        : kind.value?.bits === 64 && kind.family === 'scalar' && !isArray
          ? ['bigint', 'number']
          : [];
  if (as !== undefined && !allowed.includes(as)) {
    complain(`as: '${as}' is not possible here${allowed.length > 0 ? `; it may be ${allowed.join(' or ')}` : ''}`);
  }
  if (hi === undefined) return;
  if (typeof hi !== 'string') complain("'hi' is the name of a property");
  if (isArray || as !== undefined || kind.value?.bits !== 64 || kind.family !== 'scalar') {
    complain("'hi' splits one 64-bit value; it goes with neither arrays nor 'as'");
  }
}

/** The values that a number may have. */
export function checkDomain(field: Field, kind: Kind, complain: Complain): void {
  const { domain } = field;
  if (domain === undefined) return;
  if (kind.value === undefined || kind.value.js === 'boolean' || field.hi !== undefined)
    complain('only plain numbers have a domain');
  for (const key of Object.keys(domain)) {
    if (!['min', 'max', 'values'].includes(key)) complain(`a domain has min, max and values, not '${key}'`);
  }
  const { min, max, values } = domain;
  const range = valueRange(kind.value!);
  for (const [name, bound] of Object.entries({ min, max })) {
    if (bound === undefined) continue;
    if (!isWhole(bound)) complain(`'${name}' is a whole number`);
    if (bound < range.min || bound > range.max) complain(`${name} ${bound} is no ${kind.cType}`);
  }
  if (min !== undefined && max !== undefined && min > max) complain(`min ${min} is above max ${max}`);
  if (values === undefined) return;
  if (values.length === 0) complain("'values' has no number");
  if (!values.every(isWhole)) complain("'values' are whole numbers");
  // An enum may have names for values that its kind cannot hold, such as a 0x7fffffff that makes C's enum 32 bits wide.
  if (!values.some((value) => value >= range.min && value <= range.max)) {
    complain(`none of the 'values' is a ${kind.cType}`);
  }
}

/** The value that a property gets where the field is not there. */
export function checkDefault(field: Field, complain: Complain): void {
  const { default: value } = field;
  if (value === undefined) return;
  const holds = holdsOf(field);
  const wanted = wantedDefault(field, holds, value);
  if (wanted !== undefined) complain(`the default is not what the property holds: ${wanted}`);
}

/** What a default must be, when it is something else. */
function wantedDefault(field: Field, holds: Holds, value: unknown): string | undefined {
  const unless = (fits: boolean, wanted: string) => (fits ? undefined : wanted);
  const isA = (name: string) => Object.prototype.toString.call(value) === `[object ${name}]`;
  switch (holds.what) {
    case 'number':
    case 'bigint': {
      const { min, max } = valueRange(valueTypeOf(field)!);
      const fits = typeof value === holds.what && isWhole(value) && value >= min && value <= max;
      return unless(fits, `a ${holds.what} from ${min} to ${max}`);
    }
    case 'boolean':
    case 'string':
      return unless(typeof value === holds.what, `a ${holds.what}`);
    case 'bytes':
      return unless(isA('Uint8Array'), 'a Uint8Array');
    case 'typed':
      return unless(isA(holds.array), `a ${holds.array}`);
    case 'list':
      return unless(Array.isArray(value), 'an array');
    case 'objects':
      return unless(Array.isArray(value) && value.length === 0, 'an empty array (objects are made, not copied)');
    case 'object':
      return 'objects are made by their class, so they have no default';
    case 'pair':
      return "with 'hi' there are two properties, so there is no default";
    case 'nothing':
      return 'it holds nothing';
  }
}

/** The constant of a marker. */
export function checkMarker(field: Field, complain: Complain): void {
  const { type, value } = field;
  if (type === 'hcptr') complain('a marker is an integer');
  const { min, max } = valueRange(valueTypeOf(field)!);
  if (!isWhole(value) || value < min || value > max) {
    complain(`the marker is no ${kinds[type as 'u8'].cType}: a whole number from ${min} to ${max}`);
  }
}
