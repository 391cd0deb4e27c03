import { getFrom } from '@ssmkit/runtime';
import { Serial, SerialConfig } from '@ssmkit/vbox';
import { expect } from 'chai';
import { DeviceBench } from '../testing.js';
import { serial } from './serial.js';
import { CHARACTER, program, serialBench } from './testing.js';

const IIR = { NONE: 1, MODEM: 0, THRE: 2, DATA: 4, LINE: 6, TIMEOUT: 0xc };

describe('serial: registers', () => {
  it('are after a reset as the manual says', async () => {
    const { in: read } = await serialBench();
    const found = [1, 2, 3, 4, 5, 6, 7].map(read);
    // MSR: carrier, DSR and CTS of the line are there, and have come.
    expect(found).to.deep.equal([0, 1, 0, 0, 0x60, 0xbb, 0]);
  });

  it('SCR keeps what is written, LSR and MSR do not', async () => {
    const { in: read, out } = await serialBench();
    for (const value of [0x55, 0xaa]) {
      out(7, value);
      expect(read(7)).to.equal(value);
    }
    out(5, 0x1f);
    out(6, 0x0f);
    expect([read(5), read(6) & 0xf0]).to.deep.equal([0x60, 0xb0]);
  });

  it('IER has four bits, MCR five', async () => {
    const { in: read, out } = await serialBench();
    out(1, 0xff);
    out(4, 0xff);
    expect([read(1), read(4)]).to.deep.equal([0x0f, 0x1f]);
  });

  it('DLAB shows the divisor in the place of data and IER', async () => {
    const { in: read, out } = await serialBench();
    out(1, 0x05);
    out(3, 0x80);
    out(0, 0x34);
    out(1, 0x12);
    expect([read(0), read(1)]).to.deep.equal([0x34, 0x12]);
    out(3, 0);
    expect(read(1)).to.equal(0x05);
  });

  it('answers bytes only', async () => {
    const { bench } = await serialBench();
    expect([bench.bus.in(0x3f8, 2), bench.bus.out(0x3f8, 0, 4)]).to.deep.equal([0xffff, false]);
  });
});

describe('serial: what a character takes', () => {
  const cases: readonly [what: string, divisor: number, lcr: number, ns: bigint][] = [
    ['115200 baud, 8N1: 10 bits', 1, 0x03, 86_806n],
    ['9600 baud, 8N1', 12, 0x03, 1_041_667n],
    ['9600 baud, 7E1: 10 bits', 12, 0x1a, 1_041_667n],
    ['9600 baud, 8E2: 12 bits', 12, 0x1f, 1_250_000n],
    ['50 baud, 5N1.5: 7.5 bits', 2304, 0x04, 150_000_000n],
    ['divisor 0 counts as 65536', 0, 0x03, 5_688_888_889n],
  ];
  for (const [what, divisor, lcr, ns] of cases) {
    it(what, async () => {
      const com = await serialBench();
      program(com, { divisor });
      com.out(3, lcr);
      com.out(0, 0x41);
      com.bench.runFor(ns - 1n);
      expect(com.end.takeText()).to.equal('');
      expect(com.in(5)).to.equal(0x20);
      com.bench.runFor(1n);
      expect(com.end.takeText()).to.equal('A');
      expect(com.in(5)).to.equal(0x60);
    });
  }
});

describe('serial: sending', () => {
  it('THR takes a second byte while the first is shifted, a third takes its place', async () => {
    const com = await serialBench();
    program(com);
    com.out(0, 0x41);
    expect(com.in(5)).to.equal(0x20);
    com.out(0, 0x42);
    expect(com.in(5)).to.equal(0x00);
    com.out(0, 0x43);
    com.bench.runFor(CHARACTER);
    expect(com.in(5)).to.equal(0x20);
    com.bench.runFor(CHARACTER);
    expect([com.in(5), com.end.takeText()]).to.deep.equal([0x60, 'AC']);
  });

  it('the FIFO takes 16 more, and no others', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    for (let i = 0; i < 20; i++) com.out(0, 0x41 + i);
    com.bench.runFor(17n * CHARACTER);
    expect([com.end.takeText(), com.in(5)]).to.deep.equal(['ABCDEFGHIJKLMNOPQ', 0x60]);
  });

  it('a 16450 has no FIFO, and shows none', async () => {
    const com = await serialBench({ UartType: '16450' });
    program(com, { fcr: 0xc1 });
    for (const byte of [0x41, 0x42, 0x43]) com.out(0, byte);
    com.bench.runFor(4n * CHARACTER);
    expect([com.in(2), com.end.takeText()]).to.deep.equal([1, 'AC']);
  });

  it('a 16750 has 64 bytes where they are asked for behind DLAB', async () => {
    const com = await serialBench({ UartType: '16750' });
    program(com, { fcr: 0x21 });
    expect(com.in(2)).to.equal(0xc1);
    com.out(3, 0x83);
    com.out(2, 0x21);
    com.out(3, 0x03);
    expect(com.in(2)).to.equal(0xe1);
    for (let i = 0; i < 70; i++) com.out(0, i);
    com.bench.runFor(80n * CHARACTER);
    expect(com.end.take()).to.have.length(65);
  });

  it('FCR throws away what waits, not what is shifted', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    for (const byte of [0x41, 0x42, 0x43]) com.out(0, byte);
    com.out(2, 5);
    com.bench.runFor(4n * CHARACTER);
    expect(com.end.takeText()).to.equal('A');
  });

  it('waits while nobody takes, and loses nothing', async function () {
    this.timeout(30_000);
    const com = await serialBench({}, { limit: 2 });
    program(com, { fcr: 1 });
    const sent: number[] = [];
    const got: number[] = [];
    // More than the driver keeps as well: 64 KiB.
    for (let round = 0; round < 5000; round++) {
      if ((com.in(5) & 0x20) !== 0) {
        for (let i = 0; i < 16; i++) {
          com.out(0, sent.length & 0xff);
          sent.push(sent.length & 0xff);
        }
      }
      com.bench.runFor(17n * CHARACTER);
    }
    expect(sent.length).to.be.within(65536, 65536 + 64);
    expect(com.in(5)).to.equal(0);
    for (let bytes = com.end.take(); bytes.length > 0 || (com.in(5) & 0x40) === 0; bytes = com.end.take()) {
      got.push(...bytes);
      com.bench.runFor(CHARACTER);
    }
    expect(got).to.deep.equal(sent);
  });
});

describe('serial: receiving', () => {
  it('RBR has one byte, and the others wait where they are', async () => {
    const com = await serialBench();
    program(com);
    com.end.sendText('abc');
    expect([com.in(5), com.end.unread]).to.deep.equal([0x61, 2]);
    expect([com.in(0), com.in(0), com.in(0)]).to.deep.equal([0x61, 0x62, 0x63]);
    expect([com.in(5), com.in(0)]).to.deep.equal([0x60, 0x63]);
  });

  for (const [bits, level] of [
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ] as const) {
    it(`FCR 0x${bits.toString(16)} interrupts from ${level} bytes on`, async () => {
      const com = await serialBench();
      program(com, { fcr: bits, ier: 1 });
      com.end.send(new Uint8Array(level - 1));
      expect(com.irq).to.equal(false);
      com.end.send(new Uint8Array(1));
      expect([com.irq, com.in(2)]).to.deep.equal([true, 0xc0 | IIR.DATA]);
      com.in(0);
      expect(com.irq).to.equal(false);
    });
  }

  it('bytes below the trigger interrupt after four characters without any', async () => {
    const com = await serialBench();
    program(com, { fcr: 0x81, ier: 1 });
    com.end.sendText('ab');
    com.bench.runFor(4n * CHARACTER - 1n);
    expect(com.irq).to.equal(false);
    com.bench.runFor(1n);
    expect(com.in(2)).to.equal(0xc0 | IIR.TIMEOUT);
    com.in(0);
    expect(com.irq).to.equal(false);
    com.bench.runFor(4n * CHARACTER);
    expect([com.irq, com.in(0), com.irq]).to.deep.equal([true, 0x62, false]);
  });

  it('a break is a character of 0 with an error', async () => {
    const com = await serialBench();
    program(com, { ier: 4 });
    com.port.breakReceived();
    expect([com.irq, com.in(2), com.in(5), com.in(0), com.in(5)]).to.deep.equal([true, IIR.LINE, 0x71, 0, 0x60]);
    expect(com.irq).to.equal(false);
  });

  it('FCR throws away the FIFO', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    com.end.send(new Uint8Array(20).fill(0x61));
    com.out(2, 3);
    expect(com.end.unread).to.equal(3);
    expect(com.in(5)).to.equal(0x61);
  });
});

describe('serial: interrupts', () => {
  it('come by priority, each until what it is for was done', async () => {
    const com = await serialBench();
    program(com, { ier: 0x0f });
    com.end.sendText('x');
    com.port.breakReceived();
    const served: number[] = [];
    const serve: Readonly<Record<number, number>> = { [IIR.LINE]: 5, [IIR.DATA]: 0, [IIR.MODEM]: 6 };
    for (;;) {
      const source = com.in(2);
      if (source === IIR.NONE) break;
      served.push(source);
      const register = serve[source];
      if (register !== undefined) com.in(register);
    }
    expect(served).to.deep.equal([IIR.LINE, IIR.DATA, IIR.THRE, IIR.MODEM]);
    expect(com.irq).to.equal(false);
  });

  it('of an empty transmitter come when it becomes so, and when they are turned on', async () => {
    const com = await serialBench();
    program(com);
    com.in(6);
    com.out(1, 2);
    expect([com.in(2), com.in(2)]).to.deep.equal([IIR.THRE, IIR.NONE]);
    com.bench.bus.takeIrqs();
    com.out(0, 1);
    com.out(0, 2);
    expect(com.bench.bus.takeIrqs()).to.deep.equal(['4 HIGH', '4 LOW']);
    com.bench.runFor(CHARACTER);
    expect(com.irq).to.equal(true);
  });

  it('need OUT2', async () => {
    const com = await serialBench();
    program(com, { ier: 2 });
    expect(com.irq).to.equal(true);
    com.out(4, 0);
    expect(com.irq).to.equal(false);
    com.out(4, 8);
    expect(com.irq).to.equal(true);
  });
});

describe('serial: the loop', () => {
  it('brings back what is sent, which nobody else gets', async () => {
    const com = await serialBench();
    program(com);
    com.out(4, 0x10);
    com.end.sendText('from outside');
    com.out(0, 0x5a);
    com.bench.runFor(CHARACTER);
    expect([com.in(5), com.in(0), com.end.takeText()]).to.deep.equal([0x61, 0x5a, '']);
    com.out(4, 0);
    expect(com.in(0)).to.equal(0x66);
  });

  it('its FIFO has 16 bytes, and says when there were more', async () => {
    const com = await serialBench();
    program(com, { fcr: 1 });
    com.out(4, 0x10);
    for (let i = 0; i < 20; i++) {
      com.out(0, i);
      com.bench.runFor(CHARACTER);
    }
    const got: number[] = [];
    expect(com.in(5)).to.equal(0x63);
    while ((com.in(5) & 1) !== 0) got.push(com.in(0));
    expect(got).to.deep.equal(Array.from({ length: 16 }, (_, i) => i));
  });

  it('without a FIFO the last byte stays', async () => {
    const com = await serialBench();
    program(com);
    com.out(4, 0x10);
    for (const byte of [1, 2]) {
      com.out(0, byte);
      com.bench.runFor(CHARACTER);
    }
    expect([com.in(5), com.in(0)]).to.deep.equal([0x63, 2]);
  });

  it('connects the lines of the modem', async () => {
    const com = await serialBench();
    for (const [mcr, lines] of [
      [0x11, 0x20],
      [0x12, 0x10],
      [0x14, 0x40],
      [0x18, 0x80],
      [0x1f, 0xf0],
    ] as const) {
      com.out(4, mcr);
      expect(com.in(6) & 0xf0).to.equal(lines);
    }
    com.out(4, 0x1f);
    com.in(6);
    com.out(4, 0x1b);
    expect(com.in(6)).to.equal(0xb4);
  });
});

describe('serial: the device', () => {
  it('is COM1 to COM4 by its number', async () => {
    for (const [instance, [irq, base]] of [
      [4, 0x3f8],
      [3, 0x2f8],
      [4, 0x3e8],
      [3, 0x2e8],
    ].entries()) {
      const bench = new DeviceBench();
      await bench.add(serial, {}, instance);
      await bench.powerOn();
      bench.bus.out(base! + 4, 8);
      bench.bus.out(base! + 1, 2);
      expect(bench.bus.takeIrqs()).to.deep.equal([`${irq} HIGH`]);
    }
  });

  it('refuses what it does not know', async () => {
    for (const [config, status] of [
      [{ UartType: '8250B' }, 'VERR_INVALID_PARAMETER'],
      [{ Irq: 4 }, 'VERR_CFGM_CONFIG_UNKNOWN_VALUE'],
    ] as const) {
      const failure = await new DeviceBench().add(serial, config).catch((error: unknown) => error);
      expect(failure).to.have.property('status', status);
    }
  });

  it('works without anything behind it', async () => {
    const bench = new DeviceBench();
    await bench.add(serial);
    await bench.powerOn();
    bench.bus.out(0x3f8, 0x41);
    bench.runFor(10n * 1_041_667n);
    expect([bench.bus.in(0x3fd), bench.bus.in(0x3fe)]).to.deep.equal([0x60, 0]);
  });

  it('a reset forgets what was not sent', async () => {
    const com = await serialBench();
    program(com, { fcr: 1, ier: 2 });
    for (const byte of [0x41, 0x42]) com.out(0, byte);
    await com.bench.reset();
    com.bench.runFor(10_000_000n);
    expect([com.end.takeText(), com.irq, com.in(1), com.in(2), com.in(5), com.in(6)]).to.deep.equal([
      '',
      false,
      0,
      1,
      0x60,
      0xb0,
    ]);
  });

  it('puts its configuration into pass 0, and refuses a state of another one', async () => {
    const com = await serialBench();
    const live = com.bench.unitBytes('serial', 0, 0);
    expect(getFrom(live).get(new SerialConfig())).to.deep.equal({ irq: 4, ioPortBase: 0x3f8, type: 2 });
    const state = await com.bench.save({ live: true });
    for (const config of [{ IRQ: 5 }, { IOBase: 0x3e8 }, { UartType: '16450' }]) {
      const other = new DeviceBench();
      await other.add(serial, config);
      const failure = await other.load(state).catch((error: unknown) => error);
      expect(failure).to.have.property('status', 'VERR_SSM_LOAD_CONFIG_MISMATCH');
    }
  });

  it('saves registers, and the byte in THR', async () => {
    const com = await serialBench();
    program(com, { fcr: 0xc1, ier: 3, divisor: 12 });
    for (const byte of [0x41, 0x42, 0x43]) com.out(0, byte);
    com.bench.tm.pause();
    await com.bench.save();
    const saved = getFrom(com.bench.unitBytes('serial'), { version: 7 }).get(new Serial());
    expect(saved).to.include({
      divisor: 12,
      thr: 0x43,
      ier: 3,
      fcr: 0xc1,
      lcr: 3,
      mcr: 0x0b,
      lsr: 0,
      receiveFifoTrigger: 14,
    });
    // The FIFO is empty when B and C have moved on: after two characters.
    expect(saved.transmitTimer.expire).to.equal(2n * 1_041_667n);
    expect(com.end.takeText()).to.equal('AB');
  });
});
