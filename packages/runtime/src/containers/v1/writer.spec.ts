import { expect } from 'chai';
import fc from 'fast-check';
import { crc32 } from '../../codecs/crc32.js';
import { loadState } from '../../engine/load.js';
import { openState } from '../../engine/open.js';
import { Registry } from '../../engine/registry.js';
import { verifyState } from '../../engine/verify.js';
import { PASS_FINAL, SsmError } from '../../error.js';
import { MemorySink, MemorySource } from '../../io/memory.js';
import type { Sink } from '../../io/sink-source.js';
import { randomNumbers, SlowSink, savV1, statusOf } from '../../testing.js';
import type { V12Header } from './headers.js';
import { V1Writer } from './writer.js';

const header: V12Header = {
  product: { major: 3, minor: 0, build: 2 },
  revision: 49928,
  hostBits: 64,
  gcPhysBytes: 8,
  gcPtrBytes: 8,
  unitCount: undefined,
  live: false,
  checksum: true,
};

interface Unit {
  readonly name: string;
  readonly instance?: number;
  readonly puts: readonly Uint8Array[];
}

/** A file, in memory, of units with their puts. */
async function written(units: readonly Unit[]): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new V1Writer(sink, header);
  for (const { name, instance = 0, puts } of units) {
    const stream = writer.beginUnit({ name, version: 1, instance });
    for (const put of puts) stream.putMem(put);
    writer.endUnit();
  }
  writer.finish();
  await writer.close(false);
  return sink.bytes();
}

/** The data of every unit, as a load gets it. */
async function loaded(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const units = new Map<string, Uint8Array>();
  await loadState(new Registry(), new MemorySource(bytes), {
    async onUnknownUnit(_stream, { name, instance }, handle) {
      const pieces: Uint8Array[] = [];
      await handle.readToEndOfUnit((piece) => void pieces.push(piece.slice()));
      units.set(`${name}#${instance}`, Buffer.concat(pieces));
    },
  });
  return units;
}

/** Expanded sizes of the LZF blocks of the first unit. */
function blocksOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = 80 + view.getUint32(88, true);
  let at = 80 + 28 + view.getUint32(80 + 24, true);
  if (at === end) return [];
  expect(bytes[at++]).to.equal(5);
  const sizes: number[] = [];
  while (at < end) {
    expect(view.getUint16(at, true)).to.equal(0x565a);
    sizes.push(view.getUint16(at + 8, true));
    at += 10 + view.getUint16(at + 2, true);
  }
  expect(at).to.equal(end);
  return sizes;
}

function noise(size: number, seed = 1): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => random() * 256);
}

const one = (...puts: Uint8Array[]) => written([{ name: 'u', puts }]);

describe('files of format V1.2 that are written', () => {
  it('have header, units and END unit as VirtualBox wrote them', async () => {
    const sink = new MemorySink();
    const writer = new V1Writer(sink, header);
    const stream = writer.beginUnit({ name: 'SSM', version: 1 });
    stream.putU16(0x1234);
    writer.endUnit();
    writer.beginUnit({ name: 'empty', version: 7, instance: 9 });
    writer.endUnit();
    writer.finish();
    await writer.close(false);
    const expected = savV1()
      .unit('SSM')
      .lzf()
      // Two bytes cannot be but literals.
      .block(2, [1, 0x34, 0x12])
      .unit('empty', 9, { version: 7 })
      .bytes();
    expect(Buffer.from(sink.bytes()).toString('hex')).to.equal(Buffer.from(expected).toString('hex'));
  });

  it('are the same as an example, where LZF leaves no choice', async () => {
    const sink = new MemorySink();
    const writer = new V1Writer(sink, header);
    const stream = writer.beginUnit({ name: 'SSM', version: 1 });
    for (const text of ['OSE', 'true', '', '']) stream.putStrZ(text);
    writer.endUnit();
    writer.beginUnit({ name: 'empty', version: 1 });
    writer.endUnit();
    writer.finish();
    await writer.close(false);
    const example = Buffer.from(
      [
        '7f5669727475616c426f7820536176656453746174652056312e320a00000000',
        'cd000000000000005e69d7ac0000000000000000000000000000000000000000',
        '030000000200000008c3000040080800',
        '0a556e69740a00003f0000000000000001000000000000000400000053534d00',
        '055a56140000000000170007030000004f5345042006037472756520066002',
        '0a556e69740a00002200000000000000010000000000000006000000656d70747900',
        '0a546865456e64001c'.padEnd(56, '0'),
      ].join(''),
      'hex',
    );
    expect(example.readUInt32LE(40)).to.equal(crc32(example.subarray(44, 205 - 36)));
    // Of the two places that have five zeros, ours is the nearer one.
    expect(example[142]).to.equal(2);
    example[142] = 0;
    example.writeUInt32LE(crc32(example.subarray(44, 205 - 36)), 40);
    expect(Buffer.from(sink.bytes()).toString('hex')).to.equal(example.toString('hex'));
  });

  it('are, without units, header and END unit', async () => {
    const bytes = await written([]);
    expect(Buffer.from(bytes).toString('hex')).to.equal(Buffer.from(savV1().bytes()).toString('hex'));
  });

  it('say what the header is to say', async () => {
    const sink = new MemorySink();
    const other: V12Header = {
      ...header,
      product: { major: 2, minor: 1, build: 4 },
      revision: 42893,
      hostBits: 32,
      gcPhysBytes: 4,
      gcPtrBytes: 4,
    };
    const writer = new V1Writer(sink, other);
    writer.finish();
    await writer.close(false);
    expect((await openState(new MemorySource(sink.bytes()))).header).to.deep.include(other);
  });

  const rules: readonly [name: string, puts: Uint8Array[], blocks: number[]][] = [
    ['nothing', [], []],
    ['an empty put', [new Uint8Array(0)], []],
    ['small puts together', [noise(4), noise(128), noise(100)], [232]],
    ['a larger one by itself', [noise(4), noise(129), noise(4), noise(5)], [4, 129, 9]],
    ['at most 32768 bytes at a time', [new Uint8Array(32769)], [32768, 1]],
    ['half, and again half, of what does not shrink enough', [noise(32768)], [8192, 12288, 12288]],
    ['what shrinks enough whole again', [Buffer.concat([noise(15000), new Uint8Array(17768)])], [32768]],
    [
      'pieces of 131072 by themselves',
      [Buffer.concat([new Uint8Array(131071), noise(2)])],
      [32768, 32768, 32768, 32768, 1],
    ],
  ];
  for (const [name, puts, blocks] of rules) {
    it(`have blocks of ${name}`, async () => {
      const bytes = await one(...puts);
      expect(blocksOf(bytes)).to.deep.equal(blocks);
      expect(Buffer.compare((await loaded(bytes)).get('u#0') as Uint8Array, Buffer.concat(puts))).to.equal(0);
    });
  }

  it('gather small puts in blocks of not much less than 32768', async () => {
    const bytes = await one(...Array.from({ length: 10_000 }, (_, i) => noise(11, i)));
    const blocks = blocksOf(bytes);
    // Blocks that do not shrink enough are halved.
    expect(blocks.reduce((sum, size) => sum + size, 0)).to.equal(110_000);
    const zeros = blocksOf(await one(...Array.from({ length: 10_000 }, () => new Uint8Array(11))));
    expect(zeros.slice(0, -1).every((size) => size > 32768 - 4096)).to.equal(true);
    expect(zeros).to.have.length(4);
  });

  it('have a checksum over all but the last 36 bytes, wherever the sizes were written', async () => {
    for (const size of [0, 1, 30_000, 65_000, 65_536, 70_000, 200_000]) {
      const bytes = await written([
        { name: 'first', puts: [noise(size)] },
        { name: 'second', puts: [] },
        { name: 'third', puts: [noise(size + 1)] },
      ]);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      expect(view.getUint32(40, true), `${size} bytes`).to.equal(crc32(bytes.subarray(44, bytes.length - 36)));
    }
  });

  it('hold what was put, whatever that is, over sinks of every manner', async () => {
    const put = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(40_000), fc.nat()).map(([size, seed]) => noise(size, seed)),
      fc.nat(200_000).map((size) => new Uint8Array(size)),
    );
    const unit = fc.record({
      name: fc.string({ minLength: 1, maxLength: 15 }).filter((name) => !name.includes('\0')),
      instance: fc.nat(0xffffffff),
      puts: fc.array(put, { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 5 }), fc.nat(), async (units, seed) => {
        const bytes = await written(units);
        const verdict = await verifyState(new MemorySource(bytes));
        expect(verdict.load, verdict.message).to.equal('VINF_SUCCESS');
        expect(verdict.validate.withChecksum).to.equal('VINF_SUCCESS');
        const found = await loaded(bytes);
        for (const { name, instance, puts } of new Map(
          units.map((unit) => [`${unit.name}#${unit.instance}`, unit]),
        ).values()) {
          expect(Buffer.compare(found.get(`${name}#${instance}`) as Uint8Array, Buffer.concat(puts))).to.equal(0);
        }
        const sink = new SlowSink(seed);
        const writer = new V1Writer(sink, header);
        for (const { name, instance, puts } of units) {
          const stream = writer.beginUnit({ name, version: 1, instance });
          for (const put of puts) {
            stream.putMem(put);
            await stream.drain();
          }
          writer.endUnit();
          await writer.settle();
        }
        writer.finish();
        await writer.close(false);
        expect(sink.closed).to.equal('whole');
        expect(Buffer.compare(sink.bytes(), bytes)).to.equal(0);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 8000 },
    );
  });

  it('take bounded memory over a slow sink', async () => {
    const writer = new V1Writer(new SlowSink(), header);
    const stream = writer.beginUnit({ name: 'u', version: 1 });
    const status = await statusOf(() => {
      for (let i = 0; i < 100; i++) stream.putMem(noise(65_536, i));
    });
    expect(status).to.equal('VERR_BUFFER_OVERFLOW');
    await writer.close(true);
    const sink = new SlowSink();
    const patient = new V1Writer(sink, header);
    const data = noise(2_000_000);
    await patient.beginUnit({ name: 'u', version: 1 }).putMemAsync(data);
    patient.endUnit();
    patient.finish();
    await patient.close(false);
    expect(Buffer.compare((await loaded(sink.bytes())).get('u#0') as Uint8Array, data)).to.equal(0);
  });
});

describe('what cannot be written in format V1.2', () => {
  it('is anything to a sink that cannot go back: nothing is written', () => {
    const sink: Sink = { write: () => expect.fail('a write'), close: () => {} };
    expect(() => new V1Writer(sink, header))
      .to.throw(SsmError)
      .with.property('status', 'VERR_NOT_SUPPORTED');
  });

  it('is a header that no loader accepts', async () => {
    const wrong: readonly [Partial<V12Header>, string][] = [
      [{ revision: 0 }, 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
      [{ product: { major: 0, minor: 0, build: 0 } }, 'VERR_SSM_INTEGRITY_VBOX_VERSION'],
      [{ hostBits: 16 as 32 }, 'VERR_SSM_INTEGRITY_HEADER'],
      [{ gcPtrBytes: 2 as 4 }, 'VERR_SSM_INTEGRITY_HEADER'],
    ];
    for (const [change, status] of wrong) {
      const sink = new MemorySink();
      expect(await statusOf(() => new V1Writer(sink, { ...header, ...change }))).to.equal(status);
      expect(sink.bytes()).to.have.length(0);
    }
  });

  it('is a unit of a live pass, or with a name that is empty, too long or has a NUL', async () => {
    const writer = new V1Writer(new MemorySink(), header);
    const begin = (name: string, pass = PASS_FINAL) => statusOf(() => writer.beginUnit({ name, version: 1, pass }));
    expect(await begin('u', 0)).to.equal('VERR_NOT_SUPPORTED');
    for (const name of ['', 'n'.repeat(48), 'a\0b', 'ü'.repeat(24)]) {
      expect(await begin(name)).to.equal('VERR_INVALID_NAME');
    }
    expect(await begin('n'.repeat(47))).to.equal('VINF_SUCCESS');
  });

  it('is a unit inside of another, or the end of none', async () => {
    const writer = new V1Writer(new MemorySink(), header);
    expect(await statusOf(() => writer.endUnit())).to.equal('VERR_INVALID_STATE');
    writer.beginUnit({ name: 'u', version: 1 });
    expect(await statusOf(() => writer.beginUnit({ name: 'v', version: 1 }))).to.equal('VERR_INVALID_STATE');
    expect(await statusOf(() => writer.finish())).to.equal('VERR_INVALID_STATE');
    writer.endUnit();
    expect(await statusOf(() => writer.endUnit())).to.equal('VERR_INVALID_STATE');
  });

  it('ends with the failure of the sink, wherever it fails', async () => {
    for (const broken of ['write', 'rewrite', 'close'] as const) {
      const closed: boolean[] = [];
      const memory = new MemorySink();
      const fail = () => {
        throw new SsmError('VERR_SSM_LOW_ON_DISK_SPACE', 'full');
      };
      const sink: Sink = {
        write: (data) => (broken === 'write' ? fail() : memory.write(data)),
        rewrite: (data, position) => (broken === 'rewrite' ? fail() : memory.rewrite(data, position)),
        close: (aborted) => {
          closed.push(aborted);
          if (broken === 'close') fail();
        },
      };
      const writer = new V1Writer(sink, header);
      writer.beginUnit({ name: 'u', version: 1 }).putU32(1);
      writer.endUnit();
      writer.finish();
      expect(await statusOf(() => writer.close(false)), broken).to.equal('VERR_SSM_LOW_ON_DISK_SPACE');
      expect(closed, broken).to.deep.equal([broken !== 'close']);
    }
  });
});
