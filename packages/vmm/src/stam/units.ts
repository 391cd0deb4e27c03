interface UnitRow {
  /** The number that the unit has in VirtualBox (`stam.h, STAMUNIT`). */
  readonly number: number;
  readonly text: string;
}

/**
 * All units, with their texts. The spelling of the names is VirtualBox's; the texts are those of release logs, and for units
 * that logs do not show follow from the names in the same way.
 */
export const sampleUnits = {
  none: { number: 1, text: '' },
  calls: { number: 2, text: 'calls' },
  callsPerTb: { number: 3, text: 'calls/tb' },
  count: { number: 4, text: 'count' },
  bytes: { number: 5, text: 'bytes' },
  bytesPerCall: { number: 6, text: 'bytes/call' },
  pages: { number: 7, text: 'pages' },
  errors: { number: 8, text: 'errors' },
  occurences: { number: 9, text: 'times' },
  ticks: { number: 10, text: 'ticks' },
  ticksPerCall: { number: 11, text: 'ticks/call' },
  ticksPerOccurence: { number: 12, text: 'ticks/time' },
  goodBad: { number: 13, text: 'good:bad' },
  megabytes: { number: 14, text: 'megabytes' },
  kilobytes: { number: 15, text: 'kilobytes' },
  ns: { number: 16, text: 'ns' },
  nsPerCall: { number: 17, text: 'ns/call' },
  nsPerOccurence: { number: 18, text: 'ns/time' },
  pct: { number: 19, text: '%' },
  pp1k: { number: 20, text: 'pp1k' },
  pp10k: { number: 21, text: 'pp10k' },
  ppm: { number: 22, text: 'ppm' },
  ppb: { number: 23, text: 'ppb' },
  hz: { number: 24, text: 'Hz' },
  instr: { number: 25, text: 'instr' },
  instrPerTb: { number: 26, text: 'instr/tb' },
  bytesPerTb: { number: 27, text: 'bytes/tb' },
} as const satisfies Record<string, UnitRow>;

export type SampleUnit = keyof typeof sampleUnits;

/**
 * The three texts of a unit: of a value or an average, of a profile's total, of how often it ran. Of `ticks/call` the total
 * is in ticks, over so many calls; what is not per anything was measured so many times.
 */
export function unitTexts(unit: SampleUnit): { text: string; total: string; periods: string } {
  const { text }: UnitRow = sampleUnits[unit];
  const [total = text, per = 'time'] = text.split('/');
  return { text, total, periods: `${per}s` };
}
