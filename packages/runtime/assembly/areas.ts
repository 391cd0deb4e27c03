/*
 * The module's memory
 *
 *     0                      64 KiB       80 KiB   + 128    …
 *     │ constants            │ CRC tables │ powers │ whatever those who call put there
 *
 * The memory is theirs: the module is linked to it. Several instances may share one, each with an area of its own, which
 * begins where the instance is told and holds its hash table and what it tells besides a function's result:
 *
 *     OWN                    + 32 KiB     + 32 KiB + 64
 *     │ hash table           │ RESULT     │
 *
 * The memory never grows, so that views of it stay valid. Every function is told where its data is and where its result
 * is to go. Nothing lasts from one call to the next but the tables.
 *
 * Loops copy and compare 16 bytes at a time and go over the end of what they were given. Every place that is handed to a
 * function therefore has SLACK bytes behind it. What is read there has no influence on a result, and what is written
 * there is overwritten or dropped.
 */

/** Bytes behind a place that loops may touch. */
export const SLACK: usize = 64;

/** Sixteen tables of 256 words. */
export const CRC_TABLES: usize = 0x10000;

/** x^(2^n) for n from 0 to 31, a word each. */
export const CRC_POWERS: usize = CRC_TABLES + 0x4000;

/** Where this instance's area is. */
declare const OWN: usize;

/** Bytes of an instance's area. */
export const OWN_SIZE: usize = 0x8000 + 64;

/** Positions by hash: 16 bits each. */
export const HASH_BITS: u32 = 14;
export const TABLE_SIZE: usize = 2 << HASH_BITS;

/** Where the hash table is. It begins where an address less 16 bits is still one. */
export function table(): usize {
  return OWN;
}

/** Where functions tell more than their result: eight words. */
export function result(): usize {
  return OWN + TABLE_SIZE;
}
