import { SsmError } from '@ssmkit/runtime';
import { sizeOfString } from '../iprt/name-order.js';
import { type ClockName, clocks, type TimerClock } from './clocks.js';
import { type CritSect, type TimerCallback, type TimerOwnerKind, TmTimer, timerFlags } from './timer.js';
import type { TimerQueue } from './timer-queue.js';

/** Whose timer is created. */
export interface TimerOwner<O> {
  readonly kind: Exclude<TimerOwnerKind, 'internal'>;
  readonly instance: O;
}

/** A timer that is created. */
export interface TimerOptions<O, U> {
  readonly clock: TimerClock;
  /** 3 to 31 bytes. */
  readonly name: string;
  readonly callback: TimerCallback<O, U>;
  /** For the callback. */
  readonly user?: U;
  /** By default the VM itself. */
  readonly owner?: TimerOwner<O>;
  /** Sum of `timerFlags`; default 0. */
  readonly flags?: number;
}

/** What the VM says of timers that are created. */
export interface TimerRules {
  /** Whether the VM is being created; default yes. */
  readonly isCreating?: () => boolean;
  /** Whether the caller is on an EMT; default yes. */
  readonly isOnEmt?: () => boolean;
  /** The section that guards a device by default. */
  readonly defaultCritSect?: (device: unknown) => CritSect | undefined;
}

/** Bytes of a name (`VirtualBox 7.2 TMR3.cpp`). */
const nameSize = { min: 3, max: 31 } as const;
/** Timers of a clock: ssmkit's own limit. */
const TIMERS_MAX = 10_000;

const FLAGS_MASK = timerFlags.NO_CRIT_SECT | timerFlags.RING0 | timerFlags.NO_RING0;

/** {@link TimeManager.createTimer} */
export function createTimer<O, U>(
  queues: Readonly<Record<TimerClock, TimerQueue>>,
  rules: TimerRules,
  options: TimerOptions<O, U>,
): TmTimer<O, U> {
  const { name, clock, callback, owner, flags = 0 } = options;
  check(rules, name, clock, flags);
  if (typeof callback !== 'function') throw new SsmError('VERR_INVALID_POINTER', `timer '${name}' has no callback`);
  const queue = queues[clock];
  if (queue.size >= TIMERS_MAX) {
    throw new SsmError('VERR_TM_TOO_MANY_TIMERS', `there are ${TIMERS_MAX} timers of clock ${clock} already`);
  }
  const isGuarded = owner?.kind === 'device' && (flags & timerFlags.NO_CRIT_SECT) === 0;
  return new TmTimer<O, U>(queue, {
    name,
    ownerKind: owner?.kind ?? 'internal',
    owner: owner?.instance as O,
    user: options.user as U,
    flags,
    callback,
    critSect: isGuarded ? rules.defaultCritSect?.(owner.instance) : undefined,
  });
}

function check({ isCreating, isOnEmt }: TimerRules, name: string, clock: ClockName, flags: number): void {
  const fail = (status: ConstructorParameters<typeof SsmError>[0], detail: string) => {
    throw new SsmError(status, `timer '${name}': ${detail}`);
  };
  if (isOnEmt?.() === false) fail('VERR_VM_THREAD_NOT_EMT', 'timers are created on an EMT');
  // Without the terminator that counts in C.
  const size = sizeOfString(name) - 1;
  if (size < nameSize.min || size > nameSize.max) {
    fail('VERR_INVALID_NAME', `a name has ${nameSize.min} to ${nameSize.max} bytes, not ${size}`);
  }
  if (!Object.hasOwn(clocks, clock)) fail('VERR_INVALID_PARAMETER', `there is no clock ${clock}`);
  if (clock === 'TSC') fail('VERR_NOT_SUPPORTED', 'the TSC has no timers');
  const exclusive = timerFlags.RING0 | timerFlags.NO_RING0;
  if ((flags & ~FLAGS_MASK) !== 0 || (flags & exclusive) === exclusive) {
    fail('VERR_INVALID_FLAGS', `no such flags: 0x${(flags >>> 0).toString(16)}`);
  }
  if (clock === 'VIRTUAL_SYNC' && isCreating?.() === false) {
    fail('VERR_WRONG_ORDER', 'timers of the virtual-sync clock are created with the VM');
  }
}
