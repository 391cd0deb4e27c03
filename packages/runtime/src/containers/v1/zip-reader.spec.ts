import { expect } from 'chai';
import fc from 'fast-check';
import { deflate, deflateRaw } from 'pako';
import { loadState } from '../../engine/load.js';
import { type OpenUnit, openState } from '../../engine/open.js';
import { Registry } from '../../engine/registry.js';
import { MemorySource } from '../../io/memory.js';
import type { Source } from '../../io/sink-source.js';
import type { GetStream } from '../../streams/get-stream.js';
import { AwkwardSource, randomNumbers, type SavV1, savV1, statusOf } from '../../testing.js';

const abc = [2, 0x61, 0x62, 0x63];

/** The unit of a file that holds one. */
async function unitOf(sav: SavV1, source: (bytes: Uint8Array) => Source = (bytes) => new MemorySource(bytes)) {
  const state = await openState(source(sav.bytes()));
  return state.seek('u', 0);
}

/** What single bytes got from a unit are, and the status that ends them. */
async function bytesOf(sav: SavV1): Promise<[bytes: string, status: string]> {
  const { stream } = await unitOf(sav);
  const bytes: number[] = [];
  const status = await statusOf(() => {
    for (;;) bytes.push(stream.getU8());
  });
  return [String.fromCharCode(...bytes), status];
}

const start = () => savV1().unit('u');
const past = 'VERR_SSM_LOADED_TOO_MUCH';

describe('zip streams', () => {
  const streams: readonly [name: string, sav: SavV1, bytes: string, status: string][] = [
    ['nothing', start(), '', past],
    ['a type and nothing else', start().lzf(), '', past],
    ['no known type', start().raw([0]), '', 'VERR_INVALID_MAGIC'],
    ['an impossible type', start().raw([9, 1, 2]), '', 'VERR_INVALID_MAGIC'],
    ['BZLIB', start().raw([4, 1, 2]), '', 'VERR_NOT_SUPPORTED'],
    ['LZJB', start().raw([6, 1, 2]), '', 'VERR_NOT_SUPPORTED'],
    ['LZO', start().raw([7, 1, 2]), '', 'VERR_NOT_SUPPORTED'],
    ['STORE', start().store([0x61, 0x62]), 'ab', past],
    ['LZF', start().lzf().block(3, abc).block(1, [0, 0x64]), 'abcd', past],
    ['ZLIB', start().zlib(deflate(Uint8Array.of(0x61, 0x62))), 'ab', past],
    ['DEFLATE', start().deflate(deflateRaw(Uint8Array.of(0x61, 0x62))), 'ab', past],
  ];
  for (const [name, sav, bytes, status] of streams) {
    it(`of ${name} give '${bytes}' and ${status}`, async () => {
      expect(await bytesOf(sav)).to.deep.equal([bytes, status]);
    });
  }

  const broken = 'VERR_GENERAL_FAILURE';
  const blocks: readonly [name: string, sav: SavV1, status: string][] = [
    ['half a header', start().lzf().block(3, abc).raw([0x5a, 0x56, 1]), broken],
    ['a header and nothing more', start().lzf().block(3, abc).raw([0x5a, 0x56, 4, 0, 0, 0, 0, 0, 3, 0]), past],
    [
      'a header and half of the data',
      start().lzf().block(3, abc).raw([0x5a, 0x56, 4, 0, 0, 0, 0, 0, 3, 0, 2, 0x61]),
      broken,
    ],
    [
      'another magic',
      start()
        .lzf()
        .block(3, abc)
        .raw([0x5a, 0x57, 4, 0, 0, 0, 0, 0, 3, 0, ...abc]),
      broken,
    ],
    ['no data', start().lzf().block(3, abc).block(3, []).block(3, abc), broken],
    ['too much data', start().lzf().block(3, abc).block(3, new Array(16375).fill(0)), broken],
    ['nothing to expand to', start().lzf().block(3, abc).block(0, abc), broken],
    ['too much to expand to', start().lzf().block(3, abc).block(32769, abc), broken],
    ['more to expand to than there is', start().lzf().block(3, abc).block(4, abc), broken],
    ['less to expand to than there is', start().lzf().block(3, abc).block(2, abc), broken],
    ['a reference to nothing', start().lzf().block(3, abc).block(3, [0x20, 5]), broken],
  ];
  for (const [name, sav, status] of blocks) {
    it(`of LZF whose second block has ${name} give the first one and ${status}`, async () => {
      expect(await bytesOf(sav)).to.deep.equal(['abc', status]);
    });
  }

  it('of LZF have a CRC in their blocks that nobody looks at', async () => {
    const sav = start()
      .lzf()
      .raw([0x5a, 0x56, abc.length, 0, 1, 2, 3, 4, 3, 0, ...abc]);
    expect(await bytesOf(sav)).to.deep.equal(['abc', past]);
  });

  it('of LZF have blocks of up to 32768 bytes, in up to 16374', async () => {
    const literals = (count: number) =>
      Array.from({ length: count / 32 }, () => [31, ...new Array(32).fill(0x61)]).flat();
    expect((await bytesOf(start().lzf().block(15872, literals(15872))))[0]).to.have.length(15872);
    const { stream } = await unitOf(start().lzf().block(32768, expandable(32768)));
    expect(stream.getMem(new Uint8Array(32768)).every((byte) => byte === 0x61)).to.equal(true);
  });

  /** LZF data for the letter a so many times. */
  function expandable(count: number): number[] {
    const data = [0, 0x61];
    let left = count - 1;
    for (; left >= 267; left -= 264) data.push(0xe0, 255, 0);
    while (left > 0) {
      const length = Math.min(left, 8);
      if (length < 3) {
        data.push(length - 1, ...new Array(length).fill(0x61));
      } else data.push((length - 2) << 5, 0);
      left -= length;
    }
    return data;
  }

  const text = new TextEncoder().encode('the quick brown fox jumps over the lazy dog, '.repeat(9));
  for (const [name, make] of [
    ['ZLIB', (data: Uint8Array) => start().zlib(deflate(data))],
    ['DEFLATE', (data: Uint8Array) => start().deflate(deflateRaw(data))],
  ] as const) {
    it(`of ${name} fail with VERR_NO_DATA where a get reaches over their end, else with ${past}`, async () => {
      const over = (await unitOf(make(text))).stream;
      over.getMem(new Uint8Array(text.length - 3));
      expect(await statusOf(() => over.getU32())).to.equal('VERR_NO_DATA');
      const behind = (await unitOf(make(text))).stream;
      behind.getMem(new Uint8Array(text.length));
      expect(await statusOf(() => behind.getU32())).to.equal(past);
      const large = (await unitOf(make(text))).stream;
      expect(await statusOf(() => large.getMem(new Uint8Array(10_000)))).to.equal('VERR_NO_DATA');
    });

    it(`of ${name} fail where they are cut off, and may have anything behind their end`, async () => {
      const [whole] = await bytesOf(make(text));
      expect(whole).to.equal(new TextDecoder().decode(text));
      const stream = (name === 'ZLIB' ? deflate : deflateRaw)(text);
      const type = name === 'ZLIB' ? 3 : 8;
      const [part, status] = await bytesOf(start().raw([type]).raw(stream.subarray(0, 30)));
      expect(whole.startsWith(part)).to.equal(true);
      expect(part).to.have.length.within(1, text.length - 1);
      expect(status).to.equal(past);
      const cut = await unitOf(start().raw([type]).raw(stream.subarray(0, 30)));
      expect(await statusOf(() => cut.measure())).to.equal(past);
      const more = await unitOf(start().raw([type]).raw(stream).raw(stream));
      expect(await more.measure()).to.deep.include({ data: text.length, stored: 1 + 2 * stream.length });
    });
  }

  it('of ZLIB give what is in front of the damage', async () => {
    const stream = deflate(text);
    stream[stream.length - 1] = ~(stream.at(-1) as number);
    expect(await bytesOf(start().zlib(stream))).to.deep.equal([new TextDecoder().decode(text), 'VERR_ZIP_CORRUPTED']);
    expect(await bytesOf(start().zlib([0x79, 0x9c]))).to.deep.equal(['', 'VERR_ZIP_CORRUPTED']);
    // A dictionary, which nobody has.
    expect(await bytesOf(start().zlib([0x78, 0xbb, 0, 0, 0, 1]))).to.deep.equal(['', 'VERR_ZIP_CORRUPTED']);
  });

  it('give the same in pieces of any size, from any source', async () => {
    const random = randomNumbers(3);
    const data = Uint8Array.from({ length: 40_000 }, (_, i) => (i % 5000 < 2500 ? random() * 256 : i >> 8));
    const lzf = start().lzf();
    for (let at = 0; at < data.length; at += 3200) {
      const part = data.subarray(at, at + 3200);
      lzf.block(
        part.length,
        [...chunks(part, 32)].flatMap((chunk) => [chunk.length - 1, ...chunk]),
      );
    }
    const savs = [start().store(data), lzf, start().zlib(deflate(data)), start().deflate(deflateRaw(data))];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...savs),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 4000, max: 20_000 })), { minLength: 1 }),
        fc.nat(),
        async (sav, sizes, seed) => {
          const { stream } = await unitOf(sav, (bytes) => new AwkwardSource(bytes, { shortReads: true, seed }));
          for (let at = 0, i = 0; at < data.length; i++) {
            const size = Math.min(Math.max(1, sizes[i % sizes.length] as number), data.length - at);
            expect(Buffer.compare(stream.getMem(new Uint8Array(size)), data.subarray(at, at + size))).to.equal(0);
            at += size;
          }
          expect(await statusOf(() => stream.getU8())).to.equal(past);
        },
      ),
      { numRuns: 60, interruptAfterTimeLimit: 4000 },
    );
    for (const sav of savs) {
      const { stream } = await unitOf(
        sav,
        (bytes) => new AwkwardSource(bytes, { asynchronous: true, shortReads: true }),
      );
      expect(Buffer.compare(await stream.getMemAsync(new Uint8Array(data.length)), data)).to.equal(0);
    }
  });

  function* chunks(data: Uint8Array, size: number): Generator<Uint8Array> {
    for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
  }

  it('are measured, those of LZF without being expanded', async () => {
    const none = { raw: 0, lzf: 0, zero: 0, lz4: 0, zlib: 0 };
    const zlib = deflate(text);
    const cases: readonly [SavV1, Awaited<ReturnType<OpenUnit['measure']>>][] = [
      [start(), { data: 0, stored: 0, records: none }],
      [start().store([1, 2, 3]), { data: 3, stored: 4, records: { ...none, raw: 1 } }],
      // The data of the second block is not LZF at all.
      [start().lzf().block(3, abc).block(100, [0xff]), { data: 103, stored: 26, records: { ...none, lzf: 2 } }],
      [start().zlib(zlib), { data: text.length, stored: 1 + zlib.length, records: { ...none, zlib: 1 } }],
    ];
    for (const [sav, size] of cases) {
      const unit = await unitOf(sav);
      expect(await unit.measure()).to.deep.equal(size);
      const partly = await unitOf(sav);
      await statusOf(() => partly.stream.getU8());
      expect(await partly.measure()).to.deep.equal(size);
    }
  });

  it('are bounded by the limits', async () => {
    const bomb = savV1()
      .unit('u')
      .zlib(deflate(new Uint8Array(50_000_000)));
    const before = process.memoryUsage().arrayBuffers;
    const over = (sav: SavV1, limits: object) =>
      statusOf(() =>
        loadState(new Registry(), new MemorySource(sav.bytes()), {
          limits,
          onUnknownUnit: async (_stream, _unit, handle) => void (await handle.readToEndOfUnit()),
        }),
      );
    expect(await over(bomb, { decodedBytes: 49_999_999 })).to.equal('VERR_TOO_MUCH_DATA');
    expect(await over(bomb, { decodedBytes: 50_000_000, records: 1 })).to.equal('VINF_SUCCESS');
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(4 << 20);
    const many = savV1().unit('u').lzf();
    for (let i = 0; i < 10; i++) many.block(3, abc);
    expect(await over(many, { records: 10, decodedBytes: 30 })).to.equal('VINF_SUCCESS');
    expect(await over(many, { records: 9 })).to.equal('VERR_TOO_MUCH_DATA');
    expect(await over(many, { decodedBytes: 29 })).to.equal('VERR_TOO_MUCH_DATA');
    expect(await over(start().store([1, 2]), { decodedBytes: 1 })).to.equal('VERR_TOO_MUCH_DATA');
  });

  for (const [name, sav] of [
    ['STORE', start().store(new Uint8Array(5000))],
    ['LZF', start().lzf().block(265, [0, 0x61, 0xe0, 255, 0])],
    ['ZLIB', start().zlib(deflate(new Uint8Array(5000)))],
  ] as const) {
    it(`of ${name} are bounded by the limits also where a source is waited for: what has failed fails again`, async () => {
      for (const asynchronous of [false, true]) {
        const load = loadState(new Registry(), new AwkwardSource(sav.bytes(), { asynchronous }), {
          limits: { decodedBytes: 100 },
          onUnknownUnit: async (stream, _unit, handle) => {
            expect(await statusOf(() => stream.ensure(1))).to.equal('VINF_SUCCESS');
            await handle.readToEndOfUnit();
          },
        });
        expect(await statusOf(() => load)).to.equal('VERR_TOO_MUCH_DATA');
      }
    });
  }

  it('are awaited where a get would have to wait', async () => {
    const { stream } = await unitOf(
      start().store(new Uint8Array(100_000)),
      (bytes) => new AwkwardSource(bytes, { asynchronous: true }),
    );
    const all = (stream: GetStream) => stream.getMem(new Uint8Array(100_000));
    expect(await statusOf(() => all(stream))).to.equal('VERR_TRY_AGAIN');
  });
});
