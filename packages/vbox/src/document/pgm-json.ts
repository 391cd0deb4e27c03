import type { Json, StateClass } from '@ssmkit/schema';
import { decodeJson, encodeJson, JsonError } from '@ssmkit/schema';
import * as t from 'io-ts';
import { PgmCpu, PgmGlobal, PgmMappings, PgmOldest, PgmRamConfig, PgmRanges, PgmSingle } from '../pgm/header.js';
import { type PgmHeader, type PgmParts, partsOf } from '../pgm/header-parts.js';
import { OldPageType } from '../pgm/old-memory.js';
import { PAGE_SIZE, PageType } from '../pgm/records.js';
import { decoded, wrong } from './check-json.js';
import { integer, json, oneOf, u32, unitHeader } from './state-json.js';

/*
 * Guest memory in a document: the unit `pgm`
 *
 *     { "name": "pgm", "instance": 1, "version": 14, "pass": 4294967295, "header": { "global": { … }, "cpus": [ … ], … } },
 *     { "pages": [
 *       { "type": "romVirgin", "range": 1, "page": 0, "count": 16, "protection": 1, "data": "…" },
 *       { "type": "ramZero", "address": 0, "count": 160 },
 *       { "type": "ramRaw", "address": 655360, "count": 2, "data": "…" }, …
 *     ] },
 *     { "pages": [ … ] },
 *     …
 *
 * The header has the parts that the version and the pass have. Each element of `pages` is a run of records of one type for
 * neighbouring pages, in the order of the unit; a new line goes on where the one before ended. `addressed` is there only
 * where the first record has its address though VirtualBox would leave it out, or the other way around. Up to version 9
 * pages belong to ranges:
 *
 *     { "range": { "address": 0, "last": 655359, "size": 655360, "hasBits": false, "description": "…" } },
 *     { "pages": [ { "type": "ram", "page": 0, "count": 2, "data": "…" }, { "type": "ram", "page": 2, "count": 158 } ] },
 *
 * Where data is neither, the rest of the unit follows in `more`, as of raw units.
 */

/** Most runs in one line. */
export const RUNS_MAX = 4096;

const PAGES_MAX = 2 ** 40;

const positive = integer(1, PAGES_MAX);
const address = integer(0, 2 ** 53 - 1);

/** A unit of guest memory: what stands in front of its pages. */
export const PgmUnitJson = t.type({ ...unitHeader, header: t.record(t.string, json) }, 'unit');
export type PgmUnitJson = t.TypeOf<typeof PgmUnitJson>;

/** Pages of the unit in front. */
export const PagesJson = t.type({ pages: t.array(t.unknown) }, 'unit');

/** A range of guest memory up to version 9. */
export const RangeJson = t.type(
  {
    range: t.intersection([
      t.type({ address, last: address, size: address, hasBits: t.boolean, description: t.string }),
      t.partial({ flags: t.string }),
    ]),
  },
  'unit',
);
export type RangeJson = t.TypeOf<typeof RangeJson>;

const typeNames = Object.keys(PageType) as (keyof typeof PageType)[];

/** Records for neighbouring pages. */
export const PageRunJson = t.intersection(
  [
    t.type({ type: oneOf(...typeNames), count: positive }),
    t.partial({
      address,
      range: integer(0, 255),
      page: integer(0, 2 ** 33),
      protection: integer(1, 4),
      addressed: t.boolean,
      data: t.string,
    }),
  ],
  'pages',
);
export type PageRunJson = t.TypeOf<typeof PageRunJson>;

/** What {@link OldPageType} is called; of version 6, which has no types, `plain`. */
const oldTypeNames = ['plain', ...(Object.keys(OldPageType) as (keyof typeof OldPageType)[])] as const;

/** Pages of a range up to version 9. */
export const OldRunJson = t.intersection(
  [
    t.type({ type: oneOf(...oldTypeNames), page: u32, count: positive }),
    t.partial({ protection: integer(1, 4), hidden: t.boolean, data: t.string }),
  ],
  'pages',
);
export type OldRunJson = t.TypeOf<typeof OldRunJson>;

export function pageTypeName(type: PageType): PageRunJson['type'] {
  return typeNames[type] as PageRunJson['type'];
}

export function oldTypeName(type: number): OldRunJson['type'] {
  return oldTypeNames[type] as OldRunJson['type'];
}

export function oldTypeOf(name: OldRunJson['type']): number {
  return oldTypeNames.indexOf(name);
}

/** Bytes of a run's pages. @throws SsmError for another size. */
export function checkRunData(data: Uint8Array, count: number, path: string): Uint8Array {
  if (data.length === count * PAGE_SIZE) return data;
  throw wrong(`${path}.data`, `expected ${count} × ${PAGE_SIZE} bytes in base64, found ${data.length}`);
}

type PartName = Exclude<keyof PgmHeader, 'cpus'>;

const partNames: readonly PartName[] = ['single', 'global', 'mappings', 'ramConfig', 'ranges'];

/** The class of a part of the header; of `cpus` that of its elements. */
export function pgmPartClass(name: string, { basic }: Pick<PgmParts, 'basic'>): StateClass | undefined {
  const classes: Readonly<Record<keyof PgmHeader, StateClass>> = {
    single: basic === 'oldest' ? PgmOldest : PgmSingle,
    global: PgmGlobal,
    cpus: PgmCpu,
    mappings: PgmMappings,
    ramConfig: PgmRamConfig,
    ranges: PgmRanges,
  };
  return Object.hasOwn(classes, name) ? classes[name as keyof PgmHeader] : undefined;
}

/** The JSON form of what stands in front of the pages. */
export function pgmHeaderJson(header: PgmHeader): Record<string, Json> {
  const jsonOf = (part: object) => encodeJson(part.constructor as StateClass, part);
  return {
    ...(header.single && { single: jsonOf(header.single) }),
    ...(header.global && { global: jsonOf(header.global) }),
    ...(header.cpus.length > 0 && { cpus: header.cpus.map(jsonOf) }),
    ...(header.mappings && { mappings: jsonOf(header.mappings) }),
    ...(header.ramConfig && { ramConfig: jsonOf(header.ramConfig) }),
    ...(header.ranges && { ranges: jsonOf(header.ranges) }),
  };
}

/**
 * What {@link pgmHeaderJson} was made of.
 *
 * @param path what messages call it. @throws SsmError VERR_INVALID_PARAMETER for parts that the version and the pass have not,
 * or that are missing; for values that cannot be.
 */
export function pgmHeaderOf(
  source: Readonly<Record<string, Json>>,
  unit: { readonly version: number; readonly pass: number },
  afterLive: boolean,
  path: string,
): PgmHeader {
  const parts = partsOf(unit.version, unit.pass, afterLive);
  const there: Readonly<Record<keyof PgmHeader, boolean>> = {
    single: parts.basic === 'oldest' || parts.basic === 'single',
    global: parts.basic === 'cpus',
    cpus: parts.basic === 'cpus',
    mappings: parts.mappings,
    ramConfig: parts.ramConfig,
    ranges: parts.ranges,
  };
  for (const name of Object.keys(source)) {
    if (!Object.hasOwn(there, name)) throw wrong(`${path}.${name}`, 'there is no such part of guest memory');
  }
  for (const [name, wanted] of Object.entries(there)) {
    if (wanted === (source[name] !== undefined)) continue;
    throw wrong(`${path}.${name}`, wanted ? 'missing' : `not in this pass of version ${unit.version}`);
  }
  const partOf = (name: string, value: Json, place: string): object => {
    try {
      return decodeJson(pgmPartClass(name, parts) as StateClass, value);
    } catch (error) {
      if (error instanceof JsonError) throw wrong(place, error.message.replaceAll('\n', '; '), error);
      throw error;
    }
  };
  const header: { -readonly [K in keyof PgmHeader]: PgmHeader[K] } = { cpus: [] };
  for (const name of partNames) {
    const value = source[name];
    if (value !== undefined) Object.assign(header, { [name]: partOf(name, value, `${path}.${name}`) });
  }
  const cpus = source['cpus'] === undefined ? [] : decoded(t.array(json, 'an array'), source['cpus'], `${path}.cpus`);
  header.cpus = cpus.map((cpu, i) => partOf('cpus', cpu, `${path}.cpus[${i}]`) as PgmCpu);
  return header;
}
