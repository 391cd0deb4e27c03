import { SsmError } from '@ssmkit/runtime';
import type { VgaRegisters } from '../units/graphics/vga.js';
import type { LinearMode, VgaMode } from './mode.js';
import { attributeColours, dacColours } from './palette.js';
import { type Colour, newPicture, type Picture, setPixel } from './picture.js';

// Screens of pixels.

/** Colour of the pixel `x` of a line that begins at `line`. */
type PixelReader = (line: number, x: number) => Colour;

/** A VGA's picture. */
export function vgaPicture(vram: Uint8Array, mode: VgaMode, registers: VgaRegisters): Picture {
  const { width, height, scaleX, split } = mode;
  const picture = newPicture(width, height);
  const pixel = readers[mode.colours](vram, mode, registers);
  for (let y = 0; y < height; y++) {
    const line = y <= split ? lineAddress(mode, mode.start, y) : lineAddress(mode, 0, y - split - 1);
    for (let x = 0; x < width; x++) setPixel(picture, x, y, pixel(line, Math.floor(x / scaleX)));
  }
  return picture;
}

/** Bits of an address that may be taken from the line in a cell, as CR17 says: A13 and A14 of each plane. */
const ROW_BITS = [
  { control: 0x01, row: 0x01, address: 0x2000 * 4 },
  { control: 0x02, row: 0x02, address: 0x4000 * 4 },
] as const;

/** Where a line of the screen begins in video memory. */
function lineAddress({ scaleY, cellLines, lineBytes, control }: VgaMode, start: number, y: number): number {
  const scan = Math.floor(y / scaleY);
  let address = start + Math.floor(scan / cellLines) * lineBytes;
  for (const bit of ROW_BITS) {
    if ((control & bit.control) !== 0) continue;
    address &= ~bit.address;
    if (((scan % cellLines) & bit.row) !== 0) address |= bit.address;
  }
  return address;
}

/** Readers of a VGA's pixels. */
const readers: Readonly<
  Record<VgaMode['colours'], (vram: Uint8Array, mode: VgaMode, registers: VgaRegisters) => PixelReader>
> = {
  16: (vram, { stepBytes }, registers) => planar(vram, stepBytes, registers),
  4: (vram, { stepBytes }, registers) => {
    const colours = attributeColours(registers);
    return (line, x) => {
      // Eight pixels take a byte of plane 0 and one of plane 1, four pixels each.
      const bits = vram[line + (x >> 3) * stepBytes + ((x >> 2) & 1)] ?? 0;
      return colours[(bits >> (6 - 2 * (x & 3))) & 3] as Colour;
    };
  },
  256: (vram, _, registers) => {
    const colours = dacColours(registers);
    return (line, x) => colours[vram[line + x] ?? 0] as Colour;
  },
};

/** 16 colours: a bit of each plane. */
function planar(vram: Uint8Array, stepBytes: number, registers: VgaRegisters): PixelReader {
  const colours = attributeColours(registers);
  const enabled = registers.ar[0x12] as number;
  return (line, x) => {
    const at = line + (x >> 3) * stepBytes;
    const shift = 7 - (x & 7);
    let index = 0;
    for (let plane = 0; plane < 4; plane++) index |= (((vram[at + plane] ?? 0) >> shift) & 1) << plane;
    return colours[index & enabled] as Colour;
  };
}

/** A picture with its pixels in a row. */
export function linearPicture(vram: Uint8Array, mode: LinearMode, registers: VgaRegisters): Picture {
  const { width, height, start, lineBytes, bitsPerPixel } = mode;
  const pixel = linearReader(vram, bitsPerPixel, registers);
  const picture = newPicture(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) setPixel(picture, x, y, pixel(start + y * lineBytes, x));
  }
  return picture;
}

function linearReader(vram: Uint8Array, bitsPerPixel: number, registers: VgaRegisters): PixelReader {
  const byte = (at: number) => vram[at] ?? 0;
  const word = (at: number) => byte(at) | (byte(at + 1) << 8);
  switch (bitsPerPixel) {
    case 4:
      return planar(vram, 4, registers);
    case 8: {
      const colours = dacColours(registers);
      return (line, x) => colours[byte(line + x)] as Colour;
    }
    case 15:
      return (line, x) => {
        const value = word(line + 2 * x);
        return (wide(value >> 10, 5) << 16) | (wide(value >> 5, 5) << 8) | wide(value, 5);
      };
    case 16:
      return (line, x) => {
        const value = word(line + 2 * x);
        return (wide(value >> 11, 5) << 16) | (wide(value >> 5, 6) << 8) | wide(value, 5);
      };
    case 24:
      return (line, x) => word(line + 3 * x) | (byte(line + 3 * x + 2) << 16);
    case 32:
      return (line, x) => word(line + 4 * x) | (byte(line + 4 * x + 2) << 16);
    default:
      throw new SsmError('VERR_NOT_SUPPORTED', `pixels of ${bitsPerPixel} bits`, { unit: 'vga' });
  }
}

/** The lowest bits of a value as eight. */
function wide(value: number, bits: number): number {
  const kept = value & ((1 << bits) - 1);
  return (kept << (8 - bits)) | (kept >> (2 * bits - 8));
}
