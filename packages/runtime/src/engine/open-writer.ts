import type { HostProfile } from '@ssmkit/schema';
import type { StateWriter } from '../containers/state.js';
import { V1Writer } from '../containers/v1/writer.js';
import type { FileHeader } from '../containers/v2/headers.js';
import type { Compression } from '../containers/v2/records.js';
import { V2Writer } from '../containers/v2/writer.js';
import { SsmError } from '../error.js';
import type { Interrupt } from '../io/interrupt.js';
import type { Sink } from '../io/sink-source.js';
import type { CodecPool } from '../workers/pool.js';

/** How a saved state is written. */
export interface WriterOptions {
  /** `'2.0'`, what every VirtualBox since 3.1 reads, or `'1.2'`, for 2.1 to 3.0. */
  format: '2.0' | '1.2';
  compression?: Compression | undefined;
  host: HostProfile;
  bufferLimit?: number | undefined;
  interrupt: Interrupt;
  /** Who packs blocks; used by V2.0 only. */
  pool?: CodecPool | undefined;
}

/**
 * Writes the file header in the format asked for.
 *
 * @throws SsmError for a header that no loader accepts; VERR_NOT_SUPPORTED for what the format has not, or needs of the
 * sink.
 */
export function openWriter(sink: Sink, header: FileHeader, options: WriterOptions): StateWriter {
  const { format, compression, pool, ...rest } = options;
  if (format === '2.0') return new V2Writer(sink, header, { ...rest, compression, pool });
  if (compression !== undefined && compression !== 'lzf') {
    throw new SsmError('VERR_NOT_SUPPORTED', 'format V1.2 is written with LZF only');
  }
  return new V1Writer(sink, header, rest);
}
