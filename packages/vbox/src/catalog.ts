import {
  getFrom,
  isSsmError,
  PASS_FINAL,
  type ProductVersion,
  putInto,
  type SavedHost,
  type SsmError,
  type UnitHeader,
} from '@ssmkit/runtime';
import type { HostProfile } from '@ssmkit/schema';

/*
 * Which class a unit's data is
 *
 * A unit says its name and the version of its layout, and that is how its class is found. Of some units the layout depends
 * on more, which the file tells elsewhere: how many CPUs there are, which VirtualBox wrote it, how long the unit is. That is
 * the context; a class that needs it has transient properties for it, which `prepare` fills before the data is read or written.
 *
 * What is not known is not guessed: a unit without a class, of another version, or that its class does not read to the very
 * last byte, is raw data with a reason.
 */

/** What the layout of a unit may depend on beyond its version. */
export interface UnitContext {
  /** Live pass, or `PASS_FINAL`. */
  readonly pass: number;
  /** Bytes of data; when the unit is written only known after. */
  readonly size: number | undefined;
  /** The host that saved. */
  readonly saved: SavedHost;
  /** The product that saved. */
  readonly product: ProductVersion | undefined;
  readonly revision: number;
  /** Virtual CPUs of the machine; `undefined` where nothing tells. */
  readonly cpuCount: number | undefined;
  /** The open source edition saved; `undefined` where nothing tells. */
  readonly openSource?: boolean | undefined;
}

/** How the data of a unit is laid out in some versions. */
export interface UnitDefinition<T extends object = object> {
  /** Name of the unit. */
  readonly name: string;
  /** The versions that have this layout; `'any'` where none is ever looked into. */
  readonly versions: readonly number[] | 'any';
  /** Which passes have it; default all. */
  readonly pass?: 'live' | 'final';
  /** Where versions were given twice: whether data begins as this layout does. Others of the version follow. */
  readonly fits?: (data: Uint8Array) => boolean;
  /** A `@SsmStream` class. */
  readonly target: new () => T;
  /** Gives the object what its layout depends on, before it is read or written. */
  readonly prepare?: (object: T, context: UnitContext) => void;
  /**
   * Where nothing tells which of several forms the data has, except that only one fits to the very last byte: each makes
   * a new object ready for a form. They are tried in turn. An object shows its form by itself, such as by a property
   * that is undefined, so that it can be written and converted to JSON without them.
   */
  readonly forms?: readonly ((object: T) => void)[];
}

/** A unit whose data was understood. */
export interface KnownUnit {
  readonly kind: 'known';
  readonly definition: UnitDefinition;
  readonly value: object;
}

/** A unit whose data was not. */
export interface RawUnit {
  readonly kind: 'raw';
  /** Why, for people. */
  readonly reason: string;
  /** What went wrong, where the data is not what its version promises. */
  readonly error?: SsmError;
}

/** A version of a unit without a layout. */
export interface ExplainedVersion {
  readonly name: string;
  readonly version: number;
  readonly reason: string;
}

/** The layouts that are known, by name, version and pass. */
export class Catalog {
  readonly #definitions = new Map<string, UnitDefinition[]>();
  /** Why a version of a unit has no layout, by both. */
  readonly #reasons = new Map<string, ExplainedVersion>();

  /** Adds layouts; of several for one version and pass the last one counts. */
  add(...definitions: readonly UnitDefinition[]): this {
    for (const definition of definitions) {
      const others = this.#definitions.get(definition.name);
      if (others === undefined) this.#definitions.set(definition.name, [definition]);
      else others.unshift(definition);
    }
    return this;
  }

  /** Adds a layout with the types of its class checked. */
  define<T extends object>(definition: UnitDefinition<T>): this {
    return this.add(definition as unknown as UnitDefinition);
  }

  /** Says why some versions of a unit have no layout. */
  explain(name: string, versions: readonly number[], reason: string): this {
    for (const version of versions) this.#reasons.set(reasonKey({ name, version }), { name, version, reason });
    return this;
  }

  /** A catalog with the same layouts, to which others can be added. */
  copy(): Catalog {
    const copy = new Catalog();
    for (const [key, reason] of this.#reasons) copy.#reasons.set(key, reason);
    for (const definitions of this.#definitions.values()) copy.add(...[...definitions].reverse());
    return copy;
  }

  /** The versions without a layout that something is said of. */
  get explained(): readonly ExplainedVersion[] {
    return [...this.#reasons.values()];
  }

  /** Every layout. */
  get definitions(): readonly UnitDefinition[] {
    return [...this.#definitions.values()].flat();
  }

  /** The layout of a unit, or why there is none. @param data tells between layouts that have the same version. */
  find(unit: Pick<UnitHeader, 'name' | 'version' | 'pass'>, data?: Uint8Array): UnitDefinition | string {
    const named = this.#definitions.get(unit.name);
    if (named === undefined) return 'no layout is known for this unit';
    const versions = named.filter((each) => each.versions === 'any' || each.versions.includes(unit.version));
    if (versions.length === 0) {
      const reason = this.#reasons.get(reasonKey(unit))?.reason;
      if (reason !== undefined) return `version ${unit.version} is not known: ${reason}`;
      const all = named.flatMap((each) => (each.versions === 'any' ? [] : each.versions));
      const known = [...new Set(all)].sort((a, b) => a - b);
      return `version ${unit.version} is not known, only ${known.join(', ')}`;
    }
    const pass = unit.pass === PASS_FINAL ? 'final' : 'live';
    const found = versions.find(
      (each) => (each.pass ?? pass) === pass && (data === undefined || each.fits?.(data) !== false),
    );
    return found ?? `no layout is known for its ${pass} pass${pass === 'live' ? 'es' : ''}`;
  }

  /** Decodes the data of a unit. */
  decode(unit: Pick<UnitHeader, 'name' | 'version'>, data: Uint8Array, context: UnitContext): KnownUnit | RawUnit {
    const definition = this.find({ ...unit, pass: context.pass }, data);
    if (typeof definition === 'string') return { kind: 'raw', reason: definition };
    const { forms = [() => {}] } = definition;
    let best: RawUnit | undefined;
    for (const form of forms) {
      const result = decodeAs(definition, form, unit, data, context);
      if (result.kind === 'known') return result;
      // Of several failures the first form's is told: it is the usual one.
      best ??= result;
    }
    return best as RawUnit;
  }

  /** Encodes what {@link decode} has decoded. */
  encode(unit: Pick<UnitHeader, 'version'>, { definition, value }: KnownUnit, context: UnitContext): Uint8Array {
    definition.prepare?.(value, { ...context, size: undefined });
    const host = hostOf(context.saved);
    return putInto((stream) => stream.put(value), { host, version: unit.version });
  }
}

function reasonKey({ name, version }: Pick<UnitHeader, 'name' | 'version'>): string {
  return `${version} ${name}`;
}

/** Decodes data of one form. */
function decodeAs(
  definition: UnitDefinition,
  form: (object: object) => void,
  unit: Pick<UnitHeader, 'version'>,
  data: Uint8Array,
  context: UnitContext,
): KnownUnit | RawUnit {
  const value = new definition.target();
  try {
    form(value);
    definition.prepare?.(value, { ...context, size: data.length });
    const { saved, pass } = context;
    const stream = getFrom(data, { host: hostOf(saved), saved, version: unit.version, pass });
    stream.get(value);
    const left = data.length - stream.offset;
    if (left > 0) return { kind: 'raw', reason: `its layout ends ${left} bytes before the unit does` };
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return { kind: 'raw', reason: `it does not have the layout of its version: ${error.detail}`, error };
  }
  return { kind: 'known', definition, value };
}

/** The saving host as a profile: units are read and written as they were there. */
function hostOf({ name, bits, gcPhysBytes, gcPtrBytes, msc32 }: SavedHost): HostProfile {
  return { name, bits, gcPhysBytes, gcPtrBytes, msc32 };
}
