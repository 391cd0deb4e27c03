import { expect } from 'chai';
import fc from 'fast-check';
import { useWasm, wasm } from '../wasm/instance.js';
import { lzfCompress, lzfDecompress } from './blocks.js';

const hex = (text: string) => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (byte) => Number.parseInt(byte, 16));
const ascii = (text: string) => new TextEncoder().encode(text);

function compress(data: Uint8Array, limit = data.length * 2 + 16): Uint8Array {
  const into = new Uint8Array(limit);
  return into.subarray(0, lzfCompress(data, 0, data.length, into, 0, limit));
}

function decompress(data: Uint8Array, size: number): Uint8Array | undefined {
  const into = new Uint8Array(size);
  return lzfDecompress(data, 0, data.length, into, 0, size) ? into : undefined;
}

const wellFormed: readonly [name: string, data: string, expands: Uint8Array][] = [
  ['literals and a short reference', '02616263 2002', ascii('abcabc')],
  ['a reference into itself', '0061 e00500', ascii('a'.repeat(15))],
  ['4096 zeros of the original', `010000${'e0ff00'.repeat(15)}e07d00`, new Uint8Array(4096)],
  ['one literal', '0041', ascii('A')],
  ['the longest literal run', `1f${'42'.repeat(32)}`, ascii('B'.repeat(32))],
  ['the longest reference', '0061 e0ff00', ascii('a'.repeat(265))],
  ['a reference of 9 bytes, the shortest long one', '0061 e00000', ascii('a'.repeat(10))],
  ['a reference of 8 bytes, the longest short one', '0061 c000', ascii('a'.repeat(9))],
  ['a long copy from a distance', `1f${'0123456789abcdef'.repeat(4)} e01f1f`, hex('0123456789abcdef'.repeat(9))],
  ['a reference whose period is not its length', '02616263 e00702', ascii('abcabcabcabcabcabca')],
];

const malformed: readonly [name: string, data: string, size: number][] = [
  ['no data', '', 0],
  ['no data for some bytes', '', 1],
  ['a literal run that ends early', '026162', 3],
  ['a literal run beyond the size', '02616263', 2],
  ['a reference beyond the size', '0061 e00500', 14],
  ['a reference to before the start', '0061 2001', 4],
  ['a reference to before the start, by high bits', '0061 2100', 4],
  ['a short reference without its offset', '0061 20', 4],
  ['a long reference without its offset', '0061 e000', 10],
  ['a long reference without its length', '0061 e0', 10],
  ['less than the size', '02616263', 4],
];

for (const on of [false, true]) {
  describe(`LZF in ${on ? 'WebAssembly' : 'TypeScript'}`, () => {
    before(() => {
      useWasm(on);
      expect(wasm() !== undefined).to.equal(on);
    });
    after(() => useWasm(true));

    for (const [name, data, expands] of wellFormed) {
      it(`expands ${name}`, () => expect(decompress(hex(data), expands.length)).to.deep.equal(expands));
    }

    for (const [name, data, size] of malformed) {
      it(`refuses ${name}`, () => expect(decompress(hex(data), size)).to.equal(undefined));
    }

    it('reads and writes only where it was told to', () => {
      const input = hex('ffff 0061e00500 ffff');
      const into = new Uint8Array(25).fill(0xee);
      expect(lzfDecompress(input, 2, 7, into, 5, 15)).to.equal(true);
      expect(into).to.deep.equal(
        Uint8Array.from([...Array(5).fill(0xee), ...Array(15).fill(0x61), ...Array(5).fill(0xee)]),
      );
      // The reference reaches in front of the block, to bytes that are there.
      expect(lzfDecompress(hex('0061 2001'), 0, 4, into, 5, 4)).to.equal(false);
    });

    it('never leaves the output, whatever the input', () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(300), (data, size) => {
          const into = new Uint8Array(size + 20).fill(0xee);
          lzfDecompress(data, 0, data.length, into, 10, size);
          expect(into.subarray(0, 10).every((byte) => byte === 0xee)).to.equal(true);
          expect(into.subarray(size + 10).every((byte) => byte === 0xee)).to.equal(true);
        }),
        { numRuns: 500 },
      );
    });

    /** Data with something to find: pieces of a small alphabet, runs, repetitions of what was before. */
    const data = fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.tuple(fc.nat(255), fc.nat(600)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
          fc.array(fc.constantFrom(...ascii('abcd')), { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
        ),
        { minLength: 1, maxLength: 30 },
      )
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))
      .filter((bytes) => bytes.length > 0);

    it('expands what it has compressed', () => {
      fc.assert(
        fc.property(data, (bytes) => {
          expect(decompress(compress(bytes), bytes.length)).to.deep.equal(bytes);
        }),
        { numRuns: 300 },
      );
    });

    it('finds references up to 8192 bytes back and not beyond', () => {
      const random = Uint8Array.from({ length: 64 }, (_, i) => (i * 167 + 13) & 0xff);
      for (const distance of [8192, 8193]) {
        const bytes = new Uint8Array(distance + 64);
        bytes.set(random);
        bytes.set(random, distance);
        expect(decompress(compress(bytes), bytes.length), `${distance}`).to.deep.equal(bytes);
      }
    });

    it('stays within its limit, and says 0 when it cannot', () => {
      const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i % 3 === 0 ? (i * 40503) >> 7 : 7) & 0xff);
      const size = compress(bytes).length;
      expect(size).to.be.greaterThan(0);
      for (const limit of [0, 1, 100, size - 1, size, size + 1]) {
        const into = new Uint8Array(limit + 50).fill(0xee);
        expect(lzfCompress(bytes, 0, 4096, into, 0, limit), `limit ${limit}`).to.equal(limit < size ? 0 : size);
        expect(
          into.subarray(limit).every((byte) => byte === 0xee),
          `limit ${limit}`,
        ).to.equal(true);
      }
    });

    it('does not see what it compressed before', () => {
      const text = ascii('the quick brown fox jumps over the lazy dog');
      const first = compress(text);
      expect(compress(text)).to.deep.equal(first);
      const moved = new Uint8Array(5000).fill(1);
      moved.set(text, 4000);
      const into = new Uint8Array(100);
      const size = lzfCompress(moved, 4000, 4000 + text.length, into, 0, 100);
      expect(into.subarray(0, size)).to.deep.equal(first);
    });

    it('compresses at least as well as the original on zeros', () => {
      expect(compress(new Uint8Array(4096)).length).to.be.at.most(51);
    });
  });
}
