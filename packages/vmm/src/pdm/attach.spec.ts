import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import type { DriverRegistration } from './driver.js';
import type { DriverHelpers } from './helpers.js';
import { Base, type BaseInterface, baseOf, queryInterface } from './interface-ids.js';
import {
  attachIfAny,
  chain,
  createMachine,
  creationFailure,
  driversOf,
  emptyBase,
  failureStatus,
  managerOf,
  notingDevice,
  notingDriver,
  onEmt,
  take,
  testDevice,
  testDriver,
} from './testing.js';

const disk = (lun0: ConfigLiteral | undefined): ConfigLiteral => ({
  Devices: { disk: { 0: lun0 === undefined ? {} : { 'LUN#0': lun0 } } },
});

/** A machine with a disk, which has the drivers of a chain. */
async function machine(lun0: ConfigLiteral | undefined, drivers?: (log: string[]) => readonly DriverRegistration[]) {
  const log: string[] = [];
  const vm = await createMachine({
    devices: [notingDevice('disk', log)],
    drivers: drivers?.(log) ?? ['A', 'B', 'C'].map((name) => notingDriver(name, log)),
    config: disk(lun0),
  });
  take(log);
  return { vm, log, pdm: managerOf(vm) };
}

describe('attaching drivers', () => {
  it('builds a chain from the top down', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: ['A', 'B', 'C'].map((name) => notingDriver(name, log)),
      config: disk(chain('A', 'B', 'C')),
    });
    expect(take(log).slice(0, 4)).to.deep.equal([
      'disk/0 construct',
      'A/0 construct',
      'B/0 construct',
      'C/0 construct',
    ]);
    await vm.end();
  });

  it('shows neighbours each other’s bases, and nobody else’s', async () => {
    const seen = new Map<string, DriverHelpers>();
    const bases = new Map<string, BaseInterface>();
    const { vm, pdm } = await machine(chain('A', 'B'), () =>
      ['A', 'B'].map((name) =>
        testDriver(name, (instance) => {
          const base = baseOf();
          seen.set(name, instance);
          bases.set(name, base);
          return { base, construct: async () => void (await attachIfAny(instance.attach())) };
        }),
      ),
    );
    const [a, b] = ['A', 'B'].map((name) => seen.get(name)!);
    expect([a!.upBase, a!.downBase]).to.deep.equal([emptyBase, bases.get('B')]);
    expect([b!.upBase, b!.downBase]).to.deep.equal([bases.get('A'), undefined]);
    expect(queryInterface(pdm.queryLun('disk', 0, 0), Base)).to.equal(bases.get('A'));
    await vm.end();
  });

  it('gives instances numbers that are used once', async () => {
    const { vm, log, pdm } = await machine(chain('A'));
    await pdm.deviceDetach('disk', 0, 0);
    await pdm.deviceAttach('disk', 0, 0);
    expect(take(log)).to.include('A/1 construct');
    await vm.end();
  });

  it('makes a LUN also where nothing is configured', async () => {
    const { vm, pdm } = await machine(undefined);
    expect(pdm.queryDeviceLun('disk', 0, 0)).to.equal(emptyBase);
    await vm.end();
  });

  const refused: readonly (readonly [what: string, status: string, lun: ConfigLiteral])[] = [
    ['a node without a driver’s name', 'VERR_PDM_CFG_MISSING_DRIVER_NAME', { Config: {} }],
    ['a driver’s name that is a number', 'VERR_CFGM_NOT_STRING', { Driver: 1 }],
    ['an unknown driver', 'VERR_PDM_DRIVER_NOT_FOUND', chain('X')],
    ['a driver of another case', 'VERR_PDM_DRIVER_NOT_FOUND', chain('a')],
    ['an unknown driver below', 'VERR_PDM_DRIVER_NOT_FOUND', chain('A', 'X')],
    ['more instances than there may be', 'VERR_PDM_TOO_MANY_DRIVER_INSTANCES', chain('A', 'Single', 'Single')],
  ];
  for (const [what, status, lun] of refused) {
    it(`refuses ${what}`, async () => {
      const log: string[] = [];
      const drivers = [notingDriver('A', log), notingDriver('Single', log, { maxInstances: 1 })];
      expect(await creationFailure({ devices: [notingDevice('disk', log)], drivers, config: disk(lun) })).to.equal(
        status,
      );
    });
  }

  const luns: readonly (readonly [what: string, lun: number, base: unknown, description: string])[] = [
    ['a LUN of a negative number', -1, emptyBase, 'x'],
    ['a LUN without a base', 5, undefined, 'x'],
    ['a LUN with something else for a base', 5, {}, 'x'],
    ['a LUN without a description', 5, emptyBase, ''],
  ];
  for (const [what, lun, base, description] of luns) {
    it(`refuses ${what}`, async () => {
      const device = testDevice('disk', (instance) => ({
        construct: async () => void (await instance.driverAttach(lun, base as BaseInterface, description)),
      }));
      expect(await creationFailure({ devices: [device], config: disk(undefined) })).to.equal('VERR_INVALID_PARAMETER');
    });
  }

  it('refuses a second driver on a LUN, and below a driver', async () => {
    const statuses: string[] = [];
    const device = testDevice('disk', (instance) => ({
      construct: async () => {
        await instance.driverAttach(0, emptyBase, 'Disk');
        statuses.push(await failureStatus(instance.driverAttach(0, emptyBase, 'Disk')));
      },
    }));
    const driver = testDriver('A', (instance) => ({
      construct: async () => {
        await instance.attach();
        statuses.push(await failureStatus(instance.attach()));
      },
    }));
    const vm = await createMachine({
      devices: [device],
      drivers: [driver, testDriver('B')],
      config: disk(chain('A', 'B')),
    });
    expect(statuses).to.deep.equal(['VERR_PDM_DRIVER_ALREADY_ATTACHED', 'VERR_PDM_DRIVER_ALREADY_ATTACHED']);
    await vm.end();
  });

  it('tells a device that nothing is configured, which is no failure of its own', async () => {
    const statuses: string[] = [];
    const device = testDevice('disk', (instance) => ({
      construct: async () => void statuses.push(await failureStatus(instance.driverAttach(3, emptyBase, 'Disk'))),
    }));
    const vm = await createMachine({ devices: [device], config: disk(undefined) });
    expect(statuses).to.deep.equal(['VERR_PDM_NO_ATTACHED_DRIVER']);
    await vm.end();
  });
});

describe('a driver whose constructor fails', () => {
  const failing = (log: string[], construct: (instance: DriverHelpers) => unknown) =>
    notingDriver('B', log, {}, (instance) => ({ construct: async () => (await construct(instance)) as never }));
  const fail = (status: ConstructorParameters<typeof SsmError>[0]) => {
    throw new SsmError(status, 'the constructor was to fail');
  };

  it('takes down what it has attached, and itself; nobody above is told', async () => {
    const log: string[] = [];
    const statuses: string[] = [];
    const device = notingDevice('disk', log, {}, (instance) => ({
      construct: async () => void statuses.push(await failureStatus(instance.driverAttach(0, emptyBase, 'Disk'))),
    }));
    const vm = await createMachine({
      devices: [device],
      drivers: [
        notingDriver('A', log),
        failing(log, async (instance) => {
          await instance.attach();
          fail('VERR_NO_MEMORY');
        }),
        notingDriver('C', log),
      ],
      config: disk(chain('A', 'B', 'C')),
    });
    expect(statuses).to.deep.equal(['VERR_NO_MEMORY']);
    expect(take(log).filter((line) => !line.startsWith('disk'))).to.deep.equal([
      'A/0 construct',
      'C/0 construct',
      'C/0 destruct',
      'B/0 destruct',
      'A/0 destruct',
    ]);
    expect(driversOf(vm, 'disk')).to.equal('');
    expect(managerOf(vm).drivers.entries.map(({ instances }) => instances)).to.deep.equal([0, 0, 0]);
    await vm.end();
  });

  it('leaves the driver above as it was, when that goes on without', async () => {
    const log: string[] = [];
    const upper = notingDriver('A', log, {}, (instance) => ({
      construct: async () => void log.push(await failureStatus(instance.attach()), String(instance.downBase)),
    }));
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: [upper, failing(log, () => fail('VERR_NO_MEMORY'))],
      config: disk(chain('A', 'B')),
    });
    expect(take(log).slice(1, 4)).to.deep.equal(['B/0 destruct', 'VERR_NO_MEMORY', 'undefined']);
    expect(driversOf(vm, 'disk')).to.equal('A');
    await vm.end();
  });

  const outcomes: readonly (readonly [what: string, status: string, construct: (i: DriverHelpers) => unknown])[] = [
    ['a version', 'VERR_PDM_DRIVER_VERSION_MISMATCH', () => fail('VERR_VERSION_MISMATCH')],
    ['a status that is returned', 'VERR_EOF', () => 'VERR_EOF'],
    [
      'something of its own',
      'VERR_GENERAL_FAILURE',
      () => {
        throw new TypeError('a bug');
      },
    ],
    ['nothing, but it has detached itself', 'VERR_PDM_DRVINS_VERSION_MISMATCH', (instance) => instance.detachSelf()],
  ];
  for (const [what, status, construct] of outcomes) {
    it(`with ${what}: ${status}`, async () => {
      const log: string[] = [];
      const machine = {
        devices: [notingDevice('disk', log)],
        drivers: [failing(log, construct)],
        config: disk(chain('B')),
      };
      expect(await creationFailure(machine)).to.equal(status);
    });
  }

  it('fails when its base does not answer for itself', async () => {
    const driver = testDriver('B', () => ({ base: { queryInterface: () => undefined } }));
    const machine = { devices: [notingDevice('disk', [])], drivers: [driver], config: disk(chain('B')) };
    expect(await creationFailure(machine)).to.equal('VERR_PDM_MISSING_INTERFACE');
  });

  for (const [what, rest, extra] of [
    ['wants to be told of soft resets', {}, { softReset: () => {} } as object],
    ['is for the raw-mode context, and does not relocate', { flags: 0x12, rcModule: 'VBoxDDRC' }, {} as object],
  ] as const) {
    it(`is refused when it ${what}`, async () => {
      const driver = testDriver('B', () => extra, rest);
      const machine = { devices: [notingDevice('disk', [])], drivers: [driver], config: disk(chain('B')) };
      expect(await creationFailure(machine)).to.equal('VERR_PDM_INVALID_DRIVER_REGISTRATION');
    });
  }
});

describe('detaching drivers', () => {
  it('goes from the bottom up, and tells those above', async () => {
    const { vm, log, pdm } = await machine(chain('A', 'B', 'C'));
    expect(await pdm.driverDetach('disk', 0, 0, 'B')).to.equal('VINF_SUCCESS');
    expect(take(log)).to.deep.equal(['B/0 detach(0)', 'C/0 destruct', 'A/0 detach(0)', 'B/0 destruct']);
    expect(driversOf(vm, 'disk')).to.equal('A');
    expect(await pdm.deviceDetach('disk', 0, 0, 1)).to.equal('VINF_SUCCESS');
    expect(take(log)).to.deep.equal(['disk/0 detach(0,1)', 'A/0 destruct']);
    await vm.end();
  });

  it('is not possible where the driver, or the device, above has no callback for it', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log, {}, () => ({ detach: undefined as never }))],
      drivers: [notingDriver('A', log, {}, () => ({ detach: undefined as never })), notingDriver('B', log)],
      config: disk(chain('A', 'B')),
    });
    const pdm = managerOf(vm);
    for (const driver of ['B', undefined]) {
      expect(await failureStatus(pdm.driverDetach('disk', 0, 0, driver))).to.equal(
        'VERR_PDM_DRIVER_DETACH_NOT_POSSIBLE',
      );
    }
    expect(driversOf(vm, 'disk')).to.equal('A>B');
    await vm.end();
  });

  it('by a driver: what is below it, or itself', async () => {
    const helpers = new Map<string, DriverHelpers>();
    const log: string[] = [];
    const noting = (name: string) =>
      notingDriver(name, log, {}, (instance) => {
        helpers.set(name, instance);
        return {};
      });
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: ['A', 'B', 'C'].map(noting),
      config: disk(chain('A', 'B', 'C')),
    });
    await onEmt(vm, () => helpers.get('B')!.detach());
    expect(driversOf(vm, 'disk')).to.equal('A>B');
    expect(await onEmt(vm, () => failureStatus(helpers.get('B')!.detach()))).to.equal('VERR_PDM_NO_DRIVER_ATTACHED');
    await onEmt(vm, () => helpers.get('B')!.detachSelf());
    expect(driversOf(vm, 'disk')).to.equal('A');
    expect(helpers.get('A')!.downBase).to.equal(undefined);
    await vm.end();
  });

  it('asked for again by what it calls does nothing more', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: [
        notingDriver('A', log),
        notingDriver('B', log, {}, (instance) => ({
          destruct: async () => {
            log.push('B destruct');
            await instance.detachSelf();
          },
        })),
      ],
      config: disk(chain('A', 'B')),
    });
    take(log);
    await managerOf(vm).driverDetach('disk', 0, 0, 'B');
    expect(take(log)).to.deep.equal(['A/0 detach(0)', 'B destruct']);
    await vm.end();
  });

  it('leaves helpers that refuse to work', async () => {
    let helpers: DriverHelpers | undefined;
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: [
        notingDriver('A', log, {}, (instance) => {
          helpers = instance;
          return {};
        }),
      ],
      config: disk(chain('A')),
    });
    await managerOf(vm).deviceDetach('disk', 0, 0);
    expect(await onEmt(vm, () => failureStatus(helpers!.attach()))).to.equal('VERR_PDM_DRVINS_VERSION_MISMATCH');
    await vm.end();
  });

  it('is for EMTs', async () => {
    let helpers: DriverHelpers | undefined;
    const { vm } = await machine(chain('A'), () => [
      testDriver('A', (instance) => {
        helpers = instance;
        return {};
      }),
    ]);
    expect(await failureStatus(helpers!.attach())).to.equal('VERR_VM_THREAD_NOT_EMT');
    expect(await failureStatus(helpers!.detachSelf())).to.equal('VERR_VM_THREAD_NOT_EMT');
    await vm.end();
  });
});

describe('a mount', () => {
  const mounting = async (file: string, driver: string | undefined, lun0: ConfigLiteral) => {
    const statuses: string[] = [];
    const { vm } = await machine(lun0, (log) => [
      testDriver('A', (instance) => ({
        construct: async () => {
          try {
            instance.mountPrepare(file, driver as string);
            await instance.attach();
            statuses.push('mounted');
          } catch (error) {
            statuses.push((error as SsmError).status);
          }
        },
      })),
      notingDriver('Raw', log, {}, (instance) => ({
        construct: (config) => void statuses.push(`${instance.name} ${config.value('Path')?.data}`),
      })),
    ]);
    await vm.end();
    return statuses;
  };

  it('replaces what is configured below by a driver for a file', async () => {
    expect(await mounting('/disk.img', 'Raw', chain('A', 'Old', 'Older'))).to.deep.equal(['Raw /disk.img', 'mounted']);
  });

  it('needs a driver’s name: nothing is left below then', async () => {
    expect(await mounting('/disk.img', undefined, chain('A', 'Raw'))).to.deep.equal(['VERR_NOT_IMPLEMENTED']);
  });

  it('leaves nothing behind when the name cannot be one', async () => {
    expect(await mounting('a\0b', 'Raw', chain('A'))).to.deep.equal(['VERR_INVALID_PARAMETER']);
  });

  it('is in the way of nothing', async () => {
    const statuses: string[] = [];
    const { vm } = await machine(chain('A', 'B'), (log) => [
      testDriver('A', (instance) => ({
        construct: async () => {
          await instance.attach();
          try {
            instance.mountPrepare('x', 'B');
          } catch (error) {
            statuses.push((error as SsmError).status);
          }
        },
      })),
      notingDriver('B', log),
    ]);
    expect(statuses).to.deep.equal(['VERR_PDM_DRIVER_ALREADY_ATTACHED']);
    await vm.end();
  });
});
