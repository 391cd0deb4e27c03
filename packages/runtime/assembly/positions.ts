import { HASH_BITS, TABLE_SIZE, table } from './areas';

/*
 * The positions of a block by the hash of what is there. What one block leaves is invalid for the next without being
 * cleared: entries are positions plus a base that grows from block to block, and only when it would no longer fit in 16
 * bits is the table cleared.
 */

const BASE_END: u32 = 0xffff;

let next: u32 = BASE_END;

/** Begins with a block of `length` bytes, at most {@link BASE_END}. Its position n has the entry that is returned plus n. */
export function beginBlock(length: u32): u32 {
  if (next + length > BASE_END) {
    memory.fill(table(), 0, TABLE_SIZE);
    next = 0;
  }
  const base = next + 1;
  next += length;
  return base;
}

/** Where the table, at `hash`, has the entry of a value. */
export function slotOf(hash: usize, value: u32): usize {
  return hash + ((((value * 0x9e3779b1) >>> (32 - HASH_BITS)) as usize) << 1);
}
