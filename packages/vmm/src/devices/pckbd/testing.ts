import { KeyboardEnd, MouseEnd, mainKeyboard, mainMouse } from '../../drivers/index.js';
import { BenchChain } from '../../drivers/testing.js';
import { queryInterface } from '../../pdm/interface-ids.js';
import { DeviceBench } from '../testing.js';
import { type PckbdDevice, pckbd } from './pckbd.js';

/** The controller, and somebody who types and points. */
export interface Ps2Bench {
  readonly bench: DeviceBench;
  readonly device: PckbdDevice;
  readonly keys: KeyboardEnd;
  readonly mouse: MouseEnd;
  /** Writes bytes to port 0x60. */
  data(...bytes: number[]): void;
  /** Writes a command to port 0x64, and its parameter to port 0x60. */
  command(command: number, parameter?: number): void;
  /** Port 0x64. */
  readonly status: number;
  /** Reads port 0x60 as long as there is something, up to so many bytes. */
  read(max?: number): number[];
  /** Sends bytes to the mouse. @returns what comes of it. */
  toMouse(...bytes: number[]): number[];
  /** Which of the two interrupt lines are high. */
  readonly irqs: readonly number[];
}

export async function ps2Bench(): Promise<Ps2Bench> {
  const chains = [new BenchChain([mainKeyboard]), new BenchChain([mainMouse])] as const;
  const bench = new DeviceBench({ drivers: { 'pckbd/0': chains[0].attach, 'pckbd/1': chains[1].attach } });
  const device = await bench.add(pckbd);
  await bench.powerOn();
  const { bus } = bench;
  const self: Ps2Bench = {
    bench,
    device,
    keys: queryInterface(chains[0].bottom, KeyboardEnd)!,
    mouse: queryInterface(chains[1].bottom, MouseEnd)!,
    data: (...bytes) => {
      for (const byte of bytes) bus.out(0x60, byte);
    },
    command: (command, parameter) => {
      bus.out(0x64, command);
      if (parameter !== undefined) bus.out(0x60, parameter);
    },
    get status() {
      return bus.in(0x64);
    },
    read: (max = 1000) => {
      const bytes: number[] = [];
      while (bytes.length < max && (self.status & 1) !== 0) bytes.push(bus.in(0x60));
      return bytes;
    },
    toMouse: (...bytes) =>
      bytes.flatMap((byte) => {
        self.command(0xd4, byte);
        return self.read();
      }),
    get irqs() {
      return [1, 12].filter((irq) => bus.irqs.findLast((each) => each.startsWith(`${irq} `)) === `${irq} HIGH`);
    },
  };
  return self;
}
