import { expect } from 'chai';
import fc from 'fast-check';
import { useWasm, wasm } from '../wasm/instance.js';
import { crc32, crc32Combine, crc32Shift } from './crc32.js';

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

describe('crc32 in WebAssembly, which browsers have instead of that of Node', () => {
  it('is the same, of pieces of any size, wherever they lie', () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 5);
    const sizes = fc.oneof(fc.nat(100), fc.nat(300_000));
    fc.assert(
      fc.property(sizes, fc.nat(40), fc.nat(0xffffffff), (size, from, previous) => {
        const piece = bytes.subarray(from, Math.min(from + size, bytes.length));
        expect(wasm()?.crc32(piece, previous)).to.equal(crc32(piece, previous));
      }),
    );
  });
});

for (const on of [true, false])
  describe(`CRCs without the bytes, with${on ? '' : 'out'} WebAssembly`, () => {
    before(() => useWasm(on));
    after(() => useWasm(true));

    it('combine those of two messages', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600 }), (first, second) => {
          const both = new Uint8Array([...first, ...second]);
          expect(crc32Combine(crc32(first), crc32(second), second.length)).to.equal(crc32(both));
        }),
      );
    });

    it('follow a difference over equal bytes, forwards and back', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 8, maxLength: 8 }),
          fc.uint8Array({ minLength: 8, maxLength: 8 }),
          fc.uint8Array({ maxLength: 300 }),
          (one, other, same) => {
            const before = crc32(one) ^ crc32(other);
            const after = crc32(same, crc32(one)) ^ crc32(same, crc32(other));
            expect(crc32Shift(before, same.length)).to.equal(after >>> 0);
            expect(crc32Shift(after, -same.length)).to.equal(before >>> 0);
          },
        ),
      );
    });

    it('take as many bytes as a file can have', () => {
      const zeros = (count: number) => crc32Combine(0, crc32(new Uint8Array(count)), count);
      // In two steps and in one.
      for (const [first, second] of [
        [2 ** 20, 2 ** 20],
        [2 ** 31, 2 ** 33],
        [2 ** 40 + 7, 2 ** 49],
      ] as const) {
        const start = 0x12345678;
        expect(crc32Shift(crc32Shift(start, first), second)).to.equal(crc32Shift(start, first + second));
      }
      expect(zeros(1000)).to.equal(crc32(new Uint8Array(1000)));
      // The powers of x repeat.
      expect(crc32Shift(1, 2 ** 32 - 1)).to.equal(1);
    });
  });
