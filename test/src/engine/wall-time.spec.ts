import { liveSave, loadState, MemorySource, type SsmStatus, saveState } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Timers that are running, those of the test itself included. */
async function timers(): Promise<number> {
  await wait(1);
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

const state = sav().unit('a').u8(1).bytes();

/** A unit whose callbacks take their time. */
function slow(milliseconds: number): Deeds {
  const callback = () => wait(milliseconds);
  return {
    a: {
      saveExec: callback,
      liveExec: callback,
      async loadExec(get) {
        get.getU8();
        await callback();
      },
    },
  };
}

type Operation = (wallTime: number, milliseconds: number, journal: Journal) => Promise<unknown>;

const operations: Readonly<Record<string, Operation>> = {
  saveState: (wallTime, milliseconds, journal) =>
    saveState(machine('a: saveExec saveDone\n b: saveExec', journal, slow(milliseconds)), new NotingSink(), {
      wallTime,
    }),
  async liveSave(wallTime, milliseconds, journal) {
    const registry = machine('a: liveExec saveDone\n b: liveExec', journal, slow(milliseconds));
    const save = await liveSave(registry, new NotingSink(), { wallTime });
    try {
      await save.step1();
      await save.step2();
    } finally {
      await save.done();
    }
  },
  loadState: (wallTime, milliseconds, journal) =>
    loadState(machine('a: loadExec loadDone\n b: loadExec', journal, slow(milliseconds)), new MemorySource(state), {
      limits: { wallTime },
    }),
};

const statusOf = async (operation: Promise<unknown>): Promise<SsmStatus> =>
  (await failureOf(() => operation))?.status ?? 'VINF_SUCCESS';

describe('the time that an operation may take', () => {
  for (const [name, operation] of Object.entries(operations)) {
    it(`${name} ends once the callback has returned that took too long: VERR_TIMEOUT`, async () => {
      const journal = new Journal();
      expect(await statusOf(operation(60, 90, journal))).to.equal('VERR_TIMEOUT');
      expect(journal.text).to.match(/^(save|live|load)Exec(@0)? a, (save|load)Done a$/);
    });

    for (const wallTime of [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY]) {
      it(`${name} may take ${wallTime} ms, which no timer can wait for`, async () => {
        expect(await statusOf(operation(wallTime, 3, new Journal()))).to.equal('VINF_SUCCESS');
      });
    }

    it(`${name} leaves no timer behind`, async () => {
      const before = await timers();
      await statusOf(operation(100_000, 0, new Journal()));
      await statusOf(operation(1, 5, new Journal()));
      expect(await timers()).to.be.at.most(before);
    });
  }

  it('of a live save the time between the steps counts', async () => {
    const save = await liveSave(machine('a: saveExec'), new NotingSink(), { wallTime: 60 });
    await save.step1();
    await wait(90);
    expect(await statusOf(save.step2())).to.equal('VERR_TIMEOUT');
    expect(await statusOf(save.done())).to.equal('VERR_TIMEOUT');
  });

  it('what is refused leaves no timer behind', async () => {
    const before = await timers();
    for (const options of [{ after: 'RESUME' }, { revision: 0 }] as const) {
      await statusOf(saveState(machine(''), new NotingSink(), { ...options, wallTime: 100_000 }));
    }
    await statusOf(loadState(machine(''), new MemorySource(new Uint8Array(100)), { limits: { wallTime: 100_000 } }));
    expect(await timers()).to.be.at.most(before);
  });
});
