import { getFrom, PASS_FINAL, putInto } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { page } from '../testing.js';
import { OldMemoryReader, OldMemoryWriter, type OldPage, type OldRange } from './old-memory.js';
import { PAGE_SIZE } from './records.js';

const le = (value: number | bigint, size: number) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
const u32 = (value: number) => le(value, 4);
const text = (value: string) => [...u32(value.length), ...new TextEncoder().encode(value)];
const last = [0xff, 0xff, 0xff, 0xff];

/** Head of a range. */
const head = (sequence: number, address: number, size: number, bits: number, description?: string) => [
  ...u32(sequence),
  ...[address, address + size - 1, size].flatMap((value) => le(value, 8)),
  bits,
  ...(description === undefined ? [] : text(description)),
];
const range = (
  address: number,
  size: number,
  hasBits: boolean,
  description: string,
  flags?: Uint16Array,
): OldRange => ({
  address: BigInt(address),
  last: BigInt(address + size - 1),
  size: BigInt(size),
  hasBits,
  description,
  ...(flags && { flags }),
});

type Item = OldRange | (OldPage & { data?: Uint8Array });

async function read(bytes: Iterable<number>, version: number): Promise<Item[]> {
  const reader = new OldMemoryReader(getFrom(Uint8Array.from(bytes), { version, pass: PASS_FINAL }), version);
  const items: Item[] = [];
  for (;;) {
    const next = await reader.nextRange();
    if (next === undefined) return items;
    items.push(next);
    while (await reader.nextPage()) {
      const { page, type, protection, hidden, hasData } = reader;
      const content = hasData ? { data: await reader.read(new Uint8Array(PAGE_SIZE)) } : {};
      items.push({ page, type, protection, hidden, hasData, ...content });
    }
  }
}

function write(items: readonly Item[], version: number): Uint8Array {
  return putInto((put) => {
    const writer = new OldMemoryWriter(put, version);
    for (const item of items) {
      if ('address' in item) writer.beginRange(item);
      else writer.put(item, item.data);
    }
    writer.end();
  });
}

const [one, two] = [page(1), page(2)];
const plain = (number: number, type: number) => ({ page: number, type, protection: 0, hidden: false });
const mib = 2 ** 20;
const chunkFlags = new Uint16Array(512).fill(0x8000);
const chunk = Array.from({ length: 256 }, (_, i) => page(i));

const rows: readonly (readonly [what: string, version: number, bytes: readonly number[], items: readonly Item[]])[] = [
  ...([7, 8, 9] as const).map(
    (version) =>
      [
        'pages of every type',
        version,
        [
          ...head(0, 0, 4 * PAGE_SIZE, 0, 'Base RAM'),
          ...[1, 0],
          ...[1, 1, ...one],
          ...[2, 0],
          ...[5, 0],
          ...head(1, 0xf0000, 2 * PAGE_SIZE, 0, ''),
          ...[4, 1, ...two],
          ...[3, 2, 1, ...one, 0],
          ...head(2, 0xe0000000, PAGE_SIZE, 1, 'VRam'),
          ...[1, 1, ...two],
          ...last,
        ],
        [
          range(0, 4 * PAGE_SIZE, false, 'Base RAM'),
          { ...plain(0, 1), hasData: false },
          { ...plain(1, 1), hasData: true, data: one },
          { ...plain(2, 2), hasData: false },
          { ...plain(3, 5), hasData: false },
          range(0xf0000, 2 * PAGE_SIZE, false, ''),
          { ...plain(0, 4), hasData: true, data: two },
          { page: 1, type: 3, protection: 2, hidden: false, hasData: true, data: one },
          { page: 1, type: 3, protection: 2, hidden: true, hasData: false },
          range(0xe0000000, PAGE_SIZE, true, 'VRam'),
          { ...plain(0, 1), hasData: true, data: two },
        ],
      ] as const,
  ),
  ['nothing', 7, last, []],
  [
    'chunks of RAM, memory of devices, ROM',
    6,
    [
      ...head(0, 0, 2 * mib, 0),
      ...[...chunkFlags].flatMap((flags) => le(flags, 2)),
      ...[0, 1, ...chunk.flatMap((data) => [...data])],
      ...[...head(1, 0xe0000000, PAGE_SIZE, 1), 8, 0, ...one],
      ...[...head(2, 0xf0000000, 2 * PAGE_SIZE, 0), 4, 0, 4, 0],
      ...[...head(3, 0xfffff000, PAGE_SIZE, 0), 2, 0, ...two],
      ...last,
    ],
    [
      range(0, 2 * mib, false, '', chunkFlags),
      ...chunk.map((_, i) => ({ ...plain(i, 0), hasData: false })),
      ...chunk.map((data, i) => ({ ...plain(256 + i, 0), hasData: true, data })),
      range(0xe0000000, PAGE_SIZE, true, '', Uint16Array.of(8)),
      { ...plain(0, 0), hasData: true, data: one },
      range(0xf0000000, 2 * PAGE_SIZE, false, '', Uint16Array.of(4, 4)),
      range(0xfffff000, PAGE_SIZE, false, '', Uint16Array.of(2)),
      { ...plain(0, 0), hasData: true, data: two },
    ],
  ],
];

describe('guest memory up to version 9', () => {
  for (const [what, version, bytes, items] of rows) {
    it(`version ${version}, ${what}: read`, async () => {
      expect(await read(bytes, version)).to.deep.equal(items);
    });

    it(`version ${version}, ${what}: written`, () => {
      expect(Buffer.compare(write(items, version), Uint8Array.from(bytes))).to.equal(0);
    });
  }

  it('pages that are not asked for are skipped', async () => {
    const [, , bytes] = rows[0] as (typeof rows)[number];
    const reader = new OldMemoryReader(getFrom(Uint8Array.from(bytes), { version: 7 }), 7);
    const addresses: bigint[] = [];
    for (;;) {
      const next = await reader.nextRange();
      if (next === undefined) break;
      addresses.push(next.address);
      await reader.nextPage();
    }
    expect(addresses).to.deep.equal([0n, 0xf0000n, 0xe0000000n]);
  });

  it('addresses of four bytes, as 32-bit hosts had them', async () => {
    const saved = { name: '', bits: 32, gcPhysBytes: 4, gcPtrBytes: 4, msc32: false } as const;
    const bytes = [...u32(0), ...u32(0), ...u32(4095), ...u32(4096), 0, ...text('x'), 1, 0, ...last];
    const reader = new OldMemoryReader(getFrom(Uint8Array.from(bytes), { version: 7, saved }), 7);
    expect(await reader.nextRange()).to.deep.equal(range(0, 4096, false, 'x'));
    expect(await reader.nextRange()).to.equal(undefined);
  });

  const changed = 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED';
  const wrong: readonly (readonly [what: string, version: number, bytes: readonly number[], status: string])[] = [
    ['ranges out of order', 7, head(1, 0, 4096, 0, ''), changed],
    [
      'a range whose end is not where its size says',
      7,
      [...u32(0), ...le(0, 8), ...le(4096, 8), ...le(4096, 8), 0, ...text('')],
      changed,
    ],
    ['half a page', 7, head(0, 0, 2048, 0, ''), changed],
    ['a range without pages', 7, [...u32(0), ...le(4096, 8), ...le(4095, 8), ...le(0, 8), 0, ...text('')], changed],
    ['a range of a terabyte', 6, head(0, 0, 2 ** 40, 0), changed],
    ['flags that are not there', 6, head(0, 0, 2 ** 36, 0), 'VERR_SSM_LOADED_TOO_MUCH'],
    ['chunks that are not whole', 6, [...head(0, 0, 4096, 0), 0, 0], changed],
    ['a chunk neither there nor not', 6, [...head(0, 0, mib, 0), ...new Uint8Array(512), 2], changed],
    ['a page of no type', 7, [...head(0, 0, 4096, 0, ''), 0, 0], changed],
    ['a page of a type there is not', 7, [...head(0, 0, 4096, 0, ''), 6, 0], changed],
    ['a page in no state', 7, [...head(0, 0, 4096, 0, ''), 1, 2], changed],
    ['a protection that there is not', 7, [...head(0, 0, 4096, 0, ''), 3, 5, 0, 0], changed],
    ['bits neither there nor not', 7, head(0, 0, 4096, 2, ''), changed],
    ['no end', 7, [...head(0, 0, 4096, 0, ''), 1, 0], 'VERR_SSM_LOADED_TOO_MUCH'],
  ];
  for (const [what, version, bytes, status] of wrong) {
    it(`refuses ${what}: ${status}`, async () => {
      expect(await statusOf(() => read(bytes, version))).to.equal(status);
    });
  }
});
