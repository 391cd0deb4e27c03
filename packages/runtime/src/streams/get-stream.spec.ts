import { hostProfile } from '@ssmkit/schema';
import { expect } from 'chai';
import fc from 'fast-check';
import { statusOf } from '../testing.js';
import { GetStream } from './get-stream.js';
import { NeedMore, RECORD_MAX, type RecordSource, type SavedHost } from './record-source.js';

/** A unit's records, of any sizes; each may have to be waited for. */
class Records implements RecordSource {
  readonly #records: readonly Uint8Array[];
  readonly #slow: boolean;
  #next = 0;
  #ready = false;

  constructor(records: readonly Uint8Array[], slow = false) {
    this.#records = records;
    this.#slow = slow;
  }

  fill(into: Uint8Array, at: number): number {
    expect(into.length - at).to.be.at.least(RECORD_MAX);
    const record = this.#records[this.#next];
    if (record === undefined) return -1;
    if (this.#slow && !this.#ready) throw new NeedMore();
    this.#ready = false;
    this.#next++;
    into.set(record, at);
    return record.length;
  }

  async more(): Promise<void> {
    this.#ready = true;
  }
}

const records = fc.array(
  fc
    .oneof(fc.constantFrom(0, 1, 7, 4096), fc.integer({ min: 0, max: 4096 }))
    .map((length) => Uint8Array.from({ length }, (_, i) => (i * 13 + length) & 0xff)),
  { maxLength: 40 },
);
const requests = fc.array(
  fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 512, 513, 4096), fc.integer({ min: 0, max: 20_000 })),
  {
    maxLength: 60,
  },
);

/** Cuts requests so that together they ask for what there is. */
function withinTotal(sizes: readonly number[], total: number): number[] {
  let left = total;
  return sizes.flatMap((size) => {
    const take = Math.min(size, left);
    left -= take;
    return [take];
  });
}

const joined = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

describe('how gets cross records', () => {
  it('a unit reads the same, however its records and its gets are cut', () => {
    fc.assert(
      fc.property(records, requests, (parts, sizes) => {
        const data = joined(parts);
        const stream = new GetStream(new Records(parts));
        let at = 0;
        for (const size of withinTotal(sizes, data.length)) {
          expect(Buffer.compare(stream.getMem(new Uint8Array(size)), data.subarray(at, at + size))).to.equal(0);
          at += size;
          expect(stream.offset).to.equal(at);
        }
        stream.skip(data.length - at);
        expect(stream.offset).to.equal(data.length);
        expect(stream.buffered).to.equal(0);
      }),
      { numRuns: 80 },
    );
  });

  it('a source that must be waited for gives the same', async () => {
    await fc.assert(
      fc.asyncProperty(records, requests, async (parts, sizes) => {
        const data = joined(parts);
        const stream = new GetStream(new Records(parts, true));
        let at = 0;
        for (const size of withinTotal(sizes, data.length)) {
          const got = await stream.getMemAsync(new Uint8Array(size));
          expect(Buffer.compare(got, data.subarray(at, at + size))).to.equal(0);
          at += size;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('ensured bytes can be got without waiting', async () => {
    const parts = Array.from({ length: 50 }, (_, i) => new Uint8Array(4000).fill(i));
    const stream = new GetStream(new Records(parts, true));
    await stream.ensure(150_000);
    expect(stream.getMem(new Uint8Array(150_000))).to.deep.equal(new Uint8Array(joined(parts).subarray(0, 150_000)));
    // All there is, where that is less.
    await stream.ensure(1_000_000);
    expect(stream.buffered).to.equal(50_000);
  });
});

describe('what a get stream refuses', () => {
  it('to keep more than half a gigabyte ready', async () => {
    const stream = new GetStream(new Records([]));
    expect(await statusOf(() => stream.ensure(2 ** 29 + 1))).to.equal('VERR_OUT_OF_RANGE');
  });

  it('to read past the end: VERR_SSM_LOADED_TOO_MUCH, which stays', async () => {
    const stream = new GetStream(new Records([new Uint8Array(6)]));
    stream.getU32();
    expect(await statusOf(async () => stream.getU32())).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    expect(await statusOf(async () => stream.getU8())).to.equal('VERR_SSM_LOADED_TOO_MUCH');
    stream.reset();
    expect(stream.failure).to.equal(undefined);
  });

  it('to wait inside a get: VERR_TRY_AGAIN says what to await', async () => {
    const stream = new GetStream(new Records([new Uint8Array(6)], true));
    expect(await statusOf(async () => stream.getU32())).to.equal('VERR_TRY_AGAIN');
  });

  it('a string that is too long, and stays usable behind its length', async () => {
    const stream = new GetStream(new Records([Uint8Array.of(3, 0, 0, 0, 0x61, 0x62, 0x63)]));
    expect(await statusOf(async () => stream.getStrZ(2))).to.equal('VERR_TOO_MUCH_DATA');
    expect(stream.getU8()).to.equal(0x61);
  });

  it('a string that is not UTF-8', async () => {
    const stream = new GetStream(new Records([Uint8Array.of(1, 0, 0, 0, 0xff)]));
    expect(await statusOf(async () => stream.getStrZ())).to.equal('VERR_SSM_UNEXPECTED_DATA');
    const bytes = new GetStream(new Records([Uint8Array.of(1, 0, 0, 0, 0xff)]));
    expect(bytes.getStrZBytes()).to.deep.equal(Uint8Array.of(0xff));
  });

  const wide: SavedHost = { name: 'linux.amd64', bits: 64, gcPhysBytes: 8, gcPtrBytes: 8, msc32: false };
  const addresses: readonly ['getGCPhys' | 'getGCPtr', string][] = [
    ['getGCPhys', 'VERR_SSM_GCPHYS_OVERFLOW'],
    ['getGCPtr', 'VERR_SSM_GCPTR_OVERFLOW'],
  ];
  for (const [get, status] of addresses) {
    it(`${get}: an address wider than the own host's is ${status}, and the stream stays usable`, async () => {
      const data = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0);
      const host = hostProfile('linux.x86', { gcPhysBytes: 4, gcPtrBytes: 4 });
      const stream = new GetStream(new Records([data]), { host, saved: wide });
      expect(await statusOf(async () => stream[get]())).to.equal(status);
      expect(stream[get]()).to.equal(5n);
    });

    it(`${get}: reads as many bytes as the saved side used`, () => {
      const saved: SavedHost = { ...wide, gcPhysBytes: 4, gcPtrBytes: 4 };
      const stream = new GetStream(new Records([Uint8Array.of(0xff, 0xff, 0xff, 0xff, 7)]), { saved });
      expect(stream[get]()).to.equal(0xffffffffn);
      expect(stream.getU8()).to.equal(7);
    });
  }
});
