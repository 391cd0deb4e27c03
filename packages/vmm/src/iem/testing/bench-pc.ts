import { i8237A, i8254, i8259, mc146818For, pckbd, serial } from '../../devices/index.js';
import { DeviceBench } from '../../devices/testing.js';
import { char, KeyboardEnd, mainKeyboard, memoryStream, StreamEnd } from '../../drivers/index.js';
import { BenchChain } from '../../drivers/testing.js';
import type { DeviceRegistration } from '../../pdm/device.js';
import { queryInterface } from '../../pdm/interface-ids.js';
import { Cpu8086 } from '../cpu.js';
import { IF } from '../flags.js';
import { FlatMemory, MEMORY_SIZE } from '../memory.js';
import { iemUnit } from '../unit.js';
import { noise } from './noise.js';

/*
 * The machine of examples/guests with the devices that come with this package, on their bench: a CPU whose steps take
 * time, and RAM that is saved. Without a VM around it, so that a test can stop it between any two steps.
 */

/** Nanoseconds of a step. */
const STEP = 500n;
/** Steps between two looks at the clock. */
const SLICE = 64;
/** Longest time that the machine is left alone when nothing is due. */
const LONG = 1_000_000_000n;
/** What the CPU reads when the interrupt controller has nothing after all. */
const SPURIOUS = 0x0f;

const devices: readonly DeviceRegistration[] = [i8259, i8254, mc146818For(() => 0), i8237A, pckbd, serial, noise];

export class BenchPc {
  readonly bench: DeviceBench;
  readonly cpu: Cpu8086;
  /** Who types. */
  readonly keys: KeyboardEnd;
  readonly #end: StreamEnd;
  /** What this machine has written to COM1. */
  output = '';

  private constructor(bench: DeviceBench, keys: KeyboardEnd, end: StreamEnd) {
    const { bus } = bench;
    this.bench = bench;
    this.keys = keys;
    this.#end = end;
    const sync = (): void => {
      if (bus.intr === this.cpu.interruptLine) return;
      this.cpu.interruptLine = bus.intr;
      this.cpu.stop();
    };
    this.cpu = new Cpu8086({
      memory: new FlatMemory(bus.ram),
      io: {
        readByte: (port) => {
          const value = bus.in(port);
          sync();
          return value;
        },
        writeByte: (port, value) => {
          bus.out(port, value);
          this.#dma();
          sync();
        },
      },
      acknowledge: () => {
        const vector = bus.acknowledge() ?? SPURIOUS;
        sync();
        return vector;
      },
    });
    bench.registry.register(iemUnit(this.cpu));
    bench.registry.register({
      name: 'ram',
      version: 1,
      saveExec: (stream) => stream.putMem(bus.ram),
      loadExec: (stream) => void stream.getMem(bus.ram),
    });
  }

  /** A machine that is off. */
  static async create(): Promise<BenchPc> {
    const chain = new BenchChain([char], [memoryStream]);
    const keyboard = new BenchChain([mainKeyboard]);
    const bench = new DeviceBench({
      ram: MEMORY_SIZE,
      utc: 1_700_000_000_000_000_000n,
      drivers: { 'serial/0': chain.attach, 'pckbd/0': keyboard.attach },
    });
    for (const device of devices) await bench.add(device);
    const keys = queryInterface(keyboard.bottom, KeyboardEnd) as KeyboardEnd;
    return new BenchPc(bench, keys, queryInterface(chain.bottom, StreamEnd) as StreamEnd);
  }

  /** A machine that runs a program. */
  static async boot(program: Uint8Array): Promise<BenchPc> {
    const pc = await BenchPc.create();
    pc.bench.bus.ram.set(program, 0x7c00);
    Object.assign(pc.cpu.registers, { cs: 0, ip: 0x7c00 });
    await pc.bench.powerOn();
    return pc;
  }

  /**
   * A machine that goes on from a saved state, and with what was written before.
   *
   * @param forgotten name of a unit that is not loaded.
   */
  static async resume(state: Uint8Array, output: string, forgotten?: string): Promise<BenchPc> {
    const pc = await BenchPc.create();
    const { registry } = pc.bench;
    const unit = forgotten === undefined ? undefined : registry.find(forgotten, 0);
    if (unit !== undefined) {
      registry.deregister(unit);
      registry.registerStub(unit.name);
    }
    await pc.bench.load(state);
    pc.cpu.interruptLine = pc.bench.bus.intr;
    pc.output = output;
    await pc.bench.resume();
    return pc;
  }

  /** Nanoseconds since the machine was made. */
  get now(): bigint {
    return this.bench.time.host.now();
  }

  /** Makes steps, until there were so many, the guest has stopped for good, or it is so late. @returns whether it has stopped. */
  run(limit: number, until?: bigint): boolean {
    const { bench, cpu } = this;
    for (let left = limit; left > 0 && (until === undefined || this.now < until); ) {
      let ns: bigint;
      if (cpu.idle) {
        if ((cpu.registers.flags & IF) === 0) return true;
        ns = this.#untilDue();
        left--;
      } else {
        const steps = cpu.run(Math.min(left, SLICE));
        ns = BigInt(steps) * STEP;
        left -= steps;
      }
      bench.runFor(ns);
      this.#dma();
      cpu.interruptLine = bench.bus.intr;
      this.output += this.#end.takeText();
    }
    return false;
  }

  /** The machine as a saved state, and what was written until then. */
  async save(): Promise<{ state: Uint8Array; output: string }> {
    const state = await this.bench.save();
    this.output += this.#end.takeText();
    return { state, output: this.output };
  }

  #untilDue(): bigint {
    const { deadline } = this.bench.tm;
    if (deadline === undefined) return LONG;
    return deadline > this.now ? deadline - this.now : 1n;
  }

  #dma(): void {
    const { bus } = this.bench;
    if (bus.dmaScheduled === 0) return;
    bus.dmaScheduled = 0;
    while (bus.dmac.run());
  }
}
