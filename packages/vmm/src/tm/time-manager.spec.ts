import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import type { ClockName } from './clocks.js';
import { MS, S, TestTime } from './testing.js';

const all: readonly ClockName[] = ['REAL', 'VIRTUAL', 'VIRTUAL_SYNC', 'TSC'];

describe('TimeManager: clocks', () => {
  it('ticks while the VM runs; the real clock always', () => {
    const { tm, host } = new TestTime({ TSCTicksPerSecond: 2_000_000_000n });
    const now = () => all.map((clock) => tm.now(clock));
    const ticking = () => all.map((clock) => tm.ticking(clock));
    host.advance(5n * MS + 999_999n);
    expect(now()).to.deep.equal([5n, 0n, 0n, 0n]);
    expect(ticking()).to.deep.equal([true, false, false, false]);
    tm.resume();
    host.advance(2n * MS);
    expect(now()).to.deep.equal([7n, 2n * MS, 2n * MS, 4n * MS]);
    expect(ticking()).to.deep.equal([true, true, true, true]);
    tm.pause();
    host.advance(S);
    expect(now()).to.deep.equal([1007n, 2n * MS, 2n * MS, 4n * MS]);
    tm.resume();
    host.advance(1n);
    expect(now()).to.deep.equal([1008n, 2n * MS + 1n, 2n * MS + 1n, 4n * MS + 2n]);
  });

  it('knows frequencies', () => {
    const { tm } = new TestTime();
    expect(all.map((clock) => tm.frequency(clock))).to.deep.equal([1000n, S, S, S]);
    expect(new TestTime({}, { hostTscFrequency: 4_770_000n }).tm.frequency('TSC')).to.equal(4_770_000n);
    expect(new TestTime({ TSCTicksPerSecond: 5_000_000 }, { hostTscFrequency: 1n }).tm.tscFrequency).to.equal(
      5_000_000n,
    );
  });

  it('lets virtual time tick from the first CPU that runs to the last one', () => {
    const { tm, host } = new TestTime({}, { cpuCount: 2 });
    expect(tm.timerCpu).to.equal(0);
    tm.resumeCpu(1);
    host.advance(10n);
    tm.resumeCpu(0);
    host.advance(10n);
    tm.pauseCpu(1);
    host.advance(10n);
    expect([tm.now('VIRTUAL'), tm.now('TSC', 0), tm.now('TSC', 1)]).to.deep.equal([30n, 20n, 20n]);
    tm.pauseCpu(0);
    host.advance(10n);
    expect([tm.now('VIRTUAL'), tm.now('TSC', 0), tm.now('TSC', 1)]).to.deep.equal([30n, 20n, 20n]);
    tm.resumeCpu(0);
    tm.resume();
    expect([tm.ticking('TSC', 0), tm.ticking('TSC', 1)]).to.deep.equal([true, true]);
  });

  for (const [name, status, call] of [
    ['a TSC that ticks is not resumed', 'VERR_TM_TSC_ALREADY_TICKING', ({ tm }) => [tm.resume(), tm.resumeCpu(0)]],
    ['a TSC that is paused is not paused', 'VERR_TM_TSC_ALREADY_PAUSED', ({ tm }) => tm.pauseCpu(0)],
    ['there is no such CPU', 'VERR_INVALID_CPU_ID', ({ tm }) => tm.now('TSC', 1)],
    ['the warp drive is too slow', 'VERR_INVALID_PARAMETER', ({ tm }) => tm.setWarpDrive(0)],
    ['the warp drive is too fast', 'VERR_INVALID_PARAMETER', ({ tm }) => tm.setWarpDrive(10_001)],
    ['the warp drive is no integer', 'VERR_INVALID_PARAMETER', ({ tm }) => tm.setWarpDrive(50.5)],
  ] as const satisfies readonly (readonly [string, string, (time: TestTime) => unknown])[]) {
    it(`${status}: ${name}`, () => expect(outcome(() => call(new TestTime()))).to.equal(status));
  }

  it('lets a guest set its TSC, ticking or not', () => {
    const { tm, host } = new TestTime();
    tm.cpus[0]!.set(100n);
    expect(tm.now('TSC')).to.equal(100n);
    tm.resume();
    host.advance(5n);
    expect(tm.now('TSC')).to.equal(105n);
    tm.cpus[0]!.set(2n ** 64n - 1n);
    host.advance(3n);
    expect(tm.now('TSC')).to.equal(2n);
    tm.pause();
    tm.resume();
    expect(tm.now('TSC')).to.equal(2n);
  });

  for (const [warp, expected] of [
    [1, 10n * MS],
    [50, 500n * MS],
    [100, S],
    [250, 2500n * MS],
    [10_000, 100n * S],
  ] as const) {
    it(`warp drive ${warp} %: a second of the host is ${expected} ns`, () => {
      const { tm, host } = new TestTime({ WarpDrivePercentage: warp });
      tm.resume();
      host.advance(S);
      expect([tm.now('VIRTUAL'), tm.now('VIRTUAL_SYNC'), tm.now('REAL')]).to.deep.equal([expected, expected, 1000n]);
    });
  }

  it('changes the warp drive at once, and time does not jump', () => {
    const { tm, host } = new TestTime();
    tm.resume();
    host.advance(S);
    tm.setWarpDrive(300);
    expect(tm.now('VIRTUAL')).to.equal(S);
    host.advance(S);
    expect(tm.now('VIRTUAL')).to.equal(4n * S);
    tm.pause();
    tm.setWarpDrive(100);
    expect(tm.now('VIRTUAL')).to.equal(4n * S);
  });

  it('finds the deadline of a warped timer', () => {
    const time = new TestTime({ WarpDrivePercentage: 300 });
    time.tm.resume();
    time.timer('PIT').set(100n);
    expect(time.tm.deadline).to.equal(34n);
    time.runFor(33n);
    expect(time.delivered).to.deep.equal([]);
    time.runFor(1n);
    expect(time.delivered).to.deep.equal(['PIT@100']);
  });

  it('tells UTC with the offset, and without the lag', () => {
    const time = new TestTime({ UTCOffset: BigInt.asUintN(64, -3600n * S) });
    const { tm, host } = time;
    time.utc = 10_000n * S;
    expect(tm.utcNow()).to.equal(6400n * S);
    tm.resume();
    time.timer('RTC').set(S);
    host.advance(3n * S);
    expect(tm.virtualSync.lag).to.equal(2n * S);
    expect(tm.utcNow()).to.equal(6401n * S);
  });

  it('forgets the lag at a reset', () => {
    const time = new TestTime();
    const { tm, host, log } = time;
    tm.resume();
    tm.reset();
    expect(log).to.deep.equal([]);
    time.timer('PIT').set(S);
    host.advance(2n * S);
    tm.run();
    expect([tm.virtualSync.lag, tm.virtualSync.percentage]).to.deep.equal([S, 200n]);
    tm.reset();
    expect([tm.virtualSync.lag, tm.virtualSync.percentage, tm.virtualSync.givenUp]).to.deep.equal([0n, 0n, S]);
    host.advance(S);
    expect(tm.now('VIRTUAL_SYNC')).to.equal(2n * S);
    expect(log).to.deep.equal(['TM: the guest was 1000000000 ns behind when it was reset; that is forgotten']);
  });
});
