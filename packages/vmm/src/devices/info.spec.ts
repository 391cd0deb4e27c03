import { putInto } from '@ssmkit/runtime';
import { VmmDev, VmmDevFacility } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { ConfigLiteral } from '../cfgm/index.js';
import { MS } from '../tm/testing.js';
import { i8237A } from './8237A/index.js';
import { i8254 } from './i8254/index.js';
import { i8259 } from './i8259/index.js';
import { mc146818For } from './mc146818/index.js';
import { pckbd } from './pckbd/index.js';
import { serial } from './serial/index.js';
import { type BenchBus, DeviceBench } from './testing.js';
import { vmmDev } from './VMMDev/index.js';
import { vga } from './vga/index.js';

/*
 * What a guest has programmed, and what the info items say of it: lines of the text, and the data.
 */

/** Saturday, 21 November 2026, 13:14:15. */
const UTC = BigInt(Date.UTC(2026, 10, 21, 13, 14, 15)) * 1_000_000n;

interface Row {
  readonly item: string;
  readonly what: string;
  readonly device: Parameters<DeviceBench['add']>[0];
  readonly instance?: number;
  readonly config?: ConfigLiteral;
  /** What the guest does: ports and values. */
  readonly out?: readonly (readonly [port: number, ...values: number[]])[];
  /** What happens then. */
  readonly after?: (bench: DeviceBench) => void | Promise<void>;
  readonly lines: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
  readonly data: (data: any) => readonly unknown[];
  readonly values: readonly unknown[];
}

const guestAdditions = putInto(
  (stream) => {
    const state = new VmmDev();
    Object.assign(state, { additionsVersion: 0x07020003, additionsRevision: 170000, additionsName: 'x' });
    Object.assign(state, { interfaceVersion: 0x10004, osType: 0x53100, heartbeatActive: true, lastHeartbeat: 5n });
    state.config.mmioRequests = false;
    state.facilities = [Object.assign(new VmmDevFacility(), { facility: 100, status: 50, time: 9n })];
    stream.put(state);
  },
  { version: 20 },
);

const rows: readonly Row[] = [
  {
    item: 'pit',
    what: '100 Hz, and a tone of 1 kHz',
    device: i8254,
    out: [
      [0x43, 0x34],
      [0x40, 0x9c, 0x2e],
      [0x43, 0xb6],
      [0x42, 0xa9, 0x04],
      [0x61, 0x03],
    ],
    lines: [
      'Ports 0x40, IRQ 0, speaker on',
      '      0  2 rate generator    11932  99.998    11932  high    high  binary  low, high  10000151',
      '      2  3 square wave        1193  1000.153   1192  high    high  binary  low, high  500343',
    ],
    data: ({ speaker, counters: [first, second, third] }) => [
      [speaker, first.mode, first.modeName, first.divisor, first.count],
      [second.mode, second.divisor, second.loaded],
      [third.mode, third.divisor, third.gate, Math.round(third.hz)],
    ],
    values: [
      [true, 2, 'rate generator', 11932, 11932],
      [3, 65536, true],
      [3, 1193, true, 1000],
    ],
  },
  {
    item: 'pit',
    what: 'a BCD one-shot that waits for its trigger',
    device: i8254,
    out: [
      [0x43, 0xb3],
      [0x42, 0x00, 0x10],
    ],
    lines: ['      2  1 one-shot     -        -        1000  high    low   BCD     low, high  -'],
    data: ({ counters: [, , third] }) => [third.mode, third.bcd, third.divisor, third.count, third.loaded, third.hz],
    values: [1, true, 1000, 1000, false, undefined],
  },
  {
    item: 'pic',
    what: 'as a PC sets it up; IRQ 4 in service, IRQ 1 and 12 ask',
    device: i8259,
    out: [
      [0x20, 0x11],
      [0x21, 0x08, 0x04, 0x01, 0xa8],
      [0xa0, 0x11],
      [0xa1, 0x70, 0x02, 0x01, 0xef],
      [0x4d1, 0x0c],
    ],
    after: ({ bus }) => {
      bus.setIrq(4, 'HIGH');
      bus.acknowledge();
      bus.setIrq(1, 'HIGH');
      bus.setIrq(12, 'HIGH');
    },
    lines: [
      'master: irr=06 isr=10 imr=a8 elcr=00 inputs=16, vectors from 08, input 0 first',
      '  reads irr; modes: none; asks for: 1',
      'slave: irr=10 isr=00 imr=ef elcr=0c inputs=10, vectors from 70, input 0 first',
    ],
    data: ({ master, slave, intr }) => [master.isr, master.pending, slave.pending, slave.irqBase, slave.elcr, intr],
    values: [0x10, 1, 4, 0x70, 0x0c, true],
  },
  {
    item: 'pic',
    what: 'in the middle of being initialised, and then in special modes',
    device: i8259,
    out: [
      [0xa0, 0x11],
      [0x20, 0x11],
      [0x21, 0x08, 0x04, 0x13],
      [0x20, 0x68, 0x0b, 0x80, 0xc3],
    ],
    lines: [
      'input 4 first',
      '  reads isr; modes: automatic EOI, rotates on automatic EOI, special mask, special fully nested; asks for: nothing',
      '  reads irr; modes: initialising; asks for: nothing',
    ],
    data: ({ master, slave, intr }) => [master.reads, master.first, master.autoEoi, slave.initialising, intr],
    values: ['isr', 4, true, true, false],
  },
  {
    item: 'rtc',
    what: 'periodic interrupts of 1024 Hz, an alarm at 6:30',
    device: mc146818For(() => 0),
    out: [
      [0x70, 0x05],
      [0x71, 0x06],
      [0x70, 0x03],
      [0x71, 0x30],
      [0x70, 0x01],
      [0x71, 0xff],
      [0x70, 0x0b],
      [0x71, 0x62],
    ],
    // One was due before, and is acknowledged.
    after: (bench) => {
      bench.bus.out(0x70, 0x0c);
      bench.bus.in(0x71);
      bench.runFor(2n * MS);
    },
    lines: [
      '2026-11-21 13:14:15 Saturday, local time',
      'Ports 0x70, IRQ 8',
      'a=26 b=62 c=c0 d=80: BCD, 24 hours, periodic 1024 Hz',
      'alarm=06:30:ff',
      'interrupts: periodic, alarm; flags: periodic',
      'next second: 990000000 ns, periodic: 976563 ns',
    ],
    data: ({ time, registers, periodicHz, irqActive, halted, hours24 }) => [
      [time.year, time.month, time.day, time.hours, time.minutes, time.seconds, time.weekday],
      [registers.b, periodicHz, irqActive, halted, hours24],
    ],
    values: [
      [2026, 11, 21, 13, 14, 15, 6],
      [0x62, 1024, true, false, true],
    ],
  },
  {
    item: 'rtc',
    what: 'halted, in binary and with 12 hours, and UTC',
    device: mc146818For(() => 60),
    config: { UseUTC: true },
    out: [
      [0x70, 0x0a],
      [0x71, 0x60],
      [0x70, 0x0b],
      [0x71, 0x84],
    ],
    lines: ['13:14:15 Saturday, UTC, halted', 'b=84 c=40 d=80: binary, 12 hours, periodic 0 Hz'],
    data: ({ utc, binary, hours24, halted, periodicHz }) => [utc, binary, hours24, halted, periodicHz],
    values: [true, true, false, true, 0],
  },
  {
    item: 'cmos',
    what: 'memory, and a checksum that is not right',
    device: mc146818For(() => 0),
    out: [
      [0x70, 0x10],
      [0x71, 0x40],
      [0x70, 0x2e],
      [0x71, 0x12],
      [0x72, 0x05],
      [0x73, 0xab],
    ],
    lines: [
      '10: 40 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
      '80: 00 00 00 00 00 ab 00 00 00 00 00 00 00 00 00 00',
      'index: 2e, 85',
      'checksum: 1200, of the memory as it is: 0040',
    ],
    data: ({ memory, index, checksum }) => [memory.length, memory[0x10], memory[0x85], index, checksum],
    values: [256, 0x40, 0xab, [0x2e, 0x85], { stored: 0x1200, computed: 0x40 }],
  },
  {
    item: 'dma',
    what: 'a floppy controller’s and a sound card’s channel, half way',
    device: i8237A,
    out: [
      [0x0b, 0x46],
      [0x81, 0x12],
      [0x04, 0x00, 0x40],
      [0x05, 0xff, 0x01],
      [0x0a, 0x02],
      [0xd6, 0x78 | 1],
      [0x8b, 0x03],
      [0xc4, 0x00, 0x10],
      [0xc6, 0x7f, 0x00],
    ],
    after: ({ bus }) => {
      bus.registerDma(2, (_channel, position) => position + 256);
      bus.dmac.setDreq(2, true);
      bus.dmac.run();
    },
    lines: [
      'controller 0: command=00 status=40 mask=fb temporary=00: enabled',
      '      2  single  write     4100     00ff   0x00124100  256 bytes  requested',
      '      5  single  read      1000     007f   0x00022000  0 bytes    down, begins anew, masked',
      '      3  demand  verify    0000     0000   0x00000000  0 bytes    masked',
    ],
    data: ({ controllers: [first, second] }) => [
      [first.enabled, first.channels[2].done, first.channels[2].physical, first.channels[2].requested],
      [second.channels[1].transfer, second.channels[1].mode, second.channels[1].count, second.channels[1].masked],
    ],
    values: [
      [true, 256, 0x124100, true],
      ['read', 'single', 0x7f, true],
    ],
  },
  {
    item: 'serial0',
    what: '9600 baud, 7 bits, even parity, FIFOs',
    device: serial,
    out: [
      [0x3fb, 0x9a],
      [0x3f8, 12],
      [0x3f9, 0],
      [0x3fb, 0x1a],
      [0x3fa, 0xc1],
      [0x3f8, 0x41],
    ],
    lines: [
      'Ports 0x3f8, IRQ 4, 16550A, not connected',
      '9600 baud 7e1, divisor 12, FIFO of 16, interrupts from 14, 0 received',
      'rbr=00 thr=41 ier=00 iir=c1 fcr=c1 lcr=1a mcr=00 lsr=20 msr=00 scr=00',
    ],
    data: ({ ioPortBase, irq, type, divisor, line, fifo, registers }) => [
      ioPortBase,
      irq,
      type,
      divisor,
      line,
      fifo,
      registers.lcr,
    ],
    values: [
      ...[0x3f8, 4, '16550A', 12],
      { baud: 9600, parity: 'even', dataBits: 7, stopBits: 1 },
      { size: 16, trigger: 14 },
      0x1a,
    ],
  },
  {
    item: 'serial1',
    what: 'a 16450 in the loop, with a byte that was not read',
    device: serial,
    instance: 1,
    config: { UartType: '16450' },
    out: [
      [0x2fb, 0x83],
      [0x2f8, 1],
      [0x2f9, 0],
      [0x2fb, 0x03],
      [0x2fc, 0x10],
      [0x2f8, 0x55],
    ],
    after: (bench) => bench.runFor(MS),
    lines: ['Ports 0x2f8, IRQ 3, 16450, not connected', '115200 baud 8n1, divisor 1, no FIFO, 1 received', 'rbr=55'],
    data: ({ type, waiting, fifo, registers }) => [type, waiting, fifo, registers.rbr],
    values: ['16450', 1, undefined, 0x55],
  },
  {
    item: 'pckbd',
    what: 'scan set 3 and lights; a mouse with a wheel; a key is down that nobody has read',
    device: pckbd,
    out: [
      [0x60, 0xed],
      [0x60, 0x06],
      [0x60, 0xf0],
      [0x60, 0x03],
      [0x60, 0xf3],
      [0x60, 0x00],
      ...[0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4].flatMap((byte) => [[0x64, 0xd4] as const, [0x60, byte] as const]),
      [0x64, 0x60],
      [0x60, 0x47],
    ],
    after: ({ bus, devices: [device] }) => {
      for (let i = 0; i < 100 && (bus.in(0x64) & 1) !== 0; i++) bus.in(0x60);
      (device as { keyboardPort?: { putEventHid(usage: number): void } }).keyboardPort?.putEventHid(0x04);
    },
    lines: [
      'controller: status=15 mode=47 output=1e command=00: full, keyboard interrupts, mouse interrupts, translates, A20',
      'keyboard: scan set 3, scans, lights: num, caps, repeats after 250 ms every 33.3 ms',
      '  down: 04; answers: none; keystrokes: none',
      'mouse: wheel, 80 reports/s, resolution 2, modes: enabled, buttons: none',
      '  answers: none; reports: none',
    ],
    data: ({ controller, keyboard, mouse }) => [
      [controller.full, controller.fromMouse, controller.translates, controller.a20],
      [keyboard.scanSet, keyboard.leds, keyboard.pressed, keyboard.typematic.delay],
      [mouse.protocol, mouse.sampleRate, mouse.enabled],
    ],
    values: [
      [true, false, true, true],
      [3, { scroll: false, num: true, caps: true }, [0x04], 250],
      ['wheel', 80, true],
    ],
  },
  {
    item: 'vga',
    what: 'text, as it comes up',
    device: vga,
    lines: [
      'mode: text, 80 x 25 characters of 9 x 16 pixels',
      'video memory: 4194304 bytes, monitors: 1',
      'sr: 03 00 03 00 02',
      'gr: 00 00 00 00 00 10 0e 00 ff',
      'msr=67',
    ],
    data: ({ mode, registers }) => [
      mode.kind,
      mode.columns,
      mode.width,
      mode.height,
      registers.sr,
      registers.cr.length,
    ],
    values: ['text', 80, 720, 400, [3, 0, 3, 0, 2], 25],
  },
  {
    item: 'vga',
    what: '320 x 200 pixels in 256 colours',
    device: vga,
    out: [
      [0x3c4, 1],
      [0x3c5, 1],
      [0x3c4, 4],
      [0x3c5, 0x0e],
      [0x3ce, 5],
      [0x3cf, 0x40],
      [0x3ce, 6],
      [0x3cf, 5],
      [0x3d4, 0x11],
      [0x3d5, 0x0e],
      [0x3d4, 0x09],
      [0x3d5, 0x41],
      [0x3d4, 0x14],
      [0x3d5, 0x40],
      [0x3d4, 0x17],
      [0x3d5, 0xa3],
      [0x3c0, 0x10, 0x41, 0x20],
    ],
    lines: ['mode: graphics, 640 x 400 pixels in 256 colours', 'sr: 03 01 03 00 0e'],
    data: ({ mode, registers }) => [mode.kind, mode.colours, mode.scaleX, registers.gr[5]],
    values: ['graphics', 256, 2, 0x40],
  },
  {
    item: 'vga',
    what: 'a screen that is off',
    device: vga,
    config: { TextMode: false },
    lines: ['mode: blank'],
    data: ({ mode }) => [mode],
    values: [{ kind: 'blank', width: 0, height: 0 }],
  },
  {
    item: 'vmmdev',
    what: 'a guest without Guest Additions',
    device: vmmDev,
    lines: ['Guest Additions: none', 'heartbeat: not watched, last 0 ns; calls in progress: 0'],
    data: ({ additions, facilities, calls }) => [additions.version, facilities.length, calls],
    values: [undefined, 5, 0],
  },
  {
    item: 'vmmdev',
    what: 'a guest that has reported',
    device: vmmDev,
    after: (bench) => bench.loadUnit('VMMDev', 20, guestAdditions),
    lines: [
      'Guest Additions: 7.2.3 r170000 x, interface 1.4',
      'guest: OS 0x53100, capabilities 0x0',
      'heartbeat: beats, last 5 ns; calls in progress: 0',
      '     100      50  0x0    9',
    ],
    data: ({ additions, osType, heartbeat, facilities }) => [additions.version, osType, heartbeat, facilities],
    values: [
      ...['7.2.3', 0x53100],
      { active: true, flatlined: false, last: '5' },
      [{ facility: 100, status: 50, flags: 0, time: '9' }],
    ],
  },
];

async function programmed({ device, config = {}, instance = 0, out = [], after }: Row): Promise<DeviceBench> {
  const bench = new DeviceBench({ utc: UTC });
  await bench.add(device, config, instance);
  await bench.powerOn();
  const { bus }: { bus: BenchBus } = bench;
  for (const [port, ...values] of out) for (const value of values) bus.out(port, value);
  await after?.(bench);
  return bench;
}

describe('info items of the devices', () => {
  for (const row of rows) {
    it(`${row.item}: ${row.what}`, async () => {
      const bench = await programmed(row);
      const { text, data } = await bench.info.json(row.item);
      for (const line of row.lines) expect(text).to.include(line);
      expect(row.data(data)).to.deep.equal(row.values);
      // For programs that are somewhere else: nothing that JSON does not have.
      expect(JSON.parse(JSON.stringify(data))).to.deep.equal(data);
    });

    it(`${row.item}: ${row.what}: asking changes nothing`, async () => {
      const bench = await programmed(row);
      const { name } = row.device;
      const before = bench.unitBytes(name, row.instance);
      await bench.info.text(row.item);
      expect(bench.unitBytes(name, row.instance)).to.deep.equal(before);
    });
  }
});
