import { type OpenUnit, SsmError } from '@ssmkit/runtime';
import type { Catalog, KnownUnit, RawUnit, UnitContext } from './catalog.js';
import { catalog as every } from './units/index.js';

/** Most bytes of a unit that are decoded; the largest, but for guest memory, are disks' caches and video memory. */
const SIZE_MAX = 2 ** 28;

/** How a unit of an opened state is decoded. */
export interface DecodeOptions {
  /** Default: every layout that is known. */
  readonly catalog?: Catalog;
  /** Most bytes to take; default 256 MiB. */
  readonly limit?: number;
}

/**
 * Reads the rest of a unit of an opened state, and decodes it.
 *
 * @param context as of `contextOf`; pass and saving host are the unit's own.
 * @throws SsmError for damaged records; VERR_TOO_MUCH_DATA.
 */
export async function decodeUnit(
  unit: OpenUnit,
  context: UnitContext,
  { catalog = every, limit = SIZE_MAX }: DecodeOptions = {},
): Promise<KnownUnit | RawUnit> {
  const { name, instance, pass, stream } = unit;
  await stream.ensure(limit + 1);
  if (stream.buffered > limit) {
    throw new SsmError('VERR_TOO_MUCH_DATA', `more than ${limit} bytes`, { unit: name, instance, pass });
  }
  const data = stream.getMem(new Uint8Array(stream.buffered));
  await unit.measure();
  return catalog.decode(unit, data, { ...context, pass, size: data.length, saved: stream.saved });
}

/**
 * The same, of a unit that must be understood.
 *
 * @throws SsmError VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION for one that is not, with the reason; what was wrong with its data.
 */
export async function decodeKnownUnit(
  unit: OpenUnit,
  context: UnitContext,
  options: DecodeOptions = {},
): Promise<KnownUnit> {
  const decoded = await decodeUnit(unit, context, options);
  if (decoded.kind === 'known') return decoded;
  const { name, instance, pass } = unit;
  const where = { unit: name, instance, pass };
  if (decoded.error !== undefined) throw decoded.error.at(where);
  throw new SsmError('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', decoded.reason, where);
}
