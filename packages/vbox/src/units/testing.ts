import { PASS_FINAL } from '@ssmkit/runtime';
import { decodeJson, encodeJson, hostProfile } from '@ssmkit/schema';
import type { KnownUnit, RawUnit, UnitContext } from '../catalog.js';
import { catalog } from './index.js';

/*
 * A language for the data of units in tests
 *
 *     bytes().u32(1).struct((s) => s.u8(2).u64(3)).strz('a').mem(4, 0xff)
 *
 * puts value after value as the description of a layout has them, by other means than the classes.
 */

/** Data of a unit in the making. */
export class Bytes {
  readonly #bytes: number[] = [];

  #put(value: number | bigint, size: number): this {
    for (let i = 0; i < size; i++) this.#bytes.push(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
    return this;
  }

  /** Bytes, one value each. */
  u8(...values: readonly number[]): this {
    for (const value of values) this.#put(value, 1);
    return this;
  }

  u16(...values: readonly number[]): this {
    for (const value of values) this.#put(value, 2);
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) this.#put(value, 4);
    return this;
  }

  u64(...values: readonly (number | bigint)[]): this {
    for (const value of values) this.#put(value, 8);
    return this;
  }

  /** A length and a text. */
  strz(text: string): this {
    const utf8 = new TextEncoder().encode(text);
    return this.u32(utf8.length).u8(...utf8);
  }

  /** So many bytes of one value. */
  mem(count: number, value = 0): this {
    for (let i = 0; i < count; i++) this.#bytes.push(value);
    return this;
  }

  /** So many bytes, each other than its neighbours, so that none can take another's place. */
  varied(count: number): this {
    for (let i = 0; i < count; i++) this.#bytes.push((this.#bytes.length * 7 + 1) & 0xff);
    return this;
  }

  /** What `inside` puts, between the markers of a structure. */
  struct(inside: (bytes: Bytes) => Bytes): this {
    this.u32(0x19200102);
    inside(this);
    return this.u32(0x19920406);
  }

  /** The same several times. */
  times(count: number, put: (bytes: Bytes, i: number) => Bytes): this {
    for (let i = 0; i < count; i++) put(this, i);
    return this;
  }

  get length(): number {
    return this.#bytes.length;
  }

  data(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** The start of a unit's data. */
export const bytes = (): Bytes => new Bytes();

/** A unit in a test: name and version, and what of the context matters. */
export interface TestUnit extends Partial<Omit<UnitContext, 'size' | 'saved'>> {
  readonly name: string;
  readonly version: number;
}

function contextOf({ name: _, version: __, ...given }: TestUnit): UnitContext {
  const saved = { ...hostProfile('linux.amd64') };
  const product = { major: 7, minor: 2, build: 22 };
  return { pass: PASS_FINAL, size: undefined, saved, product, revision: 112403, cpuCount: 1, ...given };
}

/** What the catalog makes of data. */
export function decode(unit: TestUnit, data: Bytes | Uint8Array): KnownUnit | RawUnit {
  return catalog.decode(unit, data instanceof Bytes ? data.data() : data, contextOf(unit));
}

/**
 * Reads data to its last byte, and checks that it is written again as it was: from the object, and from its JSON form.
 *
 * @throws Error where it is not.
 */
export function read<T extends object>(unit: TestUnit, target: new () => T, data: Bytes | Uint8Array): T {
  const given = data instanceof Bytes ? data.data() : data;
  const known = decode(unit, given);
  const what = `${unit.name} version ${unit.version}`;
  if (known.kind === 'raw') throw new Error(`${what}: ${known.reason}`);
  const { value } = known;
  if (!(value instanceof target))
    throw new Error(`${what}: a ${value.constructor.name} where a ${target.name} was expected`);
  const context = contextOf(unit);
  same(`${what} from the object`, catalog.encode(unit, known, context), given);
  const json: unknown = JSON.parse(JSON.stringify(encodeJson(target, value)));
  const back = decodeJson(target, json);
  same(`${what} from its JSON form`, catalog.encode(unit, { ...known, value: back }, context), given);
  return value;
}

function same(what: string, found: Uint8Array, expected: Uint8Array): void {
  const at = found.findIndex((byte, i) => byte !== expected[i]);
  if (at >= 0) throw new Error(`${what}: byte ${at} is ${found[at]}, not ${expected[at]}`);
  if (found.length !== expected.length) throw new Error(`${what}: ${found.length} bytes, not ${expected.length}`);
}

/** Why data is not understood. */
export function reasonOf(unit: TestUnit, data: Bytes | Uint8Array): string {
  const result = decode(unit, data);
  if (result.kind === 'known') throw new Error(`${unit.name} version ${unit.version} is understood`);
  return result.reason;
}
