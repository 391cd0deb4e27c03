import { SsmError, type SsmStatus } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import type { EmtContext } from './context.js';
import { type RendezvousType, rendezvousTypes } from './meeting.js';
import { combine, type Outcome, statusOf } from './outcome.js';
import { destinations } from './request.js';
import { Bench, deferred, failureStatus } from './testing.js';

const types = Object.keys(rendezvousTypes) as RendezvousType[];
const CPUS = 3;

describe('rendezvous', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(CPUS);
  });
  afterEach(() => bench.end());

  /** Who begins and ends the callback, with a wait between. */
  const visit = async ({ idCpu }: EmtContext) => {
    bench.log.push(`${idCpu}[`);
    await bench.timers.turn();
    bench.log.push(`${idCpu}]`);
  };

  it('has the numbers of VirtualBox', () => {
    expect(rendezvousTypes).to.deep.equal({ ONE_BY_ONE: 1, ALL_AT_ONCE: 2, ONCE: 3, ASCENDING: 4, DESCENDING: 5 });
  });

  describe('types', () => {
    it('ASCENDING: one at a time, CPU 0 first', async () => {
      await bench.emts.rendezvous.call(visit, { type: 'ASCENDING' });
      expect(bench.log.join(' ')).to.equal('0[ 0] 1[ 1] 2[ 2]');
    });

    it('DESCENDING: one at a time, the last CPU first', async () => {
      await bench.emts.rendezvous.call(visit, { type: 'DESCENDING' });
      expect(bench.log.join(' ')).to.equal('2[ 2] 1[ 1] 0[ 0]');
    });

    it('ONE_BY_ONE: one at a time, the last to arrive begins', async () => {
      const gate = deferred();
      const { requests, rendezvous } = bench.emts;
      const busy = requests.callWait(1, () => gate.promise);
      await bench.settle();
      const met = rendezvous.call(visit, { type: 'ONE_BY_ONE' });
      await bench.settle();
      expect(bench.log).to.deep.equal([]);
      gate.resolve();
      await Promise.all([busy, met]);
      expect(bench.log.slice(0, 2)).to.deep.equal(['1[', '1]']);
      expect(bench.log.filter((_, i) => i % 2 === 0).sort()).to.deep.equal(['0[', '1[', '2[']);
      for (let i = 0; i < 6; i += 2) expect(bench.log[i + 1]).to.equal(bench.log[i]?.replace('[', ']'));
    });

    it('ALL_AT_ONCE: all are inside before the first leaves', async () => {
      await bench.emts.rendezvous.call(visit, { type: 'ALL_AT_ONCE' });
      expect(bench.log.slice(0, 3).sort()).to.deep.equal(['0[', '1[', '2[']);
      expect(bench.log.slice(3).sort()).to.deep.equal(['0]', '1]', '2]']);
    });

    it('ONCE: only the last to arrive, while the others wait', async () => {
      const gate = deferred();
      const { requests, rendezvous } = bench.emts;
      const busy = requests.callWait(2, () => gate.promise);
      await bench.settle();
      const met = rendezvous.call(visit, { type: 'ONCE' });
      await bench.settle();
      gate.resolve();
      await Promise.all([busy, met]);
      expect(bench.log).to.deep.equal(['2[', '2]']);
    });

    for (const type of types) {
      it(`${type}: nobody begins before all have come, and nobody does anything else until all are done`, async () => {
        const { requests, rendezvous } = bench.emts;
        const gate = deferred();
        const inside = deferred();
        const busy = requests.callWait(0, () => gate.promise);
        await bench.settle();
        const met = rendezvous.call(() => inside.promise, { type });
        await bench.settle();
        const other = requests.callWait(1, () => {
          bench.log.push('request');
        });
        bench.log.push('go');
        gate.resolve();
        await bench.settle();
        bench.log.push('end');
        inside.resolve();
        await Promise.all([busy, met, other]);
        expect(bench.log).to.deep.equal(['go', 'end', 'request']);
      });
    }
  });

  describe('callers', () => {
    for (const type of types) {
      it(`${type}: on an EMT`, async () => {
        const { requests, rendezvous } = bench.emts;
        await requests.callWait(1, () => rendezvous.call(visit, { type }));
        expect(bench.log.length).to.equal(type === 'ONCE' ? 2 : 6);
      });
    }

    it('from elsewhere with priority come before other requests', async () => {
      bench.shared = false;
      const { requests, rendezvous } = bench.emts;
      const normal = requests.callWait(destinations.ANY, () => {
        bench.log.push('request');
      });
      const met = rendezvous.call(
        () => {
          bench.log.push('rendezvous');
        },
        { type: 'ONCE', priority: true },
      );
      await Promise.all([normal, met]);
      expect(bench.log).to.deep.equal(['rendezvous', 'request']);
    });

    it('two at once: one after the other, both with everybody', async () => {
      const { requests, rendezvous } = bench.emts;
      const meet = (name: string) => () =>
        rendezvous.call(
          async ({ idCpu }) => {
            bench.log.push(`${name}${idCpu}`);
            await bench.timers.turn();
          },
          { type: 'DESCENDING' },
        );
      await Promise.all([requests.callWait(0, meet('a')), requests.callWait(2, meet('b')), meet('c')()]);
      const rounds = [0, 3, 6].map((at) => bench.log.slice(at, at + 3));
      for (const round of rounds) {
        const name = round[0]?.[0];
        expect(round).to.deep.equal([`${name}2`, `${name}1`, `${name}0`]);
      }
      expect(rounds.map(([first]) => first?.[0]).sort()).to.deep.equal(['a', 'b', 'c']);
    });

    it('who wait for each other’s requests still meet', async () => {
      const { requests, rendezvous } = bench.emts;
      await requests.callWait(0, () => requests.callWait(1, () => rendezvous.call(visit, { type: 'ASCENDING' })));
      expect(bench.log.join(' ')).to.equal('0[ 0] 1[ 1] 2[ 2]');
    });

    it('who wait for something from outside still meet', async () => {
      const { requests, rendezvous } = bench.emts;
      const gate = deferred<string>();
      const waiting = requests.callWait(0, async (context) => {
        bench.log.push(await bench.emts.waitFor(context, gate.promise));
      });
      await bench.settle();
      await rendezvous.call(visit, { type: 'DESCENDING' });
      gate.resolve('opened');
      await waiting;
      expect(bench.log.join(' ')).to.equal('2[ 2] 1[ 1] 0[ 0] opened');
    });

    it('with a single CPU the callback is called directly', async () => {
      const single = new Bench(1);
      const { requests, rendezvous } = single.emts;
      const status = await requests.callWait(0, (context) => {
        const met = rendezvous.call(
          (inner) => inner.run(() => rendezvous.call(() => 'VINF_EM_OFF', { type: 'ONCE' })),
          {
            type: 'DESCENDING',
          },
        );
        expect(context.active).to.equal(true);
        return met;
      });
      expect(status).to.equal('VINF_EM_OFF');
      await single.end();
    });

    it('while EMTs are ending, it is called on the caller’s only', async () => {
      const { requests, rendezvous } = bench.emts;
      rendezvous.standAlone();
      await requests.callWait(1, () => rendezvous.call(visit, { type: 'ALL_AT_ONCE' }));
      expect(bench.log).to.deep.equal(['1[', '1]']);
    });
  });

  describe('statuses', () => {
    /** What each EMT returns, in the order of an ascending meeting; what the caller gets; who was called. */
    const rows: readonly [readonly [SsmStatus, SsmStatus, SsmStatus], boolean, string, string][] = [
      [['VINF_SUCCESS', 'VINF_SUCCESS', 'VINF_SUCCESS'], false, 'VINF_SUCCESS', '012'],
      [['VINF_SUCCESS', 'VINF_EM_SUSPEND', 'VINF_SUCCESS'], false, 'VINF_EM_SUSPEND', '012'],
      [['VINF_EM_RESUME', 'VINF_EM_SUSPEND', 'VINF_EM_RESET'], false, 'VINF_EM_SUSPEND', '012'],
      [['VINF_EM_RESET', 'VINF_EM_SUSPEND', 'VINF_EM_OFF'], false, 'VINF_EM_OFF', '012'],
      [['VINF_EM_TERMINATE', 'VINF_EM_WAIT_SIPI', 'VINF_EM_SUSPEND'], false, 'VINF_EM_FIRST', '012'],
      [['VERR_NO_DATA', 'VINF_EM_SUSPEND', 'VERR_TIMEOUT'], false, 'VERR_NO_DATA', '012'],
      [['VINF_EM_OFF', 'VERR_TIMEOUT', 'VERR_NO_DATA'], false, 'VERR_TIMEOUT', '012'],
      [['VINF_SUCCESS', 'VERR_TIMEOUT', 'VINF_EM_OFF'], true, 'VERR_TIMEOUT', '01'],
      [['VINF_EM_OFF', 'VINF_EM_SUSPEND', 'VINF_SUCCESS'], true, 'VINF_EM_OFF', '012'],
      [['VINF_NO_CHANGE', 'VINF_SUCCESS', 'VINF_SUCCESS'], false, 'VERR_IPE_UNEXPECTED_INFO_STATUS', '012'],
      [['VINF_NO_CHANGE', 'VINF_SUCCESS', 'VINF_SUCCESS'], true, 'VERR_IPE_UNEXPECTED_INFO_STATUS', '0'],
    ];
    for (const [statuses, stopOnError, expected, called] of rows) {
      const flag = stopOnError ? ', stopping on errors' : '';
      it(`${statuses.join(', ')}${flag}: ${expected}`, async () => {
        const told = bench.emts.rendezvous.call(
          ({ idCpu }) => {
            bench.log.push(`${idCpu}`);
            return statuses[idCpu];
          },
          { type: 'ASCENDING', stopOnError },
        );
        const status = await told.catch((error: SsmError) => error.status);
        const same = (name: string) => (name === 'VINF_EM_TERMINATE' ? 'VINF_EM_FIRST' : name);
        expect([same(status), bench.log.join('')]).to.deep.equal([expected, called]);
      });
    }

    it('what a callback throws is its failure', async () => {
      const told = bench.emts.rendezvous.call(
        () => {
          throw new SsmError('VERR_NO_MEMORY', 'none left');
        },
        { type: 'ONCE' },
      );
      expect(await failureStatus(told)).to.equal('VERR_NO_MEMORY');
    });

    it('failures are the caller’s, information is everybody’s', async () => {
      const { requests, rendezvous } = bench.emts;
      const informed = new Map<string, string>();
      // A request that waits on CPU 0 for its turn, and then tells what it was told meanwhile.
      const gate = deferred();
      for (const status of ['VINF_EM_SUSPEND', 'VERR_NO_DATA'] as const) {
        let done = false;
        const waiting = requests.callWait(0, async ({ emt }) => {
          informed.set(status, statusOf(await rendezvous.serveWhile(emt, () => done)));
        });
        await bench.settle();
        await failureStatus(rendezvous.call(() => status, { type: 'DESCENDING' }));
        done = true;
        bench.emts.pokeAll();
        await waiting;
      }
      gate.resolve();
      expect([...informed]).to.deep.equal([
        ['VINF_EM_SUSPEND', 'VINF_EM_SUSPEND'],
        ['VERR_NO_DATA', 'VINF_SUCCESS'],
      ]);
    });

    it('a caller that waits is told what it has taken part in meanwhile', async () => {
      const { requests, rendezvous } = bench.emts;
      const gate = deferred();
      const first = requests.callWait(0, () =>
        rendezvous.call(() => gate.promise.then(() => 'VINF_EM_SUSPEND' as const), { type: 'DESCENDING' }),
      );
      await bench.settle();
      // EMT(1) is in the first meeting by now, so the second caller waits behind it, on an EMT of its own.
      const second = rendezvous.call(() => 'VINF_EM_RESUME', { type: 'DESCENDING' });
      gate.resolve();
      expect(await first).to.equal('VINF_EM_SUSPEND');
      expect(await second).to.equal('VINF_EM_RESUME');
    });

    const status = fc.constantFrom<Outcome>(
      'VINF_SUCCESS',
      'VINF_EM_OFF',
      'VINF_EM_SUSPEND',
      'VINF_EM_RESET',
      new SsmError('VERR_NO_DATA', 'a'),
      new SsmError('VERR_TIMEOUT', 'b'),
    );
    it('combining is associative: it does not matter who comes together first', () => {
      fc.assert(
        fc.property(status, status, status, (a, b, c) => {
          expect(combine(combine(a, b), c)).to.equal(combine(a, combine(b, c)));
        }),
      );
    });
  });

  describe('refusals', () => {
    for (const type of ['ALL_AT_ONCE', 'ONCE'] as const) {
      it(`STOP_ON_ERROR with ${type}`, async () => {
        const met = bench.emts.rendezvous.call(() => {}, { type, stopOnError: true });
        expect(await failureStatus(met)).to.equal('VERR_INVALID_PARAMETER');
      });
    }

    it('a type that is none', async () => {
      const met = bench.emts.rendezvous.call(() => {}, { type: 'TWICE' as never });
      expect(await failureStatus(met)).to.equal('VERR_INVALID_PARAMETER');
    });

    it('a VM that is gone', async () => {
      bench.emts.requests.kill();
      expect(await failureStatus(bench.emts.rendezvous.call(() => {}, { type: 'ONCE' }))).to.equal(
        'VERR_INVALID_VM_HANDLE',
      );
    });
  });

  describe('within a rendezvous', () => {
    for (const type of types) {
      const deadlock = type === 'ALL_AT_ONCE';
      it(`${type}: another one ${deadlock ? 'is VERR_DEADLOCK' : 'meets everybody'}`, async () => {
        const { rendezvous } = bench.emts;
        const inner: string[] = [];
        const met = rendezvous.call(
          (context) => {
            if (context.idCpu !== 1 && type !== 'ONCE') return;
            return context.run(() =>
              rendezvous.call(
                ({ idCpu }) => {
                  inner.push(`${idCpu}`);
                },
                { type: 'ASCENDING' },
              ),
            );
          },
          { type },
        );
        expect(await failureStatus(met)).to.equal(deadlock ? 'VERR_DEADLOCK' : 'no failure');
        expect(inner.join('')).to.equal(deadlock ? '' : '012');
      });
    }

    for (const [depth, status] of [
      [3, 'no failure'],
      [4, 'VERR_DEADLOCK'],
    ] as const) {
      it(`${depth} deep: ${status}`, async () => {
        const { rendezvous } = bench.emts;
        let reached = -1;
        const nest =
          (level: number) =>
          (context: EmtContext): Promise<SsmStatus> | undefined => {
            reached = Math.max(reached, level);
            if (context.idCpu !== level % CPUS || level === depth) return undefined;
            return context.run(() => rendezvous.call(nest(level + 1), { type: 'DESCENDING', stopOnError: true }));
          };
        expect(await failureStatus(rendezvous.call(nest(0), { type: 'DESCENDING' }))).to.equal(status);
        expect(reached).to.equal(Math.min(depth, 3));
      });
    }

    it('the outer one goes on afterwards', async () => {
      const { rendezvous } = bench.emts;
      await rendezvous.call(
        async (context) => {
          bench.log.push(`<${context.idCpu}`);
          await context.run(() =>
            rendezvous.call(({ idCpu }) => void bench.log.push(`${idCpu}`), { type: 'ASCENDING' }),
          );
          bench.log.push('>');
        },
        { type: 'DESCENDING' },
      );
      expect(bench.log.join(' ')).to.equal('<2 0 1 2 > <1 0 1 2 > <0 0 1 2 >');
    });
  });

  it('any number of callers from anywhere: each callback runs as its type says, none meets another', async () => {
    const call = fc.record({
      type: fc.constantFrom(...types),
      from: fc.constantFrom<number | undefined>(undefined, 0, 1, 2),
      waits: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
        const own = new Bench(CPUS);
        const { rendezvous, requests } = own.emts;
        let under: number | undefined;
        const counts = calls.map(() => 0);
        const inside = calls.map(() => 0);
        await Promise.all(
          calls.map(({ type, from, waits }, i) => {
            const meet = () =>
              rendezvous.call(
                async () => {
                  if (under !== undefined && inside[under] !== 0) expect(under).to.equal(i);
                  under = i;
                  inside[i]!++;
                  if (type !== 'ALL_AT_ONCE') expect(inside[i]).to.equal(1);
                  for (let n = 0; n < waits; n++) await Promise.resolve();
                  counts[i]!++;
                  inside[i]!--;
                },
                { type },
              );
            return from === undefined ? meet() : requests.callWait(from, meet);
          }),
        );
        expect(counts).to.deep.equal(calls.map(({ type }) => (type === 'ONCE' ? 1 : CPUS)));
        await own.end();
      }),
      { numRuns: 100 },
    );
  });
});
