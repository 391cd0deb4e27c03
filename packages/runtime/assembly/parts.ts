import { result } from './areas';
import { copyOver } from './copy';
import { lz4ExpandBlock } from './lz4-decompress';
import { lzfExpandBlock } from './lzf-decompress';
import { LZ4, writeRecords } from './records';

/*
 * The parts that workers do: what workers/slots.ts says of them.
 */

const BLOCK_SHIFT: usize = 12;

/**
 * Writes the records of a part to `out`: an operation n > 0 packs the next n blocks of `data`, n < 0 copies the next -n
 * bytes of `rest`.
 *
 * @param ops the operations, words of 32 bits. @param packing as in {@link writeRecords}.
 * @returns how many bytes of records there are.
 */
export function packPart(ops: usize, count: u32, data: usize, rest: usize, out: usize, packing: u32): usize {
  const start = out;
  for (const end = ops + ((count as usize) << 2); ops < end; ops += 4) {
    const op = load<i32>(ops);
    if (op < 0) {
      const size = (0 - op) as usize;
      copyOver(out, rest, size);
      rest += size;
      out += size;
    } else {
      out += writeRecords(data, op as u32, packing, out);
      data += (op as usize) << BLOCK_SHIFT;
    }
  }
  return out - start;
}

/**
 * Expands the blocks of a part to `out`: an operation is three words, where in `area` a block begins, where it ends, and to
 * how many bytes it expands: 0 where it is not packed. It stops at the first block that is not well formed.
 *
 * @param packing type of the records: LZF or LZ4.
 * @returns how many bytes came of it; RESULT has the number of blocks.
 */
export function expandPart(ops: usize, count: u32, area: usize, out: usize, packing: u32): usize {
  const start = out;
  let good: u32 = 0;
  for (const end = ops + ((count as usize) << 2); ops < end; ops += 12) {
    const from = area + (load<u32>(ops) as usize);
    const to = area + (load<u32>(ops, 4) as usize);
    const expanded = load<u32>(ops, 8) as usize;
    if (expanded === 0) {
      copyOver(out, from, to - from);
      out += to - from;
    } else {
      const isGood =
        packing === LZ4 ? lz4ExpandBlock(from, to, out, expanded) : lzfExpandBlock(from, to, out, expanded);
      if (!isGood) break;
      out += expanded;
    }
    good++;
  }
  store<u32>(result(), good);
  return out - start;
}
