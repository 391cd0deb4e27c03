import { inProcess } from '../child.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';
import type { ViewFigure } from './process.js';
import { viewSubjects } from './subjects.js';

/** Structures as objects and as views of their memory. */
export async function views(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const targets: Target[] = [];
  const data: Record<string, readonly ViewFigure[]> = {};
  for (const [index, { name, target }] of viewSubjects.entries()) {
    const figures = await inProcess<ViewFigure[]>('./views/process.js', String(index));
    const rows = figures.map(({ action, object, view, ratio, spread }) => [
      action,
      digits(ratio),
      digits(object),
      digits(view),
      percent(spread),
    ]);
    process.stdout.write(`${table([name, 'view / object', 'object, ns', 'view, ns', 'spread'], rows)}\n\n`);
    data[name] = figures;
    if (target === undefined) continue;
    for (const { action, ratio } of figures.filter((figure) => figure.action.startsWith('put'))) {
      targets.push(atMost(`${name}: ${action}, view / object`, ratio, target));
    }
  }
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data };
}
