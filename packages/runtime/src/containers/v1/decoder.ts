import type { SsmFailure } from '../../status.js';

/** Decodes a zip stream behind its first byte. */
export interface Decoder {
  /** Whether another decoder could go on where the input stands. */
  readonly resumable: boolean;
  /** Status of a get of which the stream has only a part. */
  readonly cutStatus: SsmFailure;
  /**
   * Decodes the next data into `into[at, into.length)`. A failure consumes nothing.
   *
   * @returns the number of bytes, or -1 when the stream is at its end.
   * @throws SsmError; NeedMore.
   */
  fill(into: Uint8Array, at: number): number;
  /**
   * Goes over some data, which is decoded only where its size is not known otherwise.
   *
   * @returns false when the stream is at its end. @throws SsmError; NeedMore.
   */
  skip(): boolean;
}
