import fc from 'fast-check';
import type { Domain, Field } from '../descriptor.js';
import { valueRange, valueTypeOf } from '../holds.js';
import { type HostProfile, pointerBytes } from '../host.js';
import { boundsOf, utf8Length } from '../json/leaves.js';
import { kinds, primitives } from '../kinds/index.js';
import { isSame } from '../presence.js';

/*
 * Values worth trying
 *
 * Random numbers rarely are the ones that break: every scalar is drawn from a list of edges as often as from its range.
 * The first value of each list is what a counterexample shrinks to.
 */

/** The arbitrary of one value of a scalar or pointer field, as `js` says; pairs are bigints. */
export function scalarOf(
  field: Field,
  js: 'number' | 'bigint' | 'boolean',
  hosts: readonly HostProfile[],
): fc.Arbitrary<unknown> {
  if (js === 'boolean') return fc.boolean();
  const { min, max, values } = boundsOf(valueTypeOf(field)!, js, within(field, hosts));
  const all =
    values === undefined ? integers(min, max) : values.length > 0 ? fc.constantFrom(...values.map(BigInt)) : undefined;
  if (all === undefined || min > max) throw new RangeError(`${field.name}: no value is in its domain`);
  const { end } = field;
  const plain = end === undefined || typeof end === 'object' ? all : all.filter((value) => !isSame(value, end));
  return js === 'number' ? plain.map(Number) : plain;
}

/** A field's domain, narrowed to what the members of all hosts can hold. */
function within(field: Field, hosts: readonly HostProfile[]): Domain {
  const { savedWidth } = kinds[field.kind];
  const width = (host: HostProfile) =>
    savedWidth === 'gcPhys' ? host.gcPhysBytes : savedWidth === 'gcPtr' ? host.gcPtrBytes : pointerBytes(host);
  const domain = field.domain ?? {};
  if (savedWidth === undefined || hosts.every((host) => width(host) === 8)) return domain;
  return { ...domain, max: domain.max !== undefined && domain.max < 0xffffffff ? domain.max : 0xffffffff };
}

/** Integers of a range: its ends, 0, ±1, sign bits, all ones, alternating bits; and any. */
function integers(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const patterns = [8n, 16n, 31n, 32n, 53n, 63n, 64n, 127n, 128n].flatMap((bits) => {
    const ones = (1n << bits) - 1n;
    return [ones, ones + 1n, ones / 3n, ones - ones / 3n, -ones - 1n, -(ones / 3n)];
  });
  const edges = [0n, 1n, -1n, ...patterns, max, max - 1n, min, min + 1n].filter((edge) => edge >= min && edge <= max);
  return new WithEdges([...new Set(edges)], fc.bigInt({ min, max }));
}

/** Edges as often as any others; both shrink alike, through all that lies between. */
class WithEdges<T> extends fc.Arbitrary<T> {
  readonly #edges: readonly T[];
  readonly #others: fc.Arbitrary<T>;
  readonly #all: fc.Arbitrary<T>;

  /** @param all shrinks edges and others; it must be able to shrink any of them without having drawn it. */
  constructor(edges: readonly T[], others: fc.Arbitrary<T>, all: fc.Arbitrary<T> = others) {
    super();
    this.#edges = edges;
    this.#others = others;
    this.#all = all;
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<T> {
    const edge = random.nextInt(0, 2 * this.#edges.length - 1);
    return edge < this.#edges.length
      ? new fc.Value(this.#edges[edge] as T, undefined)
      : this.#others.generate(random, bias);
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return this.#all.canShrinkWithoutContext(value);
  }

  override shrink(value: T, context: unknown): fc.Stream<fc.Value<T>> {
    return this.#all.shrink(value, context);
  }
}

/** How many elements an array has: few, or exactly as many as are allowed where those are not many. */
export function lengths(least: number, most: number, usual: number): fc.Arbitrary<number> {
  const few = fc.integer({ min: least, max: Math.max(least, Math.min(most, usual)) });
  return most <= usual * 4 ? new WithEdges([most], few, fc.integer({ min: least, max: most })) : few;
}

/** Numbers of elements that a counting field may hold: few, and in its domain. @throws RangeError when there is none. */
export function counterOf(field: Field, most: number, usual: number): fc.Arbitrary<unknown> {
  const value = valueTypeOf(field)!;
  if (value.js === 'boolean') return fc.boolean();
  const bounds = boundsOf(value, 'number', field.domain);
  const least = Math.max(0, Number(bounds.min));
  const top = Math.min(most, Number(bounds.max));
  const listed = bounds.values?.map(Number).filter((count) => count >= least && count <= top);
  if (least > top || listed?.length === 0) {
    throw new RangeError(`${field.name}: no value is both in its domain and a number of elements (at most ${most})`);
  }
  const counts = listed === undefined ? lengths(least, top, usual) : fc.constantFrom(...listed);
  return (field.as ?? value.js) === 'bigint' ? counts.map(BigInt) : counts;
}

/** Bytes: any, and patterns that show what was not overwritten. */
export function byteRuns(length: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> {
  const patterns = [[0], [0xff], [0xaa, 0x55], [0x80, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7]].map((p) => new Uint8Array(p));
  const content = fc.oneof(
    { withCrossShrink: true },
    fc.constantFrom(...patterns),
    fc.uint8Array({ minLength: 1, maxLength: 32 }),
  );
  return fc
    .tuple(length, content)
    .map(([count, run]) => Uint8Array.from({ length: count }, (_, i) => run[i % run.length]!));
}

/** Strings that have a UTF-8 form of at most `limit` bytes. */
export function strings(limit: number): fc.Arbitrary<string> {
  const edges = ['', 'a', '\0', 'a\0b', 'é', '\u07ff\u0800', '\uffff', '\ufeffbom', '😀', '\u{10ffff}', '"\\\n\u2028'];
  const whole = [1, 2, 3, 4].map((width) => String.fromCodePoint([0x78, 0xe9, 0x20ac, 0x1f600][width - 1]!));
  const full = limit <= 256 ? whole.map((letter) => letter.repeat(limit / utf8Length(letter))) : [];
  return fc.oneof(
    { withCrossShrink: true },
    fc.constantFrom(...[...edges, ...full].filter((text) => utf8Length(text) <= limit)),
    fc.string({ unit: 'binary', maxLength: 24 }).map((text) => clip(text, limit)),
  );
}

/** As many of a string's leading code points as fit. */
function clip(text: string, limit: number): string {
  let room = limit;
  let clipped = '';
  for (const letter of text) {
    room -= utf8Length(letter);
    if (room < 0) break;
    clipped += letter;
  }
  return clipped;
}

/** Whether a type has room for a number of elements. */
export function mostCounted(stream: 'u8' | 'u16' | 'u32'): number {
  return Number(valueRange(primitives[stream].value!).max);
}
