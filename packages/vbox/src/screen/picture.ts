import { SsmError } from '@ssmkit/runtime';

/** A picture: rows from top to bottom, of each pixel red, green and blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Most pixels of a picture: more than any screen has, and few enough for memory. */
const PIXELS_MAX = 2 ** 26;

/** A black picture. @throws SsmError VERR_TOO_MUCH_DATA for more than 64 million pixels. */
export function newPicture(width: number, height: number): Picture {
  if (width * height > PIXELS_MAX) {
    throw new SsmError('VERR_TOO_MUCH_DATA', `a screen of ${width} × ${height} pixels`, { unit: 'vga' });
  }
  return { width, height, rgb: new Uint8Array(width * height * 3) };
}

/** A colour: red, green, blue, 0…255 each, in one number. */
export type Colour = number;

/** Sets a pixel. */
export function setPixel({ width, rgb }: Picture, x: number, y: number, colour: Colour): void {
  const at = (y * width + x) * 3;
  rgb[at] = colour >> 16;
  rgb[at + 1] = (colour >> 8) & 0xff;
  rgb[at + 2] = colour & 0xff;
}
