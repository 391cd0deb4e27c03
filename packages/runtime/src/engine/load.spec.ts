import { expect } from 'chai';
import { PASS_FINAL, SsmError } from '../error.js';
import { MemorySource } from '../io/memory.js';
import type { Source } from '../io/sink-source.js';
import type { GetStream } from '../streams/get-stream.js';
import { AwkwardSource, sav, statusOf } from '../testing.js';
import { loadState } from './load.js';
import { Registry } from './registry.js';
import type { UnitCallbacks } from './unit.js';

function registryOf(units: Record<string, UnitCallbacks>, log: string[] = []): Registry {
  const registry = new Registry();
  for (const [name, callbacks] of Object.entries(units)) {
    const noted = Object.fromEntries(
      Object.entries(callbacks).map(([key, callback]) => [
        key,
        (...args: unknown[]) => {
          log.push(`${name}.${key}`);
          return (callback as (...args: unknown[]) => unknown)(...args);
        },
      ]),
    );
    registry.register({ name, version: 1, ...noted });
  }
  return registry;
}

const nothing = () => {};
const fail = () => {
  throw new SsmError('VERR_NO_MEMORY', 'no more');
};
const u32 = (get: GetStream) => void get.getU32();

describe('loadState', () => {
  it('calls loadExec in the order of the file, with version and pass', async () => {
    const bytes = sav({ self: true, live: true })
      .unit('ram', 0, { version: 14, pass: 0 })
      .u32(1)
      .unit('ram', 0, { version: 14, pass: 1 })
      .u32(2)
      .unit('b')
      .u32(3)
      .unit('ram', 0, { version: 14 })
      .u32(4)
      .bytes();
    const calls: unknown[] = [];
    const registry = new Registry();
    for (const name of ['b', 'ram']) {
      registry.register({
        name,
        version: 14,
        loadExec: (get, version, pass) => void calls.push([name, version, pass, get.getU32(), get.version, get.pass]),
      });
    }
    await loadState(registry, new MemorySource(bytes));
    expect(calls).to.deep.equal([
      ['ram', 14, 0, 1, 14, 0],
      ['ram', 14, 1, 2, 14, 1],
      ['b', 1, PASS_FINAL, 3, 1, PASS_FINAL],
      ['ram', 14, PASS_FINAL, 4, 14, PASS_FINAL],
    ]);
  });

  it('tells callbacks who saved, the host by name once the unit "SSM" has been read', async () => {
    const header = (view: DataView) => {
      view.setUint8(44, 32);
      view.setUint8(46, 4);
    };
    const bytes = sav({ self: true, live: true, header, hostOs: 'win.x86' }).unit('u').u32(7).bytes();
    let told: unknown[] = [];
    let before = '?';
    const registry = registryOf({
      u: {
        loadPrep: (handle) => {
          before = handle.hostName;
        },
        loadExec: (get, _version, _pass, handle) => {
          const { live, hostBits, hostName, revision, product } = handle;
          told = [live, hostBits, hostName, revision, product?.major, get.saved.msc32, get.getGCPtr()];
        },
      },
    });
    await loadState(registry, new MemorySource(bytes));
    expect([before, ...told]).to.deep.equal(['', true, 32, 'win.x86', 175245, 7, true, 7n]);
  });

  const one = () => sav().unit('a').u32(1).bytes();
  const two = () => sav().unit('a').u32(1).unit('b').u32(2).bytes();
  const all = { loadPrep: nothing, loadExec: u32, loadDone: nothing };
  const runs: readonly [
    name: string,
    bytes: Uint8Array,
    units: Record<string, UnitCallbacks>,
    calls: string,
    status: string,
  ][] = [
    [
      'three runs',
      two(),
      { b: all, a: all },
      'b.loadPrep a.loadPrep a.loadExec b.loadExec b.loadDone a.loadDone',
      'VINF_SUCCESS',
    ],
    // loadPrep counts as called even when it fails.
    ['a failing prep', two(), { a: { ...all, loadPrep: fail }, b: all }, 'a.loadPrep a.loadDone', 'VERR_NO_MEMORY'],
    [
      'a failing exec',
      two(),
      { a: { loadExec: fail, loadDone: nothing }, b: { loadExec: u32, loadDone: nothing } },
      'a.loadExec a.loadDone',
      'VERR_NO_MEMORY',
    ],
    [
      'a registered unit that the file does not have',
      one(),
      { a: all, b: { loadExec: u32, loadDone: nothing }, c: { loadDone: nothing }, d: all },
      'a.loadPrep d.loadPrep a.loadExec a.loadDone c.loadDone d.loadDone',
      'VINF_SUCCESS',
    ],
    [
      'a failing done',
      two(),
      { a: { ...all, loadDone: fail }, b: all },
      'a.loadPrep b.loadPrep a.loadExec b.loadExec a.loadDone b.loadDone',
      'VERR_NO_MEMORY',
    ],
    [
      'a unit that nobody has registered',
      two(),
      { a: all },
      'a.loadPrep a.loadExec a.loadDone',
      'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
    ],
    [
      'a unit of an instance that nobody has registered',
      sav().unit('a', 1).bytes(),
      { a: { loadExec: u32 } },
      '',
      'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
    ],
    ['a unit without loadExec', one(), { a: { loadPrep: nothing } }, 'a.loadPrep', 'VERR_SSM_NO_LOAD_EXEC'],
    ['a unit that is not read', one(), { a: { loadExec: nothing } }, 'a.loadExec', 'VERR_SSM_LOADED_TOO_LITTLE'],
    [
      'a unit that is read too far',
      one(),
      { a: { loadExec: (get) => void get.getU64() } },
      'a.loadExec',
      'VERR_SSM_LOADED_TOO_MUCH',
    ],
    [
      'a get that fails and nobody minds',
      one(),
      {
        a: {
          loadExec: (get) => {
            try {
              get.getU64();
            } catch {}
          },
        },
      },
      'a.loadExec',
      'VERR_SSM_LOADED_TOO_MUCH',
    ],
    [
      'a failure returned',
      one(),
      { a: { loadExec: () => 'VERR_SSM_LOAD_CONFIG_MISMATCH' } },
      'a.loadExec',
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
    ],
    [
      'an informational status',
      one(),
      {
        a: {
          loadExec: (get) => {
            get.getU32();
            return 'VINF_SSM_DONT_CALL_AGAIN';
          },
        },
      },
      'a.loadExec',
      'VINF_SUCCESS',
    ],
    ['a promise rejected', one(), { a: { loadExec: async () => fail() } }, 'a.loadExec', 'VERR_NO_MEMORY'],
    [
      'an exception',
      one(),
      {
        a: {
          loadExec: () => {
            throw new RangeError('oops');
          },
        },
      },
      'a.loadExec',
      'VERR_GENERAL_FAILURE',
    ],
    [
      'a header that is damaged',
      sav({ header: (view) => view.setUint8(47, 1) }).bytes(),
      { a: all },
      '',
      'VERR_SSM_INTEGRITY',
    ],
    [
      'a footer that is damaged',
      sav({ footer: (view) => view.setUint32(16, 1, true) })
        .unit('a')
        .u32(1)
        .bytes(),
      { a: all },
      'a.loadPrep a.loadExec a.loadDone',
      'VERR_SSM_INTEGRITY_CRC',
    ],
  ];
  for (const [name, bytes, units, calls, status] of runs) {
    it(`with ${name}: ${calls}: ${status}`, async () => {
      const log: string[] = [];
      expect(await statusOf(() => loadState(registryOf(units, log), new MemorySource(bytes)))).to.equal(status);
      expect(log.join(' ')).to.equal(calls);
    });
  }

  const messages: readonly [name: string, bytes: Uint8Array, units: Record<string, UnitCallbacks>, message: RegExp][] =
    [
      [
        'a failing get',
        one(),
        { a: { loadExec: (get) => void get.getU64() } },
        /^VERR_SSM_LOADED_TOO_MUCH: Failed to load unit 'a': .*\(unit 'a'#0, final pass, offset 0x/,
      ],
      [
        'a damaged record',
        sav().unit('a').record(0x90, 0).bytes(),
        { a: { loadExec: u32 } },
        /^VERR_SSM_INTEGRITY_REC_HDR: Failed to load unit 'a': .*offset 0x6e \(110\)\)$/,
      ],
      [
        'an unknown unit',
        one(),
        {},
        /^VERR_SSM_INTEGRITY_UNIT_NOT_FOUND: Found no handler for unit 'a' instance #0 \(unit 'a'#0, final pass, offset 0x40 \(64\)\)$/,
      ],
      [
        'an unsupported version',
        sav().unit('a', 0, { version: 7, pass: 3 }).bytes(),
        { a: { loadExec: () => 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION' } },
        /Unsupported version 7 of data unit 'a' \(instance #0, pass 0x3\)/,
      ],
      ['no unit where one should be', sav({ end: false }).bytes(), {}, /Unit at 0x40 \(64\): Invalid unit magic/],
      [
        'a failing done',
        one(),
        { a: { loadExec: u32, loadDone: fail } },
        /^VERR_NO_MEMORY: LoadDone failed: no more \(unit 'a'#0\)$/,
      ],
    ];
  for (const [name, bytes, units, message] of messages) {
    it(`says where it failed: ${name}`, async () => {
      const error = await loadState(registryOf(units), new MemorySource(bytes)).catch((thrown) => thrown);
      expect(error.message).to.match(message);
    });
  }

  it('gives units nobody knows to a handler, which can read all of them or skip them', async () => {
    const bytes = sav({ self: true })
      .unit('a', 3, { version: 5 })
      .u8(1)
      .zero(4)
      .unit('b')
      .u32(2)
      .unit('c')
      .raw([])
      .u8(1)
      .bytes();
    const seen: unknown[] = [];
    await loadState(new Registry(), new MemorySource(bytes), {
      async onUnknownUnit(get, unit, handle) {
        const sizes: number[] = [];
        if (unit.name === 'a') get.getU8();
        if (unit.name !== 'b') await handle.readToEndOfUnit((piece) => void sizes.push(piece.length));
        else await handle.skipToEndOfUnit();
        seen.push([unit.name, unit.instance, unit.version, handle.unit?.name, sizes]);
      },
    });
    expect(seen).to.deep.equal([
      ['a', 3, 5, 'a', [4096]],
      ['b', 0, 1, 'b', []],
      ['c', 0, 1, 'c', [0, 1]],
    ]);
  });

  it('a handler fails as a callback does', async () => {
    const onUnknownUnit = nothing;
    expect(await statusOf(() => loadState(new Registry(), new MemorySource(one()), { onUnknownUnit }))).to.equal(
      'VERR_SSM_LOADED_TOO_LITTLE',
    );
  });

  it('reads over units that were registered as stubs', async () => {
    const registry = new Registry();
    registry.registerStub('a');
    const bytes = sav().unit('a').zero(4).raw([]).unit('a', 0, { pass: 1 }).bytes();
    expect(await statusOf(() => loadState(registry, new MemorySource(bytes)))).to.equal('VINF_SUCCESS');
  });

  it('gives nothing more once it is over', async () => {
    let kept: GetStream | undefined;
    await loadState(
      registryOf({
        a: {
          loadExec: (get) => {
            kept = get;
            get.getU32();
          },
        },
      }),
      new MemorySource(one()),
    );
    expect(await statusOf(() => kept?.getU8())).to.equal('VERR_SSM_INVALID_STATE');
  });

  describe('the unit "SSM"', () => {
    const load = (bytes: Uint8Array) => statusOf(() => loadState(new Registry(), new MemorySource(bytes)));
    const pair = (name: string, value: string) => sav().unit('SSM').strZ(name).strZ(value).strZ('').strZ('').bytes();
    const cases: readonly [name: string, bytes: Uint8Array, status: string][] = [
      ['with names nobody knows', pair('Colour', 'blue'), 'VINF_SUCCESS'],
      ['with a name of 127 bytes', pair('n'.repeat(127), ''), 'VINF_SUCCESS'],
      ['with a name of 128 bytes', pair('n'.repeat(128), ''), 'VERR_TOO_MUCH_DATA'],
      ['with a value of 1023 bytes', pair('n', 'v'.repeat(1023)), 'VINF_SUCCESS'],
      ['with a value of 1024 bytes', pair('n', 'v'.repeat(1024)), 'VERR_TOO_MUCH_DATA'],
      [
        'with a name that is no UTF-8',
        sav().unit('SSM').u32(1).u8(0xff).strZ('').strZ('').strZ('').bytes(),
        'VINF_SUCCESS',
      ],
      ['without an end', sav().unit('SSM').strZ('a').strZ('b').bytes(), 'VERR_SSM_LOADED_TOO_MUCH'],
      ['with more behind its end', sav().unit('SSM').strZ('').strZ('').u8(0).bytes(), 'VERR_SSM_LOADED_TOO_LITTLE'],
      [
        'of another version',
        sav().unit('SSM', 0, { version: 2 }).strZ('').strZ('').bytes(),
        'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
      ],
      ['in pass 0', sav().unit('SSM', 0, { pass: 0 }).strZ('').strZ('').bytes(), 'VINF_SUCCESS'],
      ['in pass 1, where nothing is read', sav().unit('SSM', 0, { pass: 1 }).bytes(), 'VINF_SUCCESS'],
      [
        'in pass 1 with data',
        sav().unit('SSM', 0, { pass: 1 }).strZ('').strZ('').bytes(),
        'VERR_SSM_LOADED_TOO_LITTLE',
      ],
      ['missing', sav().bytes(), 'VINF_SUCCESS'],
      ['twice', sav({ self: true }).unit('SSM').strZ('').strZ('').bytes(), 'VINF_SUCCESS'],
    ];
    for (const [name, bytes, status] of cases) {
      it(`${name}: ${status}`, async () => expect(await load(bytes)).to.equal(status));
    }
  });

  describe('the unit "SSMLiveControl"', () => {
    for (const [name, bytes, status] of [
      [
        'anywhere',
        sav().unit('SSMLiveControl', 0, { pass: 7 }).u16(50).unit('SSMLiveControl').u16(98).bytes(),
        'VINF_SUCCESS',
      ],
      [
        'of another version',
        sav().unit('SSMLiveControl', 0, { version: 2 }).u16(50).bytes(),
        'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION',
      ],
      ['with too much', sav().unit('SSMLiveControl').u32(50).bytes(), 'VERR_SSM_LOADED_TOO_LITTLE'],
    ] as const) {
      it(`${name}: ${status}`, async () => {
        expect(await statusOf(() => loadState(new Registry(), new MemorySource(bytes)))).to.equal(status);
      });
    }
  });

  describe('over an asynchronous source', () => {
    const big = sav()
      .unit('a')
      .raw(Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff))
      .unit('b')
      .u32(2)
      .bytes();
    const source = () => new AwkwardSource(big, { asynchronous: true, shortReads: true, stream: true });
    const load = (loadExec: NonNullable<UnitCallbacks['loadExec']>, from: Source, window: number) =>
      statusOf(() => loadState(registryOf({ a: { loadExec }, b: { loadExec: u32 } }), from, { window }));

    it('a synchronous callback gets what fits the window', async () => {
      expect(await load((get) => void get.getMem(new Uint8Array(200_000)), source(), 200_000)).to.equal('VINF_SUCCESS');
    });

    it('a synchronous callback that wants more is told to wait', async () => {
      expect(await load((get) => void get.getMem(new Uint8Array(200_000)), source(), 1000)).to.equal('VERR_TRY_AGAIN');
    });

    it('an asynchronous callback gets any amount, whatever the window', async () => {
      const data = new Uint8Array(200_000);
      expect(await load(async (get) => void (await get.getMemAsync(data)), source(), 0)).to.equal('VINF_SUCCESS');
      expect(data[199_999]).to.equal((199_999 * 7) & 0xff);
    });

    it('fails as the source does: VERR_SSM_STREAM_ERROR inside of a unit', async () => {
      const broken = source();
      const read = broken.read.bind(broken);
      broken.read = (into, position) => {
        if (position > 100_000) return Promise.reject(new SsmError('VERR_TIMEOUT', 'slow'));
        return read(into, position);
      };
      expect(await load(async (get) => void (await get.getMemAsync(new Uint8Array(200_000))), broken, 0)).to.equal(
        'VERR_SSM_STREAM_ERROR',
      );
    });
  });
});
