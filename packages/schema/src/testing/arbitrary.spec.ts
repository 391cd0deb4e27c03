import { expect } from 'chai';
import fc from 'fast-check';
import * as ssm from '../decorators.js';
import { DescriptorError } from '../descriptor.js';
import { hostProfile, hosts } from '../host.js';
import { encodeJson } from '../json-codec.js';
import type { StateClass } from '../metadata.js';
import { arbitraryOf } from './arbitrary.js';

const { Mem, Nested, SsmStream, SsmStruct, U8, U16, U32, U64 } = ssm;

@SsmStream()
class Item {
  @U8() key = 0;
  @U16() value = 0;
}

@SsmStream()
class Counted {
  @U8() n = 0;
  @U32({ count: 'n', max: 255 }) list = new Uint32Array(0);
  @Nested(Item, { count: 'n', max: 100 }) items: Item[] = [];
  @Mem({ count: 'twice', max: 510 }) bytes = new Uint8Array(0);
  @ssm.Bool({ count: 'half', max: 128 }) flags: boolean[] = [];
  @U16({ count: { stream: 'u8' }, max: 3 }) free = new Uint16Array(0);
  @Nested(Item, { end: { key: 0, value: 1 }, max: 5 }) ended: Item[] = [];
  @U8({ end: 7, max: 5 }) until = new Uint8Array(0);

  get twice(): number {
    return this.n * 2;
  }

  half(unit: { version: number }): number {
    return unit.version === 0xffffffff ? this.n >> 1 : 0;
  }
}

/** Draws of a class, always the same. */
function draws<T extends object>(
  target: StateClass<T>,
  options: Parameters<typeof arbitraryOf>[1] = {},
  numRuns = 400,
): T[] {
  return fc.sample(arbitraryOf(target, options) as fc.Arbitrary<T>, { numRuns, seed: 5 });
}

describe('arbitrary instances', () => {
  it('have arrays as long as fields, getters and methods say', () => {
    const all = draws(Counted);
    for (const { n, list, items, bytes, flags } of all) {
      expect([list.length, items.length, bytes.length, flags.length]).to.deep.equal([n, n, 2 * n, n >> 1]);
    }
    expect(new Set(all.map(({ n }) => n)).size, 'different counts').to.be.greaterThan(5);
  });

  it('have arrays of their own up to their limit, and no element that looks like the end', () => {
    const all = draws(Counted);
    expect(new Set(all.map(({ free }) => free.length))).to.deep.equal(new Set([0, 1, 2, 3]));
    expect(Math.max(...all.map(({ ended }) => ended.length))).to.equal(5);
    for (const { ended, until } of all) {
      expect(ended.some(({ key, value }) => key === 0 && value === 1)).to.equal(false);
      expect([...until]).not.to.include(7);
    }
    expect(all.some(({ ended }) => ended.some(({ key }) => key === 0))).to.equal(true);
  });

  it('have the edges of every kind', () => {
    @SsmStruct()
    class Edges {
      @U8() u8 = 0;
      @ssm.S16() s16 = 0;
      @U64() u64 = 0n;
      @ssm.S128() s128 = 0n;
      @ssm.HCPtrNI() there = false;
      @ssm.U64({ hi: 'high' }) low = 0;
      high = 0;
      @U64({ as: 'number' }) safe = 0;
    }
    const all = draws(Edges, {}, 2000);
    const expectSeen = (name: keyof Edges, ...edges: readonly unknown[]) =>
      expect(
        all.map((object): unknown => object[name]),
        name,
      ).to.include.members([...edges]);
    expectSeen('u8', 0, 1, 127, 128, 254, 255, 0x55, 0xaa);
    expectSeen('s16', 0, 1, -1, 32767, -32768, 0x5555);
    expectSeen('u64', 0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
    expectSeen('s128', 0n, -1n, -(2n ** 127n), 2n ** 127n - 1n, 2n ** 64n);
    expectSeen('there', true, false);
    expectSeen('low', 0, 0xffffffff);
    expectSeen('high', 0, 0xffffffff, 0x80000000);
    expectSeen('safe', 0, Number.MAX_SAFE_INTEGER);
  });

  it('keep to domains', () => {
    @SsmStruct()
    class Domains {
      @U8({ min: 3, max: 5 }) range = 3;
      @ssm.S32({ values: [-7, 7, 2 ** 40] }) listed = 7;
      @U64({ count: 3, each: { max: 2 } }) each = new BigUint64Array(3);
      @U8({ values: { Off: 0, On: 1, Hack: 0x7fffffff } }) mode = 0;
    }
    const all = draws(Domains);
    expect(new Set(all.map(({ range }) => range))).to.deep.equal(new Set([3, 4, 5]));
    expect(new Set(all.map(({ listed }) => listed))).to.deep.equal(new Set([-7, 7]));
    expect(new Set(all.flatMap(({ each }) => [...each]))).to.deep.equal(new Set([0n, 1n, 2n]));
    expect(new Set(all.map(({ mode }) => mode))).to.deep.equal(new Set([0, 1]));
  });

  it('have strings of all sorts that have a UTF-8 form, no longer than they may be', () => {
    @SsmStream()
    class Strings {
      @ssm.StrZ({ max: 5 }) short = '';
      @ssm.StrZ() long = '';
      @ssm.StrZ({ as: 'bytes', max: 3 }) raw = new Uint8Array(0);
    }
    const all = draws(Strings, {}, 2000);
    const size = (text: string) => new TextEncoder().encode(text).length;
    for (const { short, long, raw } of all) {
      expect([short.isWellFormed(), long.isWellFormed()]).to.deep.equal([true, true]);
      expect(size(short)).to.be.at.most(5);
      expect(raw.length).to.be.at.most(3);
    }
    expect(new Set(all.map(({ short }) => size(short)))).to.deep.equal(new Set([0, 1, 2, 3, 4, 5]));
    expect(all.some(({ long }) => long.includes('\0'))).to.equal(true);
    expect(all.some(({ long }) => /[\u{10000}-\u{10ffff}]/u.test(long))).to.equal(true);
    expect(Math.max(...all.map(({ raw }) => raw.length))).to.equal(3);
  });

  @SsmStream()
  class Versions {
    @U8({ min: 1, max: 2 }) mode = 1;
    @U16({ since: 3, min: 100 }) newer = 5;
    @U16({ since: 3, min: 100, default: 6 }) newerDefault = 5;
    @U16({ until: 2, min: 100 }) older = 7;
    @U16({ when: { field: 'mode', is: 2 }, min: 100 }) sometimes = 8;
    @Mem({ count: 2, since: 3, default: new Uint8Array(2) }) bytes = new Uint8Array(1);
  }

  it('leave fields that the version has not as they are, or at their default', () => {
    for (const object of draws(Versions, { version: 2 })) {
      expect(object).to.include({ newer: 5, newerDefault: 6 });
      expect(object.bytes).to.deep.equal(new Uint8Array(2));
      expect(object.older).to.be.at.least(100);
      if (object.mode === 1) expect(object.sometimes).to.equal(8);
      else expect(object.sometimes).to.be.at.least(100);
    }
    for (const object of draws(Versions)) {
      expect(object.older).to.equal(7);
      expect(Math.min(object.newer, object.newerDefault)).to.be.at.least(100);
    }
  });

  it('share nothing with each other, nor with a default', () => {
    const [a, b] = draws(Versions, { version: 2 }, 2) as [Versions, Versions];
    expect(a.bytes).not.to.equal(b.bytes);
  });

  it('keep addresses and pointers within all hosts', () => {
    @SsmStruct()
    class Addresses {
      @ssm.GCPhys() phys = 0n;
      @ssm.GCPtr({ hi: 'high' }) ptr = 0;
      high = 0;
      @ssm.GCUInt() register = 0n;
      @ssm.HCPtrNI({ as: 'bigint' }) pointer = 0n;
    }
    const narrow = hostProfile('linux.amd64', { gcPtrBytes: 4 });
    const all = draws(Addresses, { hosts: [hosts['linux.amd64']!, narrow] });
    expect(all.every(({ high, register }) => high === 0 && register <= 0xffffffffn)).to.equal(true);
    expect(all.some(({ phys }) => phys > 0xffffffffn)).to.equal(true);
    expect(all.some(({ pointer }) => pointer > 0xffffffffn)).to.equal(true);
    expect(draws(Addresses, { hosts: [hosts['win.x86']!] }).every(({ pointer }) => pointer <= 0xffffffffn)).to.equal(
      true,
    );
  });

  @SsmStream()
  class Tree {
    @U8() n = 0;
    @Nested(() => Tree, { count: 'n', max: 4 }) children: Tree[] = [];
    @Nested(() => Tree, { when: 'n' }) first?: Tree;
  }

  it('end where a class contains itself', () => {
    const depth = (tree: Tree): number =>
      1 + Math.max(0, ...[...tree.children, ...(tree.first ? [tree.first] : [])].map(depth));
    const depths = draws(Tree, {}, 100).map(depth);
    expect(Math.max(...depths)).to.be.within(2, 5);
  });

  it('end where a condition decides whether a class contains itself', () => {
    @SsmStream()
    class Chain {
      @ssm.Bool() more = false;
      @Nested(() => Chain, { when: 'more' }) next?: Chain;
    }
    const length = ({ next }: Chain): number => 1 + (next === undefined ? 0 : length(next));
    expect(new Set(draws(Chain).map(length))).to.deep.equal(new Set([1, 2, 3]));
  });

  it('follow what is drawn instead, by path', () => {
    @SsmStream()
    class Outer {
      @U8() n = 0;
      @Nested(Item, { count: { stream: 'u8' }, max: 3 }) items: Item[] = [];
      @U8({ count: 'n', max: 255 }) list = new Uint8Array(0);
      @U64({ hi: 'high' }) low = 0;
      high = 0;
    }
    const fields = {
      'items.value': fc.constant(4711),
      list: fc.constantFrom(new Uint8Array([1, 2, 3]), new Uint8Array(200)),
      low: fc.constant(0x1_0000_0002n),
    };
    const all = draws(Outer, { fields });
    expect(new Set(all.flatMap(({ items }) => items.map(({ value }) => value)))).to.deep.equal(new Set([4711]));
    expect(new Set(all.map(({ n }) => n))).to.deep.equal(new Set([3, 200]));
    for (const { n, list, low, high } of all) expect([list.length, low, high]).to.deep.equal([n, 2, 1]);
  });

  it('shrink to the smallest that still fails', () => {
    const property = fc.property(arbitraryOf(Counted), ({ items }) => items.every(({ value }) => value < 1000));
    const { counterexample } = fc.check(property, { seed: 1, numRuns: 500 });
    const [{ n, items, bytes, free }] = counterexample as [Counted];
    expect([n, items.length, items[0]!.key, items[0]!.value]).to.deep.equal([1, 1, 0, 1000]);
    expect([[...bytes], [...free]]).to.deep.equal([[0, 0], []]);
  });

  it('could all be saved', () => {
    for (const target of [Counted, Versions, Tree] as StateClass[]) {
      for (const object of draws(target, {}, 100)) encodeJson(target, object);
    }
  });
});

describe('what has no instances', () => {
  it('a class that is not decorated', () => {
    expect(() => arbitraryOf(class Plain {})).to.throw(DescriptorError, 'Plain: is not decorated');
  });

  it('a counting field whose domain has no count', () => {
    @SsmStream()
    class Impossible {
      @U8({ min: 10 }) n = 10;
      @Mem({ count: 'n', max: 5 }) bytes = new Uint8Array(0);
    }
    expect(() => arbitraryOf(Impossible)).to.throw(
      RangeError,
      'n: no value is both in its domain and a number of elements (at most 5)',
    );
  });

  it('a getter that always counts too many', () => {
    @SsmStream()
    class TooMany {
      @U8({ count: 'lots', max: 5 }) list = new Uint8Array(0);
      get lots(): number {
        return 6;
      }
    }
    expect(() => draws(TooMany)).to.throw(
      RangeError,
      "TooMany.list: 'lots' says 6 elements, where at most 5 are loaded; draw what it depends on with 'fields'",
    );
  });
});
