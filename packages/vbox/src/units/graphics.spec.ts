import { HgsmiHeapType, VhwaState } from './graphics/hgsmi.js';
import { Vga, VgaConfig } from './graphics/vga.js';
import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';

const END = 0xffffffff;
const OLD = { product: { major: 6, minor: 1, build: 36 } };

const marker = (b: Bytes, number: number) => b.u8(0x30 + number, 0x4d, 0x61, 0x72, 0x6b, 0x65, 0x72, 0x0a);

interface VgaParts {
  /** VBE registers as the unit counts them, and as there are. */
  readonly vbe?: readonly [count: number, there: number];
  readonly hgsmi?: boolean;
  readonly heap?: HgsmiHeapType;
  readonly vhwa?: boolean;
  readonly vhwaState?: number;
  readonly pending?: boolean;
  readonly svga?: (b: Bytes) => Bytes;
}

function registers(b: Bytes, version: number, [count, there]: readonly [number, number]): Bytes {
  b.u32(0x11223344).u8(1).varied(8).u8(2).varied(16).u8(0x23).varied(21).u32(1).u8(3).varied(256);
  b.u8(0x67, 0, 0x70, 1, 2, 3, 4, 5).varied(3).varied(768).u32(0x10000).u8(count);
  if (count === 0) return b;
  b.u16(4)
    .times(there, (c, i) => c.u16(1000 + i))
    .u32(64, 2048);
  return version === 1 ? b.u32(9) : b;
}

function hgsmi(b: Bytes, version: number, heap: HgsmiHeapType | undefined): Bytes {
  if (version >= 12) b.u32(heap ?? 0);
  b.u32(0x100);
  if (heap === undefined) b.u32(END);
  else {
    b.u32(0x200, 0x300, 0x400).u64(0x7fff00001234).u32(1, 2, 3, 0, 2, 4, 5, 6, 7);
    if (version >= 7) b.u32(2, 0x500, 0x600);
    if (version >= 12 && heap === HgsmiHeapType.Blocks) b.u32(3, 10, 11, 12, 0x1000);
  }
  if (version >= 16) marker(b, 2);
  b.u32(1).u32(0, 0, 0x100000, 0x80000, 0, 5, 6, 0, 2560, 640, 480).u16(32, 1).u32(END, 3).varied(3);
  if (version >= 5) b.u8(1, 1, 0).u32(1, 2, 8, 8, 5).varied(5).u32(4, 0x5);
  if (version >= 15) b.u32(2, 32).times(2, (c, i) => c.u32(0x0801add9, 1024, 768, 32, i, 0, 0, 1));
  return b;
}

function vga(version: number, parts: VgaParts = {}): Bytes {
  const { vbe = [13, 13], vhwaState = VhwaState.Unavailable } = parts;
  const withHgsmi = version === 3 || (version >= 4 && parts.hgsmi !== false);
  const b = bytes();
  if (version >= 4) b.u32(0x1000000, 2);
  registers(b, version, vbe);
  if (version >= 16) marker(b, 1);
  if (version >= 4) b.u8(withHgsmi ? 1 : 0);
  if (withHgsmi) {
    hgsmi(b, version, parts.heap);
    if (parts.vhwa ?? (version > 7 && version < 30)) {
      b.u32(vhwaState, VhwaState.Unavailable);
      if (parts.pending !== false) b.u32(1, 99);
    }
  }
  if (version >= 16) marker(b, 3);
  if (version >= 13) b.u32(1, END);
  if (version >= 16) marker(b, 5);
  parts.svga?.(b);
  if (version >= 16) marker(b, 6);
  return b;
}

interface SvgaParts {
  readonly buffers?: boolean;
  readonly objects?: boolean;
  readonly enabled3D?: boolean;
  readonly cursor?: number;
  readonly backEnd?: number;
}

function svga(version: number, parts: SvgaParts = {}): (b: Bytes) => Bytes {
  const { buffers = true, objects = true, enabled3D = false, cursor = 0, backEnd = 8 } = parts;
  return (b) => {
    b.struct((s) => {
      s.u32(2, 1, 1, 0, 1, 0x5008, 1024)
        .times(256, (c, i) => c.u32(i))
        .u32(0, 1, 0, 7, 0x00c9);
      if (version >= 27) s.u32(1, 2, 3, 4, 5);
      if (version >= 28) s.u32(6);
      s.u32(12);
      if (version >= 21) s.u8(1);
      s.u32(800, 600, 32, 3200);
      if (version >= 20) s.u32(0);
      if (version >= 22) s.u32(10, 20, 0, 1);
      s.u32(16384, 16384, 0).u8(enabled3D ? 1 : 0, 1);
      return version >= 24 ? s.times(260, (c, i) => c.u32(i)).u32(1, 2, 3) : s;
    });
    b.u32(16).varied(16);
    b.struct((s) =>
      s
        .u32(END, 1, 2, 3)
        .u8(cursor > 0 ? 1 : 0)
        .u32(4, 5, 8, 8, cursor, 6),
    ).varied(cursor);
    b.u32(2)
      .struct((s) => s.u32(0, 0, 0))
      .struct((s) => s.u32(4, 16384, 1))
      .struct((s) => s.u64(0x100000, 4));
    if (version >= 25) {
      b.u8(buffers ? 1 : 0);
      if (buffers) {
        if (version >= 33) b.u32(0);
        else b.u32(1).u64(0x5000).u32(4).varied(4).u32(3).varied(3);
        b.u32(2).u8(0, 1).u32(0, 0x1f);
      }
      b.u8(objects ? 1 : 0);
      if (objects) {
        const gbo = (c: Bytes) => c.u32(0, 2, 8192, 1).u64(0x200000, 2);
        gbo(b.u32(1));
        gbo(b.u32(77)).u32(END);
        if (enabled3D) b.u32(5);
        if (version >= 32) b.u32(78);
      }
    }
    if (version >= 21) {
      b.u32(1).struct((s) => {
        s.u32(1, 0, 0, 0, 800, 600, 0, 3200, 32).u8(1, 0);
        return version >= 23 ? s.u32(96) : s;
      });
      if (version >= 24) b.u32(4).varied(4);
    }
    return b.varied(backEnd);
  };
}

const found = {
  registers: { latch: 0x11223344, crIndex: 3, msr: 0x67, bankOffset: 0x10000, vbeLineBytes: 2048 },
  svga: undefined,
};

const rows: readonly UnitRow[] = [
  ...versions(1, 34).map((version): UnitRow => [{ name: 'vga', version }, Vga, vga(version), found]),
  [
    { name: 'vga', version: 1 },
    Vga,
    vga(1, { vbe: [1, 11] }),
    { registers: { vbeCount: 1, vbe: { length: 11 }, oldVbeBankMax: 9 } },
  ],
  [{ name: 'vga', version: 34 }, Vga, vga(34, { vbe: [0, 0] }), { registers: { vbeCount: 0 } }],
  [{ name: 'vga', version: 34 }, Vga, vga(34, { hgsmi: false }), { withHgsmi: false }],
  [{ name: 'vga', version: 34, ...OLD }, Vga, vga(34, { vhwa: true }), { vhwa: { pending: [99] } }],
  [
    { name: 'vga', version: 31, ...OLD },
    Vga,
    vga(31, { vhwa: true }),
    { vhwa: { monitors: [0x9abcdef0, 0x9abcdef0] } },
  ],
  [
    { name: 'vga', version: 21, ...OLD },
    Vga,
    vga(21, { vhwaState: VhwaState.Available }),
    { vhwa: { monitors: [0x12345678, 0x9abcdef0] } },
  ],
  ...[HgsmiHeapType.Pointer, HgsmiHeapType.Offset, HgsmiHeapType.Blocks].flatMap((heap) =>
    [4, 6, 7, 11, 12, 34].map((version): UnitRow => {
      const hgsmi = {
        heapLocation: 0x200,
        queues: { heapSize: 0x400, hostFifoProcessed: [{ flags: 4, buffer: 5 }, {}] },
      };
      return [{ name: 'vga', version }, Vga, vga(version, { heap }), { hgsmi }];
    }),
  ),
  [
    { name: 'vga', version: 34 },
    Vga,
    vga(34, { heap: HgsmiHeapType.Blocks }),
    {
      hgsmi: {
        blocks: { descriptors: [10, 11, 12], largestBlock: 0x1000 },
        views: [{ originX: 5, width: 640, bitsPerPixel: 32, partialRecord: { length: 3 } }],
        pointer: { hotY: 2, shape: { length: 5 } },
        modeHints: [{ display: 0 }, { display: 1, enabled: 1 }],
      },
    },
  ],
  ...versions(20, 34)
    .filter((version) => version !== 24)
    .flatMap((version): UnitRow[] => [
      [
        { name: 'vga', version },
        Vga,
        vga(version, { svga: svga(version) }),
        {
          svga: {
            registers: { currentGmr: 7, width: 800, maxHeight: 16384 },
            gmrs: [{ pieces: [] }, { totalBytes: 16384, pieces: [{ address: 0x100000n, pages: 4n }] }],
            backEnd: { length: 8 },
          },
        },
      ],
      [
        { name: 'vga', version },
        Vga,
        vga(version, { svga: svga(version, { cursor: 6, enabled3D: true, backEnd: 4321 }) }),
        { svga: { cursor: { length: 6 }, enabled3D: true, backEnd: { length: 4321 } } },
      ],
      [
        { name: 'vga', version },
        Vga,
        vga(version, { svga: svga(version, { buffers: false, objects: false, backEnd: 0 }) }),
        { svga: { backEnd: { length: 0 } } },
      ],
    ]),
  [
    { name: 'vga', version: 32 },
    Vga,
    vga(32, { svga: svga(32, { enabled3D: true }) }),
    {
      svga: {
        commandBuffers: { device: { buffers: [{ address: 0x5000n, commands: { length: 3 } }] }, flags: 0x1f },
        objects: { mobs: [{ id: 77, gbo: { bytes: 8192 } }], currentContext: 5, cursorMob: 78 },
        screens: [{ width: 800, dotsPerInch: 96, bitmap: { length: 4 } }],
      },
    },
  ],
  [{ name: 'vga', version: 33, pass: 0 }, VgaConfig, bytes().u32(0x800000, 1), { vramSize: 0x800000 }],
];

testUnits('graphics adapters', rows);

const withoutEnd = bytes().u8(...vga(34).data().subarray(0, -8));
testWrong('graphics adapters that are wrong', [
  ['a version that there is not', { name: 'vga', version: 35 }, vga(34), /version 35 is not known/],
  [
    'a wrong marker',
    { name: 'vga', version: 34 },
    marker(withoutEnd, 4),
    /0xa72656b72614d34 where the marker 0xa72656b72614d36/,
  ],
  ['bytes behind the last marker', { name: 'vga', version: 34 }, vga(34).u8(0), /ends 1 bytes before the unit does/],
  ['acceleration with more behind it', { name: 'vga', version: 20 }, vga(20, { vhwaState: 1 }), /1 is none of/],
  ['VMSVGA of version 24', { name: 'vga', version: 24 }, vga(24, { svga: svga(24) }), /marker/],
  ['VMSVGA of version 19', { name: 'vga', version: 19 }, vga(19, { svga: svga(19) }), /marker/],
  ['more monitors than there can be', { name: 'vga', version: 34, pass: 0 }, bytes().u32(1, 65), /65 is outside …64/],
]);
