import { expect } from 'chai';
import { MS } from '../../tm/testing.js';
import { ps2Bench } from './testing.js';

/** The command byte that a BIOS sets: interrupts, translation. */
const MODE = 0x47;

describe('pckbd: the controller', () => {
  it('is empty, and not locked', async () => {
    const { status, bench } = await ps2Bench();
    expect(status).to.equal(0x18);
    expect(bench.bus.in(0x60, 2)).to.equal(0xffff);
  });

  const answers: readonly [command: number, what: string, answer: number | undefined][] = [
    [0x20, 'command byte', 0x03],
    [0x21, 'other memory', 0],
    [0xa4, 'no password', 0xf1],
    [0xa9, 'mouse passes its test', 0],
    [0xaa, 'self test', 0x55],
    [0xab, 'keyboard passes its test', 0],
    [0xc0, 'input port: not locked', 0x80],
    [0xd0, 'output port: no reset, A20', 0xc3],
    [0xe0, 'test inputs', 0],
    [0xa6, 'enabling a password is nothing', undefined],
    [0xbf, 'no command', undefined],
    [0xff, 'pulse of nothing', undefined],
  ];
  for (const [command, what, answer] of answers) {
    it(`command 0x${command.toString(16)}: ${what}`, async () => {
      const ps2 = await ps2Bench();
      ps2.command(command);
      expect(ps2.status & 0x08).to.equal(0x08);
      expect(ps2.read()).to.deep.equal(answer === undefined ? [] : [answer]);
      expect(ps2.bench.calls).to.deep.equal([]);
    });
  }

  it('keeps the command byte, and shows its system flag', async () => {
    const ps2 = await ps2Bench();
    for (const mode of [0x47, 0x43]) {
      ps2.command(0x60, mode);
      expect(ps2.status & 0x04).to.equal(mode & 0x04);
      ps2.command(0x20);
      expect(ps2.read()).to.deep.equal([mode]);
    }
  });

  it('turns keyboard and mouse on and off in it', async () => {
    const ps2 = await ps2Bench();
    for (const [command, bit, on] of [
      [0xad, 0x10, true],
      [0xae, 0x10, false],
      [0xa7, 0x20, true],
      [0xa8, 0x20, false],
    ] as const) {
      ps2.command(command);
      ps2.command(0x20);
      expect(ps2.read()[0]! & bit, command.toString(16)).to.equal(on ? bit : 0);
    }
  });

  it('resets the CPU', async () => {
    for (const act of [[0xfe], [0xf0], [0xd1, 0x02]] as const) {
      const ps2 = await ps2Bench();
      ps2.command(...(act as unknown as [number, number?]));
      expect(ps2.bench.calls).to.deep.equal(['reset 14']);
    }
  });

  it('has A20', async () => {
    const ps2 = await ps2Bench();
    for (const [act, a20] of [
      [[0xdd], false],
      [[0xdf], true],
      [[0xd1, 0xdd], false],
      [[0xd1, 0xdf], true],
    ] as const) {
      ps2.command(...(act as unknown as [number, number?]));
      expect(ps2.bench.bus.a20).to.equal(a20);
      ps2.command(0xd0);
      expect(ps2.read()[0]! & 2).to.equal(a20 ? 2 : 0);
    }
  });

  it('takes bytes as if they came from a device', async () => {
    const ps2 = await ps2Bench();
    ps2.command(0xd2, 0x5a);
    expect([ps2.status & 0x21, ps2.irqs, ps2.read()]).to.deep.equal([0x01, [1], [0x5a]]);
    ps2.command(0xd3, 0x5b);
    expect([ps2.status & 0x21, ps2.irqs, ps2.read()]).to.deep.equal([0x21, [12], [0x5b]]);
    expect(ps2.irqs).to.deep.equal([]);
  });

  it('swallows a password', async () => {
    const ps2 = await ps2Bench();
    ps2.command(0xa5);
    ps2.data(0x12, 0x34, 0, 0xee);
    expect(ps2.read()).to.deep.equal([0xee]);
  });

  it('interrupts with an edge for each byte, if it may', async () => {
    const ps2 = await ps2Bench();
    ps2.data(0xf2);
    expect(ps2.bench.bus.takeIrqs()).to.deep.equal(['1 HIGH']);
    expect(ps2.read(1)).to.deep.equal([0xfa]);
    expect(ps2.bench.bus.takeIrqs()).to.deep.equal(['1 LOW', '1 HIGH']);
    ps2.read();
    ps2.command(0x60, 0x00);
    ps2.data(0xee);
    ps2.bench.bus.takeIrqs();
    expect([ps2.read(), ps2.bench.bus.takeIrqs()]).to.deep.equal([[0xee], []]);
  });

  it('translates codes, and a break is one byte', async () => {
    const ps2 = await ps2Bench();
    ps2.keys.press(0x04);
    ps2.keys.release(0x04);
    expect(ps2.read()).to.deep.equal([0x1c, 0xf0, 0x1c]);
    ps2.command(0x60, MODE);
    ps2.keys.press(0x04);
    ps2.keys.release(0x04);
    ps2.keys.press(0x52);
    ps2.keys.release(0x52);
    expect(ps2.read()).to.deep.equal([0x1e, 0x9e, 0xe0, 0x48, 0xe0, 0xc8]);
  });

  it('lets nobody through who is turned off, until the guest writes to the keyboard', async () => {
    const ps2 = await ps2Bench();
    ps2.command(0xad);
    ps2.keys.type('a');
    expect(ps2.read()).to.deep.equal([]);
    ps2.data(0xee);
    expect(ps2.read()).to.deep.equal([0xee, 0x1c, 0xf0, 0x1c]);
  });

  it('is as at the beginning after a reset', async () => {
    const ps2 = await ps2Bench();
    const fresh = [...ps2.bench.unitBytes('pckbd')];
    ps2.command(0x60, MODE);
    ps2.toMouse(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4);
    ps2.data(0xed, 7);
    ps2.keys.press(0x04);
    ps2.mouse.move(1, 2);
    await ps2.bench.reset();
    expect([...ps2.bench.unitBytes('pckbd')]).to.deep.equal(fresh);
    expect([ps2.irqs, ps2.keys.leds.num]).to.deep.equal([[], false]);
  });
});

describe('pckbd: the keyboard', () => {
  const dialogs: readonly [what: string, sent: readonly number[], answers: readonly number[]][] = [
    ['echo', [0xee], [0xee]],
    ['identification', [0xf2], [0xfa, 0xab, 0x83]],
    ['reset', [0xff], [0xfa, 0xaa]],
    ['lights', [0xed, 0x07], [0xfa, 0xfa]],
    ['lights, given up for another command', [0xed, 0xf2], [0xfa, 0xfa, 0xab, 0x83]],
    ['typematic', [0xf3, 0x00], [0xfa, 0xfa]],
    ['which set', [0xf0, 0x00], [0xfa, 0xfa, 0x02]],
    ['another set', [0xf0, 0x03, 0xf0, 0x00], [0xfa, 0xfa, 0xfa, 0xfa, 0x03]],
    ['a set that there is not', [0xf0, 0x04], [0xfa, 0xfe]],
    ['on, off, defaults', [0xf4, 0xf5, 0xf6], [0xfa, 0xfa, 0xfa]],
    ['types of all keys', [0xf7, 0xf8, 0xf9, 0xfa], [0xfa, 0xfa, 0xfa, 0xfa]],
    ['types of some keys', [0xfc, 0x1c, 0x32, 0xf4], [0xfa, 0xfa, 0xfa, 0xfa]],
    ['no command', [0x00, 0xef, 0xf1], [0xfe, 0xfe, 0xfe]],
    ['the last byte again', [0xee, 0xfe], [0xee, 0xee]],
  ];
  for (const [what, sent, answers] of dialogs) {
    it(what, async () => {
      const ps2 = await ps2Bench();
      const found = sent.flatMap((byte) => {
        ps2.data(byte);
        return ps2.read();
      });
      expect(found).to.deep.equal(answers);
    });
  }

  it('shows lights', async () => {
    const ps2 = await ps2Bench();
    const seen: unknown[] = [];
    ps2.keys.onLeds = (leds) => seen.push(leds);
    ps2.data(0xed, 0x05);
    ps2.data(0xff);
    expect(seen).to.deep.equal([
      { scroll: true, num: false, caps: true },
      { scroll: false, num: false, caps: false },
    ]);
  });

  it('num lock is what the light says', async () => {
    const ps2 = await ps2Bench();
    ps2.data(0xed, 0x02);
    ps2.read();
    ps2.keys.press(0x4f);
    expect(ps2.read()).to.deep.equal([0xe0, 0x12, 0xe0, 0x74]);
  });

  it('sends nothing while it is off, and forgets it', async () => {
    const ps2 = await ps2Bench();
    expect(ps2.keys.active).to.equal(true);
    ps2.data(0xf5);
    ps2.read();
    ps2.keys.type('a');
    expect([ps2.read(), ps2.keys.active]).to.deep.equal([[], false]);
    ps2.data(0xf4);
    expect([ps2.read(), ps2.keys.active]).to.deep.equal([[0xfa], true]);
  });

  for (const [config, delay, period] of [
    [undefined, 500n, 91_666_667n],
    [0x00, 250n, 33_333_333n],
    [0x7f, 1000n, 500_000_000n],
  ] as const) {
    it(`repeats after ${delay} ms, every ${period} ns`, async () => {
      const ps2 = await ps2Bench();
      if (config !== undefined) ps2.data(0xf3, config);
      ps2.read();
      ps2.keys.press(0x04);
      ps2.read();
      ps2.bench.runFor(delay * MS - 1n);
      expect(ps2.read()).to.deep.equal([]);
      ps2.bench.runFor(1n);
      expect(ps2.read()).to.deep.equal([0x1c]);
      for (let i = 0; i < 5; i++) {
        ps2.bench.runFor(period - 1n);
        expect(ps2.read()).to.deep.equal([]);
        ps2.bench.runFor(1n);
        expect(ps2.read()).to.deep.equal([0x1c]);
      }
      ps2.keys.release(0x04);
      expect(ps2.read()).to.deep.equal([0xf0, 0x1c]);
      ps2.bench.runFor(2000n * MS);
      expect(ps2.read()).to.deep.equal([]);
    });
  }

  it('repeats the last key only, and no more than is fetched', async () => {
    const ps2 = await ps2Bench();
    ps2.keys.press(0x04);
    ps2.keys.press(0x05);
    ps2.read();
    ps2.bench.runFor(5000n * MS);
    // One in the output buffer, one behind it.
    expect(ps2.read()).to.deep.equal([0x32, 0x32]);
    ps2.keys.release(0x05);
    ps2.read();
    ps2.bench.runFor(5000n * MS);
    expect(ps2.read()).to.deep.equal([]);
  });

  it('does not listen to a host that repeats, and not to releases of nothing', async () => {
    const ps2 = await ps2Bench();
    ps2.keys.press(0x04);
    ps2.keys.press(0x04);
    ps2.keys.release(0x05);
    ps2.keys.press(0x03);
    ps2.keys.press(0xffff);
    expect(ps2.read()).to.deep.equal([0x1c]);
  });

  it('keys of set 3 behave as they are told', async () => {
    const ps2 = await ps2Bench();
    ps2.data(0xf0, 3, 0xfd, 0x1c, 0xf4);
    ps2.read();
    ps2.keys.press(0x04);
    ps2.keys.release(0x04);
    ps2.keys.press(0x05);
    ps2.keys.release(0x05);
    expect(ps2.read()).to.deep.equal([0x1c, 0x32, 0xf0, 0x32]);
    ps2.data(0xf8);
    ps2.read();
    ps2.keys.press(0x04);
    ps2.bench.runFor(2000n * MS);
    expect(ps2.read()).to.deep.equal([0x1c]);
  });

  it('says when keys were lost', async () => {
    const ps2 = await ps2Bench();
    for (let i = 0; i < 200; i++) ps2.keys.type('a');
    const bytes = ps2.read();
    expect(bytes.length).to.be.within(256, 258);
    expect(bytes.at(-1)).to.equal(0x00);
  });

  it('types what a program says', async () => {
    const ps2 = await ps2Bench();
    ps2.keys.type('A!\n');
    expect(ps2.read()).to.deep.equal([
      ...[0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12],
      ...[0x12, 0x16, 0xf0, 0x16, 0xf0, 0x12],
      ...[0x5a, 0xf0, 0x5a],
    ]);
    expect(() => ps2.keys.type('a€')).to.throw(RangeError, '€');
    expect(ps2.read()).to.deep.equal([]);
  });
});

describe('pckbd: the mouse', () => {
  const dialogs: readonly [what: string, sent: readonly number[], answers: readonly number[]][] = [
    ['reset', [0xff], [0xfa, 0xaa, 0x00]],
    ['identification', [0xf2], [0xfa, 0x00]],
    ['status', [0xe9], [0xfa, 0x00, 2, 100]],
    [
      'status after it was set up',
      [0xe7, 0xe8, 3, 0xf3, 40, 0xf4, 0xe9],
      [0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0x30, 3, 40],
    ],
    [
      'defaults',
      [0xe7, 0xe8, 3, 0xf3, 40, 0xf4, 0xf6, 0xe9],
      [0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0x00, 2, 100],
    ],
    ['a wheel', [0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2], [0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 3]],
    [
      'five buttons',
      [0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf3, 200, 0xf3, 200, 0xf3, 80, 0xf2],
      [...new Array<number>(13).fill(0xfa), 4],
    ],
    ['five buttons need the wheel', [0xf3, 200, 0xf3, 200, 0xf3, 80, 0xf2], [...new Array<number>(7).fill(0xfa), 0]],
    ['a rate that there is not', [0xf3, 33, 40], [0xfa, 0xfe, 0xfa]],
    ['a resolution that there is not', [0xe8, 4, 3], [0xfa, 0xfe, 0xfa]],
    ['wrap mode', [0xee, 0x12, 0xf3, 0xec, 0xf2], [0xfa, 0x12, 0xf3, 0xfa, 0xfa, 0x00]],
    ['wrap mode ends with a reset', [0xee, 0xff], [0xfa, 0xfa, 0xaa, 0x00]],
    ['remote mode', [0xf0, 0xe9, 0xeb, 0xea, 0xe9], [0xfa, 0xfa, 0x40, 2, 100, 0xfa, 8, 0, 0, 0xfa, 0xfa, 0, 2, 100]],
    ['no command', [0xe1], [0xfe]],
    ['the last byte again', [0xf2, 0xfe], [0xfa, 0x00, 0x00]],
  ];
  for (const [what, sent, answers] of dialogs) {
    it(what, async () => {
      const ps2 = await ps2Bench();
      expect(ps2.toMouse(...sent)).to.deep.equal(answers);
    });
  }

  it('says nothing before it is told to', async () => {
    const ps2 = await ps2Bench();
    expect(ps2.mouse.active).to.equal(false);
    ps2.mouse.move(5, 5);
    expect(ps2.read()).to.deep.equal([]);
    ps2.toMouse(0xf4);
    expect(ps2.mouse.active).to.equal(true);
  });

  const moves: readonly [what: string, dx: number, dy: number, reports: readonly number[]][] = [
    ['right', 5, 0, [0x08, 5, 0]],
    ['left', -5, 0, [0x18, 0xfb, 0]],
    ['down', 0, 5, [0x28, 0, 0xfb]],
    ['up', 0, -5, [0x08, 0, 5]],
    ['far', 300, 256, [0x28, 255, 0]],
  ];
  for (const [what, dx, dy, report] of moves) {
    it(`moves ${what}`, async () => {
      const ps2 = await ps2Bench();
      ps2.toMouse(0xf4);
      ps2.mouse.move(dx, dy);
      expect([ps2.status & 0x21, ps2.irqs]).to.deep.equal([0x21, [12]]);
      expect(ps2.read()).to.deep.equal(report);
    });
  }

  it('reports as often as it was told, and adds up meanwhile', async () => {
    const ps2 = await ps2Bench();
    ps2.toMouse(0xf3, 20, 0xf4);
    for (let i = 0; i < 10; i++) ps2.mouse.move(3, -1);
    expect(ps2.read()).to.deep.equal([0x08, 3, 1]);
    ps2.bench.runFor(50n * MS - 1n);
    expect(ps2.read()).to.deep.equal([]);
    ps2.bench.runFor(1n);
    expect(ps2.read()).to.deep.equal([0x08, 27, 9]);
  });

  it('reports buttons one by one', async () => {
    const ps2 = await ps2Bench();
    ps2.toMouse(0xf4);
    const reports: number[][] = [];
    for (const act of [
      () => ps2.mouse.press('left'),
      () => ps2.mouse.press('right'),
      () => ps2.mouse.press('middle'),
      () => ps2.mouse.release('right'),
      () => ps2.mouse.move(1, 0),
    ]) {
      act();
    }
    for (let i = 0; i < 6; i++) {
      reports.push(ps2.read());
      ps2.bench.runFor(10n * MS);
    }
    expect(reports).to.deep.equal([[0x09, 0, 0], [0x0b, 0, 0], [0x0f, 0, 0], [0x0d, 1, 0], [], []]);
    expect(ps2.toMouse(0xe9)).to.deep.equal([0xfa, 0x26, 2, 100]);
  });

  it('doubles fast movements where it is told to', async () => {
    for (const [dx, x] of [
      [1, 1],
      [2, 1],
      [3, 3],
      [4, 6],
      [5, 9],
      [6, 12],
      [-4, 0xfa],
      [200, 255],
    ] as const) {
      const ps2 = await ps2Bench();
      ps2.toMouse(0xe7, 0xf4);
      ps2.mouse.move(dx, 0);
      expect(ps2.read()[1]).to.equal(x);
    }
  });

  it('has a wheel, and five buttons', async () => {
    const ps2 = await ps2Bench();
    ps2.toMouse(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4);
    ps2.mouse.turn(-1);
    expect(ps2.read()).to.deep.equal([0x08, 0, 0, 0xff]);
    ps2.toMouse(0xf3, 200, 0xf3, 200, 0xf3, 80);
    ps2.bench.runFor(20n * MS);
    ps2.mouse.press('fifth');
    expect(ps2.read()).to.deep.equal([0x08, 0, 0, 0x20]);
    ps2.bench.runFor(20n * MS);
    ps2.mouse.turn(1);
    expect(ps2.read()).to.deep.equal([0x08, 0, 0, 0x21]);
  });

  it('in remote mode it waits to be asked', async () => {
    const ps2 = await ps2Bench();
    ps2.toMouse(0xf0);
    ps2.mouse.move(2, 0);
    ps2.mouse.move(3, 0);
    expect(ps2.read()).to.deep.equal([]);
    expect(ps2.toMouse(0xeb)).to.deep.equal([0xfa, 0x08, 5, 0]);
    expect(ps2.toMouse(0xeb)).to.deep.equal([0xfa, 0x08, 0, 0]);
  });

  it('gives up a report for a command', async () => {
    const ps2 = await ps2Bench();
    ps2.toMouse(0xf4);
    ps2.mouse.move(1, 1);
    expect(ps2.read(1)).to.deep.equal([0x28]);
    // The second byte is in the output buffer already.
    ps2.command(0xd4, 0xf2);
    expect(ps2.read()).to.deep.equal([1, 0xfa, 0]);
  });
});
