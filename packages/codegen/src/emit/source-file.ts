/** A source file being printed: lines with indentation, and the imports they need. */
export class SourceText {
  readonly #lines: string[] = [];
  /** By module: what is imported, and its name here. */
  readonly #values = new Map<string, Map<string, string>>();
  readonly #types = new Map<string, Map<string, string>>();
  readonly #loads = new Set<string>();
  readonly #namespaces = new Map<string, string>();
  #depth = 0;

  /** A line, at the current depth. */
  line(text = ''): this {
    this.#lines.push(text === '' ? '' : '  '.repeat(this.#depth) + text);
    return this;
  }

  /** Lines between an opening and a closing one, one level deeper. */
  block(open: string, body: () => void, close = '}'): this {
    this.line(open);
    this.#depth++;
    body();
    this.#depth--;
    return this.line(close);
  }

  /** Imports a value, under another name if need be, and returns its name. */
  use(module: string, name: string, local = name): string {
    return add(this.#values, module, name, local);
  }

  /** Imports all of a module under a name, and returns that. */
  useAll(module: string, name: string): string {
    this.#namespaces.set(module, name);
    return name;
  }

  /** Imports a type, under another name if need be, and returns its name. */
  useType(module: string, name: string, local = name): string {
    return add(this.#types, module, name, local);
  }

  /** Imports a module for what it does when loaded. */
  load(module: string): void {
    this.#loads.add(module);
  }

  /** The text, imports first. */
  toString(header = ''): string {
    const modules = [...new Set([...this.#values.keys(), ...this.#types.keys()])].sort(compareModules);
    const imports = modules.flatMap((module) => {
      const values = this.#values.get(module) ?? new Map<string, string>();
      const types = [...(this.#types.get(module) ?? [])].filter(([name]) => !values.has(name));
      const prefix = values.size === 0 ? 'type ' : '';
      const names = [...values, ...types]
        .sort(([a], [b]) => a.localeCompare(b, 'en'))
        .map(([name, local]) => {
          const renamed = local === name ? name : `${name} as ${local}`;
          return values.size > 0 && !values.has(name) ? `type ${renamed}` : renamed;
        });
      const short = `import ${prefix}{ ${names.join(', ')} } from '${module}';`;
      return short.length <= 120
        ? [short]
        : [`import ${prefix}{`, ...names.map((name) => `  ${name},`), `} from '${module}';`];
    });
    const namespaces = [...this.#namespaces].map(([module, name]) => `import * as ${name} from '${module}';`);
    const loads = [...this.#loads].sort().map((module) => `import '${module}';`);
    return `${[...(header === '' ? [] : [header, '']), ...namespaces, ...imports, ...loads, '', ...this.#lines].join('\n').trimEnd()}\n`;
  }
}

function add(map: Map<string, Map<string, string>>, module: string, name: string, local: string): string {
  const names = map.get(module) ?? new Map<string, string>();
  names.set(name, local);
  map.set(module, names);
  return local;
}

/** Packages before files. */
function compareModules(a: string, b: string): number {
  const relative = (module: string) => (module.startsWith('.') ? 1 : 0);
  return relative(a) - relative(b) || (a < b ? -1 : 1);
}
