import { SsmError } from '@ssmkit/runtime';

/** A clock: its number in VirtualBox (`TMCLOCK`), and ticks a second. */
interface Clock {
  readonly number: number;
  /** The TSC's is a setting of the VM. */
  readonly frequency: bigint | undefined;
}

/**
 * The clocks (`VirtualBox 7.2 include/VBox/vmm/tm.h, TMCLOCK`).
 *
 * REAL always ticks. VIRTUAL ticks while the VM runs. VIRTUAL_SYNC does, too, but waits for its timers. TSC is the time
 * stamp counter of the virtual CPUs and has no timers.
 */
export const clocks = {
  REAL: { number: 0, frequency: 1000n },
  VIRTUAL: { number: 1, frequency: 1_000_000_000n },
  VIRTUAL_SYNC: { number: 2, frequency: 1_000_000_000n },
  TSC: { number: 3, frequency: undefined },
} as const satisfies Readonly<Record<string, Clock>>;

export type ClockName = keyof typeof clocks;

/** The clocks that have timers. */
export type TimerClock = Exclude<ClockName, 'TSC'>;

/**
 * In the order in which their timers get their turns: each clock follows the one before, so that what a callback arms on a
 * clock further on, and is due, has its turn in the same run. The order is ssmkit's own.
 */
export const timerClocks = ['REAL', 'VIRTUAL', 'VIRTUAL_SYNC'] as const satisfies readonly TimerClock[];

/** Ticks of a second in the units that timers are set in. */
const units = { milli: 1000n, micro: 1_000_000n, nano: 1_000_000_000n } as const;

export type TimeUnit = keyof typeof units;

/** A point or length of time in a clock's ticks, or in another unit: an integer, 0…2⁶⁴-1. */
export type Ticks = bigint | number;

export const TICKS_MAX = (1n << 64n) - 1n;

/** @throws SsmError VERR_INVALID_PARAMETER for what is no integer of 64 bits. */
export function ticksOf(value: Ticks, what: string): bigint {
  const ticks = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value) : -1n;
  if (ticks >= 0n && ticks <= TICKS_MAX) return ticks;
  throw new SsmError('VERR_INVALID_PARAMETER', `${what} ${value} is no integer from 0 to 2^64-1`);
}

/** Ticks of a clock in so many units, rounded down: on the real clock that is to the millisecond. */
export function ticksFrom(clock: TimerClock, unit: TimeUnit, count: bigint): bigint {
  return (count * clocks[clock].frequency) / units[unit];
}

/** So many ticks of a clock in a unit, rounded down. */
export function ticksTo(clock: TimerClock, unit: TimeUnit, ticks: bigint): bigint {
  return (ticks * units[unit]) / clocks[clock].frequency;
}

/** `a / b`, rounded up. */
export function divideUp(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a > 0n && quotient * b !== a ? quotient + 1n : quotient;
}

export const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export const earlier = (a: bigint, b: bigint): bigint => (a > b ? b : a);
