import { holdsOf, layoutOf } from '@ssmkit/schema/model';
import { canonical, type Mode, modesOf } from '../../plan.js';
import type { ClassContext } from '../context.js';
import { access, literal, quote } from '../literals.js';
import { viewName } from '../nested-names.js';
import { emitAccessors, viewMembers } from './accessors.js';
import { emitViewGet } from './get.js';
import { emitViewPut } from './put.js';
import { pieceName, putPieces } from './run.js';

/*
 * The class of a class's views
 *
 * Its objects have the properties of the decorated class as accessors over one piece of memory, and its put and get
 * copy what lies in the stream as it lies in memory. Everything but `bytes` is private to the class, so that no member
 * of a structure clashes with it.
 */

/** A function of a view's class, and how it is registered. */
const functions: readonly [Mode, string][] = [
  ['canonical', ''],
  ['ignored', 'Ignored'],
];

/** The modes for which views have functions of their own. */
function viewModes(context: ClassContext): readonly [Mode, string][] {
  const modes = modesOf(context.descriptor);
  return functions.filter(([mode]) => modes.includes(mode));
}

/** Prints the class of the views of a class. */
export function emitView(context: ClassContext): void {
  const { out, descriptor, name, scanned } = context;
  const own = viewName(name);
  const { size } = layoutOf(descriptor, canonical);
  const members = viewMembers(context);
  // Members without a value are declared in the class, and what automatic paddings are called is no name.
  const declared = descriptor.fields.filter(
    (field) => holdsOf(field).what === 'nothing' && !field.name.startsWith('<'),
  );
  if (scanned.hasMore || declared.length > 0) {
    const names = members.flatMap(({ field }) => (field.hi === undefined ? [field.name] : [field.name, field.hi]));
    const fields = names.map(quote).join(' | ') || 'never';
    out.line(`/** What views have of {@link ${name}} beside its fields. */`);
    out.line(`export interface ${own} extends Omit<${name}, ${fields}> {}`).line();
  }
  out.line(`/** {@link ${name}} in memory: ${size} bytes, laid out as on 64-bit hosts. */`);
  out.block(`export class ${own} extends ${context.help('StructView')}<${name}> {`, () => {
    out.line('/** Bytes of the structure. */').line(`static readonly size = ${size};`);
    out.line('static #initial: Uint8Array | undefined;').line('readonly #view: DataView;');
    for (const { cache } of members) if (cache !== undefined) out.line(`${cache};`);
    for (const piece of putPieces(descriptor)) out.line(`${pieceName(piece)}: Uint8Array | undefined;`);
    out.line();
    emitConstructor(context, own, size);
    emitAccessors(context, members);
    emitConversions(context, own, size);
    for (const [mode, suffix] of viewModes(context)) {
      emitViewPut(context, `put${suffix}`, mode);
      emitViewGet(context, `get${suffix}`, mode);
    }
  });
  out.line();
}

function emitConstructor(context: ClassContext, own: string, size: number): void {
  const { out, name } = context;
  const { transient } = context.scanned;
  out.line(
    `/** @param bytes the structure's memory, which is kept; where not given, that of a new {@link ${name}}. */`,
  );
  out.block('constructor(bytes?: Uint8Array) {', () => {
    out.line(`super(bytes ?? ${own}.#new(), ${size}, ${quote(own)});`);
    out.line('this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);');
    if (transient.length === 0) return;
    out.line(`const plain = new ${name}();`);
    for (const property of transient) out.line(`${access('this', property)} = ${access('plain', property)};`);
  });
  out.line();
  out.block('static #new(): Uint8Array {', () => {
    const empty = `new ${own}(new Uint8Array(${size}))`;
    out.line(`${own}.#initial ??= ${context.help('initialMemory')}<${name}>(${empty}, new ${name}());`);
    out.line(`return ${own}.#initial.slice();`);
  });
  out.line();
}

function emitConversions(context: ClassContext, own: string, size: number): void {
  const { out, name } = context;
  const { transient } = context.scanned;
  const members = viewMembers(context);
  out.line('/** A view with the values of an object. */');
  out.block(`static from(plain: ${name}): ${own} {`, () => {
    out.line(`const view = new ${own}(new Uint8Array(${size}));`);
    out.line(`view[${context.help('assign')}](plain);`).line('return view;');
  });
  out.line();
  out.block(`toPlain(): ${name} {`, () => {
    out.line(`const plain = new ${name}();`);
    for (const { field, plain } of members) {
      out.line(`${access('plain', field.name)} = ${plain};`);
      if (field.hi !== undefined) out.line(`${access('plain', field.hi)} = ${access('this', field.hi)};`);
    }
    for (const property of transient) out.line(`${access('plain', property)} = ${access('this', property)};`);
    out.line('return plain;');
  });
  out.line();
  out.block(`[${context.help('assign')}](from: ${name}): void {`, () => {
    for (const { field } of members) {
      for (const property of field.hi === undefined ? [field.name] : [field.name, field.hi]) {
        out.line(`${access('this', property)} = ${access('from', property)};`);
      }
    }
    for (const property of transient) out.line(`${access('this', property)} = ${access('from', property)};`);
  });
  out.line();
}

/** Prints the call that makes a class's views known. */
export function emitViewRegistration(context: ClassContext, fits: object): void {
  const { out, name } = context;
  const own = viewName(name);
  out.block(
    `${context.help('registerView')}(${name}, ${own}, {`,
    () => {
      out.line(`descriptor: ${context.descriptorName},`);
      for (const [, suffix] of viewModes(context)) {
        for (const direction of ['put', 'get']) {
          out.line(`${direction}${suffix}: ${own}.${direction}${suffix},`);
        }
      }
      out.line(`fits: ${literal(fits)},`);
    },
    '});',
  );
  out.line();
}
