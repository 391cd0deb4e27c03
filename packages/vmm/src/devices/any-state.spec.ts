import { isSsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import type { DeviceRegistration } from '../pdm/device.js';
import { MS } from '../tm/testing.js';
import { i8237A } from './8237A/index.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818For } from './mc146818/index.js';
import { pckbd } from './pckbd/index.js';
import { serial } from './serial/index.js';
import { DeviceBench } from './testing.js';
import { vga } from './vga/index.js';

/** A device, its version, the ports that a guest has it at, how many bytes of its unit say how it is wired, and how long it is watched. */
const rows: readonly (readonly [DeviceRegistration, number, readonly number[], number, bigint])[] = [
  [i8259, 1, [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1], 0, MS],
  [i8254, 4, [0x40, 0x41, 0x42, 0x43, 0x61], 4, 5n * MS],
  [mc146818For(() => 0), 4, [0x70, 0x71, 0x72, 0x73], 4, 1100n * MS],
  [i8237A, 2, [0x00, 0x05, 0x08, 0x09, 0x0a, 0x0b, 0x0f, 0x83, 0xc4, 0xd4], 0, MS],
  [pckbd, 8, [0x60, 0x64], 0, 1000n * MS],
  [serial, 7, [0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff], 7, 20n * MS],
  [vga, 34, [0x3c0, 0x3c1, 0x3c4, 0x3c5, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da], 8, MS],
];

const byte = fc.oneof(fc.nat(0xff), fc.constantFrom(0, 1, 2, 4, 7, 0x7f, 0x80, 0xff));

describe('devices: states that no device has written', () => {
  for (const [registration, version, ports, wiring, span] of rows) {
    it(`${registration.name}: are refused, or make a device that a guest can use, and that can be saved`, async () => {
      const make = async () => {
        const bench = new DeviceBench();
        await bench.add(registration);
        return bench;
      };
      const { name } = registration;
      const good = (await make()).unitBytes(name);
      const changes = fc.array(fc.tuple(fc.integer({ min: wiring, max: good.length - 1 }), byte), { maxLength: 40 });
      const steps = fc.array(
        fc.record({
          port: fc.constantFrom(...ports),
          value: fc.option(byte),
          ns: fc.bigInt({ min: 0n, max: span / 10n }),
        }),
        { maxLength: 20 },
      );
      let loaded = 0;
      await fc.assert(
        fc.asyncProperty(changes, steps, async (changed, program) => {
          const bytes = good.slice();
          for (const [at, value] of changed) bytes[at] = value;
          const bench = await make();
          try {
            await bench.loadUnit(name, version, bytes);
          } catch (error) {
            if (!isSsmError(error)) throw error;
            return;
          }
          loaded++;
          // Of a boolean, or a timer of old, other bytes may mean the same.
          const saved = bench.unitBytes(name);
          const other = await make();
          await other.loadUnit(name, version, saved);
          expect([...other.unitBytes(name)]).to.deep.equal([...saved]);
          for (const { name: item } of bench.info.items)
            expect(await bench.info.text(item)).not.to.include('undefined');
          await bench.resume();
          for (const { port, value, ns } of program) {
            if (value === null) bench.bus.in(port);
            else bench.bus.out(port, value);
            bench.runFor(ns);
          }
          bench.runFor(span);
          expect(bench.unitBytes(name).length).to.be.greaterThan(0);
        }),
        { numRuns: 100 },
      );
      expect(loaded).to.be.greaterThan(5);
    });
  }
});
