import type { ConfigLiteral } from '../../cfgm/index.js';
import { DisplayEnd, mainDisplay } from '../../drivers/index.js';
import { BenchChain } from '../../drivers/testing.js';
import { queryInterface } from '../../pdm/interface-ids.js';
import { DeviceBench } from '../testing.js';
import { type VgaDevice, vga } from './vga.js';

/** A graphics adapter with somebody in front of it. */
export interface VgaBench {
  readonly bench: DeviceBench;
  readonly device: VgaDevice;
  readonly display: DisplayEnd;
  in(port: number): number;
  out(port: number, ...values: number[]): void;
  /** Sets a register behind an index: port of the index, index, value. */
  set(port: number, index: number, value: number): void;
  get(port: number, index: number): number;
  /** Sets a register of the attribute controller, and turns the screen on again. */
  setAttribute(index: number, value: number): void;
  /** Guest memory. */
  peek(address: number): number;
  poke(address: number, ...values: number[]): void;
}

export async function vgaBench(config: ConfigLiteral = {}): Promise<VgaBench> {
  const chain = new BenchChain([mainDisplay]);
  const bench = new DeviceBench({ drivers: { 'vga/0': chain.attach } });
  const device = await bench.add(vga, { VRamSize: 1 << 18, ...config });
  await bench.powerOn();
  const { bus, memory } = bench;
  return {
    bench,
    device,
    display: queryInterface(chain.bottom, DisplayEnd)!,
    in: (port) => bus.in(port),
    out: (port, ...values) => {
      for (const value of values) bus.out(port, value);
    },
    set: (port, index, value) => {
      bus.out(port, index);
      bus.out(port + 1, value);
    },
    get: (port, index) => {
      bus.out(port, index);
      return bus.in(port + 1);
    },
    setAttribute: (index, value) => {
      bus.in(0x3da);
      bus.out(0x3c0, index);
      bus.out(0x3c0, value);
      bus.out(0x3c0, 0x20);
    },
    peek: (address) => memory.readU8(address),
    poke: (address, ...values) => {
      for (const [i, value] of values.entries()) memory.writeU8(address + i, value);
    },
  };
}
