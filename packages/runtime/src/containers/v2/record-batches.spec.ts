import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { isSsmError } from '../../error.js';
import { MemorySink, MemorySource } from '../../io/memory.js';
import type { Source } from '../../io/sink-source.js';
import { GetStream } from '../../streams/get-stream.js';
import { PutStream } from '../../streams/put-stream.js';
import { AwkwardSource, randomNumbers } from '../../testing.js';
import { useWasm } from '../../wasm/instance.js';
import { CodecPool } from '../../workers/pool.js';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { type Limits, ReadGuard } from '../guard.js';
import { RecordReader } from './record-reader.js';
import { RecordWriter } from './record-writer.js';
import type { Compression } from './records.js';

/*
 * Many records in one call of WebAssembly, or one after the other in TypeScript, or by a worker: nobody can tell which it
 * was.
 */

/** Data of a unit: items of all sizes, among them pages of zeros, of text, and of noise. */
function unitData(seed: number, pages: number): Uint8Array[] {
  const random = randomNumbers(seed + 1);
  return Array.from({ length: pages }, () => {
    const kind = Math.floor(random() * 5);
    const size = kind === 4 ? Math.floor(random() * 3000) : 4096 * Math.ceil(random() * 6) + (kind === 3 ? 77 : 0);
    return Uint8Array.from(
      { length: size },
      () => [0, random() * 256, 97 + random() * 5, random() * 2, 1][kind] as number,
    );
  });
}

function records(items: readonly Uint8Array[], compression: Compression): Uint8Array {
  const sink = new MemorySink();
  const output = new ByteWriter(sink);
  const stream = new PutStream(new RecordWriter(output, compression));
  for (const item of items) stream.putMem(item);
  stream.flush();
  output.flush();
  return sink.bytes();
}

/** What a reader makes of records: the data, where it stood at its end, its totals, and how it failed. */
interface Reading {
  readonly data: Uint8Array;
  readonly totals: unknown;
  readonly position: number;
  /** CRC of the records that were read. */
  readonly crc: number;
  readonly failure: unknown;
}

async function read(source: Source, room: number, pool?: CodecPool, limits: Partial<Limits> = {}): Promise<Reading> {
  const input = new ByteReader(source, 0, new ReadGuard(limits));
  const reader = new RecordReader(input, true);
  if (pool !== undefined) reader.usePool(pool);
  reader.begin();
  const parts: Uint8Array[] = [];
  let failure: unknown;
  try {
    for (;;) {
      const into = new Uint8Array(room + 9).fill(0xee);
      const count = await input.run(() => reader.fillMany(into, 3, 3 + room));
      if (count < 0) break;
      expect(into.subarray(3 + room).every((byte) => byte === 0xee)).to.equal(true);
      parts.push(into.subarray(3, 3 + count));
    }
  } catch (error) {
    failure = isSsmError(error) ? { status: error.status, detail: error.detail, where: error.where } : error;
  }
  const data = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data, totals: reader.totals, position: input.position, crc: input.crc, failure };
}

/** A worker, who expands what comes next. */
let pool: CodecPool;

async function expectSame(run: (pool?: CodecPool) => Promise<Reading>): Promise<Reading> {
  try {
    const many = [await run(), await run(pool)];
    useWasm(false);
    const single = await run();
    for (const { data, ...rest } of [...many, await run(pool)]) {
      const { data: expected, ...others } = single;
      expect(rest).to.deep.equal(others);
      expect(Buffer.compare(data, expected)).to.equal(0);
    }
    return single;
  } finally {
    useWasm(true);
  }
}

const unit = fc.record({ seed: fc.nat(), compression: fc.constantFrom<Compression>('lzf', 'lz4', 'none') });

describe('records in batches', function () {
  this.timeout(30_000);

  before(async () => {
    pool = new CodecPool(1, 'loading');
    pool.start();
    while (pool.running < 1) await sleep(1);
  });

  after(() => pool.end());

  it('decode to what was put, from memory, from a file and from a slow stream', async () => {
    await fc.assert(
      fc.asyncProperty(unit, fc.integer({ min: 4096, max: 300_000 }), async ({ seed, compression }, room) => {
        const items = unitData(seed, 12);
        const bytes = records(items, compression);
        const data = Buffer.concat(items);
        for (const source of [
          () => new MemorySource(bytes),
          () => new AwkwardSource(bytes, { shortReads: true }),
          () => new AwkwardSource(bytes, { stream: true, asynchronous: true, shortReads: true }),
        ]) {
          const reading = await expectSame((pool) => read(source(), room, pool));
          // There is no TERM: that the file ends is what ends it.
          expect(reading.failure).to.have.property('status', 'VERR_SSM_LOADED_TOO_MUCH');
          expect(Buffer.compare(reading.data, data)).to.equal(0);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('fail as single records do, where they are damaged or cut', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(unit, damage, fc.nat(), fc.boolean(), async ({ seed, compression }, changes, cut, cutting) => {
        const bytes = records(unitData(seed, 5), compression).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const source = new MemorySource(cutting ? bytes.subarray(0, cut % bytes.length) : bytes);
        const reading = await expectSame((pool) => read(source, 50_000, pool));
        expect(reading.failure).to.not.equal(undefined);
      }),
      { numRuns: 200 },
    );
  });

  it('fail as single records do, where the headers of records are damaged', async () => {
    const size = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0xe0, 0xc0, 0x80, 0xf0, 1, 2, 4)), { maxLength: 6 });
    const first = fc.oneof(fc.integer({ min: 0x90, max: 0x96 }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(first, size, fc.uint8Array({ maxLength: 20 }), async (type, header, rest) => {
        const whole = records([new Uint8Array(8192).fill(5)], 'lzf');
        const bytes = Uint8Array.from([...whole, type, ...header, ...rest, ...whole]);
        await expectSame((pool) => read(new MemorySource(bytes), 20_000, pool));
      }),
      { numRuns: 1000 },
    );
  });

  const limits: readonly Partial<Limits>[] = [{ records: 7 }, { decodedBytes: 30_000 }, { fileBytes: 40_000 }];
  for (const limit of limits) {
    it(`end at the same record where only ${JSON.stringify(limit)} are allowed`, async () => {
      const bytes = records([new Uint8Array(20 * 4096).map((_, i) => (i * i) >> 7)], 'lzf');
      const reading = await expectSame((pool) =>
        read(new AwkwardSource(bytes, { shortReads: true }), 60_000, pool, limit),
      );
      expect(reading.failure).to.have.property('status', 'VERR_TOO_MUCH_DATA');
    });
  }

  it('are written as single records are, but for what is inside of packed ones', () => {
    const outline = (bytes: Uint8Array) => {
      const found: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const type = (bytes[at] as number) & 0x0f;
        const lead = bytes[at + 1] as number;
        const sizeBytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : 3;
        let size = sizeBytes === 1 ? lead : lead & (0x3f >> (sizeBytes - 1));
        for (let i = 1; i < sizeBytes; i++) size = size * 64 + ((bytes[at + 1 + i] as number) & 0x3f);
        const packed = type === 3 || type === 6;
        const payload = bytes.subarray(at + 1 + sizeBytes, at + 1 + sizeBytes + size);
        found.push(`${bytes[at]} ${packed ? `${sizeBytes} ${payload[0]}` : Buffer.from(payload).toString('base64')}`);
        at += 1 + sizeBytes + size;
      }
      return found;
    };
    fc.assert(
      fc.property(unit, ({ seed, compression }) => {
        const items = unitData(seed, 10);
        const batched = outline(records(items, compression));
        useWasm(false);
        try {
          expect(batched).to.deep.equal(outline(records(items, compression)));
        } finally {
          useWasm(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are got as one piece or in pieces', async () => {
    const items = unitData(42, 30);
    const data = Buffer.concat(items);
    const bytes = records(items, 'lzf');
    const random = randomNumbers(7);
    const stream = new GetStream(new RecordReader(new ByteReader(new MemorySource(bytes)), false));
    const into = new Uint8Array(data.length);
    for (let at = 0; at < data.length; ) {
      const count = Math.min(data.length - at, Math.floor(random() ** 3 * 60_000));
      if (random() < 0.3) await stream.getMemAsync(into.subarray(at, at + count));
      else stream.getMem(into.subarray(at, at + count));
      at += count;
      expect(stream.offset).to.equal(at);
    }
    expect(Buffer.compare(into, data)).to.equal(0);
  });
});
