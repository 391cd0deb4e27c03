import { expect } from 'chai';
import {
  HCPtrNI,
  Ignore,
  Mem,
  NoEntry,
  Old,
  PadHC,
  PadHC32,
  PadHC64,
  SsmStruct,
  Struct,
  U8,
  U16,
  U32,
  U64,
  U128,
} from './decorators.js';
import { layout } from './describe.js';
import { hosts } from './host.js';
import type { StateClass } from './metadata.js';

@SsmStruct()
class Mixed {
  @U8() a = 0;
  @U64() b = 0n;
  @U16() c = 0;
  @HCPtrNI() d = false;
  @U8() e = 0;
}

@SsmStruct()
class Arrays {
  @U32() a = 0;
  @U8({ count: 3 }) b = new Uint8Array(3);
  @U16() c = 0;
  @U64() d = 0n;
  @U32() e = 0;
}

@SsmStruct()
class Wide {
  @U8() a = 0;
  @U128() b = 0n;
  @U8() c = 0;
}

@SsmStruct()
class Inner {
  @U8() x = 0;
  @U64() y = 0n;
}

@SsmStruct()
class Outer {
  @U16() a = 0;
  @Struct(Inner) b = new Inner();
  @U8() c = 0;
  @Struct(Inner, { count: 2 }) d = [new Inner(), new Inner()];
  @U8() e = 0;
}

@SsmStruct({ packed: true })
class Packed {
  @U8() a = 0;
  @U64() b = 0n;
  @HCPtrNI() c = false;
  @U16() d = 0;
}

@SsmStruct({ packed: true })
class PackedInner {
  @U8() x = 0;
  @U32() y = 0;
}

@SsmStruct()
class AroundPacked {
  @U8() a = 0;
  @Struct(PackedInner) b = new PackedInner();
  @U32() c = 0;
}

@SsmStruct()
class Pointers {
  @U8() a = 0;
  @HCPtrNI({ count: 3 }) p = [false, false, false];
  @U8() b = 0;
}

@SsmStruct()
class Aligned {
  @U32() a = 0;
  @U32({ align: 8 }) b = 0;
  @U8() c = 0;
}

@SsmStruct()
class Tail {
  @U64() a = 0n;
  @U32() b = 0;
}

@SsmStruct()
class AroundTail {
  @U8() a = 0;
  @Struct(Tail) b = new Tail();
  @U32() c = 0;
}

/** Members that take part in the layout without being saved, and entries that have no member. */
@SsmStruct()
class Unsaved {
  @U8() a = 0;
  @Ignore('u32') declare b: never;
  @Old(5) declare gone: never;
  @NoEntry('hcptr') declare c: never;
  @U8() d = 0;
}

/*
 * Offsets in order, and sizeof at the end. Compiled with gcc 12 for amd64 and i386; for 32-bit MSC with gcc's
 * -malign-double, which aligns 64-bit members as MSC does; for 64-bit MSC only 128-bit integers differ from gcc's.
 */
const compiled: readonly (readonly [StateClass, Readonly<Record<string, readonly number[]>>])[] = [
  [
    Mixed,
    {
      'linux.amd64': [0, 8, 16, 24, 32, 40],
      'win.amd64': [0, 8, 16, 24, 32, 40],
      'linux.x86': [0, 4, 12, 16, 20, 24],
      'win.x86': [0, 8, 16, 20, 24, 32],
    },
  ],
  [
    Arrays,
    {
      'linux.amd64': [0, 4, 8, 16, 24, 32],
      'win.amd64': [0, 4, 8, 16, 24, 32],
      'linux.x86': [0, 4, 8, 12, 20, 24],
      'win.x86': [0, 4, 8, 16, 24, 32],
    },
  ],
  [
    Wide,
    {
      'linux.amd64': [0, 16, 32, 48],
      'win.amd64': [0, 8, 24, 32],
      'linux.x86': [0, 4, 20, 24],
      'win.x86': [0, 8, 24, 32],
    },
  ],
  [
    Outer,
    {
      'linux.amd64': [0, 8, 24, 32, 64, 72],
      'win.amd64': [0, 8, 24, 32, 64, 72],
      'linux.x86': [0, 4, 16, 20, 44, 48],
      'win.x86': [0, 8, 24, 32, 64, 72],
    },
  ],
  [Packed, { 'linux.amd64': [0, 1, 9, 17, 19], 'linux.x86': [0, 1, 9, 13, 15], 'win.x86': [0, 1, 9, 13, 15] }],
  [AroundPacked, { 'linux.amd64': [0, 1, 8, 12], 'linux.x86': [0, 1, 8, 12], 'win.x86': [0, 1, 8, 12] }],
  [Pointers, { 'linux.amd64': [0, 8, 32, 40], 'linux.x86': [0, 4, 16, 20], 'win.x86': [0, 4, 16, 20] }],
  [Aligned, { 'linux.amd64': [0, 8, 12, 16], 'linux.x86': [0, 8, 12, 16], 'win.x86': [0, 8, 12, 16] }],
  [AroundTail, { 'linux.amd64': [0, 8, 24, 32], 'linux.x86': [0, 4, 16, 20], 'win.x86': [0, 8, 24, 32] }],
  [Unsaved, { 'linux.amd64': [0, 4, 8, 16, 24], 'linux.x86': [0, 4, 8, 12, 16], 'win.x86': [0, 4, 8, 12, 16] }],
];

describe('C layout', () => {
  for (const [target, byHost] of compiled) {
    for (const [host, numbers] of Object.entries(byHost)) {
      it(`${target.name} on ${host} is laid out as by the compiler`, () => {
        const { offsets, size } = layout(target, hosts[host]!);
        expect([...offsets.values(), size]).to.deep.equal(numbers);
      });
    }
  }

  it('tells every byte: members and the gaps between and after them', () => {
    const { members, size } = layout(Mixed);
    const told = members.map(({ name, offset, size }) => [name, offset, size]);
    expect(told).to.deep.equal([
      ['a', 0, 1],
      [undefined, 1, 7],
      ['b', 8, 8],
      ['c', 16, 2],
      [undefined, 18, 6],
      ['d', 24, 8],
      ['e', 32, 1],
      [undefined, 33, 7],
    ]);
    expect(members.reduce((sum, member) => sum + member.size, 0)).to.equal(size);
  });

  it('is made once for hosts that are alike', () => {
    expect(layout(Mixed, hosts['linux.amd64'])).to.equal(layout(Mixed, hosts['darwin.arm64']));
    expect(layout(Mixed, hosts['linux.amd64'])).not.to.equal(layout(Mixed, hosts['linux.x86']));
  });
});

describe('paddings of some hosts', () => {
  @SsmStruct()
  class Padded {
    @U32() a = 0;
    @PadHC(2, 6) declare both: never;
    @PadHC32(3) declare only32: never;
    @PadHC64(5) declare only64: never;
    @U8() b = 0;
  }

  it('are members of the structures of those hosts', () => {
    const on = (host: string) => Object.fromEntries(layout(Padded, hosts[host]!).offsets);
    expect(on('linux.amd64')).to.deep.equal({ a: 0, both: 4, only64: 10, b: 15 });
    expect(on('linux.x86')).to.deep.equal({ a: 0, both: 4, only32: 6, b: 9 });
  });
});

describe('explicit offsets', () => {
  @SsmStruct({ size: { bits32: 40, bits64: 48 } })
  class Placed {
    @U64() base = 0n;
    @U32({ offset: { of: 'base', add: 4 } }) high = 0;
    @U8() after = 0;
    @U16({ offset: 20 }) fixed = 0;
    @U8({ offset: { bits32: 30, bits64: 35 } }) byWidth = 0;
    @Mem({ count: 2 }) last = new Uint8Array(2);
  }

  it('are taken as they are, and what follows goes on behind the farthest member', () => {
    const on = (host: string) => Object.values(Object.fromEntries(layout(Placed, hosts[host]!).offsets));
    expect(on('linux.amd64')).to.deep.equal([0, 4, 8, 20, 35, 36]);
    expect(on('linux.x86')).to.deep.equal([0, 4, 8, 20, 30, 31]);
  });

  it('leave the size to the class', () => {
    expect(layout(Placed, hosts['linux.amd64']).size).to.equal(48);
    expect(layout(Placed, hosts['linux.x86']).size).to.equal(40);
  });

  it('align the structure where an alignment is given with them', () => {
    @SsmStruct()
    class Union {
      @U32() low = 0;
      @U64({ offset: 0, align: 8 }) whole = 0n;
      @U8() tag = 0;
    }
    @SsmStruct()
    class Loose {
      @U32() low = 0;
      @U64({ offset: 0 }) whole = 0n;
      @U8() tag = 0;
    }
    expect(layout(Union)).to.include({ size: 16, align: 8 });
    expect(layout(Loose)).to.include({ size: 12, align: 4 });
  });
});
