import { expect } from 'chai';
import fc from 'fast-check';
import type { DeviceRegistration, IrqLevel } from '../pdm/device.js';
import { MS, S } from '../tm/testing.js';
import { i8237A } from './8237A/index.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818For } from './mc146818/index.js';
import { DeviceBench } from './testing.js';

/*
 * The property that matters most: a machine that is saved at any moment, and loaded into a fresh one, goes on as if
 * nothing had been. A guest that does anything at all, and a save between any two of its steps, have to show any register
 * that is forgotten.
 */

const registrations: readonly DeviceRegistration[] = [i8259, i8254, mc146818For(() => 60), i8237A];
const names = registrations.map(({ name }) => name);

async function machine(): Promise<DeviceBench> {
  const bench = new DeviceBench({ ram: 0x2_0000, utc: 1_700_000_000n * S });
  for (const registration of registrations) await bench.add(registration);
  // A device of channels 2 and 5 that moves some of what it may.
  for (const channel of [2, 5]) {
    bench.bus.registerDma(channel, (_channel, position, size) => {
      const bytes = Uint8Array.from({ length: Math.min(700, size - position) }, (_, i) => position + i);
      bench.bus.dmac.writeMemory(channel, bytes, position);
      return position + bench.bus.dmac.readMemory(channel, bytes, position);
    });
  }
  return bench;
}

/** What a guest, or a device, does. `run` returns what it sees. */
interface Step {
  readonly what: string;
  run(bench: DeviceBench): unknown;
}

const step = (what: string, run: Step['run']): Step => ({ what, run });
const hex = (value: number) => `0x${value.toString(16)}`;
const byte = fc.nat(0xff);

const ports = {
  pic: [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1],
  pit: [0x40, 0x41, 0x42, 0x43, 0x61],
  rtc: [0x70, 0x71, 0x72, 0x73],
  dma: [
    ...[0x04, 0x05, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x81, 0x87, 0x481],
    ...[0xc4, 0xc6, 0xd0, 0xd2, 0xd4, 0xd6, 0xda, 0xde, 0x8b],
  ],
};

const inputOf = (port: number) => step(`in ${hex(port)}`, ({ bus }) => bus.in(port));
const outputOf = (port: number, value: number) =>
  step(`out ${hex(port)}, ${hex(value)}`, ({ bus }) => bus.out(port, value));

/** Any access to some ports. */
const access = (of: readonly number[]) => {
  const port = fc.constantFrom(...of);
  return fc.oneof(port.map(inputOf), ...[0, 1].map(() => fc.tuple(port, byte).map((args) => outputOf(...args))));
};

/** Registers of the clock that random indices seldom find. */
const register = fc.tuple(fc.constantFrom(0, 4, 0xa, 0xb, 0xc, 0x32), fc.option(byte)).map(([index, value]) =>
  step(`register ${hex(index)}: ${value ?? 'read'}`, ({ bus }) => {
    bus.out(0x70, index);
    return value === null ? bus.in(0x71) : bus.out(0x71, value);
  }),
);

/** Interrupts of the clock that really come. */
const clockSetup = fc.tuple(fc.integer({ min: 6, max: 15 }), fc.nat(7)).map(([rate, enabled]) =>
  step(`rate ${rate}, interrupts ${enabled}`, ({ bus }) => {
    for (const [index, value] of [
      [0x0a, 0x20 | rate],
      [0x0b, (enabled << 4) | 2],
    ] as const) {
      bus.out(0x70, index);
      bus.out(0x71, value);
    }
  }),
);

/** Counters that interrupt soon, but not all the time. */
const counter = fc
  .record({ index: fc.nat(2), mode: fc.nat(5), bcd: fc.nat(1), count: fc.integer({ min: 200, max: 5000 }) })
  .map(({ index, mode, bcd, count }) =>
    step(`counter ${index}: mode ${mode}, ${count}, BCD ${bcd}`, ({ bus }) => {
      bus.out(0x43, (index << 6) | 0x30 | (mode << 1) | bcd);
      bus.out(0x40 + index, count & 0xff);
      bus.out(0x40 + index, count >> 8);
    }),
  );

const line = fc
  .tuple(fc.constantFrom(1, 5, 6, 7, 9, 12, 15), fc.constantFrom<IrqLevel>('LOW', 'HIGH', 'FLIP_FLOP'))
  .map(([irq, level]) => step(`irq ${irq} ${level}`, ({ bus }) => bus.setIrq(irq, level)));
const acknowledge = step('acknowledge', ({ bus }) => bus.intr && bus.acknowledge());
const wires = fc.oneof(line, fc.constant(acknowledge));

const dreq = fc
  .tuple(fc.constantFrom(2, 5), fc.boolean())
  .map(([channel, level]) => step(`dreq ${channel} ${level}`, ({ bus }) => bus.dmac.setDreq(channel, level)));
const transfers = fc.oneof(dreq, fc.constant(step('dma', ({ bus }) => bus.dmac.run())));

const waitUpTo = (...times: readonly bigint[]) =>
  fc
    .oneof(...times.map((max) => fc.bigInt({ min: 0n, max })))
    .map((ns) => step(`${ns} ns`, (bench) => bench.runFor(ns)));
/** Times that end within a count, and after some. */
const wait = waitUpTo(2000n, 3n * MS, 20n * MS);
/** Times that end within an update, and after it. */
const longWait = waitUpTo(4n * MS, 700n * MS);
const reset = fc.constant(step('reset', (bench) => bench.reset()));

/** What guests do to one device, and to all. */
const guests: Readonly<Record<string, fc.Arbitrary<Step>>> = {
  'interrupt controllers': fc.oneof(access(ports.pic), wires),
  counters: fc.oneof(access(ports.pit), counter, wait),
  clock: fc.oneof(register, clockSetup, access(ports.rtc), longWait),
  'DMA controllers': fc.oneof(access(ports.dma), transfers),
  everything: fc.oneof(
    access(Object.values(ports).flat()),
    counter,
    clockSetup,
    register,
    wires,
    transfers,
    wait,
    reset,
  ),
};

/** What can be seen of a machine. */
const view = ({ bus }: DeviceBench) => ({ irqs: bus.takeIrqs(), intr: bus.intr });

const units = (bench: DeviceBench) => names.map((name) => [...bench.unitBytes(name)].join(' '));

/** A fresh machine that goes on from another's state. */
async function savedAndLoaded(bench: DeviceBench): Promise<DeviceBench> {
  const fresh = await machine();
  await fresh.load(await bench.save());
  fresh.bus.ram.set(bench.bus.ram);
  expect(units(fresh)).to.deep.equal(units(bench));
  expect(view(fresh)).to.deep.equal({ irqs: [], intr: bench.bus.intr });
  await fresh.resume();
  return fresh;
}

/** @param program steps, each with 0 when the machine is saved before it. */
async function check(program: readonly (readonly [Step, number])[]): Promise<void> {
  const through = await machine();
  await through.powerOn();
  let saved = await machine();
  await saved.powerOn();
  expect(view(saved)).to.deep.equal(view(through));
  for (const [{ what, run }, chance] of program) {
    if (chance === 0) saved = await savedAndLoaded(saved);
    expect(await run(saved), what).to.deep.equal(await run(through));
    expect(view(saved), what).to.deep.equal(view(through));
  }
  expect(units(saved)).to.deep.equal(units(through));
  expect(saved.bus.ram).to.deep.equal(through.bus.ram);
}

describe('devices: saved at any moment', () => {
  for (const [name, steps] of Object.entries(guests)) {
    it(`go on as if nothing had been, whatever the guest does: ${name}`, async () => {
      const program = fc.array(fc.tuple(steps, fc.nat(5)), { minLength: 20, maxLength: 60, size: 'max' });
      await fc.assert(fc.asyncProperty(program, check), { numRuns: 50 });
    });
  }
});
