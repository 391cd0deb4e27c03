import { liveSave, loadState, MemorySource, Registry, SsmError, saveState, type UnitCallbacks } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { failureOf } from './script.js';
import { NotingSink } from './sinks.js';

/** A unit with every callback there is, which has a lock and says whether that is held. */
function locked(log: string[], failing?: keyof UnitCallbacks): Registry {
  let held = 0;
  const called = (name: keyof UnitCallbacks) => async () => {
    log.push(`${name}${held === 1 ? '' : ' without the lock'}`);
    await Promise.resolve();
    if (name === failing) throw new SsmError('VERR_TIMEOUT', 'as the test wants it');
  };
  const registry = new Registry();
  registry.register({
    name: 'a',
    version: 1,
    lock: {
      async enter() {
        await Promise.resolve();
        held++;
      },
      leave() {
        held--;
        log.push(held === 0 ? 'left' : 'left too often');
      },
    },
    livePrep: called('livePrep'),
    liveExec: called('liveExec'),
    liveVote: called('liveVote'),
    savePrep: called('savePrep'),
    saveExec: called('saveExec'),
    saveDone: called('saveDone'),
    loadPrep: called('loadPrep'),
    loadExec: called('loadExec'),
    loadDone: called('loadDone'),
  });
  return registry;
}

const state = sav().unit('a').bytes();

const operations: Readonly<Record<string, { runs: readonly string[]; run: (registry: Registry) => Promise<unknown> }>> =
  {
    saveState: {
      runs: ['savePrep', 'saveExec', 'saveDone'],
      run: (registry) => saveState(registry, new NotingSink()),
    },
    liveSave: {
      runs: ['livePrep', 'liveExec', 'liveVote', 'savePrep', 'saveExec', 'saveDone'],
      async run(registry) {
        const save = await liveSave(registry, new NotingSink());
        try {
          await save.step1();
          await save.step2();
        } finally {
          await save.done();
        }
      },
    },
    loadState: {
      runs: ['loadPrep', 'loadExec', 'loadDone'],
      run: (registry) => loadState(registry, new MemorySource(state)),
    },
  };

describe('the lock of a unit (ssmR3UnitCritSectEnter)', () => {
  for (const [operation, { runs, run }] of Object.entries(operations)) {
    it(`${operation}: is held around every callback: ${runs.join(', ')}`, async () => {
      const log: string[] = [];
      await run(locked(log));
      expect(log).to.deep.equal(runs.flatMap((name) => [name, 'left']));
    });

    for (const failing of runs) {
      it(`${operation}: is left when ${failing} fails`, async () => {
        const log: string[] = [];
        const failure = await failureOf(() => run(locked(log, failing as keyof UnitCallbacks)));
        expect(failure?.status).to.equal('VERR_TIMEOUT');
        expect(log.filter((entry) => entry !== 'left')).to.include(failing);
        expect(log.filter((entry) => entry === 'left')).to.have.length(log.length / 2);
      });
    }
  }

  it('where it cannot be entered the callback is not called and fails', async () => {
    const registry = new Registry();
    let called = false;
    registry.register({
      name: 'a',
      version: 1,
      lock: {
        enter() {
          throw new SsmError('VERR_TIMEOUT', 'held by somebody');
        },
        leave() {
          called = true;
        },
      },
      saveExec() {
        called = true;
      },
    });
    expect((await failureOf(() => saveState(registry, new NotingSink())))?.status).to.equal('VERR_TIMEOUT');
    expect(called).to.equal(false);
  });
});
