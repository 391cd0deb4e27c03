import type { SsmError } from '../error.js';
import type { Sink } from './sink-source.js';

/** Closes a sink that nothing was written to, as aborted. What that may fail with is less than `failure`, and not told. */
export async function abandon(sink: Sink, failure: SsmError): Promise<void> {
  try {
    await sink.close(true, failure);
  } catch {
    // As above.
  }
}
