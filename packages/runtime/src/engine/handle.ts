import type { ProductVersion, StateHeader, UnitHeader } from '../containers/state.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { PASS_FINAL, SsmError } from '../error.js';
import { Interrupt } from '../io/interrupt.js';
import { isFailure, type SsmFailure, type SsmStatus } from '../status.js';
import type { SavedHost } from '../streams/record-source.js';

/** What an operation is doing (`SSMSTATE`). */
export type SsmState =
  | 'LIVE_PREP'
  | 'LIVE_STEP1'
  | 'LIVE_EXEC'
  | 'LIVE_VOTE'
  | 'LIVE_STEP2'
  | 'SAVE_PREP'
  | 'SAVE_EXEC'
  | 'SAVE_DONE'
  | 'LOAD_PREP'
  | 'LOAD_EXEC'
  | 'LOAD_DONE';

/** What is to become of the machine after an operation (`SSMAFTER`). */
export type SsmAfter = 'RESUME' | 'DESTROY' | 'CONTINUE' | 'TELEPORT' | 'DEBUG_IT';

/** What the unknown maximum downtime, and an unknown version, are told as. */
const UNKNOWN_U32 = 0xffffffff;

/** Who knows how many workers there are. */
interface WorkerCount {
  readonly running: number;
}

/**
 * What a callback may ask the operation it takes part in, and tell it; an SSM handle without its streams.
 *
 * One object stands for an operation from its first to its last callback.
 */
export class SsmHandle {
  readonly header: StateHeader;
  /** What is to become of the machine afterwards. */
  readonly after: SsmAfter;
  /** Ends the operation while it waits. */
  readonly interrupt: Interrupt;
  /** The host that saves or has saved. */
  saved: SavedHost;
  /** What the operation is doing. */
  state: SsmState;
  /** Whether there is still something to be cancelled. */
  cancellable = false;
  #failure: SsmError | undefined;

  readonly #pool: WorkerCount | undefined;

  constructor(
    header: StateHeader,
    saved: SavedHost,
    state: SsmState,
    after: SsmAfter,
    interrupt = new Interrupt(),
    pool?: WorkerCount,
  ) {
    this.#pool = pool;
    this.header = header;
    this.saved = saved;
    this.state = state;
    this.after = after;
    this.interrupt = interrupt;
    interrupt.onInterrupt((failure) => this.fail(failure));
  }

  /** Workers that are at work on this operation: 0 where none are wanted, none can be used, or they do not pay (yet). */
  get workers(): number {
    return this.#pool?.running ?? 0;
  }

  /** Whether the state is saved live, or was. */
  get live(): boolean {
    return this.header.live;
  }

  /** Width of a host pointer where the state is or was saved; where that is not known (V1.1) where it is loaded. */
  get hostBits(): 32 | 64 {
    return this.saved.bits;
  }

  /** `os.arch` of the host that saves or saved; `''` on load until the unit "SSM" has told it. */
  get hostName(): string {
    return this.saved.name;
  }

  /** Source revision of the product that saves or saved; 0 where that is not known (V1.1). */
  get revision(): number {
    return this.header.revision;
  }

  /** Version of the product that saves or saved; `undefined` where that is not known (V1.1). */
  get product(): ProductVersion | undefined {
    return this.header.product;
  }

  /**
   * {@link product} in one number: major << 24 | minor << 16 | build; 0xFFFFFFFF where that is not known, or does not fit
   * (`VirtualBox 7.2 SSMR3.cpp, SSMR3HandleVersion`).
   */
  get version(): number {
    const { major, minor, build } = this.product ?? { major: 0, minor: 0, build: 0 };
    const fits = major <= 0xff && minor <= 0xff && build <= 0xffff;
    const version = ((major << 24) | (minor << 16) | build) >>> 0;
    return fits && version !== 0 ? version : UNKNOWN_U32;
  }

  /** Longest time in milliseconds that a live save may stop the machine; 0xFFFFFFFF of all other operations. */
  get maxDowntime(): number {
    return UNKNOWN_U32;
  }

  /** The first failure of the operation. */
  get failure(): SsmError | undefined {
    return this.#failure;
  }

  /** `VINF_SUCCESS`, or the status of the first failure. */
  get status(): SsmStatus {
    return this.#failure?.status ?? 'VINF_SUCCESS';
  }

  /**
   * Lets the operation fail once the callback has returned. The first failure stays, unless `error` is the same one told
   * with more about its place.
   */
  fail(error: SsmError): void {
    const first = this.#failure;
    if (first === undefined || (first !== this.interrupt.failure && stemsFrom(error, first))) this.#failure = error;
  }

  /**
   * {@link fail} by a status.
   *
   * @returns the status that the operation has then.
   * @throws SsmError VERR_INVALID_PARAMETER for a status that is no failure.
   */
  setStatus(status: SsmStatus): SsmStatus {
    if (!isFailure(status)) throw new SsmError('VERR_INVALID_PARAMETER', `${status} is no failure`);
    this.fail(new SsmError(status, 'a callback set it'));
    return this.status;
  }

  /** Whether the operation was cancelled. */
  get cancelled(): boolean {
    return this.interrupt.failure?.status === 'VERR_SSM_CANCELLED';
  }

  /**
   * Cancels the operation: it ends with VERR_SSM_CANCELLED as soon as the callback that runs has returned, and what
   * waits for a sink or a source stops waiting.
   *
   * @throws SsmError VERR_SSM_NO_PENDING_OPERATION when it is over, VERR_SSM_ALREADY_CANCELLED.
   */
  cancel(): void {
    if (!this.cancellable) throw new SsmError('VERR_SSM_NO_PENDING_OPERATION', 'there is nothing to be cancelled');
    if (!this.interrupt.interrupt(new SsmError('VERR_SSM_CANCELLED', 'the operation was cancelled'))) {
      throw new SsmError('VERR_SSM_ALREADY_CANCELLED', 'the operation is ending already');
    }
  }
}

/** Whether `error` has `origin` among its causes. */
function stemsFrom(error: SsmError, origin: SsmError): boolean {
  for (let cause = error.cause; cause instanceof SsmError; cause = cause.cause) if (cause === origin) return true;
  return false;
}

/** What the unit "SSM" tells. */
export interface SelfDescription {
  /** "Build Type", such as `release`. */
  readonly buildType: string;
  /** "Host OS", `os.arch`. */
  readonly hostOs: string;
  /** "OSE": built from the open source edition. */
  readonly ose: boolean;
}

/** The handle of a save. */
export class SaveHandle extends SsmHandle {
  declare readonly header: FileHeader;
  /** What the unit "SSM" is to tell. */
  readonly description: SelfDescription;
  readonly #maxDowntime: number;
  #livePercent: number | undefined;

  constructor(
    header: FileHeader,
    saved: SavedHost,
    description: SelfDescription,
    options: {
      state?: SsmState;
      after?: SsmAfter;
      maxDowntime?: number;
      interrupt?: Interrupt;
      pool?: WorkerCount | undefined;
    } = {},
  ) {
    const { state = 'SAVE_PREP', after = 'CONTINUE', interrupt, pool } = options;
    super(header, saved, state, after, interrupt, pool);
    this.description = description;
    this.#maxDowntime = options.maxDowntime ?? UNKNOWN_U32;
  }

  override get maxDowntime(): number {
    return this.#maxDowntime;
  }

  /**
   * Says in `liveVote` how far the unit is; of all units the least counts.
   *
   * @param percent 0…100.
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_SSM_INVALID_STATE outside of `liveVote`.
   */
  reportLivePercent(percent: number): void {
    if (this.state !== 'LIVE_VOTE') {
      throw new SsmError('VERR_SSM_INVALID_STATE', 'a live percentage is reported while voting, and only then');
    }
    if (!(Number.isInteger(percent) && percent >= 0 && percent <= 100)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `${percent} is no percentage`);
    }
    this.#livePercent = Math.min(this.#livePercent ?? percent, percent);
  }

  /** Takes what was reported since the last call; `undefined` when nobody did. For the engine. */
  takeLivePercent(): number | undefined {
    const percent = this.#livePercent;
    this.#livePercent = undefined;
    return percent;
  }
}

/** The handle of a load. */
export abstract class LoadHandle extends SsmHandle {
  /** The unit being loaded; `undefined` in prep and done callbacks. */
  abstract readonly unit: UnitHeader | undefined;
  /** What the load failed on in the words of the callback that knew best. */
  #loadError: SsmError | undefined;
  #gcPtrBytes: 4 | 8 | undefined;

  /** Reads over what is left of the unit. The end of the unit is checked as usual. */
  abstract skipToEndOfUnit(): Promise<void>;

  /**
   * Reads what is left of the unit, however much that is: for units nobody knows.
   *
   * @param take gets the data piece by piece; a piece is valid during the call.
   * @returns the number of bytes.
   */
  abstract readToEndOfUnit(take?: (piece: Uint8Array) => void): Promise<number>;

  /** The progress of the saving side, as the unit "SSMLiveControl" tells it: percent * 100. */
  abstract liveProgress(value: number): void;

  /** What {@link setLoadError} was told first. */
  get loadError(): SsmError | undefined {
    return this.#loadError;
  }

  /**
   * Tells the user why a unit cannot be loaded. It lets nothing fail by itself: `return handle.setLoadError(…)` does.
   *
   *     pit#0: too many channels: 4 [ver=4 pass=final]
   *
   * @returns `status`.
   * @throws SsmError VERR_SSM_INVALID_STATE once the load is over.
   */
  setLoadError(status: SsmFailure, message: string): SsmFailure {
    const { unit } = this;
    if (!this.cancellable) throw new SsmError('VERR_SSM_INVALID_STATE', 'the load is over');
    const name = `${unit?.name ?? 'unknown'}#${unit?.instance ?? 0}`;
    const where = unit && { unit: unit.name, instance: unit.instance, pass: unit.pass };
    this.#loadError ??= new SsmError(status, `${name}: ${message} [${this.#circumstances(unit)}]`, where);
    return status;
  }

  #circumstances(unit: UnitHeader | undefined): string {
    if (unit === undefined) return this.state === 'LOAD_PREP' ? 'prep' : 'done';
    return `ver=${unit.version} pass=${unit.pass === PASS_FINAL ? 'final' : `#${unit.pass}`}`;
  }

  /** {@link setLoadError} where the machine is configured other than the one that was saved. */
  setCfgError(message: string): SsmFailure {
    return this.setLoadError('VERR_SSM_LOAD_CONFIG_MISMATCH', message);
  }

  /**
   * Tells how wide guest pointers are in a state of format V1.1, which does not say: the unit that knows tells the rest.
   * Only the first call has an effect, and only there.
   */
  setGCPtrSize(bytes: 4 | 8): void {
    if (this.header.hostBits !== undefined || this.#gcPtrBytes !== undefined) return;
    this.#gcPtrBytes = bytes;
    this.saved = { ...this.saved, gcPtrBytes: bytes };
    this.savedChanged();
  }

  /** More is known of the host that saved: the stream has to follow. */
  protected abstract savedChanged(): void;
}
