import { wasm } from '../wasm/instance.js';
import * as lz4 from './lz4.js';
import * as lzf from './lzf.js';

/*
 * Which codec packs and expands a single block: that in WebAssembly where it is there and has room for the block, else
 * that in TypeScript. What one has packed the other expands, and both refuse the same.
 */

/** Packs `input[start, end)` into `into[at, at + limit)`; returns the size, or 0 where it does not fit. */
export type Compress = typeof lzf.lzfCompress;

/** Expands `input[start, end)` into `into[at, at + size)`; returns whether it is well formed and of that size. */
export type Decompress = typeof lzf.lzfDecompress;

/**
 * Compresses `input[start, end)` with LZF into `into[at, at + limit)`.
 *
 * @param limit most bytes the result may have; `into` must have room for them.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 */
export const lzfCompress: Compress = (input, start, end, into, at, limit) => {
  const codecs = wasm();
  return codecs?.canCompress(end - start)
    ? codecs.lzfCompress(input, start, end, into, at, limit)
    : lzf.lzfCompress(input, start, end, into, at, limit);
};

/**
 * Expands the LZF block `input[start, end)` into `into[at, at + size)`. Reads and writes nothing outside of the two.
 *
 * @returns whether the input is well formed and expands to exactly `size` bytes; what was written is to be dropped when
 * it is not.
 */
export const lzfDecompress: Decompress = (input, start, end, into, at, size) => {
  const codecs = wasm();
  return codecs?.canExpand(end - start, size)
    ? codecs.lzfDecompress(input, start, end, into, at, size)
    : lzf.lzfDecompress(input, start, end, into, at, size);
};

/**
 * Compresses `input[start, end)`, at most {@link lz4.LZ4_BLOCK_MAX} bytes, with LZ4 into `into[at, at + limit)`.
 *
 * @param limit most bytes the result may have; `into` must have room for them.
 * @returns the size of the result in bytes, or 0 when it does not fit in the limit.
 * @throws RangeError for a larger block.
 */
export const lz4Compress: Compress = (input, start, end, into, at, limit) => {
  const codecs = wasm();
  return codecs !== undefined && end - start <= lz4.LZ4_BLOCK_MAX
    ? codecs.lz4Compress(input, start, end, into, at, limit)
    : lz4.lz4Compress(input, start, end, into, at, limit);
};

/**
 * Expands the LZ4 block `input[start, end)` into `into[at, at + size)`. Reads and writes nothing outside of the two, and
 * writes nothing at all where the input is not well formed.
 *
 * @returns whether the input is well formed and expands to exactly `size` bytes.
 */
export const lz4Decompress: Decompress = (input, start, end, into, at, size) => {
  const codecs = wasm();
  return codecs?.canExpand(end - start, size)
    ? codecs.lz4Decompress(input, start, end, into, at, size)
    : lz4.lz4Decompress(input, start, end, into, at, size);
};
