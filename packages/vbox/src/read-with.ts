import type { OpenUnit } from '@ssmkit/runtime';
import type { Catalog, KnownUnit, RawUnit, UnitContext } from './catalog.js';
import { joined, unitPieces } from './unit-data.js';

/** Data of a unit above this size is not decoded, and never held in memory as a whole. */
export const DECODED_MAX = 2 ** 28;

/** A unit whose data was understood, with the data. */
export interface ReadKnown extends KnownUnit {
  readonly data: Uint8Array;
}

/** A unit whose data was not. Its pieces can be asked for once, while the unit is valid. */
export interface ReadRaw extends RawUnit {
  readonly pieces: AsyncGenerator<Uint8Array, void, undefined>;
}

/** What is needed of a unit to read it. */
export type ReadableUnit = Omit<OpenUnit, 'mark' | 'copyTo'>;

/**
 * Reads a unit, decoded where the catalog has its layout.
 *
 * @param unit of which nothing was read. @param context as of `contextOf`; pass and saving host are the unit's own.
 * @param pieces its data.
 * @throws SsmError for damaged records; of raw units the pieces do.
 */
export async function readWith(
  catalog: Catalog,
  unit: ReadableUnit,
  context: UnitContext,
  limit = DECODED_MAX,
  pieces = unitPieces(unit),
): Promise<ReadKnown | ReadRaw> {
  const definition = catalog.find(unit);
  if (typeof definition === 'string') return { kind: 'raw', reason: definition, pieces };
  const parts: Uint8Array[] = [];
  let size = 0;
  // Not for…of: leaving one would end the generator.
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    parts.push(next.value.slice());
    size += next.value.length;
    if (size > limit) {
      return { kind: 'raw', reason: `more than ${limit} bytes are not decoded`, pieces: chain(parts, pieces) };
    }
  }
  const data = joined(parts);
  const result = catalog.decode(unit, data, contextOfUnit(unit, data.length, context));
  return result.kind === 'known' ? { ...result, data } : { ...result, pieces: chain([data], []) };
}

/** What the layout of one unit depends on. @param size bytes of its data; `undefined` where it is to be written. */
export function contextOfUnit(
  unit: Pick<OpenUnit, 'pass' | 'stream'>,
  size: number | undefined,
  context: UnitContext,
): UnitContext {
  return { ...context, pass: unit.pass, size, saved: unit.stream.saved };
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* first;
  yield* rest;
}
