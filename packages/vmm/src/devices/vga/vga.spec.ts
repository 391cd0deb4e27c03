import { MemorySource, openState } from '@ssmkit/runtime';
import { readScreen } from '@ssmkit/vbox';
import { expect } from 'chai';
import { failureStatus } from '../../emt/testing.js';
import { MS } from '../../tm/testing.js';
import { DeviceBench } from '../testing.js';
import { type VgaBench, vgaBench } from './testing.js';
import { vga } from './vga.js';

const TEXT = 0xb8000;

function write(bench: VgaBench, column: number, row: number, text: string, attribute = 0x07): void {
  for (const [i, character] of [...text].entries()) {
    bench.poke(TEXT + 2 * (80 * row + column + i), character.charCodeAt(0), attribute);
  }
}

describe('vga: text', () => {
  it('comes up with 80 × 25 characters', async () => {
    const bench = await vgaBench();
    write(bench, 0, 0, 'Hello');
    write(bench, 75, 24, 'there', 0x1f);
    const text = bench.device.screen.text()!;
    expect([text.length, text[0], text[24]!.trimStart()]).to.deep.equal([25, 'Hello', 'there']);
    expect(text[24]).to.have.length(80);
    expect([bench.peek(TEXT), bench.peek(TEXT + 1), bench.peek(TEXT + 2 * (80 * 24 + 75) + 1)]).to.deep.equal([
      0x48, 0x07, 0x1f,
    ]);
  });

  it('has a cursor, and starts where the guest says', async () => {
    const bench = await vgaBench();
    bench.set(0x3d4, 0x0e, 0);
    bench.set(0x3d4, 0x0f, 80 + 5);
    expect(bench.device.screen.cursor()).to.deep.equal({ column: 5, row: 1 });
    write(bench, 0, 1, 'second');
    bench.set(0x3d4, 0x0d, 80);
    expect(bench.device.screen.text()![0]).to.equal('second');
    expect(bench.device.screen.cursor()).to.deep.equal({ column: 5, row: 0 });
  });

  it('can have 40 columns', async () => {
    const bench = await vgaBench();
    bench.set(0x3d4, 0x11, 0x0e);
    bench.set(0x3d4, 0x01, 39);
    bench.set(0x3d4, 0x13, 20);
    bench.set(0x3c4, 0x01, 0x08);
    write(bench, 0, 0, 'x'.repeat(80));
    expect(bench.device.screen.text()!.slice(0, 3)).to.deep.equal(['x'.repeat(40), 'x'.repeat(40), '']);
  });

  it('is dark without the mode, as with VirtualBox before its firmware has run', async () => {
    const bench = await vgaBench({ TextMode: false });
    expect(bench.device.screen.mode.kind).to.equal('blank');
    expect(bench.device.screen.text()).to.equal(undefined);
  });

  it('is in the saved state for who looks into that', async () => {
    const bench = await vgaBench();
    write(bench, 0, 3, 'saved');
    const state = await openState(new MemorySource(await bench.bench.save()));
    const screen = await readScreen(state);
    expect(screen.text()![3]).to.equal('saved');
    expect(screen.picture()).to.include({ width: 720, height: 400 });
  });

  it('tells the display, once for many changes', async () => {
    const bench = await vgaBench();
    const told: string[] = [];
    bench.display.onResize = (width, height) => told.push(`${width}x${height}`);
    bench.display.onUpdate = () => told.push(bench.display.text?.[0] ?? 'dark');
    write(bench, 0, 0, 'one');
    bench.bench.runFor(40n * MS);
    write(bench, 0, 0, 'two');
    bench.bench.runFor(40n * MS);
    bench.bench.runFor(1000n * MS);
    bench.out(0x3c0, 0);
    bench.bench.runFor(40n * MS);
    expect(told.slice(0, 3)).to.deep.equal(['720x400', 'one', 'two']);
    expect(told.slice(3)).to.deep.equal(['0x0', 'dark']);
  });
});

describe('vga: registers', () => {
  it('of all groups keep the bits that they have', async () => {
    const bench = await vgaBench();
    const cases: readonly [port: number, index: number, kept: number][] = [
      [0x3c4, 0x00, 0x03],
      [0x3c4, 0x01, 0x3d],
      [0x3c4, 0x02, 0x0f],
      [0x3c4, 0x03, 0x3f],
      [0x3c4, 0x04, 0x0e],
      [0x3c4, 0x05, 0x00],
      [0x3ce, 0x00, 0x0f],
      [0x3ce, 0x05, 0x7b],
      [0x3ce, 0x08, 0xff],
      [0x3ce, 0x09, 0x00],
      [0x3d4, 0x0a, 0xff],
      [0x3d4, 0x18, 0xff],
      [0x3d4, 0x19, 0x00],
    ];
    for (const [port, index, kept] of cases) {
      bench.set(port, index, 0xff);
      expect(bench.get(port, index), `${port.toString(16)} ${index}`).to.equal(kept);
    }
  });

  it('take index and value in one word', async () => {
    const bench = await vgaBench();
    bench.bench.bus.out(0x3d4, 0x5a0f, 2);
    expect(bench.get(0x3d4, 0x0f)).to.equal(0x5a);
    expect(bench.bench.bus.in(0x3d4, 2)).to.equal(0x5a0f);
    expect(bench.bench.bus.in(0x3d4, 4)).to.equal(0xffff_ffff);
  });

  it('CR11 protects the first eight, but for a bit', async () => {
    const bench = await vgaBench();
    bench.set(0x3d4, 0x11, 0x8e);
    bench.set(0x3d4, 0x01, 0x00);
    bench.set(0x3d4, 0x07, 0x00);
    expect([bench.get(0x3d4, 0x01), bench.get(0x3d4, 0x07)]).to.deep.equal([0x4f, 0x0f]);
    bench.set(0x3d4, 0x11, 0x0e);
    bench.set(0x3d4, 0x01, 0x27);
    expect(bench.get(0x3d4, 0x01)).to.equal(0x27);
  });

  it('the attribute controller takes index and value in turn, from what status 1 has set', async () => {
    const bench = await vgaBench();
    bench.in(0x3da);
    bench.out(0x3c0, 0x05, 0x15);
    expect([bench.in(0x3c0), bench.in(0x3c1)]).to.deep.equal([0x05, 0x15]);
    bench.out(0x3c0, 0x25);
    bench.out(0x3c0, 0x3f);
    expect(bench.in(0x3c1)).to.equal(0x15);
    bench.setAttribute(0x13, 0xff);
    bench.in(0x3da);
    bench.out(0x3c0, 0x33);
    expect(bench.in(0x3c1)).to.equal(0x0f);
  });

  it('the DAC takes colours in three parts', async () => {
    const bench = await vgaBench();
    bench.out(0x3c8, 0xff);
    expect(bench.in(0x3c7)).to.equal(0);
    bench.out(0x3c9, 0x11, 0x22, 0xff, 0x01, 0x02, 0x03);
    bench.out(0x3c7, 0xff);
    expect(bench.in(0x3c7)).to.equal(3);
    const read = Array.from({ length: 6 }, () => bench.in(0x3c9));
    expect(read).to.deep.equal([0x11, 0x22, 0x3f, 0x01, 0x02, 0x03]);
    expect(bench.in(0x3c6)).to.equal(0xff);
  });

  it('the CRT controller is where the monitor is', async () => {
    const bench = await vgaBench();
    expect([bench.in(0x3b4), bench.in(0x3d4)]).to.deep.equal([0xff, 0]);
    bench.out(0x3c2, 0x66);
    expect([bench.in(0x3b4), bench.in(0x3d4), bench.in(0x3cc)]).to.deep.equal([0, 0xff, 0x66]);
  });

  it('status 1 goes dark 70 times a second', async () => {
    const bench = await vgaBench();
    let retraces = 0;
    let before = 0;
    let dark = 0;
    for (let i = 0; i < 100_000; i++) {
      const status = bench.in(0x3da);
      if ((status & 8) !== 0 && before === 0) retraces++;
      before = status & 8;
      dark += status & 1;
      bench.bench.runFor(10_000n);
    }
    expect(retraces).to.equal(70);
    expect(dark).to.be.within(25_000, 32_000);
  });
});

describe('vga: the window on video memory', () => {
  /** Planes, one after the other; everything else as after a reset. */
  async function planar() {
    const bench = await vgaBench();
    bench.set(0x3c4, 0x04, 0x06);
    bench.set(0x3ce, 0x05, 0x00);
    bench.set(0x3ce, 0x06, 0x05);
    bench.set(0x3c4, 0x02, 0x0f);
    const planes = (address: number) =>
      [0, 1, 2, 3].map((plane) => {
        bench.set(0x3ce, 0x04, plane);
        return bench.peek(address);
      });
    return { bench, planes };
  }

  it('is where GR6 says', async () => {
    const bench = await vgaBench();
    bench.set(0x3c4, 0x04, 0x06);
    bench.set(0x3ce, 0x05, 0x00);
    for (const [map, first, last] of [
      [0, 0xa0000, 0xbffff],
      [1, 0xa0000, 0xaffff],
      [2, 0xb0000, 0xb7fff],
      [3, 0xb8000, 0xbffff],
    ] as const) {
      bench.set(0x3ce, 0x06, map << 2);
      for (const address of [0xa0000, 0xaffff, 0xb0000, 0xb7fff, 0xb8000, 0xbffff]) {
        bench.poke(address, 0x12);
        const isIn = address >= first && address <= last;
        expect(bench.peek(address), `${map} ${address.toString(16)}`).to.equal(isIn ? 0x12 : 0xff);
        bench.poke(address, 0);
      }
    }
  });

  it('writes the planes of the map mask', async () => {
    const { bench, planes } = await planar();
    bench.set(0x3c4, 0x02, 0x05);
    bench.poke(0xa0000, 0xaa);
    expect(planes(0xa0000)).to.deep.equal([0xaa, 0, 0xaa, 0]);
  });

  it('write mode 0 rotates, sets, combines with the latch, and masks bits', async () => {
    const { bench, planes } = await planar();
    bench.set(0x3ce, 0x03, 0x01);
    bench.set(0x3ce, 0x00, 0x02);
    bench.set(0x3ce, 0x01, 0x03);
    bench.poke(0xa0001, 0x81);
    expect(planes(0xa0001)).to.deep.equal([0x00, 0xff, 0xc0, 0xc0]);
    bench.set(0x3ce, 0x01, 0);
    for (const [fn, result] of [
      [0x08, [0x00, 0x0f, 0x00, 0x00]],
      [0x10, [0x0f, 0xff, 0xcf, 0xcf]],
      [0x18, [0x0f, 0xf0, 0xcf, 0xcf]],
    ] as const) {
      bench.set(0x3ce, 0x03, fn);
      bench.peek(0xa0001);
      bench.poke(0xa0002, 0x0f);
      expect(planes(0xa0002), fn.toString(16)).to.deep.equal(result);
    }
    bench.set(0x3ce, 0x03, 0);
    bench.set(0x3ce, 0x08, 0x0f);
    bench.peek(0xa0001);
    bench.poke(0xa0003, 0x55);
    expect(planes(0xa0003)).to.deep.equal([0x05, 0xf5, 0xc5, 0xc5]);
  });

  it('write mode 1 copies the latch', async () => {
    const { bench, planes } = await planar();
    bench.set(0x3c4, 0x02, 0x09);
    bench.poke(0xa0010, 0x77);
    bench.set(0x3c4, 0x02, 0x0f);
    bench.set(0x3ce, 0x05, 0x01);
    bench.peek(0xa0010);
    bench.poke(0xa0020, 0x00);
    expect(planes(0xa0020)).to.deep.equal([0x77, 0, 0, 0x77]);
  });

  it('write mode 2 makes a colour of the byte', async () => {
    const { bench, planes } = await planar();
    bench.set(0x3ce, 0x05, 0x02);
    bench.set(0x3ce, 0x08, 0xf0);
    bench.peek(0xa0000);
    bench.poke(0xa0000, 0x0a);
    expect(planes(0xa0000)).to.deep.equal([0, 0xf0, 0, 0xf0]);
  });

  it('write mode 3 sets where the byte has bits', async () => {
    const { bench, planes } = await planar();
    bench.set(0x3ce, 0x05, 0x03);
    bench.set(0x3ce, 0x00, 0x06);
    bench.set(0x3ce, 0x08, 0x3c);
    bench.peek(0xa0000);
    bench.poke(0xa0000, 0x0f);
    expect(planes(0xa0000)).to.deep.equal([0, 0x0c, 0x0c, 0]);
  });

  it('read mode 1 compares colours', async () => {
    const { bench } = await planar();
    bench.set(0x3c4, 0x02, 0x01);
    bench.poke(0xa0000, 0xf0);
    bench.set(0x3c4, 0x02, 0x08);
    bench.poke(0xa0000, 0xcc);
    bench.set(0x3ce, 0x05, 0x08);
    for (const [colour, care, pixels] of [
      [0x9, 0xf, 0xc0],
      [0x1, 0xf, 0x30],
      [0x0, 0xf, 0x03],
      [0x1, 0x1, 0xf0],
      [0x0, 0x0, 0xff],
    ] as const) {
      bench.set(0x3ce, 0x02, colour);
      bench.set(0x3ce, 0x07, care);
      expect(bench.peek(0xa0000)).to.equal(pixels);
    }
  });

  it('chains four planes to a row of bytes', async () => {
    const bench = await vgaBench();
    bench.set(0x3c4, 0x04, 0x0e);
    bench.set(0x3ce, 0x06, 0x05);
    bench.set(0x3c4, 0x02, 0x0f);
    bench.bench.memory.writeU32(0xa0100, 0x44332211);
    expect(bench.bench.memory.readU32(0xa0100)).to.equal(0x44332211);
    bench.set(0x3c4, 0x02, 0x05);
    bench.bench.memory.writeU32(0xa0100, 0);
    expect(bench.bench.memory.readU32(0xa0100)).to.equal(0x44002200);
  });

  it('shows 320 × 200 pixels of 256 colours', async () => {
    const bench = await vgaBench();
    bench.set(0x3c4, 0x04, 0x0e);
    bench.set(0x3c4, 0x02, 0x0f);
    bench.set(0x3ce, 0x06, 0x05);
    bench.set(0x3ce, 0x05, 0x40);
    for (const [index, value] of [
      [0x11, 0x0e],
      [0x09, 0x41],
      [0x14, 0x40],
      [0x13, 0x28],
    ] as const)
      bench.set(0x3d4, index, value);
    bench.out(0x3c8, 200);
    bench.out(0x3c9, 63, 0, 63);
    bench.poke(0xa0000 + 320 * 10 + 20, 200);
    const { width, height, rgb } = bench.device.screen.picture();
    expect([width, height]).to.deep.equal([640, 400]);
    const at = (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
    expect([at(40, 20), at(41, 21), at(42, 20), at(40, 22)]).to.deep.equal([
      [255, 0, 255],
      [255, 0, 255],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('vga: the device', () => {
  it('refuses memory and monitors that it cannot have', async () => {
    for (const config of [
      { VRamSize: 0 },
      { VRamSize: 0x40001 },
      { VRamSize: 2 ** 31 },
      { MonitorCount: 0 },
      { MonitorCount: 65 },
    ]) {
      expect(await failureStatus(new DeviceBench().add(vga, config))).to.equal('VERR_INVALID_PARAMETER');
    }
  });

  it('takes what a configuration of VirtualBox has for firmware, and nothing unknown', async () => {
    const config = { FadeIn: 0, FadeOut: 0, LogoFile: '', LogoTime: 0, ShowBootMenu: 0 };
    await vgaBench(config);
    expect(await failureStatus(vgaBench({ Logo: 1 }))).to.equal('VERR_CFGM_CONFIG_UNKNOWN_VALUE');
  });

  it('puts its configuration into pass 0, and refuses a state of another one', async () => {
    const bench = await vgaBench();
    expect([...bench.bench.unitBytes('vga', 0, 0)]).to.deep.equal([0, 0, 4, 0, 1, 0, 0, 0]);
    const state = await bench.bench.save({ live: true });
    const other = await vgaBench({ MonitorCount: 2 });
    expect(await failureStatus(other.bench.load(state))).to.equal('VERR_SSM_LOAD_CONFIG_MISMATCH');
  });

  it('a reset brings the first mode back', async () => {
    const bench = await vgaBench();
    const fresh = [...bench.bench.unitBytes('vga')];
    write(bench, 0, 0, 'gone');
    for (let port = 0x3c0; port < 0x3e0; port++) bench.out(port, 0x33, 0x44);
    await bench.bench.reset();
    expect([...bench.bench.unitBytes('vga')]).to.deep.equal(fresh);
    expect(bench.device.screen.text()!.join('').replaceAll(' ', '')).to.equal('');
  });
});
