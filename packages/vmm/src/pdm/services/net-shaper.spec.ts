import type { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { configTree } from '../../cfgm/index.js';
import { ManualTimers } from '../../emt/index.js';
import { NetShaper } from './net-shaper.js';

const MS = 1_000_000n;
const MAX = 1_000_000;
/** What a bucket of 1 MB a second holds: 100 ms. */
const BUCKET = 100_000;

function newShaper(groups: Record<string, number> = { Lan: MAX }) {
  const timers = new ManualTimers();
  const literal = Object.fromEntries(Object.entries(groups).map(([name, max]) => [name, { Max: max }]));
  return { timers, shaper: new NetShaper(configTree({ BwGroups: literal }), timers) };
}

const statusOf = (call: () => unknown) => {
  try {
    call();
    return 'no failure';
  } catch (error) {
    return (error as SsmError).status;
  }
};

describe('the network shaper', () => {
  it('has the groups that are configured', () => {
    const { shaper } = newShaper({ Lan: 5, Wan: 0 });
    expect([shaper.names, shaper.limit('Lan'), shaper.limit('Wan')]).to.deep.equal([['Lan', 'Wan'], 5n, 0n]);
    expect(new NetShaper(undefined, new ManualTimers()).names).to.deep.equal([]);
    expect(statusOf(() => shaper.attach('Other'))).to.equal('VERR_INVALID_PARAMETER');
    expect(statusOf(() => new NetShaper(configTree({ BwGroups: { Lan: {} } }), new ManualTimers()))).to.equal(
      'VERR_CFGM_VALUE_NOT_FOUND',
    );
  });

  it('lets through what is in the bucket, and chokes who wants more', () => {
    const { shaper, timers } = newShaper();
    const calls: string[] = [];
    const filter = shaper.attach('Lan', () => calls.push('unchoked'));
    expect(filter.allocateBandwidth(BUCKET)).to.equal(true);
    expect([filter.allocateBandwidth(1000), filter.isChoked]).to.deep.equal([false, true]);
    timers.advance(1n * MS - 1n);
    expect(calls).to.deep.equal([]);
    timers.advance(1n);
    expect([calls, filter.isChoked]).to.deep.equal([['unchoked'], false]);
    expect(filter.allocateBandwidth(1000)).to.equal(true);
    expect(filter.allocateBandwidth(1)).to.equal(false);
  });

  it('limits nobody without a limit', () => {
    const { shaper, timers } = newShaper({ Free: 0 });
    const filter = shaper.attach('Free');
    for (let i = 0; i < 100; i++) expect(filter.allocateBandwidth(1 << 30)).to.equal(true);
    expect(timers.waiting).to.equal(0);
  });

  it('tells those who wait one after another', () => {
    const { shaper, timers } = newShaper();
    const calls: string[] = [];
    const filters = ['a', 'b'].map((name, i) =>
      shaper.attach('Lan', () => calls.push(`${name} ${filters[i]!.allocateBandwidth(5000)}`)),
    );
    filters[0]!.allocateBandwidth(BUCKET);
    for (const filter of filters) expect(filter.allocateBandwidth(5000)).to.equal(false);
    timers.advance(5n * MS);
    expect(calls).to.deep.equal(['a true']);
    timers.advance(5n * MS);
    expect(calls).to.deep.equal(['a true', 'b true']);
  });

  it('lets a packet larger than the bucket through when the bucket is full', () => {
    const { shaper, timers } = newShaper();
    const filter = shaper.attach('Lan');
    expect(filter.allocateBandwidth(10 * BUCKET)).to.equal(true);
    expect(filter.allocateBandwidth(10 * BUCKET)).to.equal(false);
    timers.advance(100n * MS);
    expect(filter.allocateBandwidth(10 * BUCKET)).to.equal(true);
  });

  it('can be given other limits while it works', () => {
    const { shaper, timers } = newShaper();
    const calls: string[] = [];
    const filter = shaper.attach('Lan', () => calls.push('unchoked'));
    filter.allocateBandwidth(BUCKET);
    filter.allocateBandwidth(BUCKET);
    shaper.setLimit('Lan', 0n);
    timers.advance(0n);
    expect(calls).to.deep.equal(['unchoked']);
    expect(filter.allocateBandwidth(10 * BUCKET)).to.equal(true);
    expect(statusOf(() => shaper.setLimit('Lan', -1n))).to.equal('VERR_INVALID_PARAMETER');
  });

  it('forgets filters that are detached', () => {
    const { shaper, timers } = newShaper();
    const calls: string[] = [];
    const filter = shaper.attach('Lan', () => calls.push('unchoked'));
    filter.allocateBandwidth(BUCKET);
    filter.allocateBandwidth(BUCKET);
    expect(shaper.count('Lan')).to.equal(1);
    filter.detach();
    filter.detach();
    expect([shaper.count('Lan'), timers.waiting]).to.deep.equal([0, 0]);
    timers.advance(1000n * MS);
    expect([calls, filter.allocateBandwidth(10 * BUCKET)]).to.deep.equal([[], true]);
  });

  it('refuses what is no number of bytes', () => {
    const { shaper } = newShaper();
    for (const size of [-1, 0.5, Number.NaN]) {
      expect(statusOf(() => shaper.attach('Lan').allocateBandwidth(size))).to.equal('VERR_INVALID_PARAMETER');
    }
  });

  it('never gives more than the bucket and the time that has gone by, and all of it to who insists', () => {
    const step = fc.record({ wait: fc.nat(30), size: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { shaper, timers } = newShaper();
        const filter = shaper.attach('Lan');
        let given = 0;
        for (const { wait, size } of steps) {
          timers.advance(BigInt(wait) * MS);
          const allowed = BUCKET + Number(timers.now() / 1000n) - given;
          const isGiven = filter.allocateBandwidth(size);
          if (isGiven) given += size;
          if (isGiven) expect(size).to.be.at.most(allowed);
        }
        // A full bucket later anything that fits in one is given.
        timers.advance(100n * MS);
        expect(filter.allocateBandwidth(BUCKET)).to.equal(true);
      }),
    );
  });
});
