import { isSsmError } from '@ssmkit/runtime';

/** What a call of a test comes to: the status of the SsmError it throws, or what it returns. */
export function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (isSsmError(error)) return error.status;
    throw error;
  }
}
