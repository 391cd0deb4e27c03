import { type Field, type Holds, holdsOf, layoutOf, memberShape, valueTypeOf } from '@ssmkit/schema/model';
import { canonical } from '../../plan.js';
import type { ClassContext } from '../context.js';
import { access, propertyName } from '../literals.js';

/** A member of a structure that a view has as a property. */
export interface ViewMember {
  readonly field: Field;
  /** Statement that the getter consists of. */
  readonly get: string;
  /** Statement that the setter consists of. */
  readonly set: string;
  /** Type of what the getter returns, and the setter takes. */
  readonly type: readonly [got: string, given: string];
  /** The private property that keeps what the getter has made, with its type. */
  readonly cache?: string;
  /** The private getter of what both use: its head and its statement. */
  readonly member?: readonly [head: string, statement: string];
  /** The value in an object that is no view. */
  readonly plain: string;
  /** The same for the high half of a pair. */
  readonly high?: { readonly get: string; readonly set: string };
}

/** The properties of a class's views. */
export function viewMembers(context: ClassContext): readonly ViewMember[] {
  const { offsets } = layoutOf(context.descriptor, canonical);
  return context.descriptor.fields.flatMap((field, index) => {
    const holds = holdsOf(field);
    return holds.what === 'nothing' ? [] : [member(context, field, index, holds, offsets.get(field.name) as number)];
  });
}

function member(context: ClassContext, field: Field, index: number, holds: Holds, at: number): ViewMember {
  const { size } = memberShape(field, canonical)!;
  const count = typeof field.count === 'number' ? field.count : 1;
  const own = access('this', field.name);
  const type = `${context.name}[${propertyName(field.name).replace(/^([^'].*)$/, "'$1'")}]`;
  const cache = `#f${index}`;
  const path = context.path(field);
  const scalar = { field, type: [type, type], plain: own } as const;
  switch (holds.what) {
    case 'bytes':
    case 'typed': {
      const array = holds.what === 'typed' ? holds.array : 'Uint8Array';
      const of = `${context.help('ArrayMember')}<${array}>`;
      const made = `new ${context.help('ArrayMember')}(this.bytes, ${at}, ${array}, ${count}, ${path})`;
      return {
        field,
        get: `return this.#array${index}.value as ${type};`,
        set: `this.#array${index}.value = value;`,
        type: [type, type],
        cache: `${cache}: ${of} | undefined`,
        member: [`#array${index}(): ${of}`, `return (this.${cache} ??= ${made});`],
        plain: `${own}.slice() as ${type}`,
      };
    }
    case 'list': {
      const functions = holds.element === 'boolean' ? 'Booleans' : 'Bigints';
      const { signed = false } = valueTypeOf(field) ?? {};
      const place = `{ at: ${at}, count: ${count}, size: ${size / count}, signed: ${signed} }`;
      return {
        field,
        get: `return ${context.help(`get${functions}`)}(this.#view, ${place}) as ${type};`,
        set: `${context.help(`set${functions}`)}(this.#view, ${place}, value, ${path});`,
        type: [type, type],
        plain: `[...${own}] as ${type}`,
      };
    }
    case 'object':
    case 'objects':
      return structMember(context, field, holds, { at, size, count, own, cache, type, path });
    case 'pair': {
      const half = (from: number) => ({
        get: `return this.#view.getUint32(${from}, true);`,
        set: `this.#view.setUint32(${from}, value, true);`,
      });
      return { ...scalar, ...half(at), high: half(at + 4) };
    }
    default:
      return { ...scalar, ...scalarStatements(context, field, holds.what as 'number', at, size) };
  }
}

interface StructPlace {
  readonly at: number;
  readonly size: number;
  readonly count: number;
  readonly own: string;
  readonly cache: string;
  readonly type: string;
  readonly path: string;
}

function structMember(context: ClassContext, field: Field, holds: Holds, place: StructPlace): ViewMember {
  const { at, size, count, own, cache, type, path } = place;
  const view = context.nested.view(field);
  if (holds.what === 'object') {
    const bytes = `this.bytes.subarray(${at}, ${at + size})`;
    return {
      field,
      get: `return (this.${cache} ??= new ${view}(${bytes}));`,
      set: `if ((value as object) !== ${own}) ${own}[${context.help('assign')}](value);`,
      type: [view, `${type} | ${view}`],
      cache: `${cache}: ${view} | undefined`,
      plain: `${own}.toPlain()`,
    };
  }
  const list = `{ at: ${at}, count: ${count}, size: ${size / count}, signed: false }`;
  const made = `${context.help('viewsOf')}(this.bytes, ${list}, (bytes) => new ${view}(bytes))`;
  return {
    field,
    get: `return (this.${cache} ??= ${made});`,
    set: `${context.help('assignAll')}(${own}, value, ${path});`,
    type: [`${view}[]`, `${type} | ${view}[]`],
    cache: `${cache}: ${view}[] | undefined`,
    plain: `${own}.map((view) => view.toPlain())`,
  };
}

function scalarStatements(
  context: ClassContext,
  field: Field,
  what: 'number' | 'bigint' | 'boolean',
  at: number,
  size: number,
): { get: string; set: string } {
  const { signed = false } = valueTypeOf(field) ?? {};
  const view = 'this.#view';
  if (what === 'boolean') {
    if (size === 1) {
      return { get: `return ${view}.getUint8(${at}) !== 0;`, set: `${view}.setUint8(${at}, value ? 1 : 0);` };
    }
    return {
      get: `return (${view}.getUint32(${at}, true) | ${view}.getUint32(${at + 4}, true)) !== 0;`,
      set: `${view}.setUint32(${at}, value ? 1 : 0, true); ${view}.setUint32(${at + 4}, 0, true);`,
    };
  }
  if (size === 16) {
    return {
      get: `return ${context.help('getWide')}(${view}, ${at}, ${signed});`,
      set: `${context.help('setWide')}(${view}, ${at}, value);`,
    };
  }
  if (size === 8 && what === 'number') {
    return {
      get: `return ${context.help('getWideNumber')}(${view}, ${at}, ${signed});`,
      set: `${context.help('setWideNumber')}(${view}, ${at}, value, ${context.path(field)});`,
    };
  }
  const type = `${size === 8 ? 'Big' : ''}${signed ? 'Int' : 'Uint'}${size * 8}`;
  const end = size === 1 ? '' : ', true';
  return {
    get: `return ${view}.get${type}(${at}${end});`,
    set: `${view}.set${type}(${at}, value${end});`,
  };
}

/** Prints the accessors of a view. */
export function emitAccessors(context: ClassContext, members: readonly ViewMember[]): void {
  const { out } = context;
  const pair = (name: string, { get, set }: { get: string; set: string }, [got, given]: ViewMember['type']) => {
    out.block(`get ${propertyName(name)}(): ${got} {`, () => out.line(get));
    out.line();
    out.block(`set ${propertyName(name)}(value: ${given}) {`, () => out.line(set));
    out.line();
  };
  for (const { field, high, type, member, ...statements } of members) {
    if (member !== undefined) {
      const [head, statement] = member;
      out.block(`get ${head} {`, () => out.line(statement));
      out.line();
    }
    pair(field.name, statements, type);
    if (high !== undefined) pair(field.hi as string, high, ['number', 'number']);
  }
}
