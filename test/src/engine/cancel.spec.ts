import {
  type LiveSaveOptions,
  type LoadOptions,
  liveSave,
  loadState,
  MemorySource,
  type Registry,
  type SaveOptions,
  type SsmHandle,
  type SsmStatus,
  saveState,
  type UnitCallbacks,
} from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

const state = sav().unit('a').u8(1).unit('b').u8(2).bytes();

/** An operation on two units, and the order of its callbacks. */
interface Cancellable {
  readonly run: (
    registry: Registry,
    sink: NotingSink,
    options: SaveOptions & LoadOptions & LiveSaveOptions,
  ) => Promise<SsmStatus>;
  readonly units: string;
  /** What is called when a is cancelled in one of its callbacks. */
  readonly calls: Readonly<Record<string, string>>;
}

const statusOf = async (step: () => Promise<unknown>): Promise<SsmStatus> =>
  (await failureOf(step))?.status ?? 'VINF_SUCCESS';

const operations: Readonly<Record<string, Cancellable>> = {
  saveState: {
    run: (registry, sink, options) => statusOf(() => saveState(registry, sink, options as SaveOptions)),
    units: 'a: savePrep saveExec saveDone\n b: savePrep saveExec saveDone',
    calls: {
      savePrep: 'savePrep a, saveDone a',
      saveExec: 'savePrep a b, saveExec a, saveDone a b',
      saveDone: 'savePrep a b, saveExec a b, saveDone a b',
    },
  },
  liveSave: {
    run: async (registry, sink, options) => (await saveLive(registry, sink, options)).failure?.status ?? 'VINF_SUCCESS',
    units:
      'a: livePrep liveExec liveVote savePrep saveExec saveDone\n b: livePrep liveExec liveVote savePrep saveExec saveDone',
    calls: {
      livePrep: 'livePrep a, saveDone a',
      liveExec: 'livePrep a b, liveExec@0 a, saveDone a b',
      liveVote: 'livePrep a b, liveExec@0 a b, liveVote@0 a, saveDone a b',
      savePrep: 'livePrep a b, liveExec@0 a b, liveVote@0 a b, savePrep a, saveDone a b',
      saveExec: 'livePrep a b, liveExec@0 a b, liveVote@0 a b, savePrep a b, saveExec a, saveDone a b',
    },
  },
  loadState: {
    run: (registry, _sink, options) =>
      statusOf(() => loadState(registry, new MemorySource(state), options as LoadOptions)),
    units: 'a: loadPrep loadExec loadDone\n b: loadPrep loadExec loadDone',
    calls: {
      loadPrep: 'loadPrep a, loadDone a',
      loadExec: 'loadPrep a b, loadExec a, loadDone a b',
      loadDone: 'loadPrep a b, loadExec a b, loadDone a b',
    },
  },
};

/** The ways to cancel, each from inside a callback. */
const ways: Readonly<Record<string, (handle: SsmHandle, registry: Registry, abort: AbortController) => void>> = {
  'its handle': (handle) => handle.cancel(),
  'its registry': (_handle, registry) => registry.cancel(),
  'a signal': (_handle, _registry, abort) => abort.abort('enough'),
};

describe('cancelling', () => {
  for (const [operation, { run, units, calls }] of Object.entries(operations)) {
    for (const [callback, expected] of Object.entries(calls)) {
      for (const [way, cancel] of Object.entries(ways)) {
        it(`${operation} from ${callback} by ${way} (SSMR3Cancel): ${expected}: VERR_SSM_CANCELLED`, async () => {
          const journal = new Journal();
          const sink = new NotingSink();
          const abort = new AbortController();
          const deed = (...args: unknown[]) => cancel(args.at(-1) as SsmHandle, registry, abort);
          const registry: Registry = machine(units, journal, { a: { [callback]: deed } as UnitCallbacks });
          expect(await run(registry, sink, { signal: abort.signal })).to.equal('VERR_SSM_CANCELLED');
          expect(journal.text).to.equal(expected);
          expect(sink.closed).to.deep.equal(operation === 'loadState' ? [] : ['aborted']);
          // Nothing is left: neither in the registry nor at the signal.
          expect((await failureOf(() => registry.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
          abort.abort();
        });
      }
    }

    it(`${operation}: a signal that is aborted already lets nothing begin`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const status = await run(machine(units, journal), sink, { signal: AbortSignal.abort() });
      expect([status, journal.text]).to.deep.equal(['VERR_SSM_CANCELLED', '']);
      expect(sink.closed).to.deep.equal(operation === 'loadState' ? [] : ['aborted']);
    });

    it(`${operation}: from the listener of its progress`, async () => {
      const journal = new Journal();
      const registry = machine(units, journal);
      const status = await run(registry, new NotingSink(), {
        onProgress({ unit }) {
          if (unit?.name === 'a') registry.cancel();
        },
      });
      expect(status).to.equal('VERR_SSM_CANCELLED');
      expect(journal.text).not.to.match(/Exec(@0)? (a )?b/);
    });

    it(`${operation}: twice is once: VERR_SSM_ALREADY_CANCELLED`, async () => {
      const ends: (string | undefined)[] = [];
      const callback = Object.keys(calls)[0] as string;
      const registry: Registry = machine(units, new Journal(), {
        a: {
          async [callback](...args: unknown[]) {
            const handle = args.at(-1) as SsmHandle;
            handle.cancel();
            ends.push(`${handle.cancelled}`, handle.status);
            for (const cancel of [() => handle.cancel(), () => registry.cancel()])
              ends.push((await failureOf(cancel))?.status);
          },
        } as UnitCallbacks,
      });
      expect(await run(registry, new NotingSink(), {})).to.equal('VERR_SSM_CANCELLED');
      expect(ends).to.deep.equal([
        'true',
        'VERR_SSM_CANCELLED',
        'VERR_SSM_ALREADY_CANCELLED',
        'VERR_SSM_ALREADY_CANCELLED',
      ]);
    });

    it(`${operation}: once it is over there is nothing to cancel: VERR_SSM_NO_PENDING_OPERATION`, async () => {
      let handle: SsmHandle | undefined;
      const callback = Object.keys(calls)[0] as string;
      const registry = machine(units, new Journal(), {
        a: {
          [callback](...args: unknown[]) {
            handle = args.at(-1) as SsmHandle;
          },
        } as UnitCallbacks,
      });
      expect(await run(registry, new NotingSink(), {})).to.equal('VINF_SUCCESS');
      for (const cancel of [() => handle?.cancel(), () => registry.cancel()]) {
        expect((await failureOf(cancel))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
      }
    });

    it(`${operation}: a failure that came before stays`, async () => {
      const [, last = ''] = Object.keys(calls);
      const registry: Registry = machine(units, new Journal(), {
        a: {
          [last](...args: unknown[]) {
            const handle = args.at(-1) as SsmHandle;
            handle.setStatus('VERR_TIMEOUT');
            handle.cancel();
          },
        } as UnitCallbacks,
      });
      expect(await run(registry, new NotingSink(), {})).to.equal('VERR_TIMEOUT');
    });

    it(`${operation}: the reason of the signal is the cause`, async () => {
      const abort = new AbortController();
      const reason = new Error('the user has had enough');
      const callback = Object.keys(calls).at(-1) as string;
      let handle: SsmHandle | undefined;
      const registry = machine(units, new Journal(), {
        a: {
          [callback](...args: unknown[]) {
            handle = args.at(-1) as SsmHandle;
            abort.abort(reason);
          },
        } as UnitCallbacks,
      });
      await run(registry, new NotingSink(), { signal: abort.signal });
      expect(handle?.failure?.cause).to.equal(reason);
    });
  }

  it('after a put that was cancelled every further one fails with its status (SSMR3Put…)', async () => {
    const ends: (string | undefined)[] = [];
    const registry = machine('a: saveExec', new Journal(), {
      a: {
        async saveExec(put, handle) {
          put.putU8(1);
          handle.cancel();
          for (let i = 0; i < 2; i++) ends.push((await failureOf(() => put.putU8(1)))?.status);
        },
      },
    });
    await failureOf(() => saveState(registry, new NotingSink()));
    expect(ends).to.deep.equal(['VERR_SSM_CANCELLED', 'VERR_SSM_CANCELLED']);
  });

  it('after that no get succeeds (SSMR3Get…)', async () => {
    let end: string | undefined;
    const registry = machine('a: loadExec\n b: loadExec', new Journal(), {
      a: {
        async loadExec(get, _version, _pass, handle) {
          handle.cancel();
          end = (await failureOf(() => get.getU8()))?.status;
        },
      },
    });
    await failureOf(() => loadState(registry, new MemorySource(state)));
    expect(end).to.equal('VERR_SSM_CANCELLED');
  });

  it('a live save can be cancelled between its steps', async () => {
    for (const steps of [0, 1, 2]) {
      const journal = new Journal();
      const sink = new NotingSink();
      const save = await liveSave(machine('a: livePrep saveExec saveDone\n b: saveDone', journal), sink);
      if (steps > 0) await save.step1();
      if (steps > 1) await save.step2();
      save.cancel();
      for (const step of (['step1', 'step2'] as const).slice(steps)) {
        expect((await failureOf(() => save[step]()))?.status).to.equal('VERR_SSM_CANCELLED');
      }
      expect((await failureOf(() => save.done()))?.status).to.equal('VERR_SSM_CANCELLED');
      expect(sink.closed).to.deep.equal(['aborted']);
      expect(journal.text).to.equal(
        ['saveDone b', 'livePrep a, saveDone a b', 'livePrep a, saveExec a, saveDone a b'][steps],
      );
      expect((await failureOf(() => save.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
    }
  });

  it('a signal keeps no listener once the operation is over', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = Object.assign(signal, {
      addEventListener(...args: Parameters<AbortSignal['addEventListener']>) {
        listeners++;
        AbortSignal.prototype.addEventListener.apply(signal, args);
      },
      removeEventListener(...args: Parameters<AbortSignal['removeEventListener']>) {
        listeners--;
        AbortSignal.prototype.removeEventListener.apply(signal, args);
      },
    });
    await saveState(machine('a: saveExec'), new NotingSink(), { signal: counted });
    await failureOf(() => saveState(machine('a: saveExec=VERR_TIMEOUT'), new NotingSink(), { signal: counted }));
    await saveLive(machine('a: saveExec'), new NotingSink(), { signal: counted });
    await loadState(machine('a: loadExec\n b: loadExec'), new MemorySource(state), { signal: counted });
    expect(listeners).to.equal(0);
  });

  it('of several operations on a registry all are cancelled', async () => {
    const registry = machine('a: saveExec', new Journal(), {
      a: { saveExec: () => new Promise((resolve) => setTimeout(resolve, 5)) },
    });
    const ends = [1, 2].map(() => statusOf(() => saveState(registry, new NotingSink())));
    await new Promise((resolve) => setTimeout(resolve, 1));
    registry.cancel();
    expect(await Promise.all(ends)).to.deep.equal(['VERR_SSM_CANCELLED', 'VERR_SSM_CANCELLED']);
  });
});
