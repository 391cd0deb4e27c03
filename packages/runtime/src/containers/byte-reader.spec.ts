import { expect } from 'chai';
import { crc32 } from '../codecs/crc32.js';
import { SsmError } from '../error.js';
import { MemorySource } from '../io/memory.js';
import type { Source } from '../io/sink-source.js';
import { NeedMore } from '../streams/record-source.js';
import { AwkwardSource, randomNumbers, statusOf } from '../testing.js';
import { ByteReader } from './byte-reader.js';

const random = randomNumbers(3);
const data = Uint8Array.from({ length: 300_000 }, () => random() * 256);

const sources: readonly [name: string, source: () => Source][] = [
  ['memory', () => new MemorySource(data)],
  ['a file', () => new AwkwardSource(data)],
  ['a file with short reads', () => new AwkwardSource(data, { shortReads: true })],
  ['an asynchronous file', () => new AwkwardSource(data, { shortReads: true, asynchronous: true })],
  ['a stream', () => new AwkwardSource(data, { stream: true, shortReads: true })],
  ['an asynchronous stream', () => new AwkwardSource(data, { stream: true, shortReads: true, asynchronous: true })],
];

describe('ByteReader', () => {
  for (const [name, source] of sources) {
    it(`reads everything from ${name}, and knows position and CRC`, async () => {
      const reader = new ByteReader(source());
      let at = 0;
      while (at < data.length) {
        const count = Math.min(data.length - at, Math.floor(random() ** 3 * 65536) + 1);
        expect(await reader.run(() => reader.request(count))).to.equal(true);
        const { bytes, pos } = reader;
        expect(Buffer.compare(bytes.subarray(pos, pos + count), data.subarray(at, at + count)), `at ${at}`).to.equal(0);
        expect(reader.crcThrough(count)).to.equal(crc32(data.subarray(0, at + count)));
        reader.advance(count);
        at += count;
        expect([reader.position, reader.crc]).to.deep.equal([at, crc32(data.subarray(0, at))]);
      }
      expect(await reader.run(() => reader.request(1))).to.equal(false);
    });

    it(`reads any amount from ${name} at once, and says VERR_EOF beyond its end`, async () => {
      const reader = new ByteReader(source());
      expect(await reader.read(data.length)).to.deep.equal(data);
      expect(await statusOf(() => new ByteReader(source()).read(data.length + 1))).to.equal('VERR_EOF');
    });
  }

  it('begins anywhere in a file', async () => {
    for (const source of [new MemorySource(data), new AwkwardSource(data)]) {
      const reader = new ByteReader(source, 200_000);
      expect(await reader.read(10)).to.deep.equal(data.slice(200_000, 200_010));
      expect([reader.position, reader.crc]).to.deep.equal([200_010, crc32(data.subarray(200_000, 200_010))]);
    }
  });

  it('asks to be waited for by NeedMore, and has consumed nothing then', async () => {
    const reader = new ByteReader(new AwkwardSource(data, { asynchronous: true }));
    expect(() => reader.request(10)).to.throw(NeedMore);
    expect(() => reader.request(10)).to.throw(NeedMore);
    expect(reader.position).to.equal(0);
    await reader.more();
    expect(reader.request(10)).to.equal(true);
  });

  const failing: readonly [name: string, read: Source['read'], status: string][] = [
    [
      'throws',
      () => {
        throw new Error('no');
      },
      'VERR_SSM_STREAM_ERROR',
    ],
    [
      'throws an SsmError',
      () => {
        throw new SsmError('VERR_TIMEOUT', 'slow');
      },
      'VERR_TIMEOUT',
    ],
    ['rejects', () => Promise.reject(new Error('no')), 'VERR_SSM_STREAM_ERROR'],
    ['reads more than asked for', (into) => into.length + 1, 'VERR_SSM_STREAM_ERROR'],
    ['reads less than nothing', () => -1, 'VERR_SSM_STREAM_ERROR'],
    ['reads no number', () => Number.NaN, 'VERR_SSM_STREAM_ERROR'],
    ['promises no number', async () => Number.NaN, 'VERR_SSM_STREAM_ERROR'],
  ];
  for (const [name, read, status] of failing) {
    it(`says ${status} of a source that ${name}, again and again`, async () => {
      const reader = new ByteReader({ read });
      for (let i = 0; i < 2; i++) {
        expect(await statusOf(() => reader.run(() => reader.request(1)))).to.equal(status);
      }
    });
  }

  it('keeps no CRC once it is told that there is none', async () => {
    const reader = new ByteReader(new MemorySource(data));
    reader.checksum = false;
    await reader.read(1000);
    expect(reader.crc).to.equal(0);
  });

  for (const [name, source] of sources.filter(([, source]) => source().size !== undefined)) {
    it(`goes on anywhere in ${name}, also while a read is under way`, async () => {
      const reader = new ByteReader(source());
      for (let i = 0; i < 200; i++) {
        const at = Math.floor(random() * (data.length + 1));
        const count = Math.min(data.length - at, Math.floor(random() * 200));
        await reader.moveTo(at);
        expect(reader.position).to.equal(at);
        expect(Buffer.compare(await reader.read(count), data.subarray(at, at + count)), `at ${at}`).to.equal(0);
        expect(reader.crc).to.equal(crc32(data.subarray(at, at + count)));
      }
      await reader.moveTo(data.length);
      expect(await reader.run(() => reader.request(1))).to.equal(false);
      await reader.moveTo(data.length - 1);
      expect(await reader.read(1)).to.deep.equal(data.subarray(-1));
    });
  }

  it('goes on elsewhere once what it was waiting for has come', async () => {
    const reader = new ByteReader(new AwkwardSource(data, { asynchronous: true }));
    expect(() => reader.request(10)).to.throw(NeedMore);
    await reader.moveTo(100_000);
    expect(await reader.read(10)).to.deep.equal(data.subarray(100_000, 100_010));
  });
});
