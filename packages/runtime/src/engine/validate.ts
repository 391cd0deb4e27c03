import type { FileHeader } from '../containers/v2/headers.js';
import { readFooter, streamCrcOf } from '../containers/v2/reader.js';
import { SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { openReader } from './open-reader.js';

/**
 * Checks a saved state without loading it: its header, and of a file its footer.
 *
 * @param options.checksum compute the CRC of the whole file, too, where it has one; not of streams. Default false.
 * @returns the header.
 * @throws SsmError as `loadState` does for a damaged header or footer; VERR_SSM_INTEGRITY_CRC.
 */
export async function validateState(source: Source, options: { checksum?: boolean } = {}): Promise<FileHeader> {
  const { header } = await openReader(source);
  if (options.checksum && header.checksum && source.size !== undefined) {
    const { streamCrc, offset } = await readFooter(source);
    if ((await streamCrcOf(source, offset)) !== streamCrc) {
      throw new SsmError('VERR_SSM_INTEGRITY_CRC', 'the CRC of the whole file is wrong', { offset });
    }
  }
  return header;
}
