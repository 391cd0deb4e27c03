// The package has no types of its own. Only what is used is declared.
declare module 'lz4js' {
  interface Lz4Js {
    /** Most bytes that a block of `size` bytes may take. */
    compressBound(size: number): number;
    /**
     * Compresses `source[from, from + size)` into the front of `into`. The table remembers positions of `source` by hash
     * and is not cleared.
     *
     * @returns the size of the block.
     */
    compressBlock(source: Uint8Array, into: Uint8Array, from: number, size: number, table: Uint32Array): number;
    /**
     * Expands the block `source[from, from + size)` into `into[at…)`. Nothing is checked.
     *
     * @returns where in `into` the data ends.
     */
    decompressBlock(source: Uint8Array, into: Uint8Array, from: number, size: number, at: number): number;
  }
  const lz4: Lz4Js;
  export default lz4;
}
