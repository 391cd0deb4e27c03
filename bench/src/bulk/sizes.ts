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
/** Issue 6: megabytes above the guest's own memory, from 1 GiB on. */
const EXTRA_MAX = 80;
/** Time for a GiB of the largest guest beside that of the smallest. */
const GROWTH_MAX = 1.25;

interface Sample {
  readonly save: number;
  readonly load: number;
  readonly extra: number;
}

/** Guests of 64 MiB to 4 GiB, saved to a file and loaded from it: the time for a GiB, and the memory that takes. */
export async function sizes(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-bench-'));
  const samples: { name: string; size: number; sample: Sample }[] = [];
  try {
    for (const name of NAMES) {
      for (const size of SIZES) {
        const rounds = String(size < GIB ? 3 * ROUNDS : ROUNDS);
        const sample = await inProcess<Sample>(
          './bulk/process.js',
          ...[String(size), name, join(folder, 'state.sav'), rounds],
        );
        samples.push({ name, size, sample });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const perGib = (time: number, size: number) => (time * GIB) / size;
  const rows = samples.map(({ name, size, sample: { save, load, extra } }) => [
    `${digits(size / MIB)} MiB, ${name}`,
    ...[perGib(save, size), perGib(load, size), extra / 1e6].map(digits),
  ]);
  process.stdout.write(`${table(['to a file and from it', 'save, ms/GiB', 'load, ms/GiB', 'MB of memory'], rows)}\n\n`);
  const [single] = NAMES as [string];
  const at = (wanted: number) =>
    (samples.find(({ name, size }) => name === single && size === wanted) as (typeof samples)[number]).sample;
  const [least, most] = [SIZES[0], SIZES.at(-1)] as [number, number];
  const growth = (what: 'save' | 'load') => perGib(at(most)[what], most) / perGib(at(least)[what], least);
  const targets = [
    atMost('time to save a GiB, of 4 GiB / of 64 MiB', growth('save'), GROWTH_MAX),
    atMost('time to load a GiB, of 4 GiB / of 64 MiB', growth('load'), GROWTH_MAX),
    ...samples
      .filter(({ size, sample }) => size >= GIB && !Number.isNaN(sample.extra))
      .map(({ name, size, sample }) =>
        atMost(`${name}: MB above the guest's own, ${size / GIB} GiB`, sample.extra / 1e6, EXTRA_MAX),
      ),
  ];
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data: samples };
}
