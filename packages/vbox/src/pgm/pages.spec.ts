import { getFrom, putInto } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { page } from '../testing.js';
import { PageReader } from './get-pages.js';
import { PageWriter } from './put-pages.js';
import { ADDRESSED, PAGE_SIZE, type PageRecord, PageType, pageTypes } from './records.js';

const data = [...page(1)];
const at = (address: number) => Array.from({ length: 8 }, (_, i) => Math.floor(address / 256 ** i) & 0xff);

/** Everything that a reader says of its records. */
async function read(bytes: Iterable<number>): Promise<(PageRecord & { data?: Uint8Array })[]> {
  const reader = new PageReader(getFrom(Uint8Array.from(bytes)));
  const records = [];
  while (await reader.next()) {
    const { type, addressed, range, page, protection, hasData } = reader;
    const content = hasData ? { data: await reader.read(new Uint8Array(PAGE_SIZE)) } : {};
    records.push({ type, addressed, range, page, protection, ...content });
  }
  expect(await reader.next(), 'behind the end').to.equal(false);
  return records;
}

const ram = (type: PageType, page: number, addressed = false) => ({ type, addressed, range: 0, page, protection: 0 });
const content = { data: page(1) };

const rows: readonly (readonly [what: string, bytes: readonly number[], records: readonly object[]])[] = [
  ['nothing but the end', [0xff], []],
  ['zero pages of RAM', [0x80, ...at(0x5000), 0, 0, 0xff], [ram(0, 5, true), ram(0, 6), ram(0, 7)]],
  [
    'RAM, its address going on over pages of every kind',
    [0x81, ...at(0), ...data, 8, 0, 0x88, ...at(2 ** 40), 1, ...data, 0xff],
    [
      { ...ram(1, 0, true), ...content },
      ram(8, 1),
      ram(0, 2),
      ram(8, 2 ** 28, true),
      { ...ram(1, 2 ** 28 + 1), ...content },
    ],
  ],
  [
    'memory of a device, and RAM, whose address goes on',
    [0x80, ...at(0x1000), 0x82, 3, 7, 1, 0, 0, ...data, 3, 0, 0x83, 3, 0, 0, 0, 0, 0xff],
    [
      ram(0, 1, true),
      { type: 2, addressed: true, range: 3, page: 0x107, protection: 0, ...content },
      { type: 3, addressed: false, range: 3, page: 0x108, protection: 0 },
      ram(0, 2),
      { type: 3, addressed: true, range: 3, page: 0, protection: 0 },
    ],
  ],
  [
    'ROM and what is behind it',
    [0x84, 1, 0, 0, 0, 0, 1, ...data, 4, 2, ...data, 0x85, 2, 0, 0, 0, 0, 3, ...data, 6, 4, 7, 1, 0xff],
    [
      { type: 4, addressed: true, range: 1, page: 0, protection: 1, ...content },
      { type: 4, addressed: false, range: 1, page: 1, protection: 2, ...content },
      { type: 5, addressed: true, range: 2, page: 0, protection: 3, ...content },
      { type: 6, addressed: false, range: 2, page: 1, protection: 4 },
      { type: 7, addressed: false, range: 2, page: 2, protection: 1 },
    ],
  ],
];

describe('page records', () => {
  for (const [what, bytes, records] of rows) {
    it(`${what}: read`, async () => {
      expect(await read(bytes)).to.deep.equal(records);
    });

    it(`${what}: written`, () => {
      const written = putInto((put) => {
        const writer = new PageWriter(put);
        for (const record of records as (PageRecord & { data?: Uint8Array })[]) writer.put(record, record.data);
        writer.end();
      });
      // A writer may give an address that a reader would know.
      expect(written.length).to.be.at.least(bytes.length);
      return read(written).then((again) => {
        const plain = (list: readonly object[]) => list.map((record) => ({ ...record, addressed: undefined }));
        expect(plain(again)).to.deep.equal(plain(records));
      });
    });
  }

  it('pages that are not read are skipped', async () => {
    const reader = new PageReader(getFrom(Uint8Array.from([0x81, ...at(0), ...data, 1, ...data, 0, 0xff])));
    const types: number[] = [];
    while (await reader.next()) types.push(reader.type);
    expect(types).to.deep.equal([1, 1, 0]);
  });

  const records = fc.array(
    fc.record({
      type: fc.constantFrom(...Object.values(PageType)),
      addressed: fc.boolean(),
      range: fc.constantFrom(1, 2, 254),
      page: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4), fc.integer({ min: 0, max: 2 ** 31 })),
      protection: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 20 },
  );

  it('whatever is written is read again, and what is read is written as it was', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (list) => {
        const wanted = list.map(({ type, ...record }) => {
          const row = pageTypes[type] as (typeof pageTypes)[number];
          const memory = row.memory === 'ram' ? { range: 0 } : {};
          const protection = row.hasProtection ? record.protection : 0;
          return { ...record, ...memory, type, protection, ...(row.hasData && { data: page(record.page) }) };
        });
        const write = (all: readonly (PageRecord & { data?: Uint8Array })[]) =>
          putInto((put) => {
            const writer = new PageWriter(put);
            for (const record of all) writer.put(record, record.data);
            writer.end();
          });
        const bytes = write(wanted);
        const again = await read(bytes);
        const plain = (all: readonly object[]) => all.map((record) => ({ ...record, addressed: undefined }));
        expect(plain(again)).to.deep.equal(plain(wanted));
        expect(Buffer.compare(write(again), bytes)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  it('a page of zeros is written as such', () => {
    const written = putInto((put) => {
      const writer = new PageWriter(put);
      writer.putRam(0, new Uint8Array(PAGE_SIZE));
      writer.putRam(1);
      writer.putBallooned(2);
      writer.putMmio2(1, 0, new Uint8Array(PAGE_SIZE));
      writer.putMmio2(1, 1);
      writer.putShadow(2, 0, 3, new Uint8Array(PAGE_SIZE));
      writer.putRam(3);
      writer.end();
    });
    const expected = [0x80, ...at(0), 0, 8, 0x83, 1, 0, 0, 0, 0, 3, 0x86, 2, 0, 0, 0, 0, 3, 0x80, ...at(0x3000), 0xff];
    expect([...written]).to.deep.equal(expected);
  });

  const wrong: readonly (readonly [what: string, bytes: readonly number[], status: string])[] = [
    ['a type that there is not', [9, 0xff], 'VERR_PGM_SAVED_REC_TYPE'],
    ['such a type with an address', [ADDRESSED | 0x7e], 'VERR_PGM_SAVED_REC_TYPE'],
    ['RAM without any address', [0, 0xff], 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED'],
    ['RAM off its page', [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0xff], 'VERR_PGM_SAVED_REC_TYPE'],
    ['RAM behind the end of memory', [0x80, ...at(2 ** 52), 0xff], 'VERR_PGM_SAVED_REC_TYPE'],
    ['a device without any address', [3, 0xff], 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED'],
    [
      'a device that RAM has made forgotten',
      [0x83, 1, 0, 0, 0, 0, 0x80, ...at(0), 3, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    ['protection 0', [0x86, 1, 0, 0, 0, 0, 0, 0xff], 'VERR_PGM_SAVED_ROM_PAGE_PROT'],
    ['protection 5', [0x87, 1, 0, 0, 0, 0, 5, 0xff], 'VERR_PGM_SAVED_ROM_PAGE_PROT'],
    ['data behind the end', [0xff, 0], 'VERR_SSM_LOADED_TOO_LITTLE'],
    ['no end', [0x80, ...at(0)], 'VERR_SSM_LOADED_TOO_MUCH'],
    ['half an address', [0x80, 0, 0, 0], 'VERR_SSM_LOADED_TOO_MUCH'],
    ['half a page', [0x81, ...at(0), 1, 2, 3], 'VERR_SSM_LOADED_TOO_MUCH'],
  ];
  for (const [what, bytes, status] of wrong) {
    it(`refuses ${what}: ${status}`, async () => {
      expect(await statusOf(() => read(bytes))).to.equal(status);
    });
  }

  it('says where', async () => {
    const error = await read([0x80, ...at(0), 0, 0x70]).catch((thrown: Error) => thrown);
    expect((error as Error).message).to.equal(
      'VERR_PGM_SAVED_REC_TYPE: no page record starts with 0x70, in front of byte 11 of the unit',
    );
  });

  for (const [what, type, length] of [
    ['data with a page that has none', PageType.ramZero, PAGE_SIZE],
    ['no data', PageType.ramRaw, 0],
    ['half a page', PageType.ramRaw, PAGE_SIZE / 2],
  ] as const) {
    it(`does not write ${what}`, () => {
      const put = () => putInto((stream) => new PageWriter(stream).put(ram(type, 0), new Uint8Array(length)));
      expect(put).to.throw('VERR_INVALID_PARAMETER');
    });
  }
});
