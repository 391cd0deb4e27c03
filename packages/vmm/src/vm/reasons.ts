import { SsmError } from '@ssmkit/runtime';

/** Why a VM was suspended (`VMSUSPENDREASON`). */
export const suspendReasons = {
  INVALID: 0,
  USER: 1,
  RECONFIG: 2,
  VM: 3,
  RUNTIME_ERROR: 4,
  HOST_SUSPEND: 5,
  HOST_BATTERY_LOW: 6,
  FTM_SYNC: 7,
  END: 8,
} as const;

/** Why a VM was resumed (`VMRESUMEREASON`). */
export const resumeReasons = {
  INVALID: 0,
  USER: 1,
  RECONFIG: 2,
  HOST_RESUME: 3,
  STATE_RESTORED: 4,
  STATE_SAVED: 5,
  TELEPORTED: 6,
  TELEPORT_FAILED: 7,
  FTM_SYNC: 8,
  END: 9,
} as const;

export type SuspendReason = keyof typeof suspendReasons;
export type ResumeReason = keyof typeof resumeReasons;

/** @throws SsmError VERR_INVALID_PARAMETER for a reason that is none, INVALID and END among them. */
export function checkReason(reasons: Readonly<Record<string, number>>, reason: string): void {
  if (!Object.hasOwn(reasons, reason) || reason === 'INVALID' || reason === 'END') {
    throw new SsmError('VERR_INVALID_PARAMETER', `'${reason}' is no reason`);
  }
}
