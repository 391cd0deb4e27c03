import { isSsmError, type OpenState, type OpenUnit, PASS_FINAL, SsmError } from '@ssmkit/runtime';
import type { UnitContext } from './catalog.js';
import { type ReadOptions, understood } from './read-unit.js';
import { type ReadKnown, readWith } from './read-with.js';
import { unitPieces } from './unit-data.js';
import { catalog as known } from './units/index.js';

/** A unit of a damaged state whose data was understood. */
export interface SalvagedUnit extends ReadKnown {
  readonly version: number;
  /** Bytes of it have changed, though it still has the layout of its version. */
  readonly damage: SsmError | undefined;
}

/**
 * Reads a unit of a damaged state, as `openSalvaged` has opened it: its final pass, or whatever pass there is.
 *
 * A unit that is whole counts before one whose checksum is wrong. Of that all data is there, and is taken where it has the
 * layout of its version to the very last byte. One that cannot be read to its end is not.
 *
 * @throws SsmError VERR_SSM_UNIT_NOT_FOUND; what is wrong with the unit, or why its layout is not known.
 */
export async function salvageUnit(
  state: OpenState,
  { name, instance }: { readonly name: string; readonly instance: number },
  context: UnitContext,
  options: ReadOptions = {},
): Promise<SalvagedUnit> {
  let best: { unit: SalvagedUnit; rank: number } | undefined;
  let failure: SsmError | undefined;
  try {
    for await (const unit of state.units()) {
      if (unit.name !== name || unit.instance !== instance) continue;
      try {
        const read = await readDamaged(unit, context, options);
        const rank = (unit.pass === PASS_FINAL ? 2 : 0) + (read.damage === undefined ? 1 : 0);
        if (best === undefined || rank > best.rank) best = { unit: read, rank };
      } catch (error) {
        if (!isSsmError(error)) throw error;
        failure ??= error.at({ unit: name, instance, pass: unit.pass });
      }
    }
  } catch (error) {
    // Formats V1.x are read up to the damage.
    if (!isSsmError(error)) throw error;
    failure ??= error;
  }
  if (best !== undefined) return best.unit;
  throw failure ?? new SsmError('VERR_SSM_UNIT_NOT_FOUND', `nothing is left of '${name}'`, { unit: name, instance });
}

async function readDamaged(
  unit: OpenUnit,
  context: UnitContext,
  { catalog = known, limit }: ReadOptions,
): Promise<SalvagedUnit> {
  let damage: SsmError | undefined;
  const pieces = untilChecksum(unitPieces(unit), (error) => {
    damage = error.at({ unit: unit.name, instance: unit.instance, pass: unit.pass });
  });
  const read = understood(unit, await readWith(catalog, unit, context, limit, pieces));
  return { ...read, version: unit.version, damage };
}

/** All pieces, and then whether the checksum behind them is wrong. */
async function* untilChecksum(
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
  onWrong: (error: SsmError) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    if (!isSsmError(error) || error.status !== 'VERR_SSM_INTEGRITY_REC_TERM_CRC') throw error;
    onWrong(error);
  }
}
