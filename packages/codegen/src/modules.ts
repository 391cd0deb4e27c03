import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { StructFlags } from '@ssmkit/schema';
import type { ClassDeclaration, EnumDeclaration, Project, SourceFile, VariableDeclaration } from 'ts-morph';

/** The package whose decorators count. */
export const SCHEMA = '@ssmkit/schema';

/** A name of another module. */
interface Imported {
  readonly module: string;
  readonly name: string;
}

type Declaration = ClassDeclaration | EnumDeclaration | VariableDeclaration;

/**
 * Names across the files of a project, by their import declarations: what ts-morph's own resolution would need a type
 * checker for.
 */
export class Modules {
  readonly structFlags: Record<string, number> = StructFlags;
  readonly #project: Project;
  readonly #dependencies = new Map<SourceFile, Set<SourceFile>>();
  /** What each file imports, by its local name: every decorator asks. */
  readonly #imports = new Map<SourceFile, Map<string, Imported>>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** Files that a file's decorators have looked into. */
  dependenciesOf(file: SourceFile): readonly SourceFile[] {
    const seen = new Set<SourceFile>();
    const visit = (at: SourceFile) => {
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
  find(file: SourceFile, name: string): Declaration | undefined {
    const local = file.getClass(name) ?? file.getEnum(name) ?? file.getVariableDeclaration(name);
    if (local !== undefined) return local;
    const imported = this.#importOf(file, name);
    if (imported === undefined) return undefined;
    const target = this.open(file, imported.module);
    return target === undefined ? undefined : this.#exported(target, imported.name);
  }

  /** The name under which `@ssmkit/schema` exports what a file calls `name`. */
  schemaExport(file: SourceFile, name: string): string | undefined {
    const imported = this.#importOf(file, name);
    return imported?.module === SCHEMA ? imported.name : undefined;
  }

  /** Names of namespace imports of `@ssmkit/schema` (`import * as ssm from …`). */
  schemaNamespaces(file: SourceFile): readonly string[] {
    return file
      .getImportDeclarations()
      .filter((declaration) => declaration.getModuleSpecifierValue() === SCHEMA)
      .flatMap((declaration) => declaration.getNamespaceImport()?.getText() ?? []);
  }

  #importOf(file: SourceFile, name: string): Imported | undefined {
    let imports = this.#imports.get(file);
    if (imports === undefined) {
      imports = new Map();
      for (const declaration of file.getImportDeclarations()) {
        const module = declaration.getModuleSpecifierValue();
        for (const specifier of declaration.getNamedImports()) {
          const imported = specifier.getName();
          imports.set(specifier.getAliasNode()?.getText() ?? imported, { module, name: imported });
        }
      }
      this.#imports.set(file, imports);
    }
    return imports.get(name);
  }

  /** A declaration that a module exports itself or from another one. */
  #exported(file: SourceFile, name: string): Declaration | undefined {
    const own = file.getClass(name) ?? file.getEnum(name) ?? file.getVariableDeclaration(name);
    if (own !== undefined) return own;
    for (const declaration of file.getExportDeclarations()) {
      const module = declaration.getModuleSpecifierValue();
      if (module === undefined) continue;
      const specifiers = declaration.getNamedExports();
      const specifier = specifiers.find(
        (candidate) => (candidate.getAliasNode()?.getText() ?? candidate.getName()) === name,
      );
      if (specifiers.length > 0 && specifier === undefined) continue;
      const target = this.open(file, module);
      const found = target === undefined ? undefined : this.#exported(target, specifier?.getName() ?? name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The source file that a relative module specifier names. */
  open(from: SourceFile, module: string): SourceFile | undefined {
    if (!module.startsWith('.')) return undefined;
    const base = resolve(from.getDirectoryPath(), module);
    const candidates = [base.replace(/\.([cm]?)js$/, '.$1ts'), `${base}.ts`, `${base}/index.ts`];
    const path = candidates.find((candidate) => candidate.endsWith('ts') && existsSync(candidate));
    if (path === undefined) return undefined;
    const file = this.#project.getSourceFile(path) ?? this.#project.addSourceFileAtPath(path);
    const known = this.#dependencies.get(from) ?? new Set();
    known.add(file);
    this.#dependencies.set(from, known);
    return file;
  }
}
