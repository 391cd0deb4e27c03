import { type LoadOptions, loadState, MemorySource, PASS_FINAL } from '@ssmkit/runtime';
import { AwkwardSource, type SavOptions, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { type Deeds, failureOf, Journal, machine } from './script.js';

interface LoadRule {
  readonly rule: string;
  /** Where in `VirtualBox 7.2 SSMR3.cpp` the rule is. */
  readonly source: string;
  readonly units: string;
  /** Units of the file, each with one byte: `a#1@0 b`. */
  readonly file: string;
  readonly does?: Deeds;
  readonly options?: LoadOptions;
  readonly damage?: SavOptions;
  readonly calls: string;
  /** Default VINF_SUCCESS. */
  readonly ends?: string;
  readonly message?: RegExp;
}

/** The file that the words stand for: `a@0 b#1=2` is a of pass 0 with one byte, and b 1 with two. */
function fileOf(words: string, options: SavOptions = {}): Uint8Array {
  const file = sav(options);
  for (const word of words.split(' ').filter(Boolean)) {
    const [, name = '', instance = '0', version = '1', pass, bytes = '1'] =
      /^([a-z]+?)(?:#(\d+))?(?:v(\d+))?(?:@(\d+))?(?:=(\d+))?$/.exec(word) ?? [];
    file.unit(name, Number(instance), {
      version: Number(version),
      pass: pass === undefined ? PASS_FINAL : Number(pass),
    });
    for (let i = 0; i < Number(bytes); i++) file.u8(i);
  }
  return file.bytes();
}

const full = 'loadPrep loadExec loadDone';
const nothing = () => {};
const lost = (status: string) => new RegExp(`^${status}: `);

const rules: readonly LoadRule[] = [
  {
    rule: 'the prep and the done run follow the list, the exec run follows the file',
    source: 'SSMR3Load',
    units: `a: ${full}\n b: ${full}\n c: ${full}`,
    file: 'c a b',
    calls: 'loadPrep a b c, loadExec c a b, loadDone a b c',
  },
  {
    rule: 'a unit is found by name and instance',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec\n a#1: loadExec\n b#1: loadExec',
    file: 'b#1 a#1 a',
    calls: 'loadExec b#1 a#1 a',
  },
  {
    rule: 'a failing loadPrep stops the prep run; it counts as called; nothing is loaded',
    source: 'SSMR3Load',
    units: `a: ${full}\n b: loadPrep=VERR_TIMEOUT loadExec loadDone\n c: ${full}`,
    file: 'a b c',
    calls: 'loadPrep a b, loadDone a b',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: LoadPrep failed: .*\(unit 'b'#0\)$/,
  },
  {
    rule: 'a loadPrep that throws has been called all the same',
    source: 'SSMR3Load',
    units: 'a: loadPrep!VERR_TIMEOUT loadDone',
    file: '',
    calls: 'loadPrep a, loadDone a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'a status set on the handle by loadPrep stops the run',
    source: 'SSMR3Load',
    units: `a: loadPrep\n b: ${full}`,
    file: 'b',
    does: { a: { loadPrep: (handle) => void handle.setStatus('VERR_TIMEOUT') } },
    calls: 'loadPrep a',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: LoadPrep failed: a callback set it \(unit 'a'#0\)$/,
  },
  {
    rule: 'a failing loadExec stops the exec run',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec=VERR_NO_MEMORY loadDone\n b: loadExec loadDone',
    file: 'a b',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_NO_MEMORY',
    message: /^VERR_NO_MEMORY: Failed to load unit 'a': .*\(unit 'a'#0, final pass, offset 0x/,
  },
  {
    rule: 'a status set on the handle by loadExec fails the unit',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec\n b: loadExec',
    file: 'a b',
    does: {
      a: {
        loadExec(get, _version, _pass, handle) {
          get.getU8();
          handle.setStatus('VERR_NO_MEMORY');
        },
      },
    },
    calls: 'loadExec a',
    ends: 'VERR_NO_MEMORY',
    message: /Failed to load unit 'a'/,
  },
  {
    rule: 'an informational status of a callback counts as success',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadPrep=VINF_EOF loadExec=VINF_EOF loadDone=VINF_EOF',
    file: 'a',
    does: { a: { loadExec: (get) => void get.getU8() } },
    calls: 'loadPrep a, loadExec a, loadDone a',
  },
  {
    rule: 'the same unit again is loaded again, whatever the pass',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec loadDone',
    file: 'a@0 a@1 a@1 a a',
    calls: 'loadExec@0 a, loadExec@1 a a, loadExec a a, loadDone a',
  },
  {
    rule: 'a registered unit that the file does not have is no failure',
    source: 'SSMR3Load',
    units: `a: ${full}\n b: loadExec loadDone`,
    file: '',
    calls: 'loadPrep a, loadDone a',
  },
  {
    rule: 'loadDone is called of a unit that has neither loadPrep nor loadExec',
    source: 'SSMR3Load',
    units: 'a: loadDone\n b: saveExec loadDone',
    file: '',
    calls: 'loadDone a b',
  },
  {
    rule: 'loadDone is not called of a unit whose loadExec was never called',
    source: 'SSMR3Load',
    units: 'a: loadExec=VERR_TIMEOUT\n b: loadExec loadDone',
    file: 'a b',
    calls: 'loadExec a',
    ends: 'VERR_TIMEOUT',
  },
  {
    rule: 'the done run goes on after failures; the first counts',
    source: 'SSMR3Load',
    units: 'a: loadDone=VERR_TIMEOUT\n b: loadDone!VERR_NO_MEMORY\n c: loadDone',
    file: '',
    calls: 'loadDone a b c',
    ends: 'VERR_TIMEOUT',
    message: /^VERR_TIMEOUT: LoadDone failed: .*\(unit 'a'#0\)$/,
  },
  {
    rule: 'a failing loadDone does not replace what failed before',
    source: 'SSMR3Load',
    units: 'a: loadExec=VERR_NO_MEMORY loadDone=VERR_TIMEOUT',
    file: 'a',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'a unit that nobody has registered fails the load',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec loadDone',
    file: 'a a#1 a',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
    message: /^VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: Found no handler for unit 'a' instance #1 \(/,
  },
  {
    rule: 'a unit that is registered without loadExec fails the load',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadPrep loadDone\n b: loadExec',
    file: 'a b',
    calls: 'loadPrep a, loadDone a',
    ends: 'VERR_SSM_NO_LOAD_EXEC',
  },
  {
    rule: 'units that nobody has registered go to the handler that the program gives',
    source: 'ssmkit',
    units: 'a: loadExec',
    file: 'b=3 a c@2=3',
    options: { onUnknownUnit: (get) => void get.getMem(new Uint8Array(3)) },
    calls: 'loadExec a',
  },
  {
    rule: 'they can be read to their end, whatever they hold, also where nothing was read ahead',
    source: 'ssmkit',
    units: 'a: loadExec',
    file: 'b=3000 a b=0',
    options: { window: 0, onUnknownUnit: async (_get, _unit, handle) => void (await handle.readToEndOfUnit()) },
    does: { a: { loadExec: async (get) => void (await get.getMemAsync(new Uint8Array(1))) } },
    calls: 'loadExec a',
  },
  {
    rule: 'with DEBUG_IT a unit that nobody has registered is passed over',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec',
    file: 'b=3 a b=5000 a@0 c=0',
    options: { after: 'DEBUG_IT' },
    calls: 'loadExec a, loadExec@0 a',
  },
  {
    rule: 'with DEBUG_IT a unit without loadExec fails the load all the same',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadDone',
    file: 'a',
    options: { after: 'DEBUG_IT' },
    calls: 'loadDone a',
    ends: 'VERR_SSM_NO_LOAD_EXEC',
  },
  {
    rule: 'with DEBUG_IT a callback that reads too little fails the load all the same',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a=2',
    options: { after: 'DEBUG_IT' },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
  },
  {
    rule: 'a version that a callback does not know changes the message',
    source: 'ssmR3LoadExecV2',
    units: 'a#2: loadExec=VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    file: 'a#2v9@1',
    calls: 'loadExec@1 a#2',
    ends: 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
    message: /: Unsupported version 9 of data unit 'a' \(instance #2, pass 0x1\)/,
  },
  {
    rule: 'what a unit reads too little fails the load',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec loadDone\n b: loadExec',
    file: 'a=2 b',
    calls: 'loadExec a, loadDone a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
    message: /Failed to load unit 'a'/,
  },
  {
    rule: 'a callback that reads nothing of a unit without data is right',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a=0',
    does: { a: { loadExec: nothing } },
    calls: 'loadExec a',
  },
  {
    rule: 'a callback that reads nothing of a unit with data is not',
    source: 'ssmR3DataReadFinishV2',
    units: 'a: loadExec',
    file: 'a',
    does: { a: { loadExec: nothing } },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_LITTLE',
  },
  {
    rule: 'the failure of the callback comes before what it has left unread',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec=VERR_NO_MEMORY',
    file: 'a=2',
    calls: 'loadExec a',
    ends: 'VERR_NO_MEMORY',
  },
  {
    rule: 'reading past the end fails the load although the callback ignores it, and all that it reads after',
    source: 'ssmR3DataReadRecHdrV2',
    units: 'a: loadExec',
    file: 'a=3',
    does: {
      a: {
        async loadExec(get) {
          const ends: (string | undefined)[] = [];
          for (const step of [() => get.getU32(), () => get.getU8()]) ends.push((await failureOf(step))?.status);
          if (ends.some((status) => status !== 'VERR_SSM_LOADED_TOO_MUCH')) throw new Error(ends.join());
        },
      },
    },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
  {
    rule: 'a unit may be skipped to its end from anywhere',
    source: 'SSMR3SkipToEndOfUnit',
    units: 'a: loadExec\n b: loadExec',
    file: 'a=5 b',
    does: {
      a: {
        async loadExec(get, _version, _pass, handle) {
          get.getU16();
          await handle.skipToEndOfUnit();
        },
      },
    },
    calls: 'loadExec a b',
  },
  {
    rule: 'after that there is nothing more to read',
    source: 'SSMR3SkipToEndOfUnit',
    units: 'a: loadExec',
    file: 'a=5',
    does: {
      a: {
        async loadExec(get, _version, _pass, handle) {
          await handle.skipToEndOfUnit();
          get.getU8();
        },
      },
    },
    calls: 'loadExec a',
    ends: 'VERR_SSM_LOADED_TOO_MUCH',
  },
  {
    rule: 'what becomes of the machine is resumption, teleportation or debugging',
    source: 'SSMR3Load',
    units: `a: ${full}`,
    file: 'a',
    options: { after: 'CONTINUE' },
    calls: '',
    ends: 'VERR_INVALID_PARAMETER',
  },
  {
    rule: 'a machine is loaded for teleporting as for resuming',
    source: 'SSMR3Load',
    units: 'a: loadExec',
    file: 'a',
    options: { after: 'TELEPORT' },
    calls: 'loadExec a',
  },
  {
    rule: 'a damaged header fails the load before any callback',
    source: 'ssmR3HeaderAndValidate',
    units: `a: ${full}`,
    file: 'a',
    damage: { header: (view) => view.setUint8(47, 1) },
    calls: '',
    ends: 'VERR_SSM_INTEGRITY',
  },
  {
    rule: 'so does a damaged footer of a file',
    source: 'ssmR3OpenFile',
    units: `a: ${full}`,
    file: 'a',
    damage: { footer: (view) => view.setUint8(0, 1) },
    calls: '',
    ends: 'VERR_SSM_INTEGRITY_FOOTER',
  },
  {
    rule: 'a damaged directory fails the load after the last unit',
    source: 'ssmR3LoadDirectoryAndFooter',
    units: `a: ${full}`,
    file: 'a',
    damage: { directory: (view) => view.setUint8(0, 1) },
    calls: 'loadPrep a, loadExec a, loadDone a',
    ends: 'VERR_SSM_INTEGRITY_DIR_MAGIC',
  },
  {
    rule: 'where a unit should be is something else',
    source: 'ssmR3LoadExecV2',
    units: 'a: loadExec',
    file: 'a',
    damage: { end: false },
    calls: 'loadExec a',
    ends: 'VERR_SSM_INTEGRITY_UNIT_MAGIC',
    message: /Unit at 0x81 \(129\): Invalid unit magic/,
  },
];

describe('loading', () => {
  for (const { rule, source, units, file, does, options, damage, calls, ends = 'VINF_SUCCESS', message } of rules) {
    it(`${rule} (${source}): ${ends}`, async () => {
      const bytes = fileOf(file, damage);
      const sources = [
        new MemorySource(bytes),
        new AwkwardSource(bytes, { shortReads: true }),
        new AwkwardSource(bytes, { asynchronous: true, shortReads: true }),
      ];
      for (const each of sources) {
        const journal = new Journal();
        const registry = machine(units, journal, does);
        const failure = await failureOf(() => loadState(registry, each, options));
        expect(failure?.status ?? 'VINF_SUCCESS').to.equal(ends);
        expect(journal.text).to.equal(calls);
        if (failure !== undefined) expect(failure.message).to.match(message ?? lost(ends));
        expect((await failureOf(() => registry.cancel()))?.status).to.equal('VERR_SSM_NO_PENDING_OPERATION');
      }
    });
  }

  it('a stream is loaded as a file is, but for its footer, which is checked when it is reached (ssmR3StrmIsFile)', async () => {
    const load = async (options: SavOptions) => {
      const journal = new Journal();
      const bytes = fileOf('a b', options);
      const source = new AwkwardSource(bytes, { stream: true });
      const failure = await failureOf(() => loadState(machine('a: loadExec\n b: loadExec', journal), source));
      return [failure?.status, journal.text];
    };
    expect(await load({})).to.deep.equal([undefined, 'loadExec a b']);
    expect(await load({ footer: (view) => view.setUint8(0, 1) })).to.deep.equal([
      'VERR_SSM_INTEGRITY_FOOTER',
      'loadExec a b',
    ]);
  });

  for (const [after, ends] of [
    ['RESUME', 'VERR_SSM_LOADED_TOO_MUCH'],
    ['DEBUG_IT', 'VERR_SSM_STREAM_ERROR'],
  ] as const) {
    it(`a stream that ends inside of a unit, ${after} (ssmR3DataReadV2Raw): ${ends}`, async () => {
      const bytes = fileOf('a=100').subarray(0, 140);
      const journal = new Journal();
      const registry = machine('a: loadExec loadDone', journal, { a: { loadExec: (get) => get.skip(100) } });
      const failure = await failureOf(() => loadState(registry, new AwkwardSource(bytes, { stream: true }), { after }));
      expect(failure?.status).to.equal(ends);
      expect(journal.text).to.equal('loadExec a, loadDone a');
    });
  }

  it('a callback is told version and pass, as is its stream (ssmR3LoadExecV2)', async () => {
    const told: number[][] = [];
    const registry = machine('a v1: loadExec', new Journal(), {
      a: { loadExec: (get, version, pass) => void told.push([version, pass, get.version, get.pass, get.getU8()]) },
    });
    await loadState(registry, new MemorySource(fileOf('av7@3 av8')));
    expect(told).to.deep.equal([
      [7, 3, 7, 3, 0],
      [8, PASS_FINAL, 8, PASS_FINAL, 0],
    ]);
  });

  const lenient: readonly [
    rule: string,
    source: string,
    bytes: Uint8Array,
    deed: Deeds[string]['loadExec'],
    ends: string,
  ][] = [
    [
      'a string longer than its limit',
      'SSMR3GetStrZEx',
      sav().unit('a').strZ('four').bytes(),
      (get) => void get.getStrZ(3),
      'VERR_TOO_MUCH_DATA',
    ],
    [
      'a guest-physical address that is too wide',
      'SSMR3GetGCPhys',
      sav()
        .unit('a')
        .u64(1n << 32n)
        .mem([1, 2, 3, 4])
        .bytes(),
      (get) => void get.getGCPhys(),
      'VERR_SSM_GCPHYS_OVERFLOW',
    ],
    [
      'a guest pointer that is too wide',
      'SSMR3GetGCPtr',
      sav()
        .unit('a')
        .u64(1n << 32n)
        .mem([1, 2, 3, 4])
        .bytes(),
      (get) => void get.getGCPtr(),
      'VERR_SSM_GCPTR_OVERFLOW',
    ],
  ];
  for (const [rule, source, bytes, deed, ends] of lenient) {
    it(`${rule} fails that call, and nothing else (${source}): ${ends}`, async () => {
      const { hosts } = await import('@ssmkit/schema');
      const host = { ...hosts['linux.x86']!, gcPhysBytes: 4, gcPtrBytes: 4 } as const;
      let told: string | undefined;
      const registry = machine('a: loadExec', new Journal(), {
        a: {
          async loadExec(get, ...more) {
            told = (await failureOf(() => deed?.(get, ...more)))?.status;
            get.skip(4);
          },
        },
      });
      expect(await failureOf(() => loadState(registry, new MemorySource(bytes), { host }))).to.equal(undefined);
      expect(told).to.equal(ends);
    });
  }

  it('of an asynchronous source 1 MiB of a unit is read ahead: so much a synchronous callback can get', async () => {
    const MIB = 1 << 20;
    const record = new Array<number>(MIB).fill(7);
    const bytes = sav().unit('a').raw(record).raw(record).bytes();
    const load = (count: number) => {
      const registry = machine('a: loadExec', new Journal(), {
        a: {
          async loadExec(get, _version, _pass, handle) {
            get.skip(count);
            await handle.skipToEndOfUnit();
          },
        },
      });
      return failureOf(() => loadState(registry, new AwkwardSource(bytes, { asynchronous: true })));
    };
    expect(await load(MIB)).to.equal(undefined);
    expect((await load(MIB + 65_536 + 4096))?.status).to.equal('VERR_TRY_AGAIN');
  });

  it('a load can be repeated: nobody’s fCalled of one counts in the next (SSMR3Load)', async () => {
    const journal = new Journal();
    const registry = machine('a: loadPrep=ready,VERR_TIMEOUT\n b: loadExec loadDone', journal);
    await loadState(registry, new MemorySource(fileOf('b')));
    journal.note('then');
    await failureOf(() => loadState(registry, new MemorySource(fileOf('b'))));
    expect(journal.text).to.equal('loadPrep a, loadExec b, loadDone b, then, loadPrep a');
  });

  it('the states of a load (SSMSTATE)', async () => {
    const states: (string | undefined)[] = [];
    const registry = machine(`a: ${full}`, new Journal(), {
      a: {
        loadPrep: (handle) => void states.push(handle.state, handle.unit?.name),
        loadExec: (get, _version, _pass, handle) => void states.push(handle.state, handle.unit?.name, `${get.getU8()}`),
        loadDone: (handle) => void states.push(handle.state, handle.unit?.name),
      },
    });
    await loadState(registry, new MemorySource(fileOf('a')));
    expect(states).to.deep.equal(['LOAD_PREP', undefined, 'LOAD_EXEC', 'a', '0', 'LOAD_DONE', undefined]);
  });

  it('nothing can be got once the exec run is over (SSM_ASSERT_READABLE_RET): VERR_SSM_INVALID_STATE', async () => {
    let get: Parameters<NonNullable<Deeds[string]['loadExec']>>[0] | undefined;
    const ends: (string | undefined)[] = [];
    const attempt = async () => void ends.push((await failureOf(() => get?.getU8()))?.status);
    const registry = machine('a: loadExec loadDone', new Journal(), {
      a: {
        loadExec(stream) {
          get = stream;
          stream.getU8();
        },
        loadDone: attempt,
      },
    });
    expect(await failureOf(() => loadState(registry, new MemorySource(fileOf('a'))))).to.equal(undefined);
    await attempt();
    expect(ends).to.deep.equal(['VERR_SSM_INVALID_STATE', 'VERR_SSM_INVALID_STATE']);
  });
});
