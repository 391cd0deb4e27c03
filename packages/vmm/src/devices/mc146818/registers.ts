import { RtcTime } from '@ssmkit/vbox';

/** Registers of the clock; the rest is memory. Data sheet: Motorola MC146818. */
export const Reg = {
  SECONDS: 0x00,
  SECONDS_ALARM: 0x01,
  MINUTES: 0x02,
  MINUTES_ALARM: 0x03,
  HOURS: 0x04,
  HOURS_ALARM: 0x05,
  WEEKDAY: 0x06,
  DAY: 0x07,
  MONTH: 0x08,
  YEAR: 0x09,
  A: 0x0a,
  B: 0x0b,
  C: 0x0c,
  D: 0x0d,
  /** A PC's, in its memory. */
  CENTURY: 0x32,
} as const;

export const RegA = { UIP: 0x80, DIVIDER: 0x70, DIVIDER_RESET: 0x60, RATE: 0x0f } as const;
export const RegB = { SET: 0x80, PIE: 0x40, AIE: 0x20, UIE: 0x10, SQWE: 0x08, BINARY: 0x04, HOURS_24: 0x02 } as const;
export const RegC = { IRQF: 0x80, PF: 0x40, AF: 0x20, UF: 0x10, FLAGS: 0x70 } as const;
/** The battery is good. */
export const VALID_RAM = 0x80;

/** Alarm registers from here up match anything. */
const DONT_CARE = 0xc0;
const PM = 0x80;

const toBcd = (value: number) => (Math.trunc(value / 10) << 4) | (value % 10);
const fromBcd = (byte: number) => (byte >> 4) * 10 + (byte & 0xf);

/** What is in the registers that show the time. */
export const timeRegisters: ReadonlySet<number> = new Set([
  ...[Reg.SECONDS, Reg.MINUTES, Reg.HOURS, Reg.WEEKDAY, Reg.DAY, Reg.MONTH, Reg.YEAR, Reg.CENTURY],
]);

/**
 * Shows a time, in the form that register B says. The day of the week is 0…6 in real states, not 1…7 as in the data sheet.
 */
export function showTime(cmos: Uint8Array, time: RtcTime): void {
  const b = cmos[Reg.B] as number;
  const form = (value: number) => ((b & RegB.BINARY) !== 0 ? value : toBcd(value));
  const year = time.year + 1900;
  cmos[Reg.SECONDS] = form(time.seconds);
  cmos[Reg.MINUTES] = form(time.minutes);
  cmos[Reg.HOURS] =
    (b & RegB.HOURS_24) !== 0 ? form(time.hours) : form(time.hours % 12 || 12) | (time.hours >= 12 ? PM : 0);
  cmos[Reg.WEEKDAY] = form(time.weekday);
  cmos[Reg.DAY] = form(time.day);
  cmos[Reg.MONTH] = form(time.month + 1);
  cmos[Reg.YEAR] = form(year % 100);
  cmos[Reg.CENTURY] = form(Math.trunc(year / 100));
}

/** The time that is shown. */
export function shownTime(cmos: Uint8Array): RtcTime {
  const b = cmos[Reg.B] as number;
  const value = (byte: number) => ((b & RegB.BINARY) !== 0 ? byte : fromBcd(byte));
  const at = (register: number) => value(cmos[register] as number);
  const hours = cmos[Reg.HOURS] as number;
  return Object.assign(new RtcTime(), {
    seconds: at(Reg.SECONDS),
    minutes: at(Reg.MINUTES),
    hours: (b & RegB.HOURS_24) !== 0 ? value(hours) : (value(hours & ~PM) % 12) + ((hours & PM) !== 0 ? 12 : 0),
    weekday: at(Reg.WEEKDAY),
    day: at(Reg.DAY),
    month: at(Reg.MONTH) - 1,
    year: at(Reg.CENTURY) * 100 + at(Reg.YEAR) - 1900,
  });
}

/** Whether the time that is shown is that of the alarm. */
export function isAlarm(cmos: Uint8Array): boolean {
  return [Reg.SECONDS, Reg.MINUTES, Reg.HOURS].every((register) => {
    const alarm = cmos[register + 1] as number;
    return alarm >= DONT_CARE || alarm === cmos[register];
  });
}

const CLOCK_HZ = 32_768n;
const NS = 1_000_000_000n;

/** Clocks of 32.768 kHz between periodic interrupts, by the rate in register A; 0: none. */
function clocksOf(rate: number): bigint {
  if (rate === 0) return 0n;
  // The two fastest are of faster crystals; with this one they are those of rates 8 and 9.
  return 1n << BigInt(rate <= 2 ? rate + 6 : rate - 1);
}

/** Periodic interrupts a second, by register A; 0: none. */
export function periodicHz(a: number): number {
  const period = clocksOf(a & RegA.RATE);
  return period === 0n || isHeld(a) ? 0 : Number(CLOCK_HZ / period);
}

/** When the next periodic interrupt comes after a time, in nanoseconds; nothing when there are none. */
export function nextPeriodic(a: number, now: bigint): bigint | undefined {
  const period = clocksOf(a & RegA.RATE);
  if (period === 0n || isHeld(a)) return undefined;
  const clock = ((now * CLOCK_HZ) / NS / period + 1n) * period;
  return (clock * NS + CLOCK_HZ - 1n) / CLOCK_HZ;
}

/** Whether the divider is held in reset: nothing goes on. */
export const isHeld = (a: number) => (a & RegA.DIVIDER_RESET) === RegA.DIVIDER_RESET;
