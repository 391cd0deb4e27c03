import { expect } from 'chai';
import fc from 'fast-check';
import { crc32 } from './crc32.js';

const ascii = (text: string) => new TextEncoder().encode(text);

/** The definition, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32', () => {
  for (const [text, crc] of [
    ['', 0],
    ['123456789', 0xcbf43926],
    ['SSM', 0x08407a41],
  ] as const) {
    it(`of '${text}' is 0x${crc.toString(16)}`, () => expect(crc32(ascii(text))).to.equal(crc));
  }

  it('is that of the definition, below and above the size where another implementation takes over', () => {
    for (const length of [1, 511, 512, 513, 5000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 5)) & 0xff);
      expect(crc32(bytes), `${length} bytes`).to.equal(bitwise(bytes));
    }
  });

  it('goes on from the CRC of what was before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat(1500), (bytes, at) => {
        expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).to.equal(crc32(bytes));
      }),
    );
  });
});
