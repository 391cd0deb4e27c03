import { expect } from 'chai';
import { DirtyHistory, livePercent } from './vote.js';

/** The votes on a row of counts. */
function votes(counts: readonly number[], pagesPerSecond = 1e6, maxDowntime = 250): string {
  const history = new DirtyHistory();
  return counts.map((dirty, pass) => (history.vote({ pass, dirty, pagesPerSecond, maxDowntime }) ? '+' : '-')).join('');
}

const then = (first: readonly number[], count: number, value: number) => [
  ...first,
  ...new Array<number>(count).fill(value),
];

describe('the vote on stopping the machine', () => {
  it('is that of VirtualBox for the machine of vm16.log: stopped after pass 5, averages 127 and 17', () => {
    const history = new DirtyHistory();
    // 4000 pages of RAM and 2052 of devices; after pass 2 what was not zero of the latter, some RAM; then nothing.
    const counts = [6052, 2052, 35, 34, 1, 0];
    const ready = counts.map((dirty, pass) => history.vote({ pass, dirty, pagesPerSecond: 682785, maxDowntime: 250 }));
    expect(ready).to.deep.equal([false, false, false, false, false, true]);
    expect([history.long, history.short]).to.deep.equal([127, 17]);
  });

  const rows: readonly (readonly [what: string, counts: readonly number[], votes: string])[] = [
    ['a machine without memory', [0, 0], '++'],
    ['a small one that does nothing', then([500], 5, 0), '----++'],
    ['one that always writes the same pages', then([500], 6, 3), '----+++'],
    ['one that writes more and more', [500, 400, 0, 0, 0, 0, 10, 20, 40, 80], '-----+----'],
    ['a large one, whose long average is large: not before pass 11', then([1_000_000], 12, 2), '-----------++'],
    ['one that writes faster than it is saved', then([100_000], 12, 50_000), '-'.repeat(13)],
  ];
  for (const [what, counts, expected] of rows) {
    it(`${what}: ${expected}`, () => expect(votes(counts)).to.equal(expected));
  }

  it('from pass 11 on depends on the downtime and the rate', () => {
    const counts = then([10_000_000], 13, 1000);
    // 10,000,000 / 64 and some are 157,187 on average, 1000 at last.
    expect(votes(counts, 1e6, 250).slice(11)).to.equal('+++');
    expect(votes(counts, 1e5, 250).slice(11), 'long too long, but short less than half').to.equal('+++');
    expect(votes(counts, 5000, 250).slice(11), 'short 200 ms').to.equal('---');
    expect(votes(counts, 5000, 1000).slice(11), 'half of 1000 ms').to.equal('+++');
    expect(votes(counts, 1e5, 0).slice(11), 'at least 32 ms').to.equal('+++');
    expect(votes(counts, 5e4, 0).slice(11), '20 ms are more than half of 32').to.equal('---');
    expect(votes(counts, 0, 250).slice(11)).to.equal('---');
  });

  it('forgets passes that are longer ago than 64', () => {
    const history = new DirtyHistory();
    const vote = (dirty: number) => history.vote({ pass: 0, dirty, pagesPerSecond: 1, maxDowntime: 1 });
    vote(6400);
    for (let i = 0; i < 63; i++) vote(0);
    expect(history.long).to.equal(100);
    vote(0);
    expect(history.long).to.equal(0);
  });
});

describe('the percentage of a live save', () => {
  for (const [pass, dirty, pages, percent] of [
    [0, 100, 100, 0],
    [1, 0, 100, 2],
    [10, 50, 100, 20],
    [40, 50, 100, 50],
    [40, 1, 1000, 80],
    [90, 0, 0, 100],
    [90, 200, 100, 0],
  ] as const) {
    it(`pass ${pass}, ${dirty} of ${pages} left: ${percent}`, () => {
      expect(livePercent(pass, dirty, pages)).to.equal(percent);
    });
  }
});
