import { expect } from 'chai';
import { Profile, ProfileAdv } from './index.js';

/** A clock that a test moves on. */
class TestClock {
  time = 1000n;

  now(): bigint {
    return this.time;
  }
}

const figures = ({ ticks, periods, max, min, average }: Profile) => ({ ticks, periods, max, min, average });
const NOTHING = { ticks: 0n, periods: 0n, max: 0n, min: 2n ** 64n - 1n, average: 0n };

describe('a profile', () => {
  it('before its first period', () => expect(figures(new Profile(new TestClock()))).to.deep.equal(NOTHING));

  it('knows total, number, longest, shortest and average', () => {
    const clock = new TestClock();
    const profile = new Profile(clock);
    for (const ticks of [5n, 20n, 6n]) {
      const start = profile.start();
      clock.time += ticks;
      profile.stop(start);
      clock.time += 100n;
    }
    expect(figures(profile)).to.deep.equal({ ticks: 31n, periods: 3n, max: 20n, min: 5n, average: 10n });
    profile.reset();
    expect(figures(profile)).to.deep.equal(NOTHING);
  });

  it('may be running several times at once', () => {
    const clock = new TestClock();
    const profile = new Profile(clock);
    const outer = profile.start();
    clock.time += 1n;
    const inner = profile.start();
    clock.time += 2n;
    profile.stop(inner);
    profile.stop(outer);
    expect(figures(profile)).to.include({ ticks: 5n, periods: 2n, max: 3n, min: 2n });
  });

  it('takes a clock that went back for one that stood still', () => {
    const clock = new TestClock();
    const profile = new Profile(clock);
    const start = profile.start();
    clock.time -= 50n;
    profile.stop(start);
    expect(figures(profile)).to.include({ ticks: 0n, periods: 1n, min: 0n });
  });

  it('measures calls, async ones to their end, and those that fail', async () => {
    const clock = new TestClock();
    const profile = new Profile(clock);
    const work = () => {
      clock.time += 3n;
      return 'done';
    };
    expect(profile.measure(work)).to.equal('done');
    expect(profile.ticks).to.equal(3n);
    let finish = () => {};
    const pending = profile.measure(() => new Promise<void>((resolve) => (finish = resolve)));
    expect(profile.periods).to.equal(1n);
    clock.time += 4n;
    finish();
    await pending;
    expect([profile.periods, profile.max]).to.deep.equal([2n, 4n]);
    expect(() =>
      profile.measure(() => {
        clock.time += 9n;
        throw new Error('no');
      }),
    ).to.throw('no');
    const rejected = await profile.measure(() => Promise.reject(new Error('never'))).catch((error) => error.message);
    expect([profile.periods, profile.max, rejected]).to.deep.equal([4n, 9n, 'never']);
  });
});

describe('a profile that keeps its start', () => {
  type Step = keyof Pick<ProfileAdv, 'start' | 'stop' | 'suspend' | 'resume' | 'stopAndStart'> | bigint;
  const rows: readonly (readonly [rule: string, steps: readonly Step[], periods: readonly bigint[]])[] = [
    ['a period', ['start', 5n, 'stop'], [5n]],
    ['stopped twice: once', ['start', 5n, 'stop', 2n, 'stop'], [5n]],
    ['stopped without a start: not at all', ['stop'], []],
    ['started twice: the first is forgotten', ['start', 5n, 'start', 2n, 'stop'], [2n]],
    ['suspended time does not count', ['start', 5n, 'suspend', 100n, 'resume', 2n, 'stop'], [7n]],
    ['twice', ['start', 1n, 'suspend', 9n, 'resume', 2n, 'suspend', 9n, 'resume', 4n, 'stop'], [7n]],
    ['stopped while suspended', ['start', 5n, 'suspend', 100n, 'stop'], [5n]],
    ['suspended twice', ['start', 5n, 'suspend', 3n, 'suspend', 100n, 'resume', 2n, 'stop'], [7n]],
    ['resumed without having been suspended', ['start', 5n, 'resume', 2n, 'stop'], [7n]],
    ['suspended without a start', ['suspend', 'resume', 5n, 'stop'], []],
    ['started anew while suspended', ['start', 5n, 'suspend', 'start', 3n, 'stop'], [3n]],
    ['resumed after a new start', ['start', 5n, 'suspend', 'start', 3n, 'resume', 2n, 'stop'], [5n]],
    ['resumed after the end', ['start', 5n, 'suspend', 'stop', 'resume', 3n, 'stop'], [5n]],
    ['resumed twice', ['start', 5n, 'suspend', 1n, 'resume', 2n, 'resume', 3n, 'stop'], [10n]],
    ['stopped and started', ['start', 5n, 'stopAndStart', 3n, 'stop'], [5n, 3n]],
    ['stopped and started without a start', ['stopAndStart', 3n, 'stop'], [3n]],
  ];
  for (const [rule, steps, periods] of rows) {
    it(rule, () => {
      const clock = new TestClock();
      const seen: bigint[] = [];
      const profile = new ProfileAdv(clock);
      const add = profile.addPeriod.bind(profile);
      profile.addPeriod = (ticks) => {
        seen.push(ticks);
        add(ticks);
      };
      for (const step of steps) {
        if (typeof step === 'bigint') clock.time += step;
        else profile[step]();
      }
      expect(seen).to.deep.equal(periods);
      expect(profile.periods).to.equal(BigInt(periods.length));
    });
  }
});
