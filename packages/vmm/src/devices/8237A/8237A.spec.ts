import { getFrom, putInto } from '@ssmkit/runtime';
import { Dma, DmaV1 } from '@ssmkit/vbox';
import { expect } from 'chai';
import { failureStatus } from '../../emt/testing.js';
import { DeviceBench } from '../testing.js';
import { i8237A } from './index.js';

/** Bits of a mode: what is done, how, when. */
const [VERIFY, WRITE, READ] = [0x00, 0x04, 0x08];
const [AUTO_INIT, DECREMENT] = [0x10, 0x20];
const [DEMAND, SINGLE, BLOCK, CASCADE] = [0x00, 0x40, 0x80, 0xc0];

/** Page registers by channel. */
const PAGES = [0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a];
const HIGH_PAGES = 0x400;

class Dmac {
  private constructor(readonly bench: DeviceBench) {}

  static async create({ ram = 0x4_0000 } = {}): Promise<Dmac> {
    const bench = new DeviceBench({ ram });
    await bench.add(i8237A);
    await bench.powerOn();
    return new Dmac(bench);
  }

  /** Port of a register of a channel's controller: 0…15. */
  port(channel: number, register: number): number {
    return channel < 4 ? register : 0xc0 + register * 2;
  }

  out(channel: number, register: number, value: number): void {
    this.bench.bus.out(this.port(channel, register), value);
  }

  in(channel: number, register: number): number {
    return this.bench.bus.in(this.port(channel, register));
  }

  /** A word, through the flip-flop. */
  outWord(channel: number, register: number, value: number): void {
    this.out(channel, 12, 0);
    this.out(channel, register, value & 0xff);
    this.out(channel, register, value >> 8);
  }

  inWord(channel: number, register: number): number {
    this.out(channel, 12, 0);
    return this.in(channel, register) | (this.in(channel, register) << 8);
  }

  /** Address and count register, in hex. */
  registers(channel: number): string {
    const register = (channel & 3) * 2;
    return [0, 1].map((which) => this.inWord(channel, register + which).toString(16)).join(' ');
  }

  /** Sets a channel up and unmasks it. @param count transfers, less one. */
  program(channel: number, mode: number, address: number, count: number): void {
    const { bus } = this.bench;
    this.out(channel, 11, mode | (channel & 3));
    this.outWord(channel, (channel & 3) * 2, channel < 4 ? address & 0xffff : (address >> 1) & 0xffff);
    this.outWord(channel, (channel & 3) * 2 + 1, count);
    bus.out(PAGES[channel] as number, (address >>> 16) & 0xff);
    bus.out((PAGES[channel] as number) + HIGH_PAGES, address >>> 24);
    this.out(channel, 10, channel & 3);
  }

  /** A device that gives these bytes, as many as fit at a time, and raises DREQ. */
  give(channel: number, bytes: Uint8Array, atOnce = bytes.length): void {
    let given = 0;
    this.bench.bus.registerDma(channel, (_channel, position, size) => {
      const count = Math.min(atOnce, bytes.length - given, size - position);
      this.bench.bus.dmac.writeMemory(channel, bytes.subarray(given, given + count), position);
      given += count;
      return position + count;
    });
    this.bench.bus.dmac.setDreq(channel, true);
  }

  /** A device that takes what it gets, and raises DREQ. */
  take(channel: number): number[] {
    const taken: number[] = [];
    this.bench.bus.registerDma(channel, (_channel, position, size) => {
      const bytes = new Uint8Array(size - position).fill(0xee);
      const count = this.bench.bus.dmac.readMemory(channel, bytes, position);
      taken.push(...bytes.subarray(0, count));
      return position + count;
    });
    this.bench.bus.dmac.setDreq(channel, true);
    return taken;
  }

  ram(address: number, count: number): number[] {
    return [...this.bench.bus.ram.subarray(address, address + count)];
  }
}

const sequence = (count: number, first = 1) => Uint8Array.from({ length: count }, (_, i) => first + i);

describe('8237A: transfers', () => {
  for (const [name, channel, mode, address, where, found] of [
    ['bytes, upwards', 2, SINGLE | WRITE, 0x1_2340, 0x1_2340, [1, 2, 3, 4, 5, 6]],
    ['bytes, downwards', 3, SINGLE | WRITE | DECREMENT, 0x1_2345, 0x1_2340, [6, 5, 4, 3, 2, 1]],
    ['words, upwards', 5, SINGLE | WRITE, 0x2_2340, 0x2_2340, [1, 2, 3, 4, 5, 6]],
    ['words, downwards', 7, SINGLE | WRITE | DECREMENT, 0x2_2344, 0x2_2340, [5, 6, 3, 4, 1, 2]],
    ['on demand', 1, DEMAND | WRITE, 0x100, 0x100, [1, 2, 3, 4, 5, 6]],
    ['as a block', 0, BLOCK | WRITE, 0x100, 0x100, [1, 2, 3, 4, 5, 6]],
    ['bytes, round the end of the page', 2, SINGLE | WRITE, 0x1_fffd, 0x1_0000, [4, 5, 6, 0]],
    ['bytes, downwards, round its begin', 2, SINGLE | WRITE | DECREMENT, 0x1_0001, 0x1_fffc, [6, 5, 4, 3]],
    ['words, round the end of two pages', 6, SINGLE | WRITE, 0x3_fffc, 0x2_0000, [5, 6, 0, 0]],
    ['a word at a time does not cross bytes', 6, SINGLE | WRITE | DECREMENT, 0x2_0002, 0x3_fffe, [5, 6]],
  ] as const) {
    it(`to memory: ${name}`, async () => {
      const dmac = await Dmac.create();
      dmac.program(channel, mode, address, channel < 4 ? 5 : 2);
      dmac.give(channel, sequence(6));
      expect([dmac.bench.bus.dmac.run(), dmac.ram(where, found.length)]).to.deep.equal([false, found]);
      expect(dmac.in(channel, 8) & 0x0f).to.equal(1 << (channel & 3));
    });
  }

  it('from memory', async () => {
    const dmac = await Dmac.create();
    dmac.bench.bus.ram.set(sequence(8), 0x2_0000);
    dmac.program(2, SINGLE | READ, 0x2_0000, 7);
    const taken = dmac.take(2);
    dmac.bench.bus.dmac.run();
    expect(taken).to.deep.equal([...sequence(8)]);
  });

  it('verifying touches no memory', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | VERIFY, 0x1000, 5);
    dmac.give(2, sequence(6));
    dmac.bench.bus.dmac.run();
    expect([dmac.ram(0x1000, 6), dmac.registers(2)]).to.deep.equal([Array(6).fill(0), '1006 ffff']);
    const taken = dmac.take(2);
    dmac.program(2, SINGLE | VERIFY, 0x1000, 1);
    dmac.bench.bus.dmac.run();
    expect(taken).to.deep.equal([0xee, 0xee]);
  });

  it('reach 4 GiB by the high pages', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | WRITE, 0x0100_0000, 3);
    dmac.give(2, sequence(4));
    dmac.bench.bus.dmac.run();
    expect(dmac.ram(0, 4)).to.deep.equal([0, 0, 0, 0]);
    const [bytes] = [new Uint8Array(2)];
    dmac.program(3, SINGLE | READ, 0xff00_0000, 1);
    dmac.bench.bus.dmac.readMemory(3, bytes, 0);
    expect([...bytes]).to.deep.equal([0xff, 0xff]);
  });

  it('go on bit by bit, as the device can', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, DEMAND | WRITE, 0x1000, 9);
    dmac.give(2, sequence(10), 4);
    const seen: unknown[] = [];
    for (let i = 0; i < 4; i++) seen.push([dmac.bench.bus.dmac.run(), dmac.registers(2), dmac.in(2, 8)]);
    expect(seen).to.deep.equal([
      [true, '1004 5', 0x40],
      [true, '1008 1', 0x40],
      [false, '100a ffff', 0x44],
      [false, '100a ffff', 0x40],
    ]);
    expect(dmac.ram(0x1000, 11)).to.deep.equal([...sequence(10), 0]);
  });

  it('begin anew by themselves if they are to', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | WRITE | AUTO_INIT, 0x1000, 3);
    dmac.give(2, sequence(10), 4);
    dmac.bench.bus.dmac.run();
    expect([dmac.registers(2), dmac.in(2, 8), dmac.in(2, 15)]).to.deep.equal(['1000 3', 0x44, 0xfb]);
    dmac.bench.bus.dmac.run();
    expect(dmac.ram(0x1000, 5)).to.deep.equal([5, 6, 7, 8, 0]);
  });

  it('take all of 65536', async () => {
    const dmac = await Dmac.create();
    dmac.program(1, BLOCK | WRITE, 0x2_0000, 0xffff);
    dmac.give(1, new Uint8Array(0x1_0000).fill(7));
    dmac.bench.bus.dmac.run();
    expect(dmac.bench.bus.ram.subarray(0x2_0000, 0x3_0000).every((byte) => byte === 7)).to.equal(true);
    expect([dmac.registers(1), dmac.in(1, 8)]).to.deep.equal(['0 ffff', 0x22]);
  });

  it('keep to their block, whatever the device asks for', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | WRITE, 0x1000, 1);
    const { dmac: chip } = dmac.bench.bus;
    expect([chip.writeMemory(2, sequence(9), 0), chip.writeMemory(2, sequence(9), 5)]).to.deep.equal([2, 0]);
    expect(dmac.ram(0x1000, 4)).to.deep.equal([1, 2, 0, 0]);
    dmac.bench.bus.registerDma(2, () => 1e9);
    chip.setDreq(2, true);
    expect([chip.run(), dmac.registers(2)]).to.deep.equal([false, '1002 ffff']);
    for (const position of [-1, 0, Number.NaN]) {
      dmac.program(2, SINGLE | WRITE, 0x1000, 1);
      dmac.bench.bus.registerDma(2, () => position);
      expect([chip.run(), dmac.registers(2)]).to.deep.equal([false, '1000 1']);
    }
  });
});

describe('8237A: who transfers', () => {
  for (const [name, forbid] of [
    ['masked', (dmac: Dmac) => dmac.out(2, 10, 6)],
    ['with all masks', (dmac: Dmac) => dmac.out(2, 15, 4)],
    ['of a disabled controller', (dmac: Dmac) => dmac.out(2, 8, 4)],
    ['in cascade mode', (dmac: Dmac) => dmac.out(2, 11, CASCADE | 2)],
    ['after a master clear', (dmac: Dmac) => dmac.out(2, 13, 0)],
    ['without a request', (dmac: Dmac) => dmac.bench.bus.dmac.setDreq(2, false)],
  ] as const) {
    it(`not a channel ${name}`, async () => {
      const dmac = await Dmac.create();
      dmac.program(2, SINGLE | WRITE, 0x1000, 3);
      dmac.give(2, sequence(4));
      forbid(dmac);
      expect([dmac.bench.bus.dmac.run(), dmac.ram(0x1000, 1)]).to.deep.equal([false, [0]]);
    });
  }

  it('a channel that is unmasked while its device waits', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | WRITE, 0x1000, 3);
    dmac.out(2, 10, 6);
    dmac.give(2, sequence(4));
    const scheduled = dmac.bench.bus.dmaScheduled;
    dmac.out(2, 14, 0);
    expect(dmac.bench.bus.dmaScheduled).to.equal(scheduled + 1);
    dmac.bench.bus.dmac.run();
    expect(dmac.ram(0x1000, 4)).to.deep.equal([1, 2, 3, 4]);
  });

  it('the lower channel first', async () => {
    const dmac = await Dmac.create();
    const order: number[] = [];
    for (const channel of [7, 3, 5, 1]) {
      dmac.program(channel, SINGLE | WRITE, 0x1000, 3);
      dmac.bench.bus.registerDma(channel, (each, position) => {
        order.push(each);
        return position;
      });
      dmac.bench.bus.dmac.setDreq(channel, true);
    }
    dmac.bench.bus.dmac.run();
    expect(order).to.deep.equal([1, 3, 5, 7]);
  });

  it('a channel that software requests, also when it is masked', async () => {
    const dmac = await Dmac.create();
    dmac.program(1, BLOCK | WRITE, 0x1000, 3);
    dmac.give(1, sequence(4));
    dmac.bench.bus.dmac.setDreq(1, false);
    dmac.out(1, 10, 5);
    dmac.out(1, 9, 5);
    expect([dmac.ram(0x1000, 4), dmac.in(1, 8)]).to.deep.equal([[1, 2, 3, 4], 0x02]);
    dmac.out(1, 9, 6);
    dmac.out(1, 9, 2);
    expect(dmac.in(1, 8)).to.equal(0);
  });

  it('memory to memory', async () => {
    const dmac = await Dmac.create();
    dmac.bench.bus.ram.set(sequence(8), 0x1000);
    dmac.program(0, BLOCK | READ, 0x1000, 7);
    dmac.program(1, BLOCK | WRITE, 0x2_0000, 7);
    dmac.out(0, 8, 1);
    dmac.out(0, 9, 4);
    expect(dmac.ram(0x2_0000, 9)).to.deep.equal([...sequence(8), 0]);
    expect([dmac.in(0, 13), dmac.registers(0), dmac.registers(1), dmac.in(0, 8)]).to.deep.equal([
      ...[8, '1008 ffff', '8 ffff', 0x02],
    ]);
  });

  it('memory to memory, from one address', async () => {
    const dmac = await Dmac.create();
    dmac.bench.bus.ram.set(sequence(8), 0x1000);
    dmac.program(0, BLOCK | READ, 0x1002, 0);
    dmac.program(1, BLOCK | WRITE, 0x2_0000, 3);
    dmac.out(0, 8, 3);
    dmac.out(0, 9, 4);
    expect([dmac.ram(0x2_0000, 5), dmac.registers(0)]).to.deep.equal([[3, 3, 3, 3, 0], '1002 0']);
  });
});

describe('8237A: registers', () => {
  for (const channel of [0, 1, 2, 3, 4, 5, 6, 7]) {
    it(`channel ${channel} has address and count, of two bytes each`, async () => {
      const dmac = await Dmac.create();
      dmac.outWord(channel, (channel & 3) * 2, 0x1234);
      dmac.outWord(channel, (channel & 3) * 2 + 1, 0x5678);
      expect(dmac.registers(channel)).to.equal('1234 5678');
    });
  }

  it('one flip-flop serves all channels', async () => {
    const dmac = await Dmac.create();
    dmac.out(0, 12, 0);
    dmac.out(0, 0, 0x11);
    dmac.out(0, 2, 0x22);
    dmac.out(0, 4, 0x33);
    expect([0, 1, 2].map((channel) => dmac.inWord(channel, channel * 2).toString(16))).to.deep.equal([
      '11',
      '2200',
      '33',
    ]);
  });

  it('a byte of a register is changed while a block is under way', async () => {
    for (const direction of [0, DECREMENT]) {
      const dmac = await Dmac.create();
      dmac.program(2, SINGLE | WRITE | direction, 0x1080, 0x1f);
      dmac.give(2, sequence(8), 8);
      dmac.bench.bus.dmac.run();
      const address = direction === 0 ? 0x1088 : 0x1078;
      expect(dmac.registers(2)).to.equal(`${address.toString(16)} 17`);
      dmac.out(2, 12, 0);
      dmac.out(2, 5, 0x55);
      expect(dmac.registers(2)).to.equal(`${address.toString(16)} 55`);
      dmac.out(2, 12, 0);
      dmac.out(2, 4, 0x00);
      expect(dmac.registers(2)).to.equal('1000 55');
      dmac.out(2, 11, SINGLE | WRITE | (direction ^ DECREMENT) | 2);
      expect(dmac.registers(2)).to.equal('1000 55');
    }
  });

  it('reading the status clears what is complete', async () => {
    const dmac = await Dmac.create();
    dmac.program(3, SINGLE | WRITE, 0, 0);
    dmac.give(3, sequence(1));
    dmac.bench.bus.dmac.run();
    dmac.bench.bus.dmac.setDreq(3, false);
    expect([dmac.in(3, 8), dmac.in(3, 8)]).to.deep.equal([0x08, 0]);
  });

  it('masks', async () => {
    const dmac = await Dmac.create();
    const seen = [dmac.in(4, 15)];
    dmac.out(4, 10, 2);
    seen.push(dmac.in(4, 15));
    dmac.out(4, 14, 0);
    seen.push(dmac.in(4, 15));
    dmac.out(4, 15, 5);
    seen.push(dmac.in(4, 15));
    dmac.out(4, 13, 0);
    seen.push(dmac.in(4, 15));
    expect(seen).to.deep.equal([0xff, 0xfb, 0xf0, 0xf5, 0xff]);
  });

  it('modes, one channel after the other', async () => {
    const dmac = await Dmac.create();
    for (const channel of [0, 1, 2, 3]) dmac.out(0, 11, 0x40 | (channel << 4) | channel);
    expect([1, 2, 3, 4, 5].map(() => dmac.in(0, 11))).to.deep.equal([0x40, 0x51, 0x62, 0x73, 0x40]);
    expect([dmac.in(0, 14), dmac.in(0, 11)]).to.deep.equal([0xff, 0x40]);
    expect(dmac.bench.bus.dmac.channelMode(2)).to.equal(0x62);
  });

  it('pages, those of no channel, too', async () => {
    const { bus } = (await Dmac.create()).bench;
    for (let i = 0; i < 16; i++) {
      bus.out(0x80 + i, i);
      bus.out(0x480 + i, 0x40 + i);
    }
    const all = (first: number) => Array.from({ length: 16 }, (_, i) => bus.in(first + i));
    expect([all(0x80), all(0x480)]).to.deep.equal([[...sequence(16, 0)], [...sequence(16, 0x40)]]);
  });

  it('are bytes', async () => {
    const { bus } = (await Dmac.create()).bench;
    expect([bus.in(0x08, 2), bus.out(0x08, 0, 2), bus.in(0x80, 2), bus.out(0x80, 0, 4)]).to.deep.equal([
      ...[0xffff, false, 0xffff, false],
    ]);
  });

  it('of the second controller are at every other port', async () => {
    const { bus } = (await Dmac.create()).bench;
    bus.out(0xdf, 0x05);
    expect([bus.in(0xde), bus.in(0xdf), bus.in(0x0f)]).to.deep.equal([0xf5, 0xf5, 0xff]);
  });

  it('are reset', async () => {
    const dmac = await Dmac.create();
    const fresh = [...dmac.bench.unitBytes('8237A')];
    dmac.program(5, SINGLE | WRITE, 0x2_1234, 77);
    await dmac.bench.reset();
    expect([...dmac.bench.unitBytes('8237A')]).to.deep.equal(fresh);
  });
});

describe('8237A: saved states', () => {
  it('goes on in the middle of a block', async () => {
    const dmac = await Dmac.create();
    dmac.program(2, SINGLE | WRITE, 0x1000, 9);
    dmac.give(2, sequence(4));
    dmac.bench.bus.dmac.run();
    const other = await Dmac.create();
    await other.bench.loadUnit('8237A', 2, dmac.bench.unitBytes('8237A'));
    expect([other.bench.bus.dmaScheduled, other.registers(2)]).to.deep.equal([1, '1004 5']);
    other.give(2, sequence(6, 0x11));
    other.bench.bus.dmac.run();
    expect(other.ram(0x1004, 6)).to.deep.equal([...sequence(6, 0x11)]);
  });

  it('version 1 has the pages with the channels', async () => {
    const old = new DmaV1();
    for (const [i, controller] of old.controllers.entries()) {
      Object.assign(controller, { is16Bit: i, mask: 0xfb, command: 0x10 });
      for (const [index, channel] of controller.channels.entries()) {
        Object.assign(channel, { currentAddress: 0x1000, currentCount: 2, baseAddress: 0x1000, baseCount: 9 });
        Object.assign(channel, { mode: SINGLE | WRITE | index, page: 0x10 * i + index, pageHigh: index });
      }
    }
    const dmac = await Dmac.create();
    await dmac.bench.loadUnit(
      '8237A',
      1,
      putInto((stream) => stream.put(old)),
    );
    expect([dmac.registers(2), dmac.registers(6), dmac.in(0, 15)]).to.deep.equal(['1002 7', '1002 7', 0xfb]);
    expect(PAGES.map((port) => dmac.bench.bus.in(port))).to.deep.equal([0, 1, 2, 3, 0x10, 0x11, 0x12, 0x13]);
    const saved = getFrom(dmac.bench.unitBytes('8237A')).get(new Dma());
    expect(saved.controllers.map(({ is16Bit, command }) => [is16Bit, command])).to.deep.equal([
      [0, 0x10],
      [1, 0x10],
    ]);
  });

  for (const version of [0, 3]) {
    it(`version ${version}: VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION`, async () => {
      const { bench } = await Dmac.create();
      const loaded = bench.loadUnit('8237A', version, bench.unitBytes('8237A'));
      expect(await failureStatus(loaded)).to.equal('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION');
    });
  }

  it('takes no settings', async () => {
    expect(await failureStatus(new DeviceBench().add(i8237A, { Base: 1 }))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
  });
});
