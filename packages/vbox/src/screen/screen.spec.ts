import { expect } from 'chai';
import { VbvaView } from '../units/graphics/hgsmi.js';
import { VbeRegister, Vga } from '../units/graphics/vga.js';
import { Vmsvga, VmsvgaScreen } from '../units/graphics/vmsvga.js';
import type { Picture } from './picture.js';
import { Screen } from './screen.js';

/*
 * Video memory here is as the adapter's registers and IBM's VGA manual say: byte p of plane n is byte 4 * p + n. A CPU
 * address of a text mode, 2 * cell + (0 character, 1 attribute), is byte 8 * cell of plane 0 or 1.
 */

/** A machine with registers that the BIOS of a VGA sets for a mode, by its parameter table. */
function vga(set: {
  cr?: Readonly<Record<number, number>>;
  sr?: Readonly<Record<number, number>>;
  gr?: Readonly<Record<number, number>>;
  ar?: Readonly<Record<number, number>>;
  vbe?: Readonly<Record<number, number>>;
}): Vga {
  const machine = new Vga();
  const { registers } = machine;
  registers.arIndex = 0x20;
  for (let i = 0; i < 16; i++) registers.ar[i] = i;
  registers.ar[0x12] = 0x0f;
  // The DAC's colour n is n in each of red, green and blue, of six bits.
  registers.palette = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3) & 0x3f);
  for (const file of ['cr', 'sr', 'gr', 'ar', 'vbe'] as const) {
    for (const [index, value] of Object.entries(set[file] ?? {})) registers[file][Number(index)] = value;
  }
  return machine;
}

/** Of 80 × 25 characters of 9 × 16 pixels. */
const text = { cr: { 1: 79, 7: 0x1f, 9: 0x4f, 10: 0x0d, 11: 0x0e, 18: 0x8f, 19: 0x28, 20: 0x1f, 23: 0xa3 } };
/** Of 640 × 480 pixels in 16 colours, 320 × 200 in 16, 320 × 200 in 4, 640 × 200 in 2, 320 × 200 in 256. */
const mode12 = { cr: { 1: 79, 7: 0x3e, 9: 0x40, 18: 0xdf, 19: 0x28, 23: 0xe3, 24: 0xff }, gr: { 6: 5 }, sr: { 1: 1 } };
const mode0d = { cr: { 1: 39, 7: 0x1f, 9: 0xc0, 18: 0x8f, 19: 0x14, 23: 0xe3, 24: 0xff }, gr: { 6: 5 }, sr: { 1: 9 } };
const mode04 = {
  cr: { 1: 39, 7: 0x1f, 9: 0xc1, 18: 0x8f, 19: 0x14, 23: 0xa2, 24: 0xff },
  gr: { 5: 0x30, 6: 0x0f },
  sr: { 1: 9 },
};
const mode06 = {
  cr: { 1: 79, 7: 0x1f, 9: 0xc1, 18: 0x8f, 19: 0x28, 23: 0xc2, 24: 0xff },
  gr: { 6: 0x0d },
  sr: { 1: 1 },
};
const mode13 = {
  cr: { 1: 79, 7: 0x1f, 9: 0x41, 18: 0x8f, 19: 0x28, 20: 0x40, 23: 0xa3, 24: 0xff },
  gr: { 5: 0x40, 6: 5 },
  sr: { 1: 1, 4: 0x0e },
};

const pixel = ({ width, rgb }: Picture, x: number, y: number) => [
  ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
/** Grey number n of the DAC above, as eight bits. */
const grey = (n: number) => Array(3).fill((n << 2) | ((n & 1) * 3));
const black = [0, 0, 0];

describe('a screen of characters', () => {
  const write = (vram: Uint8Array, cell: number, characters: string, attribute = 7) => {
    for (let i = 0; i < characters.length; i++) {
      vram[(cell + i) * 8] = characters.charCodeAt(i);
      vram[(cell + i) * 8 + 1] = attribute;
    }
    return vram;
  };
  /** A font in which every line of a character is its number. */
  const font = (vram: Uint8Array, base = 0) => {
    for (let code = 0; code < 256; code++) {
      for (let y = 0; y < 32; y++) vram[(base + code * 32 + y) * 4 + 2] = code;
    }
    return vram;
  };
  const memory = () => font(new Uint8Array(0x80000));

  it('is the text of its rows', () => {
    const vram = write(write(write(memory(), 0, 'C:\\>'), 80, '  two  '), 24 * 80 + 79, '!');
    const rows = new Screen(vga(text), vram).text() as string[];
    expect(rows).to.have.length(25);
    expect(rows.slice(0, 3)).to.deep.equal(['C:\\>', '  two', '']);
    expect(rows[24]).to.equal(`${' '.repeat(79)}!`);
  });

  it('begins where the guest has scrolled to, with rows as long as it says', () => {
    const scrolled = vga({ cr: { ...text.cr, 12: 0x01, 13: 0x40, 19: 0x30 } });
    const vram = write(write(memory(), 0x140, 'first'), 0x140 + 96, 'second');
    expect(new Screen(scrolled, vram).text()?.slice(0, 2)).to.deep.equal(['first', 'second']);
  });

  it('has characters of code page 437', () => {
    const vram = write(memory(), 0, String.fromCharCode(1, 0x84, 0xb0, 0xdb, 0xe1, 0xfe));
    expect(new Screen(vga(text), vram).text()?.[0]).to.equal('☺ä░█ß■');
  });

  it('is drawn with the guest’s font and colours', () => {
    const picture = new Screen(vga(text), write(memory(), 81, String.fromCharCode(0x81), 0x1e)).picture();
    expect([picture.width, picture.height]).to.deep.equal([720, 400]);
    const line = Array.from({ length: 9 }, (_, x) => pixel(picture, 9 + x, 20));
    expect(line).to.deep.equal([14, 1, 1, 1, 1, 1, 1, 14, 1].map(grey));
  });

  it('repeats the eighth column of line graphics', () => {
    const draw = (control: number, code: number) => {
      const machine = vga({ ...text, ar: { 16: control } });
      return pixel(
        new Screen(machine, write(memory(), 0, String.fromCharCode(code), 7)).picture({ cursor: false }),
        8,
        0,
      );
    };
    expect(draw(4, 0xc1)).to.deep.equal(grey(7));
    expect(draw(4, 0xe1)).to.deep.equal(black);
    expect(draw(0, 0xc1)).to.deep.equal(black);
  });

  it('takes bit 7 of an attribute as background, or as blinking', () => {
    const background = (control: number) =>
      pixel(new Screen(vga({ ...text, ar: { 16: control } }), write(memory(), 0, '\0', 0xf0)).picture(), 0, 0);
    expect(background(0)).to.deep.equal(grey(15));
    expect(background(8)).to.deep.equal(grey(7));
  });

  it('takes bit 3 of an attribute as the other font', () => {
    // Font A, for attributes with bit 3, is in the second 8 KiB of the plane pair: block 4.
    const machine = vga({ ...text, sr: { 3: 0x20 } });
    const vram = write(memory(), 0, 'A', 0x0f);
    font(vram, 8192).fill(0, (8192 + 0x41 * 32) * 4, (8192 + 0x42 * 32) * 4);
    expect(pixel(new Screen(machine, vram).picture(), 1, 0)).to.deep.equal(black);
    write(vram, 0, 'A', 0x07);
    expect(pixel(new Screen(machine, vram).picture(), 1, 0)).to.deep.equal(grey(7));
  });

  it('shows the cursor, unless it is told not to', () => {
    const machine = vga({ cr: { ...text.cr, 15: 81 } });
    const screen = new Screen(machine, write(memory(), 81, '\0', 0x07));
    expect(screen.cursor()).to.deep.equal({ column: 1, row: 1 });
    const picture = screen.picture();
    expect([12, 13, 14, 15].map((y) => pixel(picture, 9, 16 + y)[0])).to.deep.equal([0, 28 + 3, 28 + 3, 0]);
    expect(pixel(screen.picture({ cursor: false }), 9, 16 + 13)).to.deep.equal(black);
  });

  it('has no cursor where it is off, or outside', () => {
    for (const cr of [{ 10: 0x2d }, { 10: 0x0f }, { 14: 0x20 }]) {
      expect(new Screen(vga({ cr: { ...text.cr, ...cr } }), memory()).cursor()).to.equal(undefined);
    }
  });

  it('underlines as monochrome adapters do', () => {
    const machine = vga({ cr: { ...text.cr, 20: 0x0c } });
    const picture = new Screen(machine, write(memory(), 1, '\0', 0x01)).picture();
    expect([11, 12, 13].map((y) => pixel(picture, 9, y)[0])).to.deep.equal([0, 7, 0]);
  });

  it('has wide characters at half the clock', () => {
    const wide = new Screen(vga({ cr: { ...text.cr, 1: 39, 19: 0x14 }, sr: { 1: 9 } }), memory());
    const { width, height } = wide.picture();
    expect([width, height]).to.deep.equal([640, 400]);
  });
});

describe('a screen of pixels', () => {
  const draw = (machine: Vga, set: (vram: Uint8Array) => void) => {
    const vram = new Uint8Array(0x80000);
    set(vram);
    return new Screen(machine, vram).picture();
  };

  it('in 16 colours of four planes', () => {
    const picture = draw(vga(mode12), (vram) => {
      // The second pixel of the second line has colour 5, the third has colour 10.
      vram.set([0x40, 0x20, 0x40, 0x20], 320);
    });
    expect([picture.width, picture.height]).to.deep.equal([640, 480]);
    expect([0, 1, 2, 3].map((x) => pixel(picture, x, 1))).to.deep.equal([0, 5, 10, 0].map(grey));
  });

  it('in 16 colours, of which some planes are not shown', () => {
    const picture = draw(vga({ ...mode12, ar: { 18: 3 } }), (vram) => vram.fill(0xff, 0, 4));
    expect(pixel(picture, 0, 0)).to.deep.equal(grey(3));
  });

  it('with doubled pixels and lines', () => {
    const picture = draw(vga(mode0d), (vram) => vram.set([0x40, 0, 0, 0], 160));
    expect([picture.width, picture.height]).to.deep.equal([640, 400]);
    expect([1, 2, 3, 4].map((x) => pixel(picture, x, 2)[0])).to.deep.equal([0, 7, 7, 0]);
    expect([1, 2, 3, 4].map((y) => pixel(picture, 2, y)[0])).to.deep.equal([0, 7, 7, 0]);
  });

  it('in 4 colours of a CGA, odd lines 8 KiB further', () => {
    const picture = draw(vga(mode04), (vram) => {
      // CPU addresses 1 and 0x2050: byte 1 of line 0, byte 0 of line 3.
      vram[1] = 0x1b;
      vram[0x2050 * 4] = 0xc0;
    });
    expect([picture.width, picture.height]).to.deep.equal([640, 400]);
    expect([8, 10, 12, 14].map((x) => pixel(picture, x, 1))).to.deep.equal([0, 1, 2, 3].map(grey));
    expect([5, 6, 7, 8].map((y) => pixel(picture, 0, y)[0])).to.deep.equal([0, 15, 15, 0]);
  });

  it('in 2 colours of a CGA', () => {
    const picture = draw(vga(mode06), (vram) => {
      vram[0x2000 * 4] = 0x01;
    });
    expect([0, 2, 3, 4].map((y) => pixel(picture, 7, y)[0])).to.deep.equal([0, 7, 7, 0]);
  });

  it('in 256 colours', () => {
    const picture = draw(vga(mode13), (vram) => vram.set([9, 10], 320 + 4));
    expect([picture.width, picture.height]).to.deep.equal([640, 400]);
    expect([7, 8, 9, 10, 12].map((x) => pixel(picture, x, 2))).to.deep.equal([0, 9, 9, 10, 0].map(grey));
    expect([1, 2, 3, 4].map((y) => pixel(picture, 8, y))).to.deep.equal([0, 9, 9, 0].map(grey));
  });

  it('from where the guest has scrolled to', () => {
    const picture = draw(vga({ ...mode13, cr: { ...mode13.cr, 13: 1 } }), (vram) => vram.set([9], 4));
    expect(pixel(picture, 0, 0)).to.deep.equal(grey(9));
  });

  it('with the start of memory behind a split', () => {
    const cr = { ...mode13.cr, 12: 0x10, 24: 99, 7: 0x0f, 9: 0x01 };
    const picture = draw(vga({ ...mode13, cr }), (vram) => {
      vram[0] = 9;
      vram[0x4000 + 49 * 320] = 10;
    });
    expect([97, 98, 99, 100, 101, 102].map((y) => pixel(picture, 0, y))).to.deep.equal([0, 10, 10, 9, 9, 0].map(grey));
  });

  it('picks colours from a part of the DAC', () => {
    const machine = vga({ ...mode12, ar: { 16: 0x80, 20: 0x02 } });
    const picture = draw(machine, (vram) => vram.set([0x80, 0, 0, 0]));
    expect(pixel(picture, 0, 0)).to.deep.equal(grey(0x21));
  });
});

describe('a screen of VBE', () => {
  const vbe = (bitsPerPixel: number, bytes: readonly number[], enable = 0x41) => {
    const machine = vga({
      vbe: {
        [VbeRegister.XResolution]: 4,
        [VbeRegister.YResolution]: 2,
        [VbeRegister.BitsPerPixel]: bitsPerPixel,
        [VbeRegister.Enable]: enable,
      },
    });
    machine.registers.vbeStart = 8;
    machine.registers.vbeLineBytes = 64;
    const vram = new Uint8Array(256);
    // The second pixel of the second line.
    vram.set(bytes, 32 + 64 + (bitsPerPixel === 4 ? 0 : Math.ceil(bitsPerPixel / 8)));
    return pixel(new Screen(machine, vram).picture(), 1, 1);
  };

  const rows: readonly (readonly [bitsPerPixel: number, bytes: readonly number[], colour: readonly number[]])[] = [
    [4, [0x40, 0, 0x40, 0], grey(5)],
    [8, [20], grey(20)],
    [15, [0x1f, 0x42], [0x84, 0x84, 0xff]],
    [16, [0xe0, 0xff], [0xff, 0xff, 0]],
    [24, [1, 2, 3], [3, 2, 1]],
    [32, [1, 2, 3, 4], [3, 2, 1]],
  ];
  for (const [bitsPerPixel, bytes, colour] of rows) {
    it(`with ${bitsPerPixel} bits a pixel`, () => expect(vbe(bitsPerPixel, bytes)).to.deep.equal(colour));
  }

  it('whose colours have eight bits', () => expect(vbe(8, [20], 0x61)).to.deep.equal([20, 20, 20]));

  it('that is larger than video memory is black there', () => {
    const machine = vga({ vbe: { 1: 64, 2: 64, 3: 32, 4: 1 } });
    machine.registers.vbeLineBytes = 256;
    const picture = new Screen(machine, new Uint8Array(4).fill(0xff)).picture();
    expect([pixel(picture, 0, 0), pixel(picture, 63, 63)]).to.deep.equal([[255, 255, 255], black]);
  });

  it('that no machine has is refused', () => {
    const draw = (width: number, bits: number) => () =>
      new Screen(vga({ vbe: { 1: width, 2: width, 3: bits, 4: 1 } }), new Uint8Array(0)).picture();
    expect(draw(0xffff, 32)).to.throw('VERR_TOO_MUCH_DATA');
    expect(draw(2, 12)).to.throw('VERR_NOT_SUPPORTED');
  });
});

describe('other screens', () => {
  it('off: nothing', () => {
    for (const machine of [new Vga(), vga({ ...text, sr: { 1: 0x20 } })]) {
      const screen = new Screen(machine, new Uint8Array(0));
      expect(screen.mode.kind).to.equal('blank');
      expect([screen.text(), screen.cursor(), screen.picture().width]).to.deep.equal([undefined, undefined, 0]);
    }
  });

  it('of VMSVGA', () => {
    const machine = new Vga();
    machine.svga = new Vmsvga();
    Object.assign(machine.svga.registers, { enabled: 1, width: 2, height: 1, lineBytes: 8, screenOffset: 4 });
    expect(new Screen(machine, Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0)).picture()).to.deep.equal({
      width: 2,
      height: 1,
      rgb: Uint8Array.of(3, 2, 1, 6, 5, 4),
    });
    const second = { id: 1, defined: true, width: 1, height: 1, offset: 8, lineBytes: 4, bitsPerPixel: 32 };
    machine.svga.screens = [Object.assign(new VmsvgaScreen(), second)];
    expect([...new Screen(machine, Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0), 1).picture().rgb]).to.deep.equal([
      6, 5, 4,
    ]);
  });

  it('of further monitors', () => {
    const machine = new Vga();
    machine.config.monitorCount = 2;
    const view = { index: 1, offset: 4, startOffset: 4, lineBytes: 4, width: 1, height: 1, bitsPerPixel: 32 };
    machine.hgsmi.views = [Object.assign(new VbvaView(), view)];
    expect([...new Screen(machine, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3), 1).picture().rgb]).to.deep.equal([
      3, 2, 1,
    ]);
    machine.hgsmi.views = [];
    expect(new Screen(machine, new Uint8Array(0), 1).mode.kind).to.equal('blank');
    expect(() => new Screen(machine, new Uint8Array(0), 2)).to.throw('VERR_OUT_OF_RANGE');
  });
});
