import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemorySource, useWasm } from '@ssmkit/runtime';
import { median, ratio, spread, type Timing } from '../measure.js';
import { guestPages } from '../reference/pages.js';
import { Reference } from '../reference/reference.js';
import { atMost, digits, percent, type Target, table, targetLines } from '../report.js';
import { FixedSink, timeLoad, timeSave, ways } from './unit.js';

const SIZE = 2 ** 30;
const ROUNDS = 7;

/** A guest's memory of 1 GiB, saved to a file in memory and loaded from it, beside the same in C. */
export async function bulk(): Promise<{ targets: readonly Target[]; data: unknown }> {
  const reference = Reference.start();
  const memory = guestPages(SIZE);
  // Touched now, and not while something is measured.
  const file = new Uint8Array(SIZE).fill(1);
  const into = new Uint8Array(SIZE).fill(1);
  const folder = mkdtempSync(join(tmpdir(), 'ssmkit-bench-'));
  let state = new Uint8Array(0);
  let size = 0;
  const seconds = async (command: string) => (await (reference as Reference).ask<{ time: number }>(command)).time / 1e6;
  const contenders: readonly { name: string; save: () => Promise<number>; load: () => Promise<number> }[] = [
    ...(reference ? [{ name: 'C', save: () => seconds('save'), load: () => seconds('load') }] : []),
    ...Object.entries(ways).map(([name, way]) => ({
      name,
      save: async () => {
        const sink = new FixedSink(file);
        const time = await timeSave(memory, sink, way);
        state = sink.state as Uint8Array<ArrayBuffer>;
        return time;
      },
      load: async () => {
        const time = await timeLoad(into, new MemorySource(state), way);
        if (Buffer.compare(into, memory) !== 0) throw new Error('what was loaded is not what was saved');
        into.fill(1);
        return time;
      },
    })),
  ];
  const timings = contenders.map(({ name }) => ({
    save: { name, rounds: [] as number[] },
    load: { name, rounds: [] as number[] },
  }));
  try {
    if (reference !== undefined) {
      const path = join(folder, 'memory');
      writeFileSync(path, memory);
      await reference.ask(`data ${path}`);
      rmSync(path);
    }
    for (let round = -1; round < ROUNDS; round++) {
      for (const [i] of contenders.entries()) {
        const index = (i + round + 1) % contenders.length;
        const { save, load } = contenders[index] as (typeof contenders)[number];
        const times = [await save(), await load()] as const;
        size = Math.max(size, state.length);
        // The first round warms up.
        if (round < 0) continue;
        timings[index]?.save.rounds.push(times[0]);
        timings[index]?.load.rounds.push(times[1]);
      }
    }
  } finally {
    useWasm(true);
    reference?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(timings, size, reference !== undefined);
}

function report(timings: readonly { save: Timing; load: Timing }[], size: number, hasC: boolean) {
  const [first] = timings as [(typeof timings)[number]];
  const cells = (timing: Timing, one: Timing) => [
    digits(ratio(timing, one)),
    digits(median(timing.rounds)),
    percent(spread(timing.rounds)),
  ];
  const rows = timings.map(({ save, load }) => [save.name, ...cells(save, first.save), ...cells(load, first.load)]);
  const mib = 2 ** 20;
  const head = [
    `${digits(SIZE / mib)} MiB in a file of ${digits(size / mib)} MiB; time, first = 1`,
    ...['save', 'ms', 'spread', 'load', 'ms', 'spread'],
  ];
  process.stdout.write(`${table(head, rows)}\n\n`);
  const limits: Readonly<Record<string, readonly [save: number, load: number]>> = {
    WebAssembly: [0.45, 0.65],
    'WebAssembly, 2 workers': [0.32, 0.5],
    'WebAssembly, 2 workers in any case': [0.32, 0.5],
    'TypeScript alone': [0.85, 1.5],
  };
  const targets = hasC
    ? timings.flatMap(({ save, load }) => {
        const limit = limits[save.name];
        if (limit === undefined) return [];
        return [
          atMost(`${save.name}: time to save / C's`, ratio(save, first.save), limit[0]),
          atMost(`${save.name}: time to load / C's`, ratio(load, first.load), limit[1]),
        ];
      })
    : [];
  process.stdout.write(`${targetLines(targets)}\n`);
  return { targets, data: timings };
}
