import { readFileSync } from 'node:fs';
import { MemorySink } from '@ssmkit/runtime';
import { expect } from 'chai';
import { TestVm } from './testing.js';

/** The log of a VirtualBox 7.2 that was driven through a short life, as `corpus/README.md` describes it. */
const path = '../../../../../shared/corpus/real-vm/vm16.log';

describe('the log of a real VM', () => {
  it('has the same changes of state after the same operations', async function () {
    let log: string;
    try {
      log = readFileSync(new URL(path, import.meta.url), 'utf8');
    } catch {
      return this.skip();
    }
    const changes = (lines: readonly string[]) => lines.filter((line) => line.startsWith('Changing the VM state'));
    const vm = await TestVm.create();
    const { uvm } = vm;
    await uvm.powerOn();
    await uvm.suspend('USER');
    await uvm.save(new MemorySink());
    await uvm.resume('USER');
    await uvm.save(new MemorySink());
    await uvm.resume('USER');
    await uvm.suspend('USER');
    await uvm.save(new MemorySink());
    await uvm.powerOff();
    await uvm.destroy();
    const real = changes(log.split(/\r?\n/));
    expect(real.length).to.equal(24);
    expect(changes(vm.log)).to.deep.equal(real);
  });
});
