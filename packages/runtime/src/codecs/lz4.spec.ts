import { expect } from 'chai';
import fc from 'fast-check';
import { useWasm, wasm } from '../wasm/instance.js';
import { lz4Compress, lz4Decompress } from './blocks.js';
import { LZ4_BLOCK_MAX } from './lz4.js';

const hex = (text: string) => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (byte) => Number.parseInt(byte, 16));
const ascii = (text: string) => new TextEncoder().encode(text);

function compress(data: Uint8Array, limit = data.length * 2 + 16): Uint8Array {
  const into = new Uint8Array(limit);
  return into.subarray(0, lz4Compress(data, 0, data.length, into, 0, limit));
}

function decompress(data: Uint8Array, size: number): Uint8Array | undefined {
  const into = new Uint8Array(size);
  return lz4Decompress(data, 0, data.length, into, 0, size) ? into : undefined;
}

/**
 * Expands a block as the description of the format says, and insists on what it demands of writers: the last five bytes
 * are literals, and the last match begins twelve bytes before the end or earlier.
 */
function strictly(block: Uint8Array): number[] {
  const out: number[] = [];
  const bytes = [...block];
  const next = () => {
    const byte = bytes.shift();
    if (byte === undefined) throw new Error('a block that ends early');
    return byte;
  };
  const length = (nibble: number) => {
    let sum = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; sum += more) more = next();
    return sum;
  };
  let lastMatch = Number.NEGATIVE_INFINITY;
  for (;;) {
    const token = next();
    const literals = length(token >> 4);
    for (let i = 0; i < literals; i++) out.push(next());
    if (bytes.length === 0) {
      if (lastMatch > out.length - 12) throw new Error(`a match at ${lastMatch} of ${out.length}`);
      if (lastMatch > 0 && literals < 5) throw new Error(`${literals} literals at the end`);
      return out;
    }
    const offset = next() + 256 * next();
    lastMatch = out.length;
    for (let count = length(token & 15) + 4; count > 0; count--) out.push(out[out.length - offset] as number);
  }
}

const wellFormed: readonly [name: string, data: string, expands: Uint8Array][] = [
  ['literals', '30616263', ascii('abc')],
  ['a reference, and literals behind it', '31616263 0300 50 6162636465', ascii('abcabcababcde')],
  ['a reference into itself', '16 61 0100 10 62', ascii(`${'a'.repeat(11)}b`)],
  ['a long reference', '1f 61 0100 00 10 62', ascii(`${'a'.repeat(20)}b`)],
  ['a reference of more than 255', '1f 61 0100 ff05 10 62', ascii(`${'a'.repeat(1 + 15 + 255 + 5 + 4)}b`)],
  ['15 literals', `f000${'42'.repeat(15)}`, ascii('B'.repeat(15))],
  ['270 literals', `f0ff00${'42'.repeat(270)}`, ascii('B'.repeat(270))],
  ['a last sequence without literals', '10 61 0100 00', ascii('aaaaa')],
  ['a nibble that means nothing in the last sequence', '3f616263', ascii('abc')],
];

const malformed: readonly [name: string, data: string, size: number][] = [
  ['no data', '', 0],
  ['no data for some bytes', '', 1],
  ['literals that end early', '306162', 3],
  ['literals beyond the size', '30616263', 2],
  ['a number of literals that ends early', 'f0', 15],
  ['a number of literals that ends early, after 255', 'f0ff', 270],
  ['a huge number of literals', `f0${'ff'.repeat(1000)}00`, 4096],
  ['a reference to before the start', '10 61 0200 10 62', 6],
  ['a reference from nothing', '00 0100 10 62', 5],
  ['an offset of 0', '10 61 0000 10 62', 6],
  ['half an offset', '10 61 01', 5],
  ['a reference beyond the size', '10 61 0100 10 62', 4],
  ['a huge reference', `1f 61 0100 ${'ff'.repeat(1000)}00 10 62`, 4096],
  ['a length of a reference that ends early', '1f 61 0100', 20],
  ['a reference at the end', '10 61 0100', 5],
  ['less than the size', '30616263', 4],
];

for (const on of [false, true]) {
  describe(`LZ4 in ${on ? 'WebAssembly' : 'TypeScript'}`, () => {
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
      const input = hex('ffff 16610100 1062 ffff');
      const into = new Uint8Array(22).fill(0xee);
      expect(lz4Decompress(input, 2, 8, into, 5, 12)).to.equal(true);
      expect(into).to.deep.equal(
        Uint8Array.from([...Array(5).fill(0xee), ...Array(11).fill(0x61), 0x62, ...Array(5).fill(0xee)]),
      );
      // The reference reaches in front of the block, to bytes that are there.
      expect(lz4Decompress(hex('10 61 0200 10 62'), 0, 6, into, 5, 6)).to.equal(false);
    });

    /** Blocks with something to find: pieces of a small alphabet, runs, bytes that do not compress. */
    const data = fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.tuple(fc.nat(255), fc.nat(600)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
          fc.array(fc.constantFrom(...ascii('abcd')), { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
        ),
        { maxLength: 30 },
      )
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])).subarray(0, LZ4_BLOCK_MAX));

    it('expands what it has compressed', () => {
      fc.assert(
        fc.property(data, (bytes) => {
          expect(decompress(compress(bytes), bytes.length)).to.deep.equal(bytes);
        }),
        { numRuns: 300 },
      );
    });

    it('compresses into blocks that the strictest of decoders expand', () => {
      fc.assert(
        fc.property(data, (bytes) => {
          expect(strictly(compress(bytes))).to.deep.equal([...bytes]);
        }),
        { numRuns: 300 },
      );
      // Two bytes before the end a match would still be worth it.
      for (let length = 0; length < 60; length++) {
        const bytes = ascii('abcdefghijklmno'.repeat(4).slice(0, length));
        expect(strictly(compress(bytes)), `${length}`).to.deep.equal([...bytes]);
      }
    });

    it('never leaves the output and never goes on, whatever the input', () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(300), (bytes, size) => {
          const into = new Uint8Array(size + 20).fill(0xee);
          const sound = lz4Decompress(bytes, 0, bytes.length, into, 10, size);
          const touched = into.subarray(10, size + 10).some((byte) => byte !== 0xee);
          if (!sound) expect(touched).to.equal(false);
          expect(into.subarray(0, 10).every((byte) => byte === 0xee)).to.equal(true);
          expect(into.subarray(size + 10).every((byte) => byte === 0xee)).to.equal(true);
        }),
        { numRuns: 1000 },
      );
    });

    it('refuses a damaged block, or expands it to as many bytes as the strict decoder does', () => {
      fc.assert(
        fc.property(data, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, change) => {
          const block = compress(bytes).slice();
          if (block.length === 0) return;
          const at = place % block.length;
          block[at] = (block[at] as number) ^ change;
          const expanded = decompress(block, bytes.length);
          if (expanded === undefined) return;
          let reference: number[];
          try {
            reference = strictly(block);
          } catch (error) {
            // Only the rules for the end of a block may be broken here.
            expect((error as Error).message).to.match(/^a match at|literals at the end/);
            return;
          }
          expect([...expanded]).to.deep.equal(reference);
        }),
        { numRuns: 1000 },
      );
    });

    it('stays within its limit, and says 0 when it cannot', () => {
      const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i % 7 === 0 ? (i * 40503) >> 7 : 7) & 0xff);
      const size = compress(bytes).length;
      expect(size).to.be.within(1, 4000);
      for (const limit of [0, 1, 100, size - 1, size, size + 1]) {
        const into = new Uint8Array(limit + 50).fill(0xee);
        expect(lz4Compress(bytes, 0, 4096, into, 0, limit), `limit ${limit}`).to.equal(limit < size ? 0 : size);
        expect(
          into.subarray(limit).every((byte) => byte === 0xee),
          `limit ${limit}`,
        ).to.equal(true);
      }
    });

    it('does not see what it compressed before, however often it is called', () => {
      const text = ascii('the quick brown fox jumps over the lazy dog; the quick brown fox');
      const first = compress(text);
      for (let i = 0; i < 200; i++) expect(compress(text), `call ${i}`).to.deep.equal(first);
      const moved = new Uint8Array(5000).fill(1);
      moved.set(text, 4000);
      const into = new Uint8Array(100);
      const size = lz4Compress(moved, 4000, 4000 + text.length, into, 0, 100);
      expect(into.subarray(0, size)).to.deep.equal(first);
    });

    it('takes no more than a block', () => {
      const bytes = new Uint8Array(LZ4_BLOCK_MAX + 1);
      expect(() => lz4Compress(bytes, 0, bytes.length, new Uint8Array(100), 0, 100)).to.throw(RangeError);
      expect(compress(bytes.subarray(1)).length).to.be.at.most(30);
    });
  });
}
