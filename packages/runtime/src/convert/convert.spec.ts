import { expect } from 'chai';
import fc from 'fast-check';
import { defaultLimits } from '../containers/guard.js';
import { V2Writer } from '../containers/v2/writer.js';
import { openState } from '../engine/open.js';
import { describeSave } from '../engine/save.js';
import { verifyState } from '../engine/verify.js';
import { PASS_FINAL } from '../error.js';
import { MemorySink, MemorySource } from '../io/memory.js';
import { AwkwardSource, SlowSink, sav, statusOf } from '../testing.js';
import { savV1 } from '../testing-v1.js';
import { type ConvertOptions, convertState } from './convert.js';

async function convert(bytes: Uint8Array, options: ConvertOptions = {}): Promise<Uint8Array> {
  const sink = new MemorySink();
  await convertState(new MemorySource(bytes), sink, options);
  return sink.bytes();
}

/** What a conversion keeps: every unit in its order with its data, and the directory. */
async function contentOf(bytes: Uint8Array) {
  const state = await openState(new MemorySource(bytes));
  const units = [];
  const offsets = new Map<number, string>();
  for await (const { stream, name, instance, version, pass, offset } of state.units()) {
    const data: number[] = [];
    for (;;) {
      await stream.ensure(4096);
      if (stream.buffered === 0) break;
      data.push(...stream.getMem(new Uint8Array(stream.buffered)));
    }
    units.push({ name, instance, version, pass, data });
    offsets.set(offset, `${name}#${instance}`);
  }
  const directory = (await state.directory()).entries.map(({ offset }) => offsets.get(offset));
  return { header: state.header, units, directory };
}

async function sound(bytes: Uint8Array): Promise<boolean> {
  return (await verifyState(new MemorySource(bytes))).failure === undefined;
}

/** Why a conversion is refused. */
async function refusalOf(bytes: Uint8Array, options: ConvertOptions): Promise<string> {
  const sink = new MemorySink();
  const error = await convertState(new MemorySource(bytes), sink, options).catch((thrown) => thrown);
  expect(error).to.have.property('status', 'VERR_NOT_SUPPORTED');
  expect(sink.bytes().length).to.equal(0);
  return error.detail;
}

const text = new TextEncoder().encode('all the world is a stage, and '.repeat(400));

/** A state with everything that there can be: small and large items, zeros, passes, a directory in an order of its own. */
async function rich(): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new V2Writer(sink, describeSave({}, 7, true).header);
  const put = (name: string, instance: number, pass?: number) =>
    writer.beginUnit({ name, version: 1, instance, ...(pass !== undefined && { pass }) });
  const steps: readonly (() => void)[] = [
    () => put('ram', 0, 0).putMem(text),
    () => put('SSMLiveControl', 0, 1).putU16(40),
    () => put('ram', 0, 1).putMem(new Uint8Array(10_000)),
    () => {
      const stream = put('ram', 0);
      stream.putU32(7);
      stream.putMem(text.subarray(0, 4096));
      stream.putMem(new Uint8Array(8192));
      stream.putU8(9);
    },
    () => void put('empty', 4),
    () => put('empty', 3).putMem(crypto.getRandomValues(new Uint8Array(9000))),
  ];
  for (const step of steps) {
    step();
    writer.endUnit();
  }
  writer.finish([
    { name: 'empty', instance: 3 },
    { name: 'ram', instance: 0 },
    { name: 'empty', instance: 4 },
  ]);
  await writer.close(false);
  return sink.bytes();
}

describe('converting a saved state', () => {
  for (const compression of ['lzf', 'lz4', 'none', undefined] as const) {
    it(`keeps everything but the way blocks are packed: ${compression ?? 'as they are'}`, async () => {
      const bytes = await rich();
      const converted = await convert(bytes, { compression });
      const content = await contentOf(bytes);
      const header = { ...content.header, ...(compression === 'lz4' && { compression }) };
      expect(await contentOf(converted)).to.deep.equal({ ...content, header });
      expect(content.directory).to.deep.equal(['empty#3', 'ram#0', 'empty#4']);
      expect(await sound(converted)).to.equal(true);
    });
  }

  it('gives the same bytes where nothing changes', async () => {
    const bytes = await rich();
    expect(await convert(bytes)).to.deep.equal(bytes);
    expect(await convert(await convert(bytes, { compression: 'lz4' }), { compression: 'lzf' })).to.deep.equal(bytes);
    // Packed with LZ4 it stays so, unless asked otherwise.
    const packed = await convert(bytes, { compression: 'lz4' });
    expect(await convert(packed)).to.deep.equal(packed);
  });

  it('leaves a file without an END unit as it is', async () => {
    const bytes = sav({ end: false }).unit('b').u32(1).unit('a').zero(4).bytes();
    expect(await convert(bytes)).to.deep.equal(bytes);
    expect(await convert(sav({ end: false }).bytes())).to.deep.equal(sav({ end: false }).bytes());
  });

  it('takes checksums away, and puts them in', async () => {
    const units = (checksum: boolean) => sav({ checksum, self: true }).unit('u', 2).zero(4).u8(1).bytes();
    expect(await convert(units(true), { checksum: false })).to.deep.equal(units(false));
    expect(await convert(units(false), { checksum: true })).to.deep.equal(units(true));
    expect(await convert(units(false))).to.deep.equal(units(false));
  });

  it('gives the product another version', async () => {
    const product = { major: 6, minor: 1, build: 50 };
    const { header } = await contentOf(await convert(sav().unit('u').bytes(), { product, revision: 161033 }));
    expect(header).to.deep.include({ product, revision: 161033, hostBits: 64 });
    const wrong = { product: { major: 0, minor: 1, build: 1 } };
    expect(await statusOf(() => convert(sav().bytes(), wrong))).to.equal('VERR_SSM_INTEGRITY_VBOX_VERSION');
  });

  it('tells what it did', async () => {
    const bytes = sav({ self: true }).unit('u').zero(4).bytes();
    const sink = new MemorySink();
    const result = await convertState(new MemorySource(bytes), sink, { compression: 'lz4', host: 'win.amd64' });
    expect(result.from.format).to.equal('2.0');
    expect(result.to).to.deep.include({ format: '2.0' });
    expect(result.to.header.compression).to.equal('lz4');
    expect(result.from.header.compression).to.equal(undefined);
    expect(result).to.deep.include({ units: 2, bytes: sink.bytes().length });
    expect(result.data).to.be.above(4096);
  });

  describe('to another host', () => {
    const hosted = (hostOs: string) => sav({ self: true, hostOs }).unit('u').u8(1).bytes();

    it('changes "Host OS" where the units are read as before', async () => {
      expect(await convert(hosted('linux.amd64'), { host: 'win.amd64' })).to.deep.equal(hosted('win.amd64'));
      expect(await convert(hosted('linux.amd64'), { host: 'linux.amd64' })).to.deep.equal(hosted('linux.amd64'));
    });

    it('changes it in every pass that tells it, and keeps what else is told', async () => {
      const state = (host: string) => {
        const pairs = (pass: number) =>
          ['Colour', 'blue', 'Build Type', 'debug', 'Host OS', host, 'OSE', 'true', '', ''].reduce(
            (to, part) => to.strZ(part),
            live.unit('SSM', 0, { pass }),
          );
        const live = sav({ live: true });
        pairs(0);
        live.unit('SSM', 0, { pass: 1 });
        pairs(PASS_FINAL);
        return live.bytes();
      };
      expect(await convert(state('linux.amd64'), { host: 'darwin.amd64' })).to.deep.equal(state('darwin.amd64'));
    });

    it('tells it where nobody did', async () => {
      const told = (host: string) => sav().unit('SSM').strZ('Build Type').strZ('x').strZ('Host OS').strZ(host);
      const untold = sav().unit('SSM').strZ('Build Type').strZ('x').strZ('').strZ('').unit('u').u8(1).bytes();
      expect(await convert(untold, { host: 'win.arm64' })).to.deep.equal(
        told('win.arm64').strZ('').strZ('').unit('u').u8(1).bytes(),
      );
      const without = await contentOf(await convert(sav().unit('u').u8(1).bytes(), { host: 'win.amd64' }));
      expect(without.units.map(({ name }) => name)).to.deep.equal(['SSM', 'u']);
      expect(without.directory).to.deep.equal(['SSM#0', 'u#0']);
      expect(without.header.unitCount).to.equal(2);
    });

    const bits32 = (hostOs?: string) =>
      sav({
        self: hostOs !== undefined,
        ...(hostOs && { hostOs }),
        header: (view) => view.setUint8(44, 32),
      })
        .unit('u')
        .bytes();
    const refused: readonly [name: string, bytes: Uint8Array, host: string, reason: RegExp][] = [
      ['other pointers', hosted('linux.amd64'), 'linux.x86', /64-bit host.*32-bit/],
      ['other pointers, from 32 bits', bits32('linux.x86'), 'linux.amd64', /32-bit host.*64-bit/],
      ['another compiler', bits32('linux.x86'), 'win.x86', /linux\.x86.*win\.x86/],
      ['another compiler, the other way round', bits32('win.x86'), 'solaris.x86', /win\.x86.*solaris\.x86/],
      ['another processor', hosted('linux.amd64'), 'linux.arm64', /linux\.amd64.*linux\.arm64/],
    ];
    for (const [name, bytes, host, reason] of refused) {
      it(`refuses ${name}`, async () => expect(await refusalOf(bytes, { host })).to.match(reason));
    }

    it('takes the word for what 32-bit host it was, where the file does not tell', async () => {
      const { units } = await contentOf(await convert(bits32(), { host: 'win.x86' }));
      expect(String.fromCharCode(...(units[0]?.data ?? []))).to.contain('win.x86');
    });

    const odd: readonly [name: string, bytes: Uint8Array, status: string][] = [
      ['of another version', sav().unit('SSM', 0, { version: 2 }).bytes(), 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
      ['without an end', sav().unit('SSM').strZ('a').bytes(), 'VERR_SSM_LOADED_TOO_MUCH'],
      ['with more behind its end', sav().unit('SSM').strZ('').strZ('').u8(0).bytes(), 'VERR_SSM_LOADED_TOO_LITTLE'],
      [
        'with endless pairs',
        sav()
          .unit('SSM')
          .mem(Array(20_000).fill([1, 0, 0, 0, 65]).flat())
          .bytes(),
        'VERR_TOO_MUCH_DATA',
      ],
    ];
    for (const [name, bytes, status] of odd) {
      it(`with a unit "SSM" ${name}: ${status}`, async () => {
        expect(await statusOf(() => convert(bytes, { host: 'win.amd64' }))).to.equal(status);
      });
    }

    it('does not change the width of guest pointers', async () => {
      expect(await refusalOf(hosted('linux.amd64'), { gcPtrBytes: 4 })).to.match(/pointers of 8 bytes.*4 would/);
      expect(await convert(hosted('linux.amd64'), { gcPtrBytes: 8 })).to.deep.equal(hosted('linux.amd64'));
    });
  });

  describe('to format V1.2', () => {
    const refused: readonly [name: string, bytes: Uint8Array, options: ConvertOptions, reason: RegExp][] = [
      ['a live save', sav({ live: true }).unit('u').bytes(), {}, /no live saves/],
      ['LZ4', sav().unit('u').bytes(), { compression: 'lz4' }, /no LZ4/],
      ['no packing', sav().unit('u').bytes(), { compression: 'none' }, /LZF only/],
      ['a live pass', sav().unit('u', 0, { pass: 3 }).bytes(), {}, /no live passes/],
      ['a file without an END unit', sav({ end: false }).unit('u').bytes(), {}, /no END unit/],
      ['no checksum', sav().unit('u').bytes(), { checksum: false }, /always has a checksum/],
    ];
    for (const [name, bytes, options, reason] of refused) {
      it(`refuses ${name}`, async () => expect(await refusalOf(bytes, { ...options, format: '1.2' })).to.match(reason));
    }
  });

  it('keeps everything in V1.2 and back', async () => {
    const sink = new MemorySink();
    const bytes = sav({ self: true })
      .unit('b', 7, { version: 9 })
      .u32(1)
      .mem(text)
      .zero(4)
      .unit('empty')
      .unit('a')
      .raw([...crypto.getRandomValues(new Uint8Array(60_000))])
      .bytes();
    const { units } = await contentOf(bytes);
    const product = { major: 3, minor: 0, build: 12 };
    await convertState(new MemorySource(bytes), sink, { format: '1.2', product, revision: 54655 });
    const old = await openState(new MemorySource(sink.bytes()));
    expect(old.format).to.equal('1.2');
    expect(old.header).to.deep.include({ product, revision: 54655, hostBits: 64 });
    expect(await sound(sink.bytes())).to.equal(true);
    const back = await contentOf(await convert(sink.bytes()));
    expect(back.units).to.deep.equal(units);
    expect(back.directory).to.deep.equal(['SSM#0', 'b#7', 'empty#0', 'a#0']);
    expect(back.header).to.deep.include({ product, unitCount: 4 });
  });

  describe('of format V1.x', () => {
    const product = { major: 2, minor: 0, build: 6 };
    const told: ConvertOptions = { product, revision: 39765, host: 'win.x86', gcPtrBytes: 4 };
    const old = (format: '1.2' | '1.1' | '1.0') => savV1({ format }).unit('u', 3).store(text).unit('empty').bytes();

    it('tells in the new header what the old one does not', async () => {
      const { header, units, directory } = await contentOf(await convert(old('1.1'), told));
      expect(header).to.deep.include({
        product,
        hostBits: 32,
        gcPhysBytes: 8,
        gcPtrBytes: 4,
        unitCount: 3,
        live: false,
      });
      expect(units.map(({ name }) => name)).to.deep.equal(['SSM', 'u', 'empty']);
      expect(String.fromCharCode(...(units[0]?.data ?? []))).to.match(/Host OS.*win\.x86/);
      expect(units[1]).to.deep.include({ instance: 3, pass: PASS_FINAL, data: [...text] });
      expect(directory).to.deep.equal(['SSM#0', 'u#3', 'empty#0']);
      const v10 = await contentOf(await convert(old('1.0'), { product, revision: 1 }));
      expect(v10.header).to.deep.include({ hostBits: 64, gcPhysBytes: 4, gcPtrBytes: 4, unitCount: 2 });
    });

    it('guesses nothing', async () => {
      for (const key of ['product', 'revision', 'host', 'gcPtrBytes'] as const) {
        const { [key]: _, ...rest } = told;
        expect(await refusalOf(old('1.1'), rest), key).to.match(/^format V1\.1 does not tell .*: say so$/);
      }
      expect(await refusalOf(old('1.0'), {})).to.match(/does not tell which version and revision/);
      expect(await refusalOf(old('1.2'), { gcPtrBytes: 4 })).to.match(/pointers of 8 bytes/);
    });

    it('has no names in V2.0 that are too long for it', async () => {
      const name = 'n'.repeat(48);
      expect(await refusalOf(savV1({ format: '1.2' }).unit(name).bytes(), {})).to.match(/name of 48 bytes.*47 at most/);
    });

    it('from nothing but a file', async () => {
      const source = new AwkwardSource(old('1.2'), { stream: true });
      expect(await statusOf(() => convertState(source, new MemorySink()))).to.equal('VERR_SSM_INTEGRITY_SIZE');
    });
  });

  describe('of damaged input', () => {
    const good = sav({ self: true }).unit('u').u32(1).zero(4).bytes();
    const damaged: readonly [name: string, bytes: Uint8Array, status: string][] = [
      ['nothing', new Uint8Array(0), 'VERR_EOF'],
      ['a file cut off', good.subarray(0, -40), 'VERR_SSM_INTEGRITY_FOOTER'],
      ['a wrong record', sav().unit('u').raw([1]).record(0x90, 0).bytes(), 'VERR_SSM_INTEGRITY_REC_HDR'],
      [
        'a wrong CRC',
        sav()
          .unit('u', 0, { term: (view) => view.setUint32(4, 1, true) })
          .u8(1)
          .bytes(),
        'VERR_SSM_INTEGRITY_REC_TERM_CRC',
      ],
      [
        'a wrong footer',
        sav({ footer: (view) => view.setUint32(16, 1, true) })
          .unit('u')
          .bytes(),
        'VERR_SSM_INTEGRITY_CRC',
      ],
      [
        'an entry of the directory that leads elsewhere',
        sav({ directory: (view) => view.setUint32(16, 65, true) })
          .unit('u')
          .bytes(),
        'VERR_SSM_INTEGRITY_DIR',
      ],
      [
        'an entry of the directory with another name',
        sav({ directory: (view) => view.setUint32(28, 65, true) })
          .unit('u')
          .bytes(),
        'VERR_SSM_INTEGRITY_DIR',
      ],
    ];
    for (const [name, bytes, status] of damaged) {
      it(`${name}: ${status}, and nothing is left behind`, async () => {
        const sink = new SlowSink();
        expect(await statusOf(() => convertState(new MemorySource(bytes), sink))).to.equal(status);
        expect(sink.closed).to.equal('aborted');
      });
    }

    it('tells in which unit', async () => {
      const bytes = sav().unit('a').unit('u', 3, { pass: 1 }).raw([1]).record(0x90, 0).bytes();
      const error = await convertState(new MemorySource(bytes), new MemorySink()).catch((thrown) => thrown);
      expect(error.where).to.deep.include({ unit: 'u', instance: 3, pass: 1 });
    });

    it('does not give a unit another name', async () => {
      const renamed = (byte: number) =>
        sav({ directory: (view) => view.setUint32(28, 0, true) })
          .unit('uv', 0, { header: (view) => view.setUint8(45, byte) })
          .bytes();
      for (const byte of [0xff, 0]) expect(await refusalOf(renamed(byte), {})).to.match(/not plain UTF-8/);
    });

    it('never ends with anything but an SsmError, and never takes damage for sound', async () => {
      const bytes = await rich();
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
          const bad = bytes.slice();
          bad[at] = (bad[at] as number) ^ change;
          expect(await statusOf(() => convert(bad, { compression: 'lz4' }))).to.match(/^VERR_/);
        }),
        { numRuns: 200 },
      );
    });
  });

  it('works from a stream to a slow sink as it does in memory', async () => {
    const bytes = await rich();
    for (const seed of [1, 2, 3]) {
      const source = new AwkwardSource(bytes, { asynchronous: true, shortReads: seed > 1, stream: true, seed });
      const sink = new SlowSink(seed);
      await convertState(source, sink);
      expect(sink.closed).to.equal('whole');
      expect(sink.bytes()).to.deep.equal(bytes);
    }
  });

  it('reads large RAW records in pieces, as whole blocks', async () => {
    const large = sav().unit('u').raw([1, 2, 3]).raw(Array(200_000).fill(5)).raw([4]).bytes();
    for (const source of [new MemorySource(large), new AwkwardSource(large, { shortReads: true })]) {
      const sink = new MemorySink();
      await convertState(source, sink);
      const unit = await (await openState(new MemorySource(sink.bytes()))).seek('u');
      const { data, records } = await unit.measure();
      expect(data).to.equal(200_004);
      // 48 blocks of fives, and what is left of them.
      expect(records).to.deep.include({ lzf: 48, raw: 3 });
    }
  });

  it('takes on no more than it is told', async () => {
    const bytes = sav().unit('u').zero(4).zero(4).bytes();
    expect(await statusOf(() => convert(bytes, { limits: { decodedBytes: 8191 } }))).to.equal('VERR_TOO_MUCH_DATA');
    expect(await statusOf(() => convert(bytes, { limits: { ...defaultLimits, decodedBytes: 8192 } }))).to.equal(
      'VINF_SUCCESS',
    );
  });

  it('can be cancelled', async () => {
    const controller = new AbortController();
    const sink = new SlowSink();
    const write = sink.write.bind(sink);
    sink.write = (data) => {
      controller.abort();
      return write(data);
    };
    const { signal } = controller;
    expect(await statusOf(async () => convertState(new MemorySource(await rich()), sink, { signal }))).to.equal(
      'VERR_SSM_CANCELLED',
    );
  });

  it('fails as its sink does, and closes it once', async () => {
    for (const [fails, closes] of [
      ['write', 'aborted'],
      ['close', 'whole'],
    ] as const) {
      const closed: string[] = [];
      const sink = {
        write() {
          if (fails === 'write') throw new Error('full');
        },
        close(aborted: boolean) {
          closed.push(aborted ? 'aborted' : 'whole');
          if (fails === 'close') throw new Error('full');
        },
      };
      expect(await statusOf(async () => convertState(new MemorySource(await rich()), sink)), fails).to.equal(
        'VERR_IO_GEN_FAILURE',
      );
      expect(closed, fails).to.deep.equal([closes]);
    }
  });
});
