import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StructFlags } from '@ssmkit/schema/model';
import type { ts } from 'ts-morph';
import {
  isClassDeclaration,
  isEnumDeclaration,
  isExportDeclaration,
  isImportDeclaration,
  isNamedExports,
  isNamespaceImport,
  isStringLiteral,
  isVariableStatement,
} from './ts-morph.js';

/** The package whose decorators count. */
export const SCHEMA = '@ssmkit/schema';

/** A name of another module. */
interface Imported {
  readonly module: string;
  readonly name: string;
}

type Declaration = ts.ClassDeclaration | ts.EnumDeclaration | ts.VariableDeclaration;

/** The names of a file's top level. */
interface Names {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** What it imports, by its local name. */
  readonly imports: ReadonlyMap<string, Imported>;
  /** Names of namespace imports of {@link SCHEMA} (`import * as ssm from …`). */
  readonly schemaNamespaces: ReadonlySet<string>;
  readonly exports: readonly ts.ExportDeclaration[];
}

/**
 * Names across the files of a project, by their import declarations: what resolution by the compiler would need a type
 * checker for.
 */
export class Modules {
  readonly structFlags: Record<string, number> = StructFlags;
  readonly #parse: (path: string) => ts.SourceFile;
  readonly #files = new Map<string, ts.SourceFile>();
  readonly #dependencies = new Map<ts.SourceFile, Set<ts.SourceFile>>();
  readonly #names = new Map<ts.SourceFile, Names>();

  constructor(parse: (path: string) => ts.SourceFile) {
    this.#parse = parse;
  }

  /** A file of the project. */
  file(path: string): ts.SourceFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = this.#parse(path);
      this.#files.set(path, file);
    }
    return file;
  }

  /** Files that a file's decorators have looked into. */
  dependenciesOf(file: ts.SourceFile): readonly ts.SourceFile[] {
    const seen = new Set<ts.SourceFile>();
    const visit = (at: ts.SourceFile) => {
      for (const next of this.#dependencies.get(at) ?? []) {
        if (next === file || seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
    };
    visit(file);
    return [...seen];
  }

  /** The class, enum or variable that a name stands for in a file. */
  find(file: ts.SourceFile, name: string): Declaration | undefined {
    const { declarations, imports } = this.names(file);
    const local = declarations.get(name);
    if (local !== undefined) return local;
    const imported = imports.get(name);
    if (imported === undefined) return undefined;
    const target = this.open(file, imported.module);
    return target === undefined ? undefined : this.#exported(target, imported.name);
  }

  /** The name under which `@ssmkit/schema` exports what a file calls `name`. */
  schemaExport(file: ts.SourceFile, name: string): string | undefined {
    const imported = this.names(file).imports.get(name);
    return imported?.module === SCHEMA ? imported.name : undefined;
  }

  /** The names of a file's top level; every decorator asks for them. */
  names(file: ts.SourceFile): Names {
    let names = this.#names.get(file);
    if (names === undefined) {
      names = namesOf(file);
      this.#names.set(file, names);
    }
    return names;
  }

  /** A declaration that a module exports itself or from another one. */
  #exported(file: ts.SourceFile, name: string): Declaration | undefined {
    const { declarations, exports } = this.names(file);
    const own = declarations.get(name);
    if (own !== undefined) return own;
    for (const { exportClause, moduleSpecifier } of exports) {
      if (moduleSpecifier === undefined || !isStringLiteral(moduleSpecifier)) continue;
      let inner = name;
      if (exportClause !== undefined) {
        if (!isNamedExports(exportClause)) continue;
        const specifier = exportClause.elements.find((candidate) => candidate.name.text === name);
        if (specifier === undefined) continue;
        inner = (specifier.propertyName ?? specifier.name).text;
      }
      const target = this.open(file, moduleSpecifier.text);
      const found = target === undefined ? undefined : this.#exported(target, inner);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The source file that a relative module specifier names. */
  open(from: ts.SourceFile, module: string): ts.SourceFile | undefined {
    if (!module.startsWith('.')) return undefined;
    const base = resolve(dirname(from.fileName), module);
    const candidates = [base.replace(/\.([cm]?)js$/, '.$1ts'), `${base}.ts`, `${base}/index.ts`];
    const path = candidates.find((candidate) => candidate.endsWith('ts') && existsSync(candidate));
    if (path === undefined) return undefined;
    const file = this.file(path);
    const known = this.#dependencies.get(from) ?? new Set();
    known.add(file);
    this.#dependencies.set(from, known);
    return file;
  }
}

function namesOf(file: ts.SourceFile): Names {
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, Imported>();
  const schemaNamespaces = new Set<string>();
  const exports: ts.ExportDeclaration[] = [];
  for (const statement of file.statements) {
    if (isClassDeclaration(statement) || isEnumDeclaration(statement)) {
      if (statement.name !== undefined) declarations.set(statement.name.text, statement);
    } else if (isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        declarations.set(declaration.name.getText(file), declaration);
      }
    } else if (isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      const module = isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
      if (bindings === undefined) continue;
      if (isNamespaceImport(bindings)) {
        if (module === SCHEMA) schemaNamespaces.add(bindings.name.text);
        continue;
      }
      for (const { name, propertyName } of bindings.elements) {
        imports.set(name.text, { module, name: (propertyName ?? name).text });
      }
    } else if (isExportDeclaration(statement)) exports.push(statement);
  }
  return { declarations, imports, schemaNamespaces, exports };
}
