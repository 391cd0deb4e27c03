import { getFrom } from '@ssmkit/runtime';
import { Pit as SavedPit } from '@ssmkit/vbox';
import { expect } from 'chai';
import fc from 'fast-check';
import { failureStatus } from '../../emt/testing.js';
import { DeviceBench } from '../testing.js';
import { clocksIn, nsOf, PIT_HZ } from './clock.js';
import { i8254, type PitDevice } from './index.js';

/*
 * Tables of the data sheet: a counter is set up, then clock after clock goes by. Counter 2 has a gate that the guest can
 * move, and an output that it can see.
 */

/** A PIT, and a guest that uses it. */
class Pit {
  readonly bench: DeviceBench;
  readonly device: PitDevice;
  #clock = 0n;
  #origin = 0n;

  private constructor(bench: DeviceBench, device: PitDevice) {
    this.bench = bench;
    this.device = device;
  }

  static async create(config = {}): Promise<Pit> {
    const bench = new DeviceBench();
    const device = await bench.add(i8254, config);
    await bench.powerOn();
    bench.bus.takeIrqs();
    return new Pit(bench, device);
  }

  control(word: number): void {
    this.bench.bus.out(0x43, word);
  }

  /** Writes a count, low byte first; time is counted from here. */
  count(counter: number, value: number): void {
    this.bench.bus.out(0x40 + counter, value & 0xff);
    this.bench.bus.out(0x40 + counter, value >> 8);
  }

  gate(level: boolean): void {
    this.bench.bus.out(0x61, level ? 1 : 0);
  }

  /** From now on clocks are counted. */
  mark(): void {
    this.#origin = this.bench.tm.now('VIRTUAL_SYNC');
    this.#clock = 0n;
  }

  /** Up to so many clocks after the mark. */
  at(clock: bigint | number): this {
    const at = this.#origin + nsOf(BigInt(clock));
    this.bench.runFor(at - this.bench.tm.now('VIRTUAL_SYNC'));
    this.#clock = BigInt(clock);
    return this;
  }

  clocks(count: number): this {
    return this.at(this.#clock + BigInt(count));
  }

  /** What the counter holds, by latch command. */
  value(counter = 2): number {
    this.control(counter << 6);
    return this.word(counter);
  }

  word(counter: number): number {
    const low = this.bench.bus.in(0x40 + counter);
    return low | (this.bench.bus.in(0x40 + counter) << 8);
  }

  /** Status byte, by read-back command. */
  status(counter = 2): number {
    this.control(0xe0 | (2 << counter));
    return this.bench.bus.in(0x40 + counter);
  }

  get out2(): number {
    return (this.bench.bus.in(0x61) >> 5) & 1;
  }
}

/** Counter 2 in a mode, gate high, with a count of two bytes. */
async function counter2(mode: number, count: number, { gate = true, bcd = 0 } = {}): Promise<Pit> {
  const pit = await Pit.create();
  pit.gate(gate);
  pit.control(0xb0 | (mode << 1) | bcd);
  pit.count(2, count);
  pit.mark();
  return pit;
}

/** Values and outputs, clock after clock: `4 3 2 1 0`, `00001`. */
function run(pit: Pit, clocks: number): [string, string] {
  const values: number[] = [];
  const outputs: number[] = [];
  for (let i = 0; i < clocks; i++) {
    values.push(pit.value());
    outputs.push(pit.out2);
    pit.clocks(1);
  }
  return [values.map((value) => value.toString(16)).join(' '), outputs.join('')];
}

describe('i8254: modes', () => {
  for (const [name, mode, count, values, outputs] of [
    ['interrupt on terminal count', 0, 4, '4 3 2 1 0 ffff fffe', '0000111'],
    ['interrupt on terminal count of 1', 0, 1, '1 0 ffff', '011'],
    ['rate generator', 2, 3, '3 2 1 3 2 1 3 2', '11011011'],
    ['square wave of an even count', 3, 4, '4 2 4 2 4 2 4 2', '11001100'],
    ['square wave of an odd count', 3, 5, '4 2 0 4 2 4 2 0 4 2', '1110011100'],
    ['software triggered strobe', 4, 3, '3 2 1 0 ffff fffe', '111011'],
  ] as const) {
    it(`mode ${mode}, ${name}`, async () => {
      expect(run(await counter2(mode, count), outputs.length)).to.deep.equal([values, outputs]);
    });
  }

  for (const [name, mode, values, outputs] of [
    ['hardware retriggerable one-shot', 1, '3 2 1 0 ffff fffe', '000111'],
    ['hardware triggered strobe', 5, '3 2 1 0 ffff fffe', '111011'],
  ] as const) {
    it(`mode ${mode}, ${name}, begins when the gate rises`, async () => {
      const pit = await counter2(mode, 3, { gate: false });
      expect([pit.out2, pit.clocks(10).out2, pit.status() & 0x40]).to.deep.equal([1, 1, 0x40]);
      pit.gate(true);
      pit.mark();
      expect(pit.status() & 0x40).to.equal(0);
      expect(run(pit, outputs.length)).to.deep.equal([values, outputs]);
    });
  }

  it('a mode without a count does nothing, whatever the gate does', async () => {
    const pit = await Pit.create();
    for (const [mode, out] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
    ] as const) {
      pit.control(0xb0 | (mode << 1));
      for (const level of [true, false, true]) {
        pit.gate(level);
        pit.clocks(100_000);
        expect([pit.out2, pit.status() & 0x4f], `mode ${mode}`).to.deep.equal([out, 0x40 | (mode << 1)]);
      }
    }
  });

  it('modes 6 and 7 are 2 and 3', async () => {
    const pit = await Pit.create();
    pit.control(0xbc);
    expect(pit.status() & 0x0e).to.equal(2 << 1);
    pit.control(0xbe);
    expect(pit.status() & 0x0e).to.equal(3 << 1);
  });

  for (const [mode, outputs] of [
    [2, '1111'],
    [3, '1111'],
  ] as const) {
    it(`mode ${mode} with the illegal count of 1 keeps its output high`, async () => {
      expect(run(await counter2(mode, 1), 4)[1]).to.equal(outputs);
    });
  }
});

describe('i8254: gate', () => {
  for (const mode of [0, 4]) {
    it(`mode ${mode}: a low gate holds the count`, async () => {
      const pit = await counter2(mode, 100);
      pit.clocks(30);
      pit.gate(false);
      expect([pit.value(), pit.clocks(1000).value()]).to.deep.equal([70, 70]);
      pit.gate(true);
      expect([pit.value(), pit.clocks(20).value()]).to.deep.equal([70, 50]);
    });
  }

  for (const mode of [2, 3]) {
    it(`mode ${mode}: a low gate sets the output, a rising one begins anew`, async () => {
      const pit = await counter2(mode, 100);
      pit.clocks(mode === 2 ? 99 : 60);
      expect(pit.out2).to.equal(0);
      pit.gate(false);
      expect([pit.out2, pit.clocks(12345).out2]).to.deep.equal([1, 1]);
      pit.gate(true);
      pit.mark();
      expect([pit.value(), pit.at(99).out2, pit.at(100).value()]).to.deep.equal([100, 0, 100]);
    });
  }

  for (const mode of [1, 5]) {
    it(`mode ${mode}: triggers again, and does not mind a low gate`, async () => {
      const pit = await counter2(mode, 100, { gate: false });
      pit.gate(true);
      pit.clocks(60);
      pit.gate(false);
      expect(pit.clocks(10).value()).to.equal(30);
      pit.gate(true);
      pit.mark();
      expect([pit.value(), pit.at(99).out2, pit.at(100).out2]).to.deep.equal([
        100,
        mode === 1 ? 0 : 1,
        mode === 1 ? 1 : 0,
      ]);
    });
  }
});

describe('i8254: new counts while one is under way', () => {
  it('mode 0: begins at once; the first byte lowers the output and stops counting', async () => {
    const pit = await counter2(0, 5);
    expect(pit.clocks(8).out2).to.equal(1);
    pit.bench.bus.out(0x42, 10);
    expect([pit.out2, pit.clocks(100).out2]).to.deep.equal([0, 0]);
    pit.bench.bus.out(0x42, 0);
    pit.mark();
    expect([pit.at(9).out2, pit.at(10).out2]).to.deep.equal([0, 1]);
  });

  it('mode 1: the one-shot under way ends first', async () => {
    const pit = await counter2(1, 10, { gate: false });
    pit.gate(true);
    pit.mark();
    pit.at(4);
    pit.count(2, 3);
    expect([pit.value(), pit.status() & 0x40, pit.at(9).out2, pit.at(10).out2]).to.deep.equal([6, 0x40, 0, 1]);
    pit.gate(false);
    pit.gate(true);
    pit.mark();
    expect([pit.at(2).out2, pit.at(3).out2]).to.deep.equal([0, 1]);
  });

  it('mode 2: the period under way ends first', async () => {
    const pit = await counter2(2, 10);
    pit.at(4);
    pit.count(2, 3);
    expect([pit.value(), pit.status() & 0x40]).to.deep.equal([6, 0x40]);
    expect(run(pit, 12)).to.deep.equal(['6 5 4 3 2 1 3 2 1 3 2 1', '111110110110']);
    expect(pit.status() & 0x40).to.equal(0);
  });

  for (const [at, outputs] of [
    // In the high half, of which four clocks are left: then the low one of the new count.
    [1, '1111' + '000' + '111' + '000'],
    // In the low half.
    [7, '000' + '111' + '000' + '111'],
  ] as const) {
    it(`mode 3: the half under way at clock ${at} ends first`, async () => {
      const pit = await counter2(3, 10);
      pit.at(at);
      pit.count(2, 6);
      expect(run(pit, outputs.length)[1]).to.equal(outputs);
    });
  }

  it('mode 3: a gate that rises meanwhile begins with the new one', async () => {
    const pit = await counter2(3, 100);
    pit.at(10);
    pit.count(2, 4);
    pit.gate(false);
    pit.gate(true);
    expect(run(pit, 8)[1]).to.equal('11001100');
  });
});

describe('i8254: access', () => {
  for (const [name, control, writes, value] of [
    ['low byte only', 0x90, [0x34], 0x0034],
    ['high byte only', 0xa0, [0x12], 0x1200],
    ['low byte, then high byte', 0xb0, [0x34, 0x12], 0x1234],
    ['0 is 65536', 0xb4, [0, 0], 0],
  ] as const) {
    it(`${name}`, async () => {
      const pit = await Pit.create();
      pit.control(control);
      for (const byte of writes) pit.bench.bus.out(0x42, byte);
      pit.control(0x80);
      const read = writes.map(() => pit.bench.bus.in(0x42));
      const expected = writes.length === 2 ? [value & 0xff, value >> 8] : [value >> (control === 0xa0 ? 8 : 0)];
      expect(read).to.deep.equal(expected);
    });
  }

  it('65536 clocks are a period', async () => {
    const pit = await counter2(2, 0);
    expect([pit.at(65535).value(), pit.out2, pit.at(65536).value(), pit.out2]).to.deep.equal([1, 0, 0, 1]);
  });

  it('reads without a latch what the counter holds just then', async () => {
    const pit = await counter2(0, 0x1002);
    const low = pit.bench.bus.in(0x42);
    pit.clocks(3);
    expect([low, pit.bench.bus.in(0x42), pit.bench.bus.in(0x42)]).to.deep.equal([0x02, 0x0f, 0xff]);
  });

  it('keeps a latched count until it is read, and latches no other', async () => {
    const pit = await counter2(0, 1000);
    pit.control(0x80);
    pit.clocks(100);
    pit.control(0x80);
    expect([pit.word(2), pit.word(2)]).to.deep.equal([1000, 900]);
  });

  it('reads back status before count, of all that are asked', async () => {
    const pit = await Pit.create();
    pit.control(0x70);
    pit.count(1, 500);
    pit.gate(true);
    pit.control(0xb6);
    pit.count(2, 300);
    pit.control(0xcc);
    pit.clocks(10);
    expect([pit.bench.bus.in(0x41), pit.word(1)]).to.deep.equal([0x30, 500]);
    expect([pit.bench.bus.in(0x42), pit.word(2)]).to.deep.equal([0xb6, 300]);
    expect(pit.word(1)).to.equal(490);
  });

  it('status: output, null count, access, mode, BCD', async () => {
    const pit = await Pit.create();
    pit.control(0xb5);
    expect(pit.status()).to.equal(0xf5);
    pit.gate(true);
    pit.count(2, 0x10);
    expect([pit.status(), pit.clocks(9).status()]).to.deep.equal([0xb5, 0x35]);
  });

  it('counts BCD digits', async () => {
    const pit = await counter2(2, 0x0102, { bcd: 1 });
    const values = [0, 2, 3, 101, 102].map((clock) => pit.at(clock).value().toString(16));
    expect(values).to.deep.equal(['102', '100', '99', '1', '102']);
    const all = await counter2(2, 0, { bcd: 1 });
    expect([all.value(), all.at(1).value(), all.at(9999).value(), all.out2]).to.deep.equal([0, 0x9999, 1, 0]);
  });

  it('a control word forgets what was latched', async () => {
    const pit = await counter2(0, 1000);
    pit.control(0x80);
    pit.control(0xb0);
    pit.count(2, 5);
    expect(pit.word(2)).to.equal(5);
  });

  it('has nothing to read at the control word, and no words anywhere', async () => {
    const { bench } = await Pit.create();
    expect([bench.bus.in(0x43), bench.bus.in(0x40, 2), bench.bus.out(0x40, 1, 2)]).to.deep.equal([0xff, 0xffff, false]);
  });
});

describe('i8254: port 0x61', () => {
  it('gate, speaker, refresh that changes with every read, output 2', async () => {
    const pit = await Pit.create();
    const { bus } = pit.bench;
    expect([bus.in(0x61), bus.in(0x61), bus.in(0x61)]).to.deep.equal([0x30, 0x20, 0x30]);
    bus.out(0x61, 0xff);
    expect([bus.in(0x61), pit.device.speakerOn]).to.deep.equal([0x23, true]);
    pit.control(0xb0);
    expect([bus.in(0x61), pit.device.output(2)]).to.deep.equal([0x13, false]);
  });

  it('is somebody else’s without a speaker', async () => {
    const { bench } = await Pit.create({ SpeakerEnabled: false });
    expect([bench.bus.in(0x61), bench.bus.out(0x61, 1)]).to.deep.equal([0xff, false]);
  });
});

describe('i8254: interrupts', () => {
  it('are those of a square wave of 18.2 Hz from power on', async () => {
    const bench = new DeviceBench();
    await bench.add(i8254);
    await bench.powerOn();
    expect(bench.bus.takeIrqs()).to.deep.equal(['0 HIGH']);
    bench.runFor(nsOf(32768n) - 1n);
    expect(bench.bus.takeIrqs()).to.deep.equal([]);
    bench.runFor(1n);
    expect(bench.bus.takeIrqs()).to.deep.equal(['0 LOW']);
    bench.runFor(nsOf(65536n) - nsOf(32768n));
    expect(bench.bus.takeIrqs()).to.deep.equal(['0 HIGH']);
  });

  for (const [mode, first, then] of [
    [0, '0 LOW', ['0 HIGH']],
    [1, '0 HIGH', []],
    [2, '0 HIGH', ['0 LOW', '0 HIGH', '0 LOW', '0 HIGH', '0 LOW', '0 HIGH']],
    [3, '0 HIGH', ['0 LOW', '0 HIGH', '0 LOW', '0 HIGH', '0 LOW', '0 HIGH']],
    [4, '0 HIGH', ['0 LOW', '0 HIGH']],
    [5, '0 HIGH', []],
  ] as const) {
    it(`mode ${mode}: ${then.length} changes in three counts`, async () => {
      const pit = await Pit.create();
      const { bus } = pit.bench;
      pit.control(0x30 | (mode << 1));
      pit.count(0, 1000);
      pit.mark();
      expect(bus.takeIrqs().at(-1)).to.equal(first);
      pit.at(3000);
      expect(bus.takeIrqs()).to.deep.equal(then);
    });
  }

  it('never drift: the millionth is where it has to be, to the nanosecond', async () => {
    const pit = await Pit.create();
    pit.control(0x34);
    pit.count(0, 11932);
    const begin = pit.bench.tm.now('VIRTUAL_SYNC');
    for (let i = 0; i < 5; i++) pit.bench.runFor(777_777_777n);
    const { expire } = pit.bench.tm.activeTimers[0]!;
    const periods = clocksIn(expire - begin) / 11932n;
    expect(expire - begin).to.equal(nsOf(periods * 11932n));
    expect(periods).to.equal((5n * 777_777_777n * PIT_HZ) / 1_000_000_000n / 11932n + 1n);
  });

  for (const mode of [2, 3]) {
    it(`mode ${mode}: when the period began, and what comes next, is saved as in real states`, async () => {
      const pit = await Pit.create();
      pit.control(0x30 | (mode << 1));
      pit.count(0, 1000);
      const at = pit.bench.tm.now('VIRTUAL_SYNC');
      pit.mark();
      pit.at(3700);
      const { counter0, timer } = getFrom(pit.bench.unitBytes('i8254'), { version: 4 }).get(new SavedPit());
      expect([counter0.countLoadTime, counter0.reloadTime]).to.deep.equal([at, at + nsOf(3000n)]);
      const next = at + nsOf(4000n);
      expect([counter0.nextTime, counter0.nextTransitionTime, timer.expire]).to.deep.equal([next, next, next]);
    });
  }

  it('are not raised while the HPET has them', async () => {
    const pit = await Pit.create();
    pit.device.setDisabledByHpet(true);
    pit.clocks(200_000);
    expect(pit.bench.bus.takeIrqs()).to.deep.equal([]);
    pit.device.setDisabledByHpet(false);
    pit.clocks(200_000);
    expect(pit.bench.bus.takeIrqs().length).to.be.greaterThan(2);
  });

  it('begin anew with a reset', async () => {
    const pit = await Pit.create();
    pit.control(0x30);
    pit.clocks(1234);
    await pit.bench.reset();
    pit.bench.bus.takeIrqs();
    pit.mark();
    pit.at(65536);
    expect(pit.bench.bus.takeIrqs()).to.deep.equal(['0 LOW', '0 HIGH']);
  });
});

describe('i8254: clock', () => {
  it('edges are where they are counted', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 50n }), (clocks) => {
        expect([clocksIn(nsOf(clocks)), clocksIn(nsOf(clocks) - 1n)]).to.deep.equal([clocks, clocks - 1n]);
        expect(clocksIn(-nsOf(clocks))).to.be.oneOf([-clocks, -clocks - 1n]);
      }),
    );
  });
});

describe('i8254: configuration and saved states', () => {
  const bytesOf = async (config = {}) => (await Pit.create(config)).bench.unitBytes('i8254');

  it('is where it is configured to be', async () => {
    const { bench } = await Pit.create({ Irq: 3, Base: 0x240 });
    bench.bus.out(0x243, 0x30);
    expect([bench.bus.takeIrqs(), bench.bus.in(0x43)]).to.deep.equal([['3 LOW'], 0xff]);
    expect(await failureStatus(Pit.create({ Irqs: 3 }))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
  });

  for (const [name, version, changes, status] of [
    ['version 4', 4, [], 'no failure'],
    ['another base', 4, [[0, 0x50]], 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['another IRQ', 4, [[2, 5]], 'VERR_SSM_LOAD_CONFIG_MISMATCH'],
    ['no speaker', 4, [[3, 0]], 'no failure'],
    ['mode 6', 4, [[17, 6]], 'VERR_SSM_UNEXPECTED_DATA'],
    ['count 0', 4, [[6, 0]], 'VERR_SSM_UNEXPECTED_DATA'],
    ['a count of more than 65536', 4, [[4, 1]], 'VERR_SSM_UNEXPECTED_DATA'],
    ['version 1', 1, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
    ['version 5', 5, [], 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'],
  ] as const) {
    it(`${name}: ${status}`, async () => {
      const bytes = await bytesOf();
      for (const [at, value] of changes) bytes[at] = value;
      const { bench } = await Pit.create();
      expect(await failureStatus(bench.loadUnit('i8254', version, bytes))).to.equal(status);
    });
  }

  it('old versions lack the configuration, and the HPET', async () => {
    const pit = await counter2(3, 1234);
    pit.clocks(100);
    const bytes = pit.bench.unitBytes('i8254');
    for (const [version, begin, end] of [
      [3, 0, -1],
      [2, 4, -1],
    ] as const) {
      const { bench } = await Pit.create({ Irq: 0 });
      await bench.loadUnit('i8254', version, bytes.slice(begin, end));
      expect([...bench.unitBytes('i8254')]).to.deep.equal([...bytes]);
    }
  });

  it('a live save has the configuration in pass 0', async () => {
    const pit = await Pit.create();
    expect([...pit.bench.unitBytes('i8254', 0, 0)]).to.deep.equal([0x40, 0, 0, 1]);
    const state = await pit.bench.save({ live: true });
    expect(await failureStatus((await Pit.create()).bench.load(state))).to.equal('no failure');
    const other = await Pit.create({ Irq: 5 });
    expect(await failureStatus(other.bench.load(state))).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
  });
});
