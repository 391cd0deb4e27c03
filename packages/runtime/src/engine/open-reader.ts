import { ByteReader } from '../containers/byte-reader.js';
import { type Format, formatOf, MAGIC_SIZE } from '../containers/formats.js';
import { ReadGuard } from '../containers/guard.js';
import type { StateReader } from '../containers/state.js';
import { V2Reader } from '../containers/v2/reader.js';
import { SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';

/** How each format is opened. */
const openers: Readonly<Record<Format, (source: Source, input: ByteReader) => Promise<StateReader>>> = {
  '2.0': V2Reader.open,
  '1.2': refuseV1,
  '1.1': refuseV1,
};

async function refuseV1(): Promise<never> {
  throw new SsmError('VERR_NOT_SUPPORTED', 'a saved state of VirtualBox 3.0 or older (format V1.x): not read yet', {
    offset: 0,
  });
}

/**
 * Recognises the format of a saved state and checks its header (of a V2.0 file its footer, too).
 *
 * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_MAGIC, VERR_SSM_INTEGRITY_VERSION, and what the format's own checks find.
 */
export async function openReader(source: Source, guard = new ReadGuard()): Promise<StateReader> {
  if (source.size !== undefined) guard.reached(source.size);
  const input = new ByteReader(source, 0, guard);
  const present = await input.run(() => input.request(MAGIC_SIZE));
  if (!present) throw new SsmError('VERR_EOF', 'too short for a saved state', { offset: 0 });
  return openers[formatOf(input.bytes, input.pos)](source, input);
}
