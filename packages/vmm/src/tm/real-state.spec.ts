import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getFrom, MemorySource, openState, putInto } from '@ssmkit/runtime';
import { Tm } from '@ssmkit/vbox';
import { expect } from 'chai';
import { TestTime } from './testing.js';

/** States of VirtualBox 7.2, as `corpus/README.md` describes them. */
const folder = new URL('../../../../../shared/corpus/real-vm/', import.meta.url);
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sav')) : [];

describe('unit tm of real states', () => {
  it('goes on from what VirtualBox has saved, and saves it again byte for byte', async function () {
    if (files.length === 0) return this.skip();
    let count = 0;
    for (const file of files) {
      const state = await openState(new MemorySource(readFileSync(new URL(file, folder))));
      const { data } = await (await state.seek('tm', 1)).measure();
      const { stream } = await state.seek('tm', 1);
      await stream.ensure(data);
      const bytes = stream.getMem(new Uint8Array(data));
      const cpuCount = (bytes.length - 65) / 8;
      const { tm, host } = new TestTime({}, { cpuCount });
      tm.loadState(getFrom(bytes).get(Object.assign(new Tm(), { cpuCount })));
      expect([...putInto((stream) => stream.put(tm.saveState()))], file).to.deep.equal([...bytes]);
      const before = tm.now('VIRTUAL_SYNC');
      tm.resume();
      host.advance(1_000_000n);
      expect(tm.now('VIRTUAL_SYNC') >= before, file).to.equal(true);
      count++;
    }
    expect(count).to.be.greaterThan(0);
  });
});
