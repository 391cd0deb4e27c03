import { getFrom, PASS_FINAL } from '@ssmkit/runtime';
import { Pit, Rtc, Tm } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import type { DeviceRegistration } from '../pdm/device.js';
import { S } from '../tm/testing.js';
import { i8237A } from './8237A/index.js';
import { clocksIn, nsOf } from './i8254/clock.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818 } from './mc146818/index.js';
import { type RealUnit, realUnits } from './testing/node/real-units.js';
import { DeviceBench } from './testing.js';

/** How the machine was set up, as the unit itself says where it matters. */
const rows: readonly (readonly [DeviceRegistration, (bytes: Uint8Array) => ConfigLiteral])[] = [
  [i8259, () => ({})],
  [i8254, () => ({})],
  [mc146818, (bytes) => ({ UseUTC: bytes[3] !== 0 })],
  [i8237A, () => ({})],
];

/** The final units of each state, by name. */
async function realMachines(): Promise<Map<string, Map<string, RealUnit>>> {
  const machines = new Map<string, Map<string, RealUnit>>();
  for (const name of ['tm', ...rows.map(([each]) => each.name)]) {
    for (const unit of await realUnits(name)) {
      if (unit.pass !== PASS_FINAL) continue;
      const machine = machines.get(unit.file) ?? new Map<string, RealUnit>();
      machines.set(unit.file, machine.set(name, unit));
    }
  }
  return machines;
}

/** A bench with the clocks and devices of a real machine; it stands still. */
async function benchOf(units: ReadonlyMap<string, RealUnit>): Promise<DeviceBench> {
  const bench = new DeviceBench();
  for (const [registration, configOf] of rows) {
    await bench.add(registration, configOf(units.get(registration.name)!.bytes));
  }
  const clocks = units.get('tm')!.bytes;
  // The unit has 65 bytes, and 8 of each CPU.
  const saved = Object.assign(new Tm(), { cpuCount: (clocks.length - 65) / 8 });
  bench.tm.loadState(getFrom(clocks).get(saved));
  for (const [{ name }] of rows) {
    const { version, bytes } = units.get(name)!;
    await bench.loadUnit(name, version, bytes);
  }
  return bench;
}

describe('units of real machines', () => {
  for (const [registration, configOf] of rows) {
    it(`${registration.name}: loaded, and saved again byte for byte, in all passes`, async function () {
      const units = await realUnits(registration.name);
      if (units.length === 0) this.skip();
      for (const { file, version, pass, bytes } of units) {
        const bench = new DeviceBench();
        await bench.add(registration, configOf(bytes));
        if (pass === PASS_FINAL) await bench.loadUnit(registration.name, version, bytes);
        expect([...bench.unitBytes(registration.name, 0, pass)], file).to.deep.equal([...bytes]);
      }
      expect(units.length).to.be.greaterThan(20);
    });
  }

  it('are all saved as they were when the clocks are right, too', async function () {
    const machines = await realMachines();
    if (machines.size === 0) this.skip();
    for (const [file, units] of machines) {
      const bench = await benchOf(units);
      for (const [{ name }] of rows) {
        expect([...bench.unitBytes(name)], `${file} ${name}`).to.deep.equal([...units.get(name)!.bytes]);
      }
    }
  });

  it('go on: IRQ 0 when it was due, then at exact times; the clock by the second', async function () {
    const machines = await realMachines();
    if (machines.size === 0) this.skip();
    const unit = <T extends object>(bench: DeviceBench, name: string, target: T): T =>
      getFrom(bench.unitBytes(name), { version: 4 }).get(target);
    for (const [file, units] of machines) {
      const bench = await benchOf(units);
      const before = { pit: unit(bench, 'i8254', new Pit()), rtc: unit(bench, 'mc146818', new Rtc()) };
      const begin = bench.tm.now('VIRTUAL_SYNC');
      await bench.resume();
      bench.runFor(3n * S);
      const { counter0 } = unit(bench, 'i8254', new Pit());
      const { countLoadTime, mode } = counter0;
      const count = BigInt(counter0.count);
      const clocks = (at: bigint) => clocksIn(at - countLoadTime);
      const now = bench.tm.now('VIRTUAL_SYNC');
      // A square wave changes twice.
      const step = mode === 3 ? count / 2n : count;
      expect(counter0.nextTime, file).to.equal(countLoadTime + nsOf((clocks(now) / step + 1n) * step));
      const rising = bench.bus.irqs.filter((irq) => irq === '0 HIGH').length;
      expect(BigInt(rising), file).to.equal(clocks(now) / count - clocks(begin) / count);
      expect(before.pit.timer.expire > begin, file).to.equal(true);
      const { rtc } = before;
      const after = unit(bench, 'mc146818', new Rtc());
      const seconds = ({ time }: Rtc) => time.minutes * 60 + time.seconds;
      // The first update of a machine shows the time it was made with.
      const first = rtc.secondTimer2.isActive ? 1 : 0;
      const updates = Number((after.nextSecondTime - rtc.nextSecondTime) / S);
      expect(seconds(after) - seconds(rtc), file).to.equal(updates - first);
    }
  });
});
