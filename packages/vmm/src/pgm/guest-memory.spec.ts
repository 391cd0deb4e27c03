import { statusOf } from '@ssmkit/runtime/testing';
import { RomProtection } from '@ssmkit/vbox';
import { expect } from 'chai';
import { GuestMemory } from './guest-memory.js';
import type { AccessSize } from './mapping.js';
import type { MmioHandlers } from './mmio.js';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const memoryOf = (size = 2 * MIB, hole?: number) => new GuestMemory({ size, ...(hole !== undefined && { hole }) });

describe('RAM', () => {
  const layouts: readonly (readonly [size: number, hole: number, ranges: readonly (readonly [number, number])[]])[] = [
    [0, GIB / 2, []],
    [4 * KIB, GIB / 2, [[0, 4 * KIB]]],
    [640 * KIB, GIB / 2, [[0, 640 * KIB]]],
    [MIB, GIB / 2, [[0, 640 * KIB]]],
    [
      MIB + 4 * KIB,
      GIB / 2,
      [
        [0, 640 * KIB],
        [MIB, 4 * KIB],
      ],
    ],
    [
      16 * MIB,
      GIB / 2,
      [
        [0, 640 * KIB],
        [MIB, MIB],
        [2 * MIB, 14 * MIB],
      ],
    ],
    [
      5 * GIB,
      0.5625 * GIB,
      [
        [0, 640 * KIB],
        [MIB, MIB],
        [2 * MIB, 3.4375 * GIB - 2 * MIB],
        [4 * GIB, 1.5625 * GIB],
      ],
    ],
  ];
  for (const [size, hole, ranges] of layouts) {
    it(`of ${size} bytes, with a hole of ${hole}`, () => {
      const memory = memoryOf(size, hole);
      expect(memory.ram.ranges.map((range) => [range.address, range.size])).to.deep.equal(ranges);
      for (const [address, bytes] of ranges) {
        for (const at of [address, address + bytes - 1]) {
          expect(memory.readU8(at)).to.equal(0);
          memory.writeU8(at, 0x5a);
          expect(memory.readU8(at), `at ${at}`).to.equal(0x5a);
        }
        const isNext = ranges.some(([next]) => next === address + bytes);
        if (isNext) continue;
        memory.writeU8(address + bytes, 0x5a);
        expect(memory.readU8(address + bytes), 'behind the end').to.equal(0xff);
      }
      expect(memory.ram.touchedPages).to.equal(ranges.reduce((sum, [, bytes]) => sum + (bytes > 4 * KIB ? 2 : 1), 0));
    });
  }

  const refused: readonly (readonly [size: number, hole: number, status: string])[] = [
    [-4096, 0, 'VERR_INVALID_PARAMETER'],
    [100, 0, 'VERR_INVALID_PARAMETER'],
    [4096.5, 0, 'VERR_INVALID_PARAMETER'],
    [Number.NaN, 0, 'VERR_INVALID_PARAMETER'],
    [4096, 1, 'VERR_INVALID_PARAMETER'],
    [4096, 4 * GIB, 'VERR_OUT_OF_RANGE'],
    [2 ** 52, 0, 'VERR_OUT_OF_RANGE'],
    [2 ** 50, 0, 'VERR_NO_MEMORY'],
  ];
  for (const [size, hole, status] of refused) {
    it(`of ${size} bytes, with a hole of ${hole}: ${status}`, async () => {
      expect(await statusOf(() => memoryOf(size, hole))).to.equal(status);
    });
  }

  it('may be shared with other threads where there is such memory', () => {
    expect(memoryOf().ram.isShared).to.equal(typeof SharedArrayBuffer === 'function');
  });

  it('is read and written in all sizes, little-endian, over ends of pages and of RAM', () => {
    const memory = memoryOf(MIB + 8 * KIB);
    for (const address of [0x10, 0xffd, 0xffe, 0xfff, 0x9fffe, 0x100ffd, 0x101ffd]) {
      memory.writeU32(address, 0x8765_4321);
      const there = [0x21, 0x43, 0x65, 0x87].map((byte, i) =>
        (address + i < 0xa0000 || address + i >= MIB) && address + i < MIB + 8 * KIB ? byte : 0xff,
      );
      expect([...memory.read(address, 4)], `at ${address}`).to.deep.equal(there);
      const value = there.reduceRight((sum, byte) => sum * 256 + byte, 0);
      expect(memory.readU32(address)).to.equal(value);
      expect(memory.readU16(address)).to.equal(value % 0x10000);
      memory.writeU16(address, 0x1_beef);
      expect(memory.readU16(address)).to.equal((there[1] === 0xff ? 0xff00 : 0xbe00) | 0xef);
    }
    memory.writeU64(0xffc, 0x8877_6655_4433_2211n);
    expect(memory.readU64(0xffc)).to.equal(0x8877_6655_4433_2211n);
  });

  it('above 4 GiB is reached in all sizes, too', () => {
    const memory = memoryOf(16 * MIB, 4 * GIB - 8 * MIB);
    const at = 4 * GIB + 0xffe;
    memory.writeU32(at, 0x8765_4321);
    memory.writeU8(at + 4, 0x99);
    expect([memory.readU32(at), memory.readU16(at + 1), memory.readU8(at + 4)]).to.deep.equal([
      0x8765_4321, 0x6543, 0x99,
    ]);
    expect(memory.readU8(8 * MIB - 1), 'below').to.equal(0);
    expect(memory.readU8(8 * MIB), 'in the hole').to.equal(0xff);
    expect(memory.readU8(4 * GIB + 8 * MIB), 'behind').to.equal(0xff);
    expect([...memory.read(2 ** 52 - 1, 3)]).to.deep.equal([0xff, 0xff, 0xff]);
  });

  it('that is cleared is as new', () => {
    const memory = memoryOf();
    for (let at = 0; at < 0x5000; at += 0x800) memory.writeU8(at, 1);
    memory.writeU8(0x150000, 1);
    expect(memory.ram.touchedPages).to.equal(6);
    memory.clearRam();
    expect(memory.ram.touchedPages).to.equal(0);
    expect(memory.read(0, 0x5000).every((byte) => byte === 0)).to.equal(true);
  });
});

describe('the A20 gate', () => {
  it('closed makes the second MiB the first, for its CPU alone', () => {
    const memory = new GuestMemory({ size: 4 * MIB, cpuCount: 2 });
    const [first, second] = memory.cpus as [(typeof memory.cpus)[0], (typeof memory.cpus)[0]];
    memory.write(0x500, Uint8Array.of(1, 2));
    memory.writeU8(MIB + 0x500, 3);
    memory.writeU8(3 * MIB + 0x500, 5);
    first.a20Enabled = false;
    const seen = (cpu: typeof first) => [0, 1, 2, 3].map((mib) => cpu.readByte(mib * MIB + 0x500));
    expect(seen(first)).to.deep.equal([1, 1, 0, 0]);
    expect(seen(second)).to.deep.equal([1, 3, 0, 5]);
    first.writeByte(MIB + 0x501, 9);
    expect(memory.readU8(0x501)).to.equal(9);
    first.a20Enabled = true;
    expect(seen(first)).to.deep.equal([1, 3, 0, 5]);
    expect([first.a20Changes, second.a20Changes]).to.deep.equal([2, 0]);
  });

  it('closed wraps copies at 1 MiB', () => {
    const memory = memoryOf(4 * MIB);
    const [cpu] = memory.cpus as [(typeof memory.cpus)[0]];
    cpu.a20Enabled = false;
    cpu.write(2 * MIB - 2, Uint8Array.of(1, 2, 3, 4));
    expect([...memory.read(2 * MIB, 2)], 'bit 20 is low there').to.deep.equal([3, 4]);
    expect([...cpu.read(MIB, new Uint8Array(2))]).to.deep.equal([0, 0]);
    memory.write(0, Uint8Array.of(7, 8));
    expect([...cpu.read(MIB - 1, new Uint8Array(3))]).to.deep.equal([0xff, 7, 8]);
  });
});

describe('ROM', () => {
  const romIn = (memory: GuestMemory, shadowed = true, address = 0xe0000) =>
    memory.registerRom({ description: 'ROM', address, bytes: new Uint8Array(0x2000).fill(0x11), shadowed });

  for (const address of [0xe0000, 0xffff_0000]) {
    const rows: readonly (readonly [protection: RomProtection, seenAfterWrite: number, ram: number])[] = [
      [RomProtection.readRomWriteIgnore, 0x11, 0],
      [RomProtection.readRomWriteRam, 0x11, 0x22],
      [RomProtection.readRamWriteIgnore, 0, 0],
      [RomProtection.readRamWriteRam, 0x22, 0x22],
    ];
    for (const [protection, seen, ram] of rows) {
      it(`at 0x${address.toString(16)}, shadowed, of protection ${protection}`, () => {
        const memory = memoryOf();
        const rom = romIn(memory, true, address);
        rom.protect(protection, 0x1000, 0x1000);
        for (const write of [
          (at: number) => memory.writeU8(at, 0x22),
          (at: number) => memory.writeU16(at, 0x2222),
          (at: number) => memory.writeU32(at, 0x2222_2222),
          (at: number) => memory.write(at, Uint8Array.of(0x22)),
        ]) {
          write(address + 0xffc);
          write(address + 0x1008);
        }
        expect(memory.readU8(address + 0xffc)).to.equal(0x11);
        expect(memory.readU8(address + 0x1008)).to.equal(seen);
        expect(memory.readU32(address + 0x1008)).to.equal(seen * 0x0101_0101);
        expect([...memory.read(address + 0xfff, 2)]).to.deep.equal([0x11, protection >= 3 ? 0 : 0x11]);
        expect(rom.shadow?.[0x1008]).to.equal(ram);
        rom.protect(RomProtection.readRamWriteIgnore);
        expect(memory.readU8(address + 0x1008)).to.equal(ram);
        memory.reset();
        expect([memory.readU8(address + 0x1008), rom.shadow?.[0x1008]]).to.deep.equal([0x11, 0]);
        expect(rom.protectionOf(1)).to.equal(RomProtection.readRomWriteIgnore);
      });
    }
  }

  it('has zeros behind its bytes', () => {
    const memory = memoryOf();
    memory.registerRom({ description: 'ROM', address: 0xc0000, bytes: Uint8Array.of(1, 2), size: 0x2000 });
    expect([...memory.read(0xc0001, 2), memory.readU8(0xc1fff), memory.readU8(0xc2000)]).to.deep.equal([2, 0, 0, 0xff]);
  });

  it('that is removed leaves nothing', () => {
    const memory = memoryOf();
    const rom = romIn(memory);
    memory.remove(rom);
    memory.remove(rom);
    expect([memory.readU8(0xe0000), memory.roms.length]).to.deep.equal([0xff, 0]);
    romIn(memory);
    expect(memory.readU8(0xe0000)).to.equal(0x11);
  });

  const bytes = new Uint8Array(0x1000);
  const refused: readonly (readonly [what: string, make: (memory: GuestMemory) => unknown, status: string])[] = [
    ['over RAM', (m) => m.registerRom({ description: '', address: 0x9f000, bytes }), 'VERR_ALREADY_EXISTS'],
    ['over ROM', (m) => [romIn(m), m.registerRom({ description: '', address: 0xe1000, bytes })], 'VERR_ALREADY_EXISTS'],
    ['between pages', (m) => m.registerRom({ description: '', address: 0xe0800, bytes }), 'VERR_INVALID_PARAMETER'],
    [
      'of half pages',
      (m) => m.registerRom({ description: '', address: 0xe0000, bytes, size: 0x1800 }),
      'VERR_INVALID_PARAMETER',
    ],
    [
      'too small',
      (m) => m.registerRom({ description: '', address: 0xe0000, bytes, size: 0 }),
      'VERR_INVALID_PARAMETER',
    ],
    ['nowhere', (m) => m.registerRom({ description: '', address: 2 ** 52, bytes }), 'VERR_OUT_OF_RANGE'],
    [
      'with a long name',
      (m) => m.registerRom({ description: 'é'.repeat(32), address: 0xe0000, bytes }),
      'VERR_OUT_OF_RANGE',
    ],
    ['protected without RAM behind it', (m) => romIn(m, false).protect(4), 'VERR_NOT_SUPPORTED'],
    ['protected as nothing', (m) => romIn(m).protect(5 as RomProtection), 'VERR_INVALID_PARAMETER'],
    ['protected behind its end', (m) => romIn(m).protect(4, 0x1000, 0x2000), 'VERR_INVALID_PARAMETER'],
    ['protected by bytes', (m) => romIn(m).protect(4, 0x10), 'VERR_INVALID_PARAMETER'],
  ];
  for (const [what, make, status] of refused) {
    it(`${what}: ${status}`, async () => {
      const memory = memoryOf();
      expect(await statusOf(() => make(memory))).to.equal(status);
      expect(memory.readU8(0x9f000)).to.equal(0);
    });
  }
});

/** Registers that note what is done to them; reads give the offset in every byte. */
function noting(sizes?: readonly AccessSize[], has64 = false) {
  const log: string[] = [];
  const value = (offset: number, size: number) =>
    Array.from({ length: size }, (_, i) => offset + i).reduceRight((sum, byte) => sum * 256 + (byte & 0xff), 0);
  const handlers: MmioHandlers = {
    read: (offset, size) => {
      log.push(`r${offset}/${size}`);
      return value(offset, size);
    },
    write: (offset, written, size) => void log.push(`w${offset}/${size}=${written.toString(16)}`),
    ...(has64 && {
      read64: (offset: number) => {
        log.push(`r${offset}/8`);
        return BigInt(value(offset, 4)) | (BigInt(value(offset + 4, 4)) << 32n);
      },
      write64: (offset: number, written: bigint) => void log.push(`w${offset}/8=${written.toString(16)}`),
    }),
  };
  const memory = memoryOf();
  const range = memory.createMmio({ description: 'registers', size: 0x40, handlers, ...(sizes && { sizes }) });
  range.map(0xa0000);
  return { memory, range, log };
}

describe('registers in memory', () => {
  const AT = 0xa0000;
  const rows: readonly (readonly [
    what: string,
    sizes: readonly AccessSize[] | undefined,
    has64: boolean,
    access: (memory: GuestMemory) => unknown,
    result: unknown,
    log: string,
  ])[] = [
    ['a byte', undefined, false, (m) => m.readU8(AT + 3), 3, 'r3/1'],
    ['a word', undefined, false, (m) => m.readU16(AT + 2), 0x0302, 'r2/2'],
    ['a word across', undefined, false, (m) => m.readU16(AT + 3), 0x0403, 'r3/1 r4/1'],
    ['a double word', undefined, false, (m) => m.readU32(AT + 4), 0x07060504, 'r4/4'],
    ['a double word across', undefined, false, (m) => m.readU32(AT + 2), 0x05040302, 'r2/2 r4/2'],
    ['eight bytes', undefined, false, (m) => m.readU64(AT), 0x0706050403020100n, 'r0/4 r4/4'],
    ['eight bytes at once', undefined, true, (m) => m.readU64(AT), 0x0706050403020100n, 'r0/8'],
    ['a copy', undefined, true, (m) => [...m.read(AT + 7, 10)].join(), '7,8,9,10,11,12,13,14,15,16', 'r7/1 r8/8 r16/1'],
    ['bytes only', [1], false, (m) => m.readU32(AT), 0x03020100, 'r0/1 r1/1 r2/1 r3/1'],
    ['words only, a byte', [2], false, (m) => m.readU8(AT + 3), 3, 'r2/2'],
    ['double words only, a word', [4], false, (m) => m.readU16(AT + 2), 0x0302, 'r0/4 r0/4'],
    ['no words', [1, 4], false, (m) => m.readU16(AT + 2), 0x0302, 'r2/1 r3/1'],
    ['a byte written', undefined, false, (m) => m.writeU8(AT + 3, 0x1ab), undefined, 'w3/1=ab'],
    ['a double word written', undefined, false, (m) => m.writeU32(AT, 0x8765_4321), undefined, 'w0/4=87654321'],
    [
      'a double word written across',
      undefined,
      false,
      (m) => m.writeU32(AT + 2, 0x8765_4321),
      undefined,
      'w2/2=4321 w4/2=8765',
    ],
    ['bytes only, written', [1], false, (m) => m.writeU16(AT, 0x4321), undefined, 'w0/1=21 w1/1=43'],
    ['words only, a byte written', [2], false, (m) => m.writeU8(AT + 3, 0xab), undefined, 'r2/2 w2/2=ab02'],
    [
      'eight bytes written',
      undefined,
      false,
      (m) => m.writeU64(AT, 0x1122334455667788n),
      undefined,
      'w0/4=55667788 w4/4=11223344',
    ],
    [
      'eight bytes written at once',
      undefined,
      true,
      (m) => m.writeU64(AT, 0x1122334455667788n),
      undefined,
      'w0/8=1122334455667788',
    ],
    [
      'a copy written',
      undefined,
      false,
      (m) => m.write(AT + 1, Uint8Array.of(1, 2, 3, 4)),
      undefined,
      'w1/1=1 w2/2=302 w4/1=4',
    ],
    ['over the end', undefined, false, (m) => m.readU32(AT + 0x3e), 0xffff3f3e, 'r62/2'],
    ['from before the beginning', undefined, false, (m) => m.readU16(AT - 1), 0x0000, 'r0/1'],
  ];
  for (const [what, sizes, has64, access, result, log] of rows) {
    it(what, () => {
      const registers = noting(sizes, has64);
      expect(access(registers.memory)).to.equal(result);
      expect(registers.log.join(' ')).to.equal(log);
    });
  }

  it('without handlers, and without an answer, read as ones', () => {
    const memory = memoryOf();
    memory.createMmio({ description: 'none', size: 16, handlers: {} }).map(0xa0000);
    memory.createMmio({ description: 'silent', size: 16, handlers: { read: () => undefined } }).map(0xa0010);
    memory.writeU32(0xa0000, 1);
    for (const at of [0xa0000, 0xa0010]) {
      expect([memory.readU8(at), memory.readU16(at), memory.readU32(at)]).to.deep.equal([0xff, 0xffff, 0xffff_ffff]);
      expect(memory.readU64(at)).to.equal((1n << 64n) - 1n);
    }
  });

  it('come, move and go', async () => {
    const { memory, range } = noting();
    expect(range.address).to.equal(0xa0000);
    expect(await statusOf(() => range.map(0xb0000))).to.equal('VERR_WRONG_ORDER');
    expect(await statusOf(() => range.reduce(0x20))).to.equal('VERR_WRONG_ORDER');
    range.unmap();
    range.unmap();
    expect([range.address, memory.readU8(0xa0001)]).to.deep.equal([undefined, 0xff]);
    expect(await statusOf(() => range.reduce(0x41))).to.equal('VERR_INVALID_PARAMETER');
    range.reduce(0x20);
    range.map(0xb0000);
    expect([memory.readU8(0xb001f), memory.readU8(0xb0020)]).to.deep.equal([0x1f, 0xff]);
    for (const at of [0xaffff, 0xb001f]) {
      const other = memory.createMmio({ description: 'other', size: 2, handlers: {} });
      expect(await statusOf(() => other.map(at)), `at ${at}`).to.equal('VERR_ALREADY_EXISTS');
      expect(other.address).to.equal(undefined);
    }
    memory.createMmio({ description: 'other', size: 2, handlers: {} }).map(0xb0020);
    for (const at of [-1, 0.5, Number.NaN]) {
      const other = memory.createMmio({ description: 'other', size: 2, handlers: {} });
      expect(await statusOf(() => other.map(at)), `at ${at}`).to.equal('VERR_INVALID_PARAMETER');
    }
  });

  for (const [size, sizes] of [
    [0, [1]],
    [-1, [1]],
    [1.5, [1]],
    [6, [4]],
    [8, []],
    [8, [8]],
  ] as const) {
    it(`of ${size} bytes in accesses of ${sizes.join() || 'nothing'} cannot be`, async () => {
      const options = { description: 'x', size, sizes: sizes as readonly AccessSize[], handlers: {} };
      expect(await statusOf(() => memoryOf().createMmio(options))).to.equal('VERR_INVALID_PARAMETER');
    });
  }
});

describe('memory of devices', () => {
  const vramIn = (memory: GuestMemory, trackDirty = true, instance = 0) =>
    memory.createMmio2({ device: 'vga', instance, description: 'VRam', size: 0x4000, trackDirty });

  it('is the guest’s where it is mapped, and always the device’s', () => {
    const memory = memoryOf();
    const vram = vramIn(memory);
    vram.bytes.set([1, 2, 3, 4], 0xffe);
    vram.map(0xe000_0000);
    expect([...memory.read(0xe000_0ffe, 4)]).to.deep.equal([1, 2, 3, 4]);
    expect([memory.readU16(0xe000_0fff), memory.readU32(0xe000_0ffe)]).to.deep.equal([0x0302, 0x04030201]);
    memory.writeU8(0xe000_0000, 5);
    memory.writeU16(0xe000_0001, 0x0706);
    memory.writeU32(0xe000_0003, 0x0b0a0908);
    memory.write(0xe000_0007, Uint8Array.of(12));
    expect([...vram.bytes.subarray(0, 8)]).to.deep.equal([5, 6, 7, 8, 9, 10, 11, 12]);
    vram.unmap();
    expect(memory.readU8(0xe000_0000)).to.equal(0xff);
    vram.map(0xa0000);
    expect(memory.readU8(0xa0000)).to.equal(5);
  });

  it('knows which pages the guest has written', async () => {
    const memory = memoryOf();
    const vram = vramIn(memory);
    vram.map(0xe000_0000);
    vram.bytes[0x100] = 1;
    expect(vram.takeDirty()).to.deep.equal([]);
    memory.writeU8(0xe000_3000, 1);
    memory.writeU32(0xe000_0ffe, 1);
    expect(vram.takeDirty()).to.deep.equal([0, 1, 3]);
    memory.write(0xe000_1fff, new Uint8Array(2));
    expect(vram.takeDirty()).to.deep.equal([1, 2]);
    expect(vram.takeDirty()).to.deep.equal([]);
    expect(await statusOf(() => vramIn(memory, false, 1).takeDirty())).to.equal('VERR_INVALID_STATE');
  });

  it('lies on whole pages, with names that a saved state has room for, each region once', async () => {
    const memory = memoryOf();
    const status = (options: object) =>
      statusOf(() => memory.createMmio2({ device: 'd', description: 'x', size: 0x1000, ...options }));
    expect(await status({ size: 0x1800 })).to.equal('VERR_INVALID_PARAMETER');
    expect(await status({ region: 256 })).to.equal('VERR_INVALID_PARAMETER');
    expect(await status({ instance: -1 })).to.equal('VERR_INVALID_PARAMETER');
    expect(await status({ device: 'x'.repeat(32) })).to.equal('VERR_OUT_OF_RANGE');
    expect(await status({ description: 'x'.repeat(64) })).to.equal('VERR_OUT_OF_RANGE');
    vramIn(memory);
    expect(await statusOf(() => vramIn(memory))).to.equal('VERR_ALREADY_EXISTS');
    const range = vramIn(memory, false, 1);
    expect(await statusOf(() => range.map(0xa0800))).to.equal('VERR_INVALID_PARAMETER');
    expect(await statusOf(() => range.map(0x9f000))).to.equal('VERR_ALREADY_EXISTS');
    expect(memory.mmio2).to.have.length(2);
  });

  it('numbers 254 ranges at most', async () => {
    const memory = memoryOf();
    for (let region = 0; region < 254; region++)
      memory.createMmio2({ device: 'd', region, description: 'x', size: 4096 });
    expect(await statusOf(() => vramIn(memory))).to.equal('VERR_OUT_OF_RANGE');
  });
});

describe('what an owner has', () => {
  it('goes with it, and nothing else', () => {
    const memory = memoryOf();
    const [owner, other] = [{}, {}];
    const make = (who: object, instance: number, base: number) => {
      memory.registerRom({ owner: who, description: 'ROM', address: base, bytes: Uint8Array.of(1) });
      memory.createMmio({ owner: who, description: 'MMIO', size: 4, handlers: { read: () => 2 } }).map(base + 0x1000);
      memory.createMmio2({ owner: who, device: 'd', instance, description: 'MMIO2', size: 4096 }).map(base + 0x2000);
    };
    make(owner, 0, 0xc0000);
    make(other, 1, 0xd0000);
    memory.removeOwner(owner);
    expect([0, 0x1000, 0x2000].map((at) => memory.readU8(0xc0000 + at))).to.deep.equal([0xff, 0xff, 0xff]);
    expect([0, 0x1000, 0x2000].map((at) => memory.readU8(0xd0000 + at))).to.deep.equal([1, 2, 0]);
    expect([memory.roms.length, memory.mmio.length, memory.mmio2.length]).to.deep.equal([1, 1, 1]);
    expect(memory.mappings.every((mapping) => mapping.owner === other)).to.equal(true);
  });
});
