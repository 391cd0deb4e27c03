import { type Descriptor, DescriptorError, type Field, type Offset } from '../descriptor.js';
import { nestedDescriptor } from '../foreign.js';
import type { Kind } from '../kinds/index.js';
import { type Complain, isCount } from './complain.js';
import type { ClassMembers } from './members.js';

/** Kinds whose entry is one value: SSMFIELD has no array of them. */
const noArrays: readonly string[] = ['gcphys', 'gcptr', 'u32_zx_u64', 'hcptr_hack_u32'];

/** Checks what is peculiar to a field of a C structure. */
export function checkStructField(field: Field, kind: Kind, members: ClassMembers, complain: Complain): void {
  const { count, end, kind: name, offset, align } = field;
  if (end !== undefined) complain("'end' is for @SsmStream");
  if (field.flags !== undefined) complain("'flags' are for a structure in a @SsmStream");
  if (count !== undefined && !isCount(count, 1, 0x7ffffffe)) {
    complain('the count of an array in a C structure is a whole number, at least 1');
  }
  if (field.limit !== undefined) complain("'max' is for counts that are not constant; for elements use 'each'");
  if (count !== undefined && noArrays.includes(name)) {
    complain(`SSMFIELD has no array of ${kind.transformer}; use @U64({ count }) for the plain bytes`);
  }
  if (name === 'mem' && count === undefined) complain('@Mem wants a count');
  if (name === 'callback') checkCallback(field, members, complain);
  if (name === 'struct') {
    const nested = nestedDescriptor(field);
    if (nested !== undefined && nested.shape !== 'struct') complain(`${field.class!.name} is no @SsmStruct class`);
    if (field.flatten && field.since !== undefined) complain("'since' belongs on the entries of a flattened structure");
  }
  if (offset !== undefined) checkOffset(offset, 'an offset', complain);
  if (align !== undefined && ![1, 2, 4, 8, 16].includes(align)) complain('an alignment is 1, 2, 4, 8 or 16');
}

function checkCallback(field: Field, members: ClassMembers, complain: Complain): void {
  if (field.put === undefined && field.get === undefined) complain("@Callback wants 'put' or 'get'");
  for (const method of [field.put, field.get]) {
    if (method !== undefined && !members.has(method) && !members.isPartial)
      complain(`the class has no method '${method}'`);
  }
}

function checkOffset(offset: Offset, what: string, complain: Complain): void {
  const isPlace = (value: unknown) => isCount(value, 0, 0x7ffffffe);
  if (typeof offset === 'number') {
    if (!isPlace(offset)) complain(`${what} is a whole number from 0`);
  } else if (typeof offset !== 'object' || offset === null) {
    complain(`${what} is a number, { bits32, bits64 } or { of, add }`);
  } else if ('of' in offset) {
    if (typeof offset.of !== 'string') complain(`${what} is relative to the member that 'of' names`);
    if (!isCount(offset.add ?? 0, -0x7ffffffe, 0x7ffffffe)) complain("'add' is a whole number");
  } else if (!isPlace(offset.bits32) || !isPlace(offset.bits64)) {
    complain(`${what} for 32-bit and 64-bit hosts is two whole numbers, { bits32, bits64 }`);
  }
}

/** Checks the size that a class decorator gives. */
export function checkSize(descriptor: Descriptor): void {
  const { name, size } = descriptor;
  if (size === undefined) return;
  const complain: Complain = (problem) => {
    throw new DescriptorError(name, undefined, problem);
  };
  checkOffset(size, 'the size of a structure', complain);
  if (size === 0) complain('the size of a structure is at least 1');
}
