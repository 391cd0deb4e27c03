import { CRC_POWERS, CRC_TABLES } from './areas';

/*
 * The CRC of codecs/crc32.ts, sixteen bytes at a time: each byte has a table for the place that it has among them.
 */

const POLYNOMIAL: u32 = 0xedb88320;
/** The polynomial 1; bit 31 is that of x^0. */
const ONE: u32 = 0x80000000;
/** Bytes of a table. */
const SIZE: usize = 1024;

/** Makes the tables. To be called once for a memory, before the first CRC; doing it again changes nothing. */
export function makeCrcTables(): void {
  for (let n: u32 = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    store<u32>(entry(0, n), crc);
  }
  for (let place: usize = 1; place < 16; place++) {
    for (let n: u32 = 0; n < 256; n++) {
      const crc = load<u32>(entry(place - 1, n));
      store<u32>(entry(place, n), (crc >>> 8) ^ load<u32>(entry(0, crc & 0xff)));
    }
  }
  let power = ONE >>> 1;
  for (let bit: usize = 0; bit < 32; bit++) {
    store<u32>(CRC_POWERS + (bit << 2), power);
    power = multiply(power, power);
  }
}

function entry(place: usize, byte: u32): usize {
  return CRC_TABLES + place * SIZE + ((byte as usize) << 2);
}

function folded(word: u32, place: usize): u32 {
  return (
    load<u32>(entry(place + 3, word & 0xff)) ^
    load<u32>(entry(place + 2, (word >>> 8) & 0xff)) ^
    load<u32>(entry(place + 1, (word >>> 16) & 0xff)) ^
    load<u32>(entry(place, word >>> 24))
  );
}

/** The CRC of `[pos, end)` behind bytes whose CRC is `previous`. */
export function crc32(pos: usize, end: usize, previous: u32): u32 {
  let crc = ~previous;
  while (end - pos >= 16) {
    // What hangs on the sixteen bytes before comes last, so that the rest need not wait for it.
    const rest = folded(load<u32>(pos, 4), 8) ^ folded(load<u32>(pos, 8), 4) ^ folded(load<u32>(pos, 12), 0);
    crc = rest ^ folded(load<u32>(pos) ^ crc, 12);
    pos += 16;
  }
  for (; pos < end; pos++) crc = (crc >>> 8) ^ load<u32>(entry(0, (crc ^ (load<u8>(pos) as u32)) & 0xff));
  return ~crc;
}

/** The product of two remainders: codecs/crc32.ts says of what, and why. */
function multiply(a: u32, b: u32): u32 {
  let product: u32 = 0;
  while (a !== 0) {
    if ((a & ONE) !== 0) product ^= b;
    a <<= 1;
    b = (b >>> 1) ^ (POLYNOMIAL & (0 - (b & 1)));
  }
  return product;
}

/** A remainder times x^exponent. */
export function crc32Times(remainder: u32, exponent: u32): u32 {
  for (let power = CRC_POWERS; exponent !== 0; power += 4) {
    if ((exponent & 1) !== 0) remainder = multiply(remainder, load<u32>(power));
    exponent >>>= 1;
  }
  return remainder;
}
