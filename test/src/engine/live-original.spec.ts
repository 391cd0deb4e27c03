import { expect } from 'chai';
import { corpusBytes } from '../support/corpus.js';
import { saveLive } from './live-run.js';
import { pictureOf } from './picture.js';
import { machine } from './script.js';
import { NotingSink } from './sinks.js';

describe('a live save of the original', () => {
  it('has the units, passes, percentages and directory that ours has of the same machine', async function () {
    const original = pictureOf(corpusBytes(this, '06-live-1pass.sav'));
    const sink = new NotingSink();
    const units =
      'ram: liveExec saveExec\n once: liveExec=once saveExec\n liveonly#3: liveExec\n voter: liveExec liveVote saveExec\n normal: saveExec';
    expect((await saveLive(machine(units), sink)).failure).to.equal(undefined);
    expect(pictureOf(sink.bytes())).to.equal(original);
  });
});
