import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { inChromium } from './support/chromium.js';

const expected = readFileSync(new URL('../../../examples/guests/machine-short.txt', import.meta.url), 'latin1');

inChromium('a PC that runs a program', {}, (page) => {
  for (const time of ['steps', 'page'] as const) {
    const by = time === 'steps' ? 'with time that its CPU makes' : "with the page's own time";

    it(`runs it to its end, ${by}`, async () => {
      expect(await page().call('machine', 'run', time, [])).to.equal(expected);
    });

    it(`is saved while it runs, and goes on as another machine, twice, ${by}`, async () => {
      expect(await page().call('machine', 'run', time, [4, 11])).to.equal(expected);
    });
  }
});
