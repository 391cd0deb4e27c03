import { expect } from 'chai';
import fc from 'fast-check';
import { randomNumbers } from '../testing.js';
import { useWasm } from '../wasm/instance.js';
import { type Compress, type Decompress, lz4Compress, lz4Decompress, lzfCompress, lzfDecompress } from './blocks.js';
import { LZ4_BLOCK_MAX } from './lz4.js';

/** Runs something with WebAssembly and without. */
function both<T>(run: () => T): { wasm: T; typescript: T } {
  try {
    const wasm = run();
    useWasm(false);
    return { wasm, typescript: run() };
  } finally {
    useWasm(true);
  }
}

/** What expanding makes of a block that lies in the middle of something, or `undefined` where it is refused. */
function expand(decompress: Decompress, block: Uint8Array, size: number): number[] | undefined {
  const input = new Uint8Array(block.length + 14).fill(0xee);
  input.set(block, 7);
  const into = new Uint8Array(size + 22).fill(0xdd);
  const sound = decompress(input, 7, 7 + block.length, into, 11, size);
  for (const [i, byte] of into.entries()) {
    if (i < 11 || i >= 11 + size) expect(byte, `byte ${i} of the output`).to.equal(0xdd);
  }
  expect(input.subarray(7, 7 + block.length)).to.deep.equal(block);
  return sound ? [...into.subarray(11, 11 + size)] : undefined;
}

function compressed(compress: Compress, data: Uint8Array): Uint8Array {
  const into = new Uint8Array(data.length * 2 + 16);
  return into.subarray(0, compress(data, 0, data.length, into, 0, into.length));
}

/** Pages as guests have them: words from a vocabulary, tables, runs, and noise, one behind the other. */
const page = fc.nat().map((seed) => {
  const random = randomNumbers(seed + 1);
  const bytes = new Uint8Array(LZ4_BLOCK_MAX);
  for (let at = 0; at < bytes.length; ) {
    const kind = Math.floor(random() * 4);
    const length = Math.floor(random() ** 2 * 600) + 1;
    const from = Math.floor(random() * at);
    for (let i = 0; i < length && at < bytes.length; i++, at++) {
      bytes[at] = [random() * 256, kind * 40, (bytes[from + i] as number) || 7, 97 + random() * 4][kind] as number;
    }
  }
  return bytes;
});

const codecs = [
  { name: 'LZF', compress: lzfCompress, decompress: lzfDecompress },
  { name: 'LZ4', compress: lz4Compress, decompress: lz4Decompress },
];

for (const { name, compress, decompress } of codecs) {
  describe(`${name} in WebAssembly and in TypeScript`, () => {
    it('expand what the other has packed', () => {
      fc.assert(
        fc.property(page, (bytes) => {
          const { wasm, typescript } = both(() => compressed(compress, bytes));
          for (const block of [wasm, typescript]) {
            const expanded = both(() => expand(decompress, block, bytes.length));
            expect(expanded.wasm).to.deep.equal([...bytes]);
            expect(expanded.typescript).to.deep.equal([...bytes]);
          }
        }),
        { numRuns: 60 },
      );
    });

    it('pack about as well', () => {
      let [wasm, typescript] = [0, 0];
      for (const bytes of fc.sample(page, { numRuns: 100, seed: 1 })) {
        const sizes = both(() => compressed(compress, bytes).length);
        wasm += sizes.wasm;
        typescript += sizes.typescript;
      }
      expect(wasm / typescript).to.be.within(0.9, 1.02);
    });

    it('make the same of random bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(500), (block, size) => {
          const { wasm, typescript } = both(() => expand(decompress, block, size));
          expect(wasm).to.deep.equal(typescript);
        }),
        { numRuns: 2000 },
      );
    });

    it('make the same of blocks that were damaged or cut, and of wrong sizes', () => {
      const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 0, maxLength: 4 });
      fc.assert(
        fc.property(page, fc.nat(), damage, fc.integer({ min: -40, max: 40 }), (bytes, cut, changes, more) => {
          const block = compressed(compress, bytes.subarray(0, 1 + (cut % 1500)));
          for (const [at, value] of changes) block[at % block.length] = value;
          const size = Math.max(0, 1 + (cut % 1500) + (more > 20 || more < -20 ? more : 0));
          for (const part of [block, block.subarray(0, cut % (block.length + 1))]) {
            const { wasm, typescript } = both(() => expand(decompress, part, size));
            expect(wasm).to.deep.equal(typescript);
          }
        }),
        { numRuns: 500 },
      );
    });

    it('make the same of every length of a reference from every short distance', () => {
      const start = Array.from({ length: 40 }, (_, i) => i + 1);
      for (let distance = 1; distance <= 40; distance++) {
        for (let length = 4; length <= 60; length++) {
          const size = start.length + length + 5;
          const block = Uint8Array.from(
            name === 'LZF'
              ? [31, ...start.slice(0, 32), 7, ...start.slice(32), ...lzfReference(distance, length), 4, 1, 2, 3, 4, 5]
              : [0xff, 25, ...start, distance, 0, ...(length < 19 ? [] : [length - 19]), 0x50, 1, 2, 3, 4, 5],
          );
          if (name === 'LZ4') block[0] = 0xf0 | Math.min(15, length - 4);
          const { wasm, typescript } = both(() => expand(decompress, block, size));
          expect(typescript, `${length} from ${distance}`).to.have.length(size);
          expect(wasm, `${length} from ${distance}`).to.deep.equal(typescript);
        }
      }
    });
  });
}

function lzfReference(distance: number, length: number): number[] {
  return length <= 8 ? [(length - 2) << 5, distance - 1] : [0xe0, length - 9, distance - 1];
}

describe('a block that is too large for WebAssembly', () => {
  it('is packed and expanded all the same', () => {
    const bytes = Uint8Array.from({ length: 500_000 }, (_, i) => (i % 1000) * (i % 7));
    const block = compressed(lzfCompress, bytes);
    expect(block.length).to.be.within(1, 400_000);
    const into = new Uint8Array(bytes.length);
    expect(lzfDecompress(block, 0, block.length, into, 0, into.length)).to.equal(true);
    expect(into).to.deep.equal(bytes);
  });
});
