import { SsmError } from '@ssmkit/runtime';
import type { Catalog, UnitContext } from './catalog.js';
import { type DECODED_MAX, type ReadableUnit, type ReadKnown, type ReadRaw, readWith } from './read-with.js';
import { catalog as known } from './units/index.js';

/** How a unit of an opened state is read. */
export interface ReadOptions {
  /** The layouts of the units; default those of VirtualBox's own. */
  readonly catalog?: Catalog;
  /** Most bytes that are decoded; default {@link DECODED_MAX}: only disks' caches and video memory come near it. */
  readonly limit?: number;
}

/**
 * Reads a unit, decoded where its layout is known.
 *
 * @param unit of which nothing was read. @param context as of `contextOf`; pass and saving host are the unit's own.
 * @throws SsmError for damaged records; of raw units the pieces do.
 */
export function readUnit(
  unit: ReadableUnit,
  context: UnitContext,
  { catalog = known, limit }: ReadOptions = {},
): Promise<ReadKnown | ReadRaw> {
  return readWith(catalog, unit, context, limit);
}

/**
 * The same, of a unit that must be understood.
 *
 * @throws SsmError VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION for one that is not, with the reason; what was wrong with its data.
 */
export async function readKnownUnit(
  unit: ReadableUnit,
  context: UnitContext,
  options: ReadOptions = {},
): Promise<ReadKnown> {
  return understood(unit, await readUnit(unit, context, options));
}

/** @throws SsmError as {@link readKnownUnit} */
export function understood(unit: ReadableUnit, read: ReadKnown | ReadRaw): ReadKnown {
  if (read.kind === 'known') return read;
  const { name, instance, pass } = unit;
  const where = { unit: name, instance, pass };
  if (read.error !== undefined) throw read.error.at(where);
  throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', read.reason, where);
}
