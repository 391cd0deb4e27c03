import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import type { EmtContext } from './context.js';
import { ManualTimers, NS_PER_MS, systemTimers } from './host-clock.js';
import type { Answer } from './outcome.js';
import { Bench, deferred, failureStatus } from './testing.js';

describe('an EMT', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(2);
  });
  afterEach(() => bench.end());

  /** Has CPU 0 execute slice after slice; the guest has nothing more to do after the last. */
  const execute = (...slices: readonly (() => Answer | Promise<Answer>)[]) => {
    const rest = [...slices];
    bench.guests[0]!.executor = {
      run: () => {
        const next = rest.shift();
        return next === undefined ? 'VINF_EM_HALT' : next();
      },
    };
    bench.guests[0]!.activity = 'NONE';
    bench.emts.pokeAll();
  };

  it('is named EMT, or EMT-<n> where there are several', async () => {
    const single = new Bench(1);
    expect(single.emts.emts.map(({ name }) => name)).to.deep.equal(['EMT']);
    expect(bench.emts.emts.map(({ name }) => name)).to.deep.equal(['EMT-0', 'EMT-1']);
    await single.end();
  });

  it('tells when it begins and ends', async () => {
    const { Emts } = await import('./emts.js');
    const log: string[] = [];
    const emts = new Emts({
      cpuCount: 2,
      timers: bench.timers,
      guest: { mayRun: () => false, run: async () => {} },
      servesShared: () => true,
      onInit: ({ id }) => log.push(`init ${id}`),
      onTerm: ({ id }) => {
        log.push(`term ${id}`);
        throw new Error('which changes nothing');
      },
    });
    await emts.requests.callWait(1, () => void log.push('request'));
    emts.terminate();
    await Promise.all(emts.emts.map(({ ended }) => ended));
    expect(log).to.deep.equal(['init 0', 'init 1', 'request', 'term 1', 'term 0']);
    expect(emts.emts.map(({ alive }) => alive)).to.deep.equal([false, false]);
  });

  describe('context', () => {
    it('is there in a callback up to its first await, and through run after it', async () => {
      const { emts } = bench;
      const seen: (number | undefined)[] = [emts.here?.idCpu];
      let kept: EmtContext | undefined;
      await emts.requests.callWait(1, async (context) => {
        kept = context;
        seen.push(emts.here?.idCpu);
        await bench.timers.turn();
        seen.push(emts.here?.idCpu);
        context.run(() => seen.push(emts.here?.idCpu));
        seen.push(emts.here?.idCpu);
      });
      expect(seen).to.deep.equal([undefined, 1, undefined, 1, undefined]);
      expect(kept?.active).to.equal(false);
      expect(() => kept?.run(() => {}))
        .to.throw(SsmError)
        .with.property('status', 'VERR_VM_THREAD_NOT_EMT');
    });

    it('is that of the inner callback within another, and the outer one’s again after it', async () => {
      const { emts } = bench;
      const same: boolean[] = [];
      await emts.requests.callWait(0, (outer) => {
        const called = emts.requests.callWait(0, (inner) => {
          same.push(emts.here === inner, inner !== outer);
        });
        same.push(emts.here === outer);
        return called;
      });
      expect(same).to.deep.equal([true, true, true]);
    });

    it('is put back when what runs throws', async () => {
      const { emts } = bench;
      await emts.requests.callWait(0, (context) => {
        expect(() =>
          context.run(() => {
            throw new RangeError('x');
          }),
        ).to.throw(RangeError);
        expect(emts.here).to.equal(context);
      });
      expect(emts.here).to.equal(undefined);
    });
  });

  describe('loop', () => {
    it('serves rendezvous, then shared requests, then its own, then what comes after, then the guest', async () => {
      const wanted = { reset: false };
      const own: Bench = new Bench(1, [
        {
          name: 'reset',
          pending: () => wanted.reset,
          serve: async () => {
            wanted.reset = false;
            own.log.push('reset');
            return 'VINF_SUCCESS';
          },
        },
      ]);
      const { requests } = own.emts;
      const gate = deferred();
      const busy = requests.callWait(0, () => gate.promise);
      await own.settle();
      wanted.reset = true;
      own.guests[0]!.executor = {
        run: () => {
          own.log.push('guest');
          return 'VINF_EM_HALT';
        },
      };
      const all = [
        requests.callWait(0, () => void own.log.push('own')),
        own.emts.rendezvous.call(() => void own.log.push('rendezvous'), { type: 'ONCE' }),
      ];
      gate.resolve();
      await Promise.all([busy, ...all]);
      await own.settle();
      // A queue is finished before the next look at all of them; the guest has a slice after every step.
      expect(own.log).to.deep.equal(['own', 'guest', 'rendezvous', 'reset']);
      await own.end();
    });

    it('gives the guest a slice after every step that did not fail', async () => {
      let left = 3;
      const own: Bench = new Bench(1, [
        {
          name: 'step',
          pending: () => left > 0,
          serve: async () => {
            own.log.push(left === 2 ? 'failed' : 'step');
            return left-- === 2 ? new SsmError('VERR_NO_DATA', 'x') : 'VINF_SUCCESS';
          },
        },
      ]);
      own.guests[0]!.executor = {
        run: () => {
          own.log.push('guest');
          return left === 0 ? 'VINF_EM_HALT' : undefined;
        },
      };
      await own.settle();
      expect(own.log).to.deep.equal(['step', 'guest', 'failed', 'step', 'guest']);
      await own.end();
    });

    it('sleeps when there is nothing to do', async () => {
      await bench.settle();
      expect(bench.emts.emts.map(({ idle }) => idle)).to.deep.equal([true, true]);
    });

    it('ends while the guest executes', async () => {
      execute(...Array.from({ length: 500 }, () => () => undefined));
      await bench.timers.turn();
      await bench.end();
      expect(bench.emts.emts.every(({ alive }) => !alive)).to.equal(true);
    });
  });

  describe('guest', () => {
    it('is executed in slices until it halts, and again when its CPU is woken', async () => {
      execute(
        () => void bench.log.push('a'),
        () => void bench.log.push('b'),
        () => 'VINF_EM_HALT',
        () => void bench.log.push('c'),
      );
      await bench.settle();
      expect([bench.log, bench.guests[0]?.activity]).to.deep.equal([['a', 'b'], 'HALTED']);
      bench.guests[0]!.activity = 'NONE';
      bench.emts.pokeAll();
      await bench.settle();
      expect(bench.log).to.deep.equal(['a', 'b', 'c']);
    });

    it('stays awake when it is woken while it is about to halt', async () => {
      execute(
        () => {
          bench.guests[0]!.activity = 'NONE';
          return 'VINF_EM_HALT';
        },
        () => void bench.log.push('on'),
      );
      await bench.settle();
      expect(bench.log).to.deep.equal(['on']);
    });

    it('waits for SIPI', async () => {
      execute(() => 'VINF_EM_WAIT_SIPI');
      await bench.settle();
      expect(bench.guests[0]?.activity).to.equal('WAIT_SIPI');
    });

    it('is told when its EMT is wanted for something else', async () => {
      const seen: boolean[] = [];
      const gate = deferred();
      bench.guests[0]!.executor = {
        run: async (slice) => {
          seen.push(slice.wanted);
          await gate.promise;
          seen.push(slice.wanted);
          return 'VINF_EM_HALT' as const;
        },
      };
      bench.emts.pokeAll();
      await bench.settle();
      const called = bench.emts.requests.callWait(0, () => {});
      gate.resolve();
      await called;
      expect(seen.slice(0, 2)).to.deep.equal([false, true]);
    });

    it('whose executor fails is reported, on its EMT', async () => {
      execute(() => {
        throw new Error('triple trouble');
      });
      await bench.settle();
      expect(bench.failures.map(({ status, detail }) => `${status} ${detail}`)).to.deep.equal([
        'VERR_GENERAL_FAILURE the executor threw Error: triple trouble',
      ]);
    });

    it('does not starve the rest of the event loop', async () => {
      let slices = 0;
      let stop = false;
      bench.guests[0]!.executor = {
        run: () => {
          slices++;
          return stop ? 'VINF_EM_HALT' : undefined;
        },
      };
      bench.emts.pokeAll();
      await systemTimers.turn();
      await systemTimers.turn();
      stop = true;
      expect(slices).to.be.within(1, 64 * 4);
    });

    for (const [cap, executed] of [
      [100, 20],
      [50, 5],
      [10, 1],
      [1, 1],
    ] as const) {
      it(`at an execution cap of ${cap} % has ${executed} slices of 10 ms in 100 ms`, async () => {
        bench.cap = cap;
        execute(
          ...Array.from({ length: 20 }, () => () => {
            bench.log.push(`${bench.timers.now() / NS_PER_MS}`);
            bench.timers.advance(10n * NS_PER_MS);
          }),
        );
        await bench.settle();
        for (let i = 0; i < 10; i++) await bench.settle();
        expect(bench.log.length).to.equal(executed);
        if (cap === 100) return;
        bench.timers.advance(100n * NS_PER_MS);
        await bench.settle();
        expect(bench.log.length).to.equal(executed * 2);
      });
    }
  });
});

describe('manual time', () => {
  it('stands still, and calls what falls due in order', () => {
    const timers = new ManualTimers();
    const log: string[] = [];
    const note = (name: string) => () => log.push(`${name} at ${timers.now()}`);
    timers.after(20n, note('b'));
    timers.after(10n, note('a'));
    timers.after(20n, note('c'));
    const cancel = timers.after(15n, note('never'));
    timers.after(10n, () => timers.after(5n, note('nested')));
    timers.after(31n, note('later'));
    cancel();
    timers.advance(30n);
    expect(log).to.deep.equal(['a at 10', 'nested at 15', 'b at 20', 'c at 20']);
    expect([timers.now(), timers.waiting]).to.deep.equal([30n, 1]);
  });

  it('of the system goes on', async () => {
    const before = systemTimers.now();
    await new Promise<void>((resolve) => systemTimers.after(2n * NS_PER_MS, resolve));
    expect(systemTimers.now() - before > NS_PER_MS).to.equal(true);
    const cancel = systemTimers.after(0n, () => expect.fail('it was cancelled'));
    cancel();
    await systemTimers.turn();
    expect(await failureStatus(systemTimers.turn())).to.equal('no failure');
  });
});
