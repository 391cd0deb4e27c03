import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Way, ways } from './page/bulk.js';
import { inChromium } from './support/chromium.js';
import type { PageOptions } from './support/page.js';
import type { ServerOptions } from './support/server.js';

const MIB = 2 ** 20;
const SIZE = 256 * MIB;
/** What may come on top of the memory, the file and the copy of the memory, which are there before. */
const EXTRA = 80 * MIB;

/** Linux tells of every process how much memory it has, and had at most. */
const tellsMemory = existsSync('/proc/self/clear_refs');

function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const [, kib] = new RegExp(`^${what}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kib) * 1024;
}

/** From now on, what it had at most is what it has. */
function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

inChromium('a guest of 256 MiB', {}, (page) => {
  const times: string[] = [];
  let first: { save: number; load: number } | undefined;
  let pid: number | undefined;

  before(async () => {
    await page().call('bulk', 'prepare', '', SIZE);
    if (!tellsMemory) return;
    // Ours is the one that has all of it.
    pid = (await page().pids()).find((pid) => memoryOf(pid, 'VmRSS') > 3 * SIZE);
    expect(pid).to.not.equal(undefined);
  });

  after(() => {
    if (times.length > 0) console.log(`\n  256 MiB in Chromium ${page().browser.version()}: ${times.join('; ')}`);
  });

  for (const [name, way] of Object.entries(ways)) {
    it(`is saved and loaded with ${name}, in bounded memory`, async function () {
      // On a machine that is too busy to start workers in two seconds there are none.
      this.retries(2);
      if (pid !== undefined) forgetPeak(pid);
      const before = pid === undefined ? 0 : memoryOf(pid, 'VmRSS');
      const { time: save, size, workers: packing } = await page().call('bulk', 'save', way);
      const { time: load, workers: expanding } = await page().call('bulk', 'load', way);
      if (pid !== undefined) expect(memoryOf(pid, 'VmHWM') - before).to.be.below(EXTRA);
      expect(await page().call('bulk', 'isSame')).to.equal(true);
      expect([packing, expanding]).to.deep.equal([way.workers, way.workers]);
      expect(size).to.be.within(0.2 * SIZE, 0.4 * SIZE);
      first ??= { save, load };
      const ratios = `${(save / first.save).toFixed(2)} and ${(load / first.load).toFixed(2)} of the time`;
      times.push(`${name} ${Math.round(save)} and ${Math.round(load)} ms to save and load, ${ratios}`);
    });
  }
});

describe('workers', () => {
  const size = 32 * MIB;
  const wasm = { wasm: true, workers: 2 };
  const typeScript = { wasm: false, workers: 2 };

  /** Which pages can have workers; those in TypeScript need packages, for which workers know no import map. */
  const pages: readonly [
    title: string,
    options: ServerOptions & PageOptions,
    can: readonly Way[],
    not: readonly Way[],
  ][] = [
    ['in a page whose server maps imports', { mapped: true }, [wasm, typeScript], []],
    ['in a page with an import map', {}, [wasm], [typeScript]],
    ['in a page that is not isolated from other origins', { isolated: false }, [], [wasm, typeScript]],
  ];
  const nameOf = (way: Way) => (way.wasm ? 'WebAssembly' : 'TypeScript');
  for (const [title, options, can, not] of pages) {
    inChromium(title, options, (page) => {
      before(() => page().call('bulk', 'prepare', '', size));

      for (const way of can) {
        it(`make the file that is made without them, with ${nameOf(way)}`, async function () {
          this.retries(2);
          const crcs: number[] = [];
          for (const workers of [0, 1, 2]) {
            const { workers: packing } = await page().call('bulk', 'save', { ...way, workers });
            expect(packing).to.equal(workers);
            crcs.push(await page().call('bulk', 'fileCrc'));
          }
          expect(crcs).to.deep.equal(Array(3).fill(crcs[0]));
          expect((await page().call('bulk', 'load', way)).workers).to.equal(2);
          expect(await page().call('bulk', 'isSame')).to.equal(true);
        });
      }

      for (const way of not) {
        it(`are not there with ${nameOf(way)}, and what is saved is loaded all the same`, async () => {
          expect((await page().call('bulk', 'save', way)).workers).to.equal(0);
          expect((await page().call('bulk', 'load', way)).workers).to.equal(0);
          expect(await page().call('bulk', 'isSame')).to.equal(true);
        });
      }
    });
  }
});
