import { isSsmError, type OpenState, type OpenUnit, type UnitHeader } from '@ssmkit/runtime';
import { PGM } from '../pgm/records.js';

/*
 * A page that cannot be expanded
 *
 * Records have no checksums, so that of a record that does not expand nothing says whether its data has changed or its
 * size, behind which everything would be taken for something else. But a wrong size leads into the middle of data, where
 * hardly one byte in a hundred begins a record, and each of those leads to another such place. So where records lead to
 * TERM, at the offset in the unit that TERM says, they are where they were, and it was data that has changed.
 */

/**
 * What is known of a pass: its checksum is right; or its records lead, one to the next, to an end that says as many bytes as
 * there are.
 */
export type Trust = 'whole' | 'framed';

/** What is known of passes, by their offsets. */
export async function trustsOf(state: OpenState): Promise<ReadonlyMap<number, Trust>> {
  const trusts = new Map<number, Trust>();
  // Units of formats V1.x have no such records.
  if (state.format !== '2.0') return trusts;
  try {
    for await (const unit of state.units()) {
      const trust = isPgm(unit) ? await trustOf(unit, state.header.checksum) : undefined;
      if (trust !== undefined) trusts.set(unit.offset, trust);
    }
  } catch (error) {
    // What ends this ends going through the units again.
    if (!isSsmError(error)) throw error;
  }
  return trusts;
}

async function trustOf(unit: OpenUnit, hasChecksum: boolean): Promise<Trust | undefined> {
  try {
    await unit.measure();
    return hasChecksum ? 'whole' : 'framed';
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return error.status === 'VERR_SSM_INTEGRITY_REC_TERM_CRC' ? 'framed' : undefined;
  }
}

/** Whether a unit is guest memory. */
export function isPgm({ name, instance }: UnitHeader): boolean {
  return name === PGM.name && instance === PGM.instance;
}
