import {
  getFrom,
  loadState,
  MemorySink,
  MemorySource,
  putInto,
  Registry,
  type SsmError,
  saveState,
} from '@ssmkit/runtime';
import { Tm } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { outcome } from '../iprt/testing.js';
import { MS, S, TestTime, US } from './testing.js';
import { getSavedTimer } from './timer.js';
import { tmUnit } from './unit.js';

const u64 = (value: bigint) => [...new Uint8Array(new BigUint64Array([value]).buffer)];
const U64_MAX = 2n ** 64n - 1n;

describe('TmTimer: saved form', () => {
  it('is a state, and an expiry if it is armed', () => {
    const time = new TestTime();
    const timer = time.timer('timer');
    expect([...putInto((stream) => timer.save(stream))]).to.deep.equal([4]);
    timer.set(0x0102030405060708n);
    expect([...putInto((stream) => timer.save(stream))]).to.deep.equal([7, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  for (const [state, expected] of [
    [4, 'STOPPED'],
    [5, 'STOPPED'],
    [7, 'ACTIVE'],
    [8, 'ACTIVE'],
    ...[0, 1, 2, 3, 6, 9, 10, 12, 255].map((bad) => [bad, 'VERR_TM_LOAD_STATE'] as const),
  ] as const) {
    it(`state ${state} is loaded as ${expected}`, () => {
      const timer = new TestTime().timer('timer');
      timer.set(3);
      const stream = getFrom(Uint8Array.from([state, ...u64(77n)]));
      const loaded = outcome(() => timer.load(stream) ?? timer.state);
      expect(loaded).to.equal(expected);
      expect(timer.expire).to.equal(({ STOPPED: U64_MAX, ACTIVE: 77n } as Record<string, bigint>)[expected] ?? 3n);
      expect(stream.failure?.status).to.equal(expected.startsWith('VERR') ? expected : undefined);
      expect(outcome(() => timer.loadState({ state, expire: 77n }) ?? timer.state)).to.equal(expected);
    });
  }

  it('is read over where there is no timer any more', () => {
    const stream = getFrom(Uint8Array.from([7, ...u64(77n), 4, 99]));
    expect([getSavedTimer(stream).expire, getSavedTimer(stream).isActive, stream.getU8()]).to.deep.equal([
      77n,
      false,
      99,
    ]);
  });

  it('is not to be had while the timer is delivered', () => {
    const time = new TestTime();
    const statuses: unknown[] = [];
    time.timer('timer', { callback: (_owner, timer) => statuses.push(outcome(() => timer.saveState())) }).set(1);
    time.tm.resume();
    time.runFor(1n);
    expect(statuses).to.deep.equal(['VERR_TM_INVALID_STATE']);
  });

  it('is loaded under the critical section', () => {
    const log: string[] = [];
    const timer = new TestTime().timer('timer');
    timer.setCritSect({ enter: () => log.push(`+${timer.state}`), leave: () => log.push(`-${timer.state}`) });
    timer.loadState({ state: 7, expire: 5n });
    expect(log).to.deep.equal(['+STOPPED', '-ACTIVE']);
  });
});

async function save(time: TestTime): Promise<Uint8Array> {
  const registry = new Registry();
  registry.register(tmUnit(time.tm));
  const sink = new MemorySink();
  await saveState(registry, sink);
  return sink.bytes();
}

async function load(bytes: Uint8Array, time: TestTime, version = 3): Promise<string> {
  const registry = new Registry();
  registry.register({ ...tmUnit(time.tm), version });
  try {
    await loadState(registry, new MemorySource(bytes));
    return 'loaded';
  } catch (error) {
    return (error as SsmError).status;
  }
}

/** A state with this unit. */
async function stateOf(saved: Partial<Tm>, version = 3): Promise<Uint8Array> {
  const registry = new Registry();
  const unit = { name: 'tm', instance: 1, version };
  registry.register({ ...unit, saveExec: (stream) => stream.put(Object.assign(new Tm(), saved)) });
  const sink = new MemorySink();
  await saveState(registry, sink);
  return sink.bytes();
}

describe('unit tm', () => {
  it('has the clocks, in the order of the original', () => {
    const time = new TestTime({ TSCTicksPerSecond: 2_000_000_000n }, { cpuCount: 2 });
    time.tm.resume();
    time.timer('PIT').set(MS);
    time.host.advance(3n * MS);
    time.tm.run();
    time.host.advance(MS);
    time.tm.cpus[1]!.set(5n);
    time.tm.pause();
    const bytes = putInto((stream) => stream.put(time.tm.saveState()));
    // 2 ms of lag, of which 10 % of 1 ms were made up for.
    expect([...bytes]).to.deep.equal([
      ...[S, 4n * MS, 2n * MS + 100n * US, 2n * MS - 100n * US, 0n, 4n * MS].flatMap(u64),
      1,
      ...[1000n, 4n * MS + 200n * US, 5n, 2n * S].flatMap(u64),
    ]);
    expect(bytes.length).to.equal(65 + 8 * 2);
  });

  it('is loaded as it was saved', async () => {
    const time = new TestTime({}, { cpuCount: 2 });
    time.tm.resume();
    time.timer('PIT').set(MS);
    time.host.advance(80n * S);
    time.tm.run();
    time.tm.pause();
    const other = new TestTime({ TSCTicksPerSecond: 4_770_000 }, { cpuCount: 2 });
    other.host.advance(12345n);
    expect(await load(await save(time), other)).to.equal('loaded');
    expect(other.tm.saveState()).to.deep.equal(time.tm.saveState());
    expect([other.tm.now('VIRTUAL'), other.tm.now('VIRTUAL_SYNC'), other.tm.virtualSync.givenUp]).to.deep.equal([
      ...[80n * S, MS, 80n * S - MS],
    ]);
  });

  for (const [name, status, saved, version] of [
    ['another version', 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', {}, 2],
    ['a version to come', 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', {}, 4],
    ['a virtual clock of another frequency', 'VERR_SSM_VIRTUAL_CLOCK_HZ', { virtualFrequency: 999n }],
    ['a real clock of another frequency', 'VERR_SSM_VIRTUAL_CLOCK_HZ', { realFrequency: 999n }],
    ['as many CPUs', 'loaded', {}],
    ['less CPUs', 'VERR_SSM_LOADED_TOO_MUCH', { cpuCount: 0, tsc: new BigUint64Array(0) }],
    ['more CPUs', 'VERR_SSM_LOADED_TOO_LITTLE', { cpuCount: 2, tsc: new BigUint64Array(2) }],
  ] as const satisfies readonly (readonly [string, string, Partial<Tm>, number?])[]) {
    it(`${name}: ${status}`, async () => {
      expect(await load(await stateOf(saved, version), new TestTime(), version)).to.equal(status);
    });
  }

  it('is not loaded while the VM runs', async () => {
    const time = new TestTime();
    time.tm.resume();
    expect(await load(await stateOf({}), time)).to.equal('VERR_TM_VIRTUAL_TICKING_IPE');
  });

  it('makes no clock go wild, whatever a state says', async () => {
    const number = fc.oneof(fc.bigInt({ min: 0n, max: U64_MAX }), fc.constantFrom(0n, 1n, U64_MAX));
    const numbers = fc.record({
      ...{ virtual: number, virtualSync: number, virtualSyncLag: number, virtualSyncGivenUp: number },
      ...{ virtualSyncCatchUpPrevious: number, virtualSyncCatchUp: fc.boolean(), tscFrequency: number },
    });
    await fc.assert(
      fc.property(numbers, number, (saved, expire) => {
        const time = new TestTime();
        const { tm, host } = time;
        tm.loadState(Object.assign(new Tm(), saved));
        time.timer('PIT').set(expire);
        tm.resume();
        let before = tm.now('VIRTUAL_SYNC');
        for (let i = 0; i < 5; i++) {
          expect(tm.deadline).to.be.a('bigint');
          tm.run();
          host.advance(S);
          const now = tm.now('VIRTUAL_SYNC');
          expect(now >= before).to.equal(true);
          before = now;
          if (time.delivered.length > 0) break;
        }
      }),
    );
  });
});

describe('saving and loading at any moment', () => {
  /** Three periodic timers and two that set each other, on all clocks of virtual time. */
  function machine(): TestTime & { all: ReturnType<TestTime['timer']>[] } {
    const time = new TestTime({ TSCTicksPerSecond: 3_000_000 });
    const pong = time.timer('pong', { callback: () => ping.setMicro(1300) });
    const ping = time.timer('ping', { clock: 'VIRTUAL', callback: () => pong.setMicro(700) });
    const all = [time.periodic('PIT', 999n * US), time.periodic('RTC', 2n * MS), pong, ping];
    all.push(time.periodic('NIC', 1777n * US, { clock: 'VIRTUAL' }));
    return Object.assign(time, { all });
  }

  const start = (time: ReturnType<typeof machine>) => {
    for (const timer of time.all) timer.setMicro(500);
    time.tm.resume();
  };

  it('goes on with the same deliveries', async () => {
    const span = fc.bigInt({ min: 0n, max: 10n * MS });
    await fc.assert(
      fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 4 }), span, async (spans, away) => {
        const through = machine();
        start(through);
        for (const ns of spans) through.runFor(ns);
        through.runFor(20n * MS);
        let current = machine();
        start(current);
        const delivered: string[] = [];
        for (const ns of spans) {
          current.runFor(ns);
          current.tm.pause();
          delivered.push(...current.delivered);
          const state = await save(current);
          const timers = current.all.map((timer) => putInto((stream) => timer.save(stream)));
          current = machine();
          current.host.advance(away);
          expect(await load(state, current)).to.equal('loaded');
          for (const [i, timer] of current.all.entries()) timer.load(getFrom(timers[i]!));
          current.tm.resume();
        }
        current.runFor(20n * MS);
        delivered.push(...current.delivered);
        expect(delivered).to.deep.equal(through.delivered);
        for (const clock of ['VIRTUAL', 'VIRTUAL_SYNC', 'TSC'] as const) {
          expect(current.tm.now(clock)).to.equal(through.tm.now(clock));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('loses no tick, and gives each its time, also while it catches up', async () => {
    const span = fc.bigInt({ min: 0n, max: 400n * MS });
    await fc.assert(
      fc.asyncProperty(span, span, async (late, ns) => {
        const time = new TestTime();
        const pit = time.periodic('PIT', MS);
        pit.set(MS);
        time.tm.resume();
        time.host.advance(late);
        time.runFor(ns);
        time.tm.pause();
        const other = new TestTime();
        const loaded = other.periodic('PIT', MS);
        expect(await load(await save(time), other)).to.equal('loaded');
        loaded.loadState(pit.saveState());
        other.tm.resume();
        other.runFor(S);
        const delivered = [...time.delivered, ...other.delivered];
        expect(delivered).to.deep.equal(delivered.map((_, i) => `PIT@${MS * BigInt(i + 1)}`));
        expect(other.tm.virtualSync.lag <= 750n * US).to.equal(true);
      }),
      { numRuns: 25 },
    );
  });

  for (const lag of [90n * US, 2n * MS]) {
    it(`a clock that is held stays so, also when the timer is stopped that it waited for: ${lag} ns behind`, () => {
      const first = new TestTime();
      first.tm.resume();
      first.timer('before').set(MS / 2n);
      const timer = first.timer('stopped');
      timer.set(MS);
      first.host.advance(MS / 2n + lag / 2n);
      first.tm.run();
      first.host.advance(MS / 2n + lag / 2n);
      expect(first.tm.now('VIRTUAL_SYNC')).to.equal(MS);
      timer.stop();
      first.tm.pause();
      const second = new TestTime();
      second.tm.loadState(first.tm.saveState());
      const look = ({ tm, host }: TestTime) => {
        tm.resume();
        const held = [tm.now('VIRTUAL_SYNC'), tm.due];
        tm.run();
        host.advance(MS);
        return [...held, tm.now('VIRTUAL_SYNC'), tm.virtualSync.lag, tm.virtualSync.percentage];
      };
      expect(look(second)).to.deep.equal(look(first));
    });
  }
});
