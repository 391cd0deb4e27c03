import { SsmError } from '@ssmkit/runtime';

/** Flags of runtime errors (`VMSETRTERR_FLAGS_*`). */
export const runtimeErrorFlags = {
  /** The VM cannot go on: FATAL_ERROR. */
  FATAL: 1,
  /** The VM is suspended, and may be resumed when the cause is gone. */
  SUSPEND: 2,
  /** From elsewhere than an EMT: do not wait. */
  NO_WAIT: 4,
} as const;

/** What went wrong while the VM was running. */
export interface RuntimeError {
  /** See {@link runtimeErrorFlags}. */
  readonly flags: number;
  /** What kind of error, for programs: `DrvVD_DISKFULL`. */
  readonly id: string;
  /** For people. */
  readonly message: string;
}

const RUNTIME_ERROR_ID_MAX = 128;
const knownFlags = runtimeErrorFlags.FATAL | runtimeErrorFlags.SUSPEND | runtimeErrorFlags.NO_WAIT;

/** @throws SsmError VERR_INVALID_PARAMETER for unknown flags and for an id that is empty or has 128 characters or more. */
export function checkRuntimeError({ flags, id }: RuntimeError): void {
  if ((flags & ~knownFlags) !== 0) {
    throw new SsmError('VERR_INVALID_PARAMETER', `0x${flags.toString(16)} are no flags of runtime errors`);
  }
  if (id.length === 0 || id.length >= RUNTIME_ERROR_ID_MAX) {
    throw new SsmError('VERR_INVALID_PARAMETER', `'${id}' is no id of a runtime error`);
  }
}

/** How errors reach those who want to know. */
export interface ErrorHooks {
  readonly log: (line: string) => void;
  readonly tellError: (error: SsmError) => void;
  readonly tellRuntimeError: (error: RuntimeError) => void;
}

/** The errors that the user is told of, and how many there have been. */
export class ErrorReports {
  #errors = 0;
  #runtimeErrors = 0;
  #last: SsmError | undefined;
  readonly #hooks: ErrorHooks;

  constructor(hooks: ErrorHooks) {
    this.#hooks = hooks;
  }

  get errorCount(): number {
    return this.#errors;
  }

  get runtimeErrorCount(): number {
    return this.#runtimeErrors;
  }

  /** The last VM error. */
  get last(): SsmError | undefined {
    return this.#last;
  }

  /** Tells everybody of a VM error. @returns the error, for the caller to fail with. */
  raise(error: SsmError): SsmError {
    this.#hooks.log(`VMSetError: ${error.status}; ${error.detail}`);
    this.#last = error;
    this.#errors++;
    this.#hooks.tellError(error);
    return error;
  }

  /** Tells everybody of a runtime error. */
  raiseRuntime(error: RuntimeError): void {
    this.#runtimeErrors++;
    this.#hooks.tellRuntimeError(error);
  }
}
