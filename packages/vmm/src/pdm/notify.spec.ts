import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { resetFlags } from '../vm/index.js';
import type { TestVm } from '../vm/testing.js';
import type { Device } from './device.js';
import { DEVICE_FLAGS_DEFAULT, deviceFlags } from './flags.js';
import {
  chain,
  createMachine,
  creationFailure,
  managerOf,
  notingDevice,
  notingDriver,
  take,
  testDevice,
} from './testing.js';

/** Two devices: one with a chain of two and another driver, one without. */
async function machine(flags = 0, cpuCount = 1) {
  const log: string[] = [];
  const vm = await createMachine({
    cpuCount,
    devices: [
      notingDevice('disk', log, {
        luns: [1, 0],
        registration: { classes: 0x800, flags: (DEVICE_FLAGS_DEFAULT | flags) >>> 0 },
      }),
      notingDevice('misc', log, { luns: [] }),
    ],
    drivers: ['A', 'B', 'C'].map((name) => notingDriver(name, log)),
    config: {
      Devices: { disk: { 0: { 'LUN#0': chain('C'), 'LUN#1': chain('A', 'B') } }, misc: { 0: {} } },
    },
  });
  return { vm, log };
}

/** LUNs in the order of their making, drivers from the top down, then the device. */
const all = (what: string, args = '') => [
  `A/0 ${what}`,
  `B/0 ${what}`,
  `C/0 ${what}`,
  `disk/0 ${what}${args}`,
  `misc/0 ${what}${args}`,
];

describe('devices and drivers are told', () => {
  it('of the creation: all are there, and the memory', async () => {
    const { vm, log } = await machine();
    expect(take(log).slice(-4)).to.deep.equal([
      'disk/0 memSetup(AFTER_CONSTRUCTION)',
      'misc/0 memSetup(AFTER_CONSTRUCTION)',
      'disk/0 initComplete',
      'misc/0 initComplete',
    ]);
    await vm.end();
  });

  it('of powering on, suspending, resuming and powering off', async () => {
    const { vm, log } = await machine();
    take(log);
    await vm.uvm.powerOn();
    expect(take(log)).to.deep.equal(all('powerOn'));
    await vm.uvm.suspend('USER');
    expect(take(log)).to.deep.equal(all('suspend'));
    await vm.uvm.resume('USER');
    expect(take(log)).to.deep.equal(all('resume'));
    await vm.uvm.powerOff();
    expect(take(log)).to.deep.equal(all('powerOff'));
    await vm.end();
  });

  it('of powering off also when they are suspended', async () => {
    const { vm, log } = await machine();
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    take(log);
    await vm.uvm.powerOff();
    expect(take(log)).to.deep.equal(all('powerOff'));
    await vm.end();
  });

  it('of a hard reset, and then of the memory', async () => {
    const { vm, log } = await machine();
    await vm.uvm.powerOn();
    take(log);
    await vm.uvm.reset();
    expect(take(log)).to.deep.equal([...all('reset'), 'disk/0 memSetup(AFTER_RESET)', 'misc/0 memSetup(AFTER_RESET)']);
    await vm.uvm.reset();
    expect(take(log).slice(0, 5), 'again').to.deep.equal(all('reset'));
    await vm.end();
  });

  it('of a soft reset: devices only, with who has asked', async () => {
    const { vm, log } = await machine();
    await vm.uvm.powerOn();
    take(log);
    vm.vm.firmware = { isHardReset: () => false };
    vm.vm.requestReset(resetFlags.KBD);
    await vm.settle();
    expect(take(log)).to.deep.equal([`disk/0 softReset(${resetFlags.KBD})`, `misc/0 softReset(${resetFlags.KBD})`]);
    await vm.end();
  });

  const first: readonly (readonly [what: string, flag: number, act: (vm: TestVm) => Promise<unknown>])[] = [
    ['suspend', deviceFlags.FIRST_SUSPEND, ({ uvm }) => uvm.suspend('USER')],
    ['powerOff', deviceFlags.FIRST_POWEROFF, ({ uvm }) => uvm.powerOff()],
    ['reset', deviceFlags.FIRST_RESET, ({ uvm }) => uvm.reset()],
  ];
  for (const [what, flag, act] of first) {
    it(`of ${what}: a device that has asked for it before its drivers`, async () => {
      const { vm, log } = await machine(flag);
      await vm.uvm.powerOn();
      take(log);
      await act(vm);
      const [a, b, c, disk, misc] = all(what);
      expect(take(log).slice(0, 5)).to.deep.equal([disk, a, b, c, misc]);
      await vm.end();
    });
  }

  it('that somebody cannot go on: all that was powered on is suspended, and the VM runs nevertheless', async () => {
    for (const what of ['powerOn', 'resume'] as const) {
      const log: string[] = [];
      const vm = await createMachine({
        devices: [
          notingDevice('first', log, { luns: [], registration: { classes: 1 } }),
          notingDevice('second', log, { luns: [], registration: { classes: 2 } }, () => ({
            [what]: () => {
              throw new SsmError('VERR_NO_MEMORY', 'second was to fail');
            },
          })),
          notingDevice('third', log, { luns: [], registration: { classes: 4 } }),
        ],
        config: { Devices: { first: { 0: {} }, second: { 0: {} }, third: { 0: {} } } },
      });
      if (what === 'resume') {
        await vm.uvm.powerOn();
        await vm.uvm.suspend('USER');
      }
      take(log);
      if (what === 'resume') await vm.uvm.resume('USER');
      else await vm.uvm.powerOn();
      expect(take(log)).to.deep.equal([`first/0 ${what}`, 'first/0 suspend']);
      expect(vm.uvm.state).to.equal('RUNNING');
      expect(vm.log.join('\n')).to.include(`${what} failed, and is taken back`);
      await vm.end();
    }
  });

  it('whatever others do: failures of other callbacks are logged', async () => {
    const log: string[] = [];
    const fail = () => {
      throw new Error('a bug');
    };
    const vm = await createMachine({
      devices: [
        notingDevice('bad', log, { luns: [], registration: { classes: 1 } }, () => ({
          suspend: fail,
          reset: fail,
          powerOff: fail,
          memSetup: fail,
          softReset: fail,
          destruct: fail,
          relocate: fail,
        })),
        notingDevice('good', log, { luns: [] }),
      ],
      config: { Devices: { bad: { 0: {} }, good: { 0: {} } } },
    });
    await vm.uvm.powerOn();
    await vm.uvm.reset();
    await vm.uvm.suspend('USER');
    await vm.uvm.resume('USER');
    await vm.uvm.powerOff();
    expect(log.filter((line) => line.startsWith('good'))).to.include.members([
      'good/0 memSetup(AFTER_CONSTRUCTION)',
      'good/0 reset',
      'good/0 suspend',
      'good/0 powerOff',
    ]);
    await vm.end();
    expect(vm.log.filter((line) => line.includes("of 'bad'/0 threw Error: a bug"))).to.have.length(6);
  });

  it('in their critical sections', async () => {
    const held: boolean[] = [];
    const device = testDevice('pit', (instance) => {
      const note = () => void held.push(instance.critSect.isEntered);
      const callbacks: Partial<Device> = {
        construct: note,
        initComplete: note,
        memSetup: note,
        powerOn: note,
        suspend: note,
        resume: note,
        reset: note,
        powerOff: note,
        destruct: note,
      };
      return callbacks;
    });
    const vm = await createMachine({ devices: [device], config: { Devices: { pit: { 0: {} } } } });
    await vm.uvm.powerOn();
    await vm.uvm.reset();
    await vm.uvm.suspend('USER');
    await vm.uvm.resume('USER');
    const { critSect } = managerOf(vm).deviceEntries[0]!;
    expect(critSect.isEntered).to.equal(false);
    await vm.end();
    expect(held).to.deep.equal(Array.from({ length: 10 }, () => true));
    expect(critSect.isDestroyed).to.equal(true);
  });
});

describe('a device whose constructor fails', () => {
  const failing = (log: string[], how: () => unknown, classes = 2) =>
    notingDevice('bad', log, { luns: [], registration: { classes } }, () => ({
      construct: async () => {
        log.push('bad construct');
        return (await how()) as undefined;
      },
    }));
  const config = { Devices: { good: { 0: {} }, bad: { 0: {} }, later: { 0: {} } } };
  const others = (log: string[]) => [
    notingDevice('good', log, { luns: [], registration: { classes: 1 } }),
    notingDevice('later', log, { luns: [] }),
  ];

  const rows: readonly (readonly [status: string, how: () => unknown])[] = [
    ['VERR_NO_MEMORY', () => Promise.reject(new SsmError('VERR_NO_MEMORY', 'no memory'))],
    ['VERR_EOF', () => 'VERR_EOF'],
    ['VERR_PDM_DEVICE_VERSION_MISMATCH', () => Promise.reject(new SsmError('VERR_VERSION_MISMATCH', 'old'))],
    ['VERR_GENERAL_FAILURE', () => Promise.reject(new TypeError('a bug'))],
  ];
  for (const [status, how] of rows) {
    it(`fails the creation: ${status}`, async () => {
      const log: string[] = [];
      const errors: string[] = [];
      const failed = await creationFailure({
        devices: [...others(log), failing(log, how)],
        config,
        vm: { onState: () => {}, log: (line) => errors.push(line) },
      });
      expect(failed).to.equal(status);
      expect(take(log)).to.deep.equal(['good/0 construct', 'bad construct', 'good/0 destruct', 'bad/0 destruct']);
      expect(errors.filter((line) => line.startsWith('VMSetError'))).to.have.length(1);
      expect(errors.join('\n')).to.include(`VMSetError: ${status}; failed to construct device 'bad'/0`);
    });
  }

  it('has the first word when it tells the user itself', async () => {
    const errors: string[] = [];
    const device = testDevice('bad', (instance) => ({
      construct: () => {
        throw instance.vmSetError('VERR_FILE_NOT_FOUND', 'where is my ROM?');
      },
    }));
    const status = await creationFailure({
      devices: [device],
      config: { Devices: { bad: { 0: {} } } },
      vm: { log: (line) => errors.push(line) },
    });
    expect(status).to.equal('VERR_FILE_NOT_FOUND');
    expect(errors.filter((line) => line.startsWith('VMSetError'))).to.deep.equal([
      'VMSetError: VERR_FILE_NOT_FOUND; where is my ROM?',
    ]);
  });

  it('fails the creation later, too: when all are there', async () => {
    const log: string[] = [];
    const bad = notingDevice('bad', log, { luns: [], registration: { classes: 2 } }, () => ({
      initComplete: () => {
        throw new SsmError('VERR_NO_MEMORY', 'late');
      },
    }));
    expect(await creationFailure({ devices: [...others(log), bad], config })).to.equal('VERR_NO_MEMORY');
    expect(take(log)).to.include.members([
      'good/0 initComplete',
      'good/0 destruct',
      'bad/0 destruct',
      'later/0 destruct',
    ]);
    expect(log).to.not.include('later/0 initComplete');
  });
});
