import type { ts } from 'ts-morph';
import {
  isClassDeclaration,
  isEnumDeclaration,
  isExportDeclaration,
  isImportDeclaration,
  isNamespaceImport,
  isStringLiteral,
  isVariableStatement,
} from './ts-morph.js';

/** A name of another module. */
export interface Imported {
  readonly module: string;
  /** `default` for what it exports without a name. */
  readonly name: string;
}

/** What a name can stand for. */
export type Declaration = ts.ClassDeclaration | ts.EnumDeclaration | ts.VariableDeclaration;

/** The names of a file's top level. */
export interface Names {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** What it imports, by its local name. */
  readonly imports: ReadonlyMap<string, Imported>;
  /** Modules of namespace imports (`import * as ssm from …`), by their local name. */
  readonly namespaces: ReadonlyMap<string, string>;
  readonly exports: readonly ts.ExportDeclaration[];
}

/** Reads the names of a file's top level. */
export function namesOf(file: ts.SourceFile): Names {
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, Imported>();
  const namespaces = new Map<string, string>();
  const exports: ts.ExportDeclaration[] = [];
  for (const statement of file.statements) {
    if (isClassDeclaration(statement) || isEnumDeclaration(statement)) {
      if (statement.name !== undefined) declarations.set(statement.name.text, statement);
    } else if (isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        declarations.set(declaration.name.getText(file), declaration);
      }
    } else if (isImportDeclaration(statement)) {
      const module = isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
      const { name: defaultName, namedBindings: bindings } = statement.importClause ?? {};
      if (defaultName !== undefined) imports.set(defaultName.text, { module, name: 'default' });
      if (bindings === undefined) continue;
      if (isNamespaceImport(bindings)) namespaces.set(bindings.name.text, module);
      else {
        for (const { name, propertyName } of bindings.elements) {
          imports.set(name.text, { module, name: (propertyName ?? name).text });
        }
      }
    } else if (isExportDeclaration(statement)) exports.push(statement);
  }
  return { declarations, imports, namespaces, exports };
}
