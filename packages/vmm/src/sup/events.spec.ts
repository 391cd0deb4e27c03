import { expect } from 'chai';
import { ManualTimers, NS_PER_MS } from '../emt/host-clock.js';
import { INDEFINITE_MILLIS, NIL_EVENT } from './event-table.js';
import type { Session } from './session.js';
import { newDriver, outcomeOf, settled } from './testing.js';

/** What both kinds do alike. */
const kinds = {
  'single-release events': (session: Session) => session.events,
  'multiple-release events': (session: Session) => session.multiEvents,
};

/** Follows a promise: what it has come to so far. */
function watch(promise: Promise<unknown>): () => Promise<string> {
  let state = 'waiting';
  settled(promise).then((status) => {
    state = status;
  });
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return state;
  };
}

const FOREVER = 0xffff_ffff_ffff_ffffn;

for (const [kind, of] of Object.entries(kinds)) {
  describe(kind, () => {
    it('a signal that comes first lets a wait pass', async () => {
      const { alice } = newDriver();
      const event = of(alice).create();
      of(alice).signal(event);
      expect(await settled(of(alice).wait(event, INDEFINITE_MILLIS))).to.equal('VINF_SUCCESS');
    });

    it('a wait that comes first is woken', async () => {
      const { alice } = newDriver();
      const event = of(alice).create();
      const wait = watch(of(alice).wait(event, INDEFINITE_MILLIS));
      expect(await wait()).to.equal('waiting');
      of(alice).signal(event);
      expect(await wait()).to.equal('VINF_SUCCESS');
    });

    // How long each way of waiting lasts, from a moment that is not 0.
    const waits: readonly [string, (session: Session, event: number) => Promise<void>, bigint | undefined][] = [
      ['wait', (s, e) => of(s).wait(e, 3), 3n * NS_PER_MS],
      ['wait for ever', (s, e) => of(s).wait(e, INDEFINITE_MILLIS), undefined],
      ['waitNoResume', (s, e) => of(s).waitNoResume(e, 3), 3n * NS_PER_MS],
      ['waitNsRelIntr', (s, e) => of(s).waitNsRelIntr(e, 7n), 7n],
      ['waitNsRelIntr for ever', (s, e) => of(s).waitNsRelIntr(e, FOREVER), undefined],
      ['waitNsAbsIntr', (s, e) => of(s).waitNsAbsIntr(e, 1009n), 9n],
      ['waitNsAbsIntr for ever', (s, e) => of(s).waitNsAbsIntr(e, FOREVER), undefined],
    ];
    for (const [name, call, ns] of waits) {
      it(`${name}: ${ns === undefined ? 'has no end' : `VERR_TIMEOUT after ${ns} ns, not before`}`, async () => {
        const { alice, timers } = newDriver();
        timers.advance(1000n);
        const event = of(alice).create();
        const wait = watch(call(alice, event));
        timers.advance((ns ?? 1n << 60n) - 1n);
        expect(await wait()).to.equal('waiting');
        timers.advance(1n);
        expect(await wait()).to.equal(ns === undefined ? 'waiting' : 'VERR_TIMEOUT');
        of(alice).close(event);
        expect(timers.waiting).to.equal(0);
      });
    }

    const past: Record<string, (session: Session, event: number) => Promise<void>> = {
      'no milliseconds': (s, e) => of(s).wait(e, 0),
      'no nanoseconds': (s, e) => of(s).waitNsRelIntr(e, 0n),
      'a moment that is past': (s, e) => of(s).waitNsAbsIntr(e, 0n),
    };
    for (const [name, call] of Object.entries(past)) {
      it(`a wait for ${name} only asks`, async () => {
        const { alice, timers } = newDriver();
        const event = of(alice).create();
        expect(await settled(call(alice, event))).to.equal('VERR_TIMEOUT');
        of(alice).signal(event);
        expect(await settled(call(alice, event))).to.equal('VINF_SUCCESS');
        expect(timers.waiting).to.equal(0);
      });
    }

    const bad: Record<string, (session: Session, event: number) => Promise<void>> = {
      'negative milliseconds': (s, e) => of(s).wait(e, -1),
      'half milliseconds': (s, e) => of(s).waitNoResume(e, 0.5),
      'more than 32 bits of milliseconds': (s, e) => of(s).wait(e, 2 ** 32),
      'negative nanoseconds': (s, e) => of(s).waitNsRelIntr(e, -1n),
      'more than 64 bits of nanoseconds': (s, e) => of(s).waitNsAbsIntr(e, 1n << 64n),
    };
    for (const [name, call] of Object.entries(bad)) {
      it(`${name}: VERR_INVALID_PARAMETER`, async () => {
        const { alice } = newDriver();
        expect(await settled(call(alice, of(alice).create()))).to.equal('VERR_INVALID_PARAMETER');
      });
    }

    it('interrupting the session ends the waits that can be interrupted', async () => {
      const { alice, bob, timers } = newDriver();
      const event = of(alice).create();
      const other = of(bob).create();
      const list = [
        of(alice).wait(event, 5),
        of(alice).waitNoResume(event, 5),
        of(alice).waitNsAbsIntr(event, FOREVER),
        of(alice).waitNsRelIntr(event, FOREVER),
        of(bob).waitNoResume(other, 5),
      ].map(watch);
      alice.interrupt();
      const states = await Promise.all(list.map((wait) => wait()));
      expect(states).to.deep.equal(['waiting', 'VERR_INTERRUPTED', 'VERR_INTERRUPTED', 'VERR_INTERRUPTED', 'waiting']);
      timers.advance(5n * NS_PER_MS);
      expect(await list[0]!()).to.equal('VERR_TIMEOUT');
    });

    it('an AbortSignal ends the one wait it is given to', async () => {
      const { alice } = newDriver();
      const event = of(alice).create();
      const controller = new AbortController();
      const [mine, other] = [
        watch(of(alice).waitNoResume(event, 5, { signal: controller.signal })),
        watch(of(alice).waitNoResume(event, 5)),
      ];
      controller.abort();
      expect([await mine(), await other()]).to.deep.equal(['VERR_INTERRUPTED', 'waiting']);
      const late = of(alice).waitNsRelIntr(event, 5n, { signal: controller.signal });
      expect(await settled(late), 'aborted before').to.equal('VERR_INTERRUPTED');
    });

    it('closing destroys: waits end with VERR_SEM_DESTROYED, the handle is no more', async () => {
      const { alice, timers } = newDriver();
      const event = of(alice).create();
      const wait = watch(of(alice).wait(event, 5));
      expect(of(alice).close(event)).to.equal('VINF_OBJECT_DESTROYED');
      expect(await wait()).to.equal('VERR_SEM_DESTROYED');
      expect(timers.waiting).to.equal(0);
      for (const call of [() => of(alice).close(event), () => of(alice).signal(event), () => of(alice).reset(event)]) {
        expect(outcomeOf(call)).to.equal('VERR_INVALID_HANDLE');
      }
      expect(await settled(of(alice).wait(event, 1))).to.equal('VERR_INVALID_HANDLE');
      expect(of(alice).create(), 'handles are not given out again').to.not.equal(event);
    });

    it('NIL can be closed, and nothing else', () => {
      const { alice } = newDriver();
      expect(of(alice).close(NIL_EVENT)).to.equal('VINF_SUCCESS');
      expect(outcomeOf(() => of(alice).signal(NIL_EVENT))).to.equal('VERR_INVALID_HANDLE');
    });

    it('a handle is nothing in another session, until it is opened there', async () => {
      const { driver, alice, bob } = newDriver({ accessPolicy: () => true });
      const event = of(alice).create();
      expect(outcomeOf(() => of(bob).signal(event))).to.equal('VERR_INVALID_HANDLE');
      const shared = of(bob).open(of(alice).objectOf(event));
      const wait = watch(of(bob).wait(shared, 5));
      of(alice).signal(event);
      expect(await wait()).to.equal('VINF_SUCCESS');
      expect(of(alice).close(event), 'bob still has it').to.equal('VINF_SUCCESS');
      expect(driver.objects.size).to.equal(1);
      expect(of(bob).close(shared)).to.equal('VINF_OBJECT_DESTROYED');
    });

    it('closing a handle ends the waits that came through it, also where the semaphore stays', async () => {
      const { alice, bob } = newDriver({ accessPolicy: () => true });
      const event = of(alice).create();
      const shared = of(bob).open(of(alice).objectOf(event));
      const [mine, other] = [watch(of(bob).wait(shared, 5)), watch(of(alice).wait(event, 5))];
      expect(of(bob).close(shared)).to.equal('VINF_SUCCESS');
      expect([await mine(), await other()]).to.deep.equal(['VERR_SEM_DESTROYED', 'waiting']);
    });

    it('opening needs access, and an object of the kind', () => {
      const { driver, alice, bob } = newDriver();
      const object = of(alice).objectOf(of(alice).create());
      expect(outcomeOf(() => of(bob).open(object))).to.equal('VERR_ACCESS_DENIED');
      const other = driver.objects.register(alice, 'VM', () => {});
      expect(outcomeOf(() => of(alice).open(other))).to.equal('VERR_INVALID_PARAMETER');
    });

    it('tells the resolution of its clock', () => {
      expect(of(newDriver().alice).resolution).to.equal(1);
      expect(of(newDriver({ timerResolution: 250 }).alice).resolution).to.equal(250);
    });

    it('timers that come early do not end a wait early', async () => {
      class Early extends ManualTimers {
        override after(delay: bigint, call: () => void): () => void {
          return super.after(delay > 10n ? 10n : delay, call);
        }
      }
      const timers = new Early();
      const { alice } = newDriver({ timers });
      const wait = watch(of(alice).waitNsRelIntr(of(alice).create(), 25n));
      timers.advance(24n);
      expect(await wait()).to.equal('waiting');
      timers.advance(1n);
      expect(await wait()).to.equal('VERR_TIMEOUT');
    });
  });
}

describe('single-release events', () => {
  it('a signal wakes one wait, the oldest', async () => {
    const { alice } = newDriver();
    const event = alice.events.create();
    const waits = [1, 2, 3].map(() => watch(alice.events.wait(event, 5)));
    alice.events.signal(event);
    alice.events.signal(event);
    expect(await Promise.all(waits.map((wait) => wait()))).to.deep.equal(['VINF_SUCCESS', 'VINF_SUCCESS', 'waiting']);
  });

  it('signals are kept, but not counted', async () => {
    const { alice } = newDriver();
    const event = alice.events.create();
    alice.events.signal(event);
    alice.events.signal(event);
    expect(await settled(alice.events.wait(event, 0))).to.equal('VINF_SUCCESS');
    expect(await settled(alice.events.wait(event, 0))).to.equal('VERR_TIMEOUT');
  });

  it('a wait that timed out takes no signal', async () => {
    const { alice, timers } = newDriver();
    const event = alice.events.create();
    const wait = watch(alice.events.waitNsRelIntr(event, 5n));
    timers.advance(5n);
    expect(await wait()).to.equal('VERR_TIMEOUT');
    alice.events.signal(event);
    expect(await settled(alice.events.wait(event, 0))).to.equal('VINF_SUCCESS');
  });

  it('cannot be reset', () => {
    const { alice } = newDriver();
    expect(outcomeOf(() => alice.events.reset(alice.events.create()))).to.equal('VERR_NOT_SUPPORTED');
  });
});

describe('multiple-release events', () => {
  it('a signal wakes all, and lets all pass until it is reset', async () => {
    const { alice } = newDriver();
    const event = alice.multiEvents.create();
    const waits = [1, 2, 3].map(() => watch(alice.multiEvents.wait(event, 5)));
    alice.multiEvents.signal(event);
    for (const wait of waits) expect(await wait()).to.equal('VINF_SUCCESS');
    expect(await settled(alice.multiEvents.wait(event, 0))).to.equal('VINF_SUCCESS');
    expect(await settled(alice.multiEvents.wait(event, 0))).to.equal('VINF_SUCCESS');
    alice.multiEvents.reset(event);
    expect(await settled(alice.multiEvents.wait(event, 0))).to.equal('VERR_TIMEOUT');
  });
});
