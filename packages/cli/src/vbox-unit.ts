import { openSalvaged, type Source, type SsmError } from '@ssmkit/runtime';
import { headerContext, readKnownUnit, salvageUnit } from '@ssmkit/vbox';
import { SavedState } from './saved-state.js';
import { suggestSalvage } from './suggest-salvage.js';

/** A unit of VirtualBox's own. */
export interface VboxUnit {
  readonly value: object;
  readonly version: number;
  /** What is wrong with the file besides; of what was salvaged, what is wrong with the unit. */
  readonly damage: readonly SsmError[];
}

/** The final pass of a unit. */
interface WantedUnit {
  readonly name: string;
  readonly instance: number;
}

/**
 * Finds and decodes a unit of VirtualBox's own.
 *
 * @param salvage look for it behind damage, too, and take it although its checksum is wrong.
 * @throws SsmError where it is not there, or not understood, with the reason.
 */
export function vboxUnit(source: Source, wanted: WantedUnit, salvage = false): Promise<VboxUnit> {
  return salvage ? salvagedUnit(source, wanted) : suggestSalvage(() => soundUnit(source, wanted));
}

async function soundUnit(source: Source, wanted: WantedUnit): Promise<VboxUnit> {
  const state = await SavedState.open(source);
  const { unit, damage } = await state.find(wanted);
  const { value } = await readKnownUnit(unit, headerContext(state.header, unit.stream.saved));
  return { value, version: unit.version, damage };
}

async function salvagedUnit(source: Source, wanted: WantedUnit): Promise<VboxUnit> {
  const { state } = await openSalvaged(source);
  const { value, version, damage } = await salvageUnit(state, wanted, headerContext(state.header));
  return { value, version, damage: damage === undefined ? [] : [damage] };
}
