import { SsmError } from '../error.js';
import { isFailure, type SsmStatus } from '../status.js';
import type { Unit } from './unit.js';

/** What a callback returns: nothing, or a status. A failure returned is as good as one thrown. */
// biome-ignore lint/suspicious/noConfusingVoidType: callbacks that return nothing are the rule
export type CallbackResult = void | SsmStatus;

/** What came of a callback: an informational status or success, or why it failed. */
export type CallbackOutcome = SsmStatus | SsmError;

/** Whether a callback failed. */
export function hasFailed(outcome: CallbackOutcome): outcome is SsmError {
  return typeof outcome !== 'string';
}

/**
 * Runs a callback and turns whatever goes wrong into an {@link SsmError}.
 *
 * @param what for messages: `loadExec`.
 * @param unit whose lock is held meanwhile.
 */
export async function callUnit(
  what: string,
  unit: Unit | undefined,
  call: () => CallbackResult | Promise<CallbackResult>,
): Promise<CallbackOutcome> {
  try {
    await unit?.lock?.enter();
    let status: CallbackResult;
    try {
      status = await call();
    } finally {
      unit?.lock?.leave();
    }
    if (status === undefined || !isFailure(status)) return status ?? 'VINF_SUCCESS';
    return new SsmError(status, `${what} returned it`);
  } catch (error) {
    return toSsmError(what, error);
  }
}

/** What the caller's own code threw, as a failure of the operation. */
export function toSsmError(what: string, thrown: unknown): SsmError {
  if (thrown instanceof SsmError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new SsmError('VERR_GENERAL_FAILURE', `${what} threw ${message}`, {}, { cause: thrown });
}

/** A failure told from the operation's side. */
export function failed(what: string, error: SsmError, unit?: { name: string; instance: number }): SsmError {
  const told = new SsmError(error.status, `${what}: ${error.detail}`, error.where, { cause: error });
  return unit === undefined ? told : told.at({ unit: unit.name, instance: unit.instance });
}
