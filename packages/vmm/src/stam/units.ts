interface UnitRow {
  /** The number that the unit has in VirtualBox (`stam.h, STAMUNIT`). */
  readonly number: number;
  readonly text: string;
  /** Of a profile's total, where that is another than `text`. */
  readonly total?: string;
  /** Of how often a profile ran; `times` where not given. */
  readonly periods?: string;
}

/** All units, with their texts (`VirtualBox 7.2 STAMR3.cpp, STAMR3GetUnit`). The spelling is VirtualBox's. */
export const sampleUnits = {
  none: { number: 1, text: '' },
  calls: { number: 2, text: 'calls' },
  callsPerTb: { number: 3, text: 'calls/tb', total: 'calls', periods: 'tbs' },
  count: { number: 4, text: 'count' },
  bytes: { number: 5, text: 'bytes' },
  bytesPerCall: { number: 6, text: 'bytes/call', total: 'bytes', periods: 'calls' },
  pages: { number: 7, text: 'pages' },
  errors: { number: 8, text: 'errors' },
  occurences: { number: 9, text: 'times' },
  ticks: { number: 10, text: 'ticks' },
  ticksPerCall: { number: 11, text: 'ticks/call', total: 'ticks', periods: 'calls' },
  ticksPerOccurence: { number: 12, text: 'ticks/time', total: 'ticks', periods: 'times' },
  goodBad: { number: 13, text: 'good:bad', total: 'good', periods: 'bad' },
  megabytes: { number: 14, text: 'megabytes' },
  kilobytes: { number: 15, text: 'kilobytes' },
  ns: { number: 16, text: 'ns' },
  nsPerCall: { number: 17, text: 'ns/call', total: 'ns', periods: 'calls' },
  nsPerOccurence: { number: 18, text: 'ns/time', total: 'ns', periods: 'times' },
  pct: { number: 19, text: '%' },
  pp1k: { number: 20, text: 'pp1k' },
  pp10k: { number: 21, text: 'pp10k' },
  ppm: { number: 22, text: 'ppm' },
  ppb: { number: 23, text: 'ppb' },
  hz: { number: 24, text: 'Hz' },
  instr: { number: 25, text: 'instr' },
  instrPerTb: { number: 26, text: 'instr/tb', total: 'instr', periods: 'tbs' },
  bytesPerTb: { number: 27, text: 'bytes/tb', total: 'bytes', periods: 'tbs' },
} as const satisfies Record<string, UnitRow>;

export type SampleUnit = keyof typeof sampleUnits;

/** The three texts of a unit: of a value or an average, of a profile's total, of how often it ran. */
export function unitTexts(unit: SampleUnit): { text: string; total: string; periods: string } {
  const { text, total = text, periods = 'times' }: UnitRow = sampleUnits[unit];
  return { text, total, periods };
}
