import { deflateSync } from 'node:zlib';
import { crc32 } from '@ssmkit/runtime';

/*
 * PNG files (the PNG specification, third edition)
 *
 *     signature | length, "IHDR", what it is, CRC | length, "IDAT", rows packed with zlib, CRC | "IEND"
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BITS = 8;
const TRUECOLOUR = 2;
const CHANNELS = 3;

/** A picture: rows from top to bottom, of each pixel red, green and blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** A picture as a PNG file. */
export function encodePng({ width, height, rgb }: Picture): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, BITS);
  header.setUint8(9, TRUECOLOUR);
  // In front of every row stands how it was filtered: not at all.
  const stride = width * CHANNELS;
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  const chunks = [
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array(0)),
  ];
  return new Uint8Array(Buffer.concat([Uint8Array.from(SIGNATURE), ...chunks]));
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** Red, green and blue of pixels of 4 bytes: blue, green, red and one without a meaning. */
export function rgbOfBgrx(bgrx: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((bgrx.length / 4) * CHANNELS);
  for (let from = 0, to = 0; from < bgrx.length; from += 4, to += CHANNELS) {
    rgb[to] = bgrx[from + 2] as number;
    rgb[to + 1] = bgrx[from + 1] as number;
    rgb[to + 2] = bgrx[from] as number;
  }
  return rgb;
}
