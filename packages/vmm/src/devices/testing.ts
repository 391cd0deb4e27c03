import {
  liveSave,
  loadState,
  MemorySink,
  MemorySource,
  PASS_FINAL,
  putInto,
  Registry,
  type SaveHandle,
  type SsmError,
  saveState,
} from '@ssmkit/runtime';
import { type ConfigLiteral, configTree } from '../cfgm/index.js';
import { InfoRegistry } from '../dbgf/index.js';
import { settle } from '../emt/outcome.js';
import type { Device, DeviceRegistration } from '../pdm/device.js';
import { GuestMemory, pgmUnit } from '../pgm/index.js';
import { Statistics } from '../stam/index.js';
import { type TimeManager, tmUnit } from '../tm/index.js';
import { TestTime } from '../tm/testing.js';
import type { VmState } from '../vm/index.js';
import { BenchBus } from './testing/bench-bus.js';
import { type BenchDriver, BenchInstance } from './testing/bench-instance.js';

export { BenchBus } from './testing/bench-bus.js';
export { type BenchDriver, BenchInstance } from './testing/bench-instance.js';

/*
 * A bench to try devices on
 *
 *     const bench = new DeviceBench();
 *     const pit = await bench.add(i8254);
 *     await bench.powerOn();
 *     bench.bus.out(0x43, 0x34);
 *     bench.runFor(55n * MS);
 *     expect(bench.bus.takeIrqs()).to.deep.equal(['0 HIGH']);
 *
 * Time is the host's and only moves when it is told to. `save` and `load` go through a whole saved state, with the clocks;
 * another bench with the same devices goes on from it.
 */

export interface BenchOptions {
  /** Bytes of RAM; default 1 MiB. */
  readonly ram?: number;
  /** Nanoseconds since 1970 when the host's clock is 0; default 0. */
  readonly utc?: bigint;
  /** What stands below the devices, by `<device>/<LUN>`. */
  readonly drivers?: Readonly<Record<string, BenchDriver>>;
}

/** Devices, and what they need of a machine. */
export class DeviceBench {
  readonly time = new TestTime();
  readonly tm: TimeManager = this.time.tm;
  readonly bus: BenchBus;
  readonly registry = new Registry();
  readonly info = new InfoRegistry();
  readonly statistics = new Statistics();
  readonly drivers: ReadonlyMap<string, BenchDriver>;
  /** In the order of {@link add}. */
  readonly devices: Device[] = [];
  readonly errors: SsmError[] = [];
  /** What devices have asked the VM for. */
  readonly calls: string[] = [];
  vmState: VmState = 'CREATING';
  #memory: GuestMemory | undefined;

  constructor({ ram = 1 << 20, utc = 0n, drivers = {} }: BenchOptions = {}) {
    this.bus = new BenchBus(ram);
    this.time.utc = utc;
    this.drivers = new Map(Object.entries(drivers));
    this.registry.register(tmUnit(this.tm));
  }

  /**
   * What devices have put into guest memory, registers and memory of their own: there with the first of them, with unit
   * and all. RAM that is moved by DMA is the bus's.
   */
  get memory(): GuestMemory {
    if (this.#memory === undefined) {
      this.#memory = new GuestMemory({ size: 1 << 20 });
      this.registry.register(pgmUnit(this.#memory, this.time.host));
    }
    return this.#memory;
  }

  /** Makes a device and constructs it. @throws what it fails with. */
  async add<D extends Device = Device>(
    registration: Omit<DeviceRegistration, 'create'> & { create(instance: BenchInstance): D },
    config: ConfigLiteral = {},
    instance = 0,
  ): Promise<D> {
    const node = configTree(config);
    const device = registration.create(new BenchInstance(this, registration.name, instance, node));
    this.devices.push(device);
    await must('construct', () => device.construct(node));
    return device;
  }

  /** All devices are there, and the machine runs. */
  async powerOn(): Promise<void> {
    await this.#each('initComplete');
    for (const device of this.devices) await must('memSetup', () => device.memSetup?.('AFTER_CONSTRUCTION'));
    await this.#each('powerOn');
    this.vmState = 'RUNNING';
    this.tm.resume();
  }

  async reset(): Promise<void> {
    await this.#each('reset');
    for (const device of this.devices) await must('memSetup', () => device.memSetup?.('AFTER_RESET'));
  }

  async suspend(): Promise<void> {
    this.tm.pause();
    this.vmState = 'SUSPENDED';
    await this.#each('suspend');
  }

  async resume(): Promise<void> {
    await this.#each('resume');
    this.vmState = 'RUNNING';
    this.tm.resume();
  }

  async powerOff(): Promise<void> {
    this.tm.pause();
    await this.#each('powerOff');
    this.vmState = 'OFF';
    await this.#each('destruct');
  }

  /** Lets time pass, and delivers what falls due on the way. */
  runFor(ns: bigint): void {
    this.time.runFor(ns);
  }

  /** The whole machine as a saved state. A machine that runs stands still for it. */
  async save({ live = false } = {}): Promise<Uint8Array> {
    const sink = new MemorySink();
    const { ticking } = this.tm.virtual;
    if (live) {
      const save = await liveSave(this.registry, sink);
      await save.step1();
      this.tm.pause();
      await save.step2();
      await save.done();
    } else {
      this.tm.pause();
      await saveState(this.registry, sink);
    }
    if (ticking) this.tm.resume();
    return sink.bytes();
  }

  /** Goes on from a saved state; the machine stands still afterwards, until it is resumed. @throws what the load fails with. */
  async load(state: Uint8Array): Promise<void> {
    this.tm.pause();
    this.vmState = 'LOADING';
    await loadState(this.registry, new MemorySource(state));
    this.vmState = 'SUSPENDED';
  }

  /** Loads one unit as it stands in a saved state of its own. @throws what the load fails with. */
  async loadUnit(name: string, version: number, bytes: Uint8Array, instance = 0): Promise<void> {
    const registry = new Registry();
    registry.register({ name, instance, version, saveExec: (stream) => void stream.putMem(bytes) });
    const sink = new MemorySink();
    await saveState(registry, sink);
    await this.load(sink.bytes());
  }

  /** The bytes of a device's unit, as `saveExec` puts them, or `liveExec` in pass 0. */
  unitBytes(name: string, instance = 0, pass = PASS_FINAL): Uint8Array {
    const unit = this.registry.find(name, instance);
    if (unit === undefined) throw new Error(`there is no unit ${name}#${instance}`);
    // Units that look at the operation are not for this method.
    const handle = {} as SaveHandle;
    return putInto((stream) => {
      if (pass === PASS_FINAL) void unit.saveExec?.(stream, handle);
      else void unit.liveExec?.(stream, pass, handle);
    });
  }

  async #each(
    notification: 'initComplete' | 'powerOn' | 'reset' | 'suspend' | 'resume' | 'powerOff' | 'destruct',
  ): Promise<void> {
    for (const device of this.devices) await must(notification, () => device[notification]?.());
  }
}

/** Awaits a callback. @throws what it fails with. */
async function must(what: string, call: Parameters<typeof settle>[1]): Promise<void> {
  const outcome = await settle(what, call);
  if (typeof outcome !== 'string') throw outcome;
}
