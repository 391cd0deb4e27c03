import { type SaveOptions, saveState } from '@ssmkit/runtime';
import { expect } from 'chai';
import { pictureOf } from './picture.js';
import { type Deeds, failureOf, Journal, machine } from './script.js';
import { NotingSink } from './sinks.js';

/** A rule of saving, and a machine that shows it. */
interface SaveRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  readonly does?: Deeds;
  readonly options?: SaveOptions;
  /** Default: the machine's own units save themselves once, one by one. */
  readonly calls: string;
  /** Default VINF_SUCCESS. */
  readonly ends?: string;
  readonly message?: string | RegExp;
  /** What is in the file, of a save that succeeds. */
  readonly file?: string;
}

const full = 'savePrep saveExec saveDone';

/** Has a callback do what fails, and keep quiet about it. */
function quietly(step: () => unknown): void {
  try {
    step();
  } catch {}
}

const rules: readonly SaveRule[] = [
  {
    rule: 'units are prepared, saved and done with in the order of the list, one run after the other',
    source: 'SSMR3Save',
    units: `b: ${full}\n a: ${full}`,
    calls: 'savePrep b a, saveExec b a, saveDone b a',
    file: 'SSM b a | END | SSM b a',
  },
  {
    rule: 'a unit without saveExec is not in the file, and not in the directory',
    source: 'ssmR3SaveDoExecRun',
    units: 'a: savePrep saveDone\n b: saveExec',
    calls: 'savePrep a, saveExec b, saveDone a',
    file: 'SSM b | END | SSM b',
  },
  {
    rule: 'a unit that puts nothing is in the file all the same',
    source: 'ssmR3SaveDoExecRunOneUnitComplete',
    units: 'a: saveExec',
    does: { a: { saveExec() {} } },
    calls: 'saveExec a',
    file: 'SSM a | END | SSM a',
  },
  {
    rule: 'live callbacks are not called by a save that is not live',
    source: 'SSMR3Save',
    units: 'a: livePrep liveExec liveVote saveExec\n b: liveExec',
    calls: 'saveExec a',
    file: 'SSM a | END | SSM a',
  },
  {
    rule: 'a failing savePrep stops the prep run; nothing is saved; what was called is done with',
    source: 'ssmR3SaveDoPrepRun',
    units: `a: ${full}\n b: savePrep=VERR_TIMEOUT saveExec saveDone\n c: ${full}`,
    calls: 'savePrep a b, saveDone a b',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: Prepare save failed: .*\(unit 'b'#0\)$/,
  },
  {
    rule: 'a status set on the handle by savePrep stops the prep run, whatever the callback returns',
    source: 'ssmR3SaveDoPrepRun',
    units: `a: ${full}\n b: ${full}`,
    does: { a: { savePrep: (handle) => void handle.setStatus('VERR_TIMEOUT') } },
    calls: 'savePrep a, saveDone a',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: Prepare save failed: a callback set it \(unit 'a'#0\)$/,
  },
  {
    rule: 'a failing saveExec stops the exec run',
    source: 'ssmR3SaveDoExecRun',
    units: `a: saveExec=VERR_TIMEOUT saveDone\n b: saveExec saveDone`,
    calls: 'saveExec a, saveDone a',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: Execute save failed: .*\(unit 'a'#0, final pass, offset 0x/,
  },
  {
    rule: 'a failure thrown is as good as one returned',
    source: 'ssmR3SaveDoExecRun',
    units: 'a: saveExec!VERR_TIMEOUT saveDone',
    calls: 'saveExec a, saveDone a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'a status set on the handle by saveExec stops the exec run',
    source: 'ssmR3SaveDoExecRunOneUnitComplete',
    units: 'a: saveExec\n b: saveExec saveDone',
    does: { a: { saveExec: (_put, handle) => void handle.setStatus('VERR_NO_MEMORY') } },
    calls: 'saveExec a',
    ends: 'VERR_NO_MEMORY',
    message: /^VERR_NO_MEMORY: Execute save failed: a callback set it \(unit 'a'#0, final pass, offset 0x/,
  },
  {
    rule: 'the status of the handle outweighs what the callback returns',
    source: 'ssmR3SaveDoExecRunOneUnitComplete',
    units: 'a: saveExec=VERR_TIMEOUT',
    does: { a: { saveExec: (_put, handle) => void handle.setStatus('VERR_NO_MEMORY') } },
    calls: 'saveExec a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'an informational status of saveExec counts as success',
    source: 'ssmR3SaveDoExecRunOneUnitComplete',
    units: 'a: saveExec=VINF_SSM_DONT_CALL_AGAIN\n b: saveExec=VINF_EOF',
    calls: 'saveExec a b',
    file: 'SSM a b | END | SSM a b',
  },
  {
    rule: 'an informational status of savePrep and saveDone counts as success',
    source: 'ssmR3SaveDoPrepRun',
    units: 'a: savePrep=VINF_EOF saveExec saveDone=VINF_EOF',
    calls: 'savePrep a, saveExec a, saveDone a',
    file: 'SSM a | END | SSM a',
  },
  {
    rule: 'saveDone is called of a unit whose savePrep was called',
    source: 'ssmR3SaveDoDoneRun',
    units: 'a: savePrep saveDone\n b: saveExec=VERR_TIMEOUT',
    calls: 'savePrep a, saveExec b, saveDone a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'saveDone is called of a unit that has neither savePrep nor saveExec, also when nothing was saved',
    source: 'ssmR3SaveDoDoneRun',
    units: 'a: savePrep=VERR_TIMEOUT\n b: saveDone\n c: liveExec saveDone',
    calls: 'savePrep a, saveDone b c',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'saveDone is not called of a unit that has a saveExec which was never called',
    source: 'ssmR3SaveDoDoneRun',
    units: 'a: saveExec=VERR_TIMEOUT\n b: saveExec saveDone',
    calls: 'saveExec a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'the done run goes on after failures; the first is what the save ends with, and the file goes',
    source: 'ssmR3SaveDoDoneRun',
    units: `a: saveExec saveDone=VERR_TIMEOUT\n b: saveExec saveDone!VERR_NO_MEMORY\n c: saveExec saveDone`,
    calls: 'saveExec a b c, saveDone a b c',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: Done save failed: .*\(unit 'a'#0\)$/,
  },
  {
    rule: 'a failing saveDone does not replace an earlier failure',
    source: 'ssmR3SaveDoDoneRun',
    units: 'a: saveExec=VERR_NO_MEMORY saveDone=VERR_TIMEOUT',
    calls: 'saveExec a, saveDone a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'saveDone learns the status so far',
    source: 'SSMR3HandleGetStatus',
    units: 'a: saveExec=VERR_NO_MEMORY saveDone',
    does: {
      a: {
        saveDone({ status, failure }) {
          if (status !== 'VERR_NO_MEMORY' || failure?.where.unit !== 'a') throw new Error(`it has ${status}`);
        },
      },
    },
    calls: 'saveExec a, saveDone a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'a failed put fails the save although the callback ignores it',
    source: 'SSMR3PutStruct',
    units: 'a: saveExec\n b: saveExec',
    does: { a: { saveExec: (put) => quietly(() => put.putTable(new Uint8Array(1), [], { flags: -1 } as never)) } },
    calls: 'saveExec a',
    ends: 'VERR_INVALID_PARAMETER',
  },
  {
    rule: 'after a failed put every further one fails with its status',
    source: 'ssmR3DataWrite',
    units: 'a: saveExec',
    does: {
      a: {
        saveExec(put) {
          quietly(() => {
            throw put.refuse('VERR_SSM_FIELD_INVALID_VALUE', 'first');
          });
          for (let i = 0; i < 1000; i++) put.putU64(0n);
        },
      },
    },
    calls: 'saveExec a',
    ends: 'VERR_SSM_FIELD_INVALID_VALUE',
    message: /first/,
  },
  {
    rule: 'a string above 1 MiB is refused, and that is all: nothing is put, nothing fails',
    source: 'SSMR3PutStrZ',
    units: 'a: saveExec',
    does: {
      a: {
        async saveExec(put) {
          const at = put.offset;
          const failure = await failureOf(() => put.putStrZ('x'.repeat(1_048_577)));
          if (failure?.status !== 'VERR_TOO_MUCH_DATA' || put.offset !== at) throw new Error('it was put');
        },
      },
    },
    calls: 'saveExec a',
    file: 'SSM a | END | SSM a',
  },
  {
    rule: 'a string of 1 MiB is put',
    source: 'SSMR3PutStrZ',
    units: 'a: saveExec',
    does: { a: { saveExec: (put) => put.putStrZ('x'.repeat(1_048_576)) } },
    calls: 'saveExec a',
    file: 'SSM a | END | SSM a',
  },
  {
    rule: 'what is to become of the machine is destruction or continuation',
    source: 'SSMR3Save',
    units: `a: ${full}`,
    options: { after: 'TELEPORT' },
    calls: '',
    ends: 'VERR_INVALID_PARAMETER',
  },
  {
    rule: 'a header that no loader would accept is not written',
    source: 'ssmR3WriteHeaderAndClearPerUnitData',
    units: `a: ${full}`,
    options: { product: { major: 0, minor: 0, build: 0 } },
    calls: '',
    ends: 'VERR_SSM_INTEGRITY_VBOX_VERSION',
  },
];

describe('saving', () => {
  for (const { rule, source, units, does, options, calls, ends = 'VINF_SUCCESS', message, file } of rules) {
    it(`${rule} (${source}): ${ends}`, async () => {
      const journal = new Journal();
      const sink = new NotingSink();
      const registry = machine(units, journal, does);
      const failure = await failureOf(() => saveState(registry, sink, options));
      expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
      expect(journal.text).to.equal(calls);
      expect(sink.closed).to.deep.equal([failure === undefined ? 'whole' : 'aborted']);
      expect(sink.failure).to.equal(failure);
      if (message !== undefined) expect(failure?.message).to.match(new RegExp(message));
      if (file !== undefined) expect(pictureOf(sink.bytes())).to.equal(file);
      // Nothing of an operation is left in the registry.
      expect((await failureOf(() => registry.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
      const again = await failureOf(() => saveState(machine('z: saveExec'), new NotingSink()));
      expect(again).to.equal(undefined);
    });
  }

  it('the number of units in the header is that of the registered ones (ssmR3WriteHeaderAndClearPerUnitData)', async () => {
    const sink = new NotingSink();
    await saveState(machine('a: saveExec\n b: savePrep\n c'), sink);
    expect(new DataView(sink.bytes().buffer).getUint32(48, true)).to.equal(5);
  });

  it('a save can be repeated: each has a done run and a file of its own (ssmR3WriteHeaderAndClearPerUnitData)', async () => {
    const journal = new Journal();
    const registry = machine('a: savePrep saveExec=VERR_TIMEOUT,ready saveDone\n b: saveExec saveDone', journal);
    expect((await failureOf(() => saveState(registry, new NotingSink())))?.status).to.equal('VERR_TIMEOUT');
    journal.note('then');
    const sink = new NotingSink();
    await saveState(registry, sink);
    expect(journal.text).to.equal('savePrep a, saveExec a, saveDone a, then, savePrep a, saveExec a b, saveDone a b');
    expect(pictureOf(sink.bytes())).to.equal('SSM a b | END | SSM a b');
  });

  it('nobody’s fCalled of one save counts in the next (ssmR3WriteHeaderAndClearPerUnitData)', async () => {
    const journal = new Journal();
    const registry = machine('a: savePrep=ready,VERR_TIMEOUT saveExec\n b: saveExec saveDone', journal);
    await saveState(registry, new NotingSink());
    journal.note('then');
    await failureOf(() => saveState(registry, new NotingSink()));
    expect(journal.text).to.equal('savePrep a, saveExec a b, saveDone b, then, savePrep a');
  });
});
