import { isFailure, SsmError, type SsmFailure, type SsmStatus, statusCodes } from '@ssmkit/runtime';

/** A status that is no failure: success, or success with something to tell. */
export type InfoStatus = Exclude<SsmStatus, SsmFailure>;

/** What came of something: success, a status that tells more, or why it failed. */
export type Outcome = InfoStatus | SsmError;

/** What callbacks return: nothing, or a status. A failure returned is as good as one thrown. */
// biome-ignore lint/suspicious/noConfusingVoidType: callbacks that return nothing are the rule
export type Answer = void | SsmStatus;

/** Whether something failed. */
export function hasFailed(outcome: Outcome): outcome is SsmError {
  return typeof outcome !== 'string';
}

/** The outcome in the manner of functions: failures are thrown. */
export function conclude(outcome: Outcome): InfoStatus {
  if (hasFailed(outcome)) throw outcome;
  return outcome;
}

/** The name of an outcome's status. */
export function statusOf(outcome: Outcome): SsmStatus {
  return hasFailed(outcome) ? outcome.status : outcome;
}

/** Whether a status tells the execution manager what to do: VINF_EM_FIRST … VINF_EM_LAST. */
export function isEmStatus(status: SsmStatus): boolean {
  const rc = statusCodes[status];
  return rc >= statusCodes.VINF_EM_FIRST && rc <= statusCodes.VINF_EM_LAST;
}

/** What anybody's code threw, as a failure. */
export function failureOf(what: string, thrown: unknown): SsmError {
  if (thrown instanceof SsmError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new SsmError('VERR_GENERAL_FAILURE', `${what} threw ${message}`, {}, { cause: thrown });
}

/** Runs a callback; whatever goes wrong in it becomes an outcome. @param what for messages. */
export async function settle(what: string, call: () => Answer | Promise<Answer>): Promise<Outcome> {
  try {
    const status = await call();
    if (status === undefined) return 'VINF_SUCCESS';
    return isFailure(status) ? new SsmError(status, `${what} returned it`) : status;
  } catch (thrown) {
    return failureOf(what, thrown);
  }
}

/**
 * Puts two outcomes together: any failure beats any information, the first failure stays, and of several statuses for
 * the execution manager the smallest number, which is the most urgent (`VirtualBox 7.2 VMMR3/VMM.cpp,
 * vmmR3EmtRendezvousCommon`).
 */
export function combine(before: Outcome, next: Outcome): Outcome {
  if (next === 'VINF_SUCCESS' || hasFailed(before)) return before;
  if (before === 'VINF_SUCCESS' || hasFailed(next)) return next;
  return statusCodes[next] < statusCodes[before] ? next : before;
}
