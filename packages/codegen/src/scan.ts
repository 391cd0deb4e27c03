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
} from '@ssmkit/schema';
import type { ClassDeclaration, Decorator, ExportDeclaration, PropertyDeclaration, SourceFile } from 'ts-morph';
import { CodegenError } from './errors.js';
import { evaluate, NamedClass, NotConstant } from './evaluate.js';
import { Modules } from './modules.js';
import { Node, Project } from './ts-morph.js';

/*
 * The scanner: the one place that knows ts-morph.
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
  const scanner = new Scanner(new Modules(project));
  return paths.map((path) => scanner.file(project.addSourceFileAtPath(path)));
}

class Scanner {
  readonly #modules: Modules;
  readonly #descriptors = new Map<ClassDeclaration, Descriptor>();
  readonly #nested = new Map<SourceFile, Map<string, string>>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  file(file: SourceFile): ScannedFile {
    const classes = file.getClasses().filter((declaration) => this.#classCalls(declaration).length > 0);
    const scanned = classes.map(
      (declaration): ScannedClass => ({
        descriptor: this.descriptor(declaration),
        methods: new Set(
          this.#lineage(declaration).flatMap((ancestor) =>
            ancestor.getInstanceMethods().map((method) => method.getName()),
          ),
        ),
      }),
    );
    return {
      path: file.getFilePath(),
      classes: scanned,
      dependencies: this.#modules.dependenciesOf(file).map((dependency) => dependency.getFilePath()),
      classFiles: this.#nested.get(file) ?? new Map(),
    };
  }

  descriptor(declaration: ClassDeclaration): Descriptor {
    let descriptor = this.#descriptors.get(declaration);
    if (descriptor === undefined) {
      descriptor = this.#build(declaration);
      this.#descriptors.set(declaration, descriptor);
    }
    return descriptor;
  }

  #build(declaration: ClassDeclaration): Descriptor {
    const name = declaration.getName() ?? '<anonymous>';
    const calls = this.#classCalls(declaration);
    const lineage = this.#lineage(declaration);
    const properties = lineage
      .flatMap((ancestor) => ancestor.getInstanceProperties())
      .filter(Node.isPropertyDeclaration);
    const fail = (node: Node, problem: string): never => {
      const { line, column } = node.getSourceFile().getLineAndColumnAtPos(node.getStart());
      throw new CodegenError(problem, node.getSourceFile().getFilePath(), line, column);
    };
    if (!isExported(declaration)) {
      fail(declaration, `${name}: must be exported under its name, so that the generated file can import it`);
    }
    if (calls.length !== 1)
      fail(
        declaration,
        `${name}: ${calls.length === 0 ? 'is not decorated with @SsmStruct or @SsmStream' : 'has two class decorators'}`,
      );
    const [{ call }] = calls as [{ call: ClassCall; node: Decorator }];
    const locate = (property: string | undefined): Node =>
      properties.find((candidate) => candidate.getName() === property) ?? declaration;
    try {
      const fields = properties.flatMap((property) => this.#fields(name, declaration.getSourceFile(), property, fail));
      this.#requireKinds(name, properties, fields, fail);
      const members = {
        has: (member: string) =>
          lineage.some(
            (ancestor) =>
              ancestor.getGetAccessor(member) !== undefined || ancestor.getInstanceMethod(member) !== undefined,
          ),
      };
      const plain = descriptorOf(name, call, fields);
      // A class may hold an array of itself: whoever asks for it while it is checked gets what there is.
      this.#descriptors.set(declaration, plain);
      checkDescriptor(plain, members);
      const { autoPad } = (call.args[0] ?? {}) as { autoPad?: boolean };
      return autoPad ? withAutoPadding(plain) : plain;
    } catch (error) {
      if (error instanceof DescriptorError) return fail(locate(error.property), error.message);
      if (error instanceof NotConstant) return fail(error.node, `${name}: ${error.message}`);
      throw error;
    }
  }

  /** A class and its ancestors, base first. */
  #lineage(declaration: ClassDeclaration): ClassDeclaration[] {
    const base = declaration.getExtends()?.getExpression();
    if (base === undefined || !Node.isIdentifier(base)) return [declaration];
    const parent = this.#modules.find(declaration.getSourceFile(), base.getText());
    return parent !== undefined && Node.isClassDeclaration(parent)
      ? [...this.#lineage(parent), declaration]
      : [declaration];
  }

  #fields(
    className: string,
    user: SourceFile,
    property: PropertyDeclaration,
    fail: (node: Node, problem: string) => never,
  ): Field[] {
    return property.getDecorators().flatMap((decorator) => {
      const name = this.#schemaName(decorator);
      if (name === undefined || !signatures.has(name)) return [];
      if (!decorator.isDecoratorFactory())
        fail(decorator, `${className}.${property.getName()}: @${name} must be called: @${name}()`);
      const args = decorator.getArguments().map((argument) => evaluate(argument, this.#modules));
      return [
        fieldOf(
          className,
          { property: property.getName(), decorator: name, args: args.filter((argument) => argument !== undefined) },
          (argument) => this.#classRef(user, argument),
        ),
      ];
    });
  }

  /** Every property must have a kind, be the high half of another one, or be `@Transient()`. */
  #requireKinds(
    className: string,
    properties: readonly PropertyDeclaration[],
    fields: readonly Field[],
    fail: (node: Node, problem: string) => never,
  ): void {
    const known = new Set(fields.flatMap((field) => (field.hi === undefined ? [field.name] : [field.name, field.hi])));
    for (const property of properties) {
      const name = property.getName();
      const isTransient = property.getDecorators().some((decorator) => this.#schemaName(decorator) === 'Transient');
      if (!known.has(name) && !isTransient && !name.startsWith('#')) {
        fail(
          property,
          `${className}.${name}: has no kind and would not be saved: decorate it, or mark it @Transient()`,
        );
      }
    }
    for (const field of fields) {
      if (field.hi !== undefined && !properties.some((property) => property.getName() === field.hi)) {
        throw new DescriptorError(className, field.name, `there is no property '${field.hi}' for the high half`);
      }
    }
  }

  #classRef(from: SourceFile, argument: unknown): ClassRef | undefined {
    if (!(argument instanceof NamedClass)) return undefined;
    const declaration = argument.file.getClass(argument.name);
    if (declaration === undefined || this.#classCalls(declaration).length === 0) return undefined;
    const files = this.#nested.get(from) ?? new Map<string, string>();
    files.set(argument.name, argument.file.getFilePath());
    this.#nested.set(from, files);
    return { name: argument.name, descriptor: () => this.descriptor(declaration) };
  }

  #classCalls(declaration: ClassDeclaration): { call: ClassCall; node: Decorator }[] {
    return declaration.getDecorators().flatMap((node) => {
      const name = this.#schemaName(node);
      if (name === undefined || !classDecorators.includes(name)) return [];
      const args = node.getArguments().map((argument) => evaluate(argument, this.#modules));
      return [{ call: { decorator: name as ClassCall['decorator'], args }, node }];
    });
  }

  /** Name of a decorator as `@ssmkit/schema` exports it; `undefined` for decorators from elsewhere. */
  #schemaName(decorator: Decorator): string | undefined {
    const file = decorator.getSourceFile();
    const called = decorator.getCallExpression()?.getExpression() ?? decorator.getExpression();
    if (Node.isPropertyAccessExpression(called)) {
      return this.#modules.schemaNamespaces(file).includes(called.getExpression().getText())
        ? called.getName()
        : undefined;
    }
    return Node.isIdentifier(called) ? this.#modules.schemaExport(file, called.getText()) : undefined;
  }
}

/** Whether a class is exported under its name: told from the syntax, since ts-morph's own answer makes a type checker. */
function isExported(declaration: ClassDeclaration): boolean {
  if (declaration.hasDefaultKeyword()) return false;
  const file = declaration.getSourceFile();
  const name = declaration.getName();
  return (
    declaration.hasExportKeyword() ||
    file.getExportDeclarations().some((exported) => !exported.hasModuleSpecifier() && hasName(exported, name))
  );
}

function hasName(exported: ExportDeclaration, name: string | undefined): boolean {
  return exported
    .getNamedExports()
    .some((specifier) => specifier.getName() === name && specifier.getAliasNode() === undefined);
}
