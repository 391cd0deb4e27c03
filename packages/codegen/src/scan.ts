import { dirname, resolve } from 'node:path';
import {
  type ClassCall,
  type ClassRef,
  checkDescriptor,
  classDecorators,
  type Descriptor,
  DescriptorError,
  descriptorOf,
  type Field,
  fieldOf,
  holdsForeign,
  signatures,
  withAutoPadding,
} from '@ssmkit/schema/model';
import type { ts } from 'ts-morph';
import { fail } from './errors.js';
import { evaluate, evaluateClass, NamedClass } from './evaluate.js';
import { Lineages } from './lineage.js';
import {
  hasModifier,
  isTransient,
  type Property,
  requireKinds,
  type SchemaDecorator,
  schemaDecorators,
} from './members.js';
import { Foreign, Modules } from './modules.js';
import { within } from './not-constant.js';
import { isClassDeclaration, isNamedExports, Project, SyntaxKind } from './ts-morph.js';

/*
 * The scanner: with the files that it reads sources by, the one place that knows ts-morph.
 *
 * It reads decorator calls from the syntax of source files and hands them to the same code that turns recorded calls
 * into descriptors at run time (`decorator-calls.ts` and `check.ts` of the schema package).
 */

/** A decorated class as its source says. */
export interface ScannedClass {
  readonly descriptor: Descriptor;
  /** Names of its methods, its ancestors' included. */
  readonly methods: ReadonlySet<string>;
  /** Names of its `@Transient` properties. */
  readonly transient: readonly string[];
  /** It has methods, getters or `@Transient` properties: all that a view needs beside its fields. */
  readonly hasMore: boolean;
  /** The class holds foreign classes, or derives from one: whether all is right, and its layout, the run time tells. */
  readonly isLate: boolean;
  /** The class derives from a foreign one, so that there may be fields, getters and methods in front of what is seen. */
  readonly isPartial: boolean;
}

/** Where a class comes from that another one nests. */
export interface ClassOrigin {
  /** The name that it is exported under; `default` for an export without one. */
  readonly name: string;
  /** Path of its source file, or, where no source is seen, of the file that a relative module specifier names. */
  readonly path?: string;
  /** Module specifier of a package. */
  readonly module?: string;
  readonly isForeign: boolean;
}

/** The decorated classes of a source file. */
export interface ScannedFile {
  readonly path: string;
  readonly classes: readonly ScannedClass[];
  /** Paths of the other source files that the descriptors depend on. */
  readonly dependencies: readonly string[];
  /** Where the classes that its classes nest come from. */
  readonly origins: ReadonlyMap<ClassRef, ClassOrigin>;
}

/** Reads the decorated classes of source files. @throws CodegenError with file and line for wrong use. */
export function scan(paths: readonly string[]): ScannedFile[] {
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    skipLoadingLibFiles: true,
    compilerOptions: { noLib: true, experimentalDecorators: true },
  });
  const modules = new Modules((path) => project.addSourceFileAtPath(path).compilerNode);
  const scanner = new Scanner(modules);
  return paths.map((path) => scanner.file(modules.file(path)));
}

const AUTO_PAD_FOREIGN =
  'autoPad needs the layout of every member, which a class from another package, or one that derives from it, only has at run time; write the paddings as entries (@PadHCAuto) instead';

const VIEW_FOREIGN = 'a view needs the layout of every member, and the source of its base class is not seen';

/** What the descriptor of a class is made of. */
interface Uses {
  /** Files that its decorators have names from. */
  readonly files: Set<ts.SourceFile>;
  /** Classes that it holds. */
  readonly classes: Set<ts.ClassDeclaration>;
}

class Scanner {
  readonly #modules: Modules;
  readonly #lineages: Lineages;
  readonly #descriptors = new Map<ts.ClassDeclaration, Descriptor>();
  readonly #uses = new Map<ts.ClassDeclaration, Uses>();
  readonly #origins = new Map<ts.SourceFile, Map<ClassRef, ClassOrigin>>();

  constructor(modules: Modules) {
    this.#modules = modules;
    this.#lineages = new Lineages(modules);
  }

  file(file: ts.SourceFile): ScannedFile {
    const classes = file.statements
      .filter(isClassDeclaration)
      .filter((declaration) => this.#classDecorators(declaration).length > 0);
    const scanned = classes.map((declaration): ScannedClass => {
      const isPartial = this.#lineages.isPartial(declaration);
      const members = this.#lineages.members(declaration);
      const transient = members.flatMap((own) => own.properties.filter(isTransient).map(({ name }) => name));
      return {
        descriptor: this.descriptor(declaration),
        methods: new Set(members.flatMap(({ methods }) => methods)),
        transient,
        hasMore: transient.length > 0 || members.some(({ methods, getters }) => methods.length + getters.length > 0),
        isLate: isPartial || holdsForeign(this.descriptor(declaration)),
        isPartial,
      };
    });
    return {
      path: file.fileName,
      classes: scanned,
      dependencies: this.#dependencies(file, classes),
      origins: this.#origins.get(file) ?? new Map(),
    };
  }

  descriptor(declaration: ts.ClassDeclaration): Descriptor {
    let descriptor = this.#descriptors.get(declaration);
    if (descriptor === undefined) {
      const uses: Uses = { files: new Set(), classes: new Set() };
      this.#uses.set(declaration, uses);
      descriptor = this.#modules.recording(uses.files, () => this.#build(declaration, uses));
      this.#descriptors.set(declaration, descriptor);
    }
    return descriptor;
  }

  /**
   * The other files that classes of a file depend on, themselves or through the classes that they hold: the same ones
   * whatever else was scanned.
   */
  #dependencies(file: ts.SourceFile, classes: readonly ts.ClassDeclaration[]): string[] {
    const files = new Set<ts.SourceFile>();
    const visited = new Set<ts.ClassDeclaration>();
    const visit = (declaration: ts.ClassDeclaration) => {
      if (visited.has(declaration)) return;
      visited.add(declaration);
      const uses = this.#uses.get(declaration) as Uses;
      for (const used of uses.files) files.add(used);
      for (const held of uses.classes) visit(held);
    };
    for (const declaration of classes) visit(declaration);
    files.delete(file);
    return [...files].map((used) => used.fileName);
  }

  #build(declaration: ts.ClassDeclaration, uses: Uses): Descriptor {
    const name = declaration.name?.text ?? '<anonymous>';
    const file = declaration.getSourceFile();
    const decorators = this.#classDecorators(declaration);
    const members = this.#lineages.members(declaration);
    const properties = members.flatMap((own) => own.properties);
    if (!this.#isExported(declaration)) {
      fail(declaration, `${name}: must be exported under its name, so that the generated file can import it`);
    }
    const [decorator] = decorators;
    if (decorator === undefined) return fail(declaration, `${name}: is not decorated with @SsmStruct or @SsmStream`);
    if (decorators.length > 1) fail(declaration, `${name}: has two class decorators`);
    try {
      const call = within(name, () => this.#classCall(decorator));
      const fields = properties.flatMap((property) => this.#fields(name, file, property, uses));
      const isPartial = this.#lineages.isPartial(declaration);
      requireKinds(name, properties, fields, isPartial);
      const plain = descriptorOf(name, call, fields);
      // A class may hold an array of itself: whoever asks for it while it is checked gets what there is.
      this.#descriptors.set(declaration, plain);
      const transient = properties.filter(isTransient).map((property) => property.name);
      const called = members.flatMap(({ methods, getters }) => [...methods, ...getters]);
      const named = new Set([...called, ...transient]);
      checkDescriptor(plain, { has: (member) => named.has(member), isPartial });
      if (plain.view) this.#checkView(declaration, name, [...properties.map((property) => property.name), ...called]);
      const { autoPad } = (call.args[0] ?? {}) as { autoPad?: boolean };
      if (!autoPad) return plain;
      if (holdsForeign(plain)) throw new DescriptorError(name, undefined, AUTO_PAD_FOREIGN);
      return withAutoPadding(plain);
    } catch (error) {
      if (!(error instanceof DescriptorError)) throw error;
      const property = properties.find((candidate) => candidate.name === error.property);
      return fail(property?.node ?? declaration, error.message);
    }
  }

  /** A view is no object of the class: it has no private members, and its memory is laid out here. */
  #checkView(declaration: ts.ClassDeclaration, name: string, members: readonly string[]): void {
    const hidden = members.find((member) => member.startsWith('#'));
    if (hidden !== undefined) throw new DescriptorError(name, hidden, 'a view has no private members of its class');
    if (this.#lineages.isPartial(declaration)) throw new DescriptorError(name, undefined, VIEW_FOREIGN);
    // Where one of its class may stand, a view may stand, too, and code for a class without views is not made for them.
    for (const ancestor of this.#lineages.of(declaration).slice(0, -1)) {
      if (this.#classDecorators(ancestor).length === 0 || this.descriptor(ancestor).view) continue;
      const problem = `a view needs one of the class above it: ${ancestor.name?.text} must be a @SsmStruct({ view: true }), too`;
      throw new DescriptorError(name, undefined, problem);
    }
  }

  #fields(className: string, user: ts.SourceFile, property: Property, uses: Uses): Field[] {
    return property.decorators.flatMap(({ name, node, args }) => {
      if (!signatures.has(name)) return [];
      if (args === undefined) fail(node, `${className}.${property.name}: @${name} must be called: @${name}()`);
      const { params } = signatures.get(name)!;
      const values = within(`${className}.${property.name}`, () =>
        (args ?? []).map((argument, i) => this.#argument(argument, params[i] === 'class')),
      );
      const call = {
        property: property.name,
        decorator: name,
        args: values.filter((argument) => argument !== undefined),
      };
      return [fieldOf(className, call, (argument) => this.#classRef(user, argument, uses))];
    });
  }

  #argument(argument: ts.Expression, isClass: boolean): unknown {
    return isClass ? evaluateClass(argument, this.#modules) : evaluate(argument, this.#modules);
  }

  #classRef(from: ts.SourceFile, argument: unknown, uses: Uses): ClassRef | undefined {
    if (argument instanceof Foreign) return this.#foreignRef(from, argument);
    if (!(argument instanceof NamedClass)) return undefined;
    const declaration = this.#modules.names(argument.file).declarations.get(argument.name);
    if (declaration === undefined || !isClassDeclaration(declaration)) return undefined;
    if (this.#classDecorators(declaration).length === 0) return undefined;
    const isForeign = this.#lineages.isPartial(declaration);
    if (!isForeign) uses.classes.add(declaration);
    const ref: ClassRef = { name: argument.name, descriptor: () => this.descriptor(declaration), isForeign };
    const { name, file } = argument;
    return this.#remember(from, ref, { name, path: file.fileName, isForeign: false });
  }

  #foreignRef(from: ts.SourceFile, { name, module, file, local }: Foreign): ClassRef {
    const className = name === 'default' ? local : name;
    const ref: ClassRef = {
      name: className,
      isForeign: true,
      descriptor: () => {
        throw new DescriptorError(className, undefined, `its source is not seen, since it comes from '${module}'`);
      },
    };
    const place = module.startsWith('.') ? { path: resolve(dirname(file.fileName), module) } : { module };
    return this.#remember(from, ref, { name, ...place, isForeign: true });
  }

  #remember(user: ts.SourceFile, ref: ClassRef, origin: ClassOrigin): ClassRef {
    const origins = this.#origins.get(user) ?? new Map<ClassRef, ClassOrigin>();
    origins.set(ref, origin);
    this.#origins.set(user, origins);
    return ref;
  }

  #classDecorators(declaration: ts.ClassDeclaration): SchemaDecorator[] {
    return schemaDecorators(declaration, this.#modules).filter(({ name }) => classDecorators.includes(name));
  }

  #classCall({ name, args = [] }: SchemaDecorator): ClassCall {
    return {
      decorator: name as ClassCall['decorator'],
      args: args.map((argument) => evaluate(argument, this.#modules)),
    };
  }

  /** Whether a class is exported under its name. */
  #isExported(declaration: ts.ClassDeclaration): boolean {
    if (hasModifier(declaration, SyntaxKind.DefaultKeyword)) return false;
    if (hasModifier(declaration, SyntaxKind.ExportKeyword)) return true;
    const { exports } = this.#modules.names(declaration.getSourceFile());
    return exports.some(
      ({ moduleSpecifier, exportClause }) =>
        moduleSpecifier === undefined &&
        exportClause !== undefined &&
        isNamedExports(exportClause) &&
        exportClause.elements.some(
          (specifier) => specifier.name.text === declaration.name?.text && specifier.propertyName === undefined,
        ),
    );
  }
}
