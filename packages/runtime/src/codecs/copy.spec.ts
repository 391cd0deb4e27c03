import { expect } from 'chai';
import fc from 'fast-check';
import { copyBytes, copyShared } from './copy.js';

const places = fc.record({
  start: fc.nat(40),
  at: fc.nat(40),
  count: fc.oneof(fc.nat(300), fc.integer({ min: 4000, max: 200_000 })),
});

/** Bytes no two of which that are near each other are the same. */
function pattern(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 167 + (i >> 8)) & 0xff;
  return bytes;
}

describe('copying', () => {
  const SIZE = 200_100;
  const memories = {
    'plain memory': (size: number) => new Uint8Array(size),
    'shared memory': (size: number) => new Uint8Array(new SharedArrayBuffer(size)),
  };
  const table = [
    { name: 'copyBytes', copy: copyBytes, from: 'plain memory', to: 'plain memory' },
    { name: 'copyShared', copy: copyShared, from: 'plain memory', to: 'shared memory' },
    { name: 'copyShared', copy: copyShared, from: 'shared memory', to: 'plain memory' },
  ] as const;
  for (const { name, copy, from, to } of table) {
    it(`${name} from ${from} to ${to}: these bytes, there, and no others`, () => {
      const source = pattern(memories[from](SIZE));
      fc.assert(
        fc.property(places, ({ start, at, count }) => {
          const into = memories[to](SIZE);
          copy(source, start, start + count, into, at);
          const expected = new Uint8Array(SIZE);
          expected.set(source.slice(start, start + count), at);
          expect(Buffer.compare(into, expected)).to.equal(0);
        }),
        { numRuns: 60 },
      );
    });
  }
});
