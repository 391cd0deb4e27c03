/*
 * Records
 *
 * What a unit holds is cut into records; where, means nothing to a reader. A record is
 *
 *     1 0 0 i t t t t │ size, 1…6 bytes │ payload          i = important, t = type
 *
 * with the size in the manner of UTF-8:
 *
 *     0vvvvvvv                                          up to 0x7F
 *     110vvvvv 10vvvvvv                                 up to 0x7FF
 *     1110vvvv 10vvvvvv 10vvvvvv                        up to 0xFFFF
 *     …                                                 and so on to
 *     1111110v 10vvvvvv 10vvvvvv 10vvvvvv 10vvvvvv 10vvvvvv    0x7FFFFFFF
 *
 *     type      first byte  payload
 *     TERM      91          the unit's end: flags, stream CRC, size of the unit (16 bytes in all)
 *     RAW       92          the data
 *     RAW_LZF   93          k, and LZF that expands to k * 1024 bytes
 *     RAW_ZERO  94          k: k * 1024 zero bytes
 *     NAMED     95          meant for a name and data; nobody writes it, nobody reads it
 *     RAW_LZ4   96          k, and an LZ4 block that expands to k * 1024 bytes: an extension of ssmkit's, valid only where
 *                           the file header announces it (docs/format-extension.md)
 */

export const RecordType = { term: 1, raw: 2, lzf: 3, zero: 4, named: 5, lz4: 6 } as const;

/** How a writer packs blocks: `none` leaves them as they are, but for zeros. */
export type Compression = 'lzf' | 'lz4' | 'none';

/** Set by the writer on every record; readers insist on it in TERM only. */
export const IMPORTANT = 0x10;
export const FIXED = 0x80;

/** Largest payload of a record. */
export const PAYLOAD_MAX = 0x7fffffff;

/** Data in one LZF, LZ4 or ZERO record of a writer, and the most that a reader takes. */
export const BLOCK = 4096;

/** A compressed block above this size is not worth it: the block is written RAW. */
export const PACKED_LIMIT = BLOCK - 256;

/** Longest record header: type and the longest size. */
export const RECORD_HEADER_MAX = 7;

/** Size of TERM with its header. */
export const TERM_SIZE = 16;
