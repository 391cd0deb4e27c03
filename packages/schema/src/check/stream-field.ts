import type { Condition, Field } from '../descriptor.js';
import { nestedDescriptor } from '../foreign.js';
import { holdsOf, valueRange, valueTypeOf } from '../holds.js';
import { type Kind, kinds, primitives } from '../kinds/index.js';
import { type Complain, isCount, isWhole } from './complain.js';
import type { ClassMembers } from './members.js';
import { checkMarker } from './values.js';

type Earlier = ReadonlyMap<string, Field>;
type Known = (name: unknown, use: string) => void;

/** Checks what is peculiar to a field of a stream. */
export function checkStreamField(
  field: Field,
  kind: Kind,
  earlier: Earlier,
  members: ClassMembers,
  complain: Complain,
): void {
  for (const key of ['offset', 'align', 'flatten'] as const) {
    if (field[key] !== undefined) complain(`'${key}' is for @SsmStruct`);
  }
  const known: Known = (name, use) => {
    const wanted = 'earlier field, @Transient property, getter or method';
    if (typeof name !== 'string') complain(`${use} is the name of an ${wanted}`);
    if (!earlier.has(name) && !members.has(name) && !members.isPartial) complain(`${use} '${name}' is no ${wanted}`);
  };
  checkCount(field, kind, earlier, known, complain);
  if (field.end !== undefined) checkEnd(field, complain);
  checkCondition(field.when, earlier, known, complain);
  const nested = nestedDescriptor(field);
  if (field.kind === 'struct' && nested !== undefined && nested.shape !== 'struct')
    complain(`${field.class!.name} is no @SsmStruct class`);
  if (field.kind === 'nested' && nested !== undefined && nested.shape !== 'stream')
    complain(`${field.class!.name} is no @SsmStream class`);
  if (field.with !== undefined) checkWith(field, known, complain);
  if (field.flags !== undefined && !isCount(field.flags, 0, 0x3f)) complain('flags are a combination of StructFlags');
  if (field.kind === 'marker') checkMarker(field, complain);
}

function checkCount(field: Field, kind: Kind, earlier: Earlier, known: Known, complain: Complain): void {
  const { count, limit, end } = field;
  if (typeof count === 'string') {
    known(count, 'the count');
    const counter = earlier.get(count);
    if (counter !== undefined && !['number', 'bigint', 'boolean'].includes(holdsOf(counter).what)) {
      complain(`the count '${count}' is no number`);
    }
  } else if (typeof count === 'number') {
    if (!isCount(count, 0, 0x7ffffffe)) complain('a count is a whole number');
  } else if (count !== undefined && !['u8', 'u16', 'u32'].includes(count?.stream)) {
    complain('a count in the stream is a u8, u16 or u32');
  }
  const isOpen = end !== undefined || (count !== undefined && typeof count !== 'number');
  if (end !== undefined && count !== undefined) complain("'count' and 'end' exclude each other");
  if (isOpen && !isCount(limit, 1, 0xffffffff))
    complain("'max', the most elements to load, is mandatory where the count is not constant");
  if (typeof count === 'object' && BigInt(limit!) > valueRange(primitives[count.stream].value!).max) {
    complain(`'max' ${limit} is more than a ${count.stream} can count`);
  }
  if (!isOpen && limit !== undefined && kind.family !== 'strz')
    complain("'max' goes with a count that is not constant; for elements use 'each'");
  if (kind.family === 'strz' && limit !== undefined && !isCount(limit, 0, 1_048_576))
    complain("'max' of a string is at most 1048576 bytes");
  if (field.kind === 'mem' && count === undefined) complain('@Mem wants a count');
}

function checkEnd(field: Field, complain: Complain): void {
  const { end } = field;
  if (typeof end !== 'object' || end === null) {
    if (field.class !== undefined) complain("the 'end' of objects names their leading fields: { field: value }");
    checkEndValue(field, end, complain);
    return;
  }
  if (field.kind !== 'nested') complain("an 'end' with fields is for @Nested elements");
  const names = Object.keys(end);
  if (names.length === 0) complain("the 'end' names no field");
  const nested = nestedDescriptor(field);
  if (nested === undefined) return;
  const leading = nested.fields.slice(0, names.length);
  for (const inner of leading) {
    const { name, kind, count, when, since, until, hi } = inner;
    if (!(name in end)) complain(`the 'end' must name ${nested.name}'s leading fields: '${name}' is missing`);
    const isPlain = ['scalar', 'strz'].includes(kinds[kind].family) && count === undefined && hi === undefined;
    if (!isPlain || when !== undefined || since !== undefined || until !== undefined) {
      complain(`the 'end' needs plain values, which ${nested.name}.${name} is not`);
    }
    checkEndValue(inner, end[name], complain);
  }
  if (leading.length < names.length) complain(`${nested.name} has not so many fields as the 'end' names`);
}

/** Checks the properties that nested objects are given. */
function checkWith(field: Field, known: Known, complain: Complain): void {
  if (!Array.isArray(field.with) || field.with.length === 0) complain("'with' is a list of names");
  const nested = nestedDescriptor(field);
  for (const name of field.with!) {
    known(name, 'the property to give');
    if (nested?.fields.some((inner) => inner.name === name)) {
      complain(`${nested.name}.${name} has a kind: what a nested object is given is @Transient there`);
    }
  }
}

/** A constant that ends an array: a value of the field's kind. */
function checkEndValue(field: Field, value: unknown, complain: Complain): void {
  const type = valueTypeOf(field)!;
  const where = `the 'end' of ${kinds[field.kind].cType} elements`;
  if (field.kind === 'strz') {
    if (field.as === 'bytes') complain('a string kept as bytes cannot tell the end');
    if (typeof value !== 'string') complain(`${where} is a string`);
  } else if (type.js === 'boolean') {
    if (typeof value !== 'boolean') complain(`${where} is true or false`);
  } else {
    const { min, max } = valueRange(type);
    if (!isWhole(value) || value < min || value > max) complain(`${where} is a whole number from ${min} to ${max}`);
  }
}

/** What a condition on a property of some kind cannot ask. */
function checkCondition(when: Condition | undefined, earlier: Earlier, known: Known, complain: Complain): void {
  if (when === undefined) return;
  const name = typeof when === 'string' ? when : when?.field;
  if (typeof when !== 'string' && (typeof when !== 'object' || when === null || typeof name !== 'string')) {
    complain("'when' is a name or { field, is, not, mask, min, max }");
  }
  known(name, 'the condition');
  const asked = earlier.get(name);
  const holds = asked === undefined ? undefined : holdsOf(asked).what;
  if (holds !== undefined && !['number', 'bigint', 'boolean', 'string'].includes(holds)) {
    complain(`the condition asks for '${name}', which holds no single value`);
  }
  if (typeof when === 'string') return;
  const tests = Object.keys(when).filter((key) => key !== 'field');
  if (tests.length === 0) complain("'when' with a field wants is, not, mask, min or max");
  for (const key of tests) {
    if (!['is', 'not', 'mask', 'min', 'max'].includes(key)) complain(`'when' has no '${key}'`);
    if (['mask', 'min', 'max'].includes(key)) {
      if (!isWhole(when[key as 'mask'])) complain(`'${key}' of a condition is a whole number`);
      if (holds === 'string') complain(`'${key}' of a condition is for numbers, and '${name}' is a string`);
    }
  }
}
