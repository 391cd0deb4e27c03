import type { Json } from '@ssmkit/schema';
import * as t from 'io-ts';

/*
 * A saved state as JSON
 *
 *     {
 *     "format": "ssmkit-state", "formatVersion": 1,
 *     "header": { "format": "2.0", "product": "7.2.22", … },
 *     "host": "linux.amd64",
 *     "units": [
 *     { "name": "pit", "instance": 0, "version": 1, "pass": 4294967295, "class": "Pit", "value": { … } },
 *     { "name": "own", "instance": 0, "version": 7, "pass": 4294967295, "reason": "…", "raw": "AAECAw==" },
 *     { "name": "own", "instance": 1, …, "raw": "…" },
 *     { "more": "…" },
 *     { "name": "pgm", …, "header": { … } },
 *     { "pages": [ … ] },
 *     …
 *     ],
 *     "end": true,
 *     "directory": [["pit", 0], …],
 *     "errors": []
 *     }
 *
 * It is complete: a state can be built from it that holds the same in every unit. A unit is one line, so that the document
 * can be compared, searched and edited line by line; raw data that is too long for one line goes on in the next, and so do
 * the pages of guest memory (pgm-json.ts). Writing and reading take no more memory than the largest unit that is decoded.
 */

export const FORMAT = 'ssmkit-state';
export const FORMAT_VERSION = 1;

/** Bytes of raw data in one line. */
export const RAW_LINE = 768 * 1024;

/** Integers of a range. */
export const integer = (least: number, most: number) => {
  const is = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return new t.Type<number, number, unknown>(
    `a number in ${least}…${most}`,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity,
  );
};

export const u32 = integer(0, 0xffffffff);

export const oneOf = <A extends string | number>(...values: readonly A[]) =>
  new t.Type<A, A, unknown>(
    values.map((value) => JSON.stringify(value)).join(' or '),
    (value): value is A => values.includes(value as A),
    (value, context) => (values.includes(value as A) ? t.success(value as A) : t.failure(value, context)),
    t.identity,
  );

export const nullable = <C extends t.Mixed>(codec: C) => t.union([codec, t.null], `${codec.name} or null`);

const productText = new t.Type<string, string, unknown>(
  'a version such as "7.2.22"',
  t.string.is,
  (value, context) =>
    typeof value === 'string' && /^\d{1,7}\.\d{1,7}\.\d{1,7}$/.test(value)
      ? t.success(value)
      : t.failure(value, context),
  t.identity,
);

/** The header of the state. */
export const HeaderJson = t.type(
  {
    format: oneOf('2.0', '1.2', '1.1', '1.0'),
    product: nullable(productText),
    revision: u32,
    hostBits: nullable(oneOf(32, 64)),
    gcPhysBytes: oneOf(4, 8),
    gcPtrBytes: oneOf(4, 8),
    unitCount: nullable(u32),
    live: t.boolean,
    checksum: t.boolean,
    compression: nullable(oneOf('lz4')),
  },
  'header',
);
export type HeaderJson = t.TypeOf<typeof HeaderJson>;

/** A value as `JSON.parse` makes it: it comes from there. */
export const json = new t.Type<Json, Json, unknown>(
  'a value',
  (value): value is Json => value !== undefined,
  (value, context) => (value === undefined ? t.failure(value, context) : t.success(value as Json)),
  t.identity,
);

export const unitHeader = { name: t.string, instance: u32, version: u32, pass: u32 };

/** A unit whose data was understood. */
export const KnownUnitJson = t.type({ ...unitHeader, class: t.string, value: json }, 'unit');
export type KnownUnitJson = t.TypeOf<typeof KnownUnitJson>;

/** A unit as bytes, or the beginning of them. */
export const RawUnitJson = t.intersection(
  [t.type({ ...unitHeader, raw: t.string }), t.partial({ reason: t.string })],
  'unit',
);
export type RawUnitJson = t.TypeOf<typeof RawUnitJson>;

/** What follows of the unit before. */
export const MoreJson = t.type({ more: t.string }, 'unit');
export type MoreJson = t.TypeOf<typeof MoreJson>;

/** The units that the directory has, in its order; null in V1.x, which has none. */
export const DirectoryJson = nullable(t.array(t.tuple([t.string, u32])));
export type DirectoryJson = t.TypeOf<typeof DirectoryJson>;

/** What is wrong with the state of which the document was made. */
export const ErrorsJson = t.array(t.unknown);
