import CRC32 from 'crc-32';
import { wasm } from '../wasm/instance.js';

/** From this size on others are faster than the table: that of Node (`zlib.crc32` costs about 140 ns a call), or of WebAssembly. */
const LARGE_FROM = 512;

type Crc32 = (data: Uint8Array, previous?: number) => number;

// Asked for at run time instead of imported, so that the package loads in a browser.
const native: Crc32 | undefined = globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32;

/**
 * The CRC-32 of zlib, PNG and Ethernet (reflected polynomial 0xEDB88320), as an unsigned number.
 *
 * A CRC in progress is the finished CRC of the bytes so far: that is what VirtualBox's runtime library keeps and what
 * unit headers store.
 *
 * @param previous CRC of the bytes in front of these.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  if (bytes.length >= LARGE_FROM) {
    if (native !== undefined) return native(bytes, previous);
    const codecs = wasm();
    if (codecs !== undefined) return codecs.crc32(bytes, previous);
  }
  return CRC32.buf(bytes, previous) >>> 0;
}

/*
 * CRCs without the bytes
 *
 * But for a constant that its beginning and end put in, a CRC is the remainder of the message, as a polynomial over
 * GF(2), by the polynomial of the CRC. The XOR of the CRCs of two messages of one length has no constant any more: it is
 * the remainder of the XOR of the two. One more byte, equal in both, multiplies it by x^8, and n bytes by x^8n, which
 * squaring gives in at most 32 steps, however large n is. Dividing by a power of x is multiplying by another one, as
 * the powers repeat after 2^32 - 1.
 */

const POLYNOMIAL = 0xedb88320;
/** The polynomial 1; bit 31 is that of x^0. */
const ONE = 0x80000000;
/** x^PERIOD is 1. */
const PERIOD = 2 ** 32 - 1;

/** The product of two remainders. */
function multiply(a: number, b: number): number {
  let product = 0;
  let term = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= term;
    term = (term & 1) === 0 ? term >>> 1 : (term >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** The remainder of x^exponent; `exponent` is 0…2^32 - 1. */
function powerOfX(exponent: number): number {
  let power = ONE;
  let square = ONE >>> 1;
  for (let left = exponent; left !== 0; left >>>= 1) {
    if ((left & 1) !== 0) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

/**
 * What the XOR of the CRCs of two messages of one length becomes when `count` equal bytes follow in both, or, where
 * `count` is negative, when the last `-count` bytes, which are equal, go.
 */
export function crc32Shift(difference: number, count: number): number {
  const bits = (count * 8) % PERIOD;
  const exponent = bits < 0 ? bits + PERIOD : bits;
  return wasm()?.crc32Times(difference, exponent) ?? multiply(difference, powerOfX(exponent));
}

/** The CRC of two messages one behind the other, from the CRC of each and the length of the second. */
export function crc32Combine(first: number, second: number, secondLength: number): number {
  return (crc32Shift(first, secondLength) ^ second) >>> 0;
}
