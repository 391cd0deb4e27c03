import type { SsmError } from '../error.js';

/*
 * Where saved states go and where they come from
 *
 * Everything that differs from place to place (memory, file, socket, web stream) is behind these two interfaces. Both
 * work in either of two manners, and say which by what they return: a synchronous one returns plainly and is never
 * awaited, an asynchronous one returns promises. The engine asks for one thing at a time and keeps the order.
 */

/** Takes the bytes of a saved state, front to back. */
export interface Sink {
  /**
   * Takes all of `data`. The memory is lent: it is reused once the call has returned, or, where it returned a promise,
   * once that has settled. The next write comes after that, never before.
   *
   * @throws an `SsmError`, or anything else, which becomes VERR_IO_GEN_FAILURE.
   */
  write(data: Uint8Array): void | Promise<void>;
  /**
   * Ends the writing. Called exactly once, after the last write has settled; of an operation that was cancelled, or ran
   * out of its time, a write may still be under way. An interruption also ends the waiting for `close`: whether a whole
   * state has become one is then for the sink to know.
   *
   * @param aborted the state is not complete: leave nothing behind that could be taken for one.
   * @param failure why it is not, where that is known.
   */
  close(aborted: boolean, failure?: SsmError): void | Promise<void>;
  /** Asked before every write and after every live pass. @throws where there is no point in going on. */
  isOk?(): void | Promise<void>;
  /**
   * Overwrites bytes that were written before, at `position`. Format V1.2 needs it, whose headers tell sizes that are
   * known only later.
   */
  rewrite?(data: Uint8Array, position: number): void | Promise<void>;
  /** A file: a live save may then become less large than one into a stream before it is given up. */
  readonly isFile?: boolean;
}

/**
 * Gives the bytes of a saved state.
 *
 * A source with a `size` is a file: it may be read anywhere, by several readers at once. One without is a stream: each
 * read continues where the one before ended, and of what the formats offer only sequential loading works.
 */
export interface Source {
  /** Size in bytes; `undefined` for a stream. */
  readonly size?: number | undefined;
  /** All the bytes, where they lie in memory anyway: they are then used in place and `read` is not called. */
  readonly bytes?: Uint8Array | undefined;
  /**
   * Reads into the front of `into`, from `position` of the source on; fewer bytes than asked for are fine. The memory
   * is lent until the call has returned or its promise has settled.
   *
   * A source that answers its first read with a number does so always.
   *
   * @returns the number of bytes read; 0 only at the end.
   * @throws an `SsmError`, or anything else, which becomes VERR_SSM_STREAM_ERROR.
   */
  read(into: Uint8Array, position: number): number | Promise<number>;
}
