/*
 * The memory, as assembly/areas.ts says
 */

export const WASM_PAGE = 65536;

/** Where the memory is free to those who call: behind the tables that instances share. */
export const WASM_FREE = 0x14080;

/** Bytes of the area that each instance has for itself, a multiple of 64. */
export const WASM_OWN_SIZE = 0x8040;

/** Where in it is what functions tell besides their result: eight words. */
export const WASM_RESULT = 0x8000;

/** Bytes behind every place that functions may touch. */
export const WASM_SLACK = 64;
