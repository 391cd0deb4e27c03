import { loadState, MemorySink, MemorySource, putInto, Registry, type SsmError, saveState } from '@ssmkit/runtime';
import { PdmCpu, PdmDevice, Pdm as PdmState } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { TestVm } from '../vm/testing.js';
import { createMachine, managerOf, onEmt, testDevice } from './testing.js';
import { PDM_UNIT } from './unit.js';

type Device = readonly [name: string, instance: number];

const machine = (devices: readonly Device[], cpuCount = 1): Promise<TestVm> => {
  const names = [...new Set(devices.map(([name]) => name))];
  const config: Record<string, Record<string, object>> = {};
  for (const [name, instance] of devices) config[name] = { ...config[name], [instance]: {} };
  return createMachine({
    cpuCount,
    devices: names.map((name) => testDevice(name)),
    config: { Devices: config } as never,
  });
};

/** A state with nothing but the unit. */
async function stateWith(
  devices: readonly Device[],
  { version = 5, cpus = [new PdmCpu()], dma = 0 }: { version?: number; cpus?: PdmCpu[]; dma?: number } = {},
): Promise<Uint8Array> {
  const registry = new Registry();
  const unit = Object.assign(new PdmState(), {
    cpuCount: cpus.length,
    cpus,
    dma,
    devices: devices.map(([name, instance], index) => Object.assign(new PdmDevice(), { name, instance, index })),
  });
  const bytes = putInto((stream) => {
    for (const { apic, pic, nmi, smi } of cpus) {
      for (const flag of version < 4 ? [apic, pic] : [apic, pic, nmi, smi]) stream.putU32(flag);
    }
    stream.putU32(dma);
    for (const { index, name, instance } of unit.devices) {
      stream.putU32(index);
      stream.putStrZ(name);
      stream.putU32(instance);
    }
    stream.putU32(0xffffffff);
  });
  registry.register({ name: PDM_UNIT, instance: 1, version, saveExec: (stream) => void stream.putMem(bytes) });
  const sink = new MemorySink();
  await saveState(registry, sink);
  return sink.bytes();
}

const loadAll = (vm: TestVm, state: Uint8Array): Promise<string> =>
  vm.uvm.load(new MemorySource(state)).then(
    () => 'VINF_SUCCESS',
    (error: SsmError) => error.status,
  );

async function load(vm: TestVm, state: Uint8Array): Promise<string> {
  // Other units are no business of this test.
  for (const unit of [...vm.vm.registry.units]) {
    if (unit.type === 'internal' && !unit.name.startsWith('SSM') && unit.name !== PDM_UNIT) {
      vm.vm.registry.deregister({ type: 'internal', name: unit.name });
    }
  }
  return loadAll(vm, state);
}

const cpu = (flags: Partial<PdmCpu>) => Object.assign(new PdmCpu(), flags);

describe("the unit 'pdm'", () => {
  it('is saved and loaded: interrupts and DMA that wait', async () => {
    const devices: Device[] = [['pic', 0]];
    const first = await machine(devices, 2);
    first.vm.cpus[0]!.setPending('PIC', true);
    first.vm.cpus[1]!.setPending('NMI', true);
    first.vm.cpus[1]!.setPending('SMI', true);
    managerOf(first).chips.isDmaPending = true;
    await first.uvm.powerOn();
    managerOf(first).chips.isDmaPending = true;
    await first.uvm.suspend('USER');
    managerOf(first).chips.isDmaPending = true;
    const sink = new MemorySink();
    await first.uvm.save(sink);
    const second = await machine(devices, 2);
    second.vm.cpus[0]!.setPending('SMI', true);
    await second.uvm.load(new MemorySource(sink.bytes()));
    const pending = second.vm.cpus.map((one) =>
      (['APIC', 'PIC', 'NMI', 'SMI'] as const).filter((kind) => one.isPending(kind)),
    );
    expect(pending).to.deep.equal([['PIC'], ['NMI', 'SMI']]);
    expect(managerOf(second).chips.isDmaPending).to.equal(true);
    await first.end();
    await second.end();
  });

  const versions: readonly (readonly [version: number, status: string])[] = [
    [2, 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    [3, 'VINF_SUCCESS'],
    [4, 'VINF_SUCCESS'],
    [5, 'VINF_SUCCESS'],
    [6, 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
  ];
  for (const [version, status] of versions) {
    it(`of version ${version}: ${status}`, async () => {
      const vm = await machine([['pit', 0]]);
      const state = await stateWith([['pit', 0]], { version, cpus: [cpu({ pic: 1, smi: 1 })], dma: 1 });
      expect(await load(vm, state)).to.equal(status);
      if (status === 'VINF_SUCCESS') {
        const [one] = vm.vm.cpus;
        expect([one!.isPending('PIC'), one!.isPending('SMI')]).to.deep.equal([true, version >= 4]);
        expect(managerOf(vm).chips.isDmaPending).to.equal(true);
      }
      await vm.end();
    });
  }

  const flags: readonly (readonly [string, Parameters<typeof stateWith>[1]])[] = [
    ['an interrupt', { cpus: [cpu({ nmi: 2 })] }],
    ['DMA', { dma: 7 }],
  ];
  for (const [what, options] of flags) {
    it(`with something else than 0 or 1 for ${what} is refused`, async () => {
      const vm = await machine([['pit', 0]]);
      expect(await load(vm, await stateWith([['pit', 0]], options))).to.equal('VERR_SSM_DATA_UNIT_FORMAT_CHANGED');
      await vm.end();
    });
  }

  const differences: readonly (readonly [
    what: string,
    status: string,
    here: Device[],
    saved: Device[],
    version?: number,
  ])[] = [
    [
      'the same devices',
      'VINF_SUCCESS',
      [
        ['pit', 0],
        ['pic', 0],
      ],
      [
        ['pit', 0],
        ['pic', 0],
      ],
    ],
    [
      'in another order',
      'VINF_SUCCESS',
      [
        ['pit', 0],
        ['pic', 0],
      ],
      [
        ['pic', 0],
        ['pit', 0],
      ],
    ],
    [
      'a device less',
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
      [['pit', 0]],
      [
        ['pit', 0],
        ['pic', 0],
      ],
    ],
    [
      'a device more',
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
      [
        ['pit', 0],
        ['pic', 0],
      ],
      [['pit', 0]],
    ],
    ['another instance', 'VERR_SSM_LOAD_CONFIG_MISMATCH', [['pit', 1]], [['pit', 0]]],
    [
      'an APIC less',
      'VINF_SUCCESS',
      [['pit', 0]],
      [
        ['pit', 0],
        ['apic', 0],
      ],
    ],
    [
      'an APIC more',
      'VINF_SUCCESS',
      [
        ['pit', 0],
        ['apic', 0],
      ],
      [['pit', 0]],
    ],
    ['another APIC', 'VINF_SUCCESS', [['apic', 0]], [['apic-nem', 0]]],
    ['a TPM’s PPI more', 'VINF_SUCCESS', [['tpm-ppi', 0]], []],
    [
      'a TPM’s PPI less',
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
      [['pit', 0]],
      [
        ['pit', 0],
        ['tpm-ppi', 0],
      ],
    ],
    [
      'an old audio sniffer less',
      'VINF_SUCCESS',
      [['pit', 0]],
      [
        ['pit', 0],
        ['AudioSniffer', 0],
      ],
      4,
    ],
    [
      'an audio sniffer less',
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
      [['pit', 0]],
      [
        ['pit', 0],
        ['AudioSniffer', 0],
      ],
    ],
  ];
  for (const [what, status, here, saved, version = 5] of differences) {
    it(`of a machine with ${what}: ${status}`, async () => {
      const vm = await machine(here);
      expect(await load(vm, await stateWith(saved, { version }))).to.equal(status);
      await vm.end();
    });
  }

  it('of a machine with other devices is loaded to be looked at', async () => {
    const vm = await machine([['pit', 0]]);
    const sink = new MemorySink();
    await saveState(vm.vm.registry, sink);
    const other = await machine([['rtc', 1]]);
    await loadState(other.vm.registry, new MemorySource(sink.bytes()), { after: 'DEBUG_IT' });
    expect(other.log.filter((line) => line.startsWith('PDM: device '))).to.deep.equal([
      "PDM: device 'pit'/0 of the saved state is not in this machine",
      "PDM: device 'rtc'/1 of this machine is not in the saved state",
    ]);
    await vm.end();
    await other.end();
  });

  it('of a live save names the devices first, and so refuses another machine at once', async () => {
    const first = await machine([['pit', 0]]);
    await first.uvm.powerOn();
    const sink = new MemorySink();
    const { status } = await first.uvm.save(sink);
    expect(status).to.equal('VINF_SUCCESS');
    const same = await machine([['pit', 0]]);
    expect(await loadAll(same, sink.bytes())).to.equal('VINF_SUCCESS');
    const other = await machine([['pit', 1]]);
    expect(await loadAll(other, sink.bytes())).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
    expect(other.errors.at(-1)?.message).to.include("'pit'/0");
    for (const vm of [first, same, other]) await vm.end();
  });

  it('has queues empty before it is loaded', async () => {
    const handed: number[] = [];
    const device = testDevice('q', (instance) => ({
      construct: () => {
        const queue = instance.queueCreate<{ value: number }>({
          name: 'Q',
          items: 2,
          interval: 1000,
          create: () => ({ value: 0 }),
          callback: ({ value }) => {
            handed.push(value);
            return true;
          },
        });
        const item = queue.alloc()!;
        item.data.value = 9;
        queue.insert(item);
      },
    }));
    const vm = await createMachine({ devices: [device], config: { Devices: { q: { 0: {} } } } });
    await onEmt(vm, () => {});
    expect(handed).to.deep.equal([]);
    expect(await load(vm, await stateWith([['q', 0]]))).to.equal('VINF_SUCCESS');
    expect(handed).to.deep.equal([9]);
    await vm.end();
  });
});
