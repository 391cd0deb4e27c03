import { Ac97 } from './audio/ac97.js';
import { Hda } from './audio/hda.js';
import { Sb16, Sb16Config } from './audio/sb16.js';
import { Parallel, ParallelConfig } from './ports/parallel.js';
import { Serial, SerialConfig, SerialOld, SerialOldConfig } from './ports/serial.js';
import { testUnits, testWrong, type UnitRow, versions } from './table.js';
import { type Bytes, bytes } from './testing.js';
import { Ehci } from './usb/ehci.js';
import { Ohci } from './usb/ohci.js';
import { Xhci } from './usb/xhci.js';

const END = 0xffffffff;
const LIVE = { pass: 0 };

const ohci = (ports: number) =>
  bytes().struct((s) =>
    s
      .u64(1)
      .u32(2, 3, 4, 5)
      .times(ports, (c, i) => c.u32(i))
      .u32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
  );
const xhci = bytes()
  .u32(1, 2, 3)
  .u64(4, 5)
  .u32(6)
  .u64(7)
  .u8(1)
  .u32(2)
  .times(2, (b, i) => b.u8(i).u32(8))
  .u32(1, 9, 10)
  .u32(1, 11, 12, 13)
  .u64(14, 15, 16)
  .u16(17, 18)
  .u8(1, 0)
  .u32(END);

function serial(version: number): Bytes {
  const b = bytes().u8(4).u16(0x3f8).u32(1).u16(12).u8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).u8(0, 1).u8(16, 1, 16, 14).u8(4);
  if (version >= 7) b.u8(7).u64(55);
  return b.u32(END);
}

function serialOld(version: number): Bytes {
  const b = bytes().u16(12).u8(1, 2, 3, 4, 5, 6, 7);
  if (version > 3) b.u8(8);
  b.u32(1, 4, 0, 0x3f8).u8(1);
  return version >= 5 ? b.u8(9, 10, 11).u32(0).u8(4).u8(7).u64(1).u8(12, 13) : b;
}

const sb16Config = (b: Bytes) => b.u32(5, 1, 5, 0x220, 0x405);
const sb16 = sb16Config(sb16Config(bytes()))
  .u32(1, 2, 0, 1, 16, 0)
  .times(12, (b, i) => b.u32(i === 0 ? 7 : i + 10))
  .u8(1, 2, 3, 1)
  .varied(256)
  .u8(4)
  .varied(4)
  .u32(5, 6)
  .varied(10)
  .varied(50)
  .u8(7, 8)
  .u32(9, 10, 11, 12, 13, 14)
  .varied(256);

const ac97 = bytes()
  .u32(1, 2, 3)
  .times(3, (b, i) =>
    b
      .u32(0x1000 * i)
      .u8(1, 2)
      .u16(3, 4)
      .u8(5, 6)
      .u32(1, 0x2000, 7),
  )
  .varied(256)
  .u8(1, 0, 1);

function hda(version: number, irqLevel = true): Bytes {
  const b = bytes()
    .u32(2)
    .times(2, (c, i) => c.struct((s) => s.u8(i).times(102, (d, j) => d.u32(j))));
  b.u32(3, 100, 101, 102).u64(77);
  if (irqLevel) b.u8(1);
  return b.u32(1).times(1, (c) => {
    c.u8(4)
      .struct((s) => s.u8(1, 0, 1).u64(88))
      .struct((s) => s.u64(0x5000).u32(4096, 1))
      .struct((s) => s.u32(2, 0, 64));
    if (version === 7) c.struct((s) => s.u64(1, 2).u32(3).u8(4));
    return c.u32(8192, 3).varied(3);
  });
}

const rows: readonly UnitRow[] = [
  [
    { name: 'usb-ohci', version: 6 },
    Ohci,
    ohci(15).u32(1000),
    { ports: { length: 15 }, frameInterval: 12, frameRate: 1000 },
  ],
  [{ name: 'usb-ohci', version: 5 }, Ohci, ohci(15).varied(17), { periodicStart: 14, old: { length: 17 } }],
  [{ name: 'usb-ohci', version: 4 }, Ohci, ohci(8).varied(9), { ports: { length: 8 }, hcca: 5, old: { length: 9 } }],
  [
    { name: 'usb-ehci', version: 7 },
    Ehci,
    bytes().struct((s) =>
      s
        .u8(1)
        .u64(2)
        .times(33, (b, i) => b.u32(i))
        .u8(1),
    ),
    { sofTime: 2n, ports: { 14: 17 }, command: 22, framesPerTimerCall: 32, busStarted: true },
  ],
  [
    { name: 'usb-xhci', version: 1 },
    Xhci,
    xhci,
    {
      slots: [{}, { state: 1 }],
      ports: [{ portpm: 10 }],
      interrupters: [{ eventPointer: 16n, eventsLeft: 18, producerCycle: true }],
    },
  ],
  ...[6, 7].flatMap((version): UnitRow[] => [
    [{ name: 'serial', version }, Serial, serial(version), { scr: 10, receiveFifoTrigger: 14 }],
    [{ name: 'serial', version, ...LIVE }, SerialConfig, bytes().u8(4).u16(0x3f8).u32(1), { ioPortBase: 0x3f8 }],
  ]),
  ...versions(3, 5).map(
    (version): UnitRow => [{ name: 'serial', version }, SerialOld, serialOld(version), { scr: 7, irq: 4 }],
  ),
  [{ name: 'serial', version: 5 }, SerialOld, serialOld(5), { timer1: { expire: 1n }, unnamed4: 13 }],
  [{ name: 'serial', version: 4, ...LIVE }, SerialOldConfig, bytes().u32(3, 0x2f8), { irq: 3, ioPortBase: 0x2f8 }],
  [
    { name: 'parallel', version: 1 },
    Parallel,
    bytes().u8(1, 2, 3).u32(7, 0x378, END),
    { control: 3, config: { irq: 7 } },
  ],
  [{ name: 'parallel', version: 1, ...LIVE }, ParallelConfig, bytes().u32(5, 0x278, END), { irq: 5 }],
  [{ name: 'sb16', version: 2 }, Sb16, sb16, { bits: 16, dmaAuto: 7, v2x6: 21, cspIndex: 4, mixerIndex: 14 }],
  [{ name: 'sb16', version: 2, ...LIVE }, Sb16Config, sb16Config(bytes()), { port: 0x220 }],
  [
    { name: 'ichac97', version: 1 },
    Ac97,
    ac97,
    { streams: [{}, {}, { bdbar: 0x2000, bufferControl: 7 }], active: [1, 0, 1] },
  ],
  [
    { name: 'hda', version: 8 },
    Hda,
    hda(8),
    {
      nodes: [{}, { id: 1, registers: { 65: 101 } }],
      registers: [100, 101, 102],
      streams: [{ bufferOffset: 64, circularBuffer: { length: 3 } }],
    },
  ],
  [{ name: 'hda', version: 7 }, Hda, hda(7), { irqLevel: 1, streams: [{ period: { unnamed2: 3 } }] }],
  [{ name: 'hda', version: 7, product: { major: 5, minor: 1, build: 0 } }, Hda, hda(7, false), { wallClockStart: 77n }],
];

testUnits('units of USB controllers, ports and sound devices', rows);

testWrong('units of USB controllers, ports and sound devices that are wrong', [
  [
    'a structure that ends early',
    { name: 'usb-ehci', version: 7 },
    bytes()
      .struct((s) => s.mem(9))
      .mem(200),
    /marker/,
  ],
  ['an older EHCI', { name: 'usb-ehci', version: 6 }, bytes(), /version 6 is not known: only its newest/],
  [
    'more slots than there can be',
    { name: 'usb-xhci', version: 1 },
    bytes().mem(41).u32(257),
    /257 elements where at most 256/,
  ],
  [
    'a serial port without end',
    { name: 'serial', version: 7 },
    bytes().u8(...serial(7).data().subarray(0, -4)),
    /read past/,
  ],
  ['a codec of other times', { name: 'hda', version: 6 }, bytes(), /version 6 is not known: its streams/],
  ['a format before there were others', { name: 'sb16', version: 2 }, bytes().mem(1000, 1), /marker 0x0/],
]);
