import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { ManualTimers, NS_PER_MS } from '../../emt/index.js';
import { failureStatus } from '../../emt/testing.js';
import type { PdmThread, ThreadOptions } from './thread.js';
import { Threads } from './threads.js';

const S = 1000n * NS_PER_MS;

class Bench {
  readonly timers = new ManualTimers();
  readonly calls: string[] = [];
  readonly threads = new Threads({
    timers: this.timers,
    begun: () => void this.calls.push('begun'),
    ended: () => void this.calls.push('ended'),
  });
  /** What the function has seen. */
  readonly seen: string[] = [];

  /** A thread that works once every 100 ms. */
  create(options: Partial<ThreadOptions<undefined>> = {}): Promise<PdmThread<undefined>> {
    return this.threads.create({
      name: 'Worker',
      run: async (thread) => {
        this.seen.push(thread.state);
        if (thread.state === 'INITIALIZING') return;
        while (thread.state === 'RUNNING') {
          await thread.sleep(100);
          this.seen.push('work');
        }
      },
      ...options,
    });
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.timers.turn();
  }

  async pass(ns: bigint): Promise<void> {
    this.timers.advance(ns);
    await this.settle();
  }
}

const never = () => new Promise<void>(() => {});

describe('a thread', () => {
  it('initialises, and waits to be resumed', async () => {
    const bench = new Bench();
    const thread = await bench.create();
    expect([thread.state, bench.seen, bench.calls]).to.deep.equal(['SUSPENDED', ['INITIALIZING'], ['begun']]);
    await bench.pass(10n * S);
    expect(bench.seen).to.have.length(1);
    await thread.destroy();
  });

  it('works while it is resumed, and no longer', async () => {
    const bench = new Bench();
    const thread = await bench.create();
    await thread.resume();
    await bench.settle();
    expect(thread.state).to.equal('RUNNING');
    for (let i = 0; i < 3; i++) await bench.pass(100n * NS_PER_MS);
    expect(bench.seen).to.deep.equal(['INITIALIZING', 'RUNNING', 'work', 'work', 'work']);
    await thread.suspend();
    expect([thread.state, bench.seen.length]).to.deep.equal(['SUSPENDED', 6]);
    await thread.suspend();
    await thread.resume();
    await bench.settle();
    expect(bench.seen.at(-1)).to.equal('RUNNING');
    await thread.destroy();
    expect([thread.state, bench.calls, bench.threads.all]).to.deep.equal(['TERMINATED', ['begun', 'ended'], []]);
  });

  it('is woken out of what it waits for', async () => {
    const bench = new Bench();
    let release = () => {};
    const thread = await bench.create({
      run: async (self) => {
        if (self.state === 'INITIALIZING') return;
        while (self.state === 'RUNNING') {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
      },
      wakeUp: () => {
        bench.calls.push('wakeUp');
        release();
      },
    });
    await thread.resume();
    await bench.settle();
    await thread.suspend();
    expect([thread.state, bench.calls]).to.deep.equal(['SUSPENDED', ['begun', 'wakeUp']]);
    await thread.resume();
    await bench.settle();
    await thread.destroy();
    expect(bench.calls).to.deep.equal(['begun', 'wakeUp', 'wakeUp', 'ended']);
  });

  it('is not woken when it goes while it is suspended', async () => {
    const bench = new Bench();
    const thread = await bench.create({ wakeUp: () => void bench.calls.push('wakeUp') });
    await thread.destroy();
    expect(bench.calls).to.deep.equal(['begun', 'ended']);
  });

  it('sleeps at most as long as it says, and not at all when it is not to run', async () => {
    const bench = new Bench();
    const slept: bigint[] = [];
    const thread = await bench.create({
      run: async (self) => {
        const before = bench.timers.now();
        await self.sleep(1000);
        slept.push(bench.timers.now() - before);
        if (self.state === 'RUNNING') await self.sleep(1_000_000);
      },
    });
    expect(slept).to.deep.equal([0n]);
    await thread.resume();
    await bench.settle();
    await bench.pass(400n * NS_PER_MS);
    thread.wake();
    await bench.settle();
    expect(slept).to.deep.equal([0n, 400n * NS_PER_MS]);
    await thread.destroy();
  });

  const failing: readonly (readonly [what: string, status: string, run: ThreadOptions<undefined>['run']])[] = [
    ['throws', 'VERR_NO_MEMORY', () => Promise.reject(new SsmError('VERR_NO_MEMORY', 'none'))],
    ['returns a failure', 'VERR_EOF', () => 'VERR_EOF'],
    ['has a bug', 'VERR_GENERAL_FAILURE', () => Promise.reject(new TypeError('a bug'))],
  ];
  for (const [what, status, run] of failing) {
    it(`is not made when its function ${what}: ${status}`, async () => {
      const bench = new Bench();
      expect(await failureStatus(bench.create({ run }))).to.equal(status);
      expect([bench.threads.all, bench.calls]).to.deep.equal([[], ['begun', 'ended']]);
    });

    it(`ends when its function ${what} later, and says so when it goes`, async () => {
      const bench = new Bench();
      const thread = await bench.create({ run: (self) => (self.state === 'RUNNING' ? run(self) : undefined) });
      await failureStatus(thread.resume());
      await bench.settle();
      expect([thread.state, thread.status]).to.deep.equal(['TERMINATED', status]);
      expect((await thread.destroy()) as SsmError).to.include({ status });
    });
  }

  it('ends when its function returns though it is to run', async () => {
    const bench = new Bench();
    const thread = await bench.create({ run: () => 'VINF_NO_CHANGE' });
    await thread.resume();
    await bench.settle();
    expect([thread.state, thread.status]).to.deep.equal(['TERMINATED', 'VINF_NO_CHANGE']);
    expect(await thread.destroy()).to.equal('VINF_NO_CHANGE');
  });

  it('that does not return from its initialisation is given up after a minute', async () => {
    const bench = new Bench();
    const made = failureStatus(bench.create({ run: never }));
    await bench.settle();
    await bench.pass(60n * S);
    // Its end is waited for as long.
    await bench.pass(60n * S);
    expect(await made).to.equal('VERR_TIMEOUT');
    expect(bench.threads.all).to.deep.equal([]);
  });

  it('that does not suspend itself is given up after a minute, and is to end', async () => {
    const bench = new Bench();
    const thread = await bench.create({ run: (self) => (self.state === 'RUNNING' ? never() : undefined) });
    await thread.resume();
    await bench.settle();
    const suspended = failureStatus(thread.suspend());
    await bench.settle();
    await bench.pass(60n * S);
    expect([await suspended, thread.state]).to.deep.equal(['VERR_TIMEOUT', 'TERMINATING']);
  });

  it('whose wake-up fails is waited for a moment only', async () => {
    const bench = new Bench();
    const thread = await bench.create({
      run: (self) => (self.state === 'RUNNING' ? never() : undefined),
      wakeUp: () => {
        throw new Error('a bug');
      },
    });
    await thread.resume();
    await bench.settle();
    let gone = false;
    void thread.destroy().then(() => {
      gone = true;
    });
    await bench.pass(149n * NS_PER_MS);
    expect(gone).to.equal(false);
    await bench.pass(1n * NS_PER_MS);
    expect(gone).to.equal(true);
  });

  it('in another state cannot be resumed or suspended', async () => {
    const bench = new Bench();
    const thread = await bench.create();
    await thread.resume();
    await bench.settle();
    expect(await failureStatus(thread.resume())).to.equal('VERR_WRONG_ORDER');
    await bench.settle();
    expect(thread.state).to.equal('TERMINATED');
    expect(await failureStatus(thread.suspend())).to.equal('VERR_WRONG_ORDER');
  });

  for (const [what, options, status] of [
    ['function', { run: undefined as never }, 'VERR_INVALID_POINTER'],
    ['name', { name: '' }, 'VERR_INVALID_NAME'],
  ] as const) {
    it(`without a ${what} is refused`, async () => {
      expect(await failureStatus(new Bench().create(options))).to.equal(status);
    });
  }
});

describe('all threads', () => {
  it('are resumed and suspended in the order of their making; one that fails does not keep others', async () => {
    const bench = new Bench();
    const order: string[] = [];
    const make = (name: string, fails = false) =>
      bench.create({
        name,
        run: async (self) => {
          if (self.state !== 'RUNNING') return;
          order.push(name);
          await self.sleep(1_000_000);
        },
        wakeUp: () => {
          order.push(`${name} woken`);
          if (fails) throw new Error('a bug');
        },
      });
    const all = [await make('1'), await make('2', true), await make('3')];
    await bench.threads.resumeAll();
    await bench.settle();
    expect(order).to.deep.equal(['1', '2', '3']);
    expect(await failureStatus(bench.threads.suspendAll())).to.equal('VERR_GENERAL_FAILURE');
    expect(order.slice(3)).to.deep.equal(['1 woken', '2 woken', '3 woken']);
    await bench.settle();
    expect(all.map(({ state }) => state)).to.deep.equal(['SUSPENDED', 'TERMINATED', 'SUSPENDED']);
    await bench.threads.destroyAll();
    expect(bench.threads.all).to.deep.equal([]);
  });
});
