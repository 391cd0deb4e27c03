import { MemorySink, MemorySource, openState } from '@ssmkit/runtime';
import { readScreen } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { builtinDrivers, DisplayEnd, KeyboardEnd, StreamEnd } from '../drivers/index.js';
import { ManualTimers } from '../emt/index.js';
import { iom } from '../iom/index.js';
import { mm } from '../mm/index.js';
import type { DeviceRegistration } from '../pdm/device.js';
import type { DriverRegistration } from '../pdm/driver.js';
import { pdm } from '../pdm/index.js';
import { type InterfaceId, queryInterface } from '../pdm/interface-ids.js';
import { createMachine, managerOf } from '../pdm/testing.js';
import { pgm } from '../pgm/index.js';
import { tm } from '../tm/index.js';
import { createVm } from '../vm/index.js';
import type { TestVm } from '../vm/testing.js';
import { builtinDevices } from './index.js';

/*
 * All devices and drivers in one machine, as PDM makes them of a configuration. Each by itself is tried on a bench; here
 * they share a PDM, an I/O space, a memory, and a saved state.
 */

const devices: DeviceRegistration[] = [];
const drivers: DriverRegistration[] = [];
builtinDevices({ register: (device) => void devices.push(device) });
builtinDrivers({ register: (driver) => void drivers.push(driver) });

const plain = { 0: { Trusted: 1 } };
const config: ConfigLiteral = {
  Devices: {
    i8259: plain,
    i8254: plain,
    mc146818: plain,
    '8237A': plain,
    pckbd: { 0: { Trusted: 1, 'LUN#0': { Driver: 'MainKeyboard' }, 'LUN#1': { Driver: 'MainMouse' } } },
    serial: {
      0: { 'LUN#0': { Driver: 'Char', AttachedDriver: { Driver: 'MemoryStream' } } },
      1: { Config: { IRQ: 3, IOBase: 0x2f8 }, 'LUN#0': { Driver: 'Char', AttachedDriver: { Driver: 'NullStream' } } },
    },
    vga: { 0: { 'LUN#0': { Driver: 'MainDisplay' } } },
    VMMDev: plain,
  },
};

class Pc {
  readonly vm: TestVm;

  constructor(vm: TestVm) {
    this.vm = vm;
  }

  static async create(): Promise<Pc> {
    return new Pc(await createMachine({ devices, drivers, config }));
  }

  in(port: number): number {
    return this.vm.vm.iom!.read(port, 1);
  }

  out(port: number, ...values: number[]): void {
    for (const value of values) this.vm.vm.iom!.write(port, value, 1);
  }

  end<T>(device: string, lun: number, driver: string, id: InterfaceId<T>): T {
    return queryInterface(managerOf(this.vm).queryDriverOnLun(device, 0, lun, driver), id)!;
  }

  get com1(): StreamEnd {
    return this.end('serial', 0, 'MemoryStream', StreamEnd);
  }

  async runFor(ns: bigint): Promise<void> {
    for (let left = ns; left > 0n; left -= 1_000_000n) {
      this.vm.timers.advance(left < 1_000_000n ? left : 1_000_000n);
      await this.vm.settle();
    }
  }
}

describe('devices in a machine', () => {
  it('work, are saved, and go on in another one', async function () {
    this.timeout(60_000);
    const first = await Pc.create();
    await first.vm.uvm.powerOn();
    // The guest writes to the screen, COM1 and the keyboard; the user types.
    for (const [i, character] of [...'Hello'].entries()) {
      first.vm.vm.pgm!.writeU16(0xb8000 + 2 * i, 0x0700 | character.charCodeAt(0));
    }
    first.out(0x3fb, 0x83);
    first.out(0x3f8, 1, 0x03);
    first.out(0x3f9, 0);
    first.out(0x3fb, 0x03);
    first.out(0x3fa, 0x01);
    first.out(0x3f8, ...'serial'.split('').map((character) => character.charCodeAt(0)));
    first.end('pckbd', 0, 'MainKeyboard', KeyboardEnd).type('a');
    await first.runFor(2_000_000n);
    expect(first.end('vga', 0, 'MainDisplay', DisplayEnd).text![0]).to.equal('Hello');
    await first.vm.uvm.suspend('USER');
    const sink = new MemorySink();
    await first.vm.uvm.save(sink);
    const before = first.com1.takeText();

    const second = await Pc.create();
    await second.vm.uvm.load(new MemorySource(sink.bytes()));
    await second.vm.uvm.resume('STATE_RESTORED');
    await second.runFor(10_000_000n);
    expect(before + second.com1.takeText()).to.equal('serial');
    expect([second.in(0x3fd), second.in(0x60), second.in(0x60), second.in(0x60)]).to.deep.equal([
      0x60, 0x1c, 0xf0, 0x1c,
    ]);
    expect(second.end('vga', 0, 'MainDisplay', DisplayEnd).text![0]).to.equal('Hello');
    expect((await readScreen(await openState(new MemorySource(sink.bytes())))).text()![0]).to.equal('Hello');
    for (const { vm } of [first, second]) {
      await vm.end();
      expect(vm.errors).to.deep.equal([]);
    }
  });

  it('the keyboard controller resets a machine that trusts it', async () => {
    const pc = await Pc.create();
    await pc.vm.uvm.powerOn();
    pc.out(0x64, 0xfe);
    await pc.vm.settle();
    expect(pc.vm.takeStates()).to.include('RESETTING');
    await pc.vm.end();
  });
});

describe('the default configuration', () => {
  it('is of devices that there are', async () => {
    const uvm = await createVm({
      timers: new ManualTimers(),
      subsystems: [mm(), pgm(), tm(), iom(), pdm({ builtin: { VBoxDD: { VBoxDevicesRegister: builtinDevices } } })],
    });
    await uvm.powerOn();
    await uvm.suspend('USER');
    const sink = new MemorySink();
    await uvm.save(sink);
    const state = await openState(new MemorySource(sink.bytes()));
    for (const name of ['8237A', 'VMMDev', 'i8254', 'i8259', 'mc146818', 'pckbd', 'vga']) await state.seek(name, 0);
    await uvm.powerOff();
    await uvm.destroy();
    uvm.release();
  });
});
