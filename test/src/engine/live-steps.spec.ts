import { liveSave } from '@ssmkit/runtime';
import { expect } from 'chai';
import { failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

describe('the steps of a live save', () => {
  type Step = 'step1' | 'step2' | 'done';
  const turns: readonly [rule: string, steps: readonly (readonly [step: Step, ends: string])[]][] = [
    [
      'no second step before the first',
      [
        ['step2', 'VERR_INVALID_STATE'],
        ['done', 'VERR_INVALID_STATE'],
      ],
    ],
    [
      'no end before the second',
      [
        ['step1', 'VINF_SUCCESS'],
        ['done', 'VERR_INVALID_STATE'],
      ],
    ],
    ['no end before the first', [['done', 'VERR_INVALID_STATE']]],
    [
      'one first step',
      [
        ['step1', 'VINF_SUCCESS'],
        ['step1', 'VERR_INVALID_STATE'],
        ['step2', 'VINF_SUCCESS'],
        ['done', 'VINF_SUCCESS'],
      ],
    ],
    [
      'one second step',
      [
        ['step1', 'VINF_SUCCESS'],
        ['step2', 'VINF_SUCCESS'],
        ['step2', 'VERR_INVALID_STATE'],
        ['done', 'VINF_SUCCESS'],
      ],
    ],
    [
      'one end',
      [
        ['step1', 'VINF_SUCCESS'],
        ['step2', 'VINF_SUCCESS'],
        ['done', 'VINF_SUCCESS'],
        ['done', 'VERR_INVALID_STATE'],
      ],
    ],
    [
      'nothing after the end',
      [
        ['done', 'VERR_INVALID_STATE'],
        ['step1', 'VERR_INVALID_STATE'],
      ],
    ],
  ];
  for (const [rule, steps] of turns) {
    it(`steps come in turn (SSMR3LiveDoStep1, …): ${rule}`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const save = await liveSave(machine('a: saveExec\n b: saveDone', journal), sink);
      for (const [step, ends] of steps) {
        expect((await failureOf(() => save[step]()))?.status ?? 'VINF_SUCCESS', step).to.equal(ends);
      }
      const whole = steps.filter(([, ends]) => ends === 'VINF_SUCCESS').length === 3;
      expect(sink.closed).to.deep.equal([whole ? 'whole' : 'aborted']);
      expect(journal.text).to.equal(whole ? 'saveExec a, saveDone b' : 'saveDone b');
    });
  }

  it('a step is refused with the failure of the one before (SSMR3LiveDoStep2)', async () => {
    const save = await liveSave(machine('a: liveExec=VERR_TIMEOUT'), new NotingSink());
    for (const step of ['step1', 'step1', 'step2', 'done'] as const) {
      expect((await failureOf(() => save[step]()))?.status, step).to.equal('VERR_TIMEOUT');
    }
  });

  it('a step that is under way cannot be taken again', async () => {
    const save = await liveSave(machine('a: liveExec'), new NotingSink());
    const first = save.step1();
    expect((await failureOf(() => save.step1()))?.status).to.equal('VERR_INVALID_STATE');
    expect((await failureOf(() => save.step2()))?.status).to.equal('VERR_INVALID_STATE');
    await first;
    await save.step2();
    await save.done();
  });

  it('an end while a step is under way gives the save up, and waits for the callback that runs', async () => {
    const journal = new Journal();
    const sink = new NotingSink();
    let release = () => {};
    const registry = machine('a: liveExec\n b: liveExec saveDone', journal, {
      a: {
        liveExec: () =>
          new Promise((resolve) => {
            release = resolve;
          }),
      },
    });
    const save = await liveSave(registry, sink);
    const step = failureOf(() => save.step1());
    await new Promise((resolve) => setTimeout(resolve, 5));
    const end = failureOf(() => save.done());
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sink.closed).to.deep.equal([]);
    release();
    expect((await end)?.status).to.equal('VERR_INVALID_STATE');
    expect((await step)?.status).to.equal('VERR_INVALID_STATE');
    expect([journal.text, sink.closed]).to.deep.equal(['liveExec@0 a, saveDone b', ['aborted']]);
  });
});
