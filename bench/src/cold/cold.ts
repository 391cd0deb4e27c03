import { rmSync } from 'node:fs';
import { inProcess } from '../child.js';
import { median, ratio, spread } from '../measure.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';
import { prepareClasses } from './prepare.js';

const CLASSES = 200;
const FIELDS = 25;
const SAMPLES = 15;

interface Sample {
  readonly name: string;
  readonly rounds: number[];
}

const ways = ['shared table walker', 'putStruct', 'generated functions'];

/** The first pass over many classes: what a save costs that happens once. */
export async function cold(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const folder = await prepareClasses(CLASSES, FIELDS);
  const timings = ways.map((name) => ({ name, rounds: [] as number[] })) as [Sample, Sample, Sample];
  const bytes = new Set<number>();
  try {
    for (let sample = 0; sample < SAMPLES; sample++) {
      for (const [i] of ways.entries()) {
        const { name, rounds } = timings[(i + sample) % ways.length] as Sample;
        const result = await inProcess<{ first: number; bytes: number }>('./cold/process.js', folder, name);
        rounds.push(result.first);
        bytes.add(result.bytes);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (bytes.size !== 1) throw new Error(`the ways differ: ${[...bytes].join(', ')} bytes`);
  const [walker, putStruct] = timings;
  const rows = timings.map((timing) => [
    timing.name,
    digits(ratio(timing, walker)),
    digits(median(timing.rounds)),
    percent(spread(timing.rounds)),
  ]);
  const head = [`first pass, ${CLASSES} classes of ${FIELDS} fields`, 'ratio', 'ms', 'spread'];
  const targets = [atMost('first pass: putStruct / shared table walker', ratio(putStruct, walker), 1.5)];
  process.stdout.write(`${table(head, rows)}\n\n${targetLines(targets)}\n`);
  return { targets, data: timings };
}
