import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcess } from '../child.js';
import { median, ratio, spread } from '../measure.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';
import { makeGuest } from './make.js';

const RAM = 2 ** 32;
const ROUNDS = 5;
const MIB = 2 ** 20;

interface Sample {
  readonly milliseconds: number;
  readonly bytes: number;
  readonly memory: number;
}

const steps = ['open', 'map', 'extract', 'copy'] as const;

/** The memory of a guest of 4 GiB: opened, counted, extracted, and what copying the same bytes takes. */
export async function guestMemory(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-bench-'));
  const [state, image, out] = ['guest.sav', 'image.bin', 'out.bin'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const timings = steps.map((name) => ({ name, rounds: [] as number[], memory: 0, bytes: 0 }));
  let size: number;
  try {
    await makeGuest(state, RAM);
    size = statSync(state).size;
    await inProcess<Sample>('./guest-memory/process.js', 'gather', state, image);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i] of steps.entries()) {
        const timing = timings[(i + round) % steps.length] as (typeof timings)[0];
        const from = timing.name === 'copy' ? image : state;
        const sample = await inProcess<Sample>('./guest-memory/process.js', timing.name, from, out);
        timing.rounds.push(sample.milliseconds);
        timing.memory = Math.max(timing.memory, sample.memory);
        timing.bytes = sample.bytes;
        rmSync(out, { force: true });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const [open, , extract, copy] = timings as [Timing, Timing, Timing, Timing];
  const rows = timings.map((timing) => [
    timing.name,
    digits(ratio(timing, copy)),
    digits(median(timing.rounds)),
    percent(spread(timing.rounds)),
    digits(timing.memory),
  ]);
  const head = [
    `a guest of ${RAM / 2 ** 30} GiB, ${digits(extract.bytes / MIB)} MiB of it with data, in ${digits(size / MIB)} MiB`,
    'ratio',
    'ms',
    'spread',
    'MiB of memory',
  ];
  const targets = [
    atMost('extract the memory / copy the same bytes', ratio(extract, copy), 1.5),
    atMost('memory to open, in MiB', open.memory, 200),
    atMost('memory to extract, in MiB', extract.memory, 200),
  ];
  process.stdout.write(`${table(head, rows)}\n\n${targetLines(targets)}\n`);
  return { targets, data: timings };
}

type Timing = { readonly name: string; readonly rounds: number[]; readonly memory: number; readonly bytes: number };
