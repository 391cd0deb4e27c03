import {
  abiKey,
  type Descriptor,
  type Field,
  fieldTable,
  type HostProfile,
  hosts,
  kinds,
  layoutOf,
  simpleTableProblem,
  tableProblem,
} from '@ssmkit/schema/model';
import { modesOf } from '../plan.js';
import type { ScannedClass, ScannedFile } from '../scan.js';
import { ClassContext } from './context.js';
import { emitGet } from './get.js';
import { helper, lowerFirst } from './helpers.js';
import { emitJson } from './json.js';
import { literal, propertyName, quote } from './literals.js';
import { NestedNames } from './nested-names.js';
import { emitPut } from './put.js';
import { SourceText } from './source-file.js';
import { emitView, emitViewRegistration } from './view/class.js';

/** Hosts whose layouts stand in a generated file: one of each family of compilers. */
const layoutHosts = ['linux.amd64', 'linux.x86', 'win.x86'];

/** Hosts on which a table must be right, so that nothing looks at it at run time; one of those that are alike. */
const tableHosts: readonly HostProfile[] = [
  ...new Map(
    [
      ...Object.values(hosts),
      { ...hosts['linux.x86']!, gcPhysBytes: 4, gcPtrBytes: 4 } as const,
      { ...hosts['linux.amd64']!, gcPtrBytes: 4 } as const,
    ].map((host) => [abiKey(host), host]),
  ).values(),
];

/** Prints the generated file of a source file. `importPath` gives the module specifier of another source file. */
export function classFile(file: ScannedFile, importPath: (path: string) => string): string {
  const out = new SourceText();
  const nested = new NestedNames(file, out, importPath);
  for (const scanned of file.classes) emitClass(out, scanned, nested, importPath(file.path));
  return out.toString();
}

function emitClass(out: SourceText, scanned: ScannedClass, nested: NestedNames, own: string): void {
  const { descriptor, isLate } = scanned;
  const { name } = descriptor;
  const context = new ClassContext(out, scanned, nested);
  out.use(own, name);
  // All of its fields are those of a class that is not seen: nothing is left to generate but what the run time fills.
  const isEmpty = descriptor.fields.length === 0;

  if (!isEmpty) emitDescriptor(context);
  if (descriptor.shape === 'struct') (isLate ? emitLateLayout : emitLayout)(out, descriptor);
  const functions = isEmpty ? [] : emitFunctions(context);
  if (descriptor.view) emitView(context);
  for (const [items, table] of context.tables) out.line(`const ${table} = ${items};`);
  if (context.tables.size > 0) out.line();
  emitJson(context);
  if (isEmpty) return;

  const fits = isLate ? neverFits : fitsOf(descriptor);
  out
    .block(
      `${helper(out, 'registerGenerated')}(${name}, {`,
      () => {
        out.line(`descriptor: ${context.descriptorName},`);
        for (const entry of functions) out.line(`${entry},`);
        out.line(`fits: ${literal(fits)},`);
        if (isLate) out.line('late: true,');
      },
      '});',
    )
    .line();
  if (descriptor.view) emitViewRegistration(context, fits);
}

/** Prints the put and get functions. Returns the lines that register them. */
function emitFunctions(context: ClassContext): string[] {
  const { out, name, descriptor } = context;
  return modesOf(descriptor).flatMap((mode) => {
    const suffix = mode === 'canonical' ? '' : mode === 'ignored' ? 'Ignored' : 'Any';
    emitPut(context, `put${name}${suffix}`, mode);
    out.line();
    emitGet(context, `get${name}${suffix}`, mode);
    out.line();
    return ['put', 'get'].map((direction) => `${direction}${suffix}: ${direction}${name}${suffix}`);
  });
}

function emitDescriptor(context: ClassContext): void {
  const { out, name, descriptor, scanned } = context;
  const { fields, ...rest } = descriptor;
  const what = scanned.isPartial
    ? `What the decorators in {@link ${name}} itself say`
    : `What the decorators of {@link ${name}} say`;
  out.line(`/** ${what}. */`);
  out
    .block(
      `export const ${context.descriptorName}: ${helper(out, 'Descriptor')} = {`,
      () => {
        for (const [key, value] of Object.entries(rest)) out.line(`${key}: ${literal(value)},`);
        out.block(
          'fields: [',
          () => {
            for (const field of fields) out.line(`${fieldLiteral(context, field)},`);
          },
          '],',
        );
      },
      '};',
    )
    .line();
}

function fieldLiteral(context: ClassContext, field: Field): string {
  const parts = Object.entries(field).map(([key, value]) => {
    if (key !== 'class') return `${propertyName(key)}: ${literal(value)}`;
    return `class: ${context.help('classRef')}(() => ${context.nested.class(field)})`;
  });
  return `{ ${parts.join(', ')} }`;
}

function emitLayout(out: SourceText, descriptor: Descriptor): void {
  out.line(`/** Where C compilers put the members of {@link ${descriptor.name}}: sizes and offsets in bytes. */`);
  out
    .block(
      `export const ${lowerFirst(descriptor.name)}Layout = {`,
      () => {
        for (const host of layoutHosts) {
          const { size, align, offsets } = layoutOf(descriptor, hosts[host]!);
          out.block(
            `'${host}': {`,
            () => {
              out.line(`size: ${size},`).line(`align: ${align},`);
              out.block(
                'offsets: {',
                () => {
                  for (const [name, offset] of offsets) out.line(`${propertyName(name)}: ${offset},`);
                },
                '},',
              );
            },
            '},',
          );
        }
      },
      '} as const;',
    )
    .line();
}

/** The layout of a structure with members that are only known at run time, computed when it is asked for. */
function emitLateLayout(out: SourceText, { name, fields }: Descriptor): void {
  const members = fields.filter(({ kind }) => !['old', 'pad'].includes(kinds[kind].family));
  const names = members.map((member) => quote(member.name)).join(' | ') || 'never';
  out.line(`/** Where C compilers put the members of {@link ${name}}: sizes and offsets in bytes. */`);
  out.line(`export const ${lowerFirst(name)}Layout = ${helper(out, 'lateLayout')}<${names}>(${name});`).line();
}

/** The table is looked at when it is used. */
const neverFits = { simple: false, extended: false, full: false };

function fitsOf(descriptor: Descriptor): typeof neverFits {
  if (descriptor.shape === 'stream') return neverFits;
  const fits = { simple: true, extended: true, full: true };
  for (const host of tableHosts) {
    const table = fieldTable(descriptor, host);
    const { size } = layoutOf(descriptor, host);
    fits.simple &&= simpleTableProblem(table, host) === undefined;
    fits.extended &&= tableProblem(table, size, host, false) === undefined;
    fits.full &&= tableProblem(table, size, host, true) === undefined;
  }
  return fits;
}
