import type { ByteReader } from '../containers/byte-reader.js';
import { startsWith } from '../containers/formats.js';

/** What every magic begins with. */
const LINE_BREAK = 0x0a;

/**
 * Goes on to the next place where one of some magics stands.
 *
 * @param magics of one length, each with a line break in front.
 * @returns whether there is one; the input stands in front of it then.
 */
export async function findMagic(input: ByteReader, magics: readonly Uint8Array[]): Promise<boolean> {
  const size = (magics[0] as Uint8Array).length;
  while (await input.run(() => input.request(size))) {
    const { bytes, limit } = input;
    const last = limit - size;
    let at = bytes.indexOf(LINE_BREAK, input.pos);
    while (at >= 0 && at <= last && !magics.some((magic) => startsWith(bytes, at, magic))) {
      at = bytes.indexOf(LINE_BREAK, at + 1);
    }
    const found = at >= 0 && at <= last;
    input.advance((found ? at : last + 1) - input.pos);
    if (found) return true;
  }
  return false;
}
