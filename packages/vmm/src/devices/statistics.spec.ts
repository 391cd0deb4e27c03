import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { builtinDrivers, KeyboardEnd, MouseEnd, StreamEnd } from '../drivers/index.js';
import type { DeviceRegistration } from '../pdm/device.js';
import type { DriverRegistration } from '../pdm/driver.js';
import { type InterfaceId, queryInterface } from '../pdm/interface-ids.js';
import { createMachine, managerOf } from '../pdm/testing.js';
import type { TestVm } from '../vm/testing.js';
import { builtinDevices } from './index.js';

/*
 * What devices count, as the statistics of a machine show it.
 */

const devices: DeviceRegistration[] = [];
const drivers: DriverRegistration[] = [];
builtinDevices({ register: (device) => void devices.push(device) });
builtinDrivers({ register: (driver) => void drivers.push(driver) });

const plain = { 0: { Trusted: 1 } };
const config: ConfigLiteral = {
  Devices: {
    ...{ i8259: plain, i8254: plain, mc146818: plain, '8237A': plain, vga: plain, VMMDev: plain },
    pckbd: { 0: { Trusted: 1, 'LUN#0': { Driver: 'MainKeyboard' }, 'LUN#1': { Driver: 'MainMouse' } } },
    serial: {
      0: { 'LUN#0': { Driver: 'Char', AttachedDriver: { Driver: 'MemoryStream' } } },
      1: { Config: { IRQ: 3, IOBase: 0x2f8 } },
    },
  },
};

const MS = 1_000_000n;

/** A machine of all devices, and what a guest on it does. */
class Machine {
  readonly #vm: TestVm;

  private constructor(vm: TestVm) {
    this.#vm = vm;
  }

  static async create(): Promise<Machine> {
    const vm = await createMachine({ devices, drivers, config });
    await vm.uvm.powerOn();
    return new Machine(vm);
  }

  get uvm() {
    return this.#vm.uvm;
  }

  in(port: number): number {
    return this.#vm.vm.iom!.read(port, 1);
  }

  out(port: number, ...values: number[]): void {
    for (const value of values) this.#vm.vm.iom!.write(port, value, 1);
  }

  end<T>(device: string, lun: number, driver: string, id: InterfaceId<T>): T {
    return queryInterface(managerOf(this.#vm).queryDriverOnLun(device, 0, lun, driver), id)!;
  }

  /** The CPU acknowledges what the interrupt controller has. */
  acknowledge(): number | undefined {
    return managerOf(this.#vm).getInterrupt(0);
  }

  async runFor(ns: bigint): Promise<void> {
    for (let left = ns; left > 0n; left -= MS) {
      this.#vm.timers.advance(left < MS ? left : MS);
      await this.#vm.settle();
    }
  }

  /** Lines of the statistics, with single blanks. */
  dump(pattern: string): string[] {
    const lines = this.uvm.statistics.dump(pattern).trimEnd().split('\n');
    return lines.map((line) => line.replace(/ +/g, ' '));
  }

  destroy(): Promise<void> {
    return this.#vm.end();
  }
}

interface Row {
  readonly what: string;
  readonly guest: (machine: Machine) => void | Promise<void>;
  readonly pattern: string;
  readonly lines: readonly string[];
}

const rows: readonly Row[] = [
  {
    what: 'the PIT counts its interrupts: ten in 100 ms at 100 Hz',
    guest: async (machine) => {
      machine.out(0x43, 0x34);
      machine.out(0x40, 0x9c, 0x2e);
      await machine.runFor(101n * MS);
    },
    pattern: '/Devices/i8254/*',
    lines: ['/Devices/i8254/Irq 10 times'],
  },
  {
    what: 'the PIC counts what is acknowledged, by IRQ; not the slave, and what was gone as spurious',
    guest: async (machine) => {
      machine.out(0x20, 0x11);
      machine.out(0x21, 0x08, 0x04, 0x03, 0x00);
      machine.out(0xa0, 0x11);
      machine.out(0xa1, 0x70, 0x02, 0x03, 0x00);
      machine.out(0x70, 0x0b);
      machine.out(0x71, 0x42);
      expect(machine.acknowledge()).to.equal(0x70);
      machine.out(0xa0, 0x20);
      machine.out(0x20, 0x20);
      machine.out(0x70, 0x0c);
      machine.in(0x71);
      await machine.runFor(MS);
      // The guest reads register C, so that the line falls, before the CPU has acknowledged.
      machine.in(0x71);
      expect(machine.acknowledge()).to.equal(0x77);
    },
    pattern: '/Devices/i8259/*',
    lines: ['/Devices/i8259/Irq8 1 times', '/Devices/i8259/Spurious 1 times'],
  },
  {
    what: 'the PIC counts what is polled',
    guest: (machine) => {
      machine.out(0x20, 0x11);
      machine.out(0x21, 0x08, 0x04, 0x03, 0x00);
      machine.out(0x3fc, 0x0b);
      machine.out(0x3f9, 0x02);
      machine.out(0x20, 0x0c);
      expect(machine.in(0x20)).to.equal(0x84);
    },
    pattern: '/Devices/i8259/*',
    lines: ['/Devices/i8259/Irq4 1 times'],
  },
  {
    what: 'the clock counts how often its line went up and down',
    guest: async (machine) => {
      machine.out(0x70, 0x0b);
      machine.out(0x71, 0x42);
      for (let i = 0; i < 3; i++) {
        machine.out(0x70, 0x0c);
        machine.in(0x71);
        await machine.runFor(MS);
      }
    },
    pattern: '/Devices/mc146818/*',
    lines: ['/Devices/mc146818/Irq 4 times', '/Devices/mc146818/IrqClear 3 times'],
  },
  {
    what: 'DMA counts transfers, and bytes: from memory to memory',
    guest: (machine) => {
      machine.out(0x08, 0x01);
      machine.out(0x0b, 0x88, 0x85);
      machine.out(0x00, 0x00, 0x10);
      machine.out(0x01, 0x1f, 0x00);
      machine.out(0x02, 0x00, 0x20);
      machine.out(0x03, 0x1f, 0x00);
      machine.out(0x09, 0x04);
    },
    pattern: '/Devices/8237A/*',
    lines: ['/Devices/8237A/TransferBytes 32 bytes', '/Devices/8237A/Transfers 1 times'],
  },
  {
    what: 'serial ports count bytes, each for itself',
    guest: async (machine) => {
      machine.out(0x3fb, 0x83);
      machine.out(0x3f8, 1);
      machine.out(0x3f9, 0);
      machine.out(0x3fb, 0x03);
      machine.out(0x3fa, 0x01);
      machine.out(0x3f8, 0x61, 0x62, 0x63);
      machine.end('serial', 0, 'MemoryStream', StreamEnd).sendText('hello');
      await machine.runFor(2n * MS);
      for (let i = 0; i < 5; i++) machine.in(0x3f8);
    },
    pattern: '/Devices/serial*',
    lines: [
      '/Devices/serial#0/BytesReceived 5 bytes',
      '/Devices/serial#0/BytesSent 3 bytes',
      '/Devices/serial#1/BytesReceived 0 bytes',
      '/Devices/serial#1/BytesSent 0 bytes',
    ],
  },
  {
    what: 'bytes that a save hands to the stream early are sent once; those of the loop never',
    guest: async (machine) => {
      machine.out(0x3fb, 0x03);
      machine.out(0x3fa, 0x01);
      machine.out(0x3f8, 0x61, 0x62, 0x63, 0x64);
      await machine.uvm.suspend('USER');
      await machine.uvm.resume('USER');
      await machine.runFor(100n * MS);
      machine.out(0x3fc, 0x10);
      machine.out(0x3f8, 0x65);
      await machine.runFor(100n * MS);
      expect(machine.end('serial', 0, 'MemoryStream', StreamEnd).takeText()).to.equal('abcd');
    },
    pattern: '/Devices/serial#0/*',
    lines: ['/Devices/serial#0/BytesReceived 0 bytes', '/Devices/serial#0/BytesSent 4 bytes'],
  },
  {
    what: 'keyboard and mouse count what the guest has got',
    guest: async (machine) => {
      machine.end('pckbd', 0, 'MainKeyboard', KeyboardEnd).type('ab');
      for (let i = 0; i < 6; i++) machine.in(0x60);
      machine.out(0x64, 0xd4);
      machine.out(0x60, 0xf4);
      machine.in(0x60);
      machine.end('pckbd', 1, 'MainMouse', MouseEnd).move(3, 4);
      for (let i = 0; i < 3; i++) machine.in(0x60);
    },
    pattern: '/Devices/pckbd/*',
    lines: ['/Devices/pckbd/KeyboardBytes 6 bytes', '/Devices/pckbd/MouseBytes 4 bytes'],
  },
];

describe('statistics of the devices', () => {
  for (const { what, guest, pattern, lines } of rows) {
    it(what, async () => {
      const machine = await Machine.create();
      await guest(machine);
      expect(machine.dump(pattern)).to.deep.equal(lines);
      await machine.destroy();
    });
  }

  it('go with the machine, as the info items do', async () => {
    const machine = await Machine.create();
    const { info, statistics } = machine.uvm;
    const items = () => info.items.filter(({ kind }) => kind === 'device').map(({ name }) => name);
    expect(items()).to.deep.equal(['cmos', 'dma', 'pckbd', 'pic', 'pit', 'rtc', 'serial0', 'serial1', 'vga', 'vmmdev']);
    for (const name of items()) expect(await info.text(name)).to.match(/\n$/);
    expect(statistics.entries('/Devices/*')).not.to.have.length(0);
    await machine.destroy();
    expect([items(), statistics.entries('/Devices/*')]).to.deep.equal([[], []]);
  });
});
