import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { TestVm } from '../vm/testing.js';
import type { DeviceHelpers, DriverHelpers, OwnerHelpers } from './helpers.js';
import type { AsyncFile, FileAccess } from './services/async-completion.js';
import { attachIfAny, chain, createMachine, emptyBase, managerOf, testDevice, testDriver } from './testing.js';

/*
 * Everything that an instance can register is registered, and counted before and after it goes
 */

const file: AsyncFile = {
  size: 0,
  read: async () => {},
  write: async () => {},
  flush: async () => {},
  close: async () => {
    openFiles--;
  },
};
let openFiles = 0;
const files: FileAccess = {
  open: async () => {
    openFiles++;
    return file;
  },
};

async function registerCommon(instance: OwnerHelpers): Promise<void> {
  const { name } = instance;
  instance.statRegister({ name: 'x', type: 'u32', sample: { value: 1 } });
  instance.statRegister({ name: `/Other/${name}${instance.instance}`, type: 'u32', sample: { value: 1 } });
  const queue = instance.queueCreate({ name, items: 2, create: () => 0, callback: () => true });
  queue.insert(queue.alloc()!);
  instance.queueCreate({ name: `${name} slow`, items: 2, interval: 10, create: () => 0, callback: () => true });
  await instance.threadCreate({ name, run: async (thread) => void (await thread.sleep(1_000_000)) });
  instance.critSectInit(name);
  instance.critSectRwInit(name);
  instance.taskCreate(name, () => {});
  const template = instance.asyncTemplateCreate(name, () => {});
  await instance.asyncEndpointOpen(template, 'x');
  instance.netShaperAttach('Lan');
}

async function registerDevice(instance: DeviceHelpers): Promise<void> {
  await registerCommon(instance);
  for (const clock of ['VIRTUAL', 'VIRTUAL_SYNC', 'REAL'] as const) {
    instance.timerCreate({ clock, name: `Timer ${clock}`.slice(0, 20), callback: () => {} }).setMillies(5);
  }
  instance.ssmRegister({ version: 1, saveExec: (stream) => void stream.putU8(1) });
  instance.ssmRegisterAsImposter('imposter', instance.instance, { version: 1 });
  instance.infoRegister({ name: 'device', description: 'x', handler: () => {} });
  instance.ioPortMap(0x100 + 16 * instance.instance, 8, {}, 'Ports');
  instance.ioPortCreate(4, {}, 'Unmapped');
  instance.mmioMap(0xd0000 + 0x2000 * instance.instance, 4096, {}, 'Registers');
  instance.mmioCreate(4096, {}, 'Unmapped');
  instance.mmio2Create(0, 8192, 'Memory');
  instance.romRegister(0xe0000 + 0x2000 * instance.instance, new Uint8Array(4096), 'ROM');
  if (instance.instance !== 0) return;
  instance.picRegister({ setIrq: () => {}, getInterrupt: () => undefined });
  instance.rtcRegister({ readCmos: () => 0, writeCmos: () => {} });
  instance.firmwareRegister({ isHardReset: () => true });
}

async function registerDriver(instance: DriverHelpers): Promise<void> {
  await registerCommon(instance);
  instance.timerCreate({ clock: 'REAL', name: 'Timer', callback: () => {} });
  instance.ssmRegister({ version: 1 });
  instance.infoRegister({ name: 'driver', description: 'x', handler: () => {} });
  instance.pollerRegister(() => {});
  instance.blockCacheRetain(
    { size: 10, read: async () => {}, write: async () => {}, flush: async () => {} },
    `${instance.name} ${instance.instance}`,
  );
}

/** How much there is of everything. */
function count(vm: TestVm): Record<string, number> {
  const { registry, tm, iom, pgm, firmware } = vm.vm;
  const pdm = managerOf(vm);
  return {
    timers: tm!.timers.length,
    units: registry.units.length,
    queues: pdm.queues.all.length,
    threads: pdm.threads.all.length,
    tasks: pdm.tasks.count,
    infoItems: vm.uvm.info.items.length,
    statistics: vm.uvm.statistics.entries().length,
    pollers: pdm.pollers.count,
    templates: pdm.asyncCompletion.templates,
    endpoints: pdm.asyncCompletion.endpoints,
    files: openFiles,
    filters: pdm.netShaper.count('Lan'),
    cacheUsers: pdm.blockCache.users.length,
    ports: iom!.ranges.length,
    memory: pgm!.mappings.length + pgm!.mmio.length + pgm!.mmio2.length + pgm!.roms.length,
    firmware: Number(firmware !== undefined),
  };
}

const drivers = (fails = '') =>
  ['Upper', 'Lower'].map((name) =>
    testDriver(name, (instance) => ({
      construct: async () => {
        await registerDriver(instance);
        await attachIfAny(instance.attach());
        if (name === fails) throw new SsmError('VERR_NO_MEMORY', 'was to fail');
      },
      attach: async () => void (await instance.attach()),
      detach: () => {},
    })),
  );

const device = (fails = false) =>
  testDevice('dev', (instance) => ({
    construct: async () => {
      await registerDevice(instance);
      await attachIfAny(instance.driverAttach(0, emptyBase, 'Out')).catch(() => {});
      if (fails) throw new SsmError('VERR_NO_MEMORY', 'was to fail');
    },
    attach: async () => void (await instance.driverAttach(0, emptyBase, 'Out')),
    detach: () => {},
  }));

const machine = (lun: object, fails = '') => ({
  devices: [device(fails === 'dev')],
  drivers: drivers(fails),
  config: {
    Devices: { dev: { 0: { Trusted: 1, 'LUN#0': lun }, 1: { Trusted: 1 } } },
    PDM: { NetworkShaper: { BwGroups: { Lan: { Max: 5 } } } },
  } as never,
  pdm: { files },
});

describe('what an instance has registered', () => {
  beforeEach(() => {
    openFiles = 0;
  });

  it('goes with a driver that is detached, and comes with one that is attached', async () => {
    const vm = await createMachine(machine(chain('Upper', 'Lower')));
    const all = count(vm);
    const pdm = managerOf(vm);
    await pdm.driverDetach('dev', 0, 0, 'Lower');
    const upper = count(vm);
    await pdm.deviceDetach('dev', 0, 0);
    const none = count(vm);
    for (const [key, total] of Object.entries(all)) {
      // A block cache without users has neither timer nor unit, and pollers share a timer.
      const shared = key === 'timers' ? 2 : key === 'units' ? 1 : 0;
      expect(upper[key]! - none[key]! - shared, key).to.equal(total - upper[key]!);
    }
    await pdm.deviceAttach('dev', 0, 0);
    expect(count(vm)).to.deep.equal(all);
    for (let i = 0; i < 20; i++) {
      await pdm.deviceDetach('dev', 0, 0);
      expect(count(vm)).to.deep.equal(none);
      await pdm.driverAttach('dev', 0, 0);
    }
    expect(count(vm)).to.deep.equal(all);
    await vm.end();
  });

  for (const fails of ['Upper', 'Lower']) {
    it(`goes with a driver whose constructor fails: ${fails}`, async () => {
      const bare = await createMachine({ ...machine({}), drivers: [] });
      const wanted = count(bare);
      await bare.end();
      const vm = await createMachine(machine(chain('Upper', 'Lower'), fails));
      expect(count(vm)).to.deep.equal(wanted);
      await vm.end();
    });
  }

  it('goes with the machine: nothing is left to be called, or counted', async () => {
    const vm = await createMachine(machine(chain('Upper', 'Lower')));
    const { tm, registry, iom, pgm } = vm.vm;
    const { info, statistics } = vm.uvm;
    const pdm = managerOf(vm);
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    await vm.uvm.resume('USER');
    await vm.end();
    expect({
      timers: tm!.timers.length,
      units: registry.units.filter(({ type }) => type !== 'internal').length,
      queues: pdm.queues.all.length,
      threads: pdm.threads.all.length,
      tasks: pdm.tasks.count,
      infoItems: info.items.filter(({ kind }) => kind !== 'internal').length,
      statistics: statistics.entries('/Devices/*|/Drivers/*|/Other/*|/PDM/*').length,
      templates: pdm.asyncCompletion.templates,
      files: openFiles,
      filters: pdm.netShaper.count('Lan'),
      cacheUsers: pdm.blockCache.users.length,
      ports: iom!.ranges.length,
      memory: pgm!.mmio.length + pgm!.mmio2.length + pgm!.roms.length,
      entries: pdm.owners().length,
      registrations: pdm.drivers.names.length + pdm.devices.names.length,
      waiting: vm.timers.waiting,
    }).to.deep.equal({
      timers: 0,
      units: 0,
      queues: 0,
      threads: 0,
      tasks: 0,
      infoItems: 0,
      statistics: 0,
      templates: 0,
      files: 0,
      filters: 0,
      cacheUsers: 0,
      ports: 0,
      memory: 0,
      entries: 0,
      registrations: 0,
      waiting: 0,
    });
  });

  it('goes when the creation fails', async () => {
    const failure = await createMachine(machine(chain('Upper', 'Lower'), 'dev')).catch(
      (error: SsmError) => error.status,
    );
    expect(failure).to.equal('VERR_NO_MEMORY');
    expect(openFiles).to.equal(0);
  });
});
