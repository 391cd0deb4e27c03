import { isSsmError, SsmError } from '@ssmkit/runtime';
import { fromSystemError } from '@ssmkit/runtime/node';

/** The command line is wrong, in a way that only shows once it is put together: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whatever was thrown, as a failure with a status. */
export function toSsmError(error: unknown): SsmError {
  if (isSsmError(error)) return error;
  if (!(error instanceof Error)) return new SsmError('VERR_GENERAL_FAILURE', String(error));
  const { name, message } = error;
  // By name: classes come from a module of the user, which may have another copy of the schema package.
  if (name === 'DescriptorError' || name === 'JsonError') {
    return new SsmError('VERR_INVALID_PARAMETER', message.replaceAll('\n', '; '), {}, { cause: error });
  }
  if ('syscall' in error) return fromSystemError(error);
  return new SsmError('VERR_GENERAL_FAILURE', `${name}: ${message}`, {}, { cause: error });
}
