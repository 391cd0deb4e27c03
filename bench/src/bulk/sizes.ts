import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcess } from '../child.js';
import { atMost, digits, type Target, table, targetLines } from '../report.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SIZES = [64 * MIB, 256 * MIB, GIB, 4 * GIB];
const NAMES = ['WebAssembly', 'WebAssembly, 2 workers'];
const ROUNDS = 3;
const IN_MEMORY = 'in memory';
/** Megabytes above the guest's own memory, from 1 GiB on. */
const EXTRA_MAX = 80;
/** Time for a GiB of the largest guest beside that of the smallest. */
const GROWTH_MAX = 1.25;

interface Sample {
  readonly save: number;
  readonly load: number;
  readonly extra: number;
}

interface Row {
  readonly name: string;
  readonly place: string;
  readonly size: number;
  readonly sample: Sample;
}

/** Guests of 64 MiB to 4 GiB, saved to a file and loaded from it: the time for a GiB, and the memory that takes. */
export async function sizes(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-bench-'));
  const places: Readonly<Record<string, string>> = { [IN_MEMORY]: '', 'on disk': join(folder, 'state.sav') };
  const samples: Row[] = [];
  try {
    for (const name of NAMES) {
      for (const [place, path] of Object.entries(places)) {
        for (const size of SIZES) {
          const rounds = String(size < GIB ? 3 * ROUNDS : ROUNDS);
          const sample = await inProcess<Sample>('./bulk/process.js', String(size), name, path, rounds);
          samples.push({ name, place, size, sample });
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const perGib = (time: number, size: number) => (time * GIB) / size;
  const rows = samples.map(({ name, place, size, sample: { save, load, extra } }) => [
    `${digits(size / MIB)} MiB, file ${place}, ${name}`,
    ...[perGib(save, size), perGib(load, size), extra / 1e6].map(digits),
  ]);
  process.stdout.write(`${table(['one guest', 'save, ms/GiB', 'load, ms/GiB', 'MB of memory'], rows)}\n\n`);
  const [single] = NAMES as [string];
  const [least, most] = [SIZES[0], SIZES.at(-1)] as [number, number];
  // On disk it hangs on when the system begins to write.
  const isSingle = (row: Row) => row.name === single && row.place === IN_MEMORY;
  const growth = (what: 'save' | 'load') => {
    const at = (wanted: number) =>
      perGib((samples.find((row) => isSingle(row) && row.size === wanted) as Row).sample[what], wanted);
    return at(most) / at(least);
  };
  const targets = [
    ...(['save', 'load'] as const).map((what) =>
      atMost(`time to ${what} a GiB, file in memory, of 4 GiB / of 64 MiB`, growth(what), GROWTH_MAX),
    ),
    ...samples
      .filter(({ size, sample }) => size >= GIB && !Number.isNaN(sample.extra))
      .map(({ name, place, size, sample }) =>
        atMost(`${name}: MB above the guest's own, ${size / GIB} GiB, file ${place}`, sample.extra / 1e6, EXTRA_MAX),
      ),
  ];
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data: samples };
}
