import {
  type LiveSaveOptions,
  liveSave,
  MemorySink,
  type Registry,
  type SaveOptions,
  type Sink,
  saveState,
} from '@ssmkit/runtime';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { endOf, expectNoStrayRejections } from './deadline.js';
import { type Fault, FaultySink, type FaultySinkOptions } from './faulty.js';
import { Journal, machine } from './script.js';

/** The operations that write, each from its first to its last step. */
const operations: Readonly<
  Record<string, (registry: Registry, sink: Sink, options?: SaveOptions & LiveSaveOptions) => Promise<unknown>>
> = {
  saveState,
  'saveState, format V1.2,': (registry, sink, options) => saveState(registry, sink, { ...options, format: '1.2' }),
  async liveSave(registry, sink, options) {
    const save = await liveSave(registry, sink, options);
    try {
      await save.step1();
      await save.step2();
    } catch {
      // The end tells it again.
    }
    return save.done();
  },
};

/** A machine with a byte here and there. */
const small =
  'a: livePrep liveExec liveVote=again,ready savePrep saveExec saveDone\n b: saveExec saveDone\n c: saveDone';

const LARGE = 16 << 20;

/** Bytes that do not become fewer. */
const noise = (() => {
  const next = randomNumbers(7);
  return Uint8Array.from({ length: 1 << 20 }, () => next() * 256);
})();

/** A machine with 16 MiB of memory, a quarter of which a live save saves twice. */
function large(journal = new Journal()): Registry {
  const registry = machine(small, journal);
  registry.register({
    name: 'ram',
    version: 1,
    async liveExec(put, pass) {
      journal.call('liveExec', 'ram');
      for (let done = 0; pass === 0 && done < LARGE / 4; done += noise.length) await put.putMemAsync(noise);
    },
    async saveExec(put) {
      journal.call('saveExec', 'ram');
      for (let done = 0; done < LARGE; done += noise.length) await put.putMemAsync(noise);
    },
    saveDone: () => journal.call('saveDone', 'ram'),
  });
  return registry;
}

/** What has to hold once a save has failed, and a signal or its time has ended what stalled. */
async function expectFailedSave(
  name: string,
  registry: Registry,
  journal: Journal,
  faulty: FaultySinkOptions,
  status: string,
  how: { cancel?: boolean; wallTime?: number } = {},
): Promise<void> {
  const sink = new FaultySink(faulty);
  const abort = new AbortController();
  const { wallTime, cancel } = how;
  const options = { ...(wallTime !== undefined && { wallTime }), ...(cancel && { signal: abort.signal }) };
  if (cancel) sink.onStall = () => abort.abort();
  const operation = operations[name]?.(registry, sink, options) as Promise<unknown>;
  const failure = await endOf(operation);
  const which = JSON.stringify(faulty);
  expect(failure?.status, which).to.equal(status);
  const closed = faulty.call !== 'close';
  expect(
    sink.closed.map(([aborted]) => aborted),
    which,
  ).to.deep.equal([closed]);
  if (closed) expect(sink.closed[0]?.[1]?.status, which).to.equal(status);
  for (const unit of ['a', 'b', 'ram']) {
    const runs = ['livePrep', 'liveExec', 'savePrep', 'saveExec'];
    const called = runs.reduce((sum, each) => sum + journal.count(each, unit), 0);
    expect(journal.count('saveDone', unit), `${which}: ${unit} in ${journal.text}`).to.equal(called > 0 ? 1 : 0);
  }
  expect(journal.count('saveDone', 'c'), which).to.equal(1);
  sink.failLate();
  expect((await endOf(Promise.resolve().then(() => registry.cancel())))?.status).to.equal(
    'VERR_SSM_NO_PENDING_OPERATION',
  );
}

/** What a fault ends a save with. */
const faults: readonly (readonly [fault: Fault, status: string, how: { cancel?: boolean; wallTime?: number }])[] = [
  ['throws', 'VERR_IO_GEN_FAILURE', {}],
  ['rejects', 'VERR_IO_GEN_FAILURE', {}],
  ['stalls', 'VERR_SSM_CANCELLED', { cancel: true }],
];

describe('a sink that fails', () => {
  expectNoStrayRejections();

  for (const name of Object.keys(operations)) {
    for (const asynchronous of [false, true]) {
      const manner = asynchronous ? 'asynchronous' : 'synchronous';
      for (const [fault, status, how] of faults) {
        it(`${name}, ${manner} sink: ${fault} after any number of bytes: ${status}`, async () => {
          const whole = new MemorySink();
          await operations[name]?.(machine(small), whole);
          const size = whole.bytes().length;
          for (let takes = 0; takes < size; takes++) {
            const journal = new Journal();
            await expectFailedSave(name, machine(small, journal), journal, { takes, fault, asynchronous }, status, how);
          }
        });

        it(`${name}, ${manner} sink: ${fault} when it is asked whether it is sound: ${status}`, async () => {
          const journal = new Journal();
          const sink = { takes: 0, fault, call: 'isOk', asynchronous } as const;
          await expectFailedSave(name, machine(small, journal), journal, sink, status, how);
        });

        if (name.includes('V1.2')) {
          it(`${name} ${manner} sink: ${fault} when it is to go back: ${status}`, async () => {
            const journal = new Journal();
            const sink = { takes: Number.POSITIVE_INFINITY, fault, call: 'rewrite', asynchronous } as const;
            await expectFailedSave(name, machine(small, journal), journal, sink, status, how);
          });
        }

        it(`${name}, ${manner} sink: ${fault} when it is closed: ${status}`, async () => {
          const journal = new Journal();
          const sink = { takes: Number.POSITIVE_INFINITY, fault, call: 'close', asynchronous } as const;
          await expectFailedSave(name, machine(small, journal), journal, sink, status, how);
        });

        it(`${name}, ${manner} sink: ${fault} anywhere in 16 MiB: ${status}`, async () => {
          const next = randomNumbers(11);
          for (let i = 0; i < 3; i++) {
            const journal = new Journal();
            const takes = Math.floor(next() * LARGE);
            await expectFailedSave(name, large(journal), journal, { takes, fault, asynchronous }, status, how);
          }
        });
      }

      it(`${name}, ${manner} sink: stalls until its time is up: VERR_TIMEOUT`, async () => {
        for (const takes of [0, LARGE / 2]) {
          const journal = new Journal();
          const sink = { takes, fault: 'stalls', asynchronous } as const;
          const registry = takes === 0 ? machine(small, journal) : large(journal);
          await expectFailedSave(name, registry, journal, sink, 'VERR_TIMEOUT', { wallTime: takes === 0 ? 20 : 250 });
        }
      });
    }

    it(`${name}: the same machine can be saved after every failure`, async () => {
      const journal = new Journal();
      const registry = machine(small, journal);
      const expected = new MemorySink();
      await operations[name]?.(registry, expected);
      for (const [fault] of faults) {
        const abort = new AbortController();
        const sink = new FaultySink({ takes: 0, fault });
        sink.onStall = () => abort.abort();
        const operation = operations[name]?.(registry, sink, { signal: abort.signal }) as Promise<unknown>;
        expect(await endOf(operation)).not.to.equal(undefined);
        sink.failLate();
      }
      const size = expected.bytes().length;
      const again = new MemorySink();
      // The votes of a have come to their end: a pass less.
      await operations[name]?.(machine(small), again);
      expect(again.bytes().length).to.equal(size);
      expect(await endOf(operations[name]?.(registry, new MemorySink()) as Promise<unknown>)).to.equal(undefined);
    });
  }

  for (const name of Object.keys(operations)) {
    it(`${name}: a sink that stalls is given up by the registry, too: VERR_SSM_CANCELLED`, async () => {
      for (const takes of [0, LARGE / 2]) {
        const sink = new FaultySink({ takes, fault: 'stalls' });
        const registry = takes === 0 ? machine(small) : large();
        sink.onStall = () => registry.cancel();
        const failure = await endOf(operations[name]?.(registry, sink) as Promise<unknown>);
        expect(failure?.status).to.equal('VERR_SSM_CANCELLED');
        expect(sink.closed.map(([aborted]) => aborted)).to.deep.equal([true]);
        sink.failLate();
      }
    });
  }

  it('an aborted save that its sink does not let go of ends with its signal', async () => {
    for (const name of Object.keys(operations)) {
      const sink = new FaultySink({ takes: 0, fault: 'stalls', call: 'close' });
      const abort = new AbortController();
      const registry = machine('a: saveExec=VERR_NO_MEMORY');
      sink.onStall = () => abort.abort();
      const operation = operations[name]?.(registry, sink, { signal: abort.signal }) as Promise<unknown>;
      expect((await endOf(operation))?.status).to.equal('VERR_NO_MEMORY');
      expect(sink.closed.map(([aborted]) => aborted)).to.deep.equal([true]);
      sink.failLate();
    }
  });

  it('what was put before the failure never counts as a state: the sink is told that it is not one', async () => {
    const sink = new FaultySink({ takes: 1 << 20, fault: 'throws' });
    const failure = await endOf(saveState(large(), sink));
    expect(failure?.message).to.match(
      /^VERR_IO_GEN_FAILURE: Execute save failed: .*the disk is broken \(unit 'ram'#0, final pass/,
    );
    expect(sink.closed).to.deep.equal([[true, failure]]);
  });
});
