import { MemorySource, openSalvaged, openState } from '@ssmkit/runtime';
import { AwkwardSource, savV1, statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { GuestMemory, type GuestMemoryOptions } from './guest-memory.js';
import type { PageWriter } from './pgm/put-pages.js';
import { PAGE_SIZE, PageType, RomProtection } from './pgm/records.js';
import { guestState, page, type TestMachine, type TestPass } from './testing.js';

async function open(passes: readonly TestPass[], machine: TestMachine = {}, options: GuestMemoryOptions = {}) {
  const bytes = await guestState(passes, machine);
  return GuestMemory.open(await openState(new MemorySource(bytes)), options);
}

const zero = new Uint8Array(PAGE_SIZE);
const read = (memory: GuestMemory, address: number, size = PAGE_SIZE) => memory.read(address, new Uint8Array(size));
const shown = (memory: GuestMemory) =>
  memory.segments().map(({ kind, address, size }) => [kind, address.toString(16), size / 1024]);

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('GuestMemory', () => {
  it('reads RAM: pages with data, zero, ballooned, and of which nothing was saved', async () => {
    const memory = await open([
      {
        pages: (put) => {
          put.putRam(0);
          put.putRam(1, page(1));
          put.putBallooned(2);
          put.putRam(0x9f, page(2));
        },
      },
    ]);
    expect(await read(memory, 0)).to.deep.equal(zero);
    expect(await read(memory, 0x1000)).to.deep.equal(page(1));
    expect(await read(memory, 0x2000)).to.deep.equal(zero);
    expect(await read(memory, 0x3000)).to.deep.equal(zero);
    expect(await read(memory, 0x9f000)).to.deep.equal(page(2));
    const [segment] = memory.segments();
    expect(segment?.space.count()).to.deep.equal({ raw: 2, zero: 1, ballooned: 1, missing: 156 });
  });

  it('reads across pages, from and to anywhere', async () => {
    const pages = Array.from({ length: 8 }, (_, i) => (i % 3 === 1 ? zero : page(i)));
    const all = Buffer.concat(pages);
    const memory = await open([{ pages: (put) => pages.forEach((data, i) => void put.putRam(i, data)) }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(all.length), fc.nat(all.length), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(Buffer.compare(await read(memory, from, to - from), all.subarray(from, to))).to.equal(0);
      }),
    );
  });

  const layouts: readonly (readonly [what: string, ram: number, hole: number, segments: readonly unknown[][]])[] = [
    ['256 KiB', MIB / 4, GIB / 2, [['ram', '0', 256]]],
    ['1 MiB', MIB, GIB / 2, [['ram', '0', 640]]],
    [
      '1.5 MiB',
      1.5 * MIB,
      GIB / 2,
      [
        ['ram', '0', 640],
        ['ram', '100000', 512],
      ],
    ],
    [
      '64 MiB',
      64 * MIB,
      GIB / 2,
      [
        ['ram', '0', 640],
        ['ram', '100000', 1024],
        ['ram', '200000', 62 * 1024],
      ],
    ],
    [
      '4 GiB around a hole of 576 MiB',
      4 * GIB,
      576 * MIB,
      [
        ['ram', '0', 640],
        ['ram', '100000', 1024],
        ['ram', '200000', (4096 - 576 - 2) * 1024],
        ['ram', '100000000', 576 * 1024],
      ],
    ],
  ];
  for (const [what, ram, hole, segments] of layouts) {
    it(`knows where ${what} of RAM are`, async () => {
      expect(shown(await open([{}], { ram, hole }))).to.deep.equal(segments);
    });
  }

  it('reads 64 GiB as it reads one page', async () => {
    const last = (GIB * 64 + GIB / 2) / PAGE_SIZE - 1;
    const memory = await open([{ pages: (put) => put.putRam(last, page(9)) }], { ram: 64 * GIB });
    expect(await read(memory, last * PAGE_SIZE)).to.deep.equal(page(9));
    expect(memory.segments().at(-1)?.space.count()).to.include({ raw: 1, zero: 0 });
    const pieces = [];
    for await (const { offset, data } of memory.segments().at(-1)!.space.pieces()) pieces.push([offset, data.length]);
    expect(pieces).to.deep.equal([[last * PAGE_SIZE - 4 * GIB, PAGE_SIZE]]);
  });

  it('the last record of a page counts, over all passes', async () => {
    const memory = await open([
      { pass: 0 },
      {
        pass: 1,
        pages: (put) => {
          for (let i = 0; i < 6; i++) put.putRam(i, page(i));
        },
      },
      { pass: 2 },
      {
        pass: 3,
        pages: (put) => {
          put.putRam(1);
          put.putRam(2, page(22));
          put.putRam(2, page(23));
        },
      },
      {
        pages: (put) => {
          put.putRam(2, page(24));
          put.putBallooned(4);
          put.putRam(5, page(25));
        },
      },
    ]);
    expect(memory.livePasses).to.equal(4);
    const expected = [page(0), zero, page(24), page(3), zero, page(25)];
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [5, 3, 0, 2, 4, 1],
    ]) {
      for (const i of order) expect(await read(memory, i * PAGE_SIZE), `page ${i}`).to.deep.equal(expected[i]);
    }
    expect(Buffer.compare(await read(memory, 0, 6 * PAGE_SIZE), Buffer.concat(expected))).to.equal(0);
  });

  it('a ballooned page saved as zero stays in the balloon up to version 12, and leaves it later', async () => {
    const pages = (put: PageWriter) => {
      put.putBallooned(0);
      put.putRam(0);
    };
    for (const [version, ballooned] of [
      [12, 1],
      [13, 0],
    ] as const) {
      const memory = await open([{ pages }], { version });
      expect(memory.segments()[0]?.space.count(), `version ${version}`).to.include({ ballooned, zero: 1 - ballooned });
    }
  });

  it('ignores zero pages where PCs have no RAM, and refuses others there', async () => {
    const at = (address: number, data?: Uint8Array) =>
      open([{ pages: (put) => put.putRam(address / PAGE_SIZE, data) }], { ram: 2 * MIB });
    expect((await at(0xa0000)).segmentAt(0xa0000)).to.equal(undefined);
    await at(0xff000);
    for (const [address, data] of [
      [0xa0000, page(1)],
      [0x200000, undefined],
      [0x200000, page(1)],
      [2 ** 50, page(1)],
    ] as const) {
      expect(await statusOf(() => at(address, data))).to.equal('VERR_SSM_DATA_UNIT_FORMAT_CHANGED');
    }
  });

  it('takes RAM to be where pages are, if nothing tells: version 10, and ARM', async () => {
    for (const version of [10, 1]) {
      const memory = await open(
        [
          {
            pages: (put) => {
              put.putRam(0x40000, page(1));
              put.putRam(0x40001);
              put.putRam(0x40003, page(2));
            },
          },
        ],
        { version },
      );
      expect(shown(memory)).to.deep.equal([
        ['ram', '40000000', 8],
        ['ram', '40003000', 4],
      ]);
      expect(await read(memory, 0x40003000)).to.deep.equal(page(2));
    }
  });

  describe('ROM', () => {
    const rom = [
      { description: 'BIOS', address: 0xf0000n, size: 0x2000n },
      { description: 'shadowed', address: 0xe0000n, size: 0x4000n },
    ];
    const { readRomWriteIgnore, readRomWriteRam, readRamWriteIgnore, readRamWriteRam } = RomProtection;
    const pages = (put: PageWriter) => {
      put.putRom(1, 0, readRomWriteIgnore, page(1));
      put.putRom(1, 1, readRomWriteIgnore, page(2));
      [readRomWriteIgnore, readRomWriteRam, readRamWriteIgnore, readRamWriteRam].forEach((protection, i) => {
        put.putRom(2, i, protection, page(10 + i));
        put.putShadow(2, i, protection, i === 3 ? zero : page(20 + i));
      });
    };

    it('shadowed or not, is what the guest sees', async () => {
      const memory = await open([{ pages }], { rom });
      expect(shown(memory)).to.deep.equal([
        ['ram', '0', 640],
        ['rom', 'e0000', 16],
        ['rom', 'f0000', 8],
      ]);
      expect(await read(memory, 0xf1000)).to.deep.equal(page(2));
      const expected = [page(10), page(11), page(22), zero];
      expect(Buffer.compare(await read(memory, 0xe0000, 0x4000), Buffer.concat(expected))).to.equal(0);
    });

    it('changes its protection in later passes', async () => {
      const memory = await open(
        [
          { pass: 0, pages },
          {
            pages: (put) => {
              put.put({ type: PageType.romProtection, range: 2, page: 0, protection: readRamWriteRam });
              put.put({ type: PageType.romProtection, range: 2, page: 2, protection: readRomWriteRam });
              put.putShadow(2, 3, readRamWriteRam, page(33));
            },
          },
        ],
        { rom },
      );
      const expected = [page(20), page(11), page(12), page(33)];
      expect(Buffer.compare(await read(memory, 0xe0000, 0x4000), Buffer.concat(expected))).to.equal(0);
    });

    it('lies over RAM', async () => {
      const over = [{ description: 'over', address: 0x3000n, size: 0x1000n }];
      const memory = await open(
        [
          {
            pages: (put) => {
              put.putRom(1, 0, readRomWriteIgnore, page(1));
              for (let i = 0; i < 5; i++) put.putRam(i, page(30 + i));
            },
          },
        ],
        { rom: over },
      );
      expect(shown(memory)).to.deep.equal([
        ['ram', '0', 12],
        ['rom', '3000', 4],
        ['ram', '4000', 640 - 16],
      ]);
      const expected = [page(31), page(32), page(1), page(34)];
      expect(Buffer.compare(await read(memory, 0x1000, 0x4000), Buffer.concat(expected))).to.equal(0);
    });
  });

  describe('memory of devices', () => {
    const mmio2 = [
      { device: 'vga', region: 0, description: 'VRam', size: 0x3000n },
      { device: 'nvme', instance: 1, region: 2, description: 'Big (#1)', size: 0x1000n },
      { device: 'nvme', instance: 1, region: 2, description: 'Big (#2)', size: 0x2000n },
      { device: 'nvme', instance: 1, region: 4, description: 'Other', size: 0x1000n },
    ];
    const pages = (put: PageWriter) => {
      put.putMmio2(1, 0);
      put.putMmio2(1, 2, page(1));
      put.putMmio2(2, 0, page(2));
      put.putMmio2(3, 1, page(3));
    };

    it('is found by device, instance and region; chunks make one', async () => {
      const memory = await open([{ pages }], { mmio2 });
      const regions = memory.mmio2Regions().map(({ device, instance, region, description, size }) => ({
        ...{ device, instance, region, description, size },
      }));
      expect(regions).to.deep.equal([
        { device: 'vga', instance: 0, region: 0, description: 'VRam', size: 0x3000 },
        { device: 'nvme', instance: 1, region: 2, description: 'Big', size: 0x3000 },
        { device: 'nvme', instance: 1, region: 4, description: 'Other', size: 0x1000 },
      ]);
      const vram = memory.mmio2('vga');
      expect(await vram?.space.read(0x1ffe, new Uint8Array(4))).to.deep.equal(
        Uint8Array.of(0, 0, ...page(1).subarray(0, 2)),
      );
      expect(vram?.space.count()).to.deep.equal({ raw: 1, zero: 1, ballooned: 0, missing: 1 });
      const big = memory.mmio2('nvme', 1, 2);
      const expected = Buffer.concat([page(2), zero, page(3)]);
      expect(Buffer.compare((await big?.space.read(0, new Uint8Array(0x3000))) as Uint8Array, expected)).to.equal(0);
      expect(big?.space.count()).to.deep.equal({ raw: 2, zero: 0, ballooned: 0, missing: 1 });
      expect(memory.mmio2('nvme', 1, 3)).to.equal(undefined);
      expect(memory.mmio2('nvme', 0)).to.equal(undefined);
      expect(memory.mmio2('nvme', 1)?.region).to.equal(2);
    });

    it('is bounded', async () => {
      const vram = (await open([{ pages }], { mmio2 })).mmio2('vga');
      for (const [offset, size] of [
        [0x3000, 1],
        [-1, 1],
        [0x2fff, 2],
        [Number.NaN, 1],
      ] as const) {
        const status = await statusOf(() => vram?.space.read(offset, new Uint8Array(size)));
        expect(status, `${size} at ${offset}`).to.equal('VERR_OUT_OF_RANGE');
      }
    });
  });

  describe('up to version 9', () => {
    const le = (value: number, size: number) =>
      Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
    const head = (sequence: number, address: number, size: number) => [
      ...[...le(sequence, 4), ...le(address, 8), ...le(address + size - 1, 8), ...le(size, 8), 0],
      ...[1, 0, 0, 0, 0x78],
    ];
    const bytes = [
      ...[0x02, 0x01, 0x20, 0x19, ...le(0, 13), 1, ...le(0, 8), 1, 0, 0, 0, 0x06, 0x04, 0x92, 0x19],
      ...[0xff, 0xff, 0xff, 0xff],
      ...[...head(0, 0, 0x3000), 1, 0, 1, 1, ...page(1), 2, 0],
      ...[...head(1, 0xe0000, 0x2000), 3, 3, 1, ...page(2), 1, ...page(3), 4, 1, ...page(4)],
      ...[...head(2, 0xf0000000, 0x1000), 5, 0],
      ...[0xff, 0xff, 0xff, 0xff],
    ];

    for (const [what, state] of [
      ['V1.2', savV1().unit('pgm', 1, { version: 8 }).store(bytes).bytes()],
      ['V1.1', savV1({ format: '1.1' }).unit('pgm', 1, { version: 8 }).store(bytes).bytes()],
    ] as const) {
      it(`is read from format ${what}`, async () => {
        const memory = await GuestMemory.open(await openState(new MemorySource(state)));
        expect(memory.version).to.equal(8);
        expect(shown(memory)).to.deep.equal([
          ['ram', '0', 12],
          ['rom', 'e0000', 8],
        ]);
        expect(await read(memory, 0x1000)).to.deep.equal(page(1));
        expect(await read(memory, 0xe0000)).to.deep.equal(page(2));
        expect(await read(memory, 0xe1000)).to.deep.equal(page(4));
        expect(await read(memory, 0)).to.deep.equal(zero);
      });
    }
  });

  it('works over a source that is slow', async () => {
    const bytes = await guestState([
      { pages: (put) => Array.from({ length: 100 }, (_, i) => put.putRam(i, i % 3 === 0 ? undefined : page(i))) },
    ]);
    const memory = await GuestMemory.open(await openState(new AwkwardSource(bytes, { asynchronous: true })));
    expect(await read(memory, 50 * PAGE_SIZE)).to.deep.equal(page(50));
    expect(await read(memory, 10 * PAGE_SIZE)).to.deep.equal(page(10));
  });

  it('many may read at once', async () => {
    const bytes = await guestState([{ pages: (put) => Array.from({ length: 120 }, (_, i) => put.putRam(i, page(i))) }]);
    const memory = await GuestMemory.open(await openState(new AwkwardSource(bytes, { asynchronous: true })));
    const numbers = [3, 100, 4, 99, 5, 50, 51, 52, 3, 0, 119];
    const all = await Promise.all(numbers.map((number) => read(memory, number * PAGE_SIZE + 1, PAGE_SIZE - 1)));
    for (const [i, data] of all.entries()) expect(data).to.deep.equal(page(numbers[i] as number).subarray(1));
  });

  it('finds the way back to pages that are not at the beginning of a record', async () => {
    // One RAW record for all: as no writer does, but any may.
    const le = (value: number, size: number) =>
      Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
    const memory = await open(
      [
        {
          pass: 0,
        },
        {
          raw: (put) => {
            put.putMem(Uint8Array.of(0x02, 0x01, 0x20, 0x19, ...le(0, 17), 0x06, 0x04, 0x92, 0x19));
            put.putMem(Uint8Array.of(0x02, 0x01, 0x20, 0x19, ...le(0, 45), 0x06, 0x04, 0x92, 0x19));
            const parts: Uint8Array[] = [Uint8Array.of(0x81, ...le(0, 8))];
            for (let i = 0; i < 100; i++) parts.push(page(i), Uint8Array.of(i < 99 ? 1 : 0xff));
            const all = Buffer.concat(parts);
            // Pieces that do not begin where pages do.
            for (let at = 0; at < all.length; at += 5000) put.putMem(all.subarray(at, at + 5000));
          },
        },
      ],
      {},
    );
    for (const i of [99, 0, 50, 49, 51, 98, 1])
      expect(await read(memory, i * PAGE_SIZE), `${i}`).to.deep.equal(page(i));
  });

  describe('refuses', () => {
    const rom = [{ address: 0xf0000n, size: 0x1000n }];
    const mmio2 = [{ device: 'vga', size: 0x1000n }];
    const wrong: readonly (readonly [what: string, pages: (put: PageWriter) => void, status: string])[] = [
      [
        'a range of ROM that is not listed',
        (put) => put.putRom(2, 0, 1, page(1)),
        'VERR_PGM_SAVED_ROM_RANGE_NOT_FOUND',
      ],
      ['a page behind the end of its ROM', (put) => put.putRom(1, 1, 1, page(1)), 'VERR_PGM_SAVED_ROM_PAGE_NOT_FOUND'],
      ['a range of a device that is not listed', (put) => put.putMmio2(2, 0), 'VERR_PGM_SAVED_MMIO2_RANGE_NOT_FOUND'],
      ['a page behind the end of its range', (put) => put.putMmio2(1, 1), 'VERR_PGM_SAVED_MMIO2_PAGE_NOT_FOUND'],
    ];
    for (const [what, pages, status] of wrong) {
      it(`${what}: ${status}, and says where`, async () => {
        const error = await open([{ pages }], { rom, mmio2 }).catch((thrown: Error) => thrown);
        expect(error).to.include({ status });
        expect((error as Error).message).to.contain("unit 'pgm'#1, final pass");
      });
    }

    it('a state without guest memory', async () => {
      expect(await statusOf(() => open([]))).to.equal('VERR_SSM_UNIT_NOT_FOUND');
    });

    it('an index that would take more memory than it may', async () => {
      const pages = (put: PageWriter) => {
        for (let i = 0; i < 100; i++) put.putRam(i * 0x10000);
      };
      const status = await statusOf(() => open([{ pages }], { version: 10, ram: 2 ** 50 }, { indexBytes: 2 ** 20 }));
      expect(status).to.equal('VERR_TOO_MUCH_DATA');
    });

    it('to read where there is no memory, and before it and behind it', async () => {
      const memory = await open([{}]);
      for (const [address, size] of [
        [0xa0000, 1],
        [0x9ffff, 2],
        [-1, 1],
        [2 ** 52, 1],
      ] as const) {
        expect(await statusOf(() => read(memory, address, size))).to.equal('VERR_OUT_OF_RANGE');
      }
    });
  });

  it('of a damaged state takes what can be read, if asked to, and says what is wrong', async function () {
    this.timeout(20_000);
    const bytes = await guestState(
      [
        { pass: 0, pages: (put) => put.putRom(1, 0, 1, page(90)) },
        {
          pass: 1,
          pages: (put) => {
            for (let i = 0; i < 100; i++) put.putRam(i, page(i));
          },
        },
        {
          pages: (put) => {
            for (let i = 50; i < 60; i++) put.putRam(i, page(i + 1000));
          },
        },
      ],
      { rom: [{ address: 0xf0000n, size: 0x1000n }] },
    );
    const whole = await GuestMemory.open(await openState(new MemorySource(bytes)));
    const before = Array.from({ length: 100 }, (_, i) => page(i));
    const last = await Promise.all(before.map((_, i) => read(whole, i * PAGE_SIZE)));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 200), fc.boolean(), async (at, isCut) => {
        const place = at + 150;
        const damaged = isCut ? bytes.subarray(0, place) : bytes.map((byte, i) => (i === place ? byte ^ 0x55 : byte));
        const { state } = await openSalvaged(new MemorySource(damaged));
        const memory = await GuestMemory.open(state, { partial: true }).catch(() => undefined);
        if (memory === undefined) return;
        let wrong = 0;
        for (let i = 0; i < 100; i++) {
          const is = Buffer.from(await read(memory, i * PAGE_SIZE).catch(() => zero));
          // As it was, as it was before the last pass, or not there.
          const may = [last[i], before[i], zero];
          if (!may.some((each) => is.equals(each as Uint8Array))) wrong++;
        }
        // Of a changed byte nothing is known but that its pass is damaged.
        expect(wrong).to.be.at.most(isCut ? 0 : 1);
        if (wrong > 0) expect(memory.damage).to.have.lengthOf(1);
      }),
      { numRuns: 60 },
    );
  });

  describe('of a damaged state', () => {
    const COUNT = 12;
    /** In front of a packed page: the type of the record (`93`), its size in three bytes, and the number of KiB. */
    const FRAME = 5;
    let bytes: Uint8Array;
    /** Where the records of pages begin. */
    let records: readonly number[];

    before(async () => {
      bytes = await guestState([
        {
          pages: (put) => {
            for (let i = 0; i < COUNT; i++) put.putRam(i, page(i));
          },
        },
      ]);
      records = [...bytes.keys()].filter((i) => bytes[i] === 0x93 && bytes[i + 4] === PAGE_SIZE / 1024);
      expect(records).to.have.length.at.least(COUNT);
      records = records.slice(-COUNT);
    });

    /** What is left when some bytes are others. */
    async function openDamaged(place: number, change: (byte: number) => number, count = 1) {
      const damaged = bytes.map((byte, i) => (i >= place && i < place + count ? change(byte) : byte));
      const { state } = await openSalvaged(new MemorySource(damaged));
      const memory = await GuestMemory.open(state, { partial: true });
      const kinds = { right: [] as number[], missing: [] as number[], wrong: [] as number[] };
      for (let i = 0; i < COUNT; i++) {
        const is = Buffer.from(await read(memory, i * PAGE_SIZE));
        kinds[is.equals(page(i)) ? 'right' : is.equals(zero) ? 'missing' : 'wrong'].push(i);
      }
      return { ...kinds, damage: memory.damage.map(({ status, detail }) => `${status}: ${detail}`) };
    }
    const all = Array.from({ length: COUNT }, (_, i) => i);

    it('a page that cannot be expanded is missing, and those behind it are there', async () => {
      let lost = 0;
      for (let offset = FRAME; offset < 1000; offset += 20) {
        const place = (records[3] as number) + offset;
        const { right, missing, wrong, damage } = await openDamaged(place, () => 0xff, 20);
        const crc = 'VERR_SSM_INTEGRITY_REC_TERM_CRC: the CRC of the stream is wrong at the end of the unit';
        if (missing.length === 0) {
          expect({ wrong, damage }).to.deep.equal({ wrong: [3], damage: [crc] });
          continue;
        }
        lost++;
        const unpacked = 'VERR_SSM_INTEGRITY_DECOMPRESSION: a page cannot be expanded: RAM at 0x3000';
        expect({ missing, right }).to.deep.equal({ missing: [3], right: all.filter((i) => i !== 3) });
        expect(damage).to.deep.equal([unpacked, crc]);
      }
      expect(lost).to.be.greaterThan(10);
    });

    const ends: readonly (readonly [what: string, offset: number, change: (byte: number) => number])[] = [
      ['does not say where the next record is', 3, (byte) => byte ^ 0x01],
      ['is of no type', 0, () => 0x9f],
      ['expands to fewer bytes', 4, () => 3],
      ['expands to more bytes', 4, () => 8],
    ];
    for (const [what, offset, change] of ends) {
      it(`a page whose record ${what} ends the pass: nothing behind it tells where it belongs`, async () => {
        const { right, missing, wrong, damage } = await openDamaged((records[3] as number) + offset, change);
        expect({ right, missing, wrong }).to.deep.equal({ right: all.slice(0, 3), missing: all.slice(3), wrong: [] });
        expect(damage).to.have.lengthOf(1);
      });
    }

    describe('whose final pass has every page of RAM', () => {
      const RAM = 2 * MIB;
      const RAM_PAGES = [...Array(0xa0).keys(), ...Array.from({ length: 0x100 }, (_, i) => 0x100 + i)];
      /** Every third page is zero. */
      const contentOf = (i: number) => (i % 3 === 0 ? zero : page(i));
      let full: Uint8Array;
      let frames: readonly number[];

      before(async () => {
        const pages = (put: PageWriter) => {
          for (const i of RAM_PAGES) put.putRam(i, contentOf(i));
        };
        full = await guestState([{ pages }], { ram: RAM });
        frames = [...full.keys()].filter((i) => full[i] === 0x93 && full[i + 4] === PAGE_SIZE / 1024);
      });

      async function salvagedPages(damaged: Uint8Array) {
        const { state } = await openSalvaged(new MemorySource(damaged));
        const memory = await GuestMemory.open(state, { partial: true });
        const missing = memory.segments().reduce((sum, { space }) => sum + space.count().missing, 0);
        let wrong = 0;
        for (const i of RAM_PAGES) {
          const is = Buffer.from(await read(memory, i * PAGE_SIZE));
          if (!is.equals(contentOf(i)) && !is.equals(zero)) wrong++;
        }
        return { missing, wrong };
      }

      for (const size of [1, 512, 4096, 20_000]) {
        it(`${size} bytes that are damaged lose the pages that they are of`, async () => {
          for (const [at, byte] of [
            [20, 0],
            [100, 0xff],
            [200, 0x92],
            [frames.length - 12, 0x94],
          ] as const) {
            const damaged = full.slice();
            const place = frames[at] as number;
            damaged.fill(byte, place, place + size);
            const { missing, wrong } = await salvagedPages(damaged);
            expect(missing + wrong, `frame ${at}`).to.be.within(1, 4 + Math.ceil(size / 1000));
            // Of what was found by its form alone, hardly anything can be mistaken.
            expect(wrong, `frame ${at}`).to.be.at.most(1);
          }
        });
      }

      it('any damage loses the pages that it is of', async () => {
        const damage = fc.tuple(
          fc.nat(frames.length - 10),
          fc.nat(3000),
          fc.uint8Array({ minLength: 1, maxLength: 2500 }),
        );
        await fc.assert(
          fc.asyncProperty(damage, async ([at, offset, bytes]) => {
            const damaged = full.slice();
            damaged.set(bytes, (frames[at] as number) + offset);
            const { missing, wrong } = await salvagedPages(damaged);
            expect(missing + wrong).to.be.at.most(6);
            expect(wrong).to.be.at.most(3);
          }),
          { numRuns: 25 },
        );
      });

      it('several damaged places lose the pages that each is of, up to the last', async () => {
        const damaged = full.slice();
        for (const at of [10, 150]) damaged.fill(0, frames[at], (frames[at] as number) + 600);
        const { missing, wrong } = await salvagedPages(damaged);
        expect(wrong).to.equal(0);
        // The pages between the two places follow each other without addresses, and cannot be counted from the end.
        expect(missing).to.be.greaterThan(100);
        expect(missing).to.be.below(RAM_PAGES.length - 100);
      });

      it('damaged places far from each other take no longer than reading the file a few times', async () => {
        const noise = Uint8Array.from({ length: PAGE_SIZE }, (_, i) => (i % 16 < 8 ? (i * i * 31) >> 3 : 0));
        const count = 0x1000;
        const pages = (put: PageWriter) => {
          for (let i = 0; i < count; i++) if (i < 0xa0 || i >= 0x100) put.putRam(i, noise);
        };
        const damaged = (await guestState([{ pages }], { ram: count * PAGE_SIZE })).slice();
        const places = [...damaged.keys()].filter((i) => damaged[i] === 0x93 && damaged[i + 4] === PAGE_SIZE / 1024);
        for (const part of [0.1, 0.5, 0.9])
          damaged.fill(
            0,
            places[Math.floor(part * places.length)],
            (places[Math.floor(part * places.length)] as number) + 3000,
          );
        let bytes = 0;
        const source = {
          size: damaged.length,
          read: (into: Uint8Array, position: number) => {
            const data = damaged.subarray(position, position + into.length);
            into.set(data);
            bytes += data.length;
            return data.length;
          },
        };
        const { state } = await openSalvaged(source);
        const memory = await GuestMemory.open(state, { partial: true });
        expect(Buffer.from(await read(memory, (count - 1) * PAGE_SIZE)).equals(noise)).to.equal(true);
        expect(bytes / damaged.length).to.be.below(40);
      });

      it('a pass that lacks pages of RAM, or has them in another order, is not counted from its end', async () => {
        const orders = [RAM_PAGES.filter((i) => i !== 0x150), [...RAM_PAGES.slice(0, -2), 0x1ff, 0x1fe]];
        for (const order of orders) {
          const pages = (put: PageWriter) => {
            for (const i of order) put.putRam(i, page(i));
          };
          const damaged = await guestState([{ pages }], { ram: RAM });
          const at = [...damaged.keys()].filter((i) => damaged[i] === 0x93 && damaged[i + 4] === PAGE_SIZE / 1024)[100];
          damaged.fill(0, at, (at as number) + 100);
          const { state } = await openSalvaged(new MemorySource(damaged));
          const memory = await GuestMemory.open(state, { partial: true });
          expect(await read(memory, 99 * PAGE_SIZE)).to.deep.equal(page(99));
          for (const i of [101, 0x140, 0x151]) expect(await read(memory, i * PAGE_SIZE)).to.deep.equal(zero);
        }
      });

      it('a pass that is cut off has nothing behind', async () => {
        const { missing, wrong } = await salvagedPages(full.slice(0, frames[100]));
        expect(wrong).to.equal(0);
        expect(missing).to.be.greaterThan(200);
      });
    });

    it('a page is as an earlier pass has it where it cannot be expanded in a later one', async () => {
      const live = await guestState([
        { pass: 0, pages: (put) => put.putRam(5, page(1)) },
        { pages: (put) => put.putRam(5, page(2)) },
      ]);
      const last = live.findLastIndex((byte, i) => byte === 0x93 && live[i + 4] === PAGE_SIZE / 1024);
      live.fill(0xff, last + FRAME, last + FRAME + 40);
      const { state } = await openSalvaged(new MemorySource(live));
      const memory = await GuestMemory.open(state, { partial: true });
      expect(await read(memory, 5 * PAGE_SIZE)).to.deep.equal(page(1));
      expect(memory.damage.map(({ status }) => status)).to.include('VERR_SSM_INTEGRITY_DECOMPRESSION');
    });
  });
});
