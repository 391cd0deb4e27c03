import { MemorySink } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { Executor } from '../emt/index.js';
import { mm } from '../mm/index.js';
import type { Cell } from '../stam/index.js';
import type { VmOptions } from '../vm/index.js';
import { memorySource, requestSoftReset, TestVm } from '../vm/testing.js';
import type { Vm } from '../vm/vm.js';
import { pgm } from './subsystem.js';

const create = (options: VmOptions = {}, size = 0x20_0000) =>
  TestVm.create({
    subsystems: [mm(), pgm()],
    configure: (root) => void root.insertInteger('RamSize', size).insertInteger('NumCPUs', options.cpuCount ?? 1),
    ...options,
  });

const sampleOf = ({ uvm }: TestVm, name: string) => (uvm.statistics.find(`/PGM/${name}`)!.sample as Cell<number>).value;

/** A guest that counts, in RAM, and copies the count all over a few pages. */
function counting(_idCpu: number, vm: Vm): Executor {
  let at = 0;
  return {
    run: () => {
      const memory = vm.pgm!;
      for (let i = 0; i < 100; i++) {
        const count = memory.readU32(0x1000) + 1;
        memory.writeU32(0x1000, count);
        at = (at + 52) % 0x8000;
        memory.writeU32(0x2000 + at, count);
      }
      return 'VINF_SUCCESS';
    },
  };
}

describe('the memory of a VM', () => {
  it('is there while the VM is, with unit, info item and samples', async () => {
    const vm = await create({ cpuCount: 1 });
    const { uvm } = vm;
    const memory = vm.vm.pgm!;
    expect([memory.ram.size, memory.ram.hole]).to.deep.equal([0x20_0000, 0x2000_0000]);
    expect(vm.vm.registry.units.map(({ name }) => name).slice(2, 4)).to.deep.equal(['mm', 'pgm']);
    memory.registerRom({ description: 'PC BIOS', address: 0xf0000, bytes: new Uint8Array(0x10000) });
    memory.createMmio({ description: 'HPET', size: 0x400, handlers: {} }).map(0xfed0_0000);
    memory.createMmio2({ device: 'vga', description: 'VRam', size: 0x1000 });
    memory.writeU8(0, 1);
    expect(await uvm.info.text('phys')).to.equal(
      [
        'From              To                Kind   Pages  What',
        '0000000000000000  000000000009ffff  ram      160  Conventional RAM',
        '00000000000f0000  00000000000fffff  rom       16  PC BIOS',
        '0000000000100000  00000000001fffff  ram      256  Extended RAM, 1-2MB',
        '00000000fed00000  00000000fed003ff  mmio       1  HPET',
        'not mapped                          mmio2      1  VRam',
        'CPU 0: A20 open',
        '',
      ].join('\n'),
    );
    const { data } = (await uvm.info.json('phys')) as unknown as { data: { ranges: unknown[] } };
    expect(data.ranges[1]).to.deep.equal({ kind: 'rom', address: 0xf0000, size: 0x10000, description: 'PC BIOS' });
    const sample = (name: string) => sampleOf(vm, name);
    expect(
      ['cAllPages', 'cPrivatePages', 'cZeroPages', 'cPureMmioPages'].map((name) => sample(`Page/${name}`)),
    ).to.deep.equal([434, 18, 415, 1]);
    memory.cpus[0]!.a20Enabled = false;
    expect([sample('CPU0/cA20Changes'), sample('CPU0/cGuestModeChanges')]).to.deep.equal([1, 0]);
    const inner = vm.vm;
    await vm.end();
    expect(inner.pgm).to.equal(undefined);
  });

  it('needs MM, and MM needs it', async () => {
    expect(await statusOf(() => create({ subsystems: [pgm()] }))).to.equal('VERR_WRONG_ORDER');
    expect(await statusOf(() => create({ subsystems: [mm()] }))).to.equal('VERR_WRONG_ORDER');
  });

  it('is saved while the guest runs and writes it, and goes on in another VM', async () => {
    const vm = await create({ executor: counting });
    await vm.uvm.powerOn();
    await vm.until(() => vm.vm.pgm!.readU32(0x1000) > 1000);
    const sink = new MemorySink();
    const { suspended, status } = await vm.uvm.save(sink);
    expect([suspended, status]).to.deep.equal([true, 'VINF_SUCCESS']);
    const there = vm.vm.pgm!.read(0, 0x10000);
    expect(vm.vm.pgm!.readU32(0x1000)).to.be.greaterThan(1000);
    expect(sampleOf(vm, 'LiveSave/cSavedPages')).to.be.at.least(416);
    const other = await create({ executor: counting });
    await other.uvm.load(memorySource(sink.bytes()));
    expect([...other.vm.pgm!.read(0, 0x10000)]).to.deep.equal([...there]);
    await other.uvm.resume('STATE_RESTORED');
    const count = other.vm.pgm!.readU32(0x1000);
    await other.until(() => other.vm.pgm!.readU32(0x1000) > count);
    await vm.end();
    await other.end();
  });

  it('of another size is refused before its pages are read', async () => {
    const vm = await create();
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    const sink = new MemorySink();
    await vm.uvm.save(sink);
    await vm.end();
    const other = await create({}, 0x30_0000);
    expect(await statusOf(() => other.uvm.load(memorySource(sink.bytes())))).to.equal(
      'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH',
    );
    expect(other.errors[0]?.where.unit ?? other.errors[0]?.message).to.contain('mm');
    await other.end();
  });

  const resets: readonly (readonly [what: string, clear: boolean | undefined, soft: boolean, left: number])[] = [
    ['a hard reset clears RAM', undefined, false, 0],
    ['a hard reset keeps RAM where it is to', false, false, 7],
    ['a soft reset keeps RAM', true, true, 7],
  ];
  for (const [what, clear, soft, left] of resets) {
    it(what, async () => {
      const options = clear === undefined ? {} : { clearRamAtReset: clear };
      const vm = await create({ subsystems: [mm(), pgm(options)] });
      const memory = vm.vm.pgm!;
      const bytes = Uint8Array.of(1);
      const rom = memory.registerRom({ description: 'ROM', address: 0xe0000, bytes, shadowed: true });
      rom.protect(4);
      memory.cpus[0]!.a20Enabled = false;
      memory.writeU8(0x500, 7);
      await vm.uvm.powerOn();
      if (soft) {
        requestSoftReset(vm.vm);
        await vm.until(() => vm.vm.resets.soft === 1);
      } else await vm.uvm.reset();
      expect(memory.readU8(0x500)).to.equal(left);
      expect([memory.readU8(0xe0000), memory.cpus[0]!.a20Enabled]).to.deep.equal(soft ? [0, false] : [1, true]);
      await vm.end();
    });
  }

  it('a CPU that is unplugged forgets its gate', async () => {
    const vm = await create({ cpuCount: 2 });
    const [first, second] = vm.vm.pgm!.cpus;
    first!.a20Enabled = false;
    second!.a20Enabled = false;
    await vm.uvm.powerOn();
    await vm.uvm.hotUnplugCpu(1);
    expect([first!.a20Enabled, second!.a20Enabled]).to.deep.equal([false, true]);
    await vm.end();
  });
});
