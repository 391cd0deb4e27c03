import { type Limits, ReadGuard } from '../containers/guard.js';
import type { StateHeader } from '../containers/state.js';
import type { Source } from '../io/sink-source.js';
import { openReader } from './open-reader.js';

/** How a state is validated. */
export interface ValidateOptions {
  /** Compute the CRC of the whole file, too, where it has one; not of streams. Default false. */
  checksum?: boolean | undefined;
  /** What to take on at most; see {@link Limits}. */
  limits?: Partial<Limits> | undefined;
  /** Ends all reading: VERR_SSM_CANCELLED. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks a saved state without loading it: its header, of a V2.0 file its footer, of a V1.x file its size.
 *
 * @returns the header.
 * @throws SsmError as `loadState` does for a damaged header or footer; VERR_SSM_INTEGRITY_CRC.
 */
export async function validateState(source: Source, options: ValidateOptions = {}): Promise<StateHeader> {
  const guard = new ReadGuard(options.limits);
  const detach = guard.interrupt.cancelOn(options.signal);
  guard.startClock();
  try {
    guard.check();
    const reader = await openReader(source, guard, 'header');
    if (options.checksum) await reader.checkWhole();
    return reader.header;
  } finally {
    detach();
    guard.stopClock();
  }
}
