import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { newRequest, VMMR0_REQUEST_MAGIC } from '../sup/index.js';
import { newDriver } from '../sup/testing.js';
import type { TestVm } from '../vm/testing.js';
import { PdmCritSect } from './crit-sect.js';
import type { DeviceHelpers, DriverHelpers } from './helpers.js';
import { serviceOperations } from './ring0.js';
import {
  chain,
  createMachine,
  creationFailure,
  driversOf,
  emptyBase,
  failureStatus,
  managerOf,
  notingDriver,
  onEmt,
  type TestMachine,
  testDevice,
  testDriver,
} from './testing.js';

const attempt = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as SsmError).status;
  }
};

/** A machine with a device, instances 0 and 1, and a driver below each. */
async function machine(rest: TestMachine = {}, trusted = true) {
  const devices: DeviceHelpers[] = [];
  const drivers: DriverHelpers[] = [];
  const vm = await createMachine({
    ...rest,
    devices: [
      testDevice('pit', (instance) => {
        devices.push(instance);
        return {
          construct: async () => void (await instance.driverAttach(0, emptyBase, 'Out')),
          attach: async () => {},
          detach: () => {},
        };
      }),
    ],
    drivers: [
      testDriver('Out', (instance) => {
        drivers.push(instance);
        return {};
      }),
      notingDriver('Other', []),
    ],
    config: {
      ...rest.config,
      Devices: {
        pit: {
          0: { Trusted: trusted, 'LUN#0': chain('Out'), Config: { Known: 1 } },
          1: { Trusted: trusted, 'LUN#0': chain('Out') },
        },
      },
    },
  });
  return { vm, pit: devices[0]!, pit1: devices[1]!, out: drivers[0]!, out1: drivers[1]!, pdm: managerOf(vm) };
}

describe('helpers for everybody', () => {
  it('say where the caller is', async () => {
    const { vm, pit, out } = await machine();
    expect([pit.assertEmt(), pit.assertOther()]).to.deep.equal([false, true]);
    expect(vm.log.at(-1)).to.equal("PDM: AssertEMT 'pit'/0");
    expect(await onEmt(vm, () => [out.assertEmt(), out.assertOther()])).to.deep.equal([true, false]);
    await vm.end();
  });

  it('tell of the VM', async () => {
    const { vm, pit, out } = await machine();
    await vm.uvm.powerOn();
    vm.timers.advance(5000n);
    await vm.uvm.suspend('HOST_SUSPEND');
    await vm.uvm.resume('HOST_RESUME');
    for (const helpers of [pit, out]) {
      expect([
        helpers.vmState(),
        helpers.suspendReason(),
        helpers.resumeReason(),
        helpers.teleportedAndNotFullyResumed(),
        helpers.virtualTime(),
        helpers.virtualFrequency(),
      ]).to.deep.equal(['RUNNING', 'HOST_SUSPEND', 'HOST_RESUME', false, 5000n, 1_000_000_000n]);
    }
    await vm.end();
  });

  it('tell the user of errors, from anywhere', async () => {
    const { vm, pit, out } = await machine();
    const error = pit.vmSetError('VERR_NO_MEMORY', 'none left');
    await vm.settle();
    expect(vm.errors).to.deep.equal([error]);
    await onEmt(vm, () => out.vmSetError('VERR_EOF', 'the end'));
    expect(vm.errors.at(-1)?.message).to.include('the end');
    await vm.uvm.powerOn();
    await pit.vmSetRuntimeError(2, 'DrvX_Full', 'disk full');
    expect([vm.uvm.state, vm.runtimeErrors.at(-1)?.id]).to.deep.equal(['SUSPENDED', 'DrvX_Full']);
    await vm.end();
  });

  it('check settings, and name the wrong one', async () => {
    const { vm, pit } = await machine();
    expect(attempt(() => pit.validateConfig('Known', ''))).to.equal(undefined);
    expect(attempt(() => pit.validateConfig('Other|K', ''))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
    expect(vm.errors.at(-1)?.message).to.include('pit/0 takes no configuration value /Known');
    await vm.end();
  });

  const timers: readonly (readonly [name: string, first: string, second: string])[] = [
    ['Tick', 'Tick', 'Tick[1]'],
    ['x'.repeat(28), 'x'.repeat(28), `${'x'.repeat(28)}[1]`],
    ['x'.repeat(29), 'VERR_INVALID_NAME', 'VERR_INVALID_NAME'],
    ['xx', 'VERR_INVALID_NAME', 'xx[1]'],
  ];
  for (const [name, first, second] of timers) {
    it(`name timers by instance: '${name}'`, async () => {
      const { vm, pit, pit1, out, out1 } = await machine();
      const create = (helpers: Pick<DeviceHelpers, 'timerCreate'> | Pick<DriverHelpers, 'timerCreate'>) =>
        onEmt(vm, () => attempt(() => helpers.timerCreate({ clock: 'REAL', name, callback: () => {} }).name));
      for (const [helpers, helpers1] of [
        [pit, pit1],
        [out, out1],
      ] as const) {
        expect([await create(helpers), await create(helpers1)]).to.deep.equal([first, second]);
      }
      await vm.end();
    });
  }

  it('guard a device’s timers by its section, and give callbacks their instance', async () => {
    const seen: unknown[] = [];
    const device = testDevice('pit', (instance) => ({
      construct: () => {
        const timer = instance.timerCreate({
          clock: 'VIRTUAL',
          name: 'Tick',
          user: 'mine',
          callback: (owner, _timer, user) => void seen.push(owner === instance, user, instance.critSect.isEntered),
        });
        timer.setMillies(1);
      },
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { pit: { 0: {} } } } });
    await vm.uvm.powerOn();
    vm.timers.advance(1_000_000n);
    await vm.settle();
    expect(seen).to.deep.equal([true, 'mine', true]);
    await vm.end();
  });

  it('put samples below the instance, unless they are named otherwise', async () => {
    const { vm, pit, pit1, out1 } = await machine();
    const sample = { value: 1 };
    await onEmt(vm, () => {
      for (const helpers of [pit, pit1, out1]) helpers.statRegister({ name: 'Irqs', type: 'u32', sample });
      pit.statRegister({ name: '/Elsewhere/Irqs', type: 'u32', sample: { value: 2 } });
    });
    const names = () => vm.uvm.statistics.entries('*Irqs').map(({ name }) => name);
    expect(names()).to.deep.equal([
      '/Devices/pit#0/Irqs',
      '/Devices/pit#1/Irqs',
      '/Drivers/Out-1/Irqs',
      '/Elsewhere/Irqs',
    ]);
    pit1.statDeregisterByPrefix('Ir');
    out1.statDeregisterByPrefix('');
    expect(names()).to.deep.equal(['/Devices/pit#0/Irqs', '/Elsewhere/Irqs']);
    pit.statDeregister(sample);
    expect(names()).to.deep.equal(['/Elsewhere/Irqs']);
    await vm.end();
  });

  it('put those of a device of which there is only one below its name', async () => {
    const device = testDevice(
      'rtc',
      (instance) => ({
        construct: () => instance.statRegister({ name: 'Irqs', type: 'u32', sample: { value: 1 } }),
      }),
      { maxInstances: 1 },
    );
    const vm = await createMachine({ devices: [device], config: { Devices: { rtc: { 0: {} } } } });
    expect(vm.uvm.statistics.find('/Devices/rtc/Irqs')).to.not.equal(undefined);
    await vm.end();
  });

  it('name queues by instance', async () => {
    const { vm, pit, pit1, pdm } = await machine();
    const options = { name: 'Q', items: 1, create: () => 0, callback: () => true };
    await onEmt(vm, () => [pit.queueCreate(options), pit1.queueCreate(options)]);
    expect(pdm.queues.all.map(({ name }) => name)).to.deep.equal(['Q', 'Q_1']);
    expect(await onEmt(vm, () => attempt(() => pit.queueCreate(options)))).to.equal('VERR_DUPLICATE');
    await vm.end();
  });

  it('give queues to EMT(0)', async () => {
    const { vm, pit } = await machine();
    const handed: boolean[] = [];
    const queue = await onEmt(vm, () =>
      pit.queueCreate({
        name: 'Q',
        items: 1,
        create: () => 0,
        callback: () => {
          handed.push(vm.uvm.cpuId === 0);
          return true;
        },
      }),
    );
    queue.insert(queue.alloc()!);
    await vm.settle();
    expect(handed).to.deep.equal([true]);
    await vm.end();
  });

  it('name units by instance', async () => {
    const { vm, pit1, out1 } = await machine();
    await onEmt(vm, () => {
      pit1.ssmRegister({ version: 3, before: 'pdm' });
      out1.ssmRegister({ version: 4 });
    });
    const { registry } = vm.vm;
    expect([registry.find('pit', 1)?.version, registry.find('Out', 1)?.version]).to.deep.equal([3, 4]);
    const names = registry.units.map(({ name }) => name);
    expect(names.indexOf('pit')).to.equal(names.indexOf('pdm') - 1);
    await onEmt(vm, () => out1.ssmDeregister());
    expect(registry.find('Out', 1)).to.equal(undefined);
    expect(await onEmt(vm, () => attempt(() => out1.ssmDeregister('pit', 1)))).to.equal('VERR_SSM_UNIT_NOT_FOUND');
    await vm.end();
  });

  const emtOnly: readonly (readonly [what: string, call: (pit: DeviceHelpers, out: DriverHelpers) => unknown])[] = [
    ['timerCreate', (pit) => pit.timerCreate({ clock: 'REAL', name: 'Tick', callback: () => {} })],
    ['ssmRegister', (pit) => pit.ssmRegister({ version: 1 })],
    ['ssmRegister of a driver', (_, out) => out.ssmRegister({ version: 1 })],
    ['ssmDeregister', (_, out) => out.ssmDeregister()],
    ['queueCreate', (pit) => pit.queueCreate({ name: 'Q', items: 1, create: () => 0, callback: () => true })],
    ['statRegister', (pit) => pit.statRegister({ name: 'x', type: 'u32', sample: { value: 1 } })],
    ['pollerRegister', (_, out) => out.pollerRegister(() => {})],
    ['mountPrepare', (_, out) => out.mountPrepare('x', 'y')],
    ['setAsyncNotification', (pit) => pit.setAsyncNotification(() => true)],
  ];
  for (const [what, call] of emtOnly) {
    it(`are called on an EMT: ${what}`, async () => {
      const { vm, pit, out } = await machine();
      expect(attempt(() => call(pit, out))).to.equal('VERR_VM_THREAD_NOT_EMT');
      await vm.end();
    });
  }

  it('are on the EMT for as long as a callback runs, whatever it awaits', async () => {
    const device = testDevice('pit', (instance) => ({
      construct: async () => {
        for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
        instance.timerCreate({ clock: 'VIRTUAL_SYNC', name: 'Tick', callback: () => {} });
      },
    }));
    expect(await creationFailure({ devices: [device], config: { Devices: { pit: { 0: {} } } } })).to.equal(
      'no failure',
    );
  });
});

describe('pollers', () => {
  it('are called every 5 ms, and go with their driver', async () => {
    const { vm, out, pdm } = await machine();
    let polls = 0;
    await onEmt(vm, () => out.pollerRegister(() => polls++));
    await vm.uvm.powerOn();
    for (let i = 0; i < 20; i++) {
      vm.timers.advance(1_000_000n);
      await vm.settle();
    }
    expect(polls).to.equal(4);
    await pdm.deviceDetach('pit', 0, 0);
    expect([pdm.pollers.count, vm.vm.tm?.timers.length]).to.deep.equal([0, 0]);
    await vm.end();
  });

  it('have places in a table', async () => {
    const { vm, out } = await machine();
    const statuses = await onEmt(vm, () =>
      Array.from({ length: 17 }, () => attempt(() => out.pollerRegister(() => {}))),
    );
    expect(statuses.indexOf('VERR_INTERNAL_ERROR')).to.equal(16);
    await vm.end();
  });
});

describe('calls of ring 0', () => {
  it('are for services only', async () => {
    const { driver, alice } = newDriver();
    const calls: unknown[] = [];
    driver.vmm.set({
      ex: (vm, idCpu, operation, request) => {
        calls.push([typeof vm, idCpu, operation, request?.length]);
        return 'VINF_NO_CHANGE';
      },
    });
    const { vm, out } = await machine({ pdm: { session: alice } });
    const request = newRequest(VMMR0_REQUEST_MAGIC, new Uint8Array(4));
    const { START, END } = serviceOperations;
    expect(await out.supCallVmmR0Ex(START, request)).to.equal('VINF_NO_CHANGE');
    expect(calls).to.deep.equal([['object', 0, START, request.length]]);
    for (const operation of [0, START - 1, END]) {
      expect(await failureStatus(out.supCallVmmR0Ex(operation, request))).to.equal('VERR_INVALID_PARAMETER');
    }
    expect(calls).to.have.length(1);
    await vm.end();
  });

  it('need a session', async () => {
    const { vm, out } = await machine();
    expect(await failureStatus(out.supCallVmmR0Ex(serviceOperations.START))).to.equal('VERR_NOT_SUPPORTED');
    await vm.end();
  });
});

describe('a device’s drivers', () => {
  it('can be detached and configured anew by it', async () => {
    const { vm, pit } = await machine();
    await onEmt(vm, () => pit.driverReconfigure(0, [{ driver: 'Other' }, { driver: 'Out' }]));
    expect(driversOf(vm, 'pit')).to.equal('');
    await onEmt(vm, () => pit.driverAttach(0, emptyBase, 'Out'));
    expect(driversOf(vm, 'pit')).to.equal('Other>Out');
    await onEmt(vm, () => pit.driverDetach(0));
    expect(driversOf(vm, 'pit')).to.equal('');
    expect(await onEmt(vm, () => failureStatus(pit.driverDetach(0)))).to.equal('VERR_PDM_NO_DRIVER_ATTACHED');
    expect(await onEmt(vm, () => failureStatus(pit.driverDetach(9)))).to.equal('VERR_PDM_LUN_NOT_FOUND');
    await vm.end();
  });

  const chains: readonly (readonly [what: string, status: string, names: readonly string[], flags?: number])[] = [
    ['no drivers', 'VERR_INVALID_PARAMETER', []],
    ['nine', 'VERR_INVALID_PARAMETER', Array.from({ length: 9 }, () => 'Out')],
    ['eight', 'no failure', Array.from({ length: 8 }, () => 'Out')],
    ['flags', 'VERR_INVALID_PARAMETER', ['Out'], 1],
    ['an empty name', 'VERR_OUT_OF_RANGE', ['']],
    ['a name of 32 characters', 'VERR_OUT_OF_RANGE', ['x'.repeat(32)]],
  ];
  for (const [what, status, names, flags] of chains) {
    it(`are configured anew with ${what}: ${status}`, async () => {
      const { vm, pit } = await machine();
      const configure = () =>
        pit.driverReconfigure(
          0,
          names.map((driver) => ({ driver })),
          flags,
        );
      expect(await onEmt(vm, () => failureStatus(configure()))).to.equal(status);
      expect(driversOf(vm, 'pit')).to.equal(status === 'no failure' ? '' : 'Out');
      await vm.end();
    });
  }
});

describe('a device’s own critical section', () => {
  it('takes the place of the automatic one', async () => {
    let section: PdmCritSect | undefined;
    const device = testDevice('pit', (instance) => ({
      construct: () => {
        section = instance.critSectInit('Mine');
        const automatic = instance.critSect;
        instance.setDeviceCritSect(section);
        expect([automatic.isDestroyed, instance.critSect]).to.deep.equal([true, section]);
      },
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { pit: { 0: {} } } } });
    await vm.end();
    expect(section?.isDestroyed).to.equal(true);
  });

  const rows: readonly (readonly [what: string, status: string, choose: (instance: DeviceHelpers) => void])[] = [
    ['that it has', 'VERR_INVALID_PARAMETER', (instance) => instance.setDeviceCritSect(instance.critSect)],
    [
      'for the second time',
      'VERR_WRONG_ORDER',
      (instance) => {
        instance.setDeviceCritSect(new PdmCritSect('1'));
        instance.setDeviceCritSect(new PdmCritSect('2'));
      },
    ],
    [
      'after it has made a timer',
      'VERR_WRONG_ORDER',
      (instance) => {
        instance.timerCreate({ clock: 'REAL', name: 'Tick', callback: () => {} });
        instance.setDeviceCritSect(new PdmCritSect('1'));
      },
    ],
    ['that is none', 'no failure', (instance) => instance.setDeviceCritSect(instance.critSectNop())],
  ];
  for (const [what, status, choose] of rows) {
    it(`${what}: ${status}`, async () => {
      const device = testDevice('pit', (instance) => ({ construct: () => choose(instance) }));
      expect(await creationFailure({ devices: [device], config: { Devices: { pit: { 0: {} } } } })).to.equal(status);
    });
  }

  it('cannot be chosen once the VM has been created', async () => {
    const { vm, pit } = await machine();
    const choose = () => attempt(() => pit.setDeviceCritSect(new PdmCritSect('late')));
    expect(await onEmt(vm, choose)).to.equal('VERR_WRONG_ORDER');
    await vm.end();
  });
});

describe('helpers for trusted devices', () => {
  const rows: readonly (readonly [what: string, call: (pit: DeviceHelpers) => unknown])[] = [
    ['vmReset', (pit) => pit.vmReset(0)],
    ['vmSuspend', (pit) => pit.vmSuspend()],
    ['vmPowerOff', (pit) => pit.vmPowerOff()],
    ['vmSuspendSaveAndPowerOff', (pit) => pit.vmSuspendSaveAndPowerOff()],
    ['currentCpuId', (pit) => pit.currentCpuId()],
    ['pokeAllEmts', (pit) => pit.pokeAllEmts()],
    ['firmwareRegister', (pit) => pit.firmwareRegister({ isHardReset: () => true })],
    ['queryLun', (pit) => pit.queryLun('pit', 0, 0)],
    ['queryGenericUserObject', (pit) => pit.queryGenericUserObject('x')],
  ];
  for (const [what, call] of rows) {
    it(`are not for others: ${what}`, async () => {
      const { vm, pit } = await machine({}, false);
      await vm.uvm.powerOn();
      expect(await failureStatus(Promise.resolve().then(() => call(pit)))).to.equal('VERR_ACCESS_DENIED');
      expect(vm.log.at(-1)).to.match(/^PDM: untrusted device 'pit'\/0 called trusted helper /);
      await vm.settle();
      expect(vm.uvm.state).to.equal('RUNNING');
      await vm.end();
    });
  }

  for (const trusted of [true, false]) {
    it(`show the VM to ${trusted ? 'those' : 'no others'}`, async () => {
      const { alice } = newDriver();
      const { vm, pit } = await machine({ pdm: { session: alice } }, trusted);
      const seen = await onEmt(vm, () => [pit.vm(), pit.uvm(), pit.vmCpu(), pit.supSession()]);
      expect(seen).to.deep.equal(trusted ? [vm.vm, vm.uvm, vm.vm.cpus[0], alice] : Array(4).fill(undefined));
      await vm.end();
    });
  }

  it('suspend and switch off, at once with one CPU', async () => {
    const { vm, pit } = await machine();
    await vm.uvm.powerOn();
    expect(await onEmt(vm, () => pit.vmSuspend())).to.equal('VINF_EM_SUSPEND');
    expect([vm.uvm.state, vm.uvm.suspendReason]).to.deep.equal(['SUSPENDED', 'VM']);
    expect(await pit.vmPowerOff()).to.equal('VINF_EM_OFF');
    expect(vm.uvm.state).to.equal('OFF');
    await vm.end();
  });

  it('suspend and switch off, soon with several', async () => {
    const { vm, pit } = await machine({ cpuCount: 2 });
    await vm.uvm.powerOn();
    let state = '';
    const status = await onEmt(vm, async () => {
      const result = await pit.vmSuspend();
      state = vm.uvm.state;
      return result;
    });
    expect([status, state]).to.deep.equal(['VINF_EM_SUSPEND', 'RUNNING']);
    await vm.until(() => vm.uvm.state === 'SUSPENDED');
    await vm.end();
  });

  it('save the state before switching off', async () => {
    const calls: string[] = [];
    const saveState = async () => void calls.push(`save ${(test.vm as TestVm).uvm.state}`);
    const test = await machine({ vm: { userMethods: { saveState } } });
    const { vm, pit } = test;
    await vm.uvm.powerOn();
    expect(await onEmt(vm, () => pit.vmSuspendSaveAndPowerOff())).to.equal('VINF_EM_SUSPEND');
    await vm.until(() => vm.uvm.state === 'OFF');
    expect(calls).to.deep.equal(['save SUSPENDED']);
    await vm.end();
  });

  it('reset, or halt where that is configured', async () => {
    const { vm, pit } = await machine();
    await vm.uvm.powerOn();
    expect(pit.vmReset(0)).to.equal('VINF_EM_RESET');
    await vm.settle();
    expect(vm.vm.resets.hard).to.equal(1);
    await vm.end();
    const other = await machine({ config: { PDM: { HaltOnReset: true } } });
    await other.vm.uvm.powerOn();
    expect(other.pit.vmReset(0)).to.equal('VINF_EM_HALT');
    await other.vm.settle();
    expect([other.vm.vm.resets.hard, other.vm.vm.cpus[0]?.activity]).to.deep.equal([0, 'HALTED']);
    await other.vm.end();
  });

  it('find other devices’ drivers, and objects of the program', async () => {
    const { vm, pit, out, pdm } = await machine({ pdm: { userObject: (uuid) => (uuid === 'x' ? 42 : null) } });
    expect(pit.queryLun('pit', 1, 0)).to.equal(pdm.queryLun('pit', 1, 0));
    expect([pit.queryGenericUserObject('x'), out.queryGenericUserObject('y')]).to.deep.equal([42, null]);
    await vm.end();
  });

  it('make a device the firmware, once', async () => {
    const firmware = { isHardReset: () => false };
    const device = (name: string) =>
      testDevice(name, (instance) => ({ construct: () => instance.firmwareRegister(firmware) }));
    const config = { Devices: { a: { 0: { Trusted: 1 } }, b: { 0: { Trusted: 1 } } } };
    const vm = await createMachine({ devices: [device('a')], config: { Devices: { a: { 0: { Trusted: 1 } } } } });
    expect(vm.vm.firmware).to.equal(firmware);
    await vm.end();
    expect(await creationFailure({ devices: [device('a'), device('b')], config })).to.equal('VERR_ALREADY_EXISTS');
  });
});

describe('a CPU that waits for a device', () => {
  it('goes on when the device is ready, also when that was before', async () => {
    const { vm, pit } = await machine();
    let ready = false;
    const waited = onEmt(vm, async () => {
      await pit.vmWaitForDeviceReady(0);
      ready = true;
    });
    await vm.settle();
    expect(ready).to.equal(false);
    pit.vmNotifyCpuDeviceReady(0);
    await waited;
    pit.vmNotifyCpuDeviceReady(0);
    await onEmt(vm, () => pit.vmWaitForDeviceReady(0));
    expect(attempt(() => pit.vmNotifyCpuDeviceReady(1))).to.equal('VERR_INVALID_CPU_ID');
    await vm.end();
  });
});

describe('requests of a device', () => {
  it('run on an EMT, waited for or not', async () => {
    const { vm, pit } = await machine({ cpuCount: 2 });
    const seen: (number | undefined)[] = [];
    pit.vmReqCallNoWait(1, () => void seen.push(vm.uvm.cpuId));
    await vm.settle();
    await pit.vmReqPriorityCallWait(0, () => void seen.push(vm.uvm.cpuId));
    expect(seen).to.deep.equal([1, 0]);
    await vm.end();
  });
});
