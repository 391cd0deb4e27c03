import { PASS_FINAL, putInto } from '@ssmkit/runtime';
import { Vga, VgaConfig, Vmsvga } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../../emt/testing.js';
import { realUnits } from '../testing/node/real-units.js';
import { DeviceBench } from '../testing.js';
import { vgaBench } from './testing.js';
import { vga } from './vga.js';

const port = fc.oneof(
  fc.constantFrom(0x3c0, 0x3c1, 0x3c4, 0x3c5, 0x3c7, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da),
  fc.integer({ min: 0x3b0, max: 0x3df }),
);
const address = fc.oneof(
  fc.integer({ min: 0xa0000, max: 0xa0010 }),
  fc.integer({ min: 0xb8000, max: 0xb8fa0 }),
  fc.integer({ min: 0xa0000, max: 0xbfffc }),
);
const step = fc.oneof(
  fc.tuple(fc.constant('in' as const), port, fc.constant(0)),
  { weight: 3, arbitrary: fc.tuple(fc.constant('out' as const), port, fc.nat(0xff)) },
  fc.tuple(fc.constant('out word' as const), port, fc.nat(0xffff)),
  fc.tuple(fc.constant('peek' as const), address, fc.constant(0)),
  { weight: 2, arbitrary: fc.tuple(fc.constant('poke' as const), address, fc.nat(0xffff)) },
  fc.tuple(fc.constant('time' as const), fc.nat(50_000_000), fc.constant(0)),
);

type Bench = Awaited<ReturnType<typeof vgaBench>>;

function perform({ bench }: Bench, [kind, at, value]: typeof step extends fc.Arbitrary<infer T> ? T : never): unknown {
  const { bus, memory } = bench;
  switch (kind) {
    case 'in':
      return bus.in(at);
    case 'out':
      return bus.out(at, value);
    case 'out word':
      return bus.out(at, value, 2);
    case 'peek':
      return memory.readU16(at);
    case 'poke':
      return memory.writeU16(at, value);
    case 'time':
      return bench.runFor(BigInt(at));
  }
}

describe('vga: a machine that was saved at any moment', () => {
  it('goes on as if it had not been', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(step, { maxLength: 80 }), async (before, after) => {
        const whole = await vgaBench();
        const first = await vgaBench();
        for (const each of before) expect(perform(first, each)).to.equal(perform(whole, each));
        const second = await vgaBench();
        await second.bench.load(await first.bench.save());
        await second.bench.resume();
        for (const each of after) expect(perform(second, each)).to.equal(perform(whole, each));
        expect(second.device.screen.mode).to.deep.equal(whole.device.screen.mode);
        expect([...second.bench.unitBytes('vga')]).to.deep.equal([...whole.bench.unitBytes('vga')]);
        expect(second.bench.memory.mmio2[0]!.bytes).to.deep.equal(whole.bench.memory.mmio2[0]!.bytes);
      }),
      { numRuns: 100 },
    );
  });
});

describe('vga: units of real machines', () => {
  it('are loaded, and saved again byte for byte; what other adapters have is kept', async function () {
    this.timeout(120_000);
    const units = await realUnits('vga');
    if (units.length === 0) this.skip();
    for (const { file, version, pass, bytes } of units) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const bench = new DeviceBench();
      const device = await bench.add(vga, {
        VRamSize: view.getUint32(0, true),
        MonitorCount: view.getUint32(4, true),
      });
      if (pass === PASS_FINAL) {
        await bench.loadUnit('vga', version, bytes);
        if (file.includes('real1')) expect(device.screen.mode).to.include({ kind: 'text', columns: 80, rows: 25 });
        if (file.includes('g13')) expect(device.screen.mode).to.include({ kind: 'graphics', colours: 256 });
      }
      expect(bench.unitBytes('vga', 0, pass), file).to.deep.equal(bytes);
    }
    expect(units.length).to.be.greaterThan(20);
  });
});

describe('vga: units of older versions', () => {
  const unit = (version: number, set: (vga: Vga) => void = () => {}) => {
    const saved = new Vga();
    saved.config = Object.assign(new VgaConfig(), { vramSize: 1 << 18 });
    saved.registers.cr[0x0f] = 0x42;
    set(saved);
    return putInto((stream) => stream.put(saved), { version });
  };

  it('are read', async () => {
    for (let version = 1; version <= 34; version++) {
      const bench = await vgaBench();
      await bench.bench.loadUnit('vga', version, unit(version));
      expect(bench.get(0x3b4, 0x0f), `version ${version}`).to.equal(0x42);
    }
  });

  it('are refused where they are none, damaged, or of a VMSVGA that cannot be kept', async () => {
    const { bench } = await vgaBench();
    expect(await failureStatus(bench.loadUnit('vga', 35, unit(34)))).to.equal('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
    expect(await failureStatus(bench.loadUnit('vga', 34, unit(34).subarray(0, 1000)))).to.match(/^VERR_SSM_/);
    const svga = unit(30, (saved) => {
      saved.svga = new Vmsvga();
    });
    expect(await failureStatus(bench.loadUnit('vga', 30, svga))).to.equal('VERR_NOT_SUPPORTED');
  });
});
