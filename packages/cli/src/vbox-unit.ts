import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { headerContext, readKnownUnit } from '@ssmkit/vbox';
import type { SavedState, Wanted } from './saved-state.js';

/** A unit of VirtualBox's own. */
export interface VboxUnit {
  readonly value: object;
  readonly version: number;
  /** What is wrong with the file besides. */
  readonly damage: readonly SsmError[];
}

/**
 * Finds and decodes a unit of VirtualBox's own.
 *
 * @throws SsmError where it is not there, or not understood, with the reason.
 */
export async function vboxUnit(state: SavedState, wanted: Wanted): Promise<VboxUnit> {
  const { unit, damage } = await state.find(wanted);
  const { value } = await readKnownUnit(unit, headerContext(state.header, unit.stream.saved));
  return { value, version: unit.version, damage };
}

/** The same; `undefined` where the unit is not there or not understood. */
export async function optionalUnit(state: SavedState, wanted: Wanted): Promise<object | undefined> {
  try {
    return (await vboxUnit(state, wanted)).value;
  } catch (error) {
    if (isSsmError(error)) return undefined;
    throw error;
  }
}
