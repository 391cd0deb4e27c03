import { Ahci, AhciConfig } from './storage/ahci.js';
import { Ata, AtaConfig } from './storage/ata.js';
import { BusLogic, BusLogicConfig } from './storage/buslogic.js';
import { Floppy } from './storage/floppy.js';
import { LsiLogic, LsiLogicConfig } from './storage/lsilogic.js';
import { Msd, MsdConfig } from './storage/msd.js';
import { Nvme, NvmeConfig } from './storage/nvme.js';
import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';
import { VirtioScsi } from './virtio/scsi.js';

const END = 0xffffffff;
const LIVE = { pass: 0 };

const drive = (b: Bytes, present: boolean) =>
  present ? b.u8(1).strz('VB1').strz('1.0').strz('VBOX HARDDISK') : b.u8(0).strz('').strz('').strz('');
const stopped = (b: Bytes) => b.u8(4);
const led = (b: Bytes, long: boolean) => (long ? b.u32(0x11335577, 0, 1, 2) : b.u32(0x11335577, 1, 2));
const vboxScsi = (b: Bytes) => b.u8(0, 1, 2, 6).varied(20).u8(3).u32(4, 5).u8(0, 6);

function ahciConfig(b: Bytes, version: number): Bytes {
  b.u32(30);
  b.times(30, (c, i) => {
    c.u8(i === 1 ? 1 : 0);
    if (version >= 7) c.u8(1);
    return c
      .strz(i === 1 ? 'VB1' : '')
      .strz('')
      .strz('');
  });
  return b.u32(0, 1, 2, 3);
}

/** @param blocks version of the blocks of emulated IDE controllers, if there are any. */
function ahci(version: number, blocks?: number): Bytes {
  const b = bytes();
  if (version >= 3) ahciConfig(b, version);
  b.u32(1, 2, 3, 4, 5, 6, 7).u8(8).u64(9).u32(10, 11, 12).u8(0, 1, 1, 0);
  if (version >= 8) b.u8(1);
  b.times(30, (c, i) => {
    c.u32(0x1000 * i, 0, 0x2000, 0)
      .u64(0x1000 * i, 0x2000)
      .u32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 18)
      .u64(1000)
      .u32(1);
    c.u8(0x43, 0);
    if (version === 2) c.varied(32);
    if (version < 5) c.varied(2);
    c.u8(1, 1).u32(0x10, 0x20);
    if (version >= 5) c.u32(0);
    if (version >= 4) {
      c.u8(1).varied(64);
      if (version <= 8) c.u8(1).u32(2);
    }
    return c;
  });
  if (blocks !== undefined) {
    b.times(2, (c) =>
      c
        .u32(blocks)
        .varied(32)
        .times(2, (d, i) => {
          d.varied(93)
            .varied(blocks > 1 ? 64 : 2)
            .u8(1);
          if (blocks > 2) d.u32(2);
          return d
            .varied(12)
            .u32(4 * i)
            .varied(4 * i);
        })
        .u32(END),
    );
  }
  return b.u32(END);
}

const ataConfig = (b: Bytes) => b.u8(1).times(2, (c, i) => drive(drive(c.u8(1), i === 0), false));

function ata(version: number, long: boolean, buffer = 512): Bytes {
  const b = bytes();
  if (version >= 20) ataConfig(b);
  b.times(2, (c, controller) =>
    c
      .u8(1, 0, 2, 0, 0, 0, 0, 0)
      .u8(1, 4, 0, 0)
      .u32(0x9000, 0x9100, 0x9108, 0, 512)
      .times(2, (d, i) => {
        d.u8(1, 0, 0, 16).u32(1024, 16, 63, 1).u64(1032192);
        d.u8(...Array(19).keys())
          .u8(1, 0)
          .u32(512, 256, 3, 4, 5, 6);
        if (version >= 22) d.u64(0x100000000 + i);
        else d.u32(7 + i);
        d.u32(2048).varied(12);
        if (version >= 17) d.varied(64);
        else d.u8(1, 2);
        d.u8(3);
        if (version >= 18) d.u32(4);
        const size = controller === 0 && i === 0 ? buffer : 0;
        return led(d, long).u32(size).varied(size);
      }),
  );
  if (version <= 19) b.u8(1);
  return b.u32(END);
}

function floppy(version: number, long: boolean): Bytes {
  const b = bytes()
    .u8(1, 2, 3, 4, 5, 6, 7, 8, 9)
    .u32(512)
    .varied(512)
    .u32(10, 11)
    .u8(1, 2)
    .u8(1, 2, 3, 4, 5, 6, 7, 8, 0x90, 2);
  b.times(2, (c, i) => led(c, long).u32(4).u8(0, 0, 1, i, 18));
  if (version >= 3) stopped(stopped(b));
  return b.u8(7).u64(99);
}

const lsiConfig = (b: Bytes, type: number) => b.u32(type, 3, 1).u8(1, 0, 1);
const pages = [76, 260, 8, 8, 84, 88, 4, 4, 4, 4, 12, 8, 28, 8, 20, 28, 16, 12, 8, 8, 60, 48, 384, 12];

function lsiLogic(version: number, type: number): Bytes {
  const b = lsiConfig(bytes(), type).u32(0, 0, 0).u32(1, 4);
  if (version <= 3) b.u8(1);
  else b.u32(2);
  b.u8(1, 0, 1)
    .u32(0x80000000, 9)
    .times(40, (c, i) => c.u32(i))
    .u32(1, 2)
    .varied(60)
    .u32(3, 4)
    .u16(5)
    .u32(6, 7);
  b.u8(16, 1).u16(128).u32(0, 2, 3).u32(1, 2, 1, 2, 1, 2).u32(10, 11).u32(20, 21).u32(30, 31, 32).u16(99);
  if (version >= 5) b.u32(0x1000, 1).u32(4, 6).u32(1, 2, 3);
  for (const size of pages) b.varied(size);
  if (type === 0) {
    b.varied(12 + 12 + 76).times(16, (c) => c.varied(12 + 16 + 16 + 12));
  } else {
    b.u32(4, 8, 12).varied(4).varied(8).varied(12).varied(20).varied(44);
    b.u32(2)
      .times(2, (c) => c.varied(36 + 28))
      .u32(1)
      .varied(36 + 48 + 20);
  }
  if (version <= 5) vboxScsi(b);
  return b.u32(END);
}

function busLogic(version: number): Bytes {
  const b = bytes().times(16, (c, i) => c.u8(i === 2 ? 1 : 0).u32(0));
  b.u8(0x10, 1, 2)
    .varied(256)
    .u8(0xff)
    .varied(version >= 4 ? 53 : 5)
    .u8(1, 2, 0)
    .varied(64)
    .u8(3, 4, 1, 5)
    .u32(6);
  if (version >= 3) b.u8(1);
  b.u64(0x1000).u32(1, 2).u8(0).u64(0x2000).u32(3).u8(0, 1);
  if (version <= 4) vboxScsi(b);
  return version >= 2 ? b.u32(2, 0x3000, 0x4000).u32(END) : b;
}

const nvmeConfig = (b: Bytes, version: number) => {
  b.u16(2, 1, 256).u8(0).u32(2, 4).strz('VB1').strz('ORCL-VBOX').strz('1.0');
  if (version >= 2) b.u64(0x10000).u32(0x10);
  return b.u8(1).u64(512, 1000).u8(0).u64(0, 0);
};
const nvmeQueue = (b: Bytes, id: number) => b.u16(id, 32).u32(1).u64(64, 0x10000).u32(2, 3).u8(1).u32(4);

function nvme(version: number): Bytes {
  const b = nvmeConfig(bytes(), version)
    .u32(1, 0)
    .times(32, (c, i) => c.u32(i))
    .u32(4, 6)
    .u8(0, 0, 0, 0)
    .u32(5, 4096);
  b.times(2, (c, i) => nvmeQueue(c, i).u16(0).u32(1).u16(2));
  nvmeQueue(b, 0).u8(1, 0).u32(0, 2, 1).u16(1, 2).u8(3, 4).u32(5).u8(0, 1);
  return b.u32(2).u16(7, 8).u32(1, 0).u32(2).u32(END);
}

const virtioCore = (b: Bytes) =>
  b
    .u64(0x1133557799bbddffn)
    .u32(1, 0)
    .u8(0, 15, 1, 0x40, 0)
    .u16(3)
    .u32(0, 1)
    .u64(0x130000000)
    .times(24, (c, i) => c.u64(i, 1, 2).u16(0, i, 1, 64, 5, 6).varied(32));

function virtioScsi(queues: number, disks: number): Bytes {
  const b = bytes()
    .times(queues, (c) => c.u8(1))
    .u32(4, 126, 64, 32, 0x5c, 96, 32)
    .u16(0, 8)
    .u32(16383, 0)
    .u8(0);
  b.u32(1, 0, 1, 0, 0, 0, 4).times(disks, (c, i) => c.u16(i).times(i, (d) => d.u16(3, 4)));
  return virtioCore(b);
}

const rows: readonly UnitRow[] = [
  ...versions(2, 9).flatMap((version): UnitRow[] => {
    const found = { cccTimeout: 9n, ports: { 29: { clb: 0x1d000, ataTransferMode: 0x43, queuedTasksFinished: 0x20 } } };
    const blocks = version <= 5 ? [1, 2, 3] : [undefined];
    return blocks.map((block) => [{ name: 'ahci', version }, Ahci, ahci(version, block), found]);
  }),
  [{ name: 'ahci', version: 5, revision: 79045 }, Ahci, ahci(5), { isReally6: true }],
  [{ name: 'ahci', version: 5, revision: 79200 }, Ahci, ahci(5), { isReally6: true }],
  [
    { name: 'ahci', version: 5, revision: 79201 },
    Ahci,
    ahci(5, 3),
    { ide: [{}, { drives: [{}, { buffer: { length: 4 } }] }] },
  ],
  [
    { name: 'ahci', version: 9, ...LIVE },
    AhciConfig,
    ahciConfig(bytes(), 9),
    { devices: { 1: { present: true, hotPluggable: true, serialNumber: 'VB1' } } },
  ],
  [{ name: 'ahci', version: 3, ...LIVE }, AhciConfig, ahciConfig(bytes(), 3), { idePorts: [0, 1, 2, 3] }],

  ...versions(16, 22).flatMap((version) =>
    [true, false].map((long): UnitRow => {
      const drives = [
        { sectorCount: 3, led: { actual: 1, asserted: 2 }, buffer: { length: 512 } },
        { notifiedMediaChange: 3 },
      ];
      const found = { controllers: [{ busMaster: { status: 4 }, redoDmaBufferBytes: 512, drives }, {}] };
      return [{ name: 'piix3ide', version }, Ata, ata(version, long), found];
    }),
  ),
  [
    { name: 'piix3ide', version: 22 },
    Ata,
    ata(22, true),
    { controllers: [{ drives: [{}, { currentLba: 0x100000001n }] }, {}] },
  ],
  [{ name: 'piix3ide', version: 21 }, Ata, ata(21, true), { controllers: [{ drives: [{}, { currentLba32: 8 }] }, {}] }],
  [{ name: 'piix3ide', version: 20, ...LIVE }, AtaConfig, ataConfig(bytes()), { chipset: 1 }],

  ...versions(1, 3).flatMap((version) =>
    [true, false].map((long): UnitRow => {
      const found = {
        dataLength: 11,
        version: 0x90,
        drives: [{}, { track: 1, sector: 18 }],
        resultTimer: { expire: 99n },
      };
      return [{ name: 'i82078', version }, Floppy, floppy(version, long), found];
    }),
  ),

  ...['lsilogicscsi', 'lsilogicsas'].flatMap((name) =>
    versions(3, 6).flatMap((version) =>
      [0, 1].map((type): UnitRow => {
        const found = {
          config: { present: [true, false, true] },
          replyFrameBytes: 128,
          requestQueue: [30, 31, 32],
          nextHandle: 99,
        };
        return [{ name, version }, LsiLogic, lsiLogic(version, type), found];
      }),
    ),
  ),
  [
    { name: 'lsilogicsas', version: 6 },
    LsiLogic,
    lsiLogic(6, 1),
    { memoryRegions: [{ words: [1, 2, 3] }], sas: { unit1: { length: 12 } } },
  ],
  [{ name: 'lsilogicscsi', version: 3, ...LIVE }, LsiLogicConfig, lsiConfig(bytes(), 0), { deviceCount: 3 }],

  ...versions(1, 5).map((version): UnitRow => {
    const found = { mailboxes: 6, incomingMailbox: 0x2000n, suspended: { length: version >= 2 ? 2 : 0 } };
    return [{ name: 'buslogic', version }, BusLogic, busLogic(version), found];
  }),
  [{ name: 'buslogic', version: 5, ...LIVE }, BusLogicConfig, bytes().u8(0, 0, 1).mem(13), { present: { 2: true } }],

  ...versions(1, 3).flatMap((version): UnitRow[] => {
    const found = {
      pageSize: 4096,
      submissionQueues: [{}, { queue: { id: 1, tail: 3 } }],
      completionQueues: [{ references: 2, waiters: [{ unnamed4: 5 }] }],
      asyncEventCommands: [7, 8],
      namespaces: [{ id: 1 }, { id: 2 }],
    };
    const config = { serialNumber: 'VB1', namespaces: [{ blocks: 1000n }, { present: false }] };
    return [
      [{ name: 'nvme', version }, Nvme, nvme(version), { config, ...found }],
      [{ name: 'nvme', version, ...LIVE }, NvmeConfig, nvmeConfig(bytes(), version), config],
    ];
  }),

  ...[0, 1, 3].map((disks): UnitRow => {
    const found = {
      targets: { length: disks },
      maxTarget: 8,
      core: { deviceStatus: 15, driverFeatures: 0x130000000n },
    };
    return [{ name: 'virtio-scsi', version: 1 }, VirtioScsi, virtioScsi(6, disks), found];
  }),
  [{ name: 'virtio-scsi', version: 1 }, VirtioScsi, virtioScsi(3, 0), { queueAttached: [true, true, true] }],

  [{ name: 'Msd', version: 2 }, Msd, bytes().u8(1, 1, 0, 0, 1, 0).u32(END), { endpointHalted: [false, false, true] }],
  [
    { name: 'Msd', version: 2 },
    Msd,
    bytes().u8(1, 1, 0, 0, 0, 1).u32(2, 16).varied(16).u32(8).varied(31).u8(2).u32(END),
    { request: { buffer: { length: 16 }, scsiStatus: 2 } },
  ],
  [{ name: 'Msd', version: 2, ...LIVE }, MsdConfig, bytes().u8(0), { diskAttached: false }],
];

testUnits('units of disks and drives', rows);

const suspendedNvme = bytes()
  .u8(...nvme(3).data().subarray(0, -12))
  .u32(1, 2, END);
testWrong('units of disks and drives that are wrong', [
  [
    'a light that is none',
    { name: 'piix3ide', version: 22 },
    bytes().u8(
      ...ata(22, true)
        .data()
        .map((x) => (x === 0x77 ? 1 : x)),
    ),
    /0x11335501 where the marker 0x11335577/,
  ],
  ['AHCI of version 5 that is really 6', { name: 'ahci', version: 5, revision: 79044 }, ahci(5).mem(99), /outside 1…3/],
  ['pages of old', { name: 'lsilogicscsi', version: 2 }, bytes(), /version 2 is not known: its configuration pages/],
  [
    'a queue that is too long',
    { name: 'nvme', version: 3, pass: 0 },
    bytes().u16(1, 1, 1).u8(0).u32(1025).mem(99),
    /1025 is outside …1024/,
  ],
  ['a namespace with suspended requests', { name: 'nvme', version: 3 }, suspendedNvme, /layout/],
  ['more queues of virtio than there can be', { name: 'virtio-scsi', version: 1 }, virtioScsi(65, 0), /layout/],
  ['BusLogic with a request in progress', { name: 'buslogic', version: 4 }, busLogic(4).u8(1), /ends 1 bytes before/],
  ['mass storage of version 1', { name: 'Msd', version: 1 }, bytes().u8(0), /version 1 is not known: what it was/],
]);
