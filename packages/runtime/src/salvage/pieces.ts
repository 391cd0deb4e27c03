import type { ReadGuard } from '../containers/guard.js';
import type { UnitRecords } from '../containers/state.js';
import type { SsmError } from '../error.js';
import { NeedMore, RECORD_MAX } from '../streams/record-source.js';
import type { Gap } from './survey.js';

/** Bytes decoded at a time. */
const PIECE = 65536 + RECORD_MAX;

/** Whether a failure is about the reading as such, and says nothing of what is read. */
export function isOwnFailure(failure: SsmError, guard: ReadGuard): boolean {
  return guard.isOwn(failure) || ownStatuses.has(failure.status);
}

const ownStatuses: ReadonlySet<string> = new Set(['VERR_SSM_CANCELLED', 'VERR_TOO_MUCH_DATA', 'VERR_TIMEOUT']);

/** Decodes a unit to its end, and checks that. @throws SsmError what is wrong with it. */
export async function decodeAll(records: UnitRecords, guard: ReadGuard): Promise<void> {
  const piece = new Uint8Array(PIECE);
  for (;;) {
    try {
      guard.check();
      if (records.fill(piece, 0) < 0) return;
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
      await records.more();
    }
  }
}

/** What of a file is in none of its known parts. */
export function gapsBetween(parts: readonly Gap[], size: number): Gap[] {
  const gaps: Gap[] = [];
  let at = 0;
  for (const part of [...parts].sort((a, b) => a.offset - b.offset)) {
    if (part.offset > at) gaps.push({ offset: at, size: part.offset - at });
    at = Math.max(at, part.offset + part.size);
  }
  if (size > at) gaps.push({ offset: at, size: size - at });
  return gaps;
}
