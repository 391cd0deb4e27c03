import { type LiveSave, type LiveSaveOptions, liveSave, SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { dataOf, pictureOf } from './picture.js';
import { type Deeds, failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

interface LiveRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  readonly does?: Deeds;
  readonly options?: LiveSaveOptions;
  readonly calls: string;
  /** What the steps end with. */
  readonly steps?: string;
  readonly file?: string;
}

const full = 'livePrep liveExec liveVote savePrep saveExec saveDone';

const rules: readonly LiveRule[] = [
  {
    rule: 'prepared, saved pass by pass, and once the machine is stopped saved as any other',
    source: 'SSMR3LiveDoStep1, SSMR3LiveDoStep2',
    units: `a: ${full}\n b: ${full}`,
    calls: 'livePrep a b, liveExec@0 a b, liveVote@0 a b, |, savePrep a b, saveExec a b, saveDone a b',
  },
  {
    rule: '"SSM" is saved in the first pass, and in the final one again',
    source: 'ssmR3SelfLiveExec',
    units: 'a: liveVote=again,ready',
    calls: 'liveVote@0 a, liveVote@1 a, |',
    file: 'SSM@0 SSM SSMLiveControl=9504 SSMLiveControl=9604 | END | SSM',
  },
  {
    rule: 'the directory leads to the last header of a unit; of those that save in live passes only, to a live one',
    source: 'ssmR3WriteDirectory',
    units: 'a#3: liveExec liveVote=again,ready\n b: liveExec saveExec',
    calls: 'liveExec@0 a#3 b, liveVote@0 a#3, liveExec@1 a#3 b, liveVote@1 a#3, |, saveExec b',
    file: 'SSM@0 a#3@0 b@0 a#3@1 b@1 SSM SSMLiveControl=9457 SSMLiveControl=9530 b SSMLiveControl=9604 | END | SSM a#3@1 b',
  },
  {
    rule: 'a failing livePrep stops the run; what was called is done with',
    source: 'ssmR3DoLivePrepRun',
    units: `a: livePrep saveExec saveDone\n b: livePrep=VERR_TIMEOUT saveExec saveDone\n c: ${full}`,
    calls: 'livePrep a b, saveDone a b',
    steps: 'step1 VERR_TIMEOUT, done VERR_TIMEOUT',
  },
  {
    rule: 'a unit that has only voted has been called: it is done with',
    source: 'ssmR3LiveDoVoteRun',
    units: 'a: liveVote=stop saveExec saveDone\n b: saveExec saveDone',
    calls: 'liveVote@0 a, saveDone a',
    steps: 'step1 VERR_SSM_VOTE_FOR_GIVING_UP, done VERR_SSM_VOTE_FOR_GIVING_UP',
  },
  {
    rule: 'a failing second step is told by the end, too',
    source: 'SSMR3LiveDone',
    units: 'a: liveExec saveExec=VERR_TIMEOUT saveDone',
    calls: 'liveExec@0 a, |, saveExec a, saveDone a',
    steps: 'step1, step2 VERR_TIMEOUT, done VERR_TIMEOUT',
  },
  {
    rule: 'a failing saveDone fails the second step',
    source: 'SSMR3LiveDoStep2',
    units: 'a: saveExec saveDone=VERR_TIMEOUT\n b: saveDone',
    calls: '|, saveExec a, saveDone a b',
    steps: 'step1, step2 VERR_TIMEOUT, done VERR_TIMEOUT',
  },
  {
    rule: 'a machine may be saved for teleporting',
    source: 'SSMR3LiveSave',
    units: 'a: savePrep',
    does: {
      a: {
        savePrep({ after }) {
          if (after !== 'TELEPORT') throw new Error(after);
        },
      },
    },
    options: { after: 'TELEPORT' },
    calls: '|, savePrep a',
  },
  {
    rule: 'but not for resuming',
    source: 'SSMR3LiveSave',
    units: `a: ${full}`,
    options: { after: 'RESUME' },
    calls: '',
    steps: 'liveSave VERR_INVALID_PARAMETER',
  },
  {
    rule: 'the format before V2.0 knows no passes',
    source: 'VirtualBox 3.1',
    units: `a: ${full}`,
    options: { format: '1.2' },
    calls: '',
    steps: 'liveSave VERR_NOT_SUPPORTED',
  },
  {
    rule: 'VirtualBox before 4.0 does not know "SSMLiveControl", which can be left out',
    source: 'ssmR3LiveControlEmit',
    units: 'a: liveExec liveVote=again,ready saveExec',
    options: { liveControl: false },
    calls: 'liveExec@0 a, liveVote@0 a, liveExec@1 a, liveVote@1 a, |, saveExec a',
    file: 'SSM@0 a@0 a@1 SSM a | END | SSM a',
  },
];

describe('saving live', () => {
  for (const { rule, source, units, does, options, calls, steps = 'step1, step2, done', file } of rules) {
    it(`${rule} (${source}): ${steps}`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const registry = machine(units, journal, does);
      const run = await saveLive(registry, sink, options, { stopped: () => journal.note('|') });
      expect(run.steps).to.equal(steps);
      expect(journal.text).to.equal(calls);
      expect(sink.closed).to.deep.equal([run.failure === undefined ? 'whole' : 'aborted']);
      if (file !== undefined) expect(pictureOf(sink.bytes())).to.equal(file);
      expect((await failureOf(() => registry.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
    });
  }

  it('the header has the live flag and the number of registered units (ssmR3WriteHeaderAndClearPerUnitData)', async () => {
    const sink = new NotingSink();
    await saveLive(machine('a: saveExec'), sink);
    const view = new DataView(sink.bytes().buffer);
    expect([view.getUint32(48, true), view.getUint8(52)]).to.deep.equal([3, 3]);
  });

  it('a unit is told the number of its pass, and puts anew in each (ssmR3LiveDoExecRun)', async () => {
    const sink = new NotingSink();
    await saveLive(machine('a: liveExec liveVote=again,again,ready saveExec'), sink);
    expect(dataOf(sink.bytes(), 'a')).to.deep.equal([[0], [1], [2], [255]]);
  });

  it('the sink is asked after each pass but the last whether it is still sound (ssmR3StrmCheckAndFlush)', async () => {
    const journal = new Journal();
    const sink = Object.assign(new NotingSink(), { isOk: () => journal.note('isOk') });
    await saveLive(machine('a: liveVote=again,again,ready', journal), sink, {}, { stopped: () => journal.note('|') });
    expect(journal.text).to.equal('liveVote@0 a, isOk, liveVote@1 a, isOk, liveVote@2 a, |, isOk');
  });

  for (const asynchronous of [false, true]) {
    it(`a sink that is not ends the save after the pass (ssmR3StrmCheckAndFlush)${asynchronous ? ', asynchronously' : ''}`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const isOk = () => {
        const failure = new SsmError('VERR_SSM_LOW_ON_DISK_SPACE', 'full');
        if (asynchronous) return Promise.reject(failure);
        throw failure;
      };
      const { steps } = await saveLive(machine('a: liveVote=again', journal), Object.assign(sink, { isOk }));
      expect(steps).to.equal('step1 VERR_SSM_LOW_ON_DISK_SPACE, done VERR_SSM_LOW_ON_DISK_SPACE');
      expect([journal.text, sink.closed]).to.deep.equal(['liveVote@0 a', ['aborted']]);
    });
  }

  for (const [units, callback] of [
    ['a: liveExec\n b: liveExec\n c: liveExec\n d: liveExec\n e', 'liveExec'],
    ['e: liveVote=again,again,again,again,ready', 'liveVote'],
  ] as const) {
    it(`others get their turn while ${callback} takes its time`, async () => {
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      const busy = () => {
        const end = performance.now() + 12;
        while (performance.now() < end);
      };
      const deeds = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, { [callback]: busy }]));
      try {
        const save = await liveSave(machine(units, new Journal(), deeds), new NotingSink());
        await save.step1();
        expect(turns).to.be.above(2);
        await save.step2();
        await save.done();
      } finally {
        clearInterval(timer);
      }
    });
  }

  it('nothing can be put while voting (SSM_ASSERT_WRITEABLE_RET): VERR_SSM_INVALID_STATE', async () => {
    let put: Parameters<NonNullable<Deeds[string]['liveExec']>>[0] | undefined;
    let status: string | undefined;
    const registry = machine('a: liveExec liveVote', new Journal(), {
      a: {
        liveExec(stream) {
          put = stream;
        },
        async liveVote() {
          status = (await failureOf(() => put?.putU8(1)))?.status;
        },
      },
    });
    expect((await saveLive(registry, new NotingSink())).failure).to.equal(undefined);
    expect(status).to.equal('VERR_SSM_INVALID_STATE');
  });

  it('the states of a live save (SSMSTATE)', async () => {
    const states: string[] = [];
    const noted = (_first: unknown, second?: unknown, third?: unknown) => {
      const handle = [third, second, _first].find((each) => typeof each === 'object') as LiveSave['handle'];
      states.push(handle.state);
    };
    const registry = machine('a: livePrep liveExec liveVote savePrep saveExec saveDone', new Journal(), {
      a: { livePrep: noted, liveExec: noted, liveVote: noted, savePrep: noted, saveExec: noted, saveDone: noted },
    });
    const save = await liveSave(registry, new NotingSink());
    states.push(save.handle.state);
    await save.step1();
    states.push(save.handle.state);
    await save.step2();
    await save.done();
    expect(states).to.deep.equal([
      'LIVE_STEP1',
      // livePrep runs in the state of savePrep.
      'SAVE_PREP',
      'LIVE_EXEC',
      'LIVE_VOTE',
      'LIVE_STEP2',
      'SAVE_PREP',
      'SAVE_EXEC',
      'SAVE_DONE',
    ]);
  });
});
