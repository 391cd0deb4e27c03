import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { timeOf } from '../child.js';
import { temporaryFolder } from '../cold/prepare.js';
import { classSource } from '../cold/source.js';
import { median, spread } from '../measure.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';

const FILES = 100;
const FIELDS = 25;
const ROUNDS = 9;

/** `ssmgen` from its start to its end: everything to do, nothing to do, and what Node and TypeScript take to start. */
export async function codegen(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const bin = fileURLToPath(new URL('bin.js', import.meta.resolve('@ssmkit/codegen')));
  const tsMorph = createRequire(bin).resolve('ts-morph');
  const folder = temporaryFolder('codegen-');
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `device${i}.ts`), classSource(i, FIELDS));
  const times = { cold: [] as number[], idle: [] as number[], node: [] as number[], tsMorph: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of readdirSync(folder)) if (name.endsWith('.ssm.ts')) rmSync(join(folder, name));
      times.cold.push(timeOf([bin, '--quiet', folder]));
      times.idle.push(timeOf([bin, '--quiet', folder]));
      times.node.push(timeOf(['-e', '0']));
      times.tsMorph.push(timeOf(['-e', 'require(process.argv[1])', tsMorph]));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const names = { cold: 'everything to do', idle: 'nothing to do', node: 'node -e 0', tsMorph: 'loading ts-morph' };
  const rows = Object.entries(times).map(([key, rounds]) => [
    names[key as keyof typeof names],
    digits(median(rounds)),
    percent(spread(rounds)),
  ]);
  const idle = median(times.idle.map((took, round) => took - times.node[round]!));
  const targets = [
    atMost(`ssmgen, ${FILES} files, everything to do, ms`, median(times.cold), 600),
    atMost(`ssmgen, ${FILES} files, nothing to do, ms above Node's own start`, idle, 60),
  ];
  const head = [`ssmgen, ${FILES} files of ${FIELDS} fields`, 'ms', 'spread'];
  process.stdout.write(`${table(head, rows)}\n\n${targetLines(targets)}\n`);
  return { targets, data: times };
}
