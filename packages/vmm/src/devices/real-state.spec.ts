import { PASS_FINAL } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import type { DeviceRegistration } from '../pdm/device.js';
import { i8237A } from './8237A/index.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818 } from './mc146818/index.js';
import { pckbd } from './pckbd/index.js';
import { realUnits } from './testing/node/real-units.js';
import { DeviceBench } from './testing.js';

/** How the machine was set up, as the unit itself says where it matters. */
const rows: readonly (readonly [DeviceRegistration, (bytes: Uint8Array) => ConfigLiteral])[] = [
  [i8254, () => ({})],
  [i8259, () => ({})],
  [mc146818, (bytes) => ({ UseUTC: bytes[3] !== 0 })],
  [i8237A, () => ({})],
  [pckbd, () => ({})],
];

describe('units of real machines', () => {
  for (const [registration, configOf] of rows) {
    it(`${registration.name}: loaded, and saved again byte for byte`, async function () {
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
});
