import { openState, type PutStream, Registry, SsmError, saveState } from '@ssmkit/runtime';
import { expect } from 'chai';
import { pictureOf } from './picture.js';
import { failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

describe('the end of a save', () => {
  // What a sink has got tells how far the file is: 64 KiB are handed over when one byte more is written.
  const BUFFER = 65_536;
  for (const [format, tail, first] of [
    ['2.0', 44 + 16 + 32, 'the end of the file'],
    ['1.2', 28, 'the done run'],
  ] as const) {
    it(`format V${format}: first comes ${first} (VirtualBox 7.2 and 3.0, SSMR3Save)`, async () => {
      let atDone = -1;
      /** Saves units without data, one of them with a name so long. */
      const save = async (units: number, nameLength: number) => {
        const sink = new NotingSink();
        const registry = new Registry();
        const saveDone = () => {
          atDone = sink.size;
        };
        registry.register({ name: 'n'.repeat(nameLength), version: 1, saveExec() {}, saveDone });
        for (let i = 0; i < units; i++) registry.register({ name: 'u', instance: i, version: 1, saveExec() {} });
        const { bytes } = await saveState(registry, sink, { format });
        // Each unit that was saved has an entry in the directory of V2.0.
        return bytes - tail - (format === '2.0' ? 16 * (units + 2) : 0);
      };
      const [none, one] = [await save(0, 1), await save(1, 1)];
      const units = Math.floor((BUFFER - none) / (one - none));
      const room = BUFFER - none - units * (one - none);
      const size = await save(units, 1 + Math.min(46, room));
      // All but the end fits, and the end does not.
      expect(size).to.be.within(BUFFER - 27, BUFFER);
      if (first === 'the done run') expect(atDone).to.equal(0);
      else expect(atDone).to.be.at.least(BUFFER);
    });
  }

  it('the file is complete before the done run, which cannot change it (SSMR3Save)', async () => {
    const sink = new NotingSink();
    let put: PutStream | undefined;
    const late: string[] = [];
    const attempt = async () => late.push((await failureOf(() => put?.putU8(1)))?.status ?? 'VINF_SUCCESS');
    const registry = machine('a: savePrep saveExec saveDone\n b: saveExec', new Journal(), {
      a: {
        saveExec: (stream) => {
          put = stream;
        },
        saveDone: async () => void (await attempt()),
      },
    });
    await saveState(registry, sink);
    await attempt();
    expect(late).to.deep.equal(['VERR_SSM_INVALID_STATE', 'VERR_SSM_INVALID_STATE']);
    expect(pictureOf(sink.bytes())).to.equal('SSM a b | END | SSM a b');
  });

  for (const [when, units] of [
    ['savePrep of the next save', 'a: savePrep saveExec'],
    ['saveDone after a saveExec that failed', 'a: saveExec=VERR_TIMEOUT saveDone'],
  ] as const) {
    it(`nothing can be put in ${when} (SSM_ASSERT_WRITEABLE_RET): VERR_SSM_INVALID_STATE`, async () => {
      let put: PutStream | undefined;
      const seen: string[] = [];
      const attempt = async () => {
        if (put === undefined) return;
        seen.push((await failureOf(() => put?.putU8(1)))?.status ?? 'VINF_SUCCESS');
      };
      const saveExec = (stream: PutStream) => {
        put = stream;
      };
      const deeds = { a: { savePrep: attempt, saveExec, saveDone: attempt } };
      const registry = machine(units, new Journal(), deeds);
      await failureOf(() => saveState(registry, new NotingSink()));
      if (when.startsWith('savePrep')) await saveState(registry, new NotingSink());
      expect(seen).to.deep.equal(['VERR_SSM_INVALID_STATE']);
    });
  }

  it('a put between units does not fail the save (SSM_ASSERT_WRITEABLE_RET)', async () => {
    let put: PutStream | undefined;
    const enter = async () => void (await failureOf(() => put?.putU8(1)));
    const registry = machine('a: saveExec', new Journal(), {
      a: {
        saveExec: (stream) => {
          put = stream;
        },
      },
    });
    registry.register({ name: 'b', version: 1, lock: { enter, leave() {} }, saveDone() {} });
    const sink = new NotingSink();
    await saveState(registry, sink);
    expect(pictureOf(sink.bytes())).to.equal('SSM a | END | SSM a');
  });

  it('failures of the sink that close it are the save’s (ssmR3SaveDoClose)', async () => {
    const sink = new NotingSink();
    sink.close = () => {
      sink.closed.push('failed');
      throw new SsmError('VERR_TIMEOUT', 'as the test wants it');
    };
    const failure = await failureOf(() => saveState(machine('a: saveExec'), sink));
    expect([failure?.status, sink.closed]).to.deep.equal(['VERR_TIMEOUT', ['failed']]);
  });

  it('a sink that fails to close does not hide why it had to (ssmR3SaveDoClose)', async () => {
    for (const [units, options, ends] of [
      ['a: saveExec=VERR_NO_MEMORY', {}, 'VERR_NO_MEMORY'],
      ['a: saveExec', { after: 'TELEPORT' }, 'VERR_INVALID_PARAMETER'],
      ['a: saveExec', { revision: 0 }, 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
    ] as const) {
      const sink = new NotingSink();
      sink.close = () => {
        throw new SsmError('VERR_TIMEOUT', 'as the test wants it');
      };
      expect((await failureOf(() => saveState(machine(units), sink, options)))?.status).to.equal(ends);
    }
  });

  it('the entry of a unit that was sought has its data (ssmR3WriteDirectory)', async () => {
    const sink = new NotingSink();
    await saveState(
      machine('a#2: saveExec\n a#1: saveExec', new Journal(), {
        'a#1': { saveExec: (put) => put.putU8(1) },
        'a#2': { saveExec: (put) => put.putU8(2) },
      }),
      sink,
    );
    const state = await openState({ bytes: sink.bytes(), size: sink.bytes().length, read: () => 0 });
    expect((await state.seek('a', 1)).stream.getU8()).to.equal(1);
    expect((await state.seek('a', 2)).stream.getU8()).to.equal(2);
  });
});
