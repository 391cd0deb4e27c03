import type { Pit } from '@ssmkit/vbox';
import type { InfoOutput } from '../../dbgf/index.js';
import { address } from '../info-text.js';
import { PIT_HZ } from './clock.js';
import type { Counter } from './counter.js';

/** What modes are called in the data sheet. */
const modeNames = [
  'interrupt on terminal count',
  'one-shot',
  'rate generator',
  'square wave',
  'software strobe',
  'hardware strobe',
] as const;

/** Bytes that the guest reads and writes, by bits 4 and 5 of its control word; before there was one it is both. */
const accesses = ['low, high', 'low', 'high', 'low, high'] as const;

/** The info item `pit`. */
export function showPit(state: Pit, counters: readonly Counter[], now: bigint, output: InfoOutput): void {
  const { config, disabledByHpet, speakerDataOn } = state;
  const rows = counters.map((counter, i) => {
    const { mode, bcd, gate, rwMode } = counter.state;
    const next = counter.nextTransition(now);
    return {
      counter: i,
      mode,
      modeName: modeNames[mode] as string,
      divisor: counter.divisor,
      ...(counter.isPeriodic && { hz: Number(PIT_HZ) / counter.divisor }),
      loaded: counter.isLoaded,
      count: counter.count(now),
      output: counter.output(now),
      gate: gate !== 0,
      bcd: (bcd & 1) !== 0,
      access: accesses[rwMode & 3] as string,
      ...(next !== undefined && { next: String(next) }),
    };
  });
  const { ioPortBase, irq } = config;
  const speaker = speakerDataOn !== 0;
  output.line(
    `Ports ${address(ioPortBase)}, IRQ ${irq}${disabledByHpet ? ' (the HPET has it)' : ''}, speaker ${speaker ? 'on' : 'off'}`,
  );
  output.table([
    ['Counter', 'Mode', 'Divisor', 'Hz', 'Count', 'Output', 'Gate', 'Form', 'Access', 'Next'],
    ...rows.map(({ counter, mode, modeName, divisor, hz, loaded, count, output: level, gate, bcd, access, next }) => [
      counter,
      `${mode} ${modeName}`,
      loaded ? divisor : '-',
      hz === undefined ? '-' : hz.toFixed(3),
      count,
      level ? 'high' : 'low',
      gate ? 'high' : 'low',
      bcd ? 'BCD' : 'binary',
      access,
      next ?? '-',
    ]),
  ]);
  output.data({ ioPortBase, irq, disabledByHpet, speaker, now: String(now), counters: rows });
}
