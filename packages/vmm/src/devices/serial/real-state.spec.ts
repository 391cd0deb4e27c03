import { PASS_FINAL } from '@ssmkit/runtime';
import { expect } from 'chai';
import { realUnits } from '../testing/node/real-units.js';
import { serialBench } from './testing.js';

describe('serial: units of real machines', () => {
  it('are loaded, and saved again byte for byte', async function () {
    const units = await realUnits('serial');
    if (units.length === 0) this.skip();
    for (const { file, version, pass, bytes } of units) {
      const com = await serialBench({}, { isOn: false });
      if (pass === PASS_FINAL) await com.bench.loadUnit('serial', version, bytes);
      expect([...com.bench.unitBytes('serial', 0, pass)], file).to.deep.equal([...bytes]);
    }
    expect(units.length).to.be.greaterThan(5);
  });

  it('go on', async function () {
    const [unit] = (await realUnits('serial')).filter(({ file }) => file.includes('t-serial'));
    if (unit === undefined) this.skip();
    const com = await serialBench({}, { isOn: false });
    await com.bench.loadUnit('serial', unit!.version, unit!.bytes);
    await com.bench.resume();
    com.out(0, 0x41);
    com.bench.runFor(1_000_000_000n);
    expect([com.end.takeText(), com.in(5)]).to.deep.equal(['A', 0x60]);
  });
});
