import CRC32 from 'crc-32';

/** From this size on Node's own CRC is faster than the table (`zlib.crc32` costs about 140 ns a call). */
const NATIVE_FROM = 512;

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
  if (native !== undefined && bytes.length >= NATIVE_FROM) return native(bytes, previous);
  return CRC32.buf(bytes, previous) >>> 0;
}
