import { type Constant, type Descriptor, type Field, type Holds, holdsOf } from '@ssmkit/schema/model';
import type { Block } from '../plan.js';
import type { ScannedClass } from '../scan.js';
import { helper, lowerFirst } from './helpers.js';
import { access, literal, propertyName, quote } from './literals.js';
import type { NestedNames } from './nested-names.js';
import type { SourceText } from './source-file.js';

/** What the emitters of one class share. */
export class ClassContext {
  /** Item size tables of runs: text → name of the constant. */
  readonly #tables = new Map<string, string>();

  constructor(
    readonly out: SourceText,
    readonly scanned: ScannedClass,
    /** What nested classes are called in the file. */
    readonly nested: NestedNames,
  ) {}

  get descriptor(): Descriptor {
    return this.scanned.descriptor;
  }

  get name(): string {
    return this.descriptor.name;
  }

  /** A helper of the runtime. */
  help(name: string): string {
    return helper(this.out, name);
  }

  /** The name of the class's constant with the descriptor. */
  get descriptorName(): string {
    return `${lowerFirst(this.name)}Descriptor`;
  }

  /** A field at run time, as two arguments: the class's descriptor, and the field's index in it. */
  at(index: number): string {
    return `${this.descriptorName}, ${index}`;
  }

  /** Path of a field, quoted. */
  path(field: Field): string {
    return quote(`${this.name}.${field.name}`);
  }

  /** The constant that says where the items of a run end, by their sizes. */
  itemTable(items: readonly number[]): string {
    let end = 0;
    const ends = items.map((size) => {
      end += size;
      return end;
    });
    const text = `[${ends.join(', ')}]`;
    let name = this.#tables.get(text);
    if (name === undefined) {
      name = `${lowerFirst(this.name)}Ends${this.#tables.size}`;
      this.#tables.set(text, name);
    }
    return name;
  }

  /** The item tables that were asked for. */
  get tables(): ReadonlyMap<string, string> {
    return this.#tables;
  }

  /** The value of a field, getter or method of the object. */
  lookUp(name: string): string {
    const { methods, transient, isPartial } = this.scanned;
    if (methods.has(name)) return this.call(name, 's');
    const isOwn = transient.includes(name) || this.descriptor.fields.some((field) => field.name === name);
    // A base class may have it, as whatever.
    return isPartial && !isOwn ? `(${this.help('lookUp')}(o, ${quote(name)}, s) as number)` : access('o', name);
  }

  /** A call of a method, which may take fewer arguments than it is given. */
  call(method: string, ...args: readonly string[]): string {
    const types = args.map((argument) => `${argument}: never`).join(', ');
    const given = args.map((argument) => `${argument} as never`).join(', ');
    return `${access(`(o as unknown as { ${propertyName(method)}(${types}): unknown })`, method)}(${given})`;
  }

  /** The condition of a block as an expression. */
  condition({ since, until, when }: Block['conditions']): string {
    const tests: string[] = [];
    if (since !== undefined) tests.push(`s.version >= ${since}`);
    if (until !== undefined) tests.push(`s.version <= ${until}`);
    if (typeof when === 'string') tests.push(this.lookUp(when));
    else if (when !== undefined) {
      const value = this.lookUp(when.field);
      // Loosely, since a 64-bit field may be compared with a plain number.
      if (when.is !== undefined) tests.push(this.compare(when.field, value, '==', when.is));
      if (when.not !== undefined) tests.push(this.compare(when.field, value, '!=', when.not));
      if (when.mask !== undefined) tests.push(`${this.help('hasBits')}(${value}, ${when.mask})`);
      if (when.min !== undefined) tests.push(`${value} >= ${when.min}`);
      if (when.max !== undefined) tests.push(`${value} <= ${when.max}`);
    }
    return tests.join(' && ');
  }

  /** A comparison with a constant, whose type a 64-bit field does not share. */
  private compare(name: string, value: string, operator: '==' | '!=', constant: Constant): string {
    const field = this.descriptor.fields.find((candidate) => candidate.name === name);
    const holds = field === undefined ? undefined : holdsOf(field).what;
    if (holds === 'bigint' && typeof constant === 'number') return `${value} ${operator}= ${literal(BigInt(constant))}`;
    if (holds === typeof constant) return `${value} ${operator}= ${literal(constant)}`;
    return `(${value} as unknown) ${operator} ${literal(constant)}`;
  }
}

/** The type of a value that a property holds, or of one of its elements. */
export function elementType(holds: Holds): string {
  return holds.what === 'typed' || holds.what === 'list' ? holds.element : holds.what;
}

/** An expression that is true when a value, or an element, is outside a domain; `undefined` where every value is inside. */
export function outside(field: Field, value: string): string | undefined {
  const { domain } = field;
  if (domain === undefined) return undefined;
  const isBigint = elementType(holdsOf(field)) === 'bigint';
  const number = (constant: number | bigint) => literal(isBigint ? BigInt(constant) : Number(constant));
  const tests: string[] = [];
  if (domain.min !== undefined) tests.push(`${value} < ${number(domain.min)}`);
  if (domain.max !== undefined) tests.push(`${value} > ${number(domain.max)}`);
  if (domain.values !== undefined) tests.push(`![${domain.values.map(number).join(', ')}].includes(${value})`);
  return tests.join(' || ');
}
