import { putInto } from '@ssmkit/runtime';
import { Ps2Controller } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../../emt/testing.js';
import { MS } from '../../tm/testing.js';
import { type Ps2Bench, ps2Bench } from './testing.js';

/** What a guest, a user or time does. */
type Step = readonly [kind: 'in' | 'data' | 'command' | 'mouse' | 'key' | 'move' | 'time', a: number, b: number];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('in' as const), fc.constantFrom(0x60, 0x64), fc.constant(0)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('data' as const),
      fc.oneof(fc.nat(255), fc.constantFrom(0xed, 0xf0, 0xf3, 0xf4, 0xf5, 0, 1, 2, 3)),
      fc.constant(0),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('command' as const),
      fc.oneof(fc.nat(255), fc.constantFrom(0x60, 0xd4, 0xa7, 0xa8, 0xad, 0xae, 0xd2)),
      fc.constantFrom(0x47, 0x03, 0x07, 0x43),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('mouse' as const),
      fc.oneof(fc.nat(255), fc.constantFrom(0xf3, 200, 100, 80, 0xf4, 0xf0, 0xea, 0xeb, 0xe7)),
      fc.constant(0),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant('key' as const),
      fc.constantFrom(0x04, 0x05, 0x46, 0x48, 0x4a, 0x52, 0x53, 0xe0, 0xe1, 0xe5, 0x999),
      fc.nat(1),
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant('move' as const), fc.integer({ min: -400, max: 400 }), fc.nat(31)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('time' as const), fc.nat(600_000_000), fc.constant(0)) },
);

/** Does a step. @returns what the guest sees of it. */
function perform(ps2: Ps2Bench, [kind, a, b]: Step): unknown {
  switch (kind) {
    case 'in':
      return ps2.bench.bus.in(a);
    case 'data':
      return ps2.data(a);
    case 'command':
      return ps2.command(a, b);
    case 'mouse':
      return ps2.command(0xd4, a);
    case 'key':
      return b === 0 ? ps2.keys.press(a) : ps2.keys.release(a);
    case 'move':
      return ps2.device.mousePort.putEvent(a, a >> 1, a % 3, 0, b);
    case 'time':
      return ps2.bench.runFor(BigInt(a));
  }
}

describe('pckbd: a machine that was saved at any moment', () => {
  it('goes on as if it had not been', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(step, { maxLength: 80 }), async (before, after) => {
        const whole = await ps2Bench();
        const first = await ps2Bench();
        for (const each of before) expect(perform(first, each)).to.equal(perform(whole, each));
        const second = await ps2Bench();
        await second.bench.load(await first.bench.save());
        expect(second.irqs).to.deep.equal(whole.irqs);
        expect(second.keys.leds).to.deep.equal(whole.keys.leds);
        expect([second.keys.active, second.mouse.active]).to.deep.equal([whole.keys.active, whole.mouse.active]);
        await second.bench.resume();
        // A20 belongs to the memory.
        second.bench.bus.a20 = whole.bench.bus.a20;
        for (const each of after) {
          expect(perform(second, each), JSON.stringify(each)).to.equal(perform(whole, each));
          expect(second.irqs).to.deep.equal(whole.irqs);
        }
        expect([...second.bench.unitBytes('pckbd')]).to.deep.equal([...whole.bench.unitBytes('pckbd')]);
      }),
      { numRuns: 400 },
    );
  });
});

describe('pckbd: a mouse that was saved between two reports', () => {
  it('reports when it would have', async () => {
    const first = await ps2Bench();
    first.toMouse(0xf3, 20, 0xf4);
    first.mouse.move(3, 0);
    first.mouse.move(4, 0);
    expect(first.read()).to.deep.equal([0x08, 3, 0]);
    first.bench.runFor(20n * MS);
    const second = await ps2Bench();
    await second.bench.load(await first.bench.save());
    await second.bench.resume();
    second.bench.runFor(30n * MS - 1n);
    expect(second.read()).to.deep.equal([]);
    second.bench.runFor(1n);
    expect(second.read()).to.deep.equal([0x08, 4, 0]);
  });
});

describe('pckbd: units of older versions', () => {
  function oldUnit(version: number, set: (unit: Ps2Controller) => void): Uint8Array {
    const unit = new Ps2Controller();
    set(unit);
    return putInto((stream) => stream.put(unit), { version });
  }

  for (const version of [2, 3, 4, 5, 6, 7]) {
    it(`version ${version} is read`, async () => {
      const ps2 = await ps2Bench();
      const bytes = oldUnit(version, (unit) => {
        unit.mode = 0x47;
        unit.status = 0x1c;
        unit.keyboard.scanSet = 1;
        unit.oldMouse.state = 0x30;
        unit.oldMouse.sampleRate = 60;
        unit.oldMouse.protocol = 3;
        unit.oldQueue1.bytes = Uint8Array.of(1, 2, 3);
      });
      await ps2.bench.loadUnit('pckbd', version, bytes);
      await ps2.bench.resume();
      ps2.command(0x20);
      expect(ps2.read()).to.deep.equal([0x47]);
      ps2.command(0x60, 0x07);
      expect(ps2.toMouse(0xe9, 0xf2)).to.deep.equal([0xfa, 0x30, 2, 60, 0xfa, 3]);
      ps2.keys.press(0x04);
      // The keyboard is in the unit since version 6.
      expect(ps2.read()).to.deep.equal([version >= 6 ? 0x1e : 0x1c]);
    });
  }

  it('what no keyboard can have had is refused', async () => {
    const cases: readonly ((unit: Ps2Controller) => void)[] = [
      (unit) => {
        unit.keyboard.scanSet = 4;
      },
      (unit) => {
        unit.mouse.sampleRate = 0;
      },
    ];
    for (const set of cases) {
      const ps2 = await ps2Bench();
      expect(await failureStatus(ps2.bench.loadUnit('pckbd', 8, oldUnit(8, set)))).to.equal('VERR_SSM_UNEXPECTED_DATA');
    }
  });

  it('a key that is none does not repeat', async () => {
    const ps2 = await ps2Bench();
    const bytes = oldUnit(8, (unit) => {
      unit.keyboard.typematicKey = 1;
      unit.keyboard.typematicState = 2;
      unit.keyboard.delayTimer.state = 7;
      unit.keyboard.delayTimer.expire = 1000n;
    });
    await ps2.bench.loadUnit('pckbd', 8, bytes);
    await ps2.bench.resume();
    ps2.bench.runFor(2000n);
    expect(ps2.read()).to.deep.equal([]);
  });
});
