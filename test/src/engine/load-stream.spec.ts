import { type GetStream, loadState, MemorySource, PASS_FINAL } from '@ssmkit/runtime';
import { AwkwardSource, type SavOptions, sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { FaultySource } from './faulty.js';
import { fileOf } from './load-rules.js';
import { type Deeds, failureOf, Journal, machine } from './script.js';

const full = 'loadPrep loadExec loadDone';

describe('what a load gets its units from', () => {
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

  it('an asynchronous source may give byte after byte, with nothing read ahead', async () => {
    const journal = new Journal();
    const getByte = { loadExec: async (get: GetStream) => void (await get.getMemAsync(new Uint8Array(1))) };
    const registry = machine('a: loadExec\n b: loadExec', journal, { a: getByte, b: getByte });
    const options = { asynchronous: true, stream: true, gives: Number.POSITIVE_INFINITY, fault: 'throws' } as const;
    await loadState(registry, new FaultySource(fileOf('a b'), { ...options, piece: 1 }), { window: 0 });
    expect(journal.text).to.equal('loadExec a b');
  });

  it('a stub reads over whatever there is, a record without data at the end included (SSMR3RegisterStub)', async () => {
    const registry = machine('a: loadExec');
    registry.registerStub('old');
    const bytes = sav().unit('old', 0, { version: 99 }).zero(4).raw([]).unit('a').u8(0).bytes();
    expect(await failureOf(() => loadState(registry, new MemorySource(bytes)))).to.equal(undefined);
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
