import type { StateHeader } from '../containers/state.js';
import type { Source } from '../io/sink-source.js';
import { openReader } from './open-reader.js';

/**
 * Checks a saved state without loading it: its header, and of a file its footer.
 *
 * @param options.checksum compute the CRC of the whole file, too, where it has one; not of streams. Default false.
 * @returns the header.
 * @throws SsmError as `loadState` does for a damaged header or footer; VERR_SSM_INTEGRITY_CRC.
 */
export async function validateState(source: Source, options: { checksum?: boolean } = {}): Promise<StateHeader> {
  const reader = await openReader(source);
  if (options.checksum) await reader.checkWhole();
  return reader.header;
}
