import { RtcTime } from '@ssmkit/vbox';

const NS_PER_MS = 1_000_000n;
const MS_PER_MINUTE = 60_000;

/** By how many minutes local time is ahead of UTC, at a time in milliseconds since 1970. */
export type TimeZone = (utc: number) => number;

/** Where the host is. */
export const hostTimeZone: TimeZone = (utc) => -new Date(utc).getTimezoneOffset();

/** The date of a time in nanoseconds since 1970. */
export function dateOf(utc: bigint, zone: TimeZone): RtcTime {
  const ms = Number(utc / NS_PER_MS);
  const date = new Date(ms + zone(ms) * MS_PER_MINUTE);
  return Object.assign(new RtcTime(), {
    seconds: date.getUTCSeconds(),
    minutes: date.getUTCMinutes(),
    hours: date.getUTCHours(),
    weekday: date.getUTCDay(),
    day: date.getUTCDate(),
    month: date.getUTCMonth(),
    year: date.getUTCFullYear() - 1900,
  });
}

/** Days of a month, 0…11, of a year since 1900; 31 for months there are not. */
function daysIn(month: number, year: number): number {
  if (month === 1) {
    const full = year + 1900;
    return full % 4 === 0 && (full % 100 !== 0 || full % 400 === 0) ? 29 : 28;
  }
  return [3, 5, 8, 10].includes(month) ? 30 : 31;
}

/**
 * A second later. What a guest has set to something there is not, such as the 61st second, begins anew as if it had been
 * the last.
 */
export function nextSecond(time: RtcTime): RtcTime {
  const next = Object.assign(new RtcTime(), time);
  /** Counts on. @returns whether it began anew. */
  const step = (part: keyof RtcTime, first: number, count: number): boolean => {
    const value = next[part] + 1;
    const begins = value >= first + count || value < first;
    next[part] = begins ? first : value;
    return begins;
  };
  if (!step('seconds', 0, 60) || !step('minutes', 0, 60) || !step('hours', 0, 24)) return next;
  step('weekday', 0, 7);
  if (step('day', 1, daysIn(time.month, time.year)) && step('month', 0, 12)) next.year++;
  return next;
}
