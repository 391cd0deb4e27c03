import { expect } from 'chai';
import { testClasses } from '../support/classes.js';
import { putSome } from './page/structs.js';
import { inChromium } from './support/chromium.js';

inChromium('decorated classes', {}, (page) => {
  for (const { target } of testClasses) {
    it(`${target.name}: all engines put the same bytes, which are those that Node puts`, async () => {
      await page().call('structs', 'check', target.name, 1);
      const put = await page().call('structs', 'putSome', target.name, 5);
      expect(put).to.deep.equal(putSome(target.name, 5));
      expect(put).to.have.length(5);
    });
  }
});
