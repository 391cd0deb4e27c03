import { type ClassRef, type Field, nestedDescriptor } from '@ssmkit/schema/model';
import type { ClassOrigin, ScannedFile } from '../scan.js';
import { HELPERS, helper, lowerFirst } from './helpers.js';
import type { SourceText } from './source-file.js';

/** What a class that others nest is called in a generated file. */
interface NestedClass {
  readonly origin: ClassOrigin;
  /** Its name there: another than its own where two classes have the same. */
  readonly name: string;
  /** The module to import it from. */
  readonly module: string;
}

/** The classes that classes of a file nest: their imports, and the constants for their entries at run time. */
export class NestedNames {
  readonly #out: SourceText;
  readonly #own: string;
  readonly #classes = new Map<ClassRef, NestedClass>();

  /** `importPath` gives the module specifier of another source file. */
  constructor(file: ScannedFile, out: SourceText, importPath: (path: string) => string) {
    this.#out = out;
    this.#own = importPath(file.path);
    const taken = new Set(file.classes.map(({ descriptor }) => descriptor.name));
    const known = new Map<string, NestedClass>();
    const classes = [...file.origins].map(([ref, origin]) => {
      const module = origin.module ?? importPath(origin.path as string);
      // In this order they get their names: those of the project first.
      return { ref, origin, module, order: `${ref.name} ${origin.isForeign ? 1 : 0} ${module}` };
    });
    classes.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
    for (const { ref, origin, module } of classes) {
      const key = `${module} ${origin.name}`;
      let nested = known.get(key);
      if (nested === undefined) {
        const name = module === this.#own ? origin.name : freeName(ref.name, taken);
        nested = { origin, name, module };
        taken.add(name);
        known.set(key, nested);
      }
      this.#classes.set(ref, nested);
    }
    for (const nested of known.values()) this.#emitPart(nested);
    if (known.size > 0) out.line();
  }

  #emitPart({ origin, name, module }: NestedClass): void {
    this.#out.use(module, origin.name, name);
    // Its generated functions are registered when its own generated file is loaded; a package's own modules load those.
    if (!origin.isForeign && module !== this.#own) this.#out.load(generatedModule(module));
    this.#out.line(`const ${partName(name)} = ${helper(this.#out, 'structClassOf')}(${name});`);
  }

  /** The name of a field's class. */
  class(field: Field): string {
    return this.#of(field).name;
  }

  /** An expression for the entry of an object that a field holds: that of the field's class, or of its views. */
  entry(field: Field, object: string): string {
    const part = partName(this.#of(field).name);
    return this.mayBeView(field) ? `${part}.of(${object})` : part;
  }

  /** Whether a view may stand where an object of a field's class does. */
  mayBeView(field: Field): boolean {
    if (field.kind !== 'struct') return false;
    return this.#of(field).origin.isForeign || nestedDescriptor(field)?.view === true;
  }

  /** The type of the JSON form of a field's class, which stands in the file generated for its source. */
  json(field: Field): string {
    const { origin, name, module } = this.#of(field);
    // What a package exports of its generated files, if it has any, is its own business.
    if (origin.isForeign) return helper(this.#out, 'Json');
    if (module === this.#own) return `${name}Json`;
    return this.#out.useType(generatedModule(module), `${origin.name}Json`, `${name}Json`);
  }

  /** The class of the views of a field's class, which stands in the file generated for its source. */
  view(field: Field): string {
    const { origin, name, module } = this.#of(field);
    if (module === this.#own) return viewName(name);
    return this.#out.use(generatedModule(module), viewName(origin.name), viewName(name));
  }

  #of(field: Field): NestedClass {
    return this.#classes.get(field.class as ClassRef) as NestedClass;
  }
}

/** The name of the class of a class's views. */
export function viewName(name: string): string {
  return `${name}View`;
}

function partName(name: string): string {
  return `${lowerFirst(name)}Part`;
}

function generatedModule(module: string): string {
  return module.replace(/\.js$/, '.ssm.js');
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let i = 2; taken.has(free) || free === HELPERS; i++) free = `${name}${i}`;
  return free;
}
