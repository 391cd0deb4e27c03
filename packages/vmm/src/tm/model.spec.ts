import { expect } from 'chai';
import fc from 'fast-check';
import { type TimerClock, timerClocks } from './clocks.js';
import { MS, TestTime } from './testing.js';
import type { TmTimer } from './timer.js';

/*
 * The timer queues against a model: a list of what is armed, sorted by time and order of arming. Times are few, so that
 * many timers are due together; callbacks arm and stop others.
 */

interface Armed {
  readonly name: number;
  readonly expire: bigint;
}

/** What a timer's next callback does to a timer. */
interface Deed {
  readonly to: number;
  /** Ticks from the time that its clock is due at; `undefined` to stop it. */
  readonly ticks: number | undefined;
}

type Action =
  | { kind: 'set'; timer: number; at: number; deed: Deed | undefined }
  | { kind: 'stop' | 'destroy'; timer: number }
  | { kind: 'pass'; ticks: number };

const TIMERS = 6;
const timer = fc.nat({ max: TIMERS - 1 });
const deed = fc.record({ to: timer, ticks: fc.option(fc.nat({ max: 5 }), { nil: undefined }) });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      timer,
      at: fc.nat({ max: 30 }),
      deed: fc.option(deed, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stop' as const), timer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('destroy' as const), timer }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ticks: fc.nat({ max: 8 }) }) },
);

/** The sorted list. */
class Model {
  now = 0n;
  /** The clock has met a timer that was due, and goes on with the next run, even if that timer was stopped. */
  held = false;
  armed: Armed[] = [];
  deeds: (Deed | undefined)[] = [];
  readonly gone = new Set<number>();
  readonly delivered: string[] = [];
  #current: number | undefined;
  #later: Armed[] | undefined;

  set(name: number, expire: bigint): void {
    if (this.gone.has(name)) return;
    this.stop(name);
    const list = this.#later !== undefined && expire <= this.now ? this.#later : this.armed;
    list.push({ name, expire });
    // Sorting keeps the order of equals.
    this.armed.sort((a, b) => (a.expire < b.expire ? -1 : a.expire > b.expire ? 1 : 0));
  }

  stop(name: number): void {
    this.armed = this.armed.filter((other) => other.name !== name);
    this.#later = this.#later?.filter((other) => other.name !== name);
  }

  run(): void {
    this.#later = [];
    this.held = false;
    while (this.armed[0] !== undefined && this.armed[0].expire <= this.now) {
      const { name } = this.armed.shift()!;
      this.delivered.push(`${name}@${this.now}`);
      this.#current = name;
      const deed = this.deeds[name];
      this.deeds[name] = undefined;
      if (deed?.ticks !== undefined) this.set(deed.to, this.now + BigInt(deed.ticks));
      else if (deed !== undefined && deed.to !== this.#current) this.stop(deed.to);
    }
    const later = this.#later;
    this.#later = undefined;
    for (const { name, expire } of later) this.set(name, expire);
  }
}

function check(clock: TimerClock, actions: readonly Action[]): void {
  const time = new TestTime();
  const { tm, host } = time;
  const model = new Model();
  const tick = clock === 'REAL' ? MS : 1n;
  const deeds: (Deed | undefined)[] = [];
  const delivered: string[] = [];
  const timers: TmTimer<undefined, undefined>[] = Array.from({ length: TIMERS }, (_, name) =>
    tm.createTimer({
      clock,
      name: `timer ${name}`,
      callback: (_owner, self) => {
        delivered.push(`${name}@${self.now}`);
        const deed = deeds[name];
        deeds[name] = undefined;
        if (deed === undefined || model.gone.has(deed.to)) return;
        if (deed.ticks !== undefined) timers[deed.to]!.setRelative(deed.ticks);
        else if (deed.to !== name) timers[deed.to]!.stop();
      },
    }),
  );
  tm.resume();
  for (const step of actions) {
    if (step.kind === 'pass') {
      // Never past what is due, so that the virtual-sync clock has no lag and the three clocks behave alike.
      for (let left = step.ticks; left >= 0; left--) {
        model.run();
        tm.run();
        if (left === 0) break;
        // What had to wait for another run has it before time goes on.
        while (model.armed[0] !== undefined && model.armed[0].expire <= model.now) {
          model.run();
          tm.run();
        }
        host.advance(tick);
        model.now++;
      }
    } else if (!model.gone.has(step.timer)) {
      if (step.kind === 'set') {
        model.deeds[step.timer] = step.deed;
        deeds[step.timer] = step.deed;
        model.set(step.timer, BigInt(step.at));
        timers[step.timer]!.set(step.at);
      } else {
        model.stop(step.timer);
        timers[step.timer]![step.kind]();
        if (step.kind === 'destroy') model.gone.add(step.timer);
      }
    }
    expect(delivered).to.deep.equal(model.delivered);
    expect(tm.activeTimers.map(({ name, expire }) => [name, expire])).to.deep.equal(
      model.armed.map(({ name, expire }) => [`timer ${name}`, expire]),
    );
    const first = model.armed[0]?.expire;
    model.held ||= clock === 'VIRTUAL_SYNC' && first !== undefined && first <= model.now;
    const due = model.held || (first !== undefined && first <= model.now);
    expect(tm.due).to.equal(due);
    if (!due) expect(tm.deadline).to.equal(first === undefined ? undefined : first * tick);
    for (const [name, real] of timers.entries()) {
      const isArmed = model.armed.some((other) => other.name === name);
      expect(real.state).to.equal(model.gone.has(name) ? 'FREE' : isArmed ? 'ACTIVE' : 'STOPPED');
    }
  }
}

describe('timer queues against a sorted list', () => {
  for (const clock of timerClocks) {
    it(`${clock}: sets, stops, callbacks and time as they come`, () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 60 }), (actions) => check(clock, actions)),
        { numRuns: 300 },
      );
    });
  }
});
