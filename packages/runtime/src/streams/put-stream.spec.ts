import { expect } from 'chai';
import fc from 'fast-check';
import { SsmError } from '../error.js';
import { statusOf } from '../testing.js';
import type { RecordSink } from './put-primitives.js';
import { PutStream } from './put-stream.js';

/** Records as they come, big items marked. */
class Log implements RecordSink {
  readonly capacity = 4096;
  readonly itemMax = 512;
  readonly records: { big: boolean; data: number[] }[] = [];

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.records.push({ big: false, data: [...bytes.subarray(start, end)] });
  }

  putBig(data: Uint8Array): void {
    this.records.push({ big: true, data: [...data] });
  }

  drain(): undefined {}
}

/** The rule of spec and original, item by item: what fits is gathered, an item is never split, large ones stand alone. */
function recordsOf(items: readonly Uint8Array[]): Log['records'] {
  const records: Log['records'] = [];
  let buffered: number[] = [];
  const flush = () => {
    if (buffered.length > 0) records.push({ big: false, data: buffered });
    buffered = [];
  };
  for (const item of items) {
    if (item.length > 512 || buffered.length + item.length > 4096) flush();
    if (item.length > 512) records.push({ big: true, data: [...item] });
    else buffered.push(...item);
  }
  flush();
  return records;
}

const size = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 4, 8, 16) },
  { weight: 2, arbitrary: fc.integer({ min: 17, max: 512 }) },
  { weight: 1, arbitrary: fc.constantFrom(511, 512, 513, 4095, 4096, 4097, 9000) },
);
const item = size.map((length) => Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff));

describe('how items become records', () => {
  it('small items are gathered and never split, large ones are records of their own', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 400 }), (items) => {
        const log = new Log();
        const stream = new PutStream(log);
        for (const data of items) stream.putMem(data);
        stream.flush();
        expect(log.records).to.deep.equal(recordsOf(items));
        expect(stream.offset).to.equal(items.reduce((sum, { length }) => sum + length, 0));
      }),
      { numRuns: 60 },
    );
  });

  it('a run of items is cut where its items would have been cut', () => {
    const small = fc.constantFrom(1, 2, 4, 8, 16, 100, 512);
    const run = fc.array(small, { minLength: 1, maxLength: 60 }).filter((sizes) => sum(sizes) <= 4096);
    fc.assert(
      fc.property(fc.array(run, { maxLength: 120 }), (runs) => {
        const log = new Log();
        const stream = new PutStream(log);
        let value = 0;
        const items: Uint8Array[] = [];
        for (const sizes of runs) {
          const ends: number[] = [];
          let end = 0;
          for (const length of sizes) {
            const data = Uint8Array.from({ length }, () => value++ & 0xff);
            stream.bytes.set(data, stream.pos + end);
            items.push(data);
            end += length;
            ends.push(end);
          }
          stream.commit(stream.pos + end, ends);
        }
        stream.flush();
        expect(log.records).to.deep.equal(recordsOf(items));
      }),
      { numRuns: 60 },
    );
  });

  it('an array of values is as many items', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4096 }),
        fc.constantFrom(1, 2, 4, 8, 16),
        fc.integer({ min: 0, max: 3000 }),
        (before, width, count) => {
          const [log, other] = [new Log(), new Log()];
          const [together, apart] = [new PutStream(log), new PutStream(other)];
          const data = Uint8Array.from({ length: width * count }, (_, i) => i & 0xff);
          for (const stream of [together, apart]) for (let i = 0; i < before; i++) stream.putU8(i);
          together.putItems(data, width);
          for (let at = 0; at < data.length; at += width) apart.putMem(data.subarray(at, at + width));
          together.flush();
          apart.flush();
          expect(log.records).to.deep.equal(other.records);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('awaited memory becomes the records of one put', async () => {
    for (const length of [0, 1, 512, 513, 65536, 65537, 200_000]) {
      const [log, other] = [new Log(), new Log()];
      const [waiting, atOnce] = [new PutStream(log), new PutStream(other)];
      const data = new Uint8Array(length).fill(7);
      await waiting.putMemAsync(data);
      atOnce.putMem(data);
      waiting.flush();
      atOnce.flush();
      const joined = (records: Log['records']) => records.flatMap((record) => record.data);
      expect(joined(log.records)).to.deep.equal(joined(other.records));
      // All but the last piece are whole blocks.
      expect(log.records.slice(0, -1).every((record) => record.data.length % 4096 === 0)).to.equal(true);
    }
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('what a put stream refuses', () => {
  const refused: readonly [what: string, put: (stream: PutStream) => void, status: string][] = [
    ['a string of more than 1 MiB', (s) => s.putStrZ('x'.repeat(1_048_577)), 'VERR_TOO_MUCH_DATA'],
    ['a string with a lone surrogate', (s) => s.putStrZ('a\ud800'), 'VERR_INVALID_PARAMETER'],
  ];
  for (const [what, put, status] of refused) {
    it(`${what}: ${status}, nothing is written, and the stream stays usable`, async () => {
      const log = new Log();
      const stream = new PutStream(log);
      stream.putU8(1);
      expect(await statusOf(async () => put(stream))).to.equal(status);
      stream.putU8(2);
      stream.flush();
      expect(log.records).to.deep.equal([{ big: false, data: [1, 2] }]);
    });
  }

  it('takes a string of exactly 1 MiB', () => {
    const log = new Log();
    new PutStream(log).putStrZ('x'.repeat(1_048_576));
    expect(log.records.map(({ big, data }) => [big, data.length])).to.deep.equal([
      [false, 4],
      [true, 1_048_576],
    ]);
  });

  it('a stored failure is what every later put fails with', async () => {
    const log = new Log();
    const stream = new PutStream(log);
    stream.fail(new SsmError('VERR_SSM_CANCELLED', 'cancelled'));
    const puts: ((s: PutStream) => unknown)[] = [
      (s) => s.putU8(1),
      (s) => s.putU64(1n),
      (s) => s.putMem(new Uint8Array(600)),
      (s) => s.putItems(new Uint8Array(8), 4),
      (s) => s.putStrZ('x'),
      (s) => s.putZeros(1),
      (s) => s.flush(),
      (s) => s.putMemAsync(new Uint8Array(100_000)),
      (s) => s.commit(s.pos + 1, [1]),
    ];
    for (const put of puts) expect(await statusOf(async () => put(stream))).to.equal('VERR_SSM_CANCELLED');
    stream.begin(1);
    expect(await statusOf(async () => stream.putU8(1))).to.equal('VERR_SSM_CANCELLED');
    expect(log.records).to.deep.equal([]);
  });

  it('a failing sink is a stored failure', async () => {
    const failing = new Log();
    failing.putBig = () => {
      throw new SsmError('VERR_SSM_LOW_ON_DISK_SPACE', 'full');
    };
    const stream = new PutStream(failing);
    expect(await statusOf(async () => stream.putMem(new Uint8Array(4096)))).to.equal('VERR_SSM_LOW_ON_DISK_SPACE');
    expect(await statusOf(async () => stream.putU8(1))).to.equal('VERR_SSM_LOW_ON_DISK_SPACE');
  });
});
