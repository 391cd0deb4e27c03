import { expect } from 'chai';
import { exportsOf } from './page/entries.js';
import { inChromium } from './support/chromium.js';
import { imports } from './support/packages.js';

/** Every entry point that is not for Node alone. */
const entries = Object.keys(imports).filter((entry) => entry.startsWith('@ssmkit/') && !entry.endsWith('/node'));

inChromium('the packages as they are published', {}, (page) => {
  for (const entry of entries) {
    it(`${entry} exports what it does in Node`, async () => {
      const names = await page().call('entries', 'exportsOf', entry);
      expect(names).to.deep.equal(await exportsOf(entry));
      expect(names).to.not.deep.equal([]);
    });
  }

  it('have the entry points that a page needs', () => {
    expect(entries).to.include.members(['@ssmkit/schema', '@ssmkit/runtime', '@ssmkit/vbox', '@ssmkit/vmm']);
  });
});
