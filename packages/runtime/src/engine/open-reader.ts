import { ByteReader } from '../containers/byte-reader.js';
import { type Format, formatOf, MAGIC_SIZE } from '../containers/formats.js';
import { ReadGuard } from '../containers/guard.js';
import type { StateReader } from '../containers/state.js';
import { V1Reader } from '../containers/v1/reader.js';
import { V2Reader } from '../containers/v2/reader.js';
import { SsmError } from '../error.js';
import type { Source } from '../io/sink-source.js';

/**
 * What is checked of a V1.x file before anything is read from it:
 *
 * - `all`: its header, its size, the CRC of all of it. So VirtualBox loads and opens.
 * - `header`: its header and its size. So VirtualBox validates, unless it is asked for more.
 * - `readable`: its header. For files of which something is to be saved although they are damaged.
 *
 * V2.0 has checksums on the way, and needs none of this.
 */
export type V1Checks = 'all' | 'header' | 'readable';

type Open = (source: Source, input: ByteReader, checks: V1Checks) => Promise<StateReader>;

const openV1 =
  (format: Exclude<Format, '2.0'>): Open =>
  async (source, input, checks) => {
    const reader = await V1Reader.open(format, source, input, checks !== 'readable');
    if (checks === 'all') await reader.checkWhole();
    return reader;
  };

/** How each format is opened. */
const openers: Readonly<Record<Format, Open>> = {
  '2.0': V2Reader.open,
  '1.2': openV1('1.2'),
  '1.1': openV1('1.1'),
  '1.0': openV1('1.0'),
};

/**
 * Recognises the format of a saved state and checks its header; of a V2.0 file its footer, too.
 *
 * @throws SsmError VERR_EOF, VERR_SSM_INTEGRITY_MAGIC, VERR_SSM_INTEGRITY_VERSION, and what the format's own checks find.
 */
export async function openReader(
  source: Source,
  guard = new ReadGuard(),
  checks: V1Checks = 'all',
): Promise<StateReader> {
  if (source.size !== undefined) guard.reached(source.size);
  const input = new ByteReader(source, 0, guard);
  return openers[await peekFormat(input)](source, input, checks);
}

/** The format of the saved state at the start of which `input` is. @throws SsmError as {@link openReader} */
export async function peekFormat(input: ByteReader): Promise<Format> {
  const present = await input.run(() => input.request(MAGIC_SIZE));
  if (!present) throw new SsmError('VERR_EOF', 'too short for a saved state', { offset: 0 });
  return formatOf(input.bytes, input.pos);
}
