import { expect } from 'chai';
import { failureStatus, TestVm } from '../vm/testing.js';
import { receiveVm, teleportVm, type VmReceiveOptions } from './teleport.js';

const host = '127.0.0.1';
const quick = { passwordDelay: [1, 2], timeouts: { linger: 100 } } as const;

/** A machine with a number. */
async function machine(value: number) {
  const vm = await TestVm.create();
  const unit = { value };
  vm.unit('counter', {
    saveExec: (stream) => void stream.putU32(unit.value),
    loadExec: (stream) => {
      unit.value = stream.getU32();
    },
  });
  return { vm, unit };
}

/** Waits for a machine. @returns the port, and what comes of it. */
function receiving(vm: TestVm, options: Partial<VmReceiveOptions> = {}) {
  let done: Promise<unknown> = Promise.resolve();
  const port = new Promise<number>((resolve) => {
    done = receiveVm(vm.uvm, { host, ...quick, ...options, onListening: (address) => resolve(address.port) });
    done.catch(() => {});
  });
  return { port, done: () => done };
}

describe('a machine that is teleported', () => {
  for (const [what, before, after] of [
    ['runs on at the target', 'RUNNING', 'RUNNING'],
    ['stays suspended', 'SUSPENDED', 'SUSPENDED'],
  ] as const) {
    it(`${what}, and is switched off at the source`, async () => {
      const source = await machine(77);
      const target = await machine(0);
      await source.vm.uvm.powerOn();
      if (before === 'SUSPENDED') await source.vm.uvm.suspend('USER');
      const { port, done } = receiving(target.vm, { password: 'secret' });
      await teleportVm(source.vm.uvm, { host, port: await port, password: 'secret' });
      await done();
      expect(target.unit.value).to.equal(77);
      expect([source.vm.uvm.state, target.vm.uvm.state]).to.deep.equal(['OFF', after]);
      expect(target.vm.uvm.resumeReason).to.equal(after === 'RUNNING' ? 'TELEPORTED' : 'INVALID');
      await Promise.all([source.vm.end(), target.vm.end()]);
    });
  }

  it('runs on at the source when the target cannot load it', async () => {
    const source = await machine(77);
    const target = await machine(0);
    target.vm.unit('other', {
      loadDone: () => {
        throw new Error('no room here');
      },
    });
    await source.vm.uvm.powerOn();
    const { port, done } = receiving(target.vm);
    expect(await failureStatus(teleportVm(source.vm.uvm, { host, port: await port }))).to.match(/^VERR_/);
    expect(await failureStatus(done())).to.match(/^VERR_/);
    expect([source.vm.uvm.state, source.vm.uvm.resumeReason]).to.deep.equal(['RUNNING', 'TELEPORT_FAILED']);
    expect(target.vm.uvm.state).to.equal('LOAD_FAILURE');
    await Promise.all([source.vm.end(), target.vm.end()]);
  });

  it('is not touched when the password is wrong', async () => {
    const source = await machine(77);
    const target = await machine(0);
    await source.vm.uvm.powerOn();
    const cancel = new AbortController();
    const { port, done } = receiving(target.vm, { password: 'right', signal: cancel.signal });
    const options = { host, port: await port, password: 'wrong' };
    expect(await failureStatus(teleportVm(source.vm.uvm, options))).to.equal('VERR_AUTHENTICATION_FAILURE');
    expect(source.vm.takeStates()).to.equal('CREATING CREATED POWERING_ON RUNNING');
    cancel.abort();
    await failureStatus(done());
    await Promise.all([source.vm.end(), target.vm.end()]);
  });
});
