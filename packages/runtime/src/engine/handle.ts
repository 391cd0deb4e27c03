import type { ProductVersion, StateHeader, UnitHeader } from '../containers/state.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { SsmError } from '../error.js';
import type { SsmFailure, SsmStatus } from '../status.js';
import type { SavedHost } from '../streams/get-primitives.js';

/**
 * What a callback may ask the operation it takes part in, and tell it; an SSM handle without its streams.
 *
 * One object stands for an operation from its first to its last callback.
 */
export class SsmHandle {
  readonly header: StateHeader;
  /** The host that saves or has saved. */
  saved: SavedHost;
  #failure: SsmError | undefined;

  constructor(header: StateHeader, saved: SavedHost) {
    this.header = header;
    this.saved = saved;
  }

  /** Whether the state is saved live, or was. */
  get live(): boolean {
    return this.header.live;
  }

  /** Width of a host pointer where the state is or was saved. */
  get hostBits(): 32 | 64 {
    return this.saved.bits;
  }

  /** `os.arch` of the host that saves or saved; `''` on load until the unit "SSM" has told it. */
  get hostName(): string {
    return this.saved.name;
  }

  /** Source revision of the product that saves or saved. */
  get revision(): number {
    return this.header.revision;
  }

  /** Version of the product that saves or saved. */
  get product(): ProductVersion | undefined {
    return this.header.product;
  }

  /** The first failure of the operation. */
  get failure(): SsmError | undefined {
    return this.#failure;
  }

  /** `VINF_SUCCESS`, or the status of the first failure. */
  get status(): SsmStatus {
    return this.#failure?.status ?? 'VINF_SUCCESS';
  }

  /** Lets the operation fail once the callback has returned; the first failure stays. */
  fail(error: SsmError): void {
    this.#failure ??= error;
  }
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

  constructor(
    header: FileHeader,
    saved: SavedHost,
    /** What the unit "SSM" is to tell. */
    readonly description: SelfDescription,
  ) {
    super(header, saved);
  }
}

/** The handle of a load. */
export abstract class LoadHandle extends SsmHandle {
  /** The unit being loaded; `undefined` in prep and done callbacks. */
  abstract readonly unit: UnitHeader | undefined;

  /** Reads over what is left of the unit. The end of the unit is checked as usual. */
  abstract skipToEndOfUnit(): Promise<void>;

  /**
   * Reads what is left of the unit, however much that is: for units nobody knows.
   *
   * @param take gets the data piece by piece; a piece is valid during the call.
   * @returns the number of bytes.
   */
  abstract readToEndOfUnit(take?: (piece: Uint8Array) => void): Promise<number>;
}

/** What a callback returns: nothing, or a status. A failure returned is as good as one thrown. */
// biome-ignore lint/suspicious/noConfusingVoidType: callbacks that return nothing are the rule
export type CallbackResult = void | SsmStatus;

/**
 * Runs a callback and turns whatever goes wrong into an {@link SsmError}.
 *
 * @param what for messages: `Load exec`.
 */
export async function callUnit(
  what: string,
  call: () => CallbackResult | Promise<CallbackResult>,
): Promise<SsmError | undefined> {
  try {
    const status = await call();
    if (!status?.startsWith('VERR_')) return undefined;
    return new SsmError(status as SsmFailure, `${what} returned it`);
  } catch (error) {
    if (error instanceof SsmError) return error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new SsmError('VERR_GENERAL_FAILURE', `${what} threw ${message}`, {}, { cause: error });
  }
}
