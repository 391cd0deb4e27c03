import { expect } from 'chai';
import fc from 'fast-check';
import { lz4Compress, lzfCompress } from '../codecs/blocks.js';
import { crc32 } from '../codecs/crc32.js';
import { ByteReader } from '../containers/byte-reader.js';
import { RAW } from '../containers/v2/pack-block.js';
import { RecordReader } from '../containers/v2/record-reader.js';
import { putSize } from '../containers/v2/record-writer.js';
import { BLOCK, RECORD_HEADER_MAX, RecordType } from '../containers/v2/records.js';
import { MemorySource } from '../io/memory.js';
import { useWasm } from '../wasm/instance.js';
import { WASM_SLACK } from '../wasm/layout.js';
import { plainParts } from './parts.js';
import { newPoolMemory, type PoolMemory } from './pool-memory.js';
import { OUT_SIZE, Slot, type SlotView } from './slots.js';

/** A block that packs, one that hardly does, zeros, and noise. */
const blocks = fc.oneof(
  fc.constant(new Uint8Array(BLOCK)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: BLOCK - 1 }))
    .map(([word, noise]) => {
      const block = Uint8Array.from({ length: BLOCK }, (_, i) => word[i % word.length] as number);
      block[noise] = (block[noise] as number) ^ 0x55;
      return block;
    }),
  fc.uint8Array({ minLength: BLOCK, maxLength: BLOCK }),
);

/** What a packed block may have become in a damaged file. */
type Damage = { readonly at: number; readonly byte: number } | undefined;
const damage = fc.option(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { nil: undefined });

const types = [
  ['LZF', RecordType.lzf, lzfCompress],
  ['LZ4', RecordType.lz4, lz4Compress],
] as const;

/** The first `size` bytes of data in records. */
function dataOf(records: Uint8Array, size: number): Uint8Array {
  const reader = new RecordReader(new ByteReader(new MemorySource(records)), true);
  const data = new Uint8Array(size + BLOCK);
  reader.begin();
  for (let done = 0; done < size; ) done += reader.fill(data, done);
  return data.subarray(0, size);
}

describe('a part of the work of workers', function () {
  this.timeout(60_000);
  let memory: PoolMemory;
  let all: Uint8Array;

  before(() => {
    useWasm(true);
    memory = newPoolMemory(1, 3) as PoolMemory;
    expect(memory.wasm).to.not.equal(undefined);
    all = new Uint8Array(memory.buffer);
  });

  afterEach(() => useWasm(true));

  /** What a part comes to, and that nothing but its own place was written to. */
  function result(slot: SlotView, run: PoolMemory['run']) {
    const { words, out } = slot;
    const before = all.slice();
    run(slot, out);
    const own = [words[Slot.size], words[Slot.crc], words[Slot.good]].map((word) => (word as number) >>> 0);
    const bytes = out.slice(0, words[Slot.size]);
    // In front are the tables of WebAssembly.
    const { byteOffset: first } = memory.view.control;
    before.set(all.subarray(0, first), 0);
    for (const word of [Slot.size, Slot.crc, Slot.good]) {
      const at = words.byteOffset + 4 * word;
      before.set(all.subarray(at, at + 4), at);
    }
    const end = out.byteOffset + OUT_SIZE + WASM_SLACK;
    before.set(all.subarray(out.byteOffset, end), out.byteOffset);
    expect(Buffer.compare(before, all), 'written elsewhere').to.equal(0);
    return { size: own[0] as number, crc: own[1] as number, good: own[2] as number, bytes: Buffer.from(bytes) };
  }

  for (const [name, type, compress] of types) {
    /** Puts blocks into a slot as records of their own, packed where they pack. @returns what they should come to. */
    function fillPacked(
      slot: SlotView,
      datas: readonly Uint8Array[],
      damages: readonly Damage[],
      skew: number,
    ): number {
      const { words, ops, area } = slot;
      let at = skew;
      datas.forEach((data, i) => {
        const packed = new Uint8Array(BLOCK);
        const size = compress(data, 0, BLOCK, packed, 0, BLOCK - 256);
        const bytes = size > 0 ? packed.subarray(0, size) : data;
        const harm = damages[i % damages.length];
        if (size > 0 && harm !== undefined) bytes[harm.at % size] = harm.byte;
        area.set(bytes, at);
        ops.set([at, at + bytes.length, size > 0 ? BLOCK : 0], 3 * i);
        at += bytes.length;
      });
      words[Slot.type] = type;
      words[Slot.expand] = 1;
      words[Slot.start] = skew;
      words[Slot.stored] = at - skew;
      words[Slot.ops] = 3 * datas.length;
      return datas.length;
    }

    it(`of ${name} expands to the same with WebAssembly and without, however damaged`, () => {
      fc.assert(
        fc.property(
          fc.array(blocks, { minLength: 1, maxLength: 20 }),
          fc.array(damage, { minLength: 1, maxLength: 20 }),
          fc.nat(15),
          (datas, damages, skew) => {
            const [, slot] = memory.view.slots as [SlotView, SlotView];
            const count = fillPacked(slot, datas, damages, skew);
            const fast = result(slot, memory.run);
            useWasm(false);
            const plain = result(slot, plainParts);
            useWasm(true);
            expect(fast).to.deep.equal(plain);
            expect(fast.crc).to.equal(crc32(slot.area.slice(skew, skew + (slot.words[Slot.stored] as number))));
            if (damages.every((harm) => harm === undefined)) {
              expect(fast.good).to.equal(count);
              expect(Buffer.compare(fast.bytes, Buffer.concat(datas))).to.equal(0);
            }
          },
        ),
        { numRuns: 300 },
      );
    });

    it(`of noise instead of ${name} is refused by both`, () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 8, maxLength: 600 }),
          fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 40 }),
          (noise, cuts) => {
            const [slot] = memory.view.slots as [SlotView];
            slot.area.set(noise);
            cuts.forEach(([a, b, kib], i) => {
              const [from, to] = [a % noise.length, b % noise.length].sort((x, y) => x - y) as [number, number];
              slot.ops.set([from, to + 1, kib * 1024], 3 * i);
            });
            slot.words[Slot.type] = type;
            slot.words[Slot.expand] = 1;
            slot.words[Slot.start] = 0;
            slot.words[Slot.stored] = noise.length;
            slot.words[Slot.ops] = 3 * cuts.length;
            const fast = result(slot, memory.run);
            useWasm(false);
            expect(result(slot, plainParts)).to.deep.equal(fast);
            useWasm(true);
          },
        ),
        { numRuns: 1000 },
      );
    });

    it(`of ${name} is packed into records of the same data with WebAssembly and without`, () => {
      const kinds = fc.oneof(blocks, fc.uint8Array({ minLength: 1, maxLength: 300 }));
      fc.assert(
        fc.property(fc.array(kinds, { minLength: 1, maxLength: 20 }), (pieces) => {
          const [slot] = memory.view.slots as [SlotView];
          const { words, ops, data, rest } = slot;
          let at = 0;
          let restAt = 0;
          pieces.forEach((piece, i) => {
            if (piece.length === BLOCK) {
              data.set(piece, at);
              at += BLOCK;
              ops[i] = 1;
              return;
            }
            // A RAW record, as a writer makes them of small data.
            const header = new Uint8Array(RECORD_HEADER_MAX);
            header[0] = RAW;
            const size = putSize(header, 1, piece.length);
            rest.set(header.subarray(0, size), restAt);
            rest.set(piece, restAt + size);
            restAt += size + piece.length;
            ops[i] = -(size + piece.length);
          });
          words[Slot.type] = type;
          words[Slot.expand] = 0;
          words[Slot.ops] = pieces.length;
          const fast = result(slot, memory.run);
          useWasm(false);
          const plain = result(slot, plainParts);
          for (const { bytes, crc } of [fast, plain]) {
            expect(crc).to.equal(crc32(bytes));
            const expected = Buffer.concat(pieces);
            expect(Buffer.compare(dataOf(bytes, expected.length), expected)).to.equal(0);
          }
          useWasm(true);
        }),
        { numRuns: 200 },
      );
    });
  }
});
