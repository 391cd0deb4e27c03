import { MemorySink, MemorySource, openState, type PutStream, putInto } from '@ssmkit/runtime';
import { expect } from 'chai';
import fc from 'fast-check';
import { contextOf } from '../context.js';
import { PgmCpu, PgmGlobal, PgmMappings, PgmOldest, PgmSingle } from '../pgm/header.js';
import { type PgmHeader, putPgmHeader } from '../pgm/header-parts.js';
import { OldMemoryWriter, OldPageType, type OldRange } from '../pgm/old-memory.js';
import type { PageWriter } from '../pgm/put-pages.js';
import { PAGE_SIZE, PageType, pageTypes } from '../pgm/records.js';
import { guestState, page, type TestMachine, type TestPass, testHeader } from '../testing.js';
import { unitPieces } from '../unit-data.js';
import { toBase64 } from './base64.js';
import { buildState, stateDocument } from './index.js';
import { RAW_LINE } from './state-json.js';

type Line = ReturnType<typeof JSON.parse>;

async function textOf(bytes: Uint8Array): Promise<string> {
  const state = await openState(new MemorySource(bytes));
  let text = '';
  for await (const piece of stateDocument(state, await contextOf(state))) text += piece;
  return text;
}

async function built(text: string): Promise<Uint8Array> {
  const sink = new MemorySink();
  await buildState([text], sink);
  return sink.bytes();
}

/** The lines of guest memory in the document of a state, once it is known that they give the state again. */
async function linesOf(passes: readonly TestPass[], machine: TestMachine = {}): Promise<Line[]> {
  const bytes = await guestState(passes, machine);
  const text = await textOf(bytes);
  expect(await contentOf(await built(text))).to.deep.equal(await contentOf(bytes));
  const units: Line[] = JSON.parse(text).units;
  return units.filter(({ name }) => name !== 'before' && name !== 'behind');
}

async function contentOf(bytes: Uint8Array): Promise<string[]> {
  const units: string[] = [];
  for await (const unit of (await openState(new MemorySource(bytes))).units()) {
    const data: Buffer[] = [];
    for await (const piece of unitPieces(unit)) data.push(Buffer.from(piece));
    units.push(`${unit.name} ${unit.version} ${unit.pass} ${Buffer.concat(data).toString('base64')}`);
  }
  return units;
}

const base64 = (...pages: Uint8Array[]) => toBase64(Buffer.concat(pages));
const machine = { rom: [{ description: 'PC BIOS', address: 0xf0000n, size: 0x10000n }], mmio2: [{ size: 0x100000n }] };

describe('guest memory in a document', () => {
  it('is a header and runs of pages', async () => {
    const [unit, { pages }, ...more] = await linesOf(
      [
        {
          pages: (put) => {
            for (let i = 0; i < 3; i++) put.putRom(1, i, 1, page(i));
            put.putMmio2(1, 4, page(9));
            put.putMmio2(1, 5);
            for (let i = 0; i < 5; i++) put.putRam(i);
            put.putRam(5, page(1));
            put.putRam(6, page(2));
            put.putBallooned(7);
          },
        },
      ],
      machine,
    );
    expect(unit.header.ramConfig).to.deep.equal({ hole: 0x20000000, size: '1048576' });
    expect(unit.header.cpus).to.have.lengthOf(1);
    expect(unit.header.ranges.rom[0]).to.include({ id: 1, description: 'PC BIOS', address: '983040' });
    expect(pages).to.deep.equal([
      { type: 'romVirgin', range: 1, page: 0, protection: 1, count: 3, data: base64(page(0), page(1), page(2)) },
      { type: 'mmio2Raw', range: 1, page: 4, count: 1, data: base64(page(9)) },
      { type: 'mmio2Zero', range: 1, page: 5, count: 1 },
      { type: 'ramZero', address: 0, count: 5 },
      { type: 'ramRaw', address: 0x5000, count: 2, data: base64(page(1), page(2)) },
      { type: 'ramBallooned', address: 0x7000, count: 1 },
    ]);
    expect(more).to.deep.equal([]);
  });

  it('has every pass of a live save', async () => {
    const lines = await linesOf(
      [
        { pass: 0, pages: (put) => put.putRom(1, 0, 1, page(0)) },
        { pass: 1, pages: (put) => put.putRam(0, page(1)) },
        { pass: 2 },
        { pages: (put) => put.putRam(0) },
      ],
      machine,
    );
    const shown = lines.map(({ pass, header, pages }) => (header ? [pass, ...Object.keys(header)] : pages.length));
    expect(shown).to.deep.equal([[0, 'ramConfig', 'ranges'], 1, [1], 1, [2], [0xffffffff, 'global', 'cpus'], 1]);
  });

  it('takes a line for every 192 pages of data', async () => {
    const pages = (put: PageWriter) => {
      for (let i = 0; i < 500; i++) put.putRam(i === 400 ? 1000 : i, page(i));
    };
    const lines = await linesOf([{ pages }], { ram: 2 ** 24 });
    const starts = lines.slice(1).map(({ pages }) => pages.map((run: Line) => [run.address / PAGE_SIZE, run.count]));
    expect(starts).to.deep.equal([
      [[0, 192]],
      [[192, 192]],
      [
        [384, 16],
        [1000, 1],
        [401, 99],
      ],
    ]);
    expect(RAW_LINE / PAGE_SIZE).to.equal(192);
  });

  it('says where records have an address that they need not have, and the other way around', async () => {
    const pages = (put: PageWriter) => {
      put.putRam(0);
      put.put({ type: PageType.ramZero, range: 0, page: 1, protection: 0, addressed: true });
      put.putMmio2(1, 0);
      put.put({ type: PageType.ramZero, range: 0, page: 2, protection: 0, addressed: false });
    };
    const [, line] = await linesOf([{ pages }], machine);
    expect(line.pages).to.deep.equal([
      { type: 'ramZero', address: 0, count: 1 },
      { type: 'ramZero', address: 0x1000, addressed: true, count: 1 },
      { type: 'mmio2Zero', range: 1, page: 0, count: 1 },
      { type: 'ramZero', address: 0x2000, addressed: false, count: 1 },
    ]);
  });

  const records = fc.array(
    fc.record({
      type: fc.constantFrom(...Object.values(PageType)),
      range: fc.constantFrom(1, 254),
      page: fc.oneof(fc.nat(4), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      protection: fc.integer({ min: 1, max: 4 }),
      addressed: fc.constantFrom(true, false, undefined),
    }),
    { maxLength: 30 },
  );

  it('gives the same bytes for any records', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (list) => {
        const pages = (put: PageWriter) => {
          for (const { type, page: number, protection, addressed, ...record } of list) {
            const row = pageTypes[type] as (typeof pageTypes)[number];
            const place = { type, page: number, range: row.memory === 'ram' ? 0 : record.range };
            const whole = { ...place, protection: row.hasProtection ? protection : 0 };
            put.put(addressed === undefined ? whole : { ...whole, addressed }, row.hasData ? page(number) : undefined);
          }
        };
        const lines = await linesOf([{ pages }]);
        expect(lines.every((line) => line.raw === undefined && line.more === undefined)).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });

  const damages: readonly (readonly [what: string, put: (stream: PutStream) => void, kept: number])[] = [
    ['a record of no type', (stream) => stream.putU8(0x70), 1],
    ['half a page', (stream) => stream.putMem(Uint8Array.of(1, 5, 6, 7)), 1],
    ['no end', () => {}, 1],
    ['data behind the end', (stream) => stream.putMem(Uint8Array.of(0xff, 1, 2)), 1],
    ['nothing at all', () => {}, 0],
  ];
  for (const [what, put, kept] of damages) {
    it(`${what}: what is no page record follows as it is`, async () => {
      const raw = (stream: PutStream) => {
        const { global, cpus, ramConfig, ranges } = testHeader();
        if (kept === 0) return;
        putPgmHeader(stream, { global, cpus, ramConfig, ranges });
        stream.putMem(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        put(stream);
      };
      const lines = await linesOf([{ raw }]);
      if (kept === 0) {
        expect(lines).to.have.lengthOf(1);
        expect(lines[0]).to.include({ name: 'pgm', raw: '' });
      } else {
        expect(lines.slice(1)).to.have.lengthOf(2);
        expect(lines[1].pages).to.deep.equal([{ type: 'ramZero', address: 0, count: 3 }]);
        expect(lines[2]).to.have.keys('more', 'reason');
      }
    });
  }

  it('a header that values cannot hold stays as it is', async () => {
    const raw = (stream: PutStream) => {
      const { global, cpus, ramConfig, ranges } = testHeader();
      const bytes = putInto((to) => putPgmHeader(to, { global, cpus, ramConfig, ranges }), { version: 14 });
      // A boolean of 2, which is true as 1 is.
      bytes[4] = 2;
      stream.putMem(bytes);
      stream.putU8(0xff);
    };
    const lines = await linesOf([{ raw }]);
    expect(lines.map((line) => line.reason)).to.deep.equal(['its header cannot be written as JSON without loss']);
  });

  const range = (address: number, size: number, hasBits = false, flags?: Uint16Array): OldRange => ({
    address: BigInt(address),
    last: BigInt(address + size - 1),
    size: BigInt(size),
    hasBits,
    description: flags === undefined ? 'Base RAM' : '',
    ...(flags && { flags }),
  });
  const oldHeaders: Readonly<Record<number, PgmHeader>> = {
    6: { single: new PgmOldest(), cpus: [], mappings: new PgmMappings() },
    7: { single: new PgmSingle(), cpus: [], mappings: new PgmMappings() },
    8: { single: new PgmSingle(), cpus: [], mappings: new PgmMappings() },
    9: { global: new PgmGlobal(), cpus: [new PgmCpu()], mappings: new PgmMappings() },
  };

  for (const version of [7, 8, 9]) {
    it(`has ranges up to version 9: ${version}`, async () => {
      const raw = (stream: PutStream) => {
        putPgmHeader(stream, oldHeaders[version] as PgmHeader);
        const put = new OldMemoryWriter(stream, version);
        const plain = { type: OldPageType.ram, protection: 0, hidden: false };
        put.beginRange(range(0, 4 * PAGE_SIZE));
        [page(1), page(2), undefined, undefined].forEach((data, i) => {
          put.put({ ...plain, page: i }, data);
        });
        put.beginRange(range(0xf0000, PAGE_SIZE, true));
        put.put({ page: 0, type: OldPageType.romShadow, protection: 3, hidden: false }, page(3));
        put.put({ page: 0, type: OldPageType.romShadow, protection: 3, hidden: true });
        put.end();
      };
      const [unit, ...lines] = await linesOf([{ raw }], { version });
      expect(Object.keys(unit.header)).to.include('mappings');
      expect(lines).to.deep.equal([
        { range: { address: 0, last: 0x3fff, size: 0x4000, hasBits: false, description: 'Base RAM' } },
        {
          pages: [
            { type: 'ram', page: 0, count: 2, data: base64(page(1), page(2)) },
            { type: 'ram', page: 2, count: 2 },
          ],
        },
        { range: { address: 0xf0000, last: 0xf0fff, size: 0x1000, hasBits: true, description: 'Base RAM' } },
        {
          pages: [
            { type: 'romShadow', page: 0, protection: 3, count: 1, data: base64(page(3)) },
            { type: 'romShadow', page: 0, protection: 3, hidden: true, count: 1 },
          ],
        },
      ]);
    });
  }

  it('has the flags and chunks of version 6, and what is left of a list that ends too early', async () => {
    const raw = (stream: PutStream) => {
      putPgmHeader(stream, oldHeaders[6] as PgmHeader);
      const put = new OldMemoryWriter(stream, 6);
      put.beginRange(range(0, 2 ** 21, false, new Uint16Array(512).fill(0x8001)));
      for (let i = 0; i < 512; i++) {
        const data = i < 256 ? page(i) : undefined;
        put.put({ page: i, type: 0, protection: 0, hidden: false }, data);
      }
      stream.putU32(7);
    };
    const lines = await linesOf([{ raw }], { version: 6 });
    const [, head] = lines;
    expect(head.range.flags).to.equal(toBase64(new Uint8Array(1024).map((_, i) => (i % 2 === 0 ? 1 : 0x80))));
    const runs = lines.flatMap((line) => line.pages ?? []).map(({ data: _, ...run }: Line) => run);
    expect(runs).to.deep.equal([
      { type: 'plain', page: 0, count: 192 },
      { type: 'plain', page: 192, count: 64 },
      { type: 'plain', page: 256, count: 256 },
    ]);
    expect(lines.at(-1)).to.include({ more: toBase64(Uint8Array.of(7, 0, 0, 0)) });
  });
});

describe('documents of guest memory that are wrong', () => {
  const PGM = 1;
  const problems: readonly (readonly [what: string, change: (units: Line[]) => void, problem: string])[] = [
    [
      'a value that the header cannot have',
      (units) => {
        units[PGM].header.ramConfig.hole = -1;
      },
      'units[1].header.ramConfig: PgmRamConfig.hole: expected an integer from 0 to 4294967295, found -1',
    ],
    [
      'a part too many',
      (units) => {
        units[PGM].header.mappings = { mappings: [] };
      },
      'units[1].header.mappings: not in this pass of version 14',
    ],
    ['a part too few', (units) => delete units[PGM].header.ranges, 'units[1].header.ranges: missing'],
    [
      'no part at all',
      (units) => {
        units[PGM].header.rams = {};
      },
      'units[1].header.rams: there is no such part of guest memory',
    ],
    [
      'ranges that cannot be',
      (units) => {
        units[PGM].header.ranges.rom = [{ ...units[PGM].header.ranges.mmio2[0], address: '1' }];
      },
      'units[1].header: range 1 has 1048576 bytes at 0x1',
    ],
    [
      'a version that is not known',
      (units) => {
        units[PGM].version = 15;
      },
      'units[1].version: guest memory of version 15 is not known',
    ],
    [
      'a header of another unit',
      (units) => {
        units[PGM].name = 'pgm2';
      },
      "units[1].header: only 'pgm'#1 has one",
    ],
    [
      'pages that belong to no unit',
      (units) => units.splice(PGM, 1),
      'units[1]: there is no unit of guest memory in front of it',
    ],
    [
      'a range in a version that has none',
      (units) => units.splice(2, 0, { range: {} }),
      'units[2]: there is no unit in front of it that could have ranges',
    ],
    [
      'pages behind raw data',
      (units) => units.splice(2, 0, { more: '/w==' }),
      'units[3]: there is no unit in front of it that could have pages',
    ],
    [
      'a type that there is not',
      (units) => {
        units[2].pages[0].type = 'rom';
      },
      'units[2].pages[0].type: expected "ramZero" or "ramRaw" or "mmio2Raw" or "mmio2Zero" or "romVirgin" or "romShadowRaw" or "romShadowZero" or "romProtection" or "ramBallooned", found "rom"',
    ],
    [
      'no pages',
      (units) => {
        units[2].pages[0].count = 0;
      },
      'units[2].pages[0].count: expected a number in 1…1099511627776, found 0',
    ],
    [
      'an address where none belongs',
      (units) => {
        units[2].pages[2].address = 0;
      },
      'units[2].pages[2].address: pages of type mmio2Zero have none',
    ],
    [
      'no address',
      (units) => delete units[2].pages[0].address,
      'units[2].pages[0].address: missing in pages of type ramZero',
    ],
    [
      'an address inside of a page',
      (units) => {
        units[2].pages[0].address = 1;
      },
      'units[2].pages[0].address: expected that of a page, found 1',
    ],
    [
      'pages behind the end of memory',
      (units) => {
        units[2].pages[0].count = 2 ** 40;
        units[2].pages[0].address = 0x1000;
      },
      'units[2].pages[0].count: 1099511627776 pages are too many there',
    ],
    [
      'data of another size',
      (units) => {
        units[2].pages[1].count = 2;
      },
      'units[2].pages[1].data: expected 2 × 4096 bytes in base64, found 4096',
    ],
    [
      'data that is no base64',
      (units) => {
        units[2].pages[1].data = '!';
      },
      'units[2].pages[1].data: expected base64',
    ],
    ['no data', (units) => delete units[2].pages[1].data, 'units[2].pages[1].data: missing in pages of type ramRaw'],
  ];
  for (const [what, change, problem] of problems) {
    it(`${what}: ${problem}`, async () => {
      const pages = (put: PageWriter) => {
        put.putRam(0);
        put.putRam(1, page(1));
        put.putMmio2(1, 0);
      };
      const document = JSON.parse(await textOf(await guestState([{ pages }], { mmio2: [{ size: 0x100000n }] })));
      change(document.units);
      const sink = new MemorySink();
      const error = await buildState([JSON.stringify(document)], sink).catch((thrown: Error) => thrown);
      expect(error).to.have.property('detail', problem);
      expect(sink.bytes().length, 'bytes written').to.equal(0);
    });
  }
});
