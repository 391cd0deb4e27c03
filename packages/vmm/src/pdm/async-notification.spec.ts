import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { destinations, NS_PER_MS, requestFlags } from '../emt/index.js';
import type { TestVm } from '../vm/testing.js';
import { DEVICE_FLAGS_DEFAULT, deviceFlags } from './flags.js';
import type { OwnerHelpers } from './helpers.js';
import { chain, createMachine, notingDevice, notingDriver, take } from './testing.js';

type Lasting = 'suspend' | 'reset' | 'powerOff';

const operations: Readonly<Record<Lasting, (vm: TestVm) => Promise<unknown>>> = {
  suspend: ({ uvm }) => uvm.suspend('USER'),
  reset: ({ uvm }) => uvm.reset(),
  powerOff: ({ uvm }) => uvm.powerOff(),
};

/** A machine in which one instance, a driver or a device, needs time for everything that may take it. */
async function machine(slow: string, { flags = 0, cpuCount = 1 } = {}) {
  const log: string[] = [];
  const state = { isDone: false, asked: 0 };
  let helpers: OwnerHelpers | undefined;
  const lasting = (name: string) => (instance: OwnerHelpers) => {
    if (name !== slow) return {};
    helpers = instance;
    const need = (what: string) => () => {
      log.push(`${name}/0 ${what}`);
      instance.setAsyncNotification(() => {
        state.asked++;
        return state.isDone;
      });
    };
    return { suspend: need('suspend'), reset: need('reset'), powerOff: need('powerOff') };
  };
  const vm = await createMachine({
    cpuCount,
    devices: [
      notingDevice(
        'disk',
        log,
        { luns: [0, 1], registration: { classes: 1, flags: (DEVICE_FLAGS_DEFAULT | flags) >>> 0 } },
        lasting('disk'),
      ),
      notingDevice('misc', log, { luns: [] }),
    ],
    drivers: ['A', 'B', 'C', 'D'].map((name) => notingDriver(name, log, {}, lasting(name))),
    config: {
      Devices: { disk: { 0: { 'LUN#0': chain('A', 'B', 'C'), 'LUN#1': chain('D') } }, misc: { 0: {} } },
    },
  });
  await vm.uvm.powerOn();
  take(log);
  const finish = () => {
    state.isDone = true;
    helpers!.asyncNotificationCompleted();
  };
  return { vm, log, state, finish, helpers: () => helpers! };
}

describe('notifications that take their time', () => {
  for (const what of ['suspend', 'reset', 'powerOff'] as const) {
    it(`${what}: what depends on a driver waits for it, all others are told meanwhile`, async () => {
      const { vm, log, finish } = await machine('B', { cpuCount: what === 'reset' ? 2 : 1 });
      const done = operations[what](vm);
      await vm.settle();
      // B needs time: C, which is below it, and the device wait.
      expect(take(log)).to.deep.equal([`A/0 ${what}`, `B/0 ${what}`, `D/0 ${what}`, `misc/0 ${what}`]);
      finish();
      await done;
      expect(take(log).slice(0, 2)).to.deep.equal([`C/0 ${what}`, `disk/0 ${what}`]);
      await vm.end();
    });
  }

  it('by a device that is told first keep back its drivers', async () => {
    const { vm, log, finish } = await machine('disk', { flags: deviceFlags.FIRST_SUSPEND });
    const done = operations.suspend(vm);
    await vm.settle();
    expect(take(log)).to.deep.equal(['disk/0 suspend', 'misc/0 suspend']);
    finish();
    await done;
    expect(take(log)).to.deep.equal(['A/0 suspend', 'B/0 suspend', 'C/0 suspend', 'D/0 suspend']);
    await vm.end();
  });

  it('end at once when they are done at once', async () => {
    const { vm, state } = await machine('B');
    state.isDone = true;
    await operations.suspend(vm);
    expect([vm.uvm.state, state.asked]).to.deep.equal(['SUSPENDED', 1]);
    await vm.end();
  });

  it('are asked again when woken in vain, and go on waiting', async () => {
    const { vm, state, finish, helpers } = await machine('D');
    const done = operations.suspend(vm);
    for (let i = 1; i <= 3; i++) {
      helpers().asyncNotificationCompleted();
      await vm.settle();
    }
    expect([vm.uvm.state, state.asked]).to.deep.equal(['SUSPENDING', 4]);
    finish();
    await done;
    await vm.end();
  });

  it('let EMT(0) work on priority requests, and no others', async () => {
    const { vm, finish } = await machine('D');
    const { requests } = vm.uvm.emts;
    const done = operations.suspend(vm);
    await vm.settle();
    const served: string[] = [];
    for (const [name, flags] of [
      ['priority', requestFlags.PRIORITY | requestFlags.NO_WAIT],
      ['normal', requestFlags.NO_WAIT],
    ] as const) {
      await requests.call(destinations.ANY, () => void served.push(name), flags);
      await requests.call(0, () => void served.push(`${name} to CPU 0`), flags);
    }
    await vm.settle();
    expect(served.sort()).to.deep.equal(['priority', 'priority to CPU 0']);
    finish();
    await done;
    await vm.settle();
    expect(served).to.have.length(4);
    await vm.end();
  });

  it('are told in the log, less and less often', async () => {
    const { vm, finish } = await machine('B');
    const done = operations.suspend(vm);
    const waits = () => vm.log.filter((line) => line.includes('waits for')).length;
    const seen: number[] = [];
    // Seconds: 1, 3, 7, 15, 31, 63, then every 60.
    for (let second = 1; second <= 190; second++) {
      await vm.settle();
      vm.timers.advance(1000n * NS_PER_MS);
      await vm.settle();
      if (waits() > seen.length) seen.push(second);
    }
    expect(seen).to.deep.equal([1, 3, 7, 15, 31, 63, 123, 183]);
    expect(vm.log.find((line) => line.includes('waits for'))).to.equal(
      "PDM: suspend after 1000 ms waits for 1: driver 'B'/0",
    );
    finish();
    await done;
    await vm.end();
  }).timeout(60_000);

  it('that throw count as done', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [
        notingDevice('disk', log, { luns: [] }, (instance) => ({
          suspend: () =>
            instance.setAsyncNotification(() => {
              throw new Error('a bug');
            }),
        })),
      ],
      config: { Devices: { disk: { 0: {} } } },
    });
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    expect(vm.log.join('\n')).to.include('a bug');
    await vm.end();
  });
});

describe('asking for time', () => {
  const attempt = (call: () => void): string => {
    try {
      call();
      return 'granted';
    } catch (error) {
      return (error as SsmError).status;
    }
  };
  const done = () => true;
  const none = undefined as never;

  const rows: readonly (readonly [
    when: string,
    status: string,
    at: 'suspend' | 'powerOn' | 'initComplete',
    count: number,
    how: () => boolean,
  ])[] = [
    ['in a notification', 'granted', 'suspend', 1, done],
    ['twice', 'VERR_WRONG_ORDER', 'suspend', 2, done],
    ['without a function', 'VERR_INVALID_PARAMETER', 'suspend', 1, none],
    ['when powered on: the last mistake is told', 'VERR_INVALID_STATE', 'powerOn', 1, none],
    ['when created', 'VERR_INVALID_STATE', 'initComplete', 1, done],
  ];
  for (const [when, status, at, count, how] of rows) {
    it(`${when}: ${status}`, async () => {
      const statuses: string[] = [];
      const vm = await createMachine({
        devices: [
          notingDevice('disk', [], { luns: [] }, (instance) => ({
            [at]: () => {
              for (let i = 0; i < count; i++) statuses.push(attempt(() => instance.setAsyncNotification(how)));
            },
          })),
        ],
        config: { Devices: { disk: { 0: {} } } },
      });
      await vm.uvm.powerOn();
      await vm.uvm.suspend('USER');
      expect(statuses.at(-1)).to.equal(status);
      await vm.end();
    });
  }
});
