import { isSsmError, SsmError } from '../error.js';
import { messageOf } from '../io/thrown.js';
import type { SsmFailure } from '../status.js';

/** The status of each system error that has one of its own; the others are VERR_IO_GEN_FAILURE. */
const statuses: Readonly<Record<string, SsmFailure>> = {
  ENOENT: 'VERR_FILE_NOT_FOUND',
  ENAMETOOLONG: 'VERR_FILENAME_TOO_LONG',
  ENOMEM: 'VERR_NO_MEMORY',
  ENOSPC: 'VERR_SSM_LOW_ON_DISK_SPACE',
  EDQUOT: 'VERR_SSM_LOW_ON_DISK_SPACE',
  EFBIG: 'VERR_SSM_LOW_ON_DISK_SPACE',
  ETXTBSY: 'VERR_FILE_LOCK_FAILED',
  EBUSY: 'VERR_FILE_LOCK_FAILED',
  EADDRINUSE: 'VERR_NET_ADDRESS_IN_USE',
  ETIMEDOUT: 'VERR_TIMEOUT',
};

/** Something a system call threw, as an {@link SsmError} that keeps it as its cause. */
export function fromSystemError(error: unknown): SsmError {
  if (isSsmError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new SsmError(statuses[code] ?? 'VERR_IO_GEN_FAILURE', messageOf(error), {}, { cause: error });
}

/** Runs system calls; what they throw is an {@link SsmError}. */
export function systemCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromSystemError(error);
  }
}
