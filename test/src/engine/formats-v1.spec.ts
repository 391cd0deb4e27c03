import {
  liveSave,
  loadState,
  MemorySource,
  openState,
  type Progress,
  type PutStream,
  saveState,
} from '@ssmkit/runtime';
import { AwkwardSource, savV1 } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine, percentages, rangesOf } from './script.js';
import { NotingSink } from './sinks.js';

interface V1LoadRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  readonly file: Uint8Array;
  readonly does?: Deeds;
  readonly after?: 'DEBUG_IT';
  readonly calls: string;
  readonly ends?: string;
  readonly message?: RegExp;
}

const two = savV1().unit('a', 2, { version: 7 }).store([1, 2, 3]).unit('b').store([4]).bytes();

const rules: readonly V1LoadRule[] = [
  {
    rule: 'units are loaded in the order of the file, all in the final pass',
    source: 'ssmR3LoadExecV1',
    units: 'b: loadPrep loadExec loadDone\n a#2: loadPrep loadExec loadDone',
    file: two,
    does: { 'a#2': { loadExec: (get) => void get.getMem(new Uint8Array(3)) } },
    calls: 'loadPrep b a#2, loadExec a#2 b, loadDone b a#2',
  },
  {
    rule: 'what a callback leaves unread is skipped',
    source: 'ssmR3LoadExecV1',
    units: 'a#2: loadExec\n b: loadExec',
    file: two,
    calls: 'loadExec a#2 b',
  },
  {
    rule: 'also all of it',
    source: 'ssmR3LoadExecV1',
    units: 'a#2: loadExec\n b: loadExec',
    file: two,
    does: { 'a#2': { loadExec() {} } },
    calls: 'loadExec a#2 b',
  },
  {
    rule: 'reading past the unit fails the load',
    source: 'ssmR3ReadInV1',
    units: 'a#2: loadExec loadDone\n b: loadExec',
    file: two,
    does: { 'a#2': { loadExec: (get) => void get.getU32() } },
    calls: 'loadExec a#2, loadDone a#2',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
    message: /: Load exec failed for 'a' instance #2 \(version 7\): /,
  },
  {
    rule: 'reading past the unit fails the load with DEBUG_IT, too',
    source: 'ssmR3ReadInV1',
    units: 'a#2: loadExec\n b: loadExec',
    file: two,
    does: { 'a#2': { loadExec: (get) => void get.getU32() } },
    after: 'DEBUG_IT',
    calls: 'loadExec a#2',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
  {
    rule: 'a unit without data has nothing to read',
    source: 'ssmR3DataReadV1',
    units: 'a: loadExec',
    file: savV1().unit('a').bytes(),
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
  {
    rule: 'a unit that nobody has registered fails the load',
    source: 'ssmR3LoadExecV1',
    units: 'b: loadExec loadDone',
    file: two,
    calls: '',
    ends: 'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
  },
  {
    rule: 'with DEBUG_IT it is skipped',
    source: 'ssmR3LoadExecV1',
    units: 'b: loadExec',
    file: two,
    after: 'DEBUG_IT',
    calls: 'loadExec b',
  },
  {
    rule: 'a unit without loadExec fails the load',
    source: 'ssmR3LoadExecV1',
    units: 'a#2: loadDone\n b: loadExec',
    file: two,
    calls: 'loadDone a#2',
    ends: 'VERR_SSM_NO_LOAD_EXEC',
  },
  {
    rule: 'a callback that fails is told in the words of the format',
    source: 'ssmR3LoadExecV1',
    units: 'a#2: loadExec=VERR_NO_MEMORY',
    file: two,
    calls: 'loadExec a#2',
    ends: 'VERR_NO_MEMORY',
    message: /^VERR_NO_MEMORY: Load exec failed for 'a' instance #2 \(version 7\): /,
  },
  {
    rule: 'a version that it does not know, without the pass',
    source: 'ssmR3LoadExecV1',
    units: 'a#2: loadExec=VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    file: two,
    calls: 'loadExec a#2',
    ends: 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    message: /: Unsupported version 7 of data unit 'a' \(instance #2\): /,
  },
  {
    rule: 'skipping to the end of a unit does nothing: the rest is skipped anyway',
    source: 'SSMR3SkipToEndOfUnit',
    units: 'a#2: loadExec\n b: loadExec',
    file: two,
    does: {
      'a#2': {
        async loadExec(get, _version, _pass, handle) {
          await handle.skipToEndOfUnit();
          if (get.getU8() !== 1) throw new Error('it was skipped');
        },
      },
    },
    calls: 'loadExec a#2 b',
  },
  {
    rule: 'the checksum of the whole file is wrong: nobody is called',
    source: 'ssmR3HeaderAndValidate',
    units: 'a: loadPrep loadExec loadDone',
    file: savV1({ after: (view) => view.setUint8(50, 1) })
      .unit('a')
      .store([1])
      .bytes(),
    calls: '',
    ends: 'VERR_SSM_INTEGRITY_MACHINE',
  },
];

describe('loading formats V1.x', () => {
  for (const { rule, source, units, file, does, after = 'RESUME', calls, ends = 'VINF_SUCCESS', message } of rules) {
    it(`${rule} (${source}): ${ends}`, async () => {
      for (const each of [new MemorySource(file), new AwkwardSource(file, { asynchronous: true, shortReads: true })]) {
        const journal = new Journal();
        const failure = await failureOf(() => loadState(machine(units, journal, does), each, { after }));
        expect(failure?.status.replace('SMM', 'SSM') ?? 'VINF_SUCCESS').to.equal(ends);
        expect(journal.text).to.equal(calls);
        if (message !== undefined) expect(failure?.message).to.match(message);
      }
    });
  }

  it('V1.1 does not say who saved: hostBits is that of who loads, the others are unknown (SSMR3Handle…)', async () => {
    const { hosts } = await import('@ssmkit/schema');
    const told: unknown[] = [];
    const registry = machine('a: loadExec', new Journal(), {
      a: {
        loadExec: (_get, _version, _pass, { hostBits, revision, version, product, hostName, live }) =>
          void told.push(hostBits, revision, version, product, hostName, live),
      },
    });
    const source = new MemorySource(savV1({ format: '1.1' }).unit('a').bytes());
    await loadState(registry, source, { host: hosts['linux.x86']! });
    expect(told).to.deep.equal([32, 0, 0xffffffff, undefined, '', false]);
  });

  it('in V1.1 guest pointers have 8 bytes until a unit knows better, and the first to tell is right (SSMR3HandleSetGCPtrSize)', async () => {
    const sizes: number[] = [];
    const registry = machine('a: loadExec\n b: loadExec', new Journal(), {
      a: {
        loadExec(get, _version, _pass, handle) {
          const measure = () => {
            const at = get.offset;
            get.getGCPtr();
            sizes.push(get.offset - at);
          };
          measure();
          handle.setGCPtrSize(4);
          measure();
          handle.setGCPtrSize(8);
          measure();
        },
      },
      b: {
        loadExec(get) {
          get.getGCPtr();
          sizes.push(get.offset);
        },
      },
    });
    const file = savV1({ format: '1.1' })
      .unit('a')
      .store(new Uint8Array(16))
      .unit('b')
      .store(new Uint8Array(4))
      .bytes();
    await loadState(registry, new MemorySource(file));
    expect(sizes).to.deep.equal([8, 4, 4, 4]);
  });

  it('a stream cannot be loaded (ssmR3HeaderAndValidate): VERR_SSM_INTEGRITY_SIZE', async () => {
    const journal = new Journal();
    const load = () => loadState(machine('a: loadPrep', journal), new AwkwardSource(two, { stream: true }));
    expect((await failureOf(load))?.status).to.equal('VERR_SSM_INTEGRITY_SIZE');
    expect(journal.text).to.equal('');
  });

  it('progress is that of a file (ssmR3ProgressByByte)', async () => {
    const { list, onProgress } = percentages();
    const file = savV1().unit('a').store(new Uint8Array(50_000)).bytes();
    const registry = machine('a: loadExec', new Journal(), { a: { loadExec: (get) => get.skip(50_000) } });
    await loadState(registry, new MemorySource(file), { onProgress });
    expect(rangesOf(list)).to.equal('0…100');
  });
});

describe('saving format V1.2', () => {
  it('the done run comes before the END unit; nothing can be put in it (VirtualBox 3.0 SSM.cpp, SSMR3Save)', async () => {
    const journal = new Journal();
    const sink = new NotingSink();
    let put: PutStream | undefined;
    let status: string | undefined;
    const registry = machine('a: savePrep saveExec saveDone\n b: saveExec saveDone', journal, {
      a: {
        saveExec(stream) {
          put = stream;
          stream.putU8(7);
        },
        async saveDone() {
          status = (await failureOf(() => put?.putU8(1)))?.status;
        },
      },
    });
    await saveState(registry, sink, { format: '1.2' });
    expect([journal.text, status]).to.deep.equal(['savePrep a, saveExec a b, saveDone a b', 'VERR_SSM_INVALID_STATE']);
    const names: string[] = [];
    for await (const { name } of (await openState(new MemorySource(sink.bytes()))).units()) names.push(name);
    expect(names).to.deep.equal(['SSM', 'a', 'b']);
  });

  it('the done run is made once', async () => {
    const journal = new Journal();
    await failureOf(() =>
      saveState(machine('a: saveExec=VERR_TIMEOUT saveDone', journal), new NotingSink(), { format: '1.2' }),
    );
    expect(journal.text).to.equal('saveExec a, saveDone a');
  });

  it('a sink that cannot go back is refused: VERR_NOT_SUPPORTED', async () => {
    const closed: boolean[] = [];
    const sink = { write() {}, close: (aborted: boolean) => void closed.push(aborted) };
    const journal = new Journal();
    const failure = await failureOf(() => saveState(machine('a: savePrep saveDone', journal), sink, { format: '1.2' }));
    expect([failure?.status, closed, journal.text]).to.deep.equal(['VERR_NOT_SUPPORTED', [true], '']);
  });

  it('it has no live passes: VERR_NOT_SUPPORTED', async () => {
    const sink = new NotingSink();
    expect((await failureOf(() => liveSave(machine(''), sink, { format: '1.2' })))?.status).to.equal(
      'VERR_NOT_SUPPORTED',
    );
    expect(sink.closed).to.deep.equal(['aborted']);
  });

  it('tells its progress as V2.0 does', async () => {
    const sequences: string[] = [];
    for (const format of ['2.0', '1.2'] as const) {
      const { list, onProgress } = percentages();
      await saveState(machine('a(500): saveExec\n b(100): saveExec'), new NotingSink(), {
        format,
        onProgress: (progress: Progress) => onProgress(progress),
      });
      sequences.push(rangesOf(list));
    }
    expect(sequences[1]).to.equal(sequences[0]);
  });
});
