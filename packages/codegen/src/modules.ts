import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StructFlags } from '@ssmkit/schema/model';
import type { ts } from 'ts-morph';
import { type Declaration, type Names, namesOf } from './names.js';
import {
  isNamedExports,
  isStringLiteral,
  ModuleKind,
  ModuleResolutionKind,
  resolveModuleName,
  sys,
} from './ts-morph.js';

/** The package whose decorators count. */
export const SCHEMA = '@ssmkit/schema';

/** A name that a file imports from where its source is not seen: a package, or a file without a `.ts`. */
export class Foreign {
  constructor(
    /** Module specifier, as the file has it. */
    readonly module: string,
    /** The name that the module exports. */
    readonly name: string,
    /** The file that imports it. */
    readonly file: ts.SourceFile,
    /** What it is called in that file. */
    readonly local: string,
  ) {}
}

/** Finds the file that a module specifier names. */
type Open = (from: ts.SourceFile, module: string) => ts.SourceFile | undefined;

/** A module whose source is not seen. */
const UNSEEN = Symbol('unseen');

/**
 * Names across the files of a project, by their import declarations: what resolution by the compiler would need a type
 * checker for.
 */
export class Modules {
  readonly structFlags: Record<string, number> = StructFlags;
  readonly #parse: (path: string) => ts.SourceFile;
  readonly #files = new Map<string, ts.SourceFile>();
  /** Where files are remembered that something looks into. */
  #looked: Set<ts.SourceFile> | undefined;
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

  /** Runs something, and adds the files to a set that it looks for names in. */
  recording<T>(files: Set<ts.SourceFile>, run: () => T): T {
    const outer = this.#looked;
    this.#looked = files;
    try {
      return run();
    } finally {
      this.#looked = outer;
    }
  }

  /** The class, enum or variable that a name stands for in a file; where it comes from, if that is not seen. */
  find(file: ts.SourceFile, name: string): Declaration | Foreign | undefined {
    const { declarations, imports } = this.names(file);
    const local = declarations.get(name);
    if (local !== undefined) return local;
    const imported = imports.get(name);
    return imported === undefined ? undefined : this.#imported(file, imported.module, imported.name, name);
  }

  /** The same for a member of a namespace import (`parts.Timer`); `undefined` also where there is no such namespace. */
  findIn(file: ts.SourceFile, namespace: string, name: string): Declaration | Foreign | undefined {
    const module = this.names(file).namespaces.get(namespace);
    return module === undefined ? undefined : this.#imported(file, module, name, name);
  }

  /** What a package's declarations (`.d.ts`) say of a name that comes from it; `undefined` where they do not tell. */
  declarationOf({ module, name, file }: Foreign): Declaration | undefined {
    const target = this.#openDeclarations(file, module);
    const found = target && this.#exported(target, name, this.#openDeclarations);
    if (found === undefined || found === UNSEEN) return undefined;
    this.#looked?.add(found.getSourceFile());
    return found;
  }

  /** Whether a module that is not seen is there at all: a relative specifier can be looked up. */
  isThere({ module, file }: Foreign): boolean {
    if (!module.startsWith('.')) return true;
    return existsSync(resolve(dirname(file.fileName), module)) || this.#openDeclarations(file, module) !== undefined;
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

  #imported(file: ts.SourceFile, module: string, name: string, local: string): Declaration | Foreign | undefined {
    const target = this.#openSource(file, module);
    const found = target === undefined ? UNSEEN : this.#exported(target, name, this.#openSource);
    return found === UNSEEN ? new Foreign(module, name, file, local) : found;
  }

  /** A declaration that a module exports itself or from another one. */
  #exported(
    file: ts.SourceFile,
    name: string,
    open: Open,
    seen: ReadonlySet<ts.SourceFile> = new Set(),
  ): Declaration | typeof UNSEEN | undefined {
    if (seen.has(file)) return undefined;
    const { declarations, imports, exports } = this.names(file);
    const own = declarations.get(name);
    if (own !== undefined) return own;
    let isUnseen = false;
    for (const { exportClause, moduleSpecifier } of exports) {
      let inner = name;
      if (exportClause !== undefined) {
        if (!isNamedExports(exportClause)) continue;
        const specifier = exportClause.elements.find((candidate) => candidate.name.text === name);
        if (specifier === undefined) continue;
        inner = (specifier.propertyName ?? specifier.name).text;
      }
      let module = moduleSpecifier !== undefined && isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
      if (module === undefined) {
        const local = declarations.get(inner);
        if (local !== undefined) return local;
        // `import { X } from …; export { X };`
        const imported = imports.get(inner);
        if (imported === undefined) continue;
        ({ module, name: inner } = imported);
      }
      const target = open(file, module);
      const found = target === undefined ? UNSEEN : this.#exported(target, inner, open, new Set([...seen, file]));
      if (found === UNSEEN) isUnseen = true;
      else if (found !== undefined) return found;
    }
    return isUnseen ? UNSEEN : undefined;
  }

  /** The source file that a relative module specifier names. */
  readonly #openSource: Open = (from, module) => {
    if (!module.startsWith('.')) return undefined;
    const base = resolve(dirname(from.fileName), module);
    const candidates = [base.replace(/\.([cm]?)js$/, '.$1ts'), `${base}.ts`, `${base}/index.ts`];
    const path = candidates.find((candidate) => /(?<!\.d)\.[cm]?ts$/.test(candidate) && existsSync(candidate));
    if (path === undefined) return undefined;
    const file = this.file(path);
    this.#looked?.add(file);
    return file;
  };

  /** The file in which the compiler finds the types of a module. */
  readonly #openDeclarations: Open = (from, module) => {
    const options = { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext };
    const { ESNext } = ModuleKind;
    const { resolvedModule } = resolveModuleName(module, from.fileName, options, sys, undefined, undefined, ESNext);
    return resolvedModule === undefined ? undefined : this.file(resolvedModule.resolvedFileName);
  };
}
