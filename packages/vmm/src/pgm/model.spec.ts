import { RomProtection } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { GuestMemory } from './guest-memory.js';
import type { Mmio2Range } from './mmio2.js';
import type { RomRange } from './rom.js';

/*
 * Guest memory against the simplest there is: a map from address to byte, and rules in words
 */

const RAM_SIZE = 2 ** 21 + 0x2000;
const ROM = 0xe0000;
const ROM_SIZE = 0x2000;
const VRAM_SIZE = 0x2000;

class Model {
  readonly ram = new Map<number, number>();
  readonly shadow = new Map<number, number>();
  readonly vram = new Map<number, number>();
  readonly protections: number[] = [1, 1];
  a20 = true;
  vramAt: number | undefined;

  physical(address: number): number {
    const second = Math.floor(address / 2 ** 20) % 2 === 1;
    return !this.a20 && second ? address - 2 ** 20 : address;
  }

  isRam(address: number): boolean {
    return address < 0xa0000 || (address >= 0x100000 && address < RAM_SIZE);
  }

  inVram(address: number): number {
    const offset = address - (this.vramAt ?? Number.POSITIVE_INFINITY);
    return offset >= 0 && offset < VRAM_SIZE ? offset : -1;
  }

  read(address: number): number {
    if (this.isRam(address)) return this.ram.get(address) ?? 0;
    const offset = address - ROM;
    if (offset >= 0 && offset < ROM_SIZE) {
      const isShadow = this.protections[Math.floor(offset / 4096)]! >= 3;
      return isShadow ? (this.shadow.get(offset) ?? 0) : romByte(offset);
    }
    const at = this.inVram(address);
    return at < 0 ? 0xff : (this.vram.get(at) ?? 0);
  }

  write(address: number, value: number): void {
    const offset = address - ROM;
    const at = this.inVram(address);
    if (this.isRam(address)) this.ram.set(address, value);
    else if (offset >= 0 && offset < ROM_SIZE) {
      const protection = this.protections[Math.floor(offset / 4096)]!;
      if (protection === 2 || protection === 4) this.shadow.set(offset, value);
    } else if (at >= 0) this.vram.set(at, value);
  }
}

const romByte = (offset: number) => (offset * 13) & 0xff;

interface Real {
  readonly memory: GuestMemory;
  readonly rom: RomRange;
  readonly vram: Mmio2Range;
}

type Step = fc.Command<Model, Real>;

const step = (
  text: string,
  run: (model: Model, real: Real) => void,
  check: (model: Model) => boolean = () => true,
): Step => ({
  check,
  run,
  toString: () => text,
});

const bytesOf = (value: bigint, size: number) =>
  Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 0xffn));

// Around every border there is, and now and then anywhere.
const borders = [
  0,
  0x1000,
  0xa0000,
  0xb8000,
  0xba000,
  ROM,
  ROM + 0x1000,
  ROM + ROM_SIZE,
  0x100000,
  RAM_SIZE,
  0xf000_0000,
  0xf000_2000,
  2 ** 32,
];
const address = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...borders), fc.integer({ min: -9, max: 9 }))
      .map(([at, by]) => Math.max(at + by, 0)),
  },
  { weight: 1, arbitrary: fc.nat(0x30_0000) },
);
const size = fc.constantFrom(1, 2, 4, 8) as fc.Arbitrary<1 | 2 | 4 | 8>;

const read = fc.tuple(address, size).map(([at, bytes]) =>
  step(`read ${bytes} at 0x${at.toString(16)}`, (model, { memory }) => {
    const reads = {
      1: () => memory.readU8(at),
      2: () => memory.readU16(at),
      4: () => memory.readU32(at),
      8: () => memory.readU64(at),
    };
    const value = reads[bytes]();
    const expected = Array.from({ length: bytes }, (_, i) => model.read(at + i));
    expect(bytesOf(BigInt(value), bytes)).to.deep.equal(expected);
  }),
);

const write = fc.tuple(address, size, fc.bigInt(0n, (1n << 64n) - 1n)).map(([at, bytes, value]) =>
  step(`write ${bytes} at 0x${at.toString(16)}`, (model, { memory }) => {
    if (bytes === 8) memory.writeU64(at, value);
    else {
      const part = Number(value & ((1n << BigInt(bytes * 8)) - 1n));
      ({ 1: memory.writeU8, 2: memory.writeU16, 4: memory.writeU32 })[bytes].call(memory, at, part);
    }
    for (const [i, byte] of bytesOf(value, bytes).entries()) model.write(at + i, byte);
  }),
);

const copy = fc.tuple(address, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(([at, bytes]) =>
  step(`copy ${bytes.length} to 0x${at.toString(16)}`, (model, { memory }) => {
    memory.physWrite(at, bytes);
    for (const [i, byte] of bytes.entries()) model.write(at + i, byte);
    const from = Math.max(at - 4, 0);
    const seen = memory.physRead(from, new Uint8Array(bytes.length + 8));
    expect([...seen]).to.deep.equal(Array.from(seen, (_, i) => model.read(from + i)));
  }),
);

const cpu = fc.tuple(address, fc.nat(255)).map(([at, value]) =>
  step(`CPU at 0x${at.toString(16)}`, (model, { memory }) => {
    const [first] = memory.cpus;
    if (at < 2 ** 32) {
      expect(first?.readByte(at)).to.equal(model.read(model.physical(at)));
      first?.writeByte(at, value);
      model.write(model.physical(at), value);
    }
    first?.write(at, Uint8Array.of(value, value));
    for (const each of [at, at + 1]) model.write(model.physical(each), value);
    const across = Array.from({ length: 16 }, (_, i) => model.read(model.physical(at + i)));
    expect([...(first?.read(at, new Uint8Array(16)) ?? [])]).to.deep.equal(across);
  }),
);

const a20 = fc.boolean().map((enabled) =>
  step(`A20 ${enabled}`, (model, { memory }) => {
    memory.cpus[0]!.a20Enabled = enabled;
    model.a20 = enabled;
  }),
);

const protect = fc.tuple(fc.nat(1), fc.constantFrom(...Object.values(RomProtection))).map(([page, protection]) =>
  step(`protect ${page} as ${protection}`, (model, { rom }) => {
    rom.protect(protection, page * 0x1000, 0x1000);
    model.protections[page] = protection;
  }),
);

const map = fc.constantFrom(0xb8000, 0xf000_0000, 2 ** 32).map((at) =>
  step(
    `map at 0x${at.toString(16)}`,
    (model, { vram }) => {
      vram.map(at);
      model.vramAt = at;
    },
    (model) => model.vramAt === undefined,
  ),
);

const unmap = fc.constant(
  step('unmap', (model, { vram }) => {
    vram.unmap();
    model.vramAt = undefined;
  }),
);

const device = fc.tuple(fc.nat(VRAM_SIZE - 1), fc.nat(255)).map(([offset, value]) =>
  step(`the device at ${offset}`, (model, { vram }) => {
    expect(vram.bytes[offset]).to.equal(model.vram.get(offset) ?? 0);
    vram.bytes[offset] = value;
    model.vram.set(offset, value);
  }),
);

const reset = fc.boolean().map((clear) =>
  step(`reset${clear ? ', clear' : ''}`, (model, { memory }) => {
    memory.reset();
    if (clear) memory.clearRam();
    if (clear) model.ram.clear();
    model.shadow.clear();
    model.protections.fill(1);
    model.a20 = true;
  }),
);

const watch = fc
  .boolean()
  .map((watched) => step(`watch ${watched}`, (_, { memory }) => (watched ? memory.ram.watch() : memory.ram.unwatch())));

describe('guest memory', () => {
  it('is a map from address to byte', function () {
    this.timeout(60_000);
    const steps = fc.commands([read, write, write, copy, cpu, a20, protect, map, unmap, device, reset, watch], {
      maxCommands: 60,
    });
    fc.assert(
      fc.property(steps, (commands) => {
        const memory = new GuestMemory({ size: RAM_SIZE });
        const bytes = Uint8Array.from({ length: ROM_SIZE }, (_, i) => romByte(i));
        const rom = memory.registerRom({ description: 'ROM', address: ROM, bytes, shadowed: true });
        const vram = memory.createMmio2({ device: 'vga', description: 'VRam', size: VRAM_SIZE });
        fc.modelRun(() => ({ model: new Model(), real: { memory, rom, vram } }), commands);
      }),
      { numRuns: 300 },
    );
  });
});
