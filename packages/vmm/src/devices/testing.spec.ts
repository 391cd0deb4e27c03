import { MemorySource, openState, SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { ConfigNode } from '../cfgm/index.js';
import { failureStatus } from '../emt/testing.js';
import type { Device } from '../pdm/device.js';
import { baseOf } from '../pdm/interface-ids.js';
import { MS } from '../tm/testing.js';
import { type BenchInstance, DeviceBench } from './testing.js';

/** Counts milliseconds at port 0x300. */
class Counter implements Device {
  count = 0;
  constructor(readonly instance: BenchInstance) {}

  construct(config: ConfigNode): void {
    const timer = this.instance.timerCreate({
      clock: 'VIRTUAL_SYNC',
      name: 'Counter',
      callback: (instance, self) => {
        this.count++;
        instance.isaSetIrq(5, 'FLIP_FLOP');
        self.set(self.now + MS);
      },
    });
    timer.set(MS);
    this.instance.ioPortMap(0x300, 2, {
      read: (offset, size) => (offset === 0 && size === 1 ? this.count : undefined),
      write: (offset, value) => {
        if (offset !== 0) return false;
        this.count = value;
        return true;
      },
    });
    this.instance.ssmRegister({
      version: 1,
      saveExec: (stream) => {
        stream.putU8(this.count);
        timer.save(stream);
      },
      loadExec: (stream) => {
        this.count = stream.getU8();
        timer.load(stream);
      },
    });
    if (config.value('Fail') !== undefined) throw new SsmError('VERR_NO_DATA', 'as it was asked to');
  }
}

const counter = { name: 'counter', classes: 1, create: (instance: BenchInstance) => new Counter(instance) };

async function bench(): Promise<DeviceBench> {
  const made = new DeviceBench();
  await made.add(counter);
  await made.powerOn();
  return made;
}

describe('DeviceBench', () => {
  it('runs a device: ports, timers, interrupts', async () => {
    const { bus, ...rest } = await bench();
    rest.time.runFor(3n * MS);
    expect([bus.in(0x300), bus.in(0x300, 2), bus.in(0x301), bus.in(0x302, 4)]).to.deep.equal([
      ...[3, 0xffff, 0xff, 0xffff_ffff],
    ]);
    expect([bus.out(0x300, 0x1ff), bus.out(0x301, 1), bus.out(0x302, 1), bus.in(0x300)]).to.deep.equal([
      ...[true, false, false, 0xff],
    ]);
    expect(bus.takeIrqs()).to.deep.equal(['5 FLIP_FLOP', '5 FLIP_FLOP', '5 FLIP_FLOP']);
    expect(bus.irqs).to.deep.equal([]);
  });

  it('saves and loads with the clocks', async () => {
    const one = await bench();
    one.runFor(3n * MS + 500n);
    const state = await one.save();
    const other = await bench();
    await other.load(state);
    expect([...other.unitBytes('counter')]).to.deep.equal([...one.unitBytes('counter')]);
    await other.resume();
    other.runFor(MS - 501n);
    expect(other.bus.in(0x300)).to.equal(3);
    other.runFor(1n);
    expect(other.bus.in(0x300)).to.equal(4);
    await other.loadUnit('counter', 1, Uint8Array.of(77, 4));
    expect(other.bus.in(0x300)).to.equal(77);
    expect((await openState(new MemorySource(await one.save({ live: true })))).header).to.be.an('object');
  });

  it('lets what fails in a device fail', async () => {
    const made = new DeviceBench();
    expect(await failureStatus(made.add(counter, { Fail: 1 }))).to.equal('VERR_NO_DATA');
    expect(await failureStatus(made.loadUnit('counter', 1, Uint8Array.of(1, 99)))).to.equal('VERR_TM_LOAD_STATE');
  });

  it('keeps to its RAM', () => {
    const { bus } = new DeviceBench({ ram: 4 });
    bus.physWrite(2, Uint8Array.of(1, 2, 3, 4));
    bus.physWrite(100, Uint8Array.of(9));
    const bytes = new Uint8Array(4);
    bus.physRead(2, bytes);
    expect([...bytes]).to.deep.equal([1, 2, 0xff, 0xff]);
  });

  it('attaches drivers', async () => {
    const base = baseOf();
    const made = new DeviceBench({ drivers: { 'counter/0': () => base } });
    const { instance } = await made.add(counter);
    expect(await instance.driverAttach(0, baseOf())).to.equal(base);
    expect(await failureStatus(instance.driverAttach(0, baseOf()))).to.equal('VERR_PDM_DRIVER_ALREADY_ATTACHED');
    expect(await failureStatus(instance.driverAttach(1, baseOf()))).to.equal('VERR_PDM_NO_ATTACHED_DRIVER');
  });
});
