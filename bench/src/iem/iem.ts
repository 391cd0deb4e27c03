import { Cpu8086, FlatMemory } from '@ssmkit/vmm';
import { type Contender, measure, median, spread } from '../measure.js';
import { atLeast, digits, percent, type Target, table, targetLines } from '../report.js';
import { type Program, programs } from './programs.js';

/** How many instructions a second the interpreter of the 8086 does. */
export function iem(): { targets: readonly Target[]; data: unknown } {
  const timings = measure(programs.map(contender), { milliseconds: 20, warmUp: 500 });
  const millions = timings.map(({ rounds }) => 1000 / median(rounds));
  const rows = timings.map(({ name, rounds }, i) => [name, digits(millions[i]!), percent(spread(rounds))]);
  const targets = programs.map(({ name, target }, i) =>
    atLeast(`8086, ${name}, millions a second`, millions[i]!, target),
  );
  const head = ['8086', 'millions of steps a second', 'spread'];
  process.stdout.write(`${table(head, rows)}\n\n${targetLines(targets)}\n`);
  return { targets, data: timings };
}

function contender({ name, code }: Program): Contender {
  const memory = new FlatMemory();
  memory.bytes.set(code, 0x1_0000);
  const cpu = new Cpu8086({ memory });
  Object.assign(cpu.registers, { cs: 0x1000, ip: 0, ds: 0x2000, es: 0x3000, ss: 0x4000, sp: 0x1000 });
  return { name, run: (steps) => cpu.run(steps) };
}
