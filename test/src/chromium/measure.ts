// npm run bench:chromium: how fast a page saves and loads a guest's memory in each way, beside Node.

import { cpus, loadavg } from 'node:os';
import { median, ratio, spread, type Timing } from '@ssmkit/bench/measure';
import { digits, percent, table } from '@ssmkit/bench/report';
import * as bulk from './page/bulk.js';
import { launch } from './support/browser.js';
import { openPage, type TestPage } from './support/page.js';
import { serve } from './support/server.js';

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
const ROUNDS = 7;

interface Row {
  readonly save: Timing & { readonly rounds: number[] };
  readonly load: Timing & { readonly rounds: number[] };
}

/** Who saves and loads, and how. */
interface Contender {
  readonly name: string;
  save(): Promise<bulk.Figures>;
  load(): Promise<bulk.Figures>;
  isSame(): boolean | Promise<boolean>;
}

const contendersIn = (page: TestPage): Contender[] =>
  Object.entries(bulk.ways).flatMap(([name, way]) => [
    {
      name: `${name}, Chromium`,
      save: () => page.call('bulk', 'save', way),
      load: () => page.call('bulk', 'load', way),
      isSame: () => page.call('bulk', 'isSame'),
    },
    {
      name: `${name}, Node`,
      save: () => bulk.save(way),
      load: () => bulk.load(way),
      isSame: bulk.isSame,
    },
  ]);

const server = await serve();
const browser = await launch();
try {
  const page = await openPage(browser, server.address, { mapped: true });
  await page.call('bulk', 'prepare', '', SIZE);
  await bulk.prepare(server.address, SIZE);
  const contenders = contendersIn(page);
  const rows = contenders.map(({ name }): Row => ({ save: { name, rounds: [] }, load: { name, rounds: [] } }));
  let size = 0;
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i] of contenders.entries()) {
      const index = (i + round + 1) % contenders.length;
      const contender = contenders[index] as Contender;
      const save = await contender.save();
      const load = await contender.load();
      if (!(await contender.isSame())) throw new Error(`${contender.name}: what was loaded is not what was saved`);
      size = Math.max(size, save.size);
      // The first round warms up.
      if (round < 0) continue;
      rows[index]?.save.rounds.push(save.time);
      rows[index]?.load.rounds.push(load.time);
    }
  }
  const [first] = rows as [Row];
  const cells = (timing: Timing, one: Timing) => [
    digits(ratio(timing, one)),
    digits(median(timing.rounds)),
    percent(spread(timing.rounds)),
  ];
  const machine = `${cpus().length} × ${cpus()[0]?.model}, load ${digits(loadavg()[0] as number)}`;
  console.log(`Chromium ${browser.version()}, Node ${process.versions.node}, ${machine}\n`);
  console.log(
    table(
      [
        `${digits(SIZE / MIB)} MiB in a file of ${digits(size / MIB)} MiB; time, first = 1`,
        ...['save', 'ms', 'spread', 'load', 'ms', 'spread'],
      ],
      rows.map(({ save, load }) => [save.name, ...cells(save, first.save), ...cells(load, first.load)]),
    ),
  );
} finally {
  await browser.close();
  await server.close();
}
