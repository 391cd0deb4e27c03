import type { GetStream } from '../streams/get-stream.js';
import type { PutStream } from '../streams/put-stream.js';
import type { CallbackResult, LoadHandle, SaveHandle } from './handle.js';

/** Who a unit belongs to. It decides how the unit is deregistered, and nothing else. */
export type UnitType = 'device' | 'driver' | 'usb' | 'internal' | 'external';

type Answer = CallbackResult | Promise<CallbackResult>;

/**
 * The callbacks of a unit, all optional, each synchronous or asynchronous. They fail by throwing (an `SsmError` has its
 * status kept, anything else becomes VERR_GENERAL_FAILURE) or by returning the name of a failure.
 */
export interface UnitCallbacks {
  /** Before anything is saved. */
  savePrep?(handle: SaveHandle): Answer;
  /** Puts the unit's data. A unit without it is not in the saved state. */
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

/** A unit to be registered. */
export interface UnitRegistration extends UnitCallbacks {
  /** 1…47 bytes of UTF-8 without NUL. */
  name: string;
  /** Default 0. */
  instance?: number;
  /** Version of the layout of what `saveExec` puts. */
  version: number;
  /** Estimated size of the data in bytes, for progress; default 0. */
  guess?: number;
  /** Default `'internal'`. */
  type?: UnitType;
  /** The device, driver or whatever else owns the unit. */
  owner?: unknown;
  /** Register in front of the first unit of this name, of any instance; at the end where there is none. */
  before?: string;
}

/** A unit as it is registered. */
export interface Unit extends UnitCallbacks {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  readonly guess: number;
  readonly type: UnitType;
  readonly owner: unknown;
}
