import { expect } from 'chai';
import fc from 'fast-check';
import { deflate } from 'pako';
import { lzfCompress } from '../codecs/lzf.js';
import type { RecordMark } from '../containers/state.js';
import { MemorySource } from '../io/memory.js';
import { AwkwardSource, sav, savV1, statusOf } from '../testing.js';
import { type OpenUnit, openState } from './open.js';

/** A record, and what it stands for. */
type Part = { readonly kind: 'raw' | 'zero' | 'lzf'; readonly size: number };

const parts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('raw' as const), size: fc.constantFrom(0, 1, 9, 4096, 50_000) }),
    fc.record({ kind: fc.constant('zero' as const), size: fc.constantFrom(0, 1024, 4096) }),
    fc.record({ kind: fc.constant('lzf' as const), size: fc.constantFrom(1024, 4096) }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** How a unit is gone through: gets and skips. */
const steps = fc.array(fc.record({ skip: fc.boolean(), count: fc.constantFrom(1, 2, 9, 1024, 4096, 4097, 30_000) }), {
  minLength: 1,
  maxLength: 20,
});

const bytesOf = ({ kind, size }: Part, i: number) =>
  Array.from({ length: size }, (_, at) => (kind === 'zero' ? 0 : (at * 7 + (at >> 5) * 31 + i * 13) & 0xff));

function lzf(data: readonly number[]): number[] {
  const packed = new Uint8Array(data.length * 2);
  const size = lzfCompress(Uint8Array.from(data), 0, data.length, packed, 0, data.length);
  return [...packed.subarray(0, size)];
}

/** A part that repeats itself, so that LZF makes it smaller. */
const packable = (size: number, i: number) => Array.from({ length: size }, (_, at) => (at >> 6) + i);

const states: Readonly<Record<string, (all: readonly Part[]) => Uint8Array>> = {
  'V2.0': (all) => {
    const state = sav().unit('a').u32(1).unit('ram', 1, { version: 3 });
    all.forEach((part, i) => {
      if (part.kind === 'raw') state.raw(bytesOf(part, i));
      else if (part.kind === 'zero') state.zero(part.size / 1024);
      else state.lzf(part.size / 1024, lzf(packable(part.size, i)));
    });
    return state.unit('b').u32(2).bytes();
  },
  'V1.2, stored': (all) => savV1().unit('a').unit('ram', 1).store(all.flatMap(bytesOf)).unit('b').bytes(),
  'V1.2, zlib': (all) =>
    savV1()
      .unit('a')
      .unit('ram', 1)
      .zlib(deflate(Uint8Array.from(all.flatMap(bytesOf))))
      .unit('b')
      .bytes(),
  'V1.2, LZF': (all) => {
    const state = savV1().unit('a').unit('ram', 1).lzf();
    all.forEach(({ size }, i) => {
      for (let at = 0; at < size; at += 16_000) {
        const data = packable(Math.max(16, Math.min(16_000, size - at)), i + at);
        state.block(data.length, lzf(data));
      }
    });
    return state.unit('b').bytes();
  },
};

async function ramOf(units: AsyncGenerator<OpenUnit>): Promise<OpenUnit> {
  for (;;) {
    const { value } = await units.next();
    if ((value as OpenUnit).name === 'ram') return value as OpenUnit;
  }
}

async function rest({ stream }: Pick<OpenUnit, 'stream'>): Promise<Buffer> {
  await stream.ensure(2 ** 22);
  return Buffer.from(stream.getMem(new Uint8Array(stream.buffered)));
}

describe('reading on at a mark', () => {
  for (const [format, make] of Object.entries(states)) {
    for (const asynchronous of [false, true]) {
      it(`${format}, ${asynchronous ? 'asynchronous' : 'synchronous'}: every mark leads to the same data`, async () => {
        let marked = 0;
        await fc.assert(
          fc.asyncProperty(parts, steps, async (all, walk) => {
            const bytes = make(all);
            const source = asynchronous ? new AwkwardSource(bytes, { asynchronous }) : new MemorySource(bytes);
            const state = await openState(source);
            const data = await rest(await state.seek('ram', 1));
            const unit = await ramOf(state.units());
            const marks: { offset: number; mark: RecordMark }[] = [];
            let offset = 0;
            for (const { skip, count } of walk) {
              const mark = unit.mark();
              if (mark !== undefined) marks.push({ offset, mark });
              const most = Math.min(count, data.length - offset);
              if (skip) await unit.stream.skipReady(most);
              else {
                const got = await unit.stream.getMemAsync(new Uint8Array(most));
                expect(Buffer.compare(got, data.subarray(offset, offset + most))).to.equal(0);
              }
              offset += most;
              expect(unit.stream.offset).to.equal(offset);
            }
            expect(Buffer.compare(await rest(unit), data.subarray(offset))).to.equal(0);
            expect(marks.length).to.be.at.least(1);
            for (const { offset, mark } of marks) {
              const stream = await state.resume(unit, mark);
              expect(Buffer.compare(await rest({ stream }), data.subarray(offset)), `at ${offset}`).to.equal(0);
              marked++;
            }
          }),
          { numRuns: asynchronous ? 10 : 40 },
        );
        expect(marked).to.be.at.least(10);
      });
    }
  }

  it('goes over records without decoding them', async () => {
    // Not valid LZF: whoever expands it fails.
    const bytes = sav().unit('ram', 1).u8(1).lzf(4, [0xff, 0xff]).lzf(4, [0xff, 0xff]).u8(2).bytes();
    const { stream } = await (await openState(new MemorySource(bytes))).seek('ram', 1);
    expect(stream.getU8()).to.equal(1);
    stream.skip(8192);
    expect(stream.getU8()).to.equal(2);
    const again = await (await openState(new MemorySource(bytes))).seek('ram', 1);
    again.stream.getU8();
    expect(await statusOf(() => again.stream.skip(4095))).to.equal('VERR_SSM_INTEGRITY_DECOMPRESSION');
  });

  it('a skip past the end fails as a get does', async () => {
    const bytes = sav().unit('ram', 1).zero(4).u8(2).bytes();
    for (const count of [4098, 10_000]) {
      const { stream } = await (await openState(new MemorySource(bytes))).seek('ram', 1);
      expect(await statusOf(() => stream.skip(count))).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    }
  });

  it('there is no mark while data is buffered', async () => {
    const state = await openState(new MemorySource(sav().unit('ram', 1).u32(1).u32(2).bytes()));
    const unit = await state.seek('ram', 1);
    expect(unit.mark()).not.to.equal(undefined);
    unit.stream.getU32();
    expect(unit.mark()).to.equal(undefined);
    unit.stream.getU32();
    expect(unit.mark()).not.to.equal(undefined);
  });

  it('is not for streams', async () => {
    const bytes = sav().unit('ram', 1).u32(1).bytes();
    const state = await openState(new AwkwardSource(bytes, { stream: true }));
    const unit = await ramOf(state.units());
    expect(await statusOf(() => state.resume(unit, unit.mark() as RecordMark))).to.equal('VERR_NOT_SUPPORTED');
  });
});
