import { type Descriptor, DescriptorError } from './descriptor.js';
import type { StateClass } from './metadata.js';

/**
 * Where the engines keep what they know of a decorated class, found from an instance through its prototype. A class
 * that derives from a decorated one without being decorated itself counts as that one.
 */
export interface ClassSlot {
  readonly target: StateClass;
  /** The descriptor, where generated code brought it; else it is made from the decorators when first asked for. */
  descriptor?: Descriptor;
  engine?: unknown;
  /** The class of its views, where generated code brought one. */
  view?: StateClass;
  /** This is the slot of that class. */
  readonly isView?: boolean;
}

/** The property of a decorated class's prototype that holds its {@link ClassSlot}. */
export const slotKey: unique symbol = Symbol.for('ssmkit.slot') as never;

/** The slot of an instance of a decorated class, or of the class. @throws DescriptorError when there is none. */
export function slotOf(instance: object): ClassSlot {
  const holder = typeof instance === 'function' ? instance.prototype : instance;
  const slot = (holder as { [slotKey]?: ClassSlot })[slotKey];
  if (slot === undefined) {
    const name = typeof instance === 'function' ? instance.name : (instance.constructor?.name ?? 'an object');
    throw new DescriptorError(name, undefined, 'is not decorated with @SsmStruct or @SsmStream');
  }
  return slot;
}

/** The slot of a view; `undefined` for everything else. */
export function viewSlotOf(value: unknown): ClassSlot | undefined {
  const slot = (value as { [slotKey]?: ClassSlot } | null | undefined)?.[slotKey];
  return slot?.isView ? slot : undefined;
}

/**
 * What is loaded as an element of a list: the view of the class that stands there already, which stays and is written
 * to, else a new object. A view that stands in several places stays in the first.
 */
export function viewOrNew<T extends object>(target: StateClass<T>, list: readonly unknown[] | undefined, i: number): T {
  const current = list?.[i];
  const viewed = viewSlotOf(current)?.target;
  if (viewed === undefined || list!.indexOf(current) !== i) return new target();
  return viewed === target || viewed.prototype instanceof target ? (current as T) : new target();
}
