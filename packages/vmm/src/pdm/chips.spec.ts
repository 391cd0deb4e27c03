import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { Slice } from '../emt/index.js';
import type { DmacCallbacks, PicHelpers } from './device.js';
import type { DeviceHelpers } from './helpers.js';
import { createMachine, creationFailure, managerOf, onEmt, testDevice } from './testing.js';

const attempt = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as SsmError).status;
  }
};

/** A machine with a PIC that has one line, a DMA controller that counts, a clock, and a device that uses them. */
async function machine(cpuCount = 1) {
  const log: string[] = [];
  const state = { vector: 0x20 as number | undefined, runs: 0 };
  let lines: PicHelpers | undefined;
  let user: DeviceHelpers | undefined;
  const cmos = new Uint8Array(128);
  const pic = testDevice('pic', (instance) => ({
    construct: () => {
      lines = instance.picRegister({
        setIrq: (irq, level) => void log.push(`irq ${irq} ${level}`),
        getInterrupt: () => state.vector,
      });
    },
  }));
  const dmac: DmacCallbacks = {
    run: () => {
      log.push('run');
      return --state.runs > 0;
    },
    register: (channel) => void log.push(`register ${channel}`),
    readMemory: (_channel, bytes) => bytes.fill(7).length,
    writeMemory: (_channel, bytes) => bytes.length,
    setDreq: (channel, level) => void log.push(`dreq ${channel} ${level}`),
    channelMode: (channel) => 0x40 | channel,
  };
  const vm = await createMachine({
    cpuCount,
    devices: [
      { ...pic, classes: 0x20 },
      testDevice('dmac', (instance) => ({ construct: () => instance.dmacRegister(dmac) }), { classes: 0x100 }),
      testDevice(
        'rtc',
        (instance) => ({
          construct: () =>
            instance.rtcRegister({
              readCmos: (address) => cmos[address]!,
              writeCmos: (address, value) => {
                cmos[address] = value;
              },
            }),
        }),
        { classes: 0x80 },
      ),
      testDevice('user', (instance) => {
        user = instance;
        return { construct: () => instance.dmaRegister(1, (_channel, position) => position) };
      }),
    ],
    config: { Devices: { pic: { 0: {} }, dmac: { 0: {} }, rtc: { 0: {} }, user: { 0: {} } } },
  });
  return { vm, log, state, lines: lines!, user: user!, pdm: managerOf(vm) };
}

describe('interrupts', () => {
  it('go from a device to the controller, and from there to CPU 0', async () => {
    const { vm, log, lines, user, pdm } = await machine(2);
    user.isaSetIrq(4, 'FLIP_FLOP');
    expect(log).to.include('irq 4 FLIP_FLOP');
    expect(pdm.getInterrupt(0)).to.equal(undefined);
    lines.setInterruptFF();
    expect(vm.vm.cpus.map((cpu) => cpu.isPending('PIC'))).to.deep.equal([true, false]);
    expect([pdm.getInterrupt(1), pdm.getInterrupt(0)]).to.deep.equal([undefined, 0x20]);
    lines.clearInterruptFF();
    expect(pdm.getInterrupt(0)).to.equal(undefined);
    await vm.end();
  });

  it('that have gone have no vector, and nothing is pending then', async () => {
    const { vm, lines, state, pdm } = await machine();
    lines.setInterruptFF();
    state.vector = undefined;
    expect(pdm.getInterrupt(0)).to.equal(undefined);
    expect(vm.vm.cpus[0]?.isPending('PIC')).to.equal(false);
    await vm.end();
  });

  it('wake a CPU that has halted', async () => {
    const { vm, lines } = await machine();
    const slices: Slice[] = [];
    vm.vm.cpus[0]!.executor = {
      run: (slice) => {
        slices.push(slice);
        return 'VINF_EM_HALT';
      },
    };
    await vm.uvm.powerOn();
    await vm.settle();
    const before = slices.length;
    await vm.settle();
    expect(slices.length).to.equal(before);
    lines.setInterruptFF();
    await vm.settle();
    expect(slices.length).to.be.greaterThan(before);
    await vm.end();
  });

  it('and DMA are forgotten when the machine is reset', async () => {
    const { vm, lines, pdm } = await machine();
    await vm.uvm.powerOn();
    await vm.uvm.suspend('USER');
    lines.setInterruptFF();
    vm.vm.cpus[0]!.setPending('NMI', true);
    pdm.chips.isDmaPending = true;
    await vm.uvm.reset();
    const [cpu] = vm.vm.cpus;
    expect([cpu!.isPending('PIC'), cpu!.isPending('NMI'), pdm.chips.isDmaPending]).to.deep.equal([false, false, false]);
    await vm.end();
  });

  it('of a CPU that is unplugged are forgotten', async () => {
    const { vm } = await machine(2);
    vm.vm.cpus[1]!.setPending('APIC', true);
    vm.vm.cpus[0]!.setPending('APIC', true);
    await vm.uvm.hotUnplugCpu(1);
    await vm.settle();
    expect(vm.vm.cpus.map((cpu) => cpu.isPending('APIC'))).to.deep.equal([true, false]);
    await vm.end();
  });
});

describe('DMA', () => {
  it('runs on EMT(0) until the controller has nothing more to do', async () => {
    const { vm, log, state, user } = await machine();
    await vm.uvm.powerOn();
    state.runs = 3;
    log.length = 0;
    user.dmaSchedule();
    await vm.settle();
    expect(log).to.deep.equal(['run', 'run', 'run']);
    await vm.end();
  });

  it('is looked at when a device asks for it, and waits while the machine does not run', async () => {
    const { vm, log, user } = await machine();
    user.dmaSetDreq(1, true);
    await vm.settle();
    expect(log).to.deep.equal(['register 1', 'dreq 1 true']);
    await vm.uvm.powerOn();
    await vm.settle();
    expect(log).to.deep.equal(['register 1', 'dreq 1 true', 'run']);
    user.dmaSetDreq(1, false);
    await vm.settle();
    expect(log.slice(3)).to.deep.equal(['dreq 1 false']);
    await vm.end();
  });

  it('reaches memory through the controller', async () => {
    const { vm, user } = await machine();
    const bytes = new Uint8Array(4);
    expect([user.dmaReadMemory(1, bytes, 0), [...bytes]]).to.deep.equal([4, [7, 7, 7, 7]]);
    expect([user.dmaWriteMemory(1, bytes, 0), user.dmaGetChannelMode(2)]).to.deep.equal([4, 0x42]);
    await vm.end();
  });
});

describe('the CMOS memory', () => {
  it('is the clock’s', async () => {
    const { vm, user } = await machine();
    user.cmosWrite(0x10, 0x44);
    expect(user.cmosRead(0x10)).to.equal(0x44);
    await vm.end();
  });
});

describe('chips', () => {
  const missing: readonly (readonly [what: string, status: string, use: (helpers: DeviceHelpers) => unknown])[] = [
    ['an interrupt controller', 'VERR_PDM_NO_PIC_INSTANCE', (helpers) => helpers.isaSetIrq(1, 'HIGH')],
    ['a DMA controller', 'VERR_PDM_NO_DMAC_INSTANCE', (helpers) => helpers.dmaSetDreq(1, true)],
    ['a DMA controller to read', 'VERR_PDM_NO_DMAC_INSTANCE', (h) => h.dmaReadMemory(1, new Uint8Array(1), 0)],
    ['a clock', 'VERR_PDM_NO_RTC_INSTANCE', (helpers) => helpers.cmosRead(0)],
  ];
  for (const [what, status, use] of missing) {
    it(`without ${what}: ${status}`, async () => {
      let helpers: DeviceHelpers | undefined;
      const device = testDevice('user', (instance) => {
        helpers = instance;
        return {};
      });
      const vm = await createMachine({ devices: [device], config: { Devices: { user: { 0: {} } } } });
      expect(attempt(() => use(helpers!))).to.equal(status);
      await vm.end();
    });
  }

  it('are there once', async () => {
    const pic = (name: string) =>
      testDevice(name, (instance) => ({
        construct: () => void instance.picRegister({ setIrq: () => {}, getInterrupt: () => undefined }),
      }));
    const config = { Devices: { pic: { 0: {} }, other: { 0: {} } } };
    expect(await creationFailure({ devices: [pic('pic'), pic('other')], config })).to.equal('VERR_ALREADY_EXISTS');
  });

  it('are complete', async () => {
    const device = testDevice('pic', (instance) => ({
      construct: () => void instance.picRegister({ setIrq: () => {} } as never),
    }));
    const config = { Devices: { pic: { 0: {} } } };
    expect(await creationFailure({ devices: [device], config })).to.equal('VERR_INVALID_PARAMETER');
  });

  it('are registered on an EMT', async () => {
    let helpers: DeviceHelpers | undefined;
    const device = testDevice('pic', (instance) => {
      helpers = instance;
      return {};
    });
    const vm = await createMachine({ devices: [device], config: { Devices: { pic: { 0: {} } } } });
    const register = () => helpers!.rtcRegister({ readCmos: () => 0, writeCmos: () => {} });
    expect(attempt(register)).to.equal('VERR_VM_THREAD_NOT_EMT');
    expect(await onEmt(vm, () => attempt(register))).to.equal(undefined);
    await vm.end();
  });
});
