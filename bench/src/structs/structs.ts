import { inProcess } from '../child.js';
import { atLeast, atMost, digits, percent, type Target, table, targetLines } from '../report.js';
import { own } from './contenders.js';
import type { Figure, SubjectResult } from './measure-subject.js';
import { subjects } from './subjects.js';

/** Structures: hand-written, generated, with markers, and other serializers. */
export async function structs(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const results: SubjectResult[] = [];
  for (const index of subjects.keys()) {
    const measured = await inProcess<SubjectResult[]>('./structs/process.js', String(index));
    for (const result of measured) print(result);
    results.push(...measured);
  }
  const targets = results.flatMap(targetsOf);
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data: results };
}

function title({ subject, bytes, wide, direction, untargeted }: SubjectResult): string {
  const values = `64-bit as ${wide === 'pairs' ? 'u32 pairs' : 'bigint'}`;
  return `${direction} ${subject} (${[`${bytes} bytes`, values, untargeted].filter(Boolean).join(', ')})`;
}

function print(result: SubjectResult): void {
  const { figures, uncounted, absent, markersAmongMany } = result;
  const rows = figures.map(({ name, ns, ratio, spread }) => [name, digits(ratio), digits(ns), percent(spread)]);
  rows.splice(3, 0, ['… among many classes', digits(markersAmongMany), '', '']);
  const notes = [
    ...uncounted.map((name) => `${name}: not by documented calls, so not counted\n`),
    ...Object.entries(absent).map(([name, reason]) => `${name}: left out, it ${reason}\n`),
  ];
  const text = table([title(result), 'ratio', 'ns', 'spread'], rows);
  process.stdout.write(`${text}\n${notes.join('')}\n`);
}

function targetsOf(result: SubjectResult): Target[] {
  const { figures, direction, wide, uncounted, untargeted } = result;
  const find = (name: string) => figures.find((figure) => figure.name === name) as Figure;
  const names: readonly string[] = [...Object.values(own), ...uncounted];
  const fastest = figures
    .filter(({ name }) => !names.includes(name))
    .reduce((best, figure) => (figure.ratio < best.ratio ? figure : best));
  const targets = [
    atMost(`${title(result)}: generated / by hand`, 1 / find(own.byHand).ratio, 1.15),
    atMost(`${title(result)}: with markers / generated`, find(own.markers).ratio, 1.5),
  ];
  const peers = `${title(result)}: ${fastest.name}, the fastest peer, / generated`;
  if (wide === 'pairs' && untargeted === undefined)
    targets.push(atLeast(peers, fastest.ratio, direction === 'put' ? 7 : 5));
  return targets;
}
