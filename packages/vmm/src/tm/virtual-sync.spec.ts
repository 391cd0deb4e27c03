import { expect } from 'chai';
import fc from 'fast-check';
import { defaultPeriods } from './config.js';
import { MS, S, TestTime, US } from './testing.js';

/** A guest with a timer at 1 ms that is delivered with so much lag. */
function lagging(lag: bigint, config = {}): TestTime {
  const time = new TestTime(config);
  time.tm.resume();
  time.timer('PIT').set(MS);
  time.host.advance(MS + lag);
  time.tm.run();
  return time;
}

describe('VirtualSyncClock', () => {
  it('waits for its timer', () => {
    const time = new TestTime();
    const { tm, host } = time;
    tm.resume();
    const timer = time.timer('PIT');
    timer.set(MS);
    host.advance(MS - 1n);
    expect([tm.now('VIRTUAL_SYNC'), tm.ticking('VIRTUAL_SYNC')]).to.deep.equal([MS - 1n, true]);
    host.advance(S);
    expect([tm.now('VIRTUAL_SYNC'), tm.ticking('VIRTUAL_SYNC')]).to.deep.equal([MS, false]);
    expect(tm.now('VIRTUAL')).to.equal(S + MS - 1n);
    expect(tm.deadline).to.equal(host.now());
    tm.run();
    expect([tm.now('VIRTUAL_SYNC'), tm.ticking('VIRTUAL_SYNC')]).to.deep.equal([MS, true]);
  });

  it('waits for a run, too, when the timer it waited for was stopped', () => {
    const time = new TestTime();
    const { tm, host } = time;
    tm.resume();
    const timer = time.timer('PIT');
    timer.set(MS);
    host.advance(2n * MS);
    expect(tm.now('VIRTUAL_SYNC')).to.equal(MS);
    timer.stop();
    expect([tm.due, tm.run(), tm.now('VIRTUAL_SYNC'), tm.due]).to.deep.equal([true, 0, MS, false]);
    expect(tm.virtualSync.percentage).to.equal(5n);
  });

  it('does not go back for a timer that is set for the past', () => {
    const time = new TestTime();
    const { tm, host } = time;
    tm.resume();
    host.advance(MS);
    time.timer('PIT').set(5);
    expect([tm.now('VIRTUAL_SYNC'), tm.run(), time.delivered]).to.deep.equal([MS, 1, [`PIT@${MS}`]]);
  });

  it('is the same for everybody, whether or not others read it', () => {
    const read = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 });
    const guest = (reads: readonly boolean[]) => {
      const time = new TestTime();
      const { tm, host } = time;
      const timers = [time.timer('one'), time.timer('two')];
      tm.resume();
      const seen: unknown[] = [];
      for (const [i, isRead] of reads.entries()) {
        host.advance(700n * US);
        if (isRead) tm.now('VIRTUAL_SYNC');
        const timer = timers[i % 2]!;
        if (i % 3 === 0) timer.set(MS * BigInt(i));
        else if (i % 3 === 1) timer.stop();
        else tm.run();
        if (i > 5) seen.push(tm.now('VIRTUAL_SYNC'), tm.virtualSync.percentage, tm.deadline);
      }
      return [...seen, ...time.delivered];
    };
    fc.assert(
      fc.property(read, (reads) => {
        expect(guest(reads)).to.deep.equal(guest(reads.map(() => false)));
      }),
    );
  });

  it('stays where it waits while the VM is suspended', () => {
    const time = new TestTime();
    const { tm, host } = time;
    tm.resume();
    time.timer('PIT').set(MS);
    host.advance(2n * MS);
    tm.pause();
    host.advance(S);
    expect([tm.now('VIRTUAL_SYNC'), tm.due, tm.run()]).to.deep.equal([MS, false, 0]);
    tm.resume();
    expect([tm.now('VIRTUAL_SYNC'), tm.run(), tm.virtualSync.lag]).to.deep.equal([MS, 1, MS]);
  });

  for (const [i, { start, percentage }] of defaultPeriods.entries()) {
    it(`period ${i}: a lag of ${start} ns is caught up ${percentage} % faster`, () => {
      expect(lagging(start).tm.virtualSync.percentage).to.equal(percentage);
      const before = defaultPeriods[i - 1]?.percentage ?? 0n;
      expect(lagging(start - 1n).tm.virtualSync.percentage).to.equal(before);
      const { tm, host } = lagging(start);
      const from = tm.now('VIRTUAL_SYNC');
      host.advance(100n * US);
      expect(tm.now('VIRTUAL_SYNC') - from).to.equal(US * (100n + percentage));
    });
  }

  it('stops catching up where the lag is not worth it any longer', () => {
    const { tm, host } = lagging(MS);
    // 5 % of 10 ms are half of the 1 ms of lag.
    host.advance(10n * MS - 20n);
    expect([tm.virtualSync.lag, tm.virtualSync.percentage]).to.deep.equal([500n * US + 1n, 5n]);
    host.advance(20n);
    expect([tm.virtualSync.lag, tm.virtualSync.percentage]).to.deep.equal([500n * US, 0n]);
    host.advance(S);
    expect(tm.now('VIRTUAL_SYNC')).to.equal(tm.now('VIRTUAL') - 500n * US);
  });

  for (const [left, percentage] of [
    [500n * US, 0n],
    [500n * US + 1n, 5n],
  ] as const) {
    it(`at a timer with ${left} ns of lag left it catches up by ${percentage} %`, () => {
      const time = lagging(MS);
      const { tm, host } = time;
      host.advance((MS - left) * 20n);
      expect(tm.virtualSync.lag).to.equal(left);
      time.timer('next').set(tm.now('VIRTUAL_SYNC'));
      tm.run();
      expect([tm.virtualSync.percentage, tm.virtualSync.lag]).to.deep.equal([percentage, left]);
    });
  }

  it('only becomes faster in one attempt', () => {
    const time = lagging(200n * MS);
    const { tm, host } = time;
    host.advance(190n * MS);
    time.timer('near').set(tm.now('VIRTUAL_SYNC'));
    tm.run();
    expect([tm.virtualSync.lag, tm.virtualSync.percentage]).to.deep.equal([10n * MS, 100n]);
    time.timer('far').set(tm.now('VIRTUAL_SYNC') + 1n);
    host.advance(600n * MS);
    tm.run();
    expect(tm.virtualSync.percentage).to.equal(200n);
  });

  for (const [lag, givenUp] of [
    [60n * S, 0n],
    [60n * S + 1n, 60n * S + 1n],
  ] as const) {
    it(`a lag of ${lag} ns: ${givenUp} ns are given up`, () => {
      const time = lagging(lag);
      const { virtualSync } = time.tm;
      expect([virtualSync.givenUp, virtualSync.lag + virtualSync.givenUp]).to.deep.equal([givenUp, lag]);
      expect(time.log.length).to.equal(givenUp > 0n ? 1 : 0);
      expect(time.tm.now('VIRTUAL_SYNC')).to.equal(MS);
    });
  }

  it('adds up what is given up, also in the middle of catching up', () => {
    const config = { CatchUpGiveUpThreshold: 56n * S };
    const time = lagging(57n * S, config);
    const { tm, host } = time;
    time.timer('next').set(tm.now('VIRTUAL_SYNC') + MS);
    host.advance(2n * MS);
    tm.run();
    expect([tm.virtualSync.percentage, tm.virtualSync.lag, tm.virtualSync.givenUp]).to.deep.equal([5n, MS, 57n * S]);
    time.timer('last').set(tm.now('VIRTUAL_SYNC'));
    host.advance(60n * S);
    tm.run();
    expect([tm.virtualSync.percentage, tm.virtualSync.givenUp]).to.deep.equal([0n, 117n * S + MS]);
    expect(time.log).to.deep.equal([
      'TM: 57000000000 ns are too much to be made up for; 57000000000 ns are lost in all',
      'TM: 60001000000 ns are too much to be made up for; 117001000000 ns are lost in all',
    ]);
  });

  it("is in nobody else's debt: what another clock has due delivers nothing ahead of this one", () => {
    const time = lagging(90n * US);
    const { tm, host } = time;
    time.timer('soon').set(MS + 50n * US);
    time.timer('now', { clock: 'VIRTUAL' }).set(MS + 90n * US);
    expect([tm.run(), time.delivered.at(-1), tm.now('VIRTUAL_SYNC')]).to.deep.equal([1, `now@${MS + 90n * US}`, MS]);
    host.advance(50n * US);
    expect([tm.run(), time.delivered.at(-1)]).to.deep.equal([1, `soon@${MS + 50n * US}`]);
  });

  for (const [name, slack, lag, delivered] of [
    ['within the slack', 100n * US, S, 2],
    ['beyond the slack', 100n * US - 1n, S, 1],
    ['not ahead of the clock without a lag', 100n * US, 0n, 1],
    ['not ahead of what there is to catch up', 100n * US, 50n * US, 1],
  ] as const) {
    it(`schedule slack: ${name}`, () => {
      const time = new TestTime({ ScheduleSlack: slack });
      time.tm.resume();
      time.timer('one').set(MS);
      time.timer('two').set(MS + 100n * US);
      time.host.advance(MS + lag);
      expect(time.tm.run()).to.equal(delivered);
    });
  }

  it('gives every tick of a periodic timer its time, however late the host is', () => {
    const time = new TestTime();
    const { tm, host } = time;
    time.periodic('PIT', MS).set(MS);
    tm.resume();
    host.advance(10n * MS);
    time.runFor(60n * MS);
    const expected = Array.from({ length: time.delivered.length }, (_, i) => `PIT@${MS * BigInt(i + 1)}`);
    expect(time.delivered).to.deep.equal(expected);
    // The lag that is not worth it is left.
    expect([time.delivered.length, tm.virtualSync.lag <= 500n * US]).to.deep.equal([69, true]);
  });

  it('has an exact deadline: due then, and not a nanosecond before; never goes back', () => {
    const lag = fc.bigInt({ min: 0n, max: 62n * S });
    const wait = fc.bigInt({ min: 1n, max: 3n * S });
    fc.assert(
      fc.property(lag, wait, wait, fc.integer({ min: 2, max: 1000 }), (late, pause, ahead, warp) => {
        const time = lagging(late);
        const { tm, host } = time;
        tm.setWarpDrive(warp);
        host.advance(pause);
        const from = tm.now('VIRTUAL_SYNC');
        const timer = time.timer('next');
        timer.set(from + ahead);
        const { deadline } = tm;
        host.advance(deadline! - host.now() - 1n);
        expect([tm.due, tm.now('VIRTUAL_SYNC') < from + ahead]).to.deep.equal([false, true]);
        expect(tm.now('VIRTUAL_SYNC') >= from).to.equal(true);
        host.advance(1n);
        expect([tm.due, tm.now('VIRTUAL_SYNC'), tm.run()]).to.deep.equal([true, from + ahead, 1]);
        expect(time.delivered.at(-1)).to.equal(`next@${from + ahead}`);
      }),
      { numRuns: 300 },
    );
  });
});
