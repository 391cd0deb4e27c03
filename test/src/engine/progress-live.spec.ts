import { expect } from 'chai';
import { saveLive } from './live-run.js';
import { pictureOf } from './picture.js';
import { type Deeds, Journal, machine, percentages, rangesOf } from './script.js';
import { NotingSink } from './sinks.js';

describe('the progress of a live save (ssmR3LiveDoVoteRun, ssmR3ProgressByUnit)', () => {
  const reports = (...percent: readonly (number | undefined)[]): Deeds => ({
    a: {
      liveVote(pass, handle) {
        const value = percent[pass];
        if (value !== undefined) handle.reportLivePercent(value);
      },
    },
  });
  // With the two units of SSM, and without saveExec: the final pass tells 96 in front of a, and 98.
  const rules: readonly [rule: string, votes: string, does: Deeds, sequence: string, told: string][] = [
    ['2 once it is prepared, 94 before the final pass', 'ready', {}, '2 94 96 98 100', ''],
    ['nobody who reports: nothing is told', 'again,again,ready', {}, '2 94 96 98 100', ''],
    [
      '93 percent of what is reported',
      'again,again,ready',
      reports(50, 100),
      '2 46 93…94 96 98 100',
      '@0=4557 @1=9114',
    ],
    ['what does not change is told once', 'again,again,ready', reports(50, 50), '2 46 94 96 98 100', '@0=4557'],
    // 92.07 and 92.9 percent.
    [
      'a change within a percent is not told',
      'again,again,ready',
      reports(98, 99),
      '2 91…92 94 96 98 100',
      '@0=8931 @1=9022',
    ],
    ['the 2 percent of preparing are not told again', 'again,ready', reports(3), '2 94 96 98 100', ''],
    [
      'the other side learns of a step back, the listener does not',
      'again,again,ready',
      reports(60, 30),
      '2 55 94 96 98 100',
      '@0=5468 @1=2734',
    ],
    ['who stops reporting is at 0', 'again,again,ready', reports(60), '2 55 94 96 98 100', '@0=5468 @1=0'],
    ['0 is a percentage', 'again,again,ready', reports(60, 0), '2 55 94 96 98 100', '@0=5468 @1=0'],
    [
      'what is reported with the last vote does not matter',
      'again,ready',
      reports(10, 50),
      '2 9 94 96 98 100',
      '@0=911',
    ],
  ];
  for (const [rule, votes, does, sequence, told] of rules) {
    it(`${rule}: ${sequence}`, async () => {
      const { list, onProgress } = percentages();
      const answers = votes.split(',');
      const sink = new NotingSink();
      const statuses = { again: 'VINF_SSM_VOTE_FOR_ANOTHER_PASS', ready: 'VINF_SUCCESS' } as const;
      const registry = machine('a: liveVote', new Journal(), {
        a: {
          liveVote(pass, handle) {
            does['a']?.liveVote?.(pass, handle);
            return statuses[answers[pass] as 'again' | 'ready'];
          },
        },
      });
      expect((await saveLive(registry, sink, { onProgress })).failure).to.equal(undefined);
      expect(rangesOf(list)).to.equal(rangesOf([...list].sort((a, b) => a - b)));
      expect(list.join(' ')).to.equal(expand(sequence));
      const live = pictureOf(sink.bytes()).match(/SSMLiveControl@\d+=\d+/g) ?? [];
      expect(live.map((each) => each.slice('SSMLiveControl'.length)).join(' ')).to.equal(told);
    });
  }

  /** `2 93…94` as `2 93 94`. */
  function expand(sequence: string): string {
    return sequence.replace(/(\d+)…(\d+)/g, (_all, from: string, to: string) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i).join(' '),
    );
  }

  it('of several reports the least counts, of units and of calls', async () => {
    const sink = new NotingSink();
    const report = (...values: number[]) => ({
      liveVote(pass: number, handle: { reportLivePercent(percent: number): void }) {
        for (const value of values) handle.reportLivePercent(value);
        return pass === 0 ? ('VINF_SSM_VOTE_FOR_ANOTHER_PASS' as const) : undefined;
      },
    });
    await saveLive(machine('a: liveVote\n b: liveVote', new Journal(), { a: report(90, 50, 70), b: report(60) }), sink);
    expect(pictureOf(sink.bytes())).to.match(/^SSM@0 SSMLiveControl@0=4557 SSM /);
  });

  it('the final pass goes by units (ssmR3ProgressByUnit)', async () => {
    const { list, onProgress } = percentages();
    const sink = new NotingSink();
    await saveLive(machine('a: saveExec\n b: saveExec\n c: saveExec\n d: saveExec\n e: saveExec'), sink, {
      onProgress,
    });
    expect(pictureOf(sink.bytes())).to.equal(
      'SSM@0 SSM a SSMLiveControl=9433 b c SSMLiveControl=9518 d e SSMLiveControl=9604 | END | SSM a b c d e',
    );
    expect(list).to.deep.equal([2, 94, 96, 97, 98, 100]);
  });
});
