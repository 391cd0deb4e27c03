import { crc32, type DirectoryEntry, isSsmError, type OpenState, SsmError, type StateHeader } from '@ssmkit/runtime';
import { decodeJson, encodeJson, type Json, JsonError } from '@ssmkit/schema';
import type { Catalog, UnitContext } from '../catalog.js';
import { contextOfUnit, type ReadKnown, readUnit } from '../read-unit.js';
import { cut } from '../unit-data.js';
import { catalog as known } from '../units/index.js';
import { toBase64 } from './base64.js';
import {
  type DirectoryJson,
  FORMAT,
  FORMAT_VERSION,
  type HeaderJson,
  type KnownUnitJson,
  RAW_LINE,
} from './state-json.js';

/** What a document is made of; an opened state is such. */
export type DescribedState = Pick<OpenState, 'format' | 'header' | 'units' | 'directory'>;

/** How a document is made. */
export interface DocumentOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
  /** Told of every unit that has been written. */
  readonly onUnit?: (unit: { readonly name: string; readonly offset: number }) => void;
  /** What is wrong with the state, as far as that is known before its units are read. */
  readonly errors?: readonly SsmError[];
  /** Shows a failure in the document. */
  readonly errorJson?: (error: SsmError) => object;
}

/** What has become of a document. */
export interface DocumentResult {
  /** What is wrong with the state. The document then ends with the units in front of the damage, and says so. */
  readonly errors: readonly SsmError[];
}

/**
 * A state as a JSON document, piece by piece: see state-json.ts, and docs/cli.md for each key.
 *
 * @returns what is wrong with the state.
 */
export async function* stateDocument(
  state: DescribedState,
  context: UnitContext,
  options: DocumentOptions = {},
): AsyncGenerator<string, DocumentResult, undefined> {
  const { catalog = known, errorJson = ({ message }) => ({ message }), onUnit } = options;
  const errors = [...(options.errors ?? [])];
  const { saved, cpuCount, openSource } = context;
  yield `{\n"format": "${FORMAT}",\n"formatVersion": ${FORMAT_VERSION},\n`;
  yield `"header": ${JSON.stringify(headerJson(state))},\n`;
  yield `"host": ${JSON.stringify(saved.name === '' ? null : saved.name)},\n`;
  yield `"machine": ${JSON.stringify({ cpuCount: cpuCount ?? null, openSource: openSource ?? null })},\n"units": [`;
  let separator = '\n';
  const places: Place[] = [];
  try {
    for await (const unit of state.units()) {
      const { name, instance, version, pass, offset } = unit;
      const start = { name, instance, version, pass };
      const read = await readUnit(unit, context, { catalog });
      const value =
        read.kind === 'known'
          ? reversible(unit.version, read, catalog, contextOfUnit(unit, undefined, context))
          : undefined;
      if (read.kind === 'known' && value !== undefined) {
        const json: KnownUnitJson = { ...start, class: read.definition.target.name, value };
        yield `${separator}${JSON.stringify(json)}`;
        separator = ',\n';
      } else {
        const reason = read.kind === 'raw' ? read.reason : 'its value cannot be written as JSON without loss';
        let head: object | undefined = { ...start, reason };
        for await (const piece of cut(read.kind === 'raw' ? read.pieces : [read.data], RAW_LINE)) {
          const text = toBase64(piece);
          yield `${separator}${JSON.stringify(head === undefined ? { more: text } : { ...head, raw: text })}`;
          head = undefined;
          separator = ',\n';
        }
      }
      const { stored } = await unit.measure();
      places.push({ name, instance, offset, end: offset + UNIT_HEADER_SIZE + utf8.encode(name).length + 1 + stored });
      onUnit?.(unit);
    }
  } catch (error) {
    if (!isSsmError(error)) throw error;
    errors.push(error);
  }
  const { end, directory } = await tailOf(state, places, errors);
  yield `\n],\n"end": ${JSON.stringify(end)},\n`;
  yield `"directory": ${directory === null ? 'null' : `[${directory.map((each) => JSON.stringify(each)).join(', ')}]`},\n`;
  yield `"errors": ${JSON.stringify(errors.map(errorJson))}\n}\n`;
  return { errors };
}

/** The value as JSON; `undefined` where that would not give the same data again. */
function reversible(
  version: number,
  { definition, value, data }: ReadKnown,
  catalog: Catalog,
  context: UnitContext,
): Json | undefined {
  try {
    const json = encodeJson(definition.target, value);
    const again = decodeJson(definition.target, json);
    const bytes = catalog.encode({ version }, { kind: 'known', definition, value: again }, context);
    return bytes.length === data.length && bytes.every((byte, i) => byte === data[i]) ? json : undefined;
  } catch (error) {
    if (error instanceof JsonError || isSsmError(error)) return undefined;
    throw error;
  }
}

const utf8 = new TextEncoder();

/** Bytes of a unit header of format V2.0 without the name. */
const UNIT_HEADER_SIZE = 44;
const FILE_HEADER_SIZE = 64;

/** Where a unit is. */
interface Place {
  readonly name: string;
  readonly instance: number;
  readonly offset: number;
  readonly end: number;
}

/** What follows the units. What is wrong with the directory is added to the errors. */
async function tailOf(
  state: DescribedState,
  places: readonly Place[],
  errors: SsmError[],
): Promise<{ end: boolean; directory: DirectoryJson }> {
  if (state.format !== '2.0' || errors.length > 0) return { end: true, directory: null };
  try {
    const { entries, offset } = await state.directory();
    // Files of the standalone writer have no END unit between units and directory.
    return {
      end: offset !== (places.at(-1)?.end ?? FILE_HEADER_SIZE),
      directory: directoryOrder(entries, places).map(({ name, instance }) => [name, instance]),
    };
  } catch (error) {
    if (!isSsmError(error)) throw error;
    errors.push(error);
    return { end: true, directory: null };
  }
}

/**
 * The units in the order of the directory.
 *
 * @throws SsmError VERR_SSM_INTEGRITY_DIR for an entry that does not lead to the last header of a unit.
 */
export function directoryOrder<T extends Pick<Place, 'name' | 'instance' | 'offset'>>(
  entries: readonly DirectoryEntry[],
  places: readonly T[],
): T[] {
  const last = new Map(places.map((place) => [`${place.name}\0${place.instance}`, place]));
  const byOffset = new Map([...last.values()].map((place) => [place.offset, place]));
  // Revisions before 53365 have entries that lead nowhere.
  return entries
    .filter(({ offset }) => offset !== 0)
    .map((entry) => {
      const place = byOffset.get(entry.offset);
      if (place?.instance === entry.instance && crc32(utf8.encode(place.name)) === entry.nameCrc) return place;
      const problem = `the directory entry of offset ${entry.offset} does not lead to the last header of its unit`;
      throw new SsmError('VERR_SSM_INTEGRITY_DIR', problem);
    });
}

export function headerJson({ format, header }: { format: HeaderJson['format']; header: StateHeader }): HeaderJson {
  const { product, revision, hostBits, gcPhysBytes, gcPtrBytes, unitCount, live, checksum, compression } = header;
  return {
    format,
    product: product === undefined ? null : `${product.major}.${product.minor}.${product.build}`,
    revision,
    hostBits: hostBits ?? null,
    gcPhysBytes,
    gcPtrBytes,
    unitCount: unitCount ?? null,
    live,
    checksum,
    compression: compression ?? null,
  };
}
