import { expect } from 'chai';
import { crc32 } from '../codecs/crc32.js';
import { SsmError } from '../error.js';
import { MemorySink } from '../io/memory.js';
import type { Sink } from '../io/sink-source.js';
import { randomNumbers, SlowSink, statusOf } from '../testing.js';
import { ByteWriter } from './byte-writer.js';

const random = randomNumbers(7);
const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256);

/** Writes pieces of many sizes, waiting where there is something to wait for. */
async function writeAll(writer: ByteWriter, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length; ) {
    const count = Math.min(data.length - at, Math.floor(random() ** 4 * 100_000) + 1);
    writer.write(data.subarray(at, at + count));
    at += count;
    await writer.drain();
  }
}

describe('ByteWriter', () => {
  const data = noise(2_000_000);

  for (const [name, sink] of [
    ['a synchronous', new MemorySink()],
    ['an asynchronous', new SlowSink()],
  ] as const) {
    it(`writes everything in order to ${name} sink, and knows position and CRC`, async () => {
      const writer = new ByteWriter(sink);
      await writeAll(writer, data);
      expect([writer.position, writer.crc]).to.deep.equal([data.length, crc32(data)]);
      await writer.close(false);
      expect(sink.bytes()).to.deep.equal(data);
    });
  }

  it('keeps no CRC where none is wanted', () => {
    const writer = new ByteWriter(new MemorySink(), { checksum: false });
    writer.write(data);
    expect(writer.crc).to.equal(0);
  });

  it('never holds more than its limit for a slow sink', async () => {
    const sink = new SlowSink();
    const writer = new ByteWriter(sink, { bufferLimit: 512 * 1024 });
    const error = await statusOf(() => writer.write(data));
    expect(error).to.equal('VERR_BUFFER_OVERFLOW');
    expect(writer.position).to.be.within(512 * 1024, 640 * 1024);
    // The failure stays.
    expect(await statusOf(() => writer.write(data))).to.equal('VERR_BUFFER_OVERFLOW');
    expect(await statusOf(() => writer.close(false))).to.equal('VERR_BUFFER_OVERFLOW');
    expect(sink.closed).to.equal('aborted');
  });

  const failures: readonly [name: string, thrown: unknown, status: string][] = [
    ['an Error', new Error('broken pipe'), 'VERR_IO_GEN_FAILURE'],
    ['an SsmError', new SsmError('VERR_SSM_LOW_ON_DISK_SPACE', 'full'), 'VERR_SSM_LOW_ON_DISK_SPACE'],
  ];
  for (const [name, thrown, status] of failures) {
    it(`fails with ${status} from the first write after the one a sink threw ${name} in`, async () => {
      for (const asynchronous of [false, true]) {
        const closed: boolean[] = [];
        let writes = 0;
        const sink: Sink = {
          write() {
            writes++;
            if (asynchronous) return Promise.reject(thrown);
            throw thrown;
          },
          close: (aborted) => void closed.push(aborted),
        };
        const writer = new ByteWriter(sink);
        expect(
          await statusOf(async () => {
            writer.write(noise(70_000));
            await writer.settle();
          }),
        ).to.equal(status);
        expect(await statusOf(() => writer.write(noise(10)))).to.equal(status);
        expect(await statusOf(() => writer.close(false))).to.equal(status);
        expect([writes, closed]).to.deep.equal([1, [true]]);
      }
    });
  }

  it('lets those who wait for room know that the sink has failed', async () => {
    let fail = (_: Error) => {};
    const sink: Sink = {
      write: () =>
        new Promise<void>((_, reject) => {
          fail = reject;
        }),
      close() {},
    };
    const writer = new ByteWriter(sink);
    writer.write(noise(800_000));
    const drained = statusOf(() => writer.drain());
    fail(new Error('gone'));
    expect(await drained).to.equal('VERR_IO_GEN_FAILURE');
  });

  it('fails when closing the sink fails, unless it is aborted', async () => {
    const sink: Sink = {
      write() {},
      close() {
        throw new Error('no');
      },
    };
    expect(await statusOf(() => new ByteWriter(sink).close(false))).to.equal('VERR_IO_GEN_FAILURE');
    expect(await statusOf(() => new ByteWriter(sink).close(true))).to.equal('VINF_SUCCESS');
  });

  it('does not hand over what is buffered when it is aborted', async () => {
    const sink = new SlowSink();
    const writer = new ByteWriter(sink);
    writer.write(noise(100));
    await writer.close(true);
    expect([sink.bytes().length, sink.closed]).to.deep.equal([0, 'aborted']);
  });

  for (const [name, sink] of [
    ['a synchronous', new MemorySink()],
    ['an asynchronous', new SlowSink()],
  ] as const) {
    it(`overwrites what it has handed over to ${name} sink`, async () => {
      const writer = new ByteWriter(sink);
      await writeAll(writer, data);
      const expected = data.slice();
      for (const [position, length] of [
        [0, 4],
        [70_000, 100],
        [data.length - 8, 8],
      ] as const) {
        const other = noise(length);
        await writer.rewrite(other, position);
        expected.set(other, position);
      }
      await writer.close(false);
      expect(Buffer.compare(sink.bytes(), expected)).to.equal(0);
    });
  }

  it('overwrites in its buffer only what no CRC includes', async () => {
    const sink = new MemorySink();
    const writer = new ByteWriter(sink);
    writer.write(Uint8Array.of(1, 2, 3, 4));
    expect(writer.patch(Uint8Array.of(9), 1)).to.equal(true);
    expect(writer.crc).to.equal(crc32(Uint8Array.of(1, 9, 3, 4)));
    expect(writer.patch(Uint8Array.of(8), 2)).to.equal(false);
    writer.write(Uint8Array.of(5));
    expect(writer.patch(Uint8Array.of(7), 4)).to.equal(true);
    writer.flush();
    expect(writer.patch(Uint8Array.of(6), 4)).to.equal(false);
    await writer.close(false);
    expect([...sink.bytes()]).to.deep.equal([1, 9, 3, 4, 7]);
    expect(writer.crc).to.equal(crc32(Uint8Array.of(1, 9, 3, 4, 7)));
  });

  it('overwrites nothing in a sink that cannot go back', async () => {
    const writer = new ByteWriter({ write() {}, close() {} });
    expect(await statusOf(() => writer.rewrite(Uint8Array.of(1), 0))).to.equal('VERR_NOT_SUPPORTED');
  });
});
