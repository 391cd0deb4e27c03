import {
  abiKey,
  type Descriptor,
  type Field,
  fieldTable,
  type HostProfile,
  hosts,
  layoutOf,
  simpleTableProblem,
  tableProblem,
} from '@ssmkit/schema/model';
import { modesOf } from '../plan.js';
import type { ScannedClass, ScannedFile } from '../scan.js';
import { ClassContext, helper, lowerFirst } from './context.js';
import { emitGet } from './get.js';
import { emitJson } from './json.js';
import { literal, propertyName } from './literals.js';
import { emitPut } from './put.js';
import { SourceText } from './source-file.js';

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
  const parts = partNames(file, out, importPath);
  const own = importPath(file.path);
  const generatedFile = (name: string) => {
    const path = file.classFiles.get(name);
    return path === undefined || path === file.path ? undefined : importPath(path).replace(/\.js$/, '.ssm.js');
  };
  for (const scanned of file.classes) emitClass(out, scanned, parts, own, generatedFile);
  return out.toString();
}

/** Constants for the classes that classes of the file nest. */
function partNames(file: ScannedFile, out: SourceText, importPath: (path: string) => string): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, path] of [...file.classFiles].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.use(importPath(path), name);
    const part = `${lowerFirst(name)}Part`;
    names.set(name, part);
    // Its generated functions are registered when its own generated file is loaded.
    if (path !== file.path) out.load(importPath(path).replace(/\.js$/, '.ssm.js'));
    out.line(`const ${part} = ${helper(out, 'structClassOf')}(${name});`);
  }
  if (names.size > 0) out.line();
  return names;
}

function emitClass(
  out: SourceText,
  scanned: ScannedClass,
  parts: ReadonlyMap<string, string>,
  own: string,
  generatedFile: (name: string) => string | undefined,
): void {
  const { descriptor, methods } = scanned;
  const { name } = descriptor;
  const context = new ClassContext(out, descriptor, methods, parts, generatedFile);
  out.use(own, name);

  out.line(`/** What the decorators of {@link ${name}} say. */`);
  out.block(
    `export const ${context.descriptorName}: ${helper(out, 'Descriptor')} = {`,
    () => emitDescriptor(out, descriptor),
    '};',
  );
  out.line();
  if (descriptor.shape === 'struct') emitLayout(out, descriptor);

  const functions: string[] = [];
  for (const mode of modesOf(descriptor)) {
    const suffix = mode === 'canonical' ? '' : mode === 'ignored' ? 'Ignored' : 'Any';
    for (const [direction, emit] of [
      ['put', emitPut],
      ['get', emitGet],
    ] as const) {
      functions.push(`${direction}${suffix}: ${direction}${name}${suffix}`);
      emit(context, `${direction}${name}${suffix}`, mode);
      out.line();
    }
  }
  for (const [items, table] of context.tables) out.line(`const ${table} = ${items};`);
  if (context.tables.size > 0) out.line();
  emitJson(context);

  const fits = fitsOf(descriptor);
  out
    .block(
      `${helper(out, 'registerGenerated')}(${name}, {`,
      () => {
        out.line(`descriptor: ${context.descriptorName},`);
        for (const entry of functions) out.line(`${entry},`);
        out.line(`fits: ${literal(fits)},`);
      },
      '});',
    )
    .line();
}

function emitDescriptor(out: SourceText, descriptor: Descriptor): void {
  const { fields, ...rest } = descriptor;
  for (const [key, value] of Object.entries(rest)) out.line(`${key}: ${literal(value)},`);
  out.block(
    'fields: [',
    () => {
      for (const field of fields) out.line(`${fieldLiteral(out, field)},`);
    },
    '],',
  );
}

function fieldLiteral(out: SourceText, field: Field): string {
  const parts = Object.entries(field).map(([key, value]) => {
    if (key !== 'class') return `${propertyName(key)}: ${literal(value)}`;
    return `class: ${helper(out, 'classRef')}(() => ${field.class!.name})`;
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

function fitsOf(descriptor: Descriptor): { simple: boolean; extended: boolean; full: boolean } {
  if (descriptor.shape === 'stream') return { simple: false, extended: false, full: false };
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
