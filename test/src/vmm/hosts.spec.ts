import { dispose } from '@ssmkit/examples/guest';
import { MemorySource, openState } from '@ssmkit/runtime';
import { hosts as profiles } from '@ssmkit/schema';
import { serialEnd, type Uvm } from '@ssmkit/vmm';
import { expect } from 'chai';
import { createPc, expected, loadState, runFor, runToEnd, savedState, unitsOf } from './machine.js';

const hosts = Object.entries(profiles);

/** When the machine moves: in the middle of its run. */
const INSTANT = 123_456_789n;

describe('a machine that is saved on one host and loaded on another', () => {
  let here: Uvm;
  let there: Uvm;
  let text: string;
  let units: Map<string, string>;

  before(async () => {
    [here, there] = [await createPc(), await createPc()];
    await runFor(here, INSTANT, () => here.powerOn());
    text = serialEnd(here).takeText();
    units = await unitsOf(await savedState(here));
  });
  after(async () => {
    await Promise.all([dispose(here), dispose(there)]);
  });

  for (const [name, host] of hosts) {
    it(`from ${name} to all ${hosts.length}: is the same there`, async () => {
      const state = await savedState(here, { host });
      const { header } = await openState(new MemorySource(state));
      expect([header.hostBits, header.gcPtrBytes]).to.deep.equal([host.bits, host.gcPtrBytes]);
      for (const [other, target] of hosts) {
        await loadState(there, state, { host: target });
        expect(await unitsOf(await savedState(there)), other).to.deep.equal(units);
      }
    });

    it(`from ${name}: goes on to its end`, async () => {
      const state = await savedState(here, { host });
      const uvm = await createPc();
      await loadState(uvm, state, { host });
      await uvm.resume('STATE_RESTORED');
      expect((await runToEnd(uvm, text)).text).to.equal(expected);
      await dispose(uvm);
    });
  }
});
