import { crc32, type DirectoryEntry, isSsmError, type OpenState, type OpenUnit, SsmError } from '@ssmkit/runtime';
import { decodeJson, encodeJson, type Json, JsonError } from '@ssmkit/schema';
import type { Catalog, UnitContext } from '../catalog.js';
import { PGM } from '../pgm/records.js';
import { readUnit } from '../read-unit.js';
import { contextOfUnit, type ReadKnown } from '../read-with.js';
import { cut } from '../unit-data.js';
import { catalog as known } from '../units/index.js';
import { headerJson } from './header-json.js';
import { type Line, lineOf, lineText, lineWithData } from './line.js';
import { type DirectoryJson, FORMAT, FORMAT_VERSION, type KnownUnitJson, RAW_LINE } from './state-json.js';
import { pgmParts } from './write-pgm.js';

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
  let rangesKnown = false;
  const onRanges = () => {
    rangesKnown = true;
  };
  try {
    for await (const unit of state.units()) {
      const { name, instance, offset } = unit;
      for await (const line of unitLines(unit, catalog, context, { afterLive: rangesKnown, onRanges })) {
        yield* lineText(separator, line);
        separator = ',\n';
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

/** Whether the state has had the lists of ranges of guest memory, which its first pass has. */
interface Ranges {
  readonly afterLive: boolean;
  readonly onRanges: () => void;
}

/** The lines that a unit takes. */
async function* unitLines(
  unit: OpenUnit,
  catalog: Catalog,
  context: UnitContext,
  ranges: Ranges,
): AsyncGenerator<Line, void, undefined> {
  const { name, instance, version, pass } = unit;
  const start = { name, instance, version, pass };
  if (name === PGM.name && instance === PGM.instance && typeof catalog.find(unit) === 'string') {
    yield* pgmLines(unit, start, ranges);
    return;
  }
  const read = await readUnit(unit, context, { catalog });
  if (read.kind === 'raw') {
    yield* rawLines({ ...start, reason: read.reason }, read.pieces);
    return;
  }
  const value = reversible(version, read, catalog, contextOfUnit(unit, undefined, context));
  if (value === undefined) {
    yield* rawLines({ ...start, reason: 'its value cannot be written as JSON without loss' }, [read.data]);
    return;
  }
  const json: KnownUnitJson = { ...start, class: read.definition.target.name, value };
  yield lineOf(json);
}

async function* pgmLines(
  unit: OpenUnit,
  start: object,
  { afterLive, onRanges }: Ranges,
): AsyncGenerator<Line, void, undefined> {
  let head: object | undefined = start;
  for await (const part of pgmParts(unit, afterLive)) {
    if (part.kind === 'header') {
      if (part.header.ranges !== undefined) onRanges();
      yield lineOf({ ...start, header: part.json });
    } else if (part.kind === 'line') yield part.line;
    else yield* rawLines({ ...head, reason: part.reason }, part.pieces, head === undefined);
    head = undefined;
  }
}

/** Lines of raw data. @param head what the first has besides. @param goesOn the data goes on behind lines of another kind. */
async function* rawLines(
  head: object,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  goesOn = false,
): AsyncGenerator<Line, void, undefined> {
  let first: object | undefined = head;
  for await (const piece of cut(pieces, RAW_LINE)) {
    yield lineWithData(first ?? {}, first === undefined || goesOn ? 'more' : 'raw', piece);
    first = undefined;
  }
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
