/*
 * Zip streams
 *
 * The data of a unit is a stream of VirtualBox's runtime library (`RTZip`), or nothing at all where nothing was put. Its
 * first byte is the manner in which the rest is compressed; it ends where the unit ends:
 *
 *     STORE    2   the data as it is
 *     ZLIB     3   a zlib stream (RFC 1950)
 *     LZF      5   blocks; the only manner that released versions wrote
 *     DEFLATE  8   a deflate stream (RFC 1951)
 *
 * An LZF block is
 *
 *     magic 5A 56 │ size 2 │ 0 4, meant for a CRC │ expanded size 2 │ LZF data
 *
 * with an expanded size of 1…32768 and LZF data of 1…16374 bytes. There is no block of stored data: what does not shrink
 * is cut into halves until what LZF makes of it fits.
 *
 * (`VirtualBox 7.2 zip.cpp`, RTZIPTYPE, RTZIPLZFHDR, rtzipDecompInit, rtZipLZFCompressBuffer)
 */

/** The manners of compression, as the first byte of a stream tells them. */
export const ZipType = { store: 2, zlib: 3, bzlib: 4, lzf: 5, lzjb: 6, lzo: 7, deflate: 8 } as const;

/** Size of the header of an LZF block. */
export const BLOCK_HEADER_SIZE = 10;

/** First two bytes of an LZF block, as a number. */
export const BLOCK_MAGIC = 0x565a;

/** Most data in an LZF block. */
export const BLOCK_DATA_MAX = 32768;

/** Most LZF data in a block. */
export const BLOCK_LZF_MAX = 16374;
