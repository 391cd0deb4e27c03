import { expect } from 'chai';
import { lz4Decompress } from '../../codecs/lz4.js';
import { MemorySink } from '../../io/memory.js';
import { statusCodes } from '../../status.js';
import { PutStream } from '../../streams/put-stream.js';
import { randomNumbers } from '../../testing.js';
import { ByteWriter } from '../byte-writer.js';
import { putSize, RecordWriter } from './record-writer.js';
import type { Compression } from './records.js';

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

function records(put: (stream: PutStream) => void, compression?: Compression): Uint8Array {
  const sink = new MemorySink();
  const output = new ByteWriter(sink);
  const stream = new PutStream(new RecordWriter(output, compression));
  put(stream);
  stream.flush();
  output.flush();
  return sink.bytes();
}

const random = randomNumbers(1);
const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256);

describe('the records of V2.0', () => {
  const sizes: readonly [size: number, bytes: string][] = [
    [0, '00'],
    [0x7f, '7f'],
    [0x80, 'c2 80'],
    [0x7ff, 'df bf'],
    [0x800, 'e0 a0 80'],
    [0xffff, 'ef bf bf'],
    [0x10000, 'f0 90 80 80'],
    [0x1fffff, 'f7 bf bf bf'],
    [0x200000, 'f8 88 80 80 80'],
    [0x3ffffff, 'fb bf bf bf bf'],
    [0x4000000, 'fc 84 80 80 80 80'],
    [0x7fffffff, 'fd bf bf bf bf bf'],
  ];
  for (const [size, bytes] of sizes) {
    it(`have a size of ${size} as ${bytes}`, () => {
      const into = new Uint8Array(8);
      expect(hex(into.subarray(0, putSize(into, 0, size)))).to.equal(bytes);
    });
  }

  it('have no larger size', () => {
    expect(() => putSize(new Uint8Array(8), 0, 0x80000000))
      .to.throw()
      .with.property('rc', statusCodes.VERR_SSM_MEM_TOO_BIG);
  });

  it('gather small items', () => {
    const bytes = records((stream) => {
      stream.putU8(1);
      stream.putU16(0x0302);
    });
    expect(hex(bytes)).to.equal('92 03 01 02 03');
  });

  it('never split an item of up to 512 bytes', () => {
    const bytes = records((stream) => {
      for (let i = 0; i < 9; i++) stream.putMem(new Uint8Array(500).fill(i));
    });
    // Eight of them fit in 4096 bytes.
    expect(hex(bytes.subarray(0, 4))).to.equal('92 e0 be a0 '.trim());
    expect(hex(bytes.subarray(4 + 4000, 4 + 4000 + 4))).to.equal('92 c7 b4 08');
  });

  it('are cut exactly where 4096 bytes are full', () => {
    const bytes = records((stream) => {
      for (let i = 0; i < 8; i++) stream.putMem(new Uint8Array(512).fill(1));
      stream.putU8(2);
    });
    expect(hex(bytes.subarray(0, 4))).to.equal('92 e1 80 80');
    expect(hex(bytes.subarray(4100))).to.equal('92 01 02');
  });

  it('hold zeros in three bytes, wherever they lie in memory', () => {
    for (const offset of [0, 1, 4, 7]) {
      const memory = new Uint8Array(8192 + 8).fill(1);
      const zeros = memory.subarray(offset, offset + 8192).fill(0);
      expect(hex(records((stream) => stream.putMem(zeros))), `offset ${offset}`).to.equal('94 01 04 94 01 04');
    }
  });

  for (const at of [0, 1, 2040, 2047, 4095]) {
    it(`do not take a block for zeros that has a byte at ${at}`, () => {
      for (const offset of [0, 1]) {
        const block = new Uint8Array(4096 + offset).subarray(offset);
        block[at] = 1;
        expect(records((stream) => stream.putMem(block))[0], `offset ${offset}`).to.equal(0x93);
      }
    });
  }

  it('hold a block that compresses with a size of three bytes', () => {
    const bytes = records((stream) => stream.putMem(new Uint8Array(4096).fill(0x41)));
    const size = bytes.length - 4;
    expect(size).to.be.lessThan(0x80);
    expect(hex(bytes.subarray(0, 5))).to.equal(
      hex(Uint8Array.of(0x93, 0xe0, 0x80 | (size >> 6), 0x80 | (size & 63), 4)),
    );
  });

  it('hold a block that does not compress as it is', () => {
    const block = noise(4096);
    const bytes = records((stream) => stream.putMem(block));
    expect(hex(bytes.subarray(0, 4))).to.equal('92 e1 80 80');
    expect(bytes.subarray(4)).to.deep.equal(block);
  });

  it('follow a large item with the rest, and what was buffered comes first', () => {
    const bytes = records((stream) => {
      stream.putMem(Uint8Array.of(1, 2, 3));
      stream.putMem(new Uint8Array(4096 + 2));
      stream.putU8(0xff);
    });
    // An item above 512 bytes ends with a record of its own.
    expect(hex(bytes)).to.equal('92 03 01 02 03 94 01 04 92 02 00 00 92 01 ff');
  });

  it('of a large item below 4096 bytes are one', () => {
    const bytes = records((stream) => stream.putMem(noise(513)));
    expect(hex(bytes.subarray(0, 3))).to.equal('92 c8 81');
    expect(bytes.length).to.equal(516);
  });

  it('hold LZ4, or nothing packed at all, where that is asked for', () => {
    const block = new Uint8Array(4096).fill(0x41);
    const packed = records((stream) => stream.putMem(block), 'lz4');
    const size = packed.length - 4;
    expect(size).to.be.lessThan(0x80);
    expect(hex(packed.subarray(0, 5))).to.equal(
      hex(Uint8Array.of(0x96, 0xe0, 0x80 | (size >> 6), 0x80 | (size & 63), 4)),
    );
    const into = new Uint8Array(4096);
    expect(lz4Decompress(packed, 5, packed.length, into, 0, 4096)).to.equal(true);
    expect(into).to.deep.equal(block);

    const unpacked = records((stream) => stream.putMem(block), 'none');
    expect(hex(unpacked.subarray(0, 4))).to.equal('92 e1 80 80');
    expect(unpacked.subarray(4)).to.deep.equal(block);
  });

  for (const compression of ['lz4', 'none'] as const) {
    it(`hold zeros and what does not compress as ever, with ${compression}`, () => {
      const put = (stream: PutStream) => {
        stream.putU8(1);
        stream.putMem(new Uint8Array(4096 + 5));
        stream.putMem(incompressible);
      };
      const incompressible = noise(4096);
      expect(records(put, compression)).to.deep.equal(records(put));
    });
  }

  it('are the same when a large item is put piece by piece', async () => {
    const data = new Uint8Array(300_000);
    data.set(noise(100_000), 50_000);
    const sink = new MemorySink();
    const output = new ByteWriter(sink);
    await new PutStream(new RecordWriter(output)).putMemAsync(data);
    output.flush();
    expect(sink.bytes()).to.deep.equal(records((stream) => stream.putMem(data)));
  });
});
