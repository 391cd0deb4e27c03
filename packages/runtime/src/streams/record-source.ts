import type { SsmFailure } from '../status.js';

/** The record layer of a container, as a get stream sees it. */
export interface RecordSource {
  /**
   * Decodes the next record, or what fits of it, into `into[at, into.length)`, which has room for at least
   * {@link RECORD_MAX} bytes. A failure consumes nothing.
   *
   * @returns the number of bytes decoded (0 for an empty record), or -1 when the unit is at its end.
   * @throws SsmError for a damaged record; {@link NeedMore} when an asynchronous source has to be waited for.
   */
  fill(into: Uint8Array, at: number): number;
  /**
   * As {@link fill}, but as many records as there is room for in `into[at, end)`, which is at least {@link RECORD_MAX}
   * bytes. For large data: nothing behind `end` is decoded ahead.
   */
  fillMany?(into: Uint8Array, at: number, end: number): number;
  /** Reads more of an asynchronous source; resolves at its end, too. */
  more(): Promise<void>;
  /**
   * Goes over data without decoding it: the next record, if it has at most `most` bytes, or as much of a RAW record.
   *
   * @returns the number of bytes; 0 where that cannot be done, and {@link fill} is to tell what is there.
   * @throws SsmError for a damaged record; {@link NeedMore}.
   */
  pass?(most: number): number;
  /** Status of a get of which the unit has only a part; default VERR_SSM_LOADED_TOO_MUCH. */
  readonly cutStatus?: SsmFailure;
}

/** Most bytes one record other than RAW decodes to. */
export const RECORD_MAX = 4096;

/** Thrown by {@link RecordSource.fill} when the source has to be awaited first. Never leaves the streams. */
export class NeedMore extends Error {}

/** What the file says about the host that saved it. */
export interface SavedHost {
  /** `os.arch`, or `''` before the unit "SSM" has told it. */
  readonly name: string;
  readonly bits: 32 | 64;
  readonly gcPhysBytes: 4 | 8;
  readonly gcPtrBytes: 4 | 8;
  readonly msc32: boolean;
}
