import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';
import { HgcmCommandType } from './vmmdev/hgcm.js';
import { VmmDev, VmmDevConfig } from './vmmdev/vmmdev.js';

/** Parameters of each type. */
const value = (b: Bytes, type: number) => b.u32(type).u64(0x112233445566).u32(16, 4);
const memory = (b: Bytes, type: number) => b.u32(type, 5000, 12, 2, 3).u64(0x1000, 0x3000);
const parameters = (b: Bytes) => {
  value(value(b, 1), 2);
  for (const type of [4, 5, 6, 10, 11, 12]) memory(b, type);
  return b.u32(13);
};
const head = (b: Bytes, type: HgcmCommandType, count: number) => b.u32(type).u8(0).u64(0xabc000).u32(64, 0x3f, count);

function commands(b: Bytes, version: number): Bytes {
  if (version >= 17) {
    head(b.u32(3), HgcmCommandType.Connect, 0).u32(7).varied(132).u32(0);
    parameters(head(b, HgcmCommandType.Call, 9).u32(7, 3)).u32(0);
    return head(b, HgcmCommandType.Disconnect, 0).u32(7, 0, 0);
  }
  if (version < 9) return b.u32(2).u64(0xabc000).u32(64).u64(0xdef000).u32(65);
  b.u32(2);
  for (const addresses of [0, 2]) {
    b.u64(0xabc000).u32(64);
    if (version <= 12) b.u32(9);
    b.u32(3).u8(1).u32(addresses);
    if (addresses > 0) b.u32(1).times(addresses, (c, i) => c.u32(i, 12, 2).u64(0x1000, 0x2000));
    b.u32(0);
  }
  return b.u32(0);
}

function vmmDev(version: number, put: (b: Bytes, version: number) => Bytes = commands): Bytes {
  const b = bytes();
  if (version >= 12) b.u8(0, 1, 0, 1);
  if (version >= 20) b.u8(1);
  b.u32(0, 0x1f, 100, 200);
  if (version >= 19) b.u32(1, 2, 3);
  b.u8(1).u32(4, 5, 6).varied(8).u32(0x10004, 0x31000, 1, 0);
  if (version >= 11) b.u8(1);
  b.u32(0x7);
  if (version === 7) b.u32(8, 9);
  put(b, version);
  if (version >= 10) b.u32(1);
  if (version >= 14) b.u32(0x07000800, 175245, 3).strz('7.0.8');
  if (version >= 15) b.u32(1, 20, 0).u16(50).u64(1234567);
  if (version >= 16) b.u8(1, 0).u64(99).u8(7).u64(100);
  if (version >= 18) {
    b.struct((s) =>
      s
        .u32(0xffffffff)
        .u8(1)
        .varied(3)
        .times(64, (c, i) =>
          c
            .u8(0, 1)
            .mem(2)
            .times(2, (d, j) => d.u32(i, j, 0, 0, 1024, 768, 32)),
        ),
    );
  }
  return b;
}

const rows: readonly UnitRow[] = [
  ...versions(6, 20).map((version): UnitRow => {
    const found = { mouseX: 100, osType: 0x31000, guestCapabilities: 7, newGuestFilterMask: 4 };
    return [{ name: 'VMMDev', version }, VmmDev, vmmDev(version), found];
  }),
  [{ name: 'VMMDev', version: 8 }, VmmDev, vmmDev(8), { commandsV6: [{}, { request: 0xdef000n, requestBytes: 65 }] }],
  [
    { name: 'VMMDev', version: 12 },
    VmmDev,
    vmmDev(12),
    { commandsV9: [{ addresses: [] }, { addresses: [{}, { parameter: 1, pages: [0x1000n, 0x2000n] }] }] },
  ],
  [
    { name: 'VMMDev', version: 20 },
    VmmDev,
    vmmDev(20),
    {
      config: { heapEnabled: true, mmioRequests: true },
      commands: [
        { client: 7, location: { length: 132 } },
        {
          function: 3,
          parameters: [
            { size: 4 },
            {},
            { pages: [0x1000n, 0x3000n] },
            {},
            {},
            {},
            {},
            { firstPageOffset: 12 },
            { type: 13 },
          ],
        },
        { type: HgcmCommandType.Disconnect },
      ],
      additionsName: '7.0.8',
      facilities: [{ status: 50, time: 1234567n }],
      flatlineTimer: { expire: 100n },
      displayChanges: {
        currentMonitor: -1,
        monitors: { length: 64, 63: { acknowledged: true, lastRead: { flags: 63, id: 1 } } },
      },
    },
  ],
  [{ name: 'VMMDev', version: 20, pass: 0 }, VmmDevConfig, bytes().u8(1, 0, 1, 0, 1), { mmioRequests: true }],
  [{ name: 'VMMDev', version: 17, pass: 0 }, VmmDevConfig, bytes().u8(1, 0, 1, 0), { getHostTimeDisabled: true }],
];

testUnits('the device of Guest Additions', rows);

testWrong('the device of Guest Additions, wrong', [
  [
    'a command of no type',
    { name: 'VMMDev', version: 20 },
    vmmDev(20, (b) => head(b.u32(1), 4 as never, 0)),
    /4 is none of 1, 2, 3/,
  ],
  [
    'a parameter of no type',
    { name: 'VMMDev', version: 20 },
    vmmDev(20, (b) => head(b.u32(1), 3, 1).u32(7, 3, 3)),
    /3 is none of 1, 2, 4/,
  ],
  [
    'too many parameters',
    { name: 'VMMDev', version: 20 },
    vmmDev(20, (b) => head(b.u32(1), 3, 1025)),
    /1025 is outside …1024/,
  ],
  ['a version too old', { name: 'VMMDev', version: 5 }, bytes(), /version 5 is not known/],
]);
