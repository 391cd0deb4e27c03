import { getFrom, PASS_FINAL, putInto } from '@ssmkit/runtime';
import { statusOf } from '@ssmkit/runtime/testing';
import { decodeJson, encodeJson, isStateClass, type StateClass } from '@ssmkit/schema';
import { checkRoundTrip } from '@ssmkit/schema/testing';
import { expect } from 'chai';
import * as classes from './header.js';
import { getPgmHeader, putPgmHeader } from './header-parts.js';

const le = (value: number | bigint, size: number) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
const u32 = (value: number) => le(value, 4);
const u64 = (value: number | bigint) => le(value, 8);
const text = (value: string) => [...u32(value.length), ...new TextEncoder().encode(value)];

const begin = [0x02, 0x01, 0x20, 0x19];
const end = [0x06, 0x04, 0x92, 0x19];
/** Mappings: not fixed. */
const fixed = [0, ...u64(0), ...u32(0)];
const nil = u64(0xffff_ffff_ffff_ffffn);

const global12 = [...begin, ...fixed, ...u32(5), ...end];
const global9 = [...begin, 1, ...u64(0xc0000000), ...u32(0x400000), ...end];
const cpu9 = [...begin, 0, ...u64(0xffff_ffff_ffef_ffffn), ...u32(2), ...end];
const cpu14 = [...begin, 1, ...nil, ...u32(4), ...u64(0x1000), ...u64(0x2000), ...nil, ...nil, ...end];
const mappings = [
  ...[...u32(0), ...text('a'), ...u64(0xc0000000), ...u64(1)],
  ...[...u32(1), ...text(''), ...u64(0xd0000000), ...u64(2)],
  ...[0xff, 0xff, 0xff, 0xff],
];
const ramConfig = [...u32(0x20000000), ...u64(0x4000000)];
const lists = [
  ...[1, ...text(''), ...u32(0), 0, ...text('DMI tables'), ...u64(0xe1000), ...u64(0x1000)],
  ...[2, ...text(''), ...u32(0), 0, ...text('PC BIOS'), ...u64(0xf0000), ...u64(0x10000), 0xff],
  ...[1, ...text('vga'), ...u32(0), 0, ...text('VRam'), ...u64(0x1000000), 0xff],
];

const rows: readonly {
  readonly what: string;
  readonly version: number;
  readonly pass?: number;
  readonly afterLive?: boolean;
  readonly bytes: readonly number[];
  readonly has: object;
}[] = [
  {
    what: 'version 14, two CPUs',
    version: 14,
    bytes: [...global12, ...cpu14, ...cpu14, ...ramConfig, ...lists],
    has: {
      global: { mappingsFixed: false, balloonedPages: 5 },
      cpus: [{ a20Enabled: true, guestMode: 4 }, { paeDirectories: BigUint64Array.of(0x1000n, 0x2000n, ~0n, ~0n) }],
      ramConfig: { hole: 0x20000000, size: 0x4000000n },
      ranges: {
        rom: [
          { id: 1, device: '', description: 'DMI tables', address: 0xe1000n, size: 0x1000n },
          { id: 2, description: 'PC BIOS', address: 0xf0000n, size: 0x10000n },
        ],
        mmio2: [{ id: 1, device: 'vga', instance: 0, region: 0, description: 'VRam', size: 0x1000000n }],
      },
    },
  },
  { what: 'version 14, live pass 0', version: 14, pass: 0, bytes: [...ramConfig, ...lists], has: { cpus: [] } },
  { what: 'version 14, live pass 3', version: 14, pass: 3, afterLive: true, bytes: [], has: { cpus: [] } },
  {
    what: 'version 14, final pass after live ones',
    version: 14,
    afterLive: true,
    bytes: [...global12, ...cpu14],
    has: { cpus: [{ guestMode: 4 }] },
  },
  {
    what: 'version 13',
    version: 13,
    bytes: [...global12, ...cpu9, ...mappings, ...ramConfig, ...lists],
    has: {
      cpus: [{ a20Enabled: false, a20Mask: 0xffff_ffff_ffef_ffffn, guestMode: 2 }],
      mappings: {
        mappings: [{ sequence: 0, description: 'a', address: 0xc0000000n, pageTables: 1n }, { sequence: 1 }],
      },
    },
  },
  {
    what: 'version 12',
    version: 12,
    bytes: [...global12, ...cpu9, ...mappings, ...ramConfig, ...lists],
    has: { global: { balloonedPages: 5 } },
  },
  {
    what: 'version 11: no balloon',
    version: 11,
    bytes: [...global9, ...cpu9, ...mappings, ...ramConfig, ...lists],
    has: { global: { mappingsFixed: true, mappingAddress: 0xc0000000n, mappingSize: 0x400000, balloonedPages: 0 } },
  },
  {
    what: 'version 10: no size of RAM',
    version: 10,
    bytes: [...global9, ...cpu9, ...mappings, ...lists],
    has: { ranges: { rom: [{ id: 1 }, { id: 2 }] } },
  },
  { what: 'version 10, live pass 0', version: 10, pass: 0, bytes: [...ramConfig, ...lists], has: { cpus: [] } },
  {
    what: 'version 9: no lists',
    version: 9,
    bytes: [...global9, ...cpu9, ...cpu9, ...mappings],
    has: { cpus: [{ guestMode: 2 }, { guestMode: 2 }] },
  },
  ...[8, 7].map((version) => ({
    what: `version ${version}: one CPU`,
    version,
    bytes: [...begin, ...fixed, 1, ...nil, ...u32(3), ...end, ...mappings],
    has: { single: { a20Enabled: true, guestMode: 3 } },
  })),
  {
    what: 'version 6: no markers',
    version: 6,
    bytes: [
      ...[...fixed, ...u32(0x4000000), ...nil, ...u32(1), ...u32(7), ...u32(3)],
      ...[0xff, 0xff, 0xff, 0xff, ...mappings],
    ],
    has: { single: { ramSize: 0x4000000, a20Enabled: 1, syncFlags: 7, guestMode: 3 } },
  },
  {
    what: 'version 1: ARM',
    version: 1,
    bytes: [...global12, ...begin, ...end, ...begin, ...end, ...ramConfig, ...lists],
    has: { global: { balloonedPages: 5 }, cpus: [{}, {}], ranges: { mmio2: [{ device: 'vga' }] } },
  },
];

/** Whether an object has what is asked for, and maybe more. */
function expectHas(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected !== 'object' || expected === null || ArrayBuffer.isView(expected)) {
    expect(actual, path).to.deep.equal(expected);
    return;
  }
  if (Array.isArray(expected)) expect(actual, path).to.have.length(expected.length);
  for (const [key, value] of Object.entries(expected)) {
    expectHas((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}

describe('what stands in front of the pages', () => {
  for (const { what, version, pass = PASS_FINAL, afterLive = false, bytes, has } of rows) {
    it(`${what}: is read to its last byte, and written again`, async () => {
      // Of the page records only the first byte is there.
      const stream = getFrom(Uint8Array.of(...bytes, 0x84), { version, pass });
      const header = await getPgmHeader(stream, version, afterLive);
      expect(stream.offset).to.equal(bytes.length);
      expectHas(header, has, 'header');
      expect([...putInto((put) => putPgmHeader(put, header), { version })]).to.deep.equal(bytes);
    });

    it(`${what}: cut anywhere`, async () => {
      for (let length = 0; length < bytes.length; length++) {
        const stream = getFrom(Uint8Array.from(bytes.slice(0, length)), { version, pass });
        const status = await statusOf(() => getPgmHeader(stream, version, afterLive));
        expect(status, `${length} of ${bytes.length} bytes`).to.equal('VERR_SSM_LOADED_TOO_MUCH');
      }
    });
  }

  const range = (id: number, address: number, size: number) => [
    ...[id, ...text(''), ...u32(0), 0, ...text('x'), ...u64(address), ...u64(size)],
  ];
  const wrong: readonly (readonly [
    what: string,
    version: number,
    pass: number,
    bytes: readonly number[],
    status: string,
  ])[] = [
    ['an unknown version', 15, PASS_FINAL, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    ['a version between those of ARM and PC', 5, PASS_FINAL, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    ['a live pass of version 9', 9, 0, [], 'VERR_SSM_UNEXPECTED_PASS'],
    ['a structure without its marker', 14, PASS_FINAL, [0, ...global12], 'VERR_SSM_DATA_UNIT_FORMAT_CHANGED'],
    [
      'a range without a number',
      14,
      0,
      [...ramConfig, ...range(0, 0, 4096), 0xff, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    [
      'two ranges with one number',
      14,
      0,
      [...ramConfig, ...range(1, 0, 4096), ...range(1, 4096, 4096), 0xff, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    [
      'a range of half a page',
      14,
      0,
      [...ramConfig, ...range(1, 0, 2048), 0xff, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    [
      'a range off its page',
      14,
      0,
      [...ramConfig, ...range(1, 1, 4096), 0xff, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    [
      'a range behind the end of memory',
      14,
      0,
      [...ramConfig, ...range(1, 2 ** 52, 4096), 0xff, 0xff],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
    ['more RAM than there are addresses', 14, 0, [...u32(0), ...u64(2n ** 53n)], 'VERR_SSM_LOADED_TOO_MUCH'],
    [
      'mappings out of order',
      13,
      PASS_FINAL,
      [
        ...global12,
        ...cpu9,
        ...u32(1),
        ...text(''),
        ...u64(0),
        ...u64(0),
        0xff,
        0xff,
        0xff,
        0xff,
        ...ramConfig,
        ...lists,
      ],
      'VERR_SSM_DATA_UNIT_FORMAT_CHANGED',
    ],
  ];
  for (const [what, version, pass, bytes, status] of wrong) {
    it(`refuses ${what}: ${status}`, async () => {
      const stream = getFrom(Uint8Array.from(bytes), { version, pass });
      expect(await statusOf(() => getPgmHeader(stream, version, false))).to.equal(status);
    });
  }

  for (const [name, target] of Object.entries(classes)) {
    if (typeof target !== 'function' || !isStateClass(target as StateClass)) continue;
    it(`${name} survives saving, loading and JSON`, function () {
      this.timeout(60_000);
      checkRoundTrip(target as StateClass, { numRuns: 20 });
      const object = new (target as new () => object)();
      expect(decodeJson(target as never, encodeJson(target as never, object))).to.deep.equal(object);
    });
  }
});
