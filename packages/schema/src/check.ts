import type { Condition, Descriptor, Domain, Field } from './descriptor.js';
import { DescriptorError } from './descriptor.js';
import { hosts } from './host.js';
import { type Kind, kinds } from './kinds/index.js';
import { layoutOf } from './layout.js';

/**
 * What a producer knows of the class beside its fields: which of its properties hold state but have no kind, and which
 * getters and methods it has.
 */
export interface ClassMembers {
  /** Whether the class has a getter or method of this name. */
  has(name: string): boolean;
}

/** A problem of one property. */
type Complain = (problem: string) => never;

/**
 * Checks that a descriptor makes sense.
 *
 * @throws DescriptorError for the first wrong use, naming class and property.
 */
export function checkDescriptor(descriptor: Descriptor, members: ClassMembers): void {
  const { name: className, shape, fields } = descriptor;
  if (fields.length === 0) throw new DescriptorError(className, undefined, 'no property has a kind (such as @U32())');
  const seen = new Map<string, Field>();
  for (const field of fields) {
    const complain: Complain = (problem) => {
      throw new DescriptorError(className, field.name, problem);
    };
    const kind = kinds[field.kind];
    const earlier = seen.get(field.name);
    if (earlier !== undefined) complain(`two kinds, @${kinds[earlier.kind].decorator} and @${kind.decorator}`);
    if (!kind.shapes.includes(shape)) {
      complain(`@${kind.decorator} is for ${shape === 'struct' ? '@SsmStream' : '@SsmStruct'} classes`);
    }
    checkSizes(field, complain);
    checkVersions(field, shape, complain);
    checkRepresentation(field, kind, complain);
    if (shape === 'struct') checkStructField(descriptor, field, kind, complain);
    else checkStreamField(field, kind, seen, members, complain);
    checkDomain(field, kind, complain);
    seen.set(field.name, field);
  }
  for (const field of fields) {
    if (field.hi !== undefined && seen.has(field.hi)) {
      throw new DescriptorError(
        className,
        field.name,
        `the property of the high half, '${field.hi}', has a kind of its own`,
      );
    }
  }
  checkCycle(descriptor, descriptor, []);
  // Explicit offsets are resolved by laying the structure out.
  if (shape === 'struct') layoutOf(descriptor, hosts['linux.amd64']!);
}

function isCount(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

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

function checkSizes(field: Field, complain: Complain): void {
  for (const [key, least, most] of sizeLimits[field.kind] ?? []) {
    if (!isCount(field[key], least, most)) complain(`the size ${key} must be a whole number from ${least} to ${most}`);
  }
  if ((field.cb32 ?? 1) + (field.cb64 ?? 1) === 0) complain('both sizes are 0');
  const { type } = field;
  if (
    type !== undefined &&
    type !== 'hcptr' &&
    (kinds[type]?.value === undefined || kinds[type].family !== 'scalar' || type === ('u32_zx_u64' as string))
  ) {
    complain(`'${type}' is no C type; use one of the primitives or 'hcptr'`);
  }
}

function checkVersions(field: Field, shape: string, complain: Complain): void {
  const { since, until, when } = field;
  for (const version of [since, until]) {
    if (version !== undefined && !isCount(version, 0, 0xffffffff)) complain('a unit version is a u32');
  }
  if (shape === 'struct' && (until !== undefined || when !== undefined)) {
    complain("'until' and 'when' are for @SsmStream; in a C structure a former member is an @Old entry");
  }
  if (since !== undefined && until !== undefined && since > until) complain(`since ${since} is after until ${until}`);
}

function checkRepresentation(field: Field, kind: Kind, complain: Complain): void {
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
  if (hi !== undefined && (isArray || as !== undefined || kind.value?.bits !== 64 || kind.family !== 'scalar')) {
    complain("'hi' splits one 64-bit value; it goes with neither arrays nor 'as'");
  }
}

function checkStructField(descriptor: Descriptor, field: Field, kind: Kind, complain: Complain): void {
  const { count, end, kind: name } = field;
  if (end !== undefined) complain("'end' is for @SsmStream");
  if (field.flags !== undefined) complain("'flags' are for a structure in a @SsmStream");
  if (count !== undefined && !isCount(count, 1, 0x7ffffffe)) {
    complain('the count of an array in a C structure is a whole number, at least 1');
  }
  if (field.limit !== undefined) complain("'max' is for counts that are not constant; for elements use 'each'");
  if (
    count !== undefined &&
    (name === 'gcphys' || name === 'gcptr' || name === 'u32_zx_u64' || name === 'hcptr_hack_u32')
  ) {
    complain(`SSMFIELD has no array of ${kind.transformer}; use @U64({ count }) for the plain bytes`);
  }
  if (name === 'mem' && count === undefined) complain('@Mem wants a count');
  if (name === 'callback' && field.put === undefined && field.get === undefined)
    complain("@Callback wants 'put' or 'get'");
  if (name === 'struct') {
    if (field.class!.descriptor().shape !== 'struct') complain(`${field.class!.name} is no @SsmStruct class`);
    if (field.flatten && field.since !== undefined) complain("'since' belongs on the entries of a flattened structure");
  }
  if (field.offset !== undefined && typeof field.offset === 'number' && !isCount(field.offset, 0, 0x7ffffffe)) {
    complain('an offset is a whole number from 0');
  }
  if (field.align !== undefined && ![1, 2, 4, 8, 16].includes(field.align))
    complain('an alignment is 1, 2, 4, 8 or 16');
  if (
    descriptor.size !== undefined &&
    typeof descriptor.size === 'number' &&
    !isCount(descriptor.size, 1, 0x7ffffffe)
  ) {
    throw new DescriptorError(descriptor.name, undefined, 'the size of a structure is a whole number, at least 1');
  }
}

function checkStreamField(
  field: Field,
  kind: Kind,
  earlier: ReadonlyMap<string, Field>,
  members: ClassMembers,
  complain: Complain,
): void {
  const { count, limit, end } = field;
  for (const key of ['offset', 'align', 'flatten'] as const) {
    if (field[key] !== undefined) complain(`'${key}' is for @SsmStruct`);
  }
  const known = (name: string, use: string) => {
    if (!earlier.has(name) && !members.has(name)) complain(`${use} '${name}' is no earlier field, getter or method`);
  };
  if (typeof count === 'string') {
    known(count, 'the count');
    const counter = earlier.get(count);
    if (counter !== undefined && (kinds[counter.kind].value === undefined || counter.count !== undefined)) {
      complain(`the count '${count}' is no number`);
    }
  } else if (typeof count === 'number') {
    if (!isCount(count, 0, 0x7ffffffe)) complain('a count is a whole number');
  } else if (count !== undefined && !['u8', 'u16', 'u32'].includes(count.stream)) {
    complain('a count in the stream is a u8, u16 or u32');
  }
  const open = end !== undefined || (count !== undefined && typeof count !== 'number');
  if (end !== undefined && count !== undefined) complain("'count' and 'end' exclude each other");
  if (open && !isCount(limit, 1, 0xffffffff))
    complain("'max', the most elements to load, is mandatory where the count is not constant");
  if (!open && limit !== undefined && kind.family !== 'strz')
    complain("'max' goes with a count that is not constant; for elements use 'each'");
  if (kind.family === 'strz' && limit !== undefined && !isCount(limit, 0, 1_048_576))
    complain("'max' of a string is at most 1048576 bytes");
  if (field.kind === 'mem' && count === undefined) complain('@Mem wants a count');
  if (end !== undefined) checkEnd(field, complain);
  checkCondition(field.when, known, complain);
  if (field.kind === 'struct' && field.class!.descriptor().shape !== 'struct')
    complain(`${field.class!.name} is no @SsmStruct class`);
  if (field.kind === 'nested' && field.class!.descriptor().shape !== 'stream')
    complain(`${field.class!.name} is no @SsmStream class`);
  if (field.flags !== undefined && !isCount(field.flags, 0, 0x3f)) complain('flags are a combination of StructFlags');
  if (field.kind === 'marker' && (field.type === 'hcptr' || kinds[field.type!].value === undefined))
    complain('a marker is an integer');
}

function checkEnd(field: Field, complain: Complain): void {
  const { end } = field;
  const nested = field.class?.descriptor();
  if (typeof end !== 'object') {
    if (nested !== undefined) complain("the 'end' of objects names their leading fields: { field: value }");
    return;
  }
  if (nested === undefined || nested.shape !== 'stream') {
    complain("an 'end' with fields is for @Nested elements");
    return;
  }
  const leading = nested.fields.slice(0, Object.keys(end).length);
  for (const { name, kind, count, when, since, until } of leading) {
    if (!(name in end)) complain(`the 'end' must name ${nested.name}'s leading fields: '${name}' is missing`);
    const plain = ['scalar', 'strz'].includes(kinds[kind].family) && count === undefined;
    if (!plain || when !== undefined || since !== undefined || until !== undefined) {
      complain(`the 'end' needs plain values, which ${nested.name}.${name} is not`);
    }
  }
}

function checkCondition(
  when: Condition | undefined,
  known: (name: string, use: string) => void,
  complain: Complain,
): void {
  if (when === undefined) return;
  if (typeof when === 'string') {
    known(when, 'the condition');
    return;
  }
  if (typeof when !== 'object' || typeof when.field !== 'string')
    complain("'when' is a name or { field, is, not, mask, min, max }");
  known(when.field, 'the condition');
  const tests = Object.keys(when).filter((key) => key !== 'field');
  if (tests.length === 0) complain("'when' with a field wants is, not, mask, min or max");
  for (const key of tests) {
    if (!['is', 'not', 'mask', 'min', 'max'].includes(key)) complain(`'when' has no '${key}'`);
  }
}

function checkDomain(field: Field, kind: Kind, complain: Complain): void {
  const { domain } = field;
  if (domain === undefined) return;
  if (kind.value === undefined || kind.value.js === 'boolean' || field.hi !== undefined)
    complain('only plain numbers have a domain');
  const { min, max, values } = domain as Domain;
  for (const key of Object.keys(domain)) {
    if (!['min', 'max', 'values'].includes(key)) complain(`a domain has min, max and values, not '${key}'`);
  }
  if (min !== undefined && max !== undefined && min > max) complain(`min ${min} is above max ${max}`);
  if (values !== undefined && values.length === 0) complain("'values' has no number");
}

/** A class must not contain itself, except through an array of a stream, which may be empty. */
function checkCycle(root: Descriptor, descriptor: Descriptor, path: readonly string[]): void {
  for (const field of descriptor.fields) {
    if (field.class === undefined) continue;
    const endless =
      descriptor.shape === 'struct' ||
      (field.when === undefined && field.count === undefined && field.end === undefined);
    if (!endless) continue;
    const nested = field.class.descriptor();
    if (nested === root || path.length > 32) {
      throw new DescriptorError(root.name, path[0] ?? field.name, `${root.name} contains itself`);
    }
    checkCycle(root, nested, [...path, field.name]);
  }
}
