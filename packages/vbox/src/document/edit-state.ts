import {
  type FileHeader,
  isSsmError,
  type OpenState,
  type OpenUnit,
  openState,
  type PutStream,
  type Sink,
  type Source,
  SsmError,
  V1Writer,
  V2Writer,
  type V12Header,
} from '@ssmkit/runtime';
import { decodeJson, encodeJson, JsonError } from '@ssmkit/schema';
import type { Catalog, UnitContext } from '../catalog.js';
import { contextOf } from '../context.js';
import { copyPgm } from '../pgm/copy.js';
import { PGM } from '../pgm/records.js';
import { readUnit } from '../read-unit.js';
import { contextOfUnit } from '../read-with.js';
import { catalog as known } from '../units/index.js';
import { chooseUnit, chooseUnits, unitName } from './choose-units.js';
import { editPgm, type PgmEdit, type Poke } from './edit-pgm.js';
import { setField } from './field-path.js';
import { directoryOrder } from './write-document.js';

/** A change of a state. Units are named as in `pit`, `pit#1`, `pit#1@final`. */
export type Edit =
  /** Gives a field another value: `rtc.time.hours=12`; see {@link setField} for what a value may be. */
  | { readonly kind: 'set'; readonly text: string }
  /** Gives RAM other bytes: at a guest-physical address, where the guest sees them once it goes on. */
  | ({ readonly kind: 'poke' } & Poke)
  /** Leaves a unit out: all passes of it, unless one is named. */
  | { readonly kind: 'delete'; readonly unit: string }
  /** Gives a unit other data. */
  | {
      readonly kind: 'replace';
      readonly unit: string;
      readonly data: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    };

/** How a state is edited. */
export interface EditOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
}

/** What was changed. */
export interface EditResult {
  /** Names of the units that were written otherwise, such as `pit#0`. */
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  /** Units written. */
  readonly units: number;
  /** Size of the state. */
  readonly bytes: number;
}

interface Place {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly pass: number;
  readonly offset: number;
  readonly end: number;
}

/** What is to become of one unit. */
interface Change {
  deleted?: boolean;
  replaced?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly sets: { readonly path: string; readonly text: string }[];
  pgm?: PgmEdit;
}

/**
 * Writes a state again with some changes and nothing else changed: units keep their order, passes, versions and data, the
 * file its header, the directory its order.
 *
 * @param source a file. @param sink of format V1.2 one that can go back.
 * @throws SsmError VERR_SSM_UNIT_NOT_FOUND; VERR_INVALID_PARAMETER for a path or a value that the unit cannot have, with what
 * it can; VERR_NOT_SUPPORTED for fields of units whose layout is not known, and for formats V1.1 and V1.0; what is wrong
 * with the state. The sink has been closed as aborted then.
 */
export async function editState(
  source: Source,
  sink: Sink,
  edits: readonly Edit[],
  { catalog = known }: EditOptions = {},
): Promise<EditResult> {
  let writer: V1Writer | V2Writer | undefined;
  let closed = false;
  try {
    const state = await openState(source);
    const places = await placesOf(state);
    const changes = changesOf(edits, places);
    await addPgm(state, edits, places, changes, catalog);
    const context = await contextOf(state);
    // All that can be refused is refused before anything is written.
    const encoded = await encodeChanged(state, changes, catalog, context);
    const order = await orderOf(state, places, changes);
    writer = writerOf(state, sink);
    await copyUnits(state, writer, changes, encoded);
    finish(writer, order);
    closed = true;
    await writer.close(false);
    const named = (want: (change: Change) => boolean) =>
      places.flatMap((place) => {
        const change = changes.get(place.offset);
        return change !== undefined && want(change) ? unitName(place) : [];
      });
    const deleted = named((change) => change.deleted === true);
    return {
      changed: named((change) => change.deleted !== true),
      deleted,
      units: places.length - deleted.length,
      bytes: writer.position,
    };
  } catch (error) {
    if (!closed) await (writer ?? sink).close(true, isSsmError(error) ? error : undefined);
    throw error;
  }
}

/** Every unit, and a look at the whole state. */
async function placesOf(state: OpenState): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { name, instance, version, pass, offset, measure } of state.units()) {
    const { stored } = await measure();
    places.push({ name, instance, version, pass, offset, end: offset + stored });
  }
  return places;
}

function changesOf(edits: readonly Edit[], places: readonly Place[]): Map<number, Change> {
  const changes = new Map<number, Change>();
  const changeOf = ({ offset }: Place): Change => {
    let change = changes.get(offset);
    if (change === undefined) {
      change = { sets: [] };
      changes.set(offset, change);
    }
    return change;
  };
  for (const edit of edits) {
    if (edit.kind === 'set') {
      const { unit, path, text } = splitSet(edit.text, places);
      changeOf(chooseUnit(unit, places)).sets.push({ path, text });
    } else if (edit.kind === 'poke') continue;
    else if (edit.kind === 'replace') changeOf(chooseUnit(edit.unit, places)).replaced = edit.data;
    else for (const place of chooseUnits(edit.unit, places)) changeOf(place).deleted = true;
  }
  for (const place of places) {
    const { deleted, replaced, sets = [] } = changes.get(place.offset) ?? {};
    const ways = [deleted === true, replaced !== undefined, sets.length > 0].filter(Boolean).length;
    if (ways > 1) throw wrong(`'${unitName(place)}' is to be changed in more than one way: fields, data or deletion`);
  }
  return changes;
}

/** Adds what is to become of guest memory, whose units are copied page by page. */
async function addPgm(
  state: OpenState,
  edits: readonly Edit[],
  places: readonly Place[],
  changes: Map<number, Change>,
  catalog: Catalog,
): Promise<void> {
  const pokes = edits.filter((edit) => edit.kind === 'poke');
  const memory = places.filter((place) => isPgm(place, catalog));
  const sets = new Map(memory.map(({ offset }) => [offset, changes.get(offset)?.sets ?? []]));
  if (pokes.length === 0 && ![...sets.values()].some(({ length }) => length > 0)) return;
  if (memory.length === 0) throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', 'the state holds no guest memory', PGM_UNIT);
  for (const place of memory) {
    const { deleted, replaced } = changes.get(place.offset) ?? {};
    if (deleted || replaced)
      throw wrong(`'${unitName(place)}' is to be changed in more than one way: data and deletion`);
  }
  const wanted = new Map([...sets].filter(([, list]) => list.length > 0));
  for (const [offset, edit] of await editPgm(state, wanted, pokes)) {
    changes.set(offset, { sets: [], pgm: edit });
  }
}

const PGM_UNIT = { unit: PGM.name, instance: PGM.instance };

function isPgm(unit: Place, catalog: Catalog): boolean {
  return unit.name === PGM.name && unit.instance === PGM.instance && typeof catalog.find(unit) === 'string';
}

/** `unit.path=value`: names of units may have dots, so that the longest that there is counts. */
function splitSet(set: string, places: readonly Place[]): { unit: string; path: string; text: string } {
  const equals = set.indexOf('=');
  const left = equals < 0 ? set : set.slice(0, equals);
  const dots = [...left.matchAll(/\./g)].map(({ index }) => index).reverse();
  if (equals < 0 || dots.length === 0) throw wrong(`'${set}' is no change of a field: expected UNIT.FIELD=VALUE`);
  const names = new Set(places.map(({ name }) => name));
  const isUnit = (text: string) => names.has(text) || names.has(text.replace(/(?:#\w+)?(?:@\w+)?$/, ''));
  const dot = dots.find((at) => isUnit(left.slice(0, at))) ?? (dots.at(-1) as number);
  return { unit: left.slice(0, dot), path: left.slice(dot + 1), text: set.slice(equals + 1) };
}

/** The data of the units of which fields are changed, by offset. */
async function encodeChanged(
  state: OpenState,
  changes: ReadonlyMap<number, Change>,
  catalog: Catalog,
  context: UnitContext,
): Promise<Map<number, Uint8Array>> {
  const encoded = new Map<number, Uint8Array>();
  if (![...changes.values()].some(({ sets }) => sets.length > 0)) return encoded;
  for await (const unit of state.units()) {
    const { sets = [] } = changes.get(unit.offset) ?? {};
    if (sets.length > 0) encoded.set(unit.offset, await encodeUnit(unit, sets, catalog, context));
  }
  return encoded;
}

async function encodeUnit(
  unit: OpenUnit,
  sets: Change['sets'],
  catalog: Catalog,
  context: UnitContext,
): Promise<Uint8Array> {
  const { name, instance, pass } = unit;
  const where = { unit: name, instance, pass };
  const read = await readUnit(unit, context, { catalog });
  if (read.kind === 'raw') {
    throw new SsmError('VERR_NOT_SUPPORTED', `its fields cannot be set: ${read.reason}`, where);
  }
  const { definition, value } = read;
  try {
    const json = encodeJson(definition.target, value);
    for (const { path, text } of sets) setField(definition.target, json, path, text);
    const changed = decodeJson(definition.target, json);
    const data = catalog.encode(
      unit,
      { kind: 'known', definition, value: changed },
      contextOfUnit(unit, undefined, context),
    );
    const again = catalog.decode(unit, data, contextOfUnit(unit, data.length, context));
    if (again.kind === 'known') return data;
    throw wrong(`the unit could not be read with these values: ${again.reason}`);
  } catch (error) {
    if (error instanceof JsonError) throw wrong(error.message.replaceAll('\n', '; ')).at(where);
    throw isSsmError(error) ? error.at(where) : error;
  }
}

async function copyUnits(
  state: OpenState,
  writer: V1Writer | V2Writer,
  changes: ReadonlyMap<number, Change>,
  encoded: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  for await (const unit of state.units()) {
    const { name, instance, version, pass, offset } = unit;
    const { deleted, replaced, pgm } = changes.get(offset) ?? {};
    if (deleted === true) continue;
    await writer.settle();
    const stream = writer.beginUnit({ name, instance, version, pass });
    const data = encoded.get(offset);
    if (replaced !== undefined) await putAll(stream, replaced);
    else if (data !== undefined) await putAll(stream, [data]);
    else if (pgm !== undefined) await copyPgm(unit.stream, stream, version, pgm.afterLive, pgm.changes);
    else await unit.copyTo(stream);
    writer.endUnit();
  }
}

async function putAll(stream: PutStream, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) await stream.putMemAsync(piece);
}

/** What follows the units: in what order they stand in the directory, and whether there is an END unit. */
interface Tail {
  readonly order: readonly Place[];
  readonly standalone: boolean;
}

async function orderOf(
  state: OpenState,
  places: readonly Place[],
  changes: ReadonlyMap<number, Change>,
): Promise<Tail> {
  if (state.format !== '2.0') return { order: [], standalone: false };
  const { entries, offset } = await state.directory();
  const order = directoryOrder(entries, places);
  // Of a unit of which passes are left, the entry leads to the last of them.
  const kept = new Set(places.filter((place) => changes.get(place.offset)?.deleted !== true).map(keyOf));
  const last = places.at(-1);
  const end = last === undefined ? 64 : last.end + 44 + new TextEncoder().encode(last.name).length + 1;
  return { order: order.filter((place) => kept.has(keyOf(place))), standalone: offset === end };
}

function keyOf({ name, instance }: Place): string {
  return `${name}\0${instance}`;
}

function writerOf({ format, header }: OpenState, sink: Sink): V1Writer | V2Writer {
  if (format === '2.0') return new V2Writer(sink, header as FileHeader);
  if (format === '1.2') return new V1Writer(sink, header as V12Header);
  throw new SsmError('VERR_NOT_SUPPORTED', `format V${format} cannot be written: convert the state first`);
}

function finish(writer: V1Writer | V2Writer, { order, standalone }: Tail): void {
  if (writer instanceof V1Writer) writer.finish();
  else {
    if (!standalone) writer.writeEnd();
    writer.writeDirectory(order.flatMap(({ name, instance }) => writer.entryOf(name, instance) ?? []));
    writer.writeFooter();
  }
}

function wrong(detail: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', detail);
}
