import 'reflect-metadata';
import { withAutoPadding } from './auto-pad.js';
import type { ClassMembers } from './check/members.js';
import { checkDescriptor } from './check.js';
import { type ClassCall, descriptorOf, type FieldCall, fieldOf } from './decorator-calls.js';
import { type ClassRef, type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { type ClassSlot, slotKey, slotOf, viewSlotOf } from './slot.js';

/** A class whose instances can be made without arguments. */
export type StateClass<T extends object = object> = new () => T;

const fieldsKey = 'ssmkit:fields';
const classKey = 'ssmkit:class';
const transientKey = 'ssmkit:transient';

/** Remembers a decorator call on a property. */
export function recordField(prototype: object, call: FieldCall): void {
  checkPlace(prototype, call.property, call.decorator);
  append(fieldsKey, prototype, call);
}

/** Remembers that a property is not saved. */
export function recordTransient(prototype: object, property: string): void {
  checkPlace(prototype, property, 'Transient');
  append(transientKey, prototype, property);
}

/** Refuses what is no property of an object: it would be lost, or found by nobody. */
function checkPlace(prototype: object, property: unknown, decorator: string): void {
  if (typeof property !== 'string' || (typeof prototype !== 'object' && typeof prototype !== 'function')) {
    const problem = `@${decorator} is a decorator of TypeScript's kind: compile with experimentalDecorators`;
    throw new DescriptorError(nameOf(prototype), propertyName(property), problem);
  }
  const complain = (problem: string) => new DescriptorError(nameOf(prototype), property, `@${decorator}: ${problem}`);
  if (typeof prototype === 'function') throw complain('a static property is not saved with objects');
  if (typeof Object.getOwnPropertyDescriptor(prototype, property)?.value === 'function') {
    throw complain('a method is no property');
  }
}

function nameOf(place: unknown): string {
  if (typeof place === 'function') return place.name;
  return (place as object | undefined)?.constructor?.name ?? 'a class';
}

/** The name of what a decorator of another kind was put on, where it tells. */
function propertyName(context: unknown): string | undefined {
  const name = typeof context === 'object' && context !== null && 'name' in context ? context.name : context;
  return name === undefined ? undefined : String(name);
}

/** Remembers a decorator call on a class. */
export function recordClass(target: StateClass, call: ClassCall): void {
  append(classKey, target, call);
  const slot: ClassSlot = { target };
  Object.defineProperty(target.prototype, slotKey, { value: slot, configurable: true });
}

function append(key: string, target: object, entry: unknown): void {
  const own = (Reflect.getOwnMetadata(key, target) ?? []) as readonly unknown[];
  Reflect.defineMetadata(key, [...own, entry], target);
}

function own<T>(key: string, target: object): readonly T[] {
  return (Reflect.getOwnMetadata(key, target) ?? []) as readonly T[];
}

/** The prototypes of a class, base first. */
function lineage(prototype: object): object[] {
  const chain: object[] = [];
  for (let at: object | null = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    chain.unshift(at);
  return chain;
}

const descriptors = new WeakMap<object, Descriptor | DescriptorError>();

/** Whether a value is a class decorated with `@SsmStruct` or `@SsmStream`. */
export function isStateClass(value: unknown): value is StateClass {
  return typeof value === 'function' && own(classKey, value).length > 0;
}

/**
 * The descriptor of a decorated class, made from its decorators when the class is first used.
 *
 * @throws DescriptorError for wrong use of a decorator, at every use.
 */
export function descriptorFor(target: StateClass): Descriptor {
  let result = descriptors.get(target);
  if (result === undefined) {
    try {
      result = build(target);
    } catch (error) {
      descriptors.delete(target);
      if (!(error instanceof DescriptorError)) throw error;
      result = error;
    }
    descriptors.set(target, result);
  }
  if (result instanceof DescriptorError) throw result;
  return result;
}

function build(target: StateClass): Descriptor {
  const calls = own<ClassCall>(classKey, target);
  if (calls.length !== 1) {
    const problem = calls.length === 0 ? 'is not decorated with @SsmStruct or @SsmStream' : 'has two class decorators';
    throw new DescriptorError(target.name, undefined, problem);
  }
  const [call] = calls as [ClassCall];
  const chain = lineage(target.prototype);
  const fields = chain.flatMap((prototype) =>
    own<FieldCall>(fieldsKey, prototype).map(
      (entry): Field => fieldOf(target.name, entry, (argument) => toClassRef(argument, target.name, entry.property)),
    ),
  );
  const transient = transientOf(chain);
  for (const { name } of fields) {
    if (transient.has(name)) throw new DescriptorError(target.name, name, 'is @Transient and has a kind');
  }
  const members: ClassMembers = { has: (name) => transient.has(name) || isMember(chain, name) };
  const plain = descriptorOf(target.name, call, fields);
  // A class may hold an array of itself: whoever asks for this descriptor while it is checked gets what there is.
  descriptors.set(target, plain);
  checkDescriptor(plain, members);
  const { autoPad } = (call.args[0] ?? {}) as { autoPad?: boolean };
  return autoPad ? withAutoPadding(plain) : plain;
}

/** Whether a class has a getter or method, itself or from a class above. */
function isMember(chain: readonly object[], name: string): boolean {
  return name !== 'constructor' && chain.some((prototype) => Object.hasOwn(prototype, name));
}

/** The properties that are not saved. */
function transientOf(chain: readonly object[]): ReadonlySet<string> {
  return new Set(chain.flatMap((prototype) => own<string>(transientKey, prototype)));
}

/** A class, or a function that returns one (for classes that come later in the source). */
function toClassRef(argument: unknown, className: string, property: string): ClassRef | undefined {
  if (typeof argument !== 'function') return undefined;
  return classRef(() => {
    const isClass = argument.prototype !== undefined;
    const target = isClass ? argument : argument();
    if (isStateClass(target)) return target;
    const name = typeof target === 'function' ? target.name : String(target);
    throw new DescriptorError(className, property, `${name} is not decorated with @SsmStruct or @SsmStream`);
  });
}

/** A reference to a decorated class, by a function that returns it. Generated descriptors use it. */
export function classRef(resolve: () => StateClass): ClassRef {
  return {
    get name() {
      return resolve().name;
    },
    descriptor: () => slotOf(resolve()).descriptor ?? descriptorFor(resolve()),
    target: resolve,
  };
}

/**
 * Properties of an instance that hold state but have no kind and are not `@Transient`: they would be lost silently.
 */
export function unkindProperties(instance: object): string[] {
  // A view keeps its state in memory, and ssmgen has seen what its class has.
  if (viewSlotOf(instance) !== undefined) return [];
  const chain = lineage(Object.getPrototypeOf(instance));
  const transient = transientOf(chain);
  const known = new Set(
    chain.flatMap((prototype) =>
      own<FieldCall>(fieldsKey, prototype).flatMap(({ property, args }) => [property, highHalf(args)]),
    ),
  );
  return Object.keys(instance).filter((key) => !known.has(key) && !transient.has(key));
}

function highHalf(args: readonly unknown[]): string {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && 'hi' in last ? String(last.hi) : '';
}
