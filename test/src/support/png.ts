import { inflateSync } from 'node:zlib';

/** Pixels of a PNG file, of eight bits each for red, green and blue, without interlacing. */
export function decodePng(file: Uint8Array): { width: number; height: number; rgb: Uint8Array } {
  const bytes = Buffer.from(file);
  const packed: Buffer[] = [];
  let [width, height] = [0, 0];
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12) {
    const data = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR') [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    if (type === 'IDAT') packed.push(data);
  }
  const rows = inflateSync(Buffer.concat(packed));
  const stride = width * 3;
  const rgb = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)] as number;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < 3 ? 0 : (rgb[at - 3] as number);
      const above = y === 0 ? 0 : (rgb[at - stride] as number);
      const corner = x < 3 || y === 0 ? 0 : (rgb[at - stride - 3] as number);
      const predicted = [0, left, above, (left + above) >> 1, nearest(left, above, corner)][filter] as number;
      rgb[at] = (rows[y * (stride + 1) + 1 + x] as number) + predicted;
    }
  }
  return { width, height, rgb };
}

/** The filter that Paeth has invented. */
function nearest(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((each) => Math.abs(guess - each)) as [number, number, number];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
