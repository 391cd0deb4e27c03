import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { newRequest, VMMR0_REQUEST_MAGIC } from '../sup/index.js';
import { newDriver } from '../sup/testing.js';
import type { DeviceHelpers, DriverHelpers } from './helpers.js';
import { serviceOperations } from './ring0.js';
import { createHelperMachine, createMachine, creationFailure, failureStatus, onEmt, testDevice } from './testing.js';

const attempt = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as SsmError).status;
  }
};

describe('helpers for everybody', () => {
  it('say where the caller is', async () => {
    const { vm, pit, out } = await createHelperMachine();
    expect([pit.assertEmt(), pit.assertOther()]).to.deep.equal([false, true]);
    expect(vm.log.at(-1)).to.equal("PDM: AssertEMT 'pit'/0");
    expect(await onEmt(vm, () => [out.assertEmt(), out.assertOther()])).to.deep.equal([true, false]);
    await vm.end();
  });

  it('tell of the VM', async () => {
    const { vm, pit, out } = await createHelperMachine();
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
    const { vm, pit, out } = await createHelperMachine();
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
    const { vm, pit } = await createHelperMachine();
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
      const { vm, pit, pit1, out, out1 } = await createHelperMachine();
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
    const { vm, pit, pit1, out1 } = await createHelperMachine();
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
    const { vm, pit, pit1, pdm } = await createHelperMachine();
    const options = { name: 'Q', items: 1, create: () => 0, callback: () => true };
    await onEmt(vm, () => [pit.queueCreate(options), pit1.queueCreate(options)]);
    expect(pdm.queues.all.map(({ name }) => name)).to.deep.equal(['Q', 'Q_1']);
    expect(await onEmt(vm, () => attempt(() => pit.queueCreate(options)))).to.equal('VERR_DUPLICATE');
    await vm.end();
  });

  it('give queues to EMT(0)', async () => {
    const { vm, pit } = await createHelperMachine();
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
    const { vm, pit1, out1 } = await createHelperMachine();
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
      const { vm, pit, out } = await createHelperMachine();
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
    const { vm, out, pdm } = await createHelperMachine();
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
    const { vm, out } = await createHelperMachine();
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
    const { vm, out } = await createHelperMachine({ pdm: { session: alice } });
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
    const { vm, out } = await createHelperMachine();
    expect(await failureStatus(out.supCallVmmR0Ex(serviceOperations.START))).to.equal('VERR_NOT_SUPPORTED');
    await vm.end();
  });
});
