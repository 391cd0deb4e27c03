import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guestState } from '@ssmkit/vbox/testing';
import { timeOf } from '../child.js';
import { temporaryFolder } from '../cold/prepare.js';
import { makeGuest } from '../guest-memory/make.js';
import { median, spread } from '../measure.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';

const RAM = 2 ** 32;
const ROUNDS = 11;
const GIB = 2 ** 30;

interface Timing {
  readonly name: string;
  readonly args: readonly string[];
  readonly rounds: number[];
}

/** `ssm` from the start of its process to its end, on a small state and on that of a guest of 4 GiB. */
export async function command(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const bin = fileURLToPath(new URL('bin.js', import.meta.resolve('@ssmkit/cli')));
  const folder = temporaryFolder('command-');
  const [small, large] = [join(folder, 'small.sav'), join(folder, 'large.sav')];
  const timings: Timing[] = [
    { name: 'node -e 0', args: ['-e', '0'], rounds: [] },
    ...['ls', 'info', 'verify'].map((name) => ({ name: `ssm ${name}, small`, args: [bin, name, small], rounds: [] })),
    ...['ls', 'info'].map((name) => ({ name: `ssm ${name}, large`, args: [bin, name, large], rounds: [] })),
  ];
  let size: number;
  try {
    writeFileSync(small, await guestState([{}]));
    await makeGuest(large, RAM);
    size = statSync(large).size;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i] of timings.entries()) {
        const { args, rounds } = timings[(i + round) % timings.length] as Timing;
        rounds.push(timeOf(args));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const head = [`large: a guest of ${RAM / GIB} GiB in ${digits(size / GIB)} GiB`, 'ms', 'spread'];
  const rows = timings.map(({ name, rounds }) => [name, digits(median(rounds)), percent(spread(rounds))]);
  const targets = timings
    .filter(({ name }) => name.endsWith('large'))
    .map(({ name, rounds }) => atMost(`${name}, ms`, median(rounds), 1000));
  process.stdout.write(`${table(head, rows)}\n\n${targetLines(targets)}\n`);
  return { targets, data: timings };
}
