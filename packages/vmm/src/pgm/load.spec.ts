import { loadState, MemorySource, type PutStream, Registry } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import {
  OldMemoryWriter,
  OldPageType,
  PgmCpu,
  PgmGlobal,
  PgmMappings,
  PgmOldest,
  PgmSingle,
  RomProtection,
} from '@ssmkit/vbox';
import { guestState, page, type TestMachine, type TestPass } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import type { GuestMemory } from './guest-memory.js';
import { TestMemory } from './testing.js';
import { pgmUnit } from './unit.js';

/** What a state has to have that {@link TestMemory} loads. */
const rom = [
  { description: 'PC BIOS - 0xfffff', address: 0xfe000n, size: 0x2000n },
  { description: 'Net Boot ROM', address: 0xe2000n, size: 0x2000n },
];
const mmio2 = [{ device: 'vga', description: 'VRam', size: 0x4000n }];
const machine: TestMachine = { ram: 0x8000, rom, mmio2 };

/** Loads a state of `guestState`, which has two other units. */
async function load(
  { memory, timers }: TestMemory,
  state: Uint8Array,
  after: 'RESUME' | 'DEBUG_IT' = 'RESUME',
): Promise<void> {
  const registry = new Registry();
  registry.register(pgmUnit(memory, timers));
  for (const name of ['before', 'behind']) registry.registerStub(name);
  await loadState(registry, new MemorySource(state), { after });
}

const testMemory = () => new TestMemory({ size: 0x8000 });

const isPage = (memory: GuestMemory, address: number, number: number) =>
  expect([...memory.read(address, 4096)], `page at 0x${address.toString(16)}`).to.deep.equal([...page(number)]);

describe('loading guest memory', () => {
  for (const version of [10, 11, 12, 13, 14]) {
    it(`of version ${version}, saved of a suspended machine`, async () => {
      const test = testMemory();
      const { memory, vram, shadowed } = test;
      memory.write(0, page(9));
      vram.bytes.fill(9);
      const pages: TestPass['pages'] = (put) => {
        put.putRom(1, 0, 1, page(1));
        put.putRom(1, 1, 1, page(2));
        put.putRom(2, 0, 4, page(3));
        put.putShadow(2, 0, 4, page(4));
        put.putShadow(2, 1, 1);
        for (let at = 0; at < 4; at++) put.putMmio2(1, at, at === 2 ? page(5) : undefined);
        for (let at = 0; at < 8; at++) put.putRam(at, at === 6 ? page(6) : undefined);
        for (let at = 0xa0; at < 0x100; at++) put.putRam(at);
      };
      await load(test, await guestState([{ pages }], { ...machine, version }));
      expect(memory.readU8(0), 'RAM is zero where the state has zeros').to.equal(0);
      isPage(memory, 0x6000, 6);
      isPage(memory, 0xfe000, 1);
      isPage(memory, 0xff000, 2);
      isPage(memory, 0xe2000, 4);
      expect([0, 1].map((each) => shadowed.protectionOf(each))).to.deep.equal([4, 1]);
      expect([...vram.page(2)]).to.deep.equal([...page(5)]);
      expect(vram.bytes[0]).to.equal(0);
      expect(memory.ram.touchedPages).to.equal(1);
    });

    it(`of version ${version}, saved live: the last of a page counts`, async () => {
      const test = testMemory();
      const { memory, vram, shadowed } = test;
      const passes: TestPass[] = [
        {
          pass: 0,
          pages: (put) => {
            put.putRom(2, 0, 1, page(3));
            put.putShadow(2, 0, 1, page(4));
          },
        },
        { pass: 1, pages: (put) => [put.putRam(0, page(1)), put.putRam(1, page(2)), put.putRam(2, page(3))] },
        { pass: 2, pages: (put) => [put.putMmio2(1, 3, page(5)), put.putRam(1, page(8))] },
        {
          pages: (put) => {
            put.put({ type: 7, range: 2, page: 0, protection: 3 });
            put.putMmio2(1, 3);
            put.putRam(2);
          },
        },
      ];
      await load(test, await guestState(passes, { ...machine, version }));
      isPage(memory, 0, 1);
      isPage(memory, 0x1000, 8);
      expect([memory.readU8(0x2000), vram.bytes[0x3000]]).to.deep.equal([0, 0]);
      isPage(memory, 0xe2000, 4);
      expect(shadowed.protectionOf(0)).to.equal(3);
    });
  }

  it('keeps the balloon, up to version 12 also over a zero page, and saves it again', async () => {
    for (const [version, ballooned] of [
      [12, 2],
      [13, 1],
      [14, 1],
    ] as const) {
      const test = testMemory();
      const pages: TestPass['pages'] = (put) => [put.putBallooned(1), put.putBallooned(2), put.putRam(1)];
      await load(test, await guestState([{ pages }], { ...machine, version }));
      expect(test.memory.ram.balloonedPages, `version ${version}`).to.equal(ballooned);
      const again = testMemory();
      await again.load(await test.save());
      expect(again.memory.ram.balloonedPages).to.equal(ballooned);
      again.memory.writeU8(0x2000, 1);
      expect(again.memory.ram.balloonedPages, 'a page that is written is out of it').to.equal(ballooned - 1);
    }
  });

  it('brings back what CPUs have', async () => {
    const from = new TestMemory({ size: 0x8000, cpuCount: 3 });
    const [first, second] = from.memory.cpus;
    first!.a20Enabled = false;
    second!.guestMode = 6;
    second!.loadState({ ...second!.saveState(), paeDirectories: BigUint64Array.of(1n, 2n, 3n, 4n) });
    const to = new TestMemory({ size: 0x8000, cpuCount: 3 });
    await to.load(await from.save());
    const states = ({ memory }: TestMemory) => memory.cpus.map((cpu) => cpu.saveState());
    expect(states(to)).to.deep.equal(states(from));
    expect(states(to)[0]?.a20Mask).to.equal(0xffff_ffff_ffef_ffffn);
  });

  it('joins the chunks of a region', async () => {
    const chunks = [
      { device: 'vga', description: 'VRam', size: 0x1000n },
      { device: 'vga', description: 'VRam (#2)', size: 0x3000n },
    ];
    const test = testMemory();
    const pages: TestPass['pages'] = (put) => [put.putMmio2(1, 0, page(1)), put.putMmio2(2, 2, page(2))];
    await load(test, await guestState([{ pages }], { ...machine, mmio2: chunks }));
    expect([...test.vram.page(0)]).to.deep.equal([...page(1)]);
    expect([...test.vram.page(3)]).to.deep.equal([...page(2)]);
  });
});

describe('guest memory of another machine', () => {
  const raw =
    (...numbers: number[]): TestPass['pages'] =>
    (put) =>
      put.put({ type: numbers[0] as 1, range: numbers[1]!, page: numbers[2]!, protection: numbers[3] ?? 0 }, page(1));
  const changed = (change: TestMachine): TestMachine => ({ ...machine, ...change });
  const rows: readonly (readonly [what: string, machine: TestMachine, pages: TestPass['pages'], status: string])[] = [
    ['as it is', machine, undefined, 'VINF_SUCCESS'],
    ['more RAM', changed({ ram: 0x9000 }), undefined, 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH'],
    ['less RAM', changed({ ram: 0x7000 }), undefined, 'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH'],
    ['another hole', changed({ hole: 0x2400_0000 }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['more CPUs', changed({ cpus: 2 }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['one ROM less', changed({ rom: rom.slice(1) }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    [
      'a ROM elsewhere',
      changed({ rom: [{ ...rom[0], address: 0xc0000n }, ...rom.slice(1)] }),
      undefined,
      'VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND',
    ],
    [
      'a larger ROM',
      changed({ rom: [{ ...rom[0], size: 0x3000n }, ...rom.slice(1)] }),
      undefined,
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
    ],
    [
      'one ROM more',
      changed({ rom: [...rom, { description: 'ACPI RSDP', address: 0xe0000n, size: 0x1000n }] }),
      undefined,
      'VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND',
    ],
    ['no memory of the device', changed({ mmio2: [] }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['less of it', changed({ mmio2: [{ ...mmio2[0], size: 0x3000n }] }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['more of it', changed({ mmio2: [{ ...mmio2[0], size: 0x5000n }] }), undefined, 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    [
      'another device’s',
      changed({ mmio2: [{ ...mmio2[0], device: 'nvme' }] }),
      undefined,
      'VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND',
    ],
    ['RAM where is none', machine, raw(1, 0, 0x100), 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED'],
    ['a ROM page too many', machine, raw(4, 1, 2, 1), 'VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND'],
    ['a page of memory too many', machine, raw(2, 1, 4), 'VERR_PGM_SAVED_MMIO2_PAGE_NOT_FOUND'],
    ['RAM behind a ROM that has none', machine, raw(5, 1, 0, 4), 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
  ];
  for (const [what, other, pages, status] of rows) {
    it(`${what}: ${status}; the debugger gets what has a place`, async () => {
      const passes: TestPass[] = [
        {
          pages: (put) => {
            put.putRam(3, page(3));
            pages?.(put);
          },
        },
      ];
      const state = await guestState(passes, other);
      const refused = testMemory();
      expect(await statusOf(() => load(refused, state))).to.equal(status);
      const test = testMemory();
      await load(test, state, 'DEBUG_IT');
      isPage(test.memory, 0x3000, 3);
    });
  }

  const broken: readonly (readonly [what: string, pages: TestPass['pages'], status: string])[] = [
    ['a page of a ROM that is not listed', raw(4, 9, 0, 1), 'VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND'],
    ['a page of memory that is not listed', raw(2, 9, 0), 'VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND'],
  ];
  for (const [what, pages, status] of broken) {
    it(`${what}: ${status}, for the debugger, too`, async () => {
      const state = await guestState([{ ...(pages && { pages }) }], machine);
      for (const after of ['RESUME', 'DEBUG_IT'] as const) {
        expect(await statusOf(() => load(testMemory(), state, after))).to.equal(status);
      }
    });
  }

  for (const version of [0, 1, 5, 15]) {
    it(`version ${version} is not known`, async () => {
      const state = await guestState([{}], { ...machine, version });
      expect(await statusOf(() => load(testMemory(), state))).to.equal('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
    });
  }

  it('the user is told where the two differ', async () => {
    const state = await guestState([{}], changed({ ram: 0x9000 }));
    let message = '';
    await load(testMemory(), state).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain('36864 bytes of RAM, this one has 32768');
  });
});

describe('guest memory of versions 6 to 9', () => {
  /** What stands in front of the ranges. */
  function putHead(put: PutStream, version: number): void {
    const about = { a20Enabled: false, guestMode: 2 };
    if (version >= 9) for (const part of [new PgmGlobal(), Object.assign(new PgmCpu(), about)]) put.put(part);
    else if (version >= 7) put.put(Object.assign(new PgmSingle(), about));
    else put.put(Object.assign(new PgmOldest(), { ...about, a20Enabled: 0 }));
    put.put(new PgmMappings());
  }

  const range = (address: number, size: number, description: string, hasBits = false) => ({
    address: BigInt(address),
    last: BigInt(address + size - 1),
    size: BigInt(size),
    hasBits,
    description,
  });

  const plain = (number: number, type: number) => ({ page: number, type, protection: 0, hidden: false });

  /** RAM and ROM in one range up to 1 MiB, and memory of a device. */
  function state(version: number, ramPages = 0x102, extra?: (writer: OldMemoryWriter) => void): Promise<Uint8Array> {
    const raw = (put: PutStream) => {
      putHead(put, version);
      const writer = new OldMemoryWriter(put, version);
      writer.beginRange(range(0, ramPages * 4096, 'RAM'));
      for (let at = 0; at < ramPages; at++) {
        if (at === 0xe2) {
          const twice = { ...plain(at, OldPageType.romShadow), protection: RomProtection.readRamWriteRam };
          writer.put(twice, page(2));
          writer.put({ ...twice, hidden: true }, page(3));
        } else if (at >= 0xfe && at < 0x100) writer.put(plain(at, OldPageType.rom), page(4));
        else if (at >= 0xa0 && at < 0xc0) writer.put(plain(at, OldPageType.mmio));
        else writer.put(plain(at, OldPageType.ram), at === 5 ? page(5) : undefined);
      }
      writer.beginRange(range(0xe000_0000, 0x4000, 'VRam', true));
      for (let at = 0; at < 4; at++) writer.put(plain(at, OldPageType.ram), at === 1 ? page(6) : undefined);
      extra?.(writer);
      writer.end();
    };
    return guestState([{ raw }], { version });
  }

  for (const version of [7, 8, 9]) {
    it(`version ${version}`, async () => {
      const test = new TestMemory({ size: 0x102000 });
      const { memory, vram, shadowed } = test;
      memory.write(0x7000, page(1));
      await load(test, await state(version));
      isPage(memory, 0x5000, 5);
      expect(memory.readU8(0x7000)).to.equal(0);
      isPage(memory, 0xe2000, 2);
      expect([...shadowed.virginPage(0)]).to.deep.equal([...page(3)]);
      isPage(memory, 0xff000, 4);
      expect([...vram.page(1)]).to.deep.equal([...page(6)]);
      expect(memory.cpus[0]?.a20Enabled).to.equal(false);
      expect(memory.cpus[0]?.guestMode).to.equal(2);
    });
  }

  it('version 6, with the memory of devices by its address', async () => {
    const test = new TestMemory({ size: 0x200000 });
    test.vram.map(0xe000_0000);
    const raw = (put: PutStream) => {
      putHead(put, 6);
      const writer = new OldMemoryWriter(put, 6);
      const flags = new Uint16Array(256);
      writer.beginRange({ ...range(0x100000, 0x100000, ''), flags });
      for (let at = 0; at < 256; at++) writer.put(plain(at, 0), at === 7 ? page(7) : new Uint8Array(4096));
      writer.beginRange({ ...range(0xe000_0000, 0x4000, '', true), flags: flags.subarray(0, 4) });
      for (let at = 0; at < 4; at++) writer.put(plain(at, 0), page(at));
      writer.end();
    };
    await load(test, await guestState([{ raw }], { version: 6 }));
    isPage(test.memory, 0x107000, 7);
    expect([...test.vram.page(3)]).to.deep.equal([...page(3)]);
    expect(test.memory.cpus[0]?.a20Enabled).to.equal(false);
  });

  const strange: readonly (readonly [what: string, add: (writer: OldMemoryWriter) => void, status: string])[] = [
    [
      'RAM where is none',
      (writer) => {
        writer.beginRange(range(0x200000, 0x1000, 'RAM'));
        writer.put(plain(0, OldPageType.ram), page(1));
      },
      'VERR_SSM_LOAD_MEMORY_SIZE_MISMATCH',
    ],
    [
      'ROM where is none',
      (writer) => {
        writer.beginRange(range(0x200000, 0x1000, 'ROM'));
        writer.put(plain(0, OldPageType.rom), page(1));
      },
      'VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND',
    ],
    [
      'zeros where is nothing',
      (writer) => {
        writer.beginRange(range(0x200000, 0x1000, 'RAM'));
        writer.put(plain(0, OldPageType.ram));
      },
      'VINF_SUCCESS',
    ],
    [
      'memory of a device of another size',
      (writer) => {
        writer.beginRange(range(0xf000_0000, 0x1000, 'VRam', true));
        writer.put(plain(0, OldPageType.ram));
      },
      'VERR_SSM_LOAD_CONFIG_MISMATCH',
    ],
  ];
  for (const [what, add, status] of strange) {
    it(`${what}: ${status}, but for the debugger`, async () => {
      const bytes = await state(9, 0x102, add);
      expect(await statusOf(() => load(new TestMemory({ size: 0x102000 }), bytes))).to.equal(status);
      const test = new TestMemory({ size: 0x102000 });
      await load(test, bytes, 'DEBUG_IT');
      isPage(test.memory, 0x5000, 5);
    });
  }
});
