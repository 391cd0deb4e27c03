import type { ClassRef, Descriptor, Domain, Field } from './descriptor.js';
import { DescriptorError } from './descriptor.js';
import { type KindName, kinds } from './kinds/index.js';

/*
 * From decorator calls to descriptors
 *
 * `@U32({ since: 3 }) mode = 0` is a call of the decorator `U32` with one argument on the property `mode`. The calls of
 * a class, recorded at run time or read from its source, become its descriptor here and nowhere else. Arguments are
 * values; only a reference to a class differs between the producers, and each brings its own `ClassRef`.
 */

/** A decorator call on a property. */
export interface FieldCall {
  readonly property: string;
  readonly decorator: string;
  readonly args: readonly unknown[];
}

/** A decorator call on a class. */
export interface ClassCall {
  readonly decorator: 'SsmStruct' | 'SsmStream';
  readonly args: readonly unknown[];
}

/** What a decorator's arguments are: parameters in order, then an object of options. */
interface Signature {
  /** Names of the parameters that the row's fields take, in order. */
  readonly params: readonly (keyof Field)[];
  /** Options that may follow. */
  readonly options: readonly string[];
  /** Fields with fixed values, for decorators that are special cases of a kind. */
  readonly kind: KindName;
}

const member = ['offset', 'align'];
const versions = ['since', 'until', 'when'];
const array = ['count', 'max', 'end'];
const common = [...versions, 'default'];

function options(kind: KindName): readonly string[] {
  const { family, value } = kinds[kind];
  switch (family) {
    case 'scalar':
      return [
        ...common,
        ...member,
        ...array,
        'min',
        'max',
        'values',
        'each',
        ...(value?.bits === 64 ? ['as', 'hi'] : []),
      ];
    case 'mem':
      return [...common, ...member, 'count', 'max'];
    case 'strz':
      return [...common, 'max', 'as'];
    case 'pointer':
      return ['since', 'default', ...member, 'count', 'as'];
    case 'ignore':
      return ['since', ...member, ...(kind === 'ignore' ? ['count'] : [])];
    case 'old':
      return versions;
    case 'pad':
      return ['since', ...(kind.endsWith('auto') ? [] : member)];
    case 'callback':
      return ['since', 'default', ...member, 'count', 'put', 'get'];
    case 'class':
      return [...common, ...array, ...(kind === 'struct' ? [...member, 'flatten', 'flags'] : ['with'])];
    case 'marker':
      return versions;
    case 'noentry':
      return [...member, 'count'];
  }
}

const parameters: Partial<Record<KindName, readonly (keyof Field)[]>> = {
  ignore: ['type'],
  noentry: ['type'],
  callback: ['type'],
  marker: ['type', 'value'],
  old: ['cb'],
  old_pad_hc: ['cb32', 'cb64'],
  old_pad_msc32: ['cb'],
  pad_hc: ['cb32', 'cb64'],
  pad_hc32: ['cb'],
  pad_hc64: ['cb'],
  pad_hc_auto: ['cb32', 'cb64'],
  pad_msc32_auto: ['cb'],
  struct: ['class'],
  nested: ['class'],
};

/** Every property decorator by name. */
export const signatures: ReadonlyMap<string, Signature> = new Map([
  ...(Object.keys(kinds) as KindName[]).map((kind): [string, Signature] => [
    kinds[kind].decorator,
    { kind, params: parameters[kind] ?? [], options: options(kind) },
  ]),
  // SSMFIELD_ENTRY_OLD_PAD_HC32 and _HC64 are OLD_PAD_HC with one of the sizes 0.
  ['OldPadHC32', { kind: 'old_pad_hc', params: ['cb32'], options: versions }],
  ['OldPadHC64', { kind: 'old_pad_hc', params: ['cb64'], options: versions }],
]);

/** Names of the class decorators. */
export const classDecorators: readonly string[] = ['SsmStruct', 'SsmStream'];

/** Turns an argument that names a class into a reference; `undefined` for anything else. */
export type ToClassRef = (argument: unknown) => ClassRef | undefined;

/** Turns the decorator calls on one property into a field. */
export function fieldOf(className: string, call: FieldCall, toClassRef: ToClassRef): Field {
  const signature = signatures.get(call.decorator);
  const wrong = (problem: string) => new DescriptorError(className, call.property, `@${call.decorator}: ${problem}`);
  if (signature === undefined) throw wrong('no such decorator');
  const { kind, params } = signature;
  const args = [...call.args];
  const field: Record<string, unknown> = { name: call.property, kind };
  for (const param of params) {
    if (args.length === 0 || isOptions(args[0])) throw wrong(`wants (${[...params, 'options?'].join(', ')})`);
    const argument = args.shift();
    field[param] = param === 'class' ? toClassRef(argument) : argument;
    if (field[param] === undefined) throw wrong('wants a decorated class, or a function that returns one');
  }
  if (kind === 'old_pad_hc') {
    field['cb32'] ??= 0;
    field['cb64'] ??= 0;
  }
  if (args.length > 1 || (args.length === 1 && !isOptions(args[0]))) {
    throw wrong(`wants (${[...params, 'options?'].join(', ')})`);
  }
  applyOptions(field, (args[0] ?? {}) as Record<string, unknown>, signature, wrong);
  return field as unknown as Field;
}

function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Options whose name in a decorator differs from the name in a field, or that are gathered. */
function applyOptions(
  field: Record<string, unknown>,
  given: Record<string, unknown>,
  signature: Signature,
  wrong: (problem: string) => DescriptorError,
): void {
  const isArray = given['count'] !== undefined || given['end'] !== undefined;
  const { family } = kinds[signature.kind];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!signature.options.includes(name)) {
      throw wrong(`no option '${name}'; it takes ${signature.options.join(', ') || 'none'}`);
    }
    if (name === 'max' && (family !== 'scalar' || isArray)) field['limit'] = value;
    else if (name === 'min' || name === 'max' || name === 'values') {
      if (isArray) throw wrong(`'${name}' of the elements of an array belongs into 'each'`);
      field['domain'] = domain(field['domain'] as Domain | undefined, name, value);
    } else if (name === 'each') {
      if (!isArray) throw wrong("'each' is for arrays");
      for (const [key, bound] of Object.entries(value as object)) {
        field['domain'] = domain(field['domain'] as Domain | undefined, key, bound);
      }
    } else field[name] = value;
  }
}

function domain(into: Domain | undefined, name: string, value: unknown): Domain {
  return { ...into, [name]: name === 'values' ? enumValues(value) : value };
}

/** The numbers of a list or of a TypeScript enum (whose object maps them back to names, too). */
function enumValues(values: unknown): readonly (number | bigint)[] {
  const all = Array.isArray(values) ? values : Object.values(values as object);
  return all.filter((value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint');
}

/** What a class decorator's argument may hold. */
export interface ClassOptions {
  readonly packed?: boolean;
  readonly autoPad?: boolean;
  readonly size?: Descriptor['size'];
  /** `ssmgen` also writes a class of accessors over the structure's memory: `PitView` for `Pit`. */
  readonly view?: boolean;
}

/** Turns the decorator call on a class, and its fields, into a descriptor (paddings not yet added). */
export function descriptorOf(className: string, call: ClassCall, fields: readonly Field[]): Descriptor {
  const given = (call.args[0] ?? {}) as Record<string, unknown>;
  const shape = call.decorator === 'SsmStruct' ? 'struct' : 'stream';
  const allowed = shape === 'struct' ? ['packed', 'autoPad', 'size', 'view'] : [];
  for (const name of Object.keys(given)) {
    if (!allowed.includes(name))
      throw new DescriptorError(className, undefined, `@${call.decorator}: no option '${name}'`);
  }
  const { packed, size, view } = given as ClassOptions;
  return {
    name: className,
    shape,
    ...(packed && { packed }),
    ...(size !== undefined && { size }),
    ...(view && { view }),
    fields,
  };
}
