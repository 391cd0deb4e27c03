import type { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';
import type { CallbackResult } from './call-unit.js';
import type { LoadHandle, SaveHandle } from './handle.js';

/** Who a unit belongs to. It decides how the unit is deregistered. */
export type UnitType = 'device' | 'driver' | 'usb' | 'internal' | 'external';

type Answer = CallbackResult | Promise<CallbackResult>;

/**
 * The callbacks of a unit, all optional, each synchronous or asynchronous. They fail by throwing (an `SsmError` has its
 * status kept, anything else becomes VERR_GENERAL_FAILURE) or by returning the name of a failure. An informational
 * status that has no meaning for the callback is as good as success.
 */
export interface UnitCallbacks {
  /** Before the first live pass; the machine runs. */
  livePrep?(handle: SaveHandle): Answer;
  /**
   * Puts what of the unit's data is to be saved while the machine runs.
   *
   * @param pass 0 and up.
   * @returns `VINF_SSM_DONT_CALL_AGAIN` when the unit takes no part in further live passes.
   */
  liveExec?(stream: PutStream, pass: number, handle: SaveHandle): Answer;
  /**
   * Says after a pass whether what is left of the unit's data is little enough to stop the machine for it.
   *
   * @returns `VINF_SUCCESS` or nothing: it is; `VINF_SSM_VOTE_FOR_ANOTHER_PASS`: not yet;
   * `VINF_SSM_VOTE_DONE_DONT_CALL_AGAIN`: it is and will be; any failure, such as `VERR_SSM_VOTE_FOR_GIVING_UP`: it
   * will never be. Other informational statuses are VERR_IPE_UNEXPECTED_INFO_STATUS.
   */
  liveVote?(pass: number, handle: SaveHandle): Answer;
  /** Before anything is saved; of a live save: before the final pass. */
  savePrep?(handle: SaveHandle): Answer;
  /** Puts the unit's data. A unit without it, and without `liveExec`, is not in the saved state. */
  saveExec?(stream: PutStream, handle: SaveHandle): Answer;
  /** After everything was saved or the save has failed. */
  saveDone?(handle: SaveHandle): Answer;
  /** Before anything is loaded. */
  loadPrep?(handle: LoadHandle): Answer;
  /**
   * Gets the unit's data, all of it.
   *
   * @param version version of the unit's data in the saved state.
   * @param pass live pass, or `PASS_FINAL`.
   */
  loadExec?(stream: GetStream, version: number, pass: number, handle: LoadHandle): Answer;
  /** After everything was loaded or the load has failed. */
  loadDone?(handle: LoadHandle): Answer;
}

/** All callbacks there are. */
export const callbackNames = [
  'livePrep',
  'liveExec',
  'liveVote',
  'savePrep',
  'saveExec',
  'saveDone',
  'loadPrep',
  'loadExec',
  'loadDone',
] as const satisfies readonly (keyof UnitCallbacks)[];

/** Held around every callback of a unit: the critical section of a device in VirtualBox. */
export interface UnitLock {
  enter(): void | Promise<void>;
  leave(): void;
}

/** A unit to be registered. */
export interface UnitRegistration extends UnitCallbacks {
  /** 1…47 bytes of UTF-8 without NUL. */
  name: string;
  /** Default 0. */
  instance?: number;
  /** Version of the layout of what `saveExec` and `liveExec` put. */
  version: number;
  /** Estimated size of the data in bytes, for progress and for how large a live save may become; default 0. */
  guess?: number;
  /** Default `'internal'`. */
  type?: UnitType;
  /** The device, driver or whatever else owns the unit. */
  owner?: unknown;
  /**
   * Register in front of the first unit of this name, of any instance; at the end where there is none. VirtualBox has
   * it for devices only.
   */
  before?: string;
  /** Held around every callback. */
  lock?: UnitLock;
}

/** A unit as it is registered. */
export interface Unit extends UnitCallbacks {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly guess: number;
  readonly type: UnitType;
  readonly owner: unknown;
  readonly lock: UnitLock | undefined;
}
