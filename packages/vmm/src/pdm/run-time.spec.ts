import { expect } from 'chai';
import { Base, baseOf, queryInterface } from './interface-ids.js';
import type { Pdm } from './pdm.js';
import {
  chain,
  createMachine,
  driversOf,
  failureStatus,
  managerOf,
  notingDevice,
  notingDriver,
  take,
  testDevice,
} from './testing.js';

const base = baseOf();

async function machine() {
  const log: string[] = [];
  const vm = await createMachine({
    devices: [
      notingDevice('disk', log, { luns: [0, 1] }, () => ({ base })),
      testDevice('still', (instance) => ({
        construct: async () => void (await failureStatus(instance.driverAttach(0, base, 'Still'))),
      })),
      testDevice('unused'),
    ],
    drivers: [
      notingDriver('A', log),
      notingDriver('B', log),
      notingDriver('Deaf', log, {}, () => ({ attach: undefined as never })),
    ],
    config: {
      Devices: {
        disk: { 0: { 'LUN#0': chain('A', 'B', 'A', 'B') } },
        still: { 0: {}, 1: { 'LUN#0': chain('Deaf') } },
      },
    },
  });
  take(log);
  return { vm, log, pdm: managerOf(vm) };
}

describe('devices and drivers, asked from outside', () => {
  const queries: readonly (readonly [what: string, status: string, query: (pdm: Pdm) => unknown])[] = [
    ['a device', 'found', (pdm) => pdm.queryDevice('disk', 0)],
    ['a device of an unknown name', 'VERR_PDM_DEVICE_NOT_FOUND', (pdm) => pdm.queryDevice('disc', 0)],
    ['an instance', 'VERR_PDM_DEVICE_INSTANCE_NOT_FOUND', (pdm) => pdm.queryDevice('disk', 1)],
    ['a device that is not used', 'VERR_PDM_DEVICE_INSTANCE_NOT_FOUND', (pdm) => pdm.queryDevice('unused', 0)],
    ['a device without a base', 'VERR_PDM_DEVICE_INSTANCE_NO_IBASE', (pdm) => pdm.queryDevice('still', 0)],
    ['a LUN of the device', 'found', (pdm) => pdm.queryDeviceLun('disk', 0, 1)],
    ['a LUN there is not', 'VERR_PDM_LUN_NOT_FOUND', (pdm) => pdm.queryDeviceLun('disk', 0, 2)],
    ['a top driver', 'found', (pdm) => pdm.queryLun('disk', 0, 0)],
    ['a top driver there is not', 'VERR_PDM_NO_DRIVER_ATTACHED_TO_LUN', (pdm) => pdm.queryLun('disk', 0, 1)],
    ['a driver on a LUN', 'found', (pdm) => pdm.queryDriverOnLun('disk', 0, 0, 'B')],
    [
      'a driver on an empty LUN',
      'VERR_PDM_NO_DRIVER_ATTACHED_TO_LUN',
      (pdm) => pdm.queryDriverOnLun('disk', 0, 1, 'B'),
    ],
    ['a driver that is elsewhere', 'VERR_PDM_DRIVER_NOT_FOUND', (pdm) => pdm.queryDriverOnLun('disk', 0, 0, 'Deaf')],
  ];
  for (const [what, status, query] of queries) {
    it(`${what}: ${status}`, async () => {
      const { vm, pdm } = await machine();
      const result = await failureStatus(Promise.resolve().then(() => query(pdm)));
      expect(result).to.equal(status === 'found' ? 'no failure' : status);
      if (status === 'found') expect(queryInterface(query(pdm) as never, Base)).to.equal(query(pdm));
      await vm.end();
    });
  }

  it('lists the instances of a driver, until the callback fails', async () => {
    const { vm, pdm } = await machine();
    const seen: string[] = [];
    pdm.driverEnumInstances('B', (_base, owner, instance) => seen.push(`${owner}/${instance}`));
    expect(seen).to.deep.equal(['disk/0', 'disk/0']);
    const stop = () => {
      seen.push('stop');
      throw new Error('enough');
    };
    expect(() => pdm.driverEnumInstances('B', stop)).to.throw('enough');
    expect(seen).to.have.length(3);
    expect(() => pdm.driverEnumInstances('X', stop)).to.throw('VERR_PDM_DRIVER_NOT_FOUND');
    await vm.end();
  });

  it('lists those of USB devices and of other devices alike', async () => {
    const { vm, pdm } = await machine();
    const seen: string[] = [];
    pdm.driverEnumInstances('Deaf', (_base, owner, instance) => seen.push(`${owner}/${instance}`));
    expect(seen).to.deep.equal(['still/1']);
    await vm.end();
  });
});

describe('attaching at run time', () => {
  it('calls the device of an empty LUN', async () => {
    const { vm, log, pdm } = await machine();
    vm.vm.config?.child('Devices/disk/0')?.insertNode('LUN#1').insertString('Driver', 'A');
    const attached = await pdm.deviceAttach('disk', 0, 1);
    expect(take(log)).to.deep.equal(['disk/0 attach(1)', 'A/2 construct']);
    expect(attached).to.equal(pdm.queryLun('disk', 0, 1));
    await vm.end();
  });

  it('calls the bottom driver of a chain', async () => {
    const { vm, log, pdm } = await machine();
    await pdm.driverDetach('disk', 0, 0, 'A', 1);
    expect(driversOf(vm, 'disk')).to.equal('A>B');
    take(log);
    await pdm.driverAttach('disk', 0, 0);
    expect(driversOf(vm, 'disk')).to.equal('A>B>A>B');
    expect(take(log)[0]).to.equal('B/0 attach');
    await vm.end();
  });

  it('of a driver to an empty LUN is that of the device', async () => {
    const { vm, log, pdm } = await machine();
    await pdm.deviceDetach('disk', 0, 0);
    take(log);
    const attached = await pdm.driverAttach('disk', 0, 0);
    expect(take(log)[0]).to.equal('disk/0 attach(0)');
    expect(attached).to.equal(pdm.queryLun('disk', 0, 0));
    await vm.end();
  });

  const refused: readonly (readonly [what: string, status: string, call: (pdm: Pdm) => Promise<unknown>])[] = [
    ['to a LUN with a driver', 'VERR_PDM_DRIVER_ALREADY_ATTACHED', (pdm) => pdm.deviceAttach('disk', 0, 0)],
    ['to a device that does not', 'VERR_PDM_DEVICE_NO_RT_ATTACH', (pdm) => pdm.deviceAttach('still', 0, 0)],
    [
      'to a device that does not, with a driver',
      'VERR_PDM_DEVICE_NO_RT_ATTACH',
      (pdm) => pdm.deviceAttach('still', 1, 0),
    ],
    ['below a driver that does not', 'VERR_PDM_DRIVER_NO_RT_ATTACH', (pdm) => pdm.driverAttach('still', 1, 0)],
    ['of what is not configured', 'VERR_PDM_NO_ATTACHED_DRIVER', (pdm) => pdm.deviceAttach('disk', 0, 1)],
    ['with unknown flags', 'VERR_INVALID_FLAGS', (pdm) => pdm.deviceAttach('disk', 0, 1, 4)],
    ['without callbacks', 'VERR_INVALID_FLAGS', (pdm) => pdm.driverAttach('disk', 0, 1, 2)],
    ['to no LUN', 'VERR_PDM_LUN_NOT_FOUND', (pdm) => pdm.driverAttach('disk', 0, 9)],
    ['again', 'VERR_NOT_IMPLEMENTED', (pdm) => pdm.driverReattach('disk', 0, 0)],
  ];
  for (const [what, status, call] of refused) {
    it(`${what}: ${status}`, async () => {
      const { vm, pdm } = await machine();
      expect(await failureStatus(call(pdm))).to.equal(status);
      await vm.end();
    });
  }
});

describe('detaching at run time', () => {
  const rows: readonly (readonly [
    what: string,
    result: string,
    left: string,
    args: readonly [lun: number, driver?: string | undefined, occurrence?: number, flags?: number],
  ])[] = [
    ['the whole chain', 'VINF_SUCCESS', '', [0]],
    ['the first of a name', 'VINF_SUCCESS', 'A', [0, 'B']],
    ['the second of a name', 'VINF_SUCCESS', 'A>B>A', [0, 'B', 1]],
    ['a third of a name', 'VERR_PDM_DRIVER_INSTANCE_NOT_FOUND', 'A>B>A>B', [0, 'B', 2]],
    ['another name', 'VERR_PDM_DRIVER_INSTANCE_NOT_FOUND', 'A>B>A>B', [0, 'Deaf']],
    ['the second of no name', 'VERR_INVALID_PARAMETER', 'A>B>A>B', [0, undefined, 1]],
    ['an empty LUN', 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN', 'A>B>A>B', [1]],
    ['an empty LUN by name', 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN', 'A>B>A>B', [1, 'A']],
    ['no LUN', 'VERR_PDM_LUN_NOT_FOUND', 'A>B>A>B', [7]],
    ['not as a hot plug', 'VINF_SUCCESS', 'A', [0, 'B', 0, 1]],
    ['without callbacks', 'VERR_INVALID_FLAGS', 'A>B>A>B', [0, 'B', 0, 2]],
  ];
  for (const [what, result, left, args] of rows) {
    it(`${what}: ${result}`, async () => {
      const { vm, pdm } = await machine();
      const outcome = await pdm.driverDetach('disk', 0, ...args).catch((error: { status: string }) => error.status);
      expect([outcome, driversOf(vm, 'disk')]).to.deep.equal([result, left]);
      await vm.end();
    });
  }

  it('while the machine runs', async () => {
    const { vm, log, pdm } = await machine();
    await vm.uvm.powerOn();
    take(log);
    await pdm.driverDetach('disk', 0, 0, 'A', 1);
    await pdm.driverAttach('disk', 0, 0);
    // What was attached while the machine runs is not powered on: it knows from the state.
    expect(take(log).filter((line) => line.endsWith('powerOn'))).to.deep.equal([]);
    await vm.uvm.suspend('USER');
    expect(take(log).filter((line) => line.endsWith('suspend'))).to.deep.equal([
      'A/0 suspend',
      'B/0 suspend',
      'A/2 suspend',
      'B/2 suspend',
      'disk/0 suspend',
      'Deaf/0 suspend',
    ]);
    await vm.end();
  });
});

describe('operations at the same time', () => {
  it('are done one after another, wherever they come from', async () => {
    const log: string[] = [];
    const slow = () => new Promise<void>((resolve) => setImmediate(resolve));
    const vm = await createMachine({
      cpuCount: 3,
      devices: [notingDevice('disk', log)],
      drivers: [
        notingDriver('A', log, {}, (instance) => ({
          construct: async () => {
            await slow();
            log.push(`A/${instance.instance} constructed`);
          },
          destruct: async () => {
            await slow();
            log.push(`A/${instance.instance} destructed`);
          },
        })),
      ],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('A') } } } },
    });
    const pdm = managerOf(vm);
    take(log);
    const results = await Promise.all([
      pdm.deviceDetach('disk', 0, 0),
      pdm.deviceAttach('disk', 0, 0).then(() => 'attached'),
      vm.uvm.emts.requests.callWait(1, () => pdm.deviceDetach('disk', 0, 0)),
      pdm.deviceDetach('disk', 0, 0),
    ]);
    // Which of the last two comes first is the queues' business.
    expect(results.slice(0, 2)).to.deep.equal(['VINF_SUCCESS', 'attached']);
    expect(results.slice(2)).to.have.members(['VINF_SUCCESS', 'VINF_PDM_NO_DRIVER_ATTACHED_TO_LUN']);
    expect(take(log).filter((line) => line.startsWith('A'))).to.deep.equal([
      'A/0 destructed',
      'A/1 constructed',
      'A/1 destructed',
    ]);
    await vm.end();
  });

  it('by callbacks: a driver that was detached meanwhile is not told', async () => {
    const log: string[] = [];
    const vm = await createMachine({
      devices: [notingDevice('disk', log)],
      drivers: [
        notingDriver('A', log, {}, (instance) => ({ powerOn: () => instance.detach() })),
        notingDriver('B', log),
      ],
      config: { Devices: { disk: { 0: { 'LUN#0': chain('A', 'B') } } } },
    });
    take(log);
    await vm.uvm.powerOn();
    expect(take(log)).to.deep.equal(['A/0 detach(0)', 'B/0 destruct', 'disk/0 powerOn']);
    await vm.end();
  });
});
