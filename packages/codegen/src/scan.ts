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
  signatures,
  withAutoPadding,
} from '@ssmkit/schema/model';
import type { ts } from 'ts-morph';
import { CodegenError } from './errors.js';
import { evaluate, NamedClass, NotConstant } from './evaluate.js';
import {
  hasModifier,
  type Members,
  membersOf,
  type Property,
  type SchemaDecorator,
  schemaDecorators,
} from './members.js';
import { Modules } from './modules.js';
import { isClassDeclaration, isIdentifier, isNamedExports, Project, SyntaxKind } from './ts-morph.js';

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
}

/** The decorated classes of a source file. */
export interface ScannedFile {
  readonly path: string;
  readonly classes: readonly ScannedClass[];
  /** Paths of the other source files that the descriptors depend on. */
  readonly dependencies: readonly string[];
  /** Where the classes that other classes nest come from: name → path. */
  readonly classFiles: ReadonlyMap<string, string>;
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

class Scanner {
  readonly #modules: Modules;
  readonly #descriptors = new Map<ts.ClassDeclaration, Descriptor>();
  readonly #members = new Map<ts.ClassDeclaration, Members>();
  readonly #nested = new Map<ts.SourceFile, Map<string, string>>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  file(file: ts.SourceFile): ScannedFile {
    const classes = file.statements
      .filter(isClassDeclaration)
      .filter((declaration) => this.#classDecorators(declaration).length > 0);
    const scanned = classes.map(
      (declaration): ScannedClass => ({
        descriptor: this.descriptor(declaration),
        methods: new Set(this.#lineage(declaration).flatMap((ancestor) => this.#membersOf(ancestor).methods)),
      }),
    );
    return {
      path: file.fileName,
      classes: scanned,
      dependencies: this.#modules.dependenciesOf(file).map((dependency) => dependency.fileName),
      classFiles: this.#nested.get(file) ?? new Map(),
    };
  }

  descriptor(declaration: ts.ClassDeclaration): Descriptor {
    let descriptor = this.#descriptors.get(declaration);
    if (descriptor === undefined) {
      descriptor = this.#build(declaration);
      this.#descriptors.set(declaration, descriptor);
    }
    return descriptor;
  }

  #build(declaration: ts.ClassDeclaration): Descriptor {
    const name = declaration.name?.text ?? '<anonymous>';
    const file = declaration.getSourceFile();
    const decorators = this.#classDecorators(declaration);
    const members = this.#lineage(declaration).map((ancestor) => this.#membersOf(ancestor));
    const properties = members.flatMap((own) => own.properties);
    if (!this.#isExported(declaration)) {
      fail(declaration, `${name}: must be exported under its name, so that the generated file can import it`);
    }
    const [decorator] = decorators;
    if (decorator === undefined) return fail(declaration, `${name}: is not decorated with @SsmStruct or @SsmStream`);
    if (decorators.length > 1) fail(declaration, `${name}: has two class decorators`);
    try {
      const call = this.#classCall(decorator);
      const fields = properties.flatMap((property) => this.#fields(name, file, property));
      requireKinds(name, properties, fields);
      const plain = descriptorOf(name, call, fields);
      // A class may hold an array of itself: whoever asks for it while it is checked gets what there is.
      this.#descriptors.set(declaration, plain);
      const transient = properties.filter(isTransient).map((property) => property.name);
      const called = members.flatMap(({ methods, getters }) => [...methods, ...getters]);
      checkDescriptor(plain, new Set([...called, ...transient]));
      const { autoPad } = (call.args[0] ?? {}) as { autoPad?: boolean };
      return autoPad ? withAutoPadding(plain) : plain;
    } catch (error) {
      if (error instanceof NotConstant) return fail(error.node, `${name}: ${error.message}`);
      if (!(error instanceof DescriptorError)) throw error;
      const property = properties.find((candidate) => candidate.name === error.property);
      return fail(property?.node ?? declaration, error.message);
    }
  }

  /** A class and its ancestors, base first. */
  #lineage(declaration: ts.ClassDeclaration): ts.ClassDeclaration[] {
    const base = declaration.heritageClauses?.find(({ token }) => token === SyntaxKind.ExtendsKeyword)?.types[0];
    if (base === undefined || !isIdentifier(base.expression)) return [declaration];
    const parent = this.#modules.find(declaration.getSourceFile(), base.expression.text);
    return parent !== undefined && isClassDeclaration(parent) ? [...this.#lineage(parent), declaration] : [declaration];
  }

  #membersOf(declaration: ts.ClassDeclaration): Members {
    let members = this.#members.get(declaration);
    if (members === undefined) {
      members = membersOf(declaration, this.#modules);
      this.#members.set(declaration, members);
    }
    return members;
  }

  #fields(className: string, user: ts.SourceFile, property: Property): Field[] {
    return property.decorators.flatMap(({ name, node, args }) => {
      if (!signatures.has(name)) return [];
      if (args === undefined) fail(node, `${className}.${property.name}: @${name} must be called: @${name}()`);
      const values = (args ?? []).map((argument) => evaluate(argument, this.#modules));
      const call = {
        property: property.name,
        decorator: name,
        args: values.filter((argument) => argument !== undefined),
      };
      return [fieldOf(className, call, (argument) => this.#classRef(user, argument))];
    });
  }

  #classRef(from: ts.SourceFile, argument: unknown): ClassRef | undefined {
    if (!(argument instanceof NamedClass)) return undefined;
    const declaration = this.#modules.names(argument.file).declarations.get(argument.name);
    if (declaration === undefined || !isClassDeclaration(declaration)) return undefined;
    if (this.#classDecorators(declaration).length === 0) return undefined;
    const files = this.#nested.get(from) ?? new Map<string, string>();
    files.set(argument.name, argument.file.fileName);
    this.#nested.set(from, files);
    return { name: argument.name, descriptor: () => this.descriptor(declaration) };
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

function fail(node: ts.Node, problem: string): never {
  const file = node.getSourceFile();
  const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
  throw new CodegenError(problem, file.fileName, line + 1, character + 1);
}

function isTransient({ decorators }: Property): boolean {
  return decorators.some(({ name }) => name === 'Transient');
}

/** Every property must have a kind, be the high half of another one, or be `@Transient()`. */
function requireKinds(className: string, properties: readonly Property[], fields: readonly Field[]): void {
  const known = new Set(fields.flatMap((field) => (field.hi === undefined ? [field.name] : [field.name, field.hi])));
  for (const property of properties) {
    const { name, node } = property;
    if (known.has(name) || name.startsWith('#') || isTransient(property)) continue;
    fail(node, `${className}.${name}: has no kind and would not be saved: decorate it, or mark it @Transient()`);
  }
  for (const field of fields) {
    if (field.hi !== undefined && !properties.some(({ name }) => name === field.hi)) {
      throw new DescriptorError(className, field.name, `there is no property '${field.hi}' for the high half`);
    }
  }
}
