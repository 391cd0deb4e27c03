/*
 * The module's memory
 *
 *     0                      64 KiB       96 KiB        224 KiB + slack        480 KiB + slack
 *     │ constants, RESULT … │ hash table │ INPUT       │ OUTPUT               │
 *
 * It never grows, so that views of it stay valid. Callers put data into INPUT, call one function, and take the result
 * out of OUTPUT; nothing lasts from one call to the next but the hash table.
 *
 * Loops copy and compare 16 bytes at a time and go over the end of what they were given. Each area therefore has SLACK
 * bytes behind it. What is read there has no influence on a result, and what is written there is overwritten or dropped.
 */

/** Bytes behind an area that loops may touch. */
export const SLACK: usize = 64;

/** Positions by hash: 16 bits each. It begins where an address less 16 bits is still one. */
export const TABLE: usize = 0x10000;
export const HASH_BITS: u32 = 14;
export const TABLE_SIZE: usize = 2 << HASH_BITS;

/** Records to be decoded, blocks to be packed. */
export const INPUT: usize = TABLE + TABLE_SIZE;
export const INPUT_SIZE: usize = 0x20000;

/** What came of them. */
export const OUTPUT: usize = INPUT + INPUT_SIZE + SLACK;
export const OUTPUT_SIZE: usize = 0x40000;
