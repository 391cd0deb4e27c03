import { type Complain, isCount } from './check/complain.js';
import type { ClassMembers } from './check/members.js';
import { checkStreamField } from './check/stream-field.js';
import { checkSize, checkStructField } from './check/struct-field.js';
import { checkDefault, checkDomain, checkRepresentation, checkSizes } from './check/values.js';
import { checkView } from './check/view.js';
import { type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { holdsForeign, nestedDescriptor } from './foreign.js';
import { type HostProfile, hosts } from './host.js';
import { kinds } from './kinds/index.js';
import { layoutOf } from './layout.js';

/**
 * Checks that a descriptor makes sense.
 *
 * @throws DescriptorError for the first wrong use, naming class and property.
 */
export function checkDescriptor(descriptor: Descriptor, members: ClassMembers): void {
  const { name: className, shape, fields } = descriptor;
  if (fields.length === 0 && !members.isPartial) {
    throw new DescriptorError(className, undefined, 'no property has a kind (such as @U32())');
  }
  if (shape === 'struct') checkSize(descriptor);
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
    if (shape === 'struct') checkStructField(field, kind, members, complain);
    else checkStreamField(field, kind, seen, members, complain);
    checkDomain(field, kind, complain);
    checkDefault(field, complain);
    seen.set(field.name, field);
  }
  checkHalves(descriptor, seen, members);
  checkCycle(descriptor);
  if (descriptor.view) checkView(descriptor, members);
  if (shape === 'struct' && !members.isPartial && !holdsForeign(descriptor)) checkLayout(descriptor);
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

/** Properties for high halves belong to one pair, and to nothing else. */
function checkHalves(descriptor: Descriptor, fields: ReadonlyMap<string, Field>, members: ClassMembers): void {
  const taken = new Set<string>();
  for (const { name, hi } of descriptor.fields) {
    if (hi === undefined) continue;
    const owner = fields.has(hi)
      ? 'has a kind of its own'
      : members.has(hi)
        ? 'is a getter, method or @Transient property'
        : taken.has(hi)
          ? 'is that of another pair, too'
          : undefined;
    if (owner !== undefined) {
      throw new DescriptorError(descriptor.name, name, `the property of the high half, '${hi}', ${owner}`);
    }
    taken.add(hi);
  }
}

/** A class must not contain itself, except through what may be empty: a condition, or an array of a stream. */
function checkCycle(root: Descriptor): void {
  const visited = new Set<Descriptor>();
  const visit = (descriptor: Descriptor, first: string | undefined): void => {
    if (visited.has(descriptor)) return;
    visited.add(descriptor);
    for (const field of descriptor.fields) {
      if (mayEnd(descriptor, field)) continue;
      const nested = nestedDescriptor(field);
      if (nested === undefined) continue;
      const via = first ?? field.name;
      if (nested === root) throw new DescriptorError(root.name, via, `${root.name} contains itself`);
      visit(nested, via);
    }
  };
  visit(root, undefined);
}

function mayEnd({ shape }: Descriptor, { when, count, end }: Field): boolean {
  if (shape === 'struct') return false;
  return when !== undefined || end !== undefined || (count !== undefined && !((count as number) > 0));
}

/** Hosts that between them have every alignment and every offset. */
const families = ['linux.amd64', 'linux.x86', 'win.x86'].map((name) => hosts[name] as HostProfile);

/** Explicit offsets are resolved by laying the structure out; and what was laid out must fit the size that is given. */
function checkLayout(descriptor: Descriptor): void {
  for (const host of families) {
    const { size, members } = layoutOf(descriptor, host);
    for (const member of members) {
      if (member.offset < 0) {
        throw new DescriptorError(descriptor.name, member.name, `its offset is ${member.offset} on ${host.name}`);
      }
      if (member.offset + member.size > size) {
        const problem = `it ends at ${member.offset + member.size}, and the structure at ${size}, on ${host.name}`;
        throw new DescriptorError(descriptor.name, member.name, problem);
      }
    }
  }
}
