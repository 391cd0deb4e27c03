import { MemorySink, MemorySource } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { DeviceHelpers } from './helpers.js';
import {
  chain,
  createMachine,
  creationFailure,
  driversOf,
  managerOf,
  notingDevice,
  notingDriver,
  onEmt,
  take,
  testDevice,
} from './testing.js';

describe('devices by configuration', () => {
  it('are made in the order of their classes, and of one device in that of their numbers', async () => {
    const log: string[] = [];
    const device = (name: string, classes: number) => notingDevice(name, log, { luns: [], registration: { classes } });
    const vm = await createMachine({
      devices: [device('misc', 0x80000000), device('pit', 0x40), device('pic', 0x20), device('late', 0x20)],
      config: {
        Devices: {
          misc: { 0: {} },
          pit: { 10: {}, 2: {}, '0x1': {} },
          pic: { 0: {} },
          late: { Priority: 0x90000000, 7: {} },
        },
      },
    });
    expect(take(log).filter((line) => line.endsWith('construct'))).to.deep.equal([
      'pic/0 construct',
      'pit/1 construct',
      'pit/2 construct',
      'pit/10 construct',
      'misc/0 construct',
      'late/7 construct',
    ]);
    await vm.end();
  });

  const refused: readonly (readonly [string, string, Record<string, object>])[] = [
    ['a device that nobody has registered', 'VERR_PDM_DEVICE_NOT_FOUND', { other: { 0: {} } }],
    ['an instance that is no number', 'VERR_INVALID_PARAMETER', { pit: { first: {} } }],
    ['an instance with more than a number', 'VERR_INVALID_PARAMETER', { pit: { '0 ': {} } }],
    ['an instance of more than 32 bits', 'VERR_INVALID_PARAMETER', { pit: { '4294967296': {} } }],
    ['an instance that is there twice', 'VERR_INVALID_PARAMETER', { pit: { 1: {}, '0x1': {} } }],
    ['too many instances', 'VERR_PDM_TOO_MANY_DEVICE_INSTANCES', { pit: { 0: {}, 1: {}, 2: {} } }],
    ['a word for Trusted', 'VERR_CFGM_NOT_INTEGER', { pit: { 0: { Trusted: 'yes' } } }],
    ['a word for R0Enabled', 'VERR_CFGM_NOT_INTEGER', { pit: { 0: { R0Enabled: 'yes' } } }],
  ];
  for (const [what, status, devices] of refused) {
    it(`refuses ${what}`, async () => {
      const pit = testDevice('pit', undefined, { maxInstances: 2 });
      expect(await creationFailure({ devices: [pit], config: { Devices: devices } as never })).to.equal(status);
    });
  }

  it('see their settings, and nothing above', async () => {
    let seen: DeviceHelpers | undefined;
    const vm = await createMachine({
      devices: [
        testDevice('pit', (instance) => {
          seen = instance;
          return {};
        }),
      ],
      config: { Devices: { pit: { 3: { Trusted: true, Config: { Irq: 5 } } } } },
    });
    expect([seen?.name, seen?.instance, seen?.isTrusted]).to.deep.equal(['pit', 3, true]);
    expect([seen?.config.value('Irq')?.data, seen?.config.parent]).to.deep.equal([5n, undefined]);
    expect(seen?.critSect.name).to.equal('pit#3Auto');
    await vm.end();
  });

  it('have an empty Config where none is given', async () => {
    let parent: unknown = 'not called';
    const vm = await createMachine({
      devices: [
        testDevice('pit', () => ({
          construct: (config) => {
            parent = config.parent;
          },
        })),
      ],
      config: { Devices: { pit: { 0: {} } } },
    });
    expect(parent).to.equal(undefined);
    await vm.end();
  });
});

describe('a machine of devices and drivers', () => {
  it('runs: timers, ports, interrupts, DMA, CMOS', async () => {
    const log: string[] = [];
    const pic = testDevice(
      'pic',
      (instance) => {
        const helpers: { lines?: ReturnType<DeviceHelpers['picRegister']> } = {};
        return {
          construct: () => {
            helpers.lines = instance.picRegister({
              setIrq: (irq, level) => {
                log.push(`irq ${irq} ${level}`);
                if (level === 'HIGH') helpers.lines?.setInterruptFF();
                else helpers.lines?.clearInterruptFF();
              },
              getInterrupt: () => 0x20,
            });
          },
        };
      },
      { classes: 0x20 },
    );
    const timer = testDevice('timer', (instance) => ({
      construct: () => {
        const tick = instance.timerCreate({
          clock: 'VIRTUAL_SYNC',
          name: 'Tick',
          callback: () => instance.isaSetIrq(0, 'HIGH'),
        });
        instance.ioPortMap(
          0x40,
          4,
          {
            read: (offset) => 0x10 + offset,
            write: (offset, value) => {
              log.push(`out ${offset} ${value}`);
              tick.setMillies(value);
            },
          },
          'PIT',
        );
      },
    }));
    const vm = await createMachine({
      devices: [pic, timer],
      config: { Devices: { pic: { 0: {} }, timer: { 0: {} } } },
    });
    await vm.uvm.powerOn();
    const { iom } = vm.vm;
    expect(iom?.read(0x42, 1)).to.equal(0x12);
    iom?.write(0x40, 3, 1);
    vm.timers.advance(3_000_000n);
    await vm.settle();
    expect(take(log)).to.deep.equal(['out 0 3', 'irq 0 HIGH']);
    expect(managerOf(vm).getInterrupt(0)).to.equal(0x20);
    await vm.end();
  });

  it('attaches the drivers that are configured, and goes as it came', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log, { luns: [0, 1] })],
      drivers: [notingDriver('Block', log), notingDriver('Image', log), notingDriver('File', log)],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('Block', 'Image', 'File') } } } },
    });
    expect(driversOf(vm, 'disk')).to.equal('Block>Image>File');
    expect(driversOf(vm, 'disk', 1)).to.equal('');
    take(log);
    await vm.end();
    expect(take(log)).to.deep.equal([
      'Block/0 powerOff',
      'Image/0 powerOff',
      'File/0 powerOff',
      'disk/0 powerOff',
      'File/0 destruct',
      'Image/0 destruct',
      'Block/0 destruct',
      'disk/0 destruct',
    ]);
  });

  it('is saved and loaded with the units of its devices', async () => {
    const counter = (value: number) =>
      testDevice('counter', (instance) => ({
        construct: () => {
          let state = value;
          instance.ssmRegister({
            version: 7,
            saveExec: (stream) => void stream.putU32(state),
            loadExec: (stream) => {
              state = stream.getU32();
            },
          });
          instance.ioPortMap(0x80, 1, { read: () => state }, 'Counter');
        },
      }));
    const config = { Devices: { counter: { 0: {} } } };
    const first = await createMachine({ devices: [counter(42)], config });
    await first.uvm.powerOn();
    await first.uvm.suspend('USER');
    const sink = new MemorySink();
    await first.uvm.save(sink);
    const second = await createMachine({ devices: [counter(0)], config });
    await second.uvm.load(new MemorySource(sink.bytes()));
    expect(second.vm.iom?.read(0x80, 1)).to.equal(42);
    await first.end();
    await second.end();
  });

  it('can be asked on an EMT, and by anybody', async () => {
    const vm = await createMachine({ config: {} });
    expect(await onEmt(vm, () => managerOf(vm).deviceEntries.length)).to.equal(0);
    await vm.end();
  });
});
