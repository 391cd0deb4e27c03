import { inflateSync } from 'node:zlib';
import { crc32 } from '@ssmkit/runtime';
import { expect } from 'chai';
import { encodePng, rgbOfBgrx } from './png.js';

/** The chunks of a PNG file, with their CRCs checked. */
function chunksOf(png: Uint8Array): [type: string, data: Uint8Array][] {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: [string, Uint8Array][] = [];
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(crc32(body), 'CRC').to.equal(view.getUint32(at + 8 + length));
    chunks.push([String.fromCharCode(...body.subarray(0, 4)), body.subarray(4)]);
    at += 12 + length;
  }
  return chunks;
}

describe('encodePng', () => {
  const png = encodePng({ width: 2, height: 3, rgb: Uint8Array.from({ length: 18 }, (_, i) => i + 1) });

  it('begins as a PNG file does', () => {
    expect([...png.subarray(0, 8)]).to.deep.equal([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  });

  it('says what it is, 8 bits of red, green and blue', () => {
    const [[type, header]] = chunksOf(png) as [[string, Uint8Array]];
    expect(type).to.equal('IHDR');
    expect([...header]).to.deep.equal([0, 0, 0, 2, 0, 0, 0, 3, 8, 2, 0, 0, 0]);
  });

  it('has every row behind its filter, none', () => {
    const [, [type, data], [end, nothing]] = chunksOf(png) as [string, Uint8Array][] as [
      unknown,
      [string, Uint8Array],
      [string, Uint8Array],
    ];
    expect([type, end, nothing.length]).to.deep.equal(['IDAT', 'IEND', 0]);
    expect([...inflateSync(data)]).to.deep.equal([
      0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12, 0, 13, 14, 15, 16, 17, 18,
    ]);
  });
});

describe('rgbOfBgrx', () => {
  it('turns pixels round, and drops their fourth byte', () => {
    expect([...rgbOfBgrx(Uint8Array.of(1, 2, 3, 99, 4, 5, 6, 0))]).to.deep.equal([3, 2, 1, 6, 5, 4]);
  });
});
