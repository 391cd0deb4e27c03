import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { newDriver } from '../sup/testing.js';
import type { TestVm } from '../vm/testing.js';
import { PdmCritSect } from './crit-sect.js';
import type { DeviceHelpers } from './helpers.js';
import {
  createHelperMachine,
  createMachine,
  creationFailure,
  driversOf,
  emptyBase,
  failureStatus,
  onEmt,
  testDevice,
} from './testing.js';

const attempt = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as SsmError).status;
  }
};

describe('a device’s drivers', () => {
  it('can be detached and configured anew by it', async () => {
    const { vm, pit } = await createHelperMachine();
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
      const { vm, pit } = await createHelperMachine();
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
    const { vm, pit } = await createHelperMachine();
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
      const { vm, pit } = await createHelperMachine({}, false);
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
      const { vm, pit } = await createHelperMachine({ pdm: { session: alice } }, trusted);
      const seen = await onEmt(vm, () => [pit.vm(), pit.uvm(), pit.vmCpu(), pit.supSession()]);
      expect(seen).to.deep.equal(trusted ? [vm.vm, vm.uvm, vm.vm.cpus[0], alice] : Array(4).fill(undefined));
      await vm.end();
    });
  }

  it('suspend and switch off, at once with one CPU', async () => {
    const { vm, pit } = await createHelperMachine();
    await vm.uvm.powerOn();
    expect(await onEmt(vm, () => pit.vmSuspend())).to.equal('VINF_EM_SUSPEND');
    expect([vm.uvm.state, vm.uvm.suspendReason]).to.deep.equal(['SUSPENDED', 'VM']);
    expect(await pit.vmPowerOff()).to.equal('VINF_EM_OFF');
    expect(vm.uvm.state).to.equal('OFF');
    await vm.end();
  });

  it('suspend and switch off, soon with several', async () => {
    const { vm, pit } = await createHelperMachine({ cpuCount: 2 });
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
    const test = await createHelperMachine({ vm: { userMethods: { saveState } } });
    const { vm, pit } = test;
    await vm.uvm.powerOn();
    expect(await onEmt(vm, () => pit.vmSuspendSaveAndPowerOff())).to.equal('VINF_EM_SUSPEND');
    await vm.until(() => vm.uvm.state === 'OFF');
    expect(calls).to.deep.equal(['save SUSPENDED']);
    await vm.end();
  });

  it('reset, or halt where that is configured', async () => {
    const { vm, pit } = await createHelperMachine();
    await vm.uvm.powerOn();
    expect(pit.vmReset(0)).to.equal('VINF_EM_RESET');
    await vm.settle();
    expect(vm.vm.resets.hard).to.equal(1);
    await vm.end();
    const other = await createHelperMachine({ config: { PDM: { HaltOnReset: true } } });
    await other.vm.uvm.powerOn();
    expect(other.pit.vmReset(0)).to.equal('VINF_EM_HALT');
    await other.vm.settle();
    expect([other.vm.vm.resets.hard, other.vm.vm.cpus[0]?.activity]).to.deep.equal([0, 'HALTED']);
    await other.vm.end();
  });

  it('find other devices’ drivers, and objects of the program', async () => {
    const { vm, pit, out, pdm } = await createHelperMachine({
      pdm: { userObject: (uuid) => (uuid === 'x' ? 42 : null) },
    });
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
    const { vm, pit } = await createHelperMachine();
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
    const { vm, pit } = await createHelperMachine({ cpuCount: 2 });
    const seen: (number | undefined)[] = [];
    pit.vmReqCallNoWait(1, () => void seen.push(vm.uvm.cpuId));
    await vm.settle();
    await pit.vmReqPriorityCallWait(0, () => void seen.push(vm.uvm.cpuId));
    expect(seen).to.deep.equal([1, 0]);
    await vm.end();
  });
});
