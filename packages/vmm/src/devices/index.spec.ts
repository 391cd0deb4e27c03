import { expect } from 'chai';
import type { DeviceRegistration } from '../pdm/device.js';
import { builtinDevices } from './index.js';
import { DeviceBench } from './testing.js';

const registered: DeviceRegistration[] = [];
builtinDevices({ register: (registration) => void registered.push(registration) });

describe('builtinDevices', () => {
  it('registers every device once, by the name of its unit', () => {
    const names = registered.map(({ name }) => name);
    expect(names).to.include.members(['i8254', 'i8259', 'mc146818', '8237A', 'pckbd', 'serial', 'vga']);
    expect(new Set(names).size).to.equal(names.length);
    expect(registered.every(({ classes }) => classes > 0)).to.equal(true);
  });

  it('makes devices that get along in one machine, which is saved and loaded', async () => {
    const make = async () => {
      const bench = new DeviceBench();
      for (const registration of registered) await bench.add(registration);
      return bench;
    };
    const one = await make();
    await one.powerOn();
    one.runFor(2_000_000_000n);
    const other = await make();
    await other.load(await one.save());
    for (const { name } of registered) {
      if (one.registry.find(name, 0) === undefined) continue;
      expect([...other.unitBytes(name)], name).to.deep.equal([...one.unitBytes(name)]);
    }
    await one.powerOff();
  });
});
