import type { ConfigLiteral } from '../../cfgm/index.js';
import { char, memoryStream, StreamEnd } from '../../drivers/index.js';
import { BenchChain } from '../../drivers/testing.js';
import { queryInterface } from '../../pdm/interface-ids.js';
import { DeviceBench } from '../testing.js';
import { type SerialDevice, serial } from './serial.js';

/** COM1 of a machine, with a stream behind it. */
export interface SerialBench {
  readonly bench: DeviceBench;
  readonly port: SerialDevice;
  /** The other end of the line. */
  readonly end: StreamEnd;
  readonly chain: BenchChain;
  /** IN of a register. */
  in(register: number): number;
  /** OUT to a register. */
  out(register: number, value: number): void;
  /** Level of the interrupt line. */
  readonly irq: boolean;
}

/** A character at 115200 baud, 8N1, in nanoseconds. */
export const CHARACTER = 86_806n;

/**
 * @param options.limit bytes that the stream keeps.
 * @param options.isOn whether the machine runs; else it is to be loaded.
 */
export async function serialBench(
  config: ConfigLiteral = {},
  { limit = 1 << 20, isOn = true } = {},
): Promise<SerialBench> {
  const chain = new BenchChain([char], [memoryStream, { Limit: limit }]);
  const bench = new DeviceBench({ drivers: { 'serial/0': chain.attach } });
  const port = await bench.add(serial, config);
  if (isOn) await bench.powerOn();
  return {
    bench,
    port,
    chain,
    end: queryInterface(chain.bottom, StreamEnd)!,
    in: (register) => bench.bus.in(0x3f8 + register),
    out: (register, value) => void bench.bus.out(0x3f8 + register, value),
    get irq() {
      return bench.bus.irqs.at(-1) === '4 HIGH';
    },
  };
}

/** Sets 115200 baud, 8N1, and lets the interrupt through. */
export function program({ out }: SerialBench, { fcr = 0, ier = 0, divisor = 1 } = {}): void {
  out(3, 0x83);
  out(0, divisor & 0xff);
  out(1, divisor >> 8);
  out(3, 0x03);
  out(2, fcr);
  out(4, 0x0b);
  out(1, ier);
}
