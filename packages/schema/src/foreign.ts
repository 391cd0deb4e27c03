import type { Descriptor, Field } from './descriptor.js';

/*
 * Classes of other packages
 *
 * The code generator reads decorators from sources, and of an installed package there are none. A class of one is
 * foreign to it: it knows where to import it from, and that is all. What needs the descriptor waits for the run time,
 * where every class has one; nothing is foreign there. So is a class of the project that derives from one: what it
 * begins with, and how large it is, nobody sees before.
 */

/** The descriptor of a field's class; `undefined` for a foreign class. */
export function nestedDescriptor(field: Field): Descriptor | undefined {
  return field.class === undefined || field.class.isForeign ? undefined : field.class.descriptor();
}

/** Whether a class holds a foreign one, itself or in a class that it holds. */
export function holdsForeign(root: Descriptor): boolean {
  const visited = new Set<Descriptor>();
  const visit = (descriptor: Descriptor): boolean => {
    if (visited.has(descriptor)) return false;
    visited.add(descriptor);
    return descriptor.fields.some((field) => {
      const nested = nestedDescriptor(field);
      return field.class?.isForeign === true || (nested !== undefined && visit(nested));
    });
  };
  return visit(root);
}
