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
}

/** How the data of a unit is laid out in some versions. */
export interface UnitDefinition<T extends object = object> {
  /** Name of the unit. */
  readonly name: string;
  /** The versions that have this layout. */
  readonly versions: readonly number[];
  /** Which passes have it; default all. */
  readonly pass?: 'live' | 'final';
  /** A `@SsmStream` class. */
  readonly target: new () => T;
  /** Gives the object what its layout depends on, before it is read or written. */
  readonly prepare?: (object: T, context: UnitContext) => void;
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

/** The layouts that are known, by name, version and pass. */
export class Catalog {
  readonly #definitions = new Map<string, UnitDefinition[]>();

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

  /** A catalog with the same layouts, to which others can be added. */
  copy(): Catalog {
    const copy = new Catalog();
    for (const definitions of this.#definitions.values()) copy.add(...[...definitions].reverse());
    return copy;
  }

  /** Every layout. */
  get definitions(): readonly UnitDefinition[] {
    return [...this.#definitions.values()].flat();
  }

  /** The layout of a unit, or why there is none. */
  find(unit: Pick<UnitHeader, 'name' | 'version' | 'pass'>): UnitDefinition | string {
    const named = this.#definitions.get(unit.name);
    if (named === undefined) return 'no layout is known for this unit';
    const versions = named.filter((each) => each.versions.includes(unit.version));
    if (versions.length === 0) {
      const known = [...new Set(named.flatMap((each) => each.versions))].sort((a, b) => a - b);
      return `version ${unit.version} is not known, only ${known.join(', ')}`;
    }
    const pass = unit.pass === PASS_FINAL ? 'final' : 'live';
    const found = versions.find((each) => each.pass === undefined || each.pass === pass);
    return found ?? `no layout is known for its ${pass} pass${pass === 'live' ? 'es' : ''}`;
  }

  /** Decodes the data of a unit. */
  decode(unit: Pick<UnitHeader, 'name' | 'version'>, data: Uint8Array, context: UnitContext): KnownUnit | RawUnit {
    const definition = this.find({ ...unit, pass: context.pass });
    if (typeof definition === 'string') return { kind: 'raw', reason: definition };
    const value = new definition.target();
    try {
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

  /** Encodes what {@link decode} has decoded. */
  encode(unit: Pick<UnitHeader, 'version'>, { definition, value }: KnownUnit, context: UnitContext): Uint8Array {
    definition.prepare?.(value, context);
    const host = hostOf(context.saved);
    return putInto((stream) => stream.put(value), { host, version: unit.version });
  }
}

/** The saving host as a profile: units are read and written as they were there. */
function hostOf({ name, bits, gcPhysBytes, gcPtrBytes, msc32 }: SavedHost): HostProfile {
  return { name, bits, gcPhysBytes, gcPtrBytes, msc32 };
}
