import { expect } from 'chai';
import { failureStatus } from '../../emt/testing.js';
import { MS, S, US } from '../../tm/testing.js';
import { DeviceBench } from '../testing.js';
import { cmosChecksum, mc146818, mc146818For, type RtcDevice, storeCmosChecksum } from './index.js';

/** 20 November 2026, 18:27:48 UTC: a Friday. */
const NOW = BigInt(Date.UTC(2026, 10, 20, 18, 27, 48)) * MS;

/** Registers, as the tests write them. */
const [A, B, C, D] = [0x0a, 0x0b, 0x0c, 0x0d];
const TIME = [4, 2, 0] as const;
const DATE = [0x32, 9, 8, 7, 6] as const;
/** Interrupts in register B. */
const [PIE, AIE, UIE, SET, BINARY, HOURS_24] = [0x40, 0x20, 0x10, 0x80, 0x04, 0x02];

class Rtc {
  private constructor(
    readonly bench: DeviceBench,
    readonly device: RtcDevice,
  ) {}

  static async create({ utc = NOW, zone = 0, config = {} } = {}): Promise<Rtc> {
    const bench = new DeviceBench({ utc });
    const device = await bench.add(
      mc146818For(() => zone),
      config,
    );
    await bench.powerOn();
    return new Rtc(bench, device);
  }

  get(register: number): number {
    this.bench.bus.out(0x70, register);
    return this.bench.bus.in(0x71);
  }

  set(register: number, value: number): void {
    this.bench.bus.out(0x70, register);
    this.bench.bus.out(0x71, value);
  }

  /** Sets the clock: year with century, month, day, weekday; hours, minutes, seconds; as they are in the registers. */
  setClock([date, time]: readonly [readonly number[], readonly number[]], b = HOURS_24): void {
    this.set(B, SET | b);
    DATE.forEach((register, i) => void this.set(register, date[i] as number));
    TIME.forEach((register, i) => void this.set(register, time[i] as number));
    this.set(B, b);
  }

  /** `2026-11-20 5 18:27:48`, as the registers have it, in hex. */
  get clock(): string {
    const hex = (register: number) => this.get(register).toString(16).padStart(2, '0');
    const [century, year, month, day, weekday] = DATE.map(hex);
    return `${century}${year}-${month}-${day} ${Number(weekday)} ${TIME.map(hex).join(':')}`;
  }

  /** Until just after the next update. */
  second(count = 1): this {
    for (let i = 0; i < count; i++) {
      const { expire } = this.bench.tm.activeTimers.find(({ name }) => name.startsWith('RTC Second'))!;
      this.bench.runFor(expire - this.bench.tm.now('VIRTUAL_SYNC') + 3n * MS);
    }
    return this;
  }
}

describe('mc146818: time', () => {
  it('is the host’s at power on', async () => {
    expect((await Rtc.create({ config: { UseUTC: true }, zone: 90 })).clock).to.equal('2026-11-20 5 18:27:48');
    expect((await Rtc.create({ zone: 90 })).clock).to.equal('2026-11-20 5 19:57:48');
    expect((await Rtc.create({ zone: -24 * 60 })).clock).to.equal('2026-11-19 4 18:27:48');
  });

  it('goes by the guest’s own time, not the host’s', async () => {
    const rtc = await Rtc.create();
    rtc.bench.time.utc += 3600n * S;
    await rtc.bench.suspend();
    rtc.bench.time.host.advance(3600n * S);
    await rtc.bench.resume();
    // The first update shows the time that was set; those after it a second more each.
    expect([rtc.second().clock, rtc.second().clock, rtc.second(10).clock]).to.deep.equal([
      '2026-11-20 5 18:27:48',
      '2026-11-20 5 18:27:49',
      '2026-11-20 5 18:27:59',
    ]);
  });

  for (const [date, time, next] of [
    [[0x20, 0x26, 0x11, 0x20, 5], [0x18, 0x27, 0x59], '2026-11-20 5 18:28:00'],
    [[0x20, 0x26, 0x11, 0x21, 6], [0x23, 0x59, 0x59], '2026-11-22 0 00:00:00'],
    [[0x20, 0x26, 0x11, 0x30, 1], [0x23, 0x59, 0x59], '2026-12-01 2 00:00:00'],
    [[0x19, 0x99, 0x12, 0x31, 5], [0x23, 0x59, 0x59], '2000-01-01 6 00:00:00'],
    [[0x20, 0x24, 0x02, 0x28, 3], [0x23, 0x59, 0x59], '2024-02-29 4 00:00:00'],
    [[0x20, 0x23, 0x02, 0x28, 2], [0x23, 0x59, 0x59], '2023-03-01 3 00:00:00'],
    [[0x20, 0x00, 0x02, 0x28, 1], [0x23, 0x59, 0x59], '2000-02-29 2 00:00:00'],
    [[0x21, 0x00, 0x02, 0x28, 0], [0x23, 0x59, 0x59], '2100-03-01 1 00:00:00'],
    // What there is not begins anew.
    [[0x20, 0x26, 0x11, 0x20, 5], [0x18, 0x27, 0x7f], '2026-11-20 5 18:28:00'],
    [[0x20, 0x26, 0x13, 0x31, 9], [0x77, 0x77, 0x77], '2027-01-01 0 00:00:00'],
  ] as const) {
    it(`the second before ${next}`, async () => {
      const rtc = (await Rtc.create()).second();
      rtc.setClock([date, time]);
      expect(rtc.second().clock).to.equal(next);
    });
  }

  for (const [name, b, hours, after] of [
    ['BCD, 24 hours', HOURS_24, 0x23, 0x00],
    ['binary, 24 hours', HOURS_24 | BINARY, 23, 0],
    ['BCD, midnight of 12 hours', 0, 0x91, 0x12],
    ['BCD, noon of 12 hours', 0, 0x11, 0x92],
    ['BCD, 1 a.m.', 0, 0x12, 0x01],
    ['BCD, 1 p.m.', 0, 0x92, 0x81],
    ['binary, 12 hours', BINARY, 9, 10],
    ['binary, 12 hours, p.m.', BINARY, 0x80 | 9, 0x80 | 10],
  ] as const) {
    it(`${name}: 0x${hours.toString(16)}:59:59 is followed by 0x${after.toString(16)}:00:00`, async () => {
      const rtc = (await Rtc.create()).second();
      const digits = (b & BINARY) !== 0 ? [59, 59] : [0x59, 0x59];
      rtc.setClock(
        [
          [0x20, 0x26, 0x11, 0x20, 5],
          [hours, ...digits],
        ],
        b,
      );
      rtc.second();
      expect(TIME.map((register) => rtc.get(register))).to.deep.equal([after, 0, 0]);
    });
  }

  it('stands still while it is set, and while its divider is held', async () => {
    const rtc = (await Rtc.create()).second();
    rtc.set(B, SET | HOURS_24);
    const { clock } = rtc;
    rtc.bench.runFor(5n * S);
    expect(rtc.clock).to.equal(clock);
    rtc.set(B, HOURS_24);
    rtc.set(A, 0x66);
    rtc.bench.runFor(5n * S);
    expect(rtc.clock).to.equal(clock);
    rtc.set(A, 0x26);
    expect(rtc.second().clock).to.equal('2026-11-20 5 18:27:49');
  });

  it('is set register by register, too', async () => {
    const rtc = (await Rtc.create()).second();
    rtc.set(0, 0x10);
    rtc.set(0x32, 0x19);
    expect(rtc.second().clock).to.equal('1926-11-20 5 18:27:11');
  });
});

describe('mc146818: updates', () => {
  it('are announced by UIP 244 µs before, and take 1984 µs', async () => {
    const rtc = (await Rtc.create()).second();
    const { clock } = rtc;
    const { expire } = rtc.bench.tm.activeTimers[0]!;
    rtc.bench.runFor(expire - rtc.bench.tm.now('VIRTUAL_SYNC') - 1n);
    expect([rtc.get(A), rtc.clock]).to.deep.equal([0x26, clock]);
    rtc.bench.runFor(1n);
    expect([rtc.get(A), rtc.clock]).to.deep.equal([0xa6, clock]);
    rtc.bench.runFor(2228n * US - 1n);
    expect([rtc.get(A), rtc.clock]).to.deep.equal([0xa6, clock]);
    rtc.bench.runFor(1n);
    expect([rtc.get(A), rtc.clock]).to.deep.equal([0x26, '2026-11-20 5 18:27:49']);
  });

  it('set UF and interrupt', async () => {
    const rtc = (await Rtc.create()).second();
    expect([rtc.get(C), rtc.get(C) & 0x10]).to.deep.equal([0x50, 0]);
    rtc.set(B, UIE | HOURS_24);
    rtc.second();
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 HIGH']);
    expect([rtc.get(C) & 0x90, rtc.bench.bus.takeIrqs(), rtc.get(C) & 0x90]).to.deep.equal([0x90, ['8 LOW'], 0]);
  });

  it('end when the clock is set, with their interrupt', async () => {
    const rtc = (await Rtc.create()).second();
    rtc.set(B, UIE | HOURS_24);
    rtc.get(C);
    const { expire } = rtc.bench.tm.activeTimers[0]!;
    rtc.bench.runFor(expire - rtc.bench.tm.now('VIRTUAL_SYNC'));
    rtc.set(B, SET | UIE | HOURS_24);
    expect([rtc.get(A), rtc.get(B)]).to.deep.equal([0x26, SET | HOURS_24]);
    rtc.bench.runFor(2n * S);
    expect(rtc.get(C) & 0x10).to.equal(0);
  });
});

describe('mc146818: alarm', () => {
  for (const [name, alarm, seconds] of [
    ['at a time', [0x18, 0x28, 0x03], [15]],
    ['every minute', [0xff, 0xff, 0x05], [17, 77]],
    ['every second', [0xc0, 0xc0, 0xc0], [1, 2, 3]],
    ['never', [0x24, 0x00, 0x00], []],
  ] as const) {
    it(name, async () => {
      const rtc = (await Rtc.create()).second();
      [5, 3, 1].forEach((register, i) => void rtc.set(register, alarm[i] as number));
      rtc.set(B, AIE | HOURS_24);
      rtc.get(C);
      const found: number[] = [];
      for (let second = 1; second <= 80; second++) {
        rtc.second();
        if ((rtc.get(C) & 0xa0) === 0xa0) found.push(second);
      }
      expect(found.slice(0, 3)).to.deep.equal(seconds);
      expect(rtc.bench.bus.takeIrqs().slice(0, 2)).to.deep.equal(seconds.length > 0 ? ['8 HIGH', '8 LOW'] : []);
    });
  }
});

describe('mc146818: periodic interrupt', () => {
  /** The rates of register A, in microseconds, rounded. */
  const rates = [0, 3906, 7813, 122, 244, 488, 977, 1953, 3906, 7813, 15625, 31250, 62500, 125_000, 250_000, 500_000];
  for (const [rate, micro] of rates.entries()) {
    it(`rate ${rate}: ${micro === 0 ? 'none' : `every ${micro} µs`}`, async () => {
      const rtc = await Rtc.create();
      rtc.set(A, 0x20 | rate);
      rtc.get(C);
      rtc.set(B, PIE | HOURS_24);
      const times: number[] = [];
      for (let i = 0; i < 20 && micro > 0; i++) {
        const { expire } = rtc.bench.tm.activeTimers.find(({ name }) => name.includes('Periodic'))!;
        rtc.bench.runFor(expire - rtc.bench.tm.now('VIRTUAL_SYNC'));
        times.push(Number(rtc.bench.tm.now('VIRTUAL_SYNC')) / 1000);
        expect([rtc.get(C) & 0xc0, rtc.bench.bus.takeIrqs()]).to.deep.equal([0xc0, ['8 HIGH', '8 LOW']]);
      }
      if (micro === 0) rtc.bench.runFor(S);
      expect(times.map((at, i) => Math.round((at - (times[0] ?? 0)) / (i || 1)))).to.deep.equal([
        ...(micro === 0 ? [] : [0]),
        ...Array(Math.max(0, times.length - 1)).fill(micro),
      ]);
      expect(rtc.bench.bus.takeIrqs()).to.deep.equal([]);
    });
  }

  it('sets PF also when it does not interrupt, once until it is read', async () => {
    const rtc = await Rtc.create();
    rtc.get(C);
    expect(rtc.get(C) & 0x40).to.equal(0);
    rtc.bench.runFor(977n * US);
    expect([rtc.get(C) & 0xc0, rtc.get(C) & 0xc0, rtc.bench.bus.takeIrqs()]).to.deep.equal([0x40, 0, []]);
    rtc.bench.runFor(10n * MS);
    rtc.set(B, PIE | HOURS_24);
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 HIGH']);
    rtc.set(B, HOURS_24);
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 LOW']);
    expect(rtc.get(C) & 0xc0).to.equal(0x40);
  });

  it('keeps PF when the rate becomes another, or none', async () => {
    for (const rate of [3, 15, 0]) {
      const rtc = await Rtc.create();
      rtc.get(C);
      rtc.bench.runFor(MS);
      rtc.set(A, 0x20 | rate);
      expect([rtc.get(C) & 0x40, rtc.get(C) & 0x40], `rate ${rate}`).to.deep.equal([0x40, 0]);
    }
  });

  it('waits until it is read', async () => {
    const rtc = await Rtc.create();
    rtc.set(B, PIE | HOURS_24);
    rtc.bench.runFor(100n * MS);
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 HIGH']);
    rtc.get(C);
    rtc.bench.runFor(1n * MS);
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 LOW', '8 HIGH']);
  });

  it('is not raised while the HPET has it', async () => {
    const rtc = await Rtc.create();
    rtc.device.setDisabledByHpet(true);
    rtc.set(B, PIE | HOURS_24);
    rtc.bench.runFor(5n * MS);
    expect([rtc.get(C) & 0xc0, rtc.bench.bus.takeIrqs()]).to.deep.equal([0xc0, []]);
  });
});

describe('mc146818: registers and memory', () => {
  it('C and D cannot be written, nor UIP', async () => {
    const rtc = await Rtc.create();
    for (const register of [C, D]) rtc.set(register, 0x55);
    rtc.set(A, 0xaf);
    expect([rtc.get(C) & 0x15, rtc.get(D), rtc.get(A)]).to.deep.equal([0, 0x80, 0x2f]);
  });

  it('has two banks, each with its index; bit 7 of an index counts for nothing', async () => {
    const { bus } = (await Rtc.create()).bench;
    bus.out(0x70, 0x80 | 0x40);
    bus.out(0x72, 0x40);
    bus.out(0x71, 1);
    bus.out(0x73, 2);
    expect([bus.in(0x70), bus.in(0x71), bus.in(0x72), bus.in(0x73)]).to.deep.equal([0xff, 1, 0xff, 2]);
    expect([bus.in(0x71, 2), bus.out(0x71, 1, 2)]).to.deep.equal([0xffff, false]);
  });

  it('serves other devices, and keeps the checksum right', async () => {
    const { bus } = (await Rtc.create()).bench;
    bus.rtc.writeCmos(0x15, 0x80);
    bus.rtc.writeCmos(0x16, 0x02);
    bus.rtc.writeCmos(0x17, 0xff);
    bus.rtc.writeCmos(0xc0, 0x77);
    expect([0x15, 0x2e, 0x2f, 0xc0].map((address) => bus.rtc.readCmos(address))).to.deep.equal([
      0x80, 0x01, 0x81, 0x77,
    ]);
    const cmos = new Uint8Array(128).fill(0xff);
    storeCmosChecksum(cmos);
    expect([cmosChecksum(cmos), cmos[0x2e], cmos[0x2f]]).to.deep.equal([30 * 0xff, 0x1d, 0xe2]);
  });

  it('a reset switches interrupts off and keeps all else', async () => {
    const rtc = (await Rtc.create()).second();
    rtc.set(0x40, 0x99);
    rtc.set(B, PIE | AIE | UIE | HOURS_24);
    rtc.second();
    const { clock } = rtc;
    rtc.bench.bus.takeIrqs();
    await rtc.bench.reset();
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['8 LOW']);
    expect([rtc.get(B), rtc.get(C) & 0xb0, rtc.get(0x40), rtc.clock]).to.deep.equal([HOURS_24, 0, 0x99, clock]);
  });
});

describe('mc146818: configuration and saved states', () => {
  it('is where it is configured to be', async () => {
    const rtc = await Rtc.create({ config: { Base: 0x170, Irq: 9 } });
    rtc.bench.bus.out(0x170, B);
    rtc.bench.bus.out(0x171, PIE | HOURS_24);
    rtc.bench.runFor(S);
    expect(rtc.bench.bus.takeIrqs()).to.deep.equal(['9 HIGH']);
    expect(await failureStatus(Rtc.create({ config: { UTC: 1 } }))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
  });

  it('shows the host’s local time by default', async () => {
    const bench = new DeviceBench({ utc: NOW });
    await bench.add(mc146818);
    await bench.powerOn();
    bench.bus.out(0x70, 4);
    const { hours } = { hours: new Date(Number(NOW / MS)).getHours() };
    expect(bench.bus.in(0x71).toString(16)).to.equal(String(hours));
  });

  for (const [name, version, changes, status] of [
    ['version 4', 4, [], 'no failure'],
    ['another IRQ', 4, [[0, 5]], 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['another base', 4, [[1, 0x72]], 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['UTC', 4, [[3, 1]], 'no failure'],
    ['a timer in no state', 4, [[161, 9]], 'VERR_SSM_ENUM_VALUE_OUT_OF_RANGE'],
    ['version 0', 0, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    ['version 5', 5, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
  ] as const) {
    it(`${name}: ${status}`, async () => {
      const bytes = (await Rtc.create()).bench.unitBytes('mc146818');
      for (const [at, value] of changes) bytes[at] = value;
      const { bench } = await Rtc.create();
      expect(await failureStatus(bench.loadUnit('mc146818', version, bytes))).to.equal(status);
    });
  }

  it('old versions lack the second bank, the HPET, the configuration', async () => {
    const rtc = (await Rtc.create()).second(3);
    const bytes = rtc.bench.unitBytes('mc146818');
    const end = bytes.length - 129;
    for (const [version, first, last] of [
      [3, 0, end],
      [2, 0, end - 1],
      [1, 4, end - 1],
    ] as const) {
      const { bench } = await Rtc.create();
      bench.bus.out(0x73, 0x42);
      await bench.loadUnit('mc146818', version, bytes.slice(first, last));
      const saved = bench.unitBytes('mc146818');
      expect([...saved.slice(0, end)]).to.deep.equal([...bytes.slice(0, end)]);
      expect([saved[end], saved.at(-1)]).to.deep.equal([0x42, 0x80]);
    }
  });

  it('a live save has the configuration in pass 0', async () => {
    const rtc = await Rtc.create();
    expect([...rtc.bench.unitBytes('mc146818', 0, 0)]).to.deep.equal([8, 0x70, 0, 0]);
    const state = await rtc.bench.save({ live: true });
    expect(await failureStatus((await Rtc.create()).bench.load(state))).to.equal('no failure');
    const other = await Rtc.create({ config: { Irq: 5 } });
    expect(await failureStatus(other.bench.load(state))).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
  });

  it('a state whose next second is ages away, or ago, goes on by the second', async () => {
    for (const next of [-(2n ** 63n), 0n, 2n ** 63n - 1n]) {
      const rtc = (await Rtc.create()).second();
      const bytes = rtc.bench.unitBytes('mc146818');
      new DataView(bytes.buffer).setBigInt64(170, next, true);
      const { bench } = await Rtc.create();
      await bench.loadUnit('mc146818', 4, bytes);
      await bench.resume();
      bench.runFor(10n * S);
      bench.bus.out(0x70, 0);
      expect(bench.bus.in(0x71)).to.be.oneOf([0x57, 0x58]);
    }
  });
});
