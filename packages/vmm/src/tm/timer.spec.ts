import { expect } from 'chai';
import { outcome } from '../iprt/testing.js';
import type { TimerClock } from './clocks.js';
import type { TimerOptions, TimerRules } from './create-timer.js';
import { MS, S, TestTime } from './testing.js';
import { type TmTimer, timerFlags, timerStates } from './timer.js';

const create = (options: Partial<TimerOptions<undefined, undefined>>, rules: TimerRules = {}) =>
  outcome(() => {
    const { tm } = new TestTime({}, { rules });
    return tm.createTimer({ clock: 'VIRTUAL', name: 'timer', callback: () => {}, ...options }).state;
  });

describe('TmTimer: creation', () => {
  const created = { isCreating: () => false };
  for (const [rule, expected, options, rules] of [
    ['a new timer is stopped', 'STOPPED', {}],
    ['a name of 3 bytes', 'STOPPED', { name: 'PIT' }],
    ['a name of 31 bytes', 'STOPPED', { name: 'x'.repeat(31) }],
    ['a name of 2 bytes', 'VERR_INVALID_NAME', { name: 'PI' }],
    ['a name of 32 bytes', 'VERR_INVALID_NAME', { name: 'x'.repeat(32) }],
    ['a name of 16 characters of 2 bytes', 'VERR_INVALID_NAME', { name: 'ä'.repeat(16) }],
    ['a clock there is not', 'VERR_INVALID_PARAMETER', { clock: 'LUNAR' as TimerClock }],
    ['the TSC', 'VERR_NOT_SUPPORTED', { clock: 'TSC' as TimerClock }],
    ['ring 0', 'STOPPED', { flags: timerFlags.RING0 }],
    ['not ring 0', 'STOPPED', { flags: timerFlags.NO_RING0 }],
    ['ring 0 and not', 'VERR_INVALID_FLAGS', { flags: timerFlags.RING0 + timerFlags.NO_RING0 }],
    ['flags there are not', 'VERR_INVALID_FLAGS', { flags: 4 }],
    ['no callback', 'VERR_INVALID_POINTER', { callback: undefined as never }],
    ['virtual-sync while the VM is created', 'STOPPED', { clock: 'VIRTUAL_SYNC' }],
    ['virtual-sync later', 'VERR_WRONG_ORDER', { clock: 'VIRTUAL_SYNC' }, created],
    ['virtual later', 'STOPPED', {}, created],
    ['real later', 'STOPPED', { clock: 'REAL' }, created],
    ['not on an EMT', 'VERR_VM_THREAD_NOT_EMT', {}, { isOnEmt: () => false }],
  ] as const satisfies readonly (readonly [
    string,
    string,
    Partial<TimerOptions<undefined, undefined>>,
    TimerRules?,
  ])[]) {
    it(`${rule}: ${expected}`, () => expect(create(options, rules)).to.equal(expected));
  }

  it('has no more than 10000 timers of a clock', () => {
    const { tm } = new TestTime();
    const make = (clock: TimerClock) => tm.createTimer({ clock, name: 'timer', callback: () => {} });
    const many = Array.from({ length: 10_000 }, () => make('REAL'));
    expect(outcome(() => make('REAL'))).to.equal('VERR_TM_TOO_MANY_TIMERS');
    expect(make('VIRTUAL').state).to.equal('STOPPED');
    many[0]!.destroy();
    expect(make('REAL').state).to.equal('STOPPED');
  });

  it('has the numbers of VirtualBox for its states', () => {
    expect(timerStates).to.deep.equal({ STOPPED: 1, ACTIVE: 2, EXPIRED_DELIVER: 4, FREE: 12 });
  });
});

describe('TmTimer: setting', () => {
  /** So many ns in, on each clock: the expiry, in ticks. */
  const started = (clock: TimerClock) => {
    const time = new TestTime();
    const timer = time.timer('timer', { clock });
    time.tm.resume();
    time.host.advance(10n * MS);
    return { ...time, timer };
  };
  for (const [method, amount, virtual, real] of [
    ['set', 5, 5n, 5n],
    ['setRelative', 5, 10n * MS + 5n, 15n],
    ['setMillies', 5, 15n * MS, 15n],
    ['setMicro', 1999, 11_999_000n, 11n],
    ['setNano', 2_999_999n, 12_999_999n, 12n],
    ['setRelative', 2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n],
  ] as const) {
    for (const [clock, expire] of [
      ['VIRTUAL', virtual],
      ['VIRTUAL_SYNC', virtual],
      ['REAL', real],
    ] as const) {
      it(`${clock}: ${method}(${amount}) expires at ${expire}`, () => {
        const { timer } = started(clock);
        expect([timer.isActive, timer.expire]).to.deep.equal([false, 2n ** 64n - 1n]);
        timer[method](amount);
        expect([timer.isActive, timer.state, timer.expire]).to.deep.equal([true, 'ACTIVE', expire]);
      });
    }
  }

  for (const value of [-1, -1n, 1.5, Number.NaN, 2 ** 53, 2n ** 64n]) {
    it(`VERR_INVALID_PARAMETER: ${value} is no time`, () => {
      const { timer } = started('VIRTUAL');
      expect(outcome(() => timer.set(value))).to.equal('VERR_INVALID_PARAMETER');
      expect(outcome(() => timer.setMillies(value))).to.equal('VERR_INVALID_PARAMETER');
      expect(timer.state).to.equal('STOPPED');
    });
  }

  it('gives the time of its clock, in all units', () => {
    const sync = started('VIRTUAL_SYNC').timer;
    const real = started('REAL').timer;
    const times = (timer: TmTimer<undefined, undefined>) => [
      timer.frequency,
      timer.now,
      ...(['nano', 'micro', 'milli'] as const).map((unit) => timer.nowIn(unit)),
    ];
    expect(times(sync)).to.deep.equal([S, 10n * MS, 10n * MS, 10_000n, 10n]);
    expect(times(real)).to.deep.equal([1000n, 10n, 10n * MS, 10_000n, 10n]);
    expect([sync.from('micro', 3), real.from('micro', 3999), real.to('nano', 3)]).to.deep.equal([3000n, 3n, 3n * MS]);
  });
});

describe('TmTimer: delivery', () => {
  const running = () => {
    const time = new TestTime();
    time.tm.resume();
    return time;
  };

  for (const clock of ['REAL', 'VIRTUAL', 'VIRTUAL_SYNC'] as const) {
    it(`${clock}: calls once, with owner, timer and user, when it is time`, () => {
      const { tm, host } = running();
      const owner = { name: 'pit' };
      const calls: unknown[] = [];
      const timer = tm.createTimer({
        clock,
        name: 'PIT counter',
        owner: { kind: 'device', instance: owner },
        user: 7,
        callback: (...args) => calls.push([...args, args[1].state]),
      });
      timer.setMillies(3);
      host.advance(3n * MS - 1n);
      expect([tm.due, tm.run(), calls.length]).to.deep.equal([false, 0, 0]);
      host.advance(1n);
      expect([tm.due, tm.run()]).to.deep.equal([true, 1]);
      expect(calls).to.deep.equal([[owner, timer, 7, 'EXPIRED_DELIVER']]);
      expect([timer.state, tm.due, tm.run(), tm.deadline]).to.deep.equal(['STOPPED', false, 0, undefined]);
    });

    it(`${clock}: may be set again by its callback; for the past it waits for the next run`, () => {
      const time = running();
      const again = [10n, 5n, 5n];
      const timer = time.timer('timer', {
        clock,
        callback: (_owner, self) => {
          const at = again.shift();
          if (at !== undefined) self.set(at);
        },
      });
      timer.set(5);
      time.host.advance(5n * (clock === 'REAL' ? MS : 1n));
      expect([time.tm.run(), timer.state, timer.expire]).to.deep.equal([1, 'ACTIVE', 10n]);
      time.host.advance(5n * (clock === 'REAL' ? MS : 1n));
      expect([time.tm.run(), time.tm.due]).to.deep.equal([1, true]);
      expect([time.tm.run(), time.tm.due]).to.deep.equal([1, true]);
      expect([time.tm.run(), time.tm.due]).to.deep.equal([1, false]);
      expect(time.delivered).to.deep.equal(['timer@5', 'timer@10', 'timer@10', 'timer@10']);
    });
  }

  it('delivers real timers first, then virtual, then virtual-sync, each in order', () => {
    const time = running();
    for (const clock of ['REAL', 'VIRTUAL', 'VIRTUAL_SYNC'] as const) {
      for (const [name, at] of [
        ['two', 2],
        ['one', 1],
        ['also two', 2],
      ] as const) {
        time.timer(`${clock} ${name}`, { clock }).set(clock === 'VIRTUAL_SYNC' ? MS + BigInt(at) : at);
      }
    }
    time.host.advance(2n * MS);
    expect(time.tm.run()).to.equal(9);
    expect(time.delivered.map((text) => text.split('@')[0])).to.deep.equal([
      ...['REAL one', 'REAL two', 'REAL also two'],
      ...['VIRTUAL one', 'VIRTUAL two', 'VIRTUAL also two'],
      ...['VIRTUAL_SYNC one', 'VIRTUAL_SYNC two', 'VIRTUAL_SYNC also two'],
    ]);
  });

  it('stops: a stopped timer, too, but none that is being delivered', () => {
    const time = running();
    const statuses: unknown[] = [];
    const timer = time.timer('timer', { callback: (_owner, self) => statuses.push(outcome(() => self.stop())) });
    timer.stop();
    timer.set(5);
    timer.stop();
    expect([timer.state, time.tm.deadline]).to.deep.equal(['STOPPED', undefined]);
    timer.set(5);
    time.runFor(10n);
    expect(statuses).to.deep.equal(['VERR_INVALID_PARAMETER']);
    expect(timer.state).to.equal('STOPPED');
  });

  it('lets a callback stop another that was due', () => {
    const time = running();
    const other = time.timer('other');
    time.timer('first', { callback: () => other.stop() }).set(5);
    other.set(5);
    time.runFor(10n);
    expect(time.delivered).to.deep.equal(['first@5']);
    expect(time.tm.now('VIRTUAL_SYNC')).to.equal(10n);
  });

  it('keeps virtual timers back while the VM does not run', () => {
    const time = running();
    time.timer('virtual', { clock: 'VIRTUAL' }).set(5);
    time.timer('sync').set(5);
    time.timer('real', { clock: 'REAL' }).set(1);
    time.host.advance(10n);
    time.tm.pause();
    expect(time.tm.deadline).to.equal(MS);
    time.host.advance(MS);
    expect(time.tm.run()).to.equal(1);
    time.tm.resume();
    expect(time.tm.run()).to.equal(2);
    expect(time.delivered).to.deep.equal(['real@1', 'virtual@10', 'sync@5']);
  });

  it('lets time stand still during a run, which is none of a callback’s business', () => {
    const time = running();
    const seen: unknown[] = [];
    time
      .timer('slow', {
        clock: 'VIRTUAL',
        callback: (_owner, self) => {
          time.host.advance(S);
          seen.push(self.now, time.tm.run());
        },
      })
      .set(5);
    time.timer('next', { clock: 'VIRTUAL' }).set(6);
    expect(time.tm.run(5n)).to.equal(1);
    expect(seen).to.deep.equal([5n, 0]);
    // A time that has passed counts as that of the last run.
    expect(time.tm.run(6n)).to.equal(1);
    time.timer('past', { clock: 'VIRTUAL' }).set(6);
    expect(time.tm.run(0n)).to.equal(1);
    expect(time.delivered).to.deep.equal(['slow@5', 'next@6', 'past@6']);
  });

  it('throws what a callback throws, and goes on with the next run', () => {
    const time = running();
    const bad = time.timer('bad', {
      callback: () => {
        throw new Error('bug');
      },
    });
    bad.set(5);
    time.timer('good').set(5);
    time.host.advance(5n);
    expect(() => time.tm.run()).to.throw('bug');
    expect([bad.state, time.tm.due]).to.deep.equal(['STOPPED', true]);
    time.tm.run();
    expect(time.delivered).to.deep.equal(['bad@5', 'good@5']);
  });
});

describe('TmTimer: critical sections, owners, hints', () => {
  it('guards callbacks of a device with its section, unless told not to', () => {
    const log: string[] = [];
    const section = (name: string) => ({
      enter: () => void log.push(`+${name}`),
      leave: () => void log.push(`-${name}`),
    });
    const defaultCritSect = (device: unknown) => section((device as { name: string }).name);
    const { tm, host } = new TestTime({}, { rules: { defaultCritSect } });
    const instance = { name: 'pit' };
    const timer = (name: string, kind: 'device' | 'driver' | 'usb', flags = 0) =>
      tm.createTimer({
        clock: 'VIRTUAL',
        name,
        owner: { kind, instance },
        flags,
        callback: () => {
          log.push(name);
          if (name === 'throws') throw new Error(name);
        },
      });
    timer('one', 'device').set(1);
    timer('two', 'device', timerFlags.NO_CRIT_SECT).set(2);
    timer('three', 'driver').set(3);
    timer('four', 'usb').set(4);
    const five = timer('five', 'driver');
    five.setCritSect(section('own'));
    five.set(5);
    timer('throws', 'device').set(6);
    expect(outcome(() => five.setCritSect(section('another')))).to.equal('VERR_INVALID_PARAMETER');
    tm.resume();
    host.advance(6n);
    expect(() => tm.run()).to.throw('throws');
    expect(log.join(' ')).to.equal('+pit one -pit two three four +own five -own +pit throws -pit');
  });

  it('goes with its owner, of the same kind', () => {
    const { tm } = new TestTime();
    const one = { name: 'one' };
    const two = { name: 'two' };
    const timers = (['device', 'driver', 'usb'] as const).flatMap((kind) =>
      [one, two].map((instance) => {
        const name = `${kind} ${instance.name}`;
        const timer = tm.createTimer({ clock: 'REAL', name, owner: { kind, instance }, callback: () => {} });
        timer.set(5);
        return timer;
      }),
    );
    const names = () => tm.timers.map(({ name }) => name);
    tm.destroyTimersOf('device', one);
    expect(names()).to.deep.equal(['device two', 'driver one', 'driver two', 'usb one', 'usb two']);
    tm.destroyTimersOf('driver', two);
    tm.destroyTimersOf('usb', one);
    expect(names()).to.deep.equal(['device two', 'driver one', 'usb two']);
    expect(tm.activeTimers.length).to.equal(3);
    expect(timers[0]!.state).to.equal('FREE');
    expect(outcome(() => tm.destroyTimersOf('usb', undefined as never))).to.equal('VERR_INVALID_PARAMETER');
  });

  for (const [name, call] of [
    ['set', (timer) => timer.set(5)],
    ['setMillies', (timer) => timer.setMillies(5)],
    ['stop', (timer) => timer.stop()],
    ['now', (timer) => timer.now],
    ['frequencyHint', (timer) => (timer.frequencyHint = 5)],
    ['setCritSect', (timer) => timer.setCritSect({ enter() {}, leave() {} })],
    ['saveState', (timer) => timer.saveState()],
    ['loadState', (timer) => timer.loadState({ state: 4, expire: 0n })],
    ['destroy', (timer) => timer.destroy()],
  ] as const satisfies readonly (readonly [string, (timer: TmTimer<undefined, undefined>) => unknown])[]) {
    it(`VERR_INVALID_HANDLE: ${name} of a timer that was destroyed`, () => {
      const { tm } = new TestTime();
      const timer = tm.createTimer({ clock: 'REAL', name: 'timer', callback: () => {} });
      timer.destroy();
      expect(outcome(() => call(timer))).to.equal('VERR_INVALID_HANDLE');
    });
  }

  it('may destroy itself, and others, while it is delivered', () => {
    const time = new TestTime();
    time.tm.resume();
    const other = time.timer('other');
    const self = time.timer('self', {
      callback: (_owner, timer) => {
        other.destroy();
        timer.destroy();
      },
    });
    self.set(5);
    other.set(5);
    time.runFor(10n);
    expect(time.delivered).to.deep.equal(['self@5']);
    expect([self.state, time.tm.timers]).to.deep.equal(['FREE', []]);
  });

  it('hints at its frequency while it is armed', () => {
    const time = new TestTime({ HostHzMax: 1000 });
    const { tm } = time;
    tm.resume();
    const pit = time.timer('pit');
    const lapic = time.periodic('lapic', 10n);
    const vga = time.timer('vga', { clock: 'REAL' });
    pit.frequencyHint = 18;
    lapic.frequencyHint = 100;
    vga.frequencyHint = 30_000;
    expect(tm.maxFrequencyHint()).to.equal(0);
    pit.set(5);
    lapic.set(5);
    vga.set(5);
    expect([tm.maxFrequencyHint('VIRTUAL_SYNC'), tm.maxFrequencyHint('VIRTUAL'), tm.maxFrequencyHint()]).to.deep.equal([
      ...[100, 0, 1000],
    ]);
    lapic.stop();
    expect(tm.maxFrequencyHint('VIRTUAL_SYNC')).to.equal(18);
    lapic.set(5);
    time.runFor(5n);
    // It has set itself again, the other has not.
    expect(tm.maxFrequencyHint('VIRTUAL_SYNC')).to.equal(100);
    lapic.stop();
    expect(tm.maxFrequencyHint('VIRTUAL_SYNC')).to.equal(0);
    pit.set(9);
    expect(tm.maxFrequencyHint('VIRTUAL_SYNC'), 'a hint stays').to.equal(18);
    expect(outcome(() => (pit.frequencyHint = -1))).to.equal('VERR_INVALID_PARAMETER');
  });
});
