import { Empty } from './common.js';
import { Acpi } from './platform/acpi.js';
import { Apic, ApicOld } from './platform/apic.js';
import { Dma, DmaV1 } from './platform/dma.js';
import { Flash, PcBios, QemuFwCfg } from './platform/firmware.js';
import { Hpet, HpetConfig } from './platform/hpet.js';
import { IoApic } from './platform/ioapic.js';
import { IommuAmd, IommuIntel } from './platform/iommu.js';
import { PciBridge, PciBus } from './platform/pci.js';
import { EcamPciBus, Ich9PciBridge, Ich9PciBus } from './platform/pci-ich9.js';
import { Pic } from './platform/pic.js';
import { Pit, PitConfig } from './platform/pit.js';
import { Ps2Controller } from './platform/ps2.js';
import { Rtc, RtcConfig } from './platform/rtc.js';
import { Tpm, TpmPpi } from './platform/tpm.js';
import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';

const END = 0xffffffff;
const LIVE = { pass: 0 };

const stopped = (b: Bytes) => b.u8(4);
const active = (b: Bytes, expire: number) => b.u8(7).u64(expire);
const queue = (b: Bytes, ...waiting: readonly number[]) => b.u32(waiting.length).u8(...waiting);

function pit(version: number): Bytes {
  const b = bytes();
  if (version >= 3) b.u16(0x40).u8(0, 1);
  const counter = (count: number) => b.u32(count).u16(9).u8(1, 2, 3, 4, 5, 6, 3, 2, 0, 1).u64(10, 11, 12, 13);
  counter(0x10000);
  active(b, 5000);
  counter(18);
  counter(1193);
  b.u32(1, 2);
  return version >= 4 ? b.u8(1) : b;
}

function rtc(version: number): Bytes {
  const b = bytes();
  if (version >= 2) b.u8(8).u16(0x70).u8(1);
  b.varied(128).u8(0x0c).u32(59, 58, 23, 6, 31, 11, 126);
  stopped(active(stopped(b).u64(100, 200), 300));
  if (version >= 3) b.u8(1);
  return version >= 4 ? b.varied(128).u8(0x32) : b;
}

function ps2(version: number): Bytes {
  const b = bytes().u8(0xd1, 0x1c, 0x47);
  if (version <= 5) b.u32(1, 2);
  else b.u8(0xfa);
  if (version <= 7) {
    b.u32(3).u8(4, 5, 100, 6, 7, 8).u32(9, 10, 11);
    if (version > 2) b.u32(12, 13);
    b.u8(14);
    if (version > 3) b.u8(15);
    if (version <= 5) queue(b, 0x1e);
    queue(queue(b, 1, 2), 3);
  }
  b.u32(END);
  if (version >= 6) {
    b.u8(0xed, 2, 0x2b, 4, 0, 2, 1, 1, 1);
    active(queue(queue(b, 0xfa), 0x1c, 0xf0), 77)
      .u32(2)
      .u8(4, 5)
      .u32(0);
  }
  if (version >= 8) stopped(queue(queue(b.u8(1, 60, 3, 0, 0, 2, 1)), 8, 0, 0));
  return b;
}

const dma = bytes().times(2, (b, i) =>
  b
    .u8(0, 0x0f, 1)
    .u32(i)
    .u8(3, 4, 5)
    .varied(16)
    .times(4, (c, channel) => c.u16(channel, 2, 3, 4).u8(0x46)),
);
const dmaV1 = bytes().times(2, (b, i) =>
  b
    .u8(0, 0x0f, 1)
    .u32(i)
    .times(4, (c, channel) => c.u32(channel, 2).u16(3, 4).u8(0x46, 1, 0, 0, 0)),
);

const apicTail = (b: Bytes) => b.u32(0, 0x4500, 0x1000000, 1, 2, 3, 4, 5, 6, 7, 8, 9);
const vectors = (b: Bytes) => b.times(24, (c, i) => c.u32(i));
const xApic = (b: Bytes) =>
  b.struct((s) => apicTail(vectors(s.u8(3).u32(0x50014).u8(1, 2, 4).u32(5, 0xffffffff, 0x1ff))));
const x2Apic = (b: Bytes) => b.struct((s) => apicTail(vectors(s.u32(3, 0x50014).u8(1, 4).u32(5, 0x1ff))));
const apicCpu = (version: number, base: number, page: (b: Bytes) => Bytes) => (b: Bytes) => {
  active(page(b.u64(base).u32(7)).u64(11), 12);
  return version >= 5 ? b.u8(0, 1) : b;
};
const apicOldCpu = (version: number) => (b: Bytes) => {
  b.u32(0xfee00900);
  if (version === 1) b.u8(1, 2);
  else b.u32(1, 2, 3);
  b.u32(4, 0x1ff).u8(5, 0xf0);
  return stopped(vectors(b).u32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12).u64(13, 14));
};

function acpi(version: number): Bytes {
  return bytes().struct((b) => {
    b.u16(1, 2, 3).u64(4);
    if (version >= 7) b.u32(5);
    b.u32(6, 7, 8, 9);
    if (version === 4) b.u64(0x10000000).u8(1, 1);
    b.u32(5);
    if (version >= 5) b.u8(2).u16(0x4000);
    if (version >= 6) b.u8(1);
    if (version >= 8) b.u16(0x4100).varied(9).u16(10, 11).varied(32).u8(12);
    return b;
  });
}

const regions = (b: Bytes) => b.times(7, (c, i) => c.u8(i === 0 ? 8 : 0).u64(i * 0x1000));
function pciList(version: number, b: Bytes): Bytes {
  b.times(2, (c, i) => {
    c.u32(8 * i)
      .varied(256)
      .u32(i);
    return version >= 4 ? regions(c) : c;
  });
  return b.u32(END);
}
function pci(version: number): Bytes {
  const b = bytes().u32(0x80000000);
  if (version >= 2) b.u8(1);
  if (version >= 3) b.times(12, (c, i) => c.u32(i)).u32(1, 0xffffffff);
  return pciList(version, b.u32(END));
}
function ich9List(version: number, b: Bytes): Bytes {
  const one = (devFn: number, msix: number) => {
    b.u32(devFn);
    if (version >= 4) b.u32(256);
    b.varied(256).u32(1, 0).u8(0x50, 0x10, msix, 12);
    if (version >= 4) b.u32(msix === 0 ? 0 : 64);
    if (msix !== 0) b.varied(version >= 4 ? 64 : 4096);
    if (version >= 3) regions(b);
  };
  one(0, 0);
  one(0x10, 0x90);
  return b.u32(END);
}
const ich9Header = (levels: number) =>
  bytes()
    .u32(0x80001000)
    .times(levels, (b, i) => b.u32(i))
    .u32(END);

const hpet = bytes()
  .u8(3)
  .times(3, (b, i) => active(b, i).u8(0).u64(0x30, 100, 0, 200))
  .u64(1, 0x8086a201, 3, 4, 5);

const rows: readonly UnitRow[] = [
  ...versions(2, 4).map((version): UnitRow => {
    const found = { speakerDataOn: 1, timer: { expire: 5000n }, counters1And2: [{ count: 18 }, { count: 1193 }] };
    return [{ name: 'i8254', version }, Pit, pit(version), found];
  }),
  [{ name: 'i8254', version: 4, ...LIVE }, PitConfig, bytes().u16(0x40).u8(0, 1), { irq: 0, speaker: true }],
  [
    { name: 'i8259', version: 1 },
    Pic,
    bytes().u8(...Array(30).keys()),
    { master: { lastIrr: 0, elcr: 14 }, slave: { lastIrr: 15, imr: 17, elcr: 29 } },
  ],
  ...versions(1, 4).map((version): UnitRow => {
    const found = { cmosIndex: 0x0c, time: { seconds: 59, weekday: 6, month: 11, year: 126 }, nextSecondTime: 200n };
    return [{ name: 'mc146818', version }, Rtc, rtc(version), found];
  }),
  [{ name: 'mc146818', version: 2, ...LIVE }, RtcConfig, bytes().u8(8).u16(0x70).u8(0), { utc: false }],
  ...versions(2, 7).map((version): UnitRow => {
    const found = { status: 0x1c, oldMouse: { sampleRate: 100, unknown6: 14 }, oldQueue1: { bytes: [1, 2] } };
    return [{ name: 'pckbd', version }, Ps2Controller, ps2(version), found];
  }),
  [
    { name: 'pckbd', version: 8 },
    Ps2Controller,
    ps2(8),
    {
      keyboard: { pressed: [4, 5], delayTimer: { expire: 77n } },
      mouse: { sampleRate: 60, eventQueue: { bytes: [8, 0, 0] } },
    },
  ],
  [{ name: '8237A', version: 2 }, Dma, dma, { controllers: [{ is16Bit: 0 }, { is16Bit: 1, mask: 0x0f }] }],
  [{ name: '8237A', version: 1 }, DmaV1, dmaV1, { controllers: [{ is16Bit: 0 }, { is16Bit: 1, mask: 0x0f }] }],

  ...[4, 5].flatMap((version) =>
    ['apic', 'apic-nem'].map((name): UnitRow => {
      const two = bytes().u32(2).u8(1).u32(3);
      const data = apicCpu(version, 0xfee00c00, x2Apic)(apicCpu(version, 0xfee00900, xApic)(two).u8());
      const found = {
        maxMode: 3,
        cpus: [
          {
            page: {
              id: 3,
              dfr: 0xffffffff,
              isr: [0, 1, 2, 3, 4, 5, 6, 7],
              registers: { icrLow: 0x4500, timerDivide: 9 },
            },
          },
          { isX2Apic: true, x2ApicPage: { svr: 0x1ff, irr: [16, 17, 18, 19, 20, 21, 22, 23] }, timer: { expire: 12n } },
        ],
      };
      return [{ name, version }, Apic, data, found];
    }),
  ),
  [
    { name: 'apic', version: 3 },
    ApicOld,
    bytes().u32(2).u8(1).u32(2).times(2, apicOldCpu(3)),
    {
      config: { cpuCount: 2 },
      cpus: [{ arbId: 3 }, { vectors: [{}, { isr: 3, tmr: 4, irr: 5 }, ...Array(6).fill({})] }],
    },
  ],
  [
    { name: 'apic', version: 2, cpuCount: 2 },
    ApicOld,
    bytes().times(2, apicOldCpu(2)),
    { cpus: [{ id: 1 }, { id: 1 }] },
  ],
  [{ name: 'apic', version: 1, cpuCount: 1 }, ApicOld, apicOldCpu(1)(bytes()), { cpus: [{ id8: 1, nextTime: 14n }] }],
  ...versions(1, 3).map((version): UnitRow => {
    const b = bytes();
    if (version >= 2) b.u32(1);
    b.u8(2, 0x10).times(24, (c, i) => c.u64(i));
    if (version >= 3) b.u64(4);
    return [{ name: 'ioapic', version }, IoApic, b, { id: 2, index: 0x10 }];
  }),
  ...versions(4, 8).map((version): UnitRow => {
    return [{ name: 'acpi', version }, Acpi, acpi(version), { pmTimerInitial: 4n, systemInfoIndex: 9, sleepState: 5 }];
  }),
  [{ name: 'pcbios', version: 0 }, PcBios, bytes().struct((s) => s.u8(1)), { newControlPort: true }],

  ...versions(1, 4).flatMap((version): UnitRow[] => [
    [
      { name: 'pci', version },
      PciBus,
      pci(version),
      { configRegister: 0x80000000, functions: [{ devFn: 0 }, { devFn: 8 }] },
    ],
    [{ name: 'pcibridge', version }, PciBridge, pciList(version, bytes()), { functions: [{}, { irqPinState: 1 }] }],
  ]),
  ...versions(2, 4).flatMap((version): UnitRow[] => {
    const msix = version >= 4 ? 64 : 4096;
    const found = { functions: [{ msix: { length: 0 } }, { devFn: 0x10, msix: { length: msix }, flags: 1 }] };
    return [
      [{ name: 'ich9pci', version }, Ich9PciBus, ich9List(version, ich9Header(8)), found],
      [{ name: 'ich9pcibridge', version }, Ich9PciBridge, ich9List(version, bytes()), found],
    ];
  }),
  [{ name: 'pci-generic-ecam', version: 4 }, EcamPciBus, ich9List(4, ich9Header(4)), { irqLevels: [0, 1, 2, 3] }],
  [{ name: 'pci-generic-ecam-bridge', version: 4 }, Ich9PciBridge, ich9List(4, bytes()), {}],

  [{ name: 'hpet', version: 1 }, Empty, bytes(), {}],
  [
    { name: 'hpet', version: 2 },
    Hpet,
    hpet,
    { timers: [{}, { period: 200n }, { timer: { expire: 2n } }], counter: 5n },
  ],
  [{ name: 'hpet', version: 3 }, Hpet, hpet, { capabilities: 0x8086a201n }],
  [{ name: 'hpet', version: 3, ...LIVE }, HpetConfig, bytes().u8(4), { timerCount: 4 }],
  [{ name: 'smc', version: 1 }, Empty, bytes(), {}],

  ...(['efi', 'flash'] as const).map(
    (name): UnitRow => [
      { name, version: name === 'efi' ? 3 : 1 },
      Flash,
      bytes().u32(1).u8(0x90, 0x80, 0).u16(4096, 0x89).u32(64).varied(64),
      { blockSize: 4096, contents: { length: 64 } },
    ],
  ),
  [
    { name: 'tpm', version: 1 },
    Tpm,
    bytes()
      .u64(0xfed40000)
      .u16(0x1014, 1)
      .u8(1, 10, 1)
      .u32(2, 3968)
      .struct((s) =>
        s
          .u8(1, 4)
          .times(5, (b, i) => b.u32(i, 0))
          .u32(1, 2, 3, 4)
          .varied(3968),
      )
      .u32(END),
    { irq: 10, localities: [{}, {}, {}, {}, { interruptEnable: 4 }], bufferOffset: 4 },
  ],
  [
    { name: 'tpm-ppi', version: 1 },
    TpmPpi,
    bytes()
      .u64(0xfed45000)
      .struct((s) => s.varied(256).u8(1).u32(2, 3, 4, 5, 6, 7).u8(8, 9))
      .u32(END),
    { ppip: 2, fret: 7, movv: 9 },
  ],
  [
    { name: 'iommu-intel', version: 1 },
    IommuIntel,
    bytes().u32(0x10).u64(1, 2).u32(2, 16).varied(16).u32(8).varied(8).u16(1, 2, 3).u64(0x1000, 0x2000).u32(END),
    { group1: { length: 8 }, rootTable: 0x2000n },
  ],
  [{ name: 'iommu-amd', version: 1 }, IommuAmd, bytes().u64(1, 2, 3).u32(END), { registers: [1n, 2n, 3n] }],
  [
    { name: 'qemu-fw-cfg', version: 1 },
    QemuFwCfg,
    bytes().u8(1).u64(0x80000000).u32(4096, 1024, 768, 0x34325258, 0, END),
    { base: 0x80000000n, height: 768 },
  ],
];

testUnits('units of the platform', rows);

testWrong('units of the platform that are wrong', [
  ['a timer in a state that there is not', { name: 'i8254', version: 4 }, pit(4).u8(0), /ends 1 bytes before/],
  ['a timer neither stopped nor active', { name: 'hpet', version: 3 }, bytes().u8(1, 6), /6 is none of 4, 5, 7, 8/],
  ['a missing terminator', { name: 'pckbd', version: 8 }, bytes().mem(100), /marker 0xffffffff must be/],
  ['a structure without its marker', { name: 'pcbios', version: 0 }, bytes().u32(1).mem(5), /marker 0x19200102/],
  ['a mode that no APIC has', { name: 'apic', version: 5 }, bytes().u32(1).u8(1).u32(4), /4 is none of 1, 2, 3/],
  ['functions without end', { name: 'pcibridge', version: 4 }, bytes().u32(0).varied(256), /read past the unit/],
  [
    'a configuration space that is too large',
    { name: 'ich9pcibridge', version: 4 },
    bytes().u32(0, 5000),
    /outside …4096/,
  ],
  ['more timers than there can be', { name: 'hpet', version: 3 }, bytes().u8(33), /33 is outside …32/],
  ['variables of an older EFI', { name: 'efi', version: 2 }, bytes(), /version 2 is not known: it holds the variables/],
  ['a live pass of a device without', { name: 'i8259', version: 1, pass: 0 }, bytes(), /live passes/],
]);
