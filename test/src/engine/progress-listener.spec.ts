import { loadState, MemorySource, type PutStream, saveState } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

function times(count: number, step: () => void): void {
  for (let i = 0; i < count; i++) step();
}

describe('who is told of progress', () => {
  it('within a unit the listener is told every 4 MiB, also where the percentage stays', async () => {
    const told: number[] = [];
    const put = { saveExec: (stream: PutStream) => times(64, () => stream.putMem(new Uint8Array(256 << 10))) };
    await saveState(machine('a: saveExec', new Journal(), { a: put }), new NotingSink(), {
      onProgress: ({ bytes, unit }) => void (unit?.name === 'a' && told.push(bytes)),
    });
    // 74 bytes of "SSM" were there before a began; at the end 100 percent.
    expect(told).to.deep.equal([74, ...[4, 8, 12, 16].map((mib) => mib * 2 ** 20 + 74), (16 << 20) + 74]);
  });

  it('a listener that throws ends the operation: VERR_GENERAL_FAILURE, with what it threw as the cause', async () => {
    const oops = new TypeError('oops');
    const onProgress = () => {
      throw oops;
    };
    const journal = new Journal();
    const sink = new NotingSink();
    const saved = await failureOf(() =>
      saveState(machine('a: savePrep saveExec saveDone', journal), sink, { onProgress }),
    );
    expect([saved?.status, saved?.cause, sink.closed]).to.deep.equal(['VERR_GENERAL_FAILURE', oops, ['aborted']]);
    const source = new MemorySource(sav().unit('b').bytes());
    const loaded = await failureOf(() =>
      loadState(machine('b: loadPrep loadExec loadDone', journal), source, { onProgress }),
    );
    expect([loaded?.status, loaded?.cause]).to.deep.equal(['VERR_GENERAL_FAILURE', oops]);
    expect(journal.text).to.equal('savePrep a, saveDone a');
  });

  it('a listener that throws at 100 comes too late', async () => {
    const onProgress = ({ percent }: { percent: number }) => {
      if (percent === 100) throw new Error('too late');
    };
    const sink = new NotingSink();
    expect(await failureOf(() => saveState(machine('a: saveExec'), sink, { onProgress }))).to.equal(undefined);
    expect(sink.closed).to.deep.equal(['whole']);
    const source = new MemorySource(sav().bytes());
    expect(await failureOf(() => loadState(machine(''), source, { onProgress }))).to.equal(undefined);
  });
});
