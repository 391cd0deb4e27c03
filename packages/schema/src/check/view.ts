import { type Descriptor, DescriptorError } from '../descriptor.js';
import { nestedDescriptor } from '../foreign.js';
import type { ClassMembers } from './members.js';

/** What every view has of its own. */
const reserved = ['bytes', 'toPlain'];

/** Checks that a class with the option `view` can have a view: its names are free, and its parts have views, too. */
export function checkView({ name: className, fields }: Descriptor, members: ClassMembers): void {
  const properties = fields.flatMap(({ name, hi }) => (hi === undefined ? [name] : [name, hi]));
  for (const name of reserved) {
    if (!properties.includes(name) && !members.has(name)) continue;
    throw new DescriptorError(className, name, `a view has a '${name}' of its own: this needs another name`);
  }
  for (const field of fields) {
    if (field.class === undefined) continue;
    const nested = nestedDescriptor(field);
    if (nested?.view) continue;
    const problem =
      nested === undefined
        ? `${field.class.name} comes from another package or derives from a class that does, so that its layout is only known at run time`
        : `${field.class.name} must be a @SsmStruct({ view: true }), too`;
    throw new DescriptorError(className, field.name, `no view: ${problem}`);
  }
}
