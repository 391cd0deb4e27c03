import { expect } from 'chai';
import { CurrentEmt, Emt, type EmtStep, ManualTimers } from '../emt/index.js';
import { TimerAlarm, timerStep } from './alarm.js';
import { MS, TestTime } from './testing.js';

/** An EMT that sleeps whenever no timer is due. */
function sleeper(options: { isRunning?: () => boolean } = {}) {
  const time = new TestTime();
  const failures: string[] = [];
  const step = timerStep({ tm: time.tm, onFailure: (_context, { message }) => failures.push(message), ...options });
  let served = 0;
  const serve = (emt: Emt) => {
    served++;
    return step.serve(emt);
  };
  const counting: EmtStep = { ...step, serve };
  const emt = new Emt(0, 'EMT', new CurrentEmt(), {
    steps: [counting],
    guest: { mayRun: () => false, run: () => Promise.resolve() },
  });
  const alarm = new TimerAlarm(time.tm, time.host, () => emt.poke());
  return {
    ...{ time, emt, alarm, failures },
    get served() {
      return served;
    },
    /** Lets a time pass, and the EMT do what it has to. */
    async pass(ns: bigint): Promise<void> {
      time.host.advance(ns);
      for (let i = 0; i < 3; i++) await time.host.turn();
    },
  };
}

describe('timerStep and TimerAlarm', () => {
  it('lets the EMT sleep exactly until a timer is due', async () => {
    const bench = sleeper();
    const { time, emt, failures } = bench;
    await bench.pass(0n);
    expect([emt.idle, time.host.waiting]).to.deep.equal([true, 0]);
    time.tm.resume();
    time.periodic('PIT', MS).set(MS);
    time.timer('RTC', { clock: 'VIRTUAL' }).set(1500n * 1000n);
    expect(time.host.waiting).to.equal(1);
    await bench.pass(MS - 1n);
    expect([bench.served, time.delivered]).to.deep.equal([0, []]);
    await bench.pass(1n);
    expect([bench.served, time.delivered]).to.deep.equal([1, [`PIT@${MS}`]]);
    await bench.pass(MS / 2n);
    await bench.pass(MS / 2n);
    expect(time.delivered).to.deep.equal([`PIT@${MS}`, 'RTC@1500000', `PIT@${2n * MS}`]);
    expect([bench.served, emt.idle, failures]).to.deep.equal([3, true, []]);
    emt.terminate();
    await emt.ended;
  });

  it('has one timer of the host, which goes off in vain after a deadline has moved back', async () => {
    const bench = sleeper();
    const { time, emt, alarm } = bench;
    time.tm.resume();
    const timer = time.timer('PIT');
    for (const at of [5n, 3n, 4n, 9n]) {
      timer.set(at);
      expect(time.host.waiting).to.equal(1);
    }
    await bench.pass(8n);
    expect([bench.served, time.host.waiting]).to.deep.equal([0, 1]);
    await bench.pass(1n);
    expect(time.delivered).to.deep.equal(['PIT@9']);
    timer.set(20);
    time.tm.pause();
    expect(time.host.waiting).to.equal(0);
    time.tm.resume();
    timer.stop();
    expect(time.host.waiting).to.equal(0);
    timer.set(20);
    alarm.stop();
    timer.set(10);
    expect(time.host.waiting).to.equal(0);
    emt.terminate();
    await emt.ended;
  });

  it('delivers nothing, not of the real clock either, unless the VM runs', async () => {
    let isRunning = false;
    const bench = sleeper({ isRunning: () => isRunning });
    const { time, emt } = bench;
    time.timer('VGA', { clock: 'REAL' }).set(1);
    await bench.pass(MS);
    expect(bench.served).to.equal(0);
    isRunning = true;
    emt.poke();
    await bench.pass(0n);
    expect(time.delivered).to.deep.equal(['VGA@1']);
    emt.terminate();
    await emt.ended;
  });

  it('is for the timer EMT only', () => {
    const time = new TestTime({}, { cpuCount: 2 });
    const step = timerStep({ tm: time.tm, onFailure: () => {} });
    time.timer('VGA', { clock: 'REAL' }).set(0);
    expect([0, 1].map((id) => step.pending({ id } as Emt))).to.deep.equal([true, false]);
  });

  it('tells of a callback that fails, and goes on', async () => {
    const bench = sleeper();
    const { time, emt, failures } = bench;
    time.tm.resume();
    time
      .timer('bad', {
        callback: () => {
          throw new Error('bug');
        },
      })
      .set(1);
    time.timer('good').set(1);
    await bench.pass(1n);
    expect(failures.length).to.equal(1);
    expect(failures[0]).to.contain('bug');
    expect(time.delivered).to.deep.equal(['bad@1', 'good@1']);
    emt.terminate();
    await emt.ended;
  });

  it('sets itself again when the host’s timer is early', () => {
    const time = new TestTime();
    const early: (() => void)[] = [];
    let woken = 0;
    const timers = Object.assign(new ManualTimers(), {
      after: (_delay: bigint, call: () => void) => {
        early.push(call);
        return () => {};
      },
    });
    new TimerAlarm(time.tm, timers, () => woken++);
    time.tm.resume();
    time.timer('PIT').set(10);
    early.shift()!();
    expect([woken, early.length]).to.deep.equal([0, 1]);
    time.host.advance(10n);
    early.shift()!();
    expect(woken).to.equal(1);
  });
});
