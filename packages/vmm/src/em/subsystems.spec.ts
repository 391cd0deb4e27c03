import { getFrom, MemorySink, MemorySource, openState } from '@ssmkit/runtime';
import { Em, Vmm } from '@ssmkit/vbox';
import { expect } from 'chai';
import { TestVm } from '../vm/testing.js';
import { em, vmm } from './index.js';

const create = (cpuCount: number) => TestVm.create({ cpuCount, subsystems: [vmm(), em()] });

/** A saved state in which CPU 1 waits for SIPI, CPU 2 has halted, and CPU 3 was never started. */
async function saved(): Promise<Uint8Array> {
  const machine = await create(4);
  const { uvm, vm } = machine;
  await uvm.powerOn();
  await uvm.suspend('USER');
  vm.cpus[1]!.activity = 'WAIT_SIPI';
  vm.cpus[2]!.activity = 'HALTED';
  vm.cpus[3]!.state = 'STOPPED';
  const sink = new MemorySink();
  await uvm.save(sink);
  await machine.end();
  return sink.bytes();
}

async function unitBytes(bytes: Uint8Array, name: string, instance: number): Promise<Uint8Array> {
  const state = await openState(new MemorySource(bytes));
  const { data } = await (await state.seek(name, instance)).measure();
  const { stream } = await state.seek(name, instance);
  return stream.getMem(new Uint8Array(data));
}

describe('what CPUs did, in a saved state', () => {
  it('is told as VirtualBox does: unit vmm, unit em', async () => {
    const bytes = await saved();
    const started = getFrom(await unitBytes(bytes, 'vmm', 1)).get(Object.assign(new Vmm(), { otherCpus: 3 }));
    expect(started.started).to.deep.equal([true, true, false]);
    const { cpus } = getFrom(await unitBytes(bytes, 'em', 0)).get(Object.assign(new Em(), { cpuCount: 4 }));
    expect(cpus.map(({ previousState }) => previousState)).to.deep.equal([1, 7, 6, 1]);
  });

  it('is so again after the load', async () => {
    const bytes = await saved();
    const vm = await create(4);
    await vm.uvm.load(new MemorySource(bytes));
    expect(vm.vm.cpus.map(({ state }) => state)).to.deep.equal(['STARTED', 'STARTED', 'STARTED', 'STOPPED']);
    expect(vm.vm.cpus.map(({ activity }) => activity)).to.deep.equal(['NONE', 'WAIT_SIPI', 'HALTED', 'NONE']);
    await vm.end();
  });

  it('is not taken from a machine of another number of CPUs', async () => {
    const bytes = await saved();
    const vm = await create(2);
    let status = 'loaded';
    await vm.uvm.load(new MemorySource(bytes)).catch((error) => {
      status = error.status;
    });
    expect(status).to.match(/^VERR_SSM_/);
    expect(vm.uvm.state).to.equal('LOAD_FAILURE');
    await vm.end();
  });
});
