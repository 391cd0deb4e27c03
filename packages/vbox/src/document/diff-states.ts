import {
  isSsmError,
  type OpenState,
  openState,
  type RecordMark,
  type Source,
  SsmError,
  type UnitHeader,
  type UnitSize,
} from '@ssmkit/runtime';
import { encodeJson, type Json } from '@ssmkit/schema';
import type { Catalog, UnitContext } from '../catalog.js';
import { contextOf } from '../context.js';
import { GuestMemory } from '../guest-memory.js';
import { PGM } from '../pgm/records.js';
import { readUnit } from '../read-unit.js';
import type { ReadableUnit, ReadKnown, ReadRaw } from '../read-with.js';
import { cut } from '../unit-data.js';
import { catalog as known } from '../units/index.js';
import { chooseUnits, unitName } from './choose-units.js';
import { diffFields } from './diff-fields.js';
import { diffMemory, diffMemoryHeader } from './diff-memory.js';
import { compareBytes, type FieldChange, RangeList, type StateDifference, type UnitDifference } from './differences.js';
import { headerJson } from './header-json.js';

/** How states are compared. */
export interface DiffOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
  /** Only this unit, as in `pit`, `pit#1`, `pit#1@final`. */
  readonly unit?: string | undefined;
}

/** Changed bytes of raw data that are less apart than this are one range. */
const GAP = 8;
const PIECE = 65536;

/** An opened state and its units, which can be read in any order. */
interface Side {
  readonly state: OpenState;
  readonly context: UnitContext;
  /** By name, instance and pass; where a state has several such, also by their order. */
  readonly units: ReadonlyMap<string, Entry>;
}

interface Entry {
  readonly unit: UnitHeader;
  readonly mark: RecordMark;
  readonly size: UnitSize;
}

/**
 * In what two states differ: by unit and field, the guest's memory by page. Where the units lie, and how they are packed,
 * makes no difference.
 *
 * Memory stays bounded by the largest units that are decoded.
 *
 * @param a files. @throws SsmError VERR_SSM_UNIT_NOT_FOUND for a unit that is in neither; what is wrong with a state.
 */
export async function diffStates(
  a: Source,
  b: Source,
  { catalog = known, unit }: DiffOptions = {},
): Promise<StateDifference> {
  const first = await named('first', () => sideOf(a));
  const second = await named('second', () => sideOf(b));
  const wanted = wantedKeys(first, second, unit);
  const withMemory = [...wanted].some((key) => isMemory(first.units.get(key) ?? second.units.get(key)));
  const memories = withMemory ? await memoriesOf(first, second) : undefined;
  const units: UnitDifference[] = [];
  for (const key of wanted) {
    const pair = [first.units.get(key), second.units.get(key)] as const;
    // Pages are compared as what they come to, however many passes they took.
    if (memories !== undefined && pair.some(isMemory)) continue;
    const difference = await diffUnit(first, second, pair, catalog);
    if (difference !== undefined) units.push(difference);
  }
  const header = unit === undefined ? diffHeaders(first, second) : [];
  const memory = memories === undefined ? [] : await diffMemory(...memories);
  const pgm = memories === undefined ? undefined : memoryUnit(first, second, memories);
  if (pgm !== undefined) units.push(pgm);
  return { header, units, memory, same: header.length === 0 && units.length === 0 && memory.length === 0 };
}

/** Says of a failure which of the two states it is of. */
async function named<T>(which: 'first' | 'second', use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!isSsmError(error)) throw error;
    throw new SsmError(error.status, `the ${which} state: ${error.detail}`, error.where, { cause: error });
  }
}

async function sideOf(source: Source): Promise<Side> {
  const state = await openState(source);
  const units = new Map<string, Entry>();
  for await (const unit of state.units()) {
    const mark = unit.mark();
    const { name, instance, version, pass, offset } = unit;
    const size = await unit.measure();
    if (mark === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'a unit that cannot be read out of turn');
    let key = unitName(unit);
    for (let i = 1; units.has(key); i++) key = `${unitName(unit)} ${i}`;
    units.set(key, { unit: { name, instance, version, pass, offset }, mark, size });
  }
  return { state, context: await contextOf(state), units };
}

function wantedKeys(first: Side, second: Side, unit: string | undefined): Set<string> {
  const entries = [first, second].flatMap(({ units }) => [...units]);
  if (unit === undefined) return new Set(entries.map(([key]) => key));
  const headers = entries.map(([, entry]) => entry.unit);
  const chosen = new Set(chooseUnits(unit, headers).map(unitName));
  return new Set(entries.filter(([, entry]) => chosen.has(unitName(entry.unit))).map(([key]) => key));
}

function isMemory(entry: Entry | undefined): boolean {
  return entry?.unit.name === PGM.name && entry.unit.instance === PGM.instance;
}

/** The guest's memory of both; `undefined` where it is not in both, or of an unknown kind: the unit is compared as bytes. */
async function memoriesOf(first: Side, second: Side): Promise<[GuestMemory, GuestMemory] | undefined> {
  try {
    return [await GuestMemory.open(first.state), await GuestMemory.open(second.state)];
  } catch (error) {
    if (isSsmError(error)) return undefined;
    throw error;
  }
}

function memoryUnit(first: Side, second: Side, memories: [GuestMemory, GuestMemory]): UnitDifference | undefined {
  const changes = diffMemoryHeader(...memories);
  const [one, other] = [first, second].map(({ units }) => [...units.values()].findLast(isMemory)?.unit);
  if (changes.length === 0 || one === undefined || other === undefined) return undefined;
  return { kind: 'fields', unit: one, versions: [one.version, other.version], changes };
}

function diffHeaders({ state: a }: Side, { state: b }: Side): FieldChange[] {
  const [from, to] = [headerJson(a), headerJson(b)] as [Record<string, Json>, Record<string, Json>];
  return Object.keys(from)
    .filter((key) => from[key] !== to[key])
    .map((path) => ({ path, from: from[path], to: to[path] }));
}

async function diffUnit(
  first: Side,
  second: Side,
  [a, b]: readonly [Entry | undefined, Entry | undefined],
  catalog: Catalog,
): Promise<UnitDifference | undefined> {
  if (a === undefined || b === undefined) {
    const { unit } = (a ?? b) as Entry;
    return { kind: 'only', unit, where: a === undefined ? 'second' : 'first' };
  }
  const versions = [a.unit.version, b.unit.version] as const;
  const one = await readUnit(await opened(first, a), first.context, { catalog });
  const other = await readUnit(await opened(second, b), second.context, { catalog });
  if (one.kind === 'known' && other.kind === 'known' && one.definition.target === other.definition.target) {
    const { target } = one.definition;
    const changes = diffFields(target, encodeJson(target, one.value), encodeJson(target, other.value));
    if (changes.length > 0 || versions[0] !== versions[1]) return { kind: 'fields', unit: a.unit, versions, changes };
    if (isSame(one.data, other.data)) return undefined;
  }
  const changed = new RangeList(GAP);
  await comparePieces(piecesOf(one), piecesOf(other), changed);
  if (changed.count === 0 && versions[0] === versions[1]) return undefined;
  const reason = [one, other].flatMap((read) => (read.kind === 'raw' ? read.reason : []))[0] ?? 'their layouts differ';
  return { kind: 'bytes', unit: a.unit, versions, reason, sizes: [a.size.data, b.size.data], changed };
}

async function opened({ state }: Side, { unit, mark, size }: Entry): Promise<ReadableUnit> {
  const stream = await state.resume(unit, mark);
  return { ...unit, stream, measure: async () => size };
}

function piecesOf(read: ReadKnown | ReadRaw): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return read.kind === 'known' ? [read.data] : read.pieces;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function comparePieces(
  a: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  b: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  changed: RangeList,
): Promise<void> {
  const [one, other] = [cut(a, PIECE), cut(b, PIECE)];
  for (let offset = 0; ; offset += PIECE) {
    const [first, second] = [await one.next(), await other.next()];
    if (first.done && second.done) return;
    compareBytes(first.value ?? new Uint8Array(0), second.value ?? new Uint8Array(0), offset, changed);
  }
}
