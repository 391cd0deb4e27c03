import { putInto } from '@ssmkit/runtime';
import { SerialOld } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ConfigLiteral } from '../../cfgm/index.js';
import { DeviceBench } from '../testing.js';
import { serial } from './serial.js';
import { CHARACTER, program, type SerialBench, serialBench } from './testing.js';

/** What a guest, the line or time does. */
type Step =
  | { readonly kind: 'in'; readonly register: number }
  | { readonly kind: 'out'; readonly register: number; readonly value: number }
  | { readonly kind: 'time'; readonly ns: number }
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  | { readonly kind: 'break' };

/** Values that make the chip do something: sends come often. @param fcr values of FCR. */
const outs = (fcr: readonly number[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant(0), fc.nat(255)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(1), fc.nat(255)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(2), fc.constantFrom(...fcr)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(3), fc.constantFrom(0x03, 0x83, 0x1f, 0x00, 0x43)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(4), fc.constantFrom(0x00, 0x0b, 0x08, 0x03)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant(7), fc.nat(255)) },
  );

const stepsWith = (fcr: readonly number[]) =>
  fc.oneof(
    { weight: 4, arbitrary: outs(fcr).map(([register, value]): Step => ({ kind: 'out', register, value })) },
    { weight: 4, arbitrary: fc.nat(7).map((register): Step => ({ kind: 'in', register })) },
    {
      weight: 3,
      arbitrary: fc
        .oneof(
          fc.constantFrom(1, 2, 5, 17).map((n) => n * Number(CHARACTER)),
          fc.nat(3_000_000),
        )
        .map((ns): Step => ({ kind: 'time', ns })),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes): Step => ({ kind: 'send', bytes })) },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'break' }) },
  );

const steps = stepsWith([0, 1, 3, 5, 7, 0x41, 0x81, 0xc1]);
/** After a save: bytes that are sent already cannot be thrown away any more. */
const laterSteps = stepsWith([1, 3, 0x41, 0x81, 0xc1]);

/** Does a step. @returns what the guest sees of it. */
function perform(com: SerialBench, step: Step): number | undefined {
  switch (step.kind) {
    case 'in':
      return com.in(step.register);
    case 'out':
      return void com.out(step.register, step.value);
    case 'time':
      return void com.bench.runFor(BigInt(step.ns));
    case 'send':
      return void com.end.send(step.bytes);
    case 'break':
      return void com.port.breakReceived();
  }
}

/** Lets all that is under way arrive. A divisor may be large: 16 bytes at 1.7 baud. */
const settled = 200_000_000_000n;

/** The machine on another host, with the line moved to it. */
async function resumed(com: SerialBench, config: ConfigLiteral = {}): Promise<SerialBench> {
  const other = await loaded(com, await com.bench.save(), config);
  await other.bench.resume();
  return other;
}

async function loaded(com: SerialBench, state: Uint8Array, config: ConfigLiteral = {}): Promise<SerialBench> {
  const other = await serialBench(config, { isOn: false });
  other.end.send(com.end.takeUnread());
  await other.bench.load(state);
  return other;
}

describe('serial: a machine that was saved at any moment', () => {
  it('goes on as if it had not been, and no byte is lost or comes twice', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 60 }),
        fc.array(laterSteps, { maxLength: 60 }),
        async (before, after) => {
          const whole = await serialBench();
          const first = await serialBench();
          for (const com of [whole, first]) program(com, { fcr: 1, ier: 0x0f });
          for (const step of before) {
            expect(perform(first, step)).to.equal(perform(whole, step));
          }
          const second = await resumed(first);
          for (const step of after) {
            expect(perform(second, step), JSON.stringify(step)).to.equal(perform(whole, step));
            expect(second.irq).to.equal(whole.irq);
          }
          for (const com of [second, whole]) com.bench.runFor(settled);
          expect([...first.end.take(), ...second.end.take()]).to.deep.equal([...whole.end.take()]);
          expect([...second.end.takeUnread()]).to.deep.equal([...whole.end.takeUnread()]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on itself, too, as if it had not been', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 40 }),
        fc.array(laterSteps, { maxLength: 40 }),
        async (before, after) => {
          const whole = await serialBench();
          const saved = await serialBench();
          for (const com of [whole, saved]) program(com, { fcr: 1, ier: 0x0f });
          for (const step of before) expect(perform(saved, step)).to.equal(perform(whole, step));
          await saved.bench.save();
          for (const step of after) expect(perform(saved, step)).to.equal(perform(whole, step));
          for (const com of [saved, whole]) com.bench.runFor(settled);
          expect([...saved.end.take()]).to.deep.equal([...whole.end.take()]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('saves what it has loaded, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (before) => {
        const com = await serialBench();
        program(com, { fcr: 1, ier: 0x0f });
        for (const step of before) perform(com, step);
        const state = await com.bench.save();
        const other = await loaded(com, state);
        expect([...(await other.bench.save())]).to.deep.equal([...state]);
      }),
      { numRuns: 100 },
    );
  });

  it('is rid of its bytes as soon as it is suspended', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    for (const byte of [1, 2, 3, 4]) com.out(0, byte);
    await com.bench.suspend();
    expect([...com.end.take()]).to.deep.equal([1, 2, 3]);
    await com.bench.resume();
    com.bench.runFor(4n * CHARACTER - 1n);
    expect(com.end.take()).to.have.length(0);
    com.bench.runFor(1n);
    expect([...com.end.take()]).to.deep.equal([4]);
  });

  it('loses no byte while the other side takes none', async () => {
    const com = await serialBench({}, { limit: 1 });
    program(com, { fcr: 1 });
    for (let i = 0; i < 17; i++) com.out(0, i);
    com.bench.runFor(3n * CHARACTER);
    const other = await resumed(com);
    other.bench.runFor(20n * CHARACTER);
    const got: number[] = [];
    for (let bytes = com.end.take(); bytes.length > 0; bytes = com.end.take()) got.push(...bytes);
    expect([...got, ...other.end.take()]).to.deep.equal(Array.from({ length: 17 }, (_, i) => i));
  });

  it('has sent what the guest throws away after it: all but the last byte', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    for (const byte of [1, 2, 3, 4]) com.out(0, byte);
    const other = await resumed(com);
    other.out(2, 5);
    other.bench.runFor(5n * CHARACTER);
    expect([...com.end.take(), ...other.end.take()]).to.deep.equal([1, 2, 3]);
  });

  it('tells the guest by an overrun of bytes in the loop, for which the unit has no place', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    com.out(4, 0x10);
    for (const byte of [1, 2, 3]) com.out(0, byte);
    com.bench.runFor(2n * CHARACTER);
    const other = await resumed(com);
    other.bench.runFor(2n * CHARACTER);
    expect([other.in(5), other.in(0)]).to.deep.equal([0x63, 1]);
    // The machine that was saved has them all.
    com.bench.runFor(2n * CHARACTER);
    expect([com.in(5), com.in(0), com.in(0), com.in(0)]).to.deep.equal([0x61, 1, 2, 3]);
  });
});

describe('serial: whatever a guest does', () => {
  it('nothing fails', async () => {
    const any = fc.tuple(fc.nat(9), fc.boolean(), fc.nat(0xffff), fc.constantFrom(1, 2, 4), fc.nat(1_000_000));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('16450', '16550A', '16750'),
        fc.array(any, { maxLength: 200 }),
        async (UartType, accesses) => {
          const com = await serialBench({ UartType });
          for (const [register, reads, value, size, ns] of accesses) {
            if (reads) expect(com.bench.bus.in(0x3f8 + register, size as 1)).to.be.within(0, 2 ** (8 * size) - 1);
            else com.bench.bus.out(0x3f8 + register, value, size as 1);
            com.bench.runFor(BigInt(ns));
          }
          await resumed(com, { UartType });
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('serial: units of older versions', () => {
  const saved = {
    ...{ divisor: 6, rbr: 0x62, ier: 3, lcr: 0x13, mcr: 0x0b, msr: 0xb0, scr: 0x77, irq: 4, ioPortBase: 0x3f8 },
  };

  for (const version of [3, 4, 5]) {
    it(`version ${version} is read`, async () => {
      const com = await serialBench();
      const old = Object.assign(new SerialOld(), saved, { fcr: 0x81, thr: 0x63, lsr: 0x01, iir: 4 });
      await com.bench.loadUnit(
        'serial',
        version,
        putInto((stream) => stream.put(old), { version }),
      );
      await com.bench.resume();
      expect([com.in(7), com.in(3), com.in(1), com.in(4), com.in(6), com.in(0)]).to.deep.equal([
        0x77, 0x13, 3, 0x0b, 0xb0, 0x62,
      ]);
      expect(com.in(2) & 0xc0).to.equal(version >= 4 ? 0xc0 : 0);
      com.bench.runFor(10_000_000n);
      // The byte in THR is known since version 5.
      expect(com.end.takeText()).to.equal(version >= 5 ? 'c' : '');
      expect(com.in(5) & 0x60).to.equal(0x60);
    });
  }

  it('others are refused', async () => {
    for (const version of [2, 8]) {
      const bench = new DeviceBench();
      await bench.add(serial);
      const failure = await bench.loadUnit('serial', version, new Uint8Array(64)).catch((error: unknown) => error);
      expect(failure).to.have.property('status', 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
    }
  });
});
