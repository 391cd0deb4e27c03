import { isSsmError, type SsmFailure } from '@ssmkit/runtime';
import { ManualTimers } from '../emt/host-clock.js';
import { SupportDriver, type SupportDriverOptions } from './driver.js';
import type { Session, SessionOwner } from './session.js';

/** A driver on time that stands still, and two sessions of different users. */
export function newDriver(options: SupportDriverOptions = {}): {
  readonly timers: ManualTimers;
  readonly driver: SupportDriver;
  readonly alice: Session;
  readonly bob: Session;
} {
  const timers = new ManualTimers();
  const driver = new SupportDriver({ timers, timerResolution: 1, ...options });
  const owner = (uid: number): SessionOwner => ({ process: 100 + uid, uid, gid: uid });
  return { timers, driver, alice: driver.openSession(owner(1000)), bob: driver.openSession(owner(1001)) };
}

/** How something that may fail ends: the status of the SsmError it throws, or `VINF_SUCCESS`. Other errors are thrown. */
export function outcomeOf(call: () => unknown): SsmFailure | 'VINF_SUCCESS' {
  try {
    call();
    return 'VINF_SUCCESS';
  } catch (error) {
    return statusOf(error);
  }
}

/** {@link outcomeOf} of something asynchronous. */
export async function settled(call: Promise<unknown> | (() => Promise<unknown>)): Promise<SsmFailure | 'VINF_SUCCESS'> {
  try {
    await (typeof call === 'function' ? call() : call);
    return 'VINF_SUCCESS';
  } catch (error) {
    return statusOf(error);
  }
}

function statusOf(error: unknown): SsmFailure {
  if (isSsmError(error)) return error.status;
  throw error;
}
