import { MemorySink, MemorySource, type SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { TestVm } from '../vm/testing.js';
import { tm } from './subsystem.js';
import { MS, S } from './testing.js';

/** A VM with clocks, and a timer that notes its times and sets itself again every 10 ms. */
async function create(cpuCount = 1) {
  const ticks: bigint[] = [];
  const vm = await TestVm.create({
    cpuCount,
    subsystems: [
      tm({ utc: { now: () => 0n } }),
      {
        name: 'PDM',
        init: (inner) => {
          const timer = inner.tm!.createTimer({
            clock: 'VIRTUAL_SYNC',
            name: 'Tick',
            callback: (_, self) => {
              ticks.push(self.now);
              self.setMillies(10);
            },
          });
          timer.setMillies(10);
        },
      },
    ],
  });
  /** Lets host time pass in steps of a millisecond, in which EMTs have their turns. */
  const pass = async (ms: number) => {
    for (let i = 0; i < ms; i++) {
      vm.timers.advance(MS);
      await vm.settle();
    }
  };
  return { vm, ticks, pass };
}

describe('the clocks of a VM', () => {
  it('tick, and deliver timers, while the VM runs', async () => {
    const { vm, ticks, pass } = await create();
    await pass(50);
    expect(ticks, 'before it is switched on').to.deep.equal([]);
    await vm.uvm.powerOn();
    await pass(35);
    expect(ticks).to.deep.equal([10n * MS, 20n * MS, 30n * MS]);
    await vm.uvm.suspend('USER');
    await pass(1000);
    expect(vm.vm.tm!.now('VIRTUAL')).to.equal(35n * MS);
    await vm.uvm.resume('USER');
    await pass(5);
    expect(ticks.at(-1)).to.equal(40n * MS);
    await vm.end();
  });

  it('tick for started CPUs only', async () => {
    const { vm } = await create(2);
    await vm.uvm.powerOn();
    expect(vm.vm.tm!.cpus.map(({ ticking }) => ticking)).to.deep.equal([true, true]);
    await vm.uvm.suspend('USER');
    expect(vm.vm.tm!.cpus.map(({ ticking }) => ticking)).to.deep.equal([false, false]);
    await vm.end();
  });

  it('are saved, and go on from there', async () => {
    const first = await create();
    await first.vm.uvm.powerOn();
    await first.pass(123);
    await first.vm.uvm.suspend('USER');
    const sink = new MemorySink();
    await first.vm.uvm.save(sink);
    const second = await create();
    await second.vm.uvm.load(new MemorySource(sink.bytes()));
    expect(second.vm.vm.tm!.now('VIRTUAL_SYNC')).to.equal(123n * MS);
    await first.vm.end();
    await second.vm.end();
  });

  it('have timers of the virtual-sync clock only while the VM is created, and on an EMT', async () => {
    const { vm } = await create();
    const time = vm.vm.tm!;
    const createLate = (clock: 'VIRTUAL_SYNC' | 'REAL') => {
      try {
        time.createTimer({ clock, name: 'Late', callback: () => {} });
        return 'created';
      } catch (error) {
        return (error as SsmError).status;
      }
    };
    expect(createLate('REAL')).to.equal('VERR_VM_THREAD_NOT_EMT');
    const outcomes: string[] = [];
    await vm.uvm.emts.requests.callVoidWait(0, () => {
      outcomes.push(createLate('REAL'), createLate('VIRTUAL_SYNC'));
    });
    expect(outcomes).to.deep.equal(['created', 'VERR_WRONG_ORDER']);
    await vm.end();
  });

  it('tell the user of a timer that fails, and go on', async () => {
    const { vm, ticks, pass } = await create();
    await vm.uvm.emts.requests.callVoidWait(0, () => {
      const bad = vm.vm.tm!.createTimer({
        clock: 'VIRTUAL',
        name: 'Bad',
        callback: () => {
          throw new Error('a bug');
        },
      });
      bad.setMillies(15);
    });
    await vm.uvm.powerOn();
    await pass(25);
    expect(vm.errors.map(({ status }) => status)).to.deep.equal(['VERR_GENERAL_FAILURE']);
    expect(ticks).to.have.length(2);
    await vm.end();
  });

  it('leave no alarm behind', async () => {
    const { vm } = await create();
    await vm.uvm.powerOn();
    await vm.end();
    vm.timers.advance(60n * S);
    expect(vm.timers.waiting).to.equal(0);
  });
});
