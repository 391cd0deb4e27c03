import { expect } from 'chai';
import fc from 'fast-check';
import {
  Bool,
  Callback,
  GCPhys,
  HCPtrHackU32,
  HCPtrNI,
  Ignore,
  Mem,
  NoEntry,
  Old,
  S8,
  S64,
  S128,
  SsmStruct,
  Struct,
  U8,
  U16,
  U32,
  U64,
} from './decorators.js';
import { type Descriptor, DescriptorError, type Field } from './descriptor.js';
import { hostProfile, hosts } from './host.js';
import { newImage, readImage, sameMember, writeImage } from './image.js';
import { descriptorFor, type StateClass } from './metadata.js';
import { arbitraryOf } from './testing/arbitrary.js';

@SsmStruct()
class Point {
  @S8() x = 0;
  @U64() y = 0n;
}

@SsmStruct()
class Everything {
  @Bool() flag = false;
  @S64() signed = 0n;
  @S128() wide = 0n;
  @U64({ hi: 'high' }) low = 0;
  high = 0;
  @U64({ as: 'number' }) safe = 0;
  @GCPhys() address = 0n;
  @HCPtrNI() there = false;
  @HCPtrNI({ as: 'bigint', count: 2 }) pointers = [0n, 0n];
  @HCPtrHackU32() hack = 0;
  @U16({ count: 3 }) words = new Uint16Array(3);
  @Bool({ count: 2 }) flags = [false, false];
  @Mem({ count: 3 }) bytes = new Uint8Array(3);
  @Struct(Point) point = new Point();
  @Struct(Point, { count: 2 }) points = [new Point(), new Point()];
  @Callback('u32', { put: 'nothing' }) custom = 0;
  @Ignore('u32') declare ignored: never;
  @Old(4) declare gone: never;
  @NoEntry('u32') declare unsaved: never;
  nothing(): void {}
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

function imageOf(target: StateClass, object: object, host = hosts['linux.amd64']!): Uint8Array {
  const image = newImage(descriptorFor(target), host);
  writeImage(descriptorFor(target), host, object, image);
  return image;
}

describe('C images', () => {
  it('have the bytes of the members, little-endian, and leave gaps alone', () => {
    const point = Object.assign(new Point(), { x: -2, y: 0x0123456789abcdefn });
    const image = new Uint8Array(20).fill(0xcc);
    writeImage(descriptorFor(Point), hosts['linux.amd64']!, point, image, 2);
    expect(hex(image)).to.equal('cc cc fe cc cc cc cc cc cc cc ef cd ab 89 67 45 23 01 cc cc');
    writeImage(descriptorFor(Point), hosts['linux.x86']!, point, image.fill(0xcc), 2);
    expect(hex(image)).to.equal('cc cc fe cc cc cc ef cd ab 89 67 45 23 01 cc cc cc cc cc cc');
  });

  it('have 1 for a pointer of which only "not NULL" is known', () => {
    @SsmStruct()
    class Pointers {
      @HCPtrNI() a = true;
      @HCPtrNI({ as: 'bigint' }) b = 0xdead_beefn;
    }
    expect(hex(imageOf(Pointers, new Pointers()))).to.equal('01 00 00 00 00 00 00 00 ef be ad de 00 00 00 00');
    expect(hex(imageOf(Pointers, new Pointers(), hosts['win.x86']))).to.equal('01 00 00 00 ef be ad de');
  });

  for (const name of ['linux.amd64', 'win.amd64', 'linux.x86', 'win.x86']) {
    it(`are read as they were written on ${name}`, () => {
      const host = hosts[name]!;
      const property = fc.property(arbitraryOf(Everything, { hosts: [host] }), (object) => {
        const read = new Everything();
        readImage(descriptorFor(Everything), host, read, imageOf(Everything, object, host));
        expect(read).to.deep.equal(object);
      });
      fc.assert(property, { numRuns: 50 });
    });
  }

  it('hold the low half of a pair where a guest address has 4 bytes, and nothing behind it', () => {
    @SsmStruct()
    class Narrow {
      @GCPhys({ hi: 'high' }) low = 0;
      high = 0;
      @U32() next = 0;
    }
    const host = hostProfile('linux.x86', { gcPhysBytes: 4 });
    const object = Object.assign(new Narrow(), { low: 0x11223344, high: 5, next: 0x55667788 });
    const image = imageOf(Narrow, object, host);
    expect(hex(image)).to.equal('44 33 22 11 88 77 66 55');
    const read = Object.assign(new Narrow(), { high: 9 });
    readImage(descriptorFor(Narrow), host, read, image);
    expect(read).to.include({ low: 0x11223344, high: 0, next: 0x55667788 });
  });

  it('refuse arrays of another length', () => {
    for (const [name, value] of Object.entries({
      words: new Uint16Array(2),
      flags: [true],
      bytes: new Uint8Array(4),
      points: [new Point()],
    })) {
      expect(() => imageOf(Everything, Object.assign(new Everything(), { [name]: value })), name).to.throw(
        DescriptorError,
        `${name}: ${value.length} elements where the structure has`,
      );
    }
  });
});

describe('members on two hosts', () => {
  @SsmStruct()
  class Loose {
    @U8() x = 0;
    @U64() y = 0n;
  }
  @SsmStruct()
  class Holder {
    @U32() number = 0;
    @HCPtrNI() pointer = false;
    @GCPhys() address = 0n;
    @Struct(Loose) loose = new Loose();
    @Struct(Loose, { count: 2 }) several = [new Loose(), new Loose()];
  }
  const field = (name: string): Field =>
    (descriptorFor(Holder) as Descriptor).fields.find((candidate) => candidate.name === name)!;
  const narrow = hostProfile('linux.amd64', { gcPhysBytes: 4 });
  const rows: readonly (readonly [name: string, a: string, b: string, same: boolean])[] = [
    ['number', 'linux.amd64', 'linux.x86', true],
    ['pointer', 'linux.amd64', 'linux.x86', false],
    ['pointer', 'linux.x86', 'win.x86', true],
    ['address', 'linux.amd64', 'win.x86', true],
    ['loose', 'linux.amd64', 'win.x86', true],
    ['loose', 'linux.amd64', 'linux.x86', false],
    ['several', 'win.x86', 'linux.x86', false],
  ];
  for (const [name, a, b, same] of rows) {
    it(`${name} on ${a} and ${b} ${same ? 'has the same bytes' : 'has not'}`, () => {
      expect(sameMember(field(name), hosts[a]!, hosts[b]!)).to.equal(same);
    });
  }

  it('an address of another width has not', () => {
    expect(sameMember(field('address'), hosts['linux.amd64']!, narrow)).to.equal(false);
  });
});
