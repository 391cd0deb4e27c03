/*
 * What a careful programmer writes by hand for the same streams: one reservation, constant offsets, DataView.
 */

export * from './cpu.js';
export * from './cpu-pairs.js';
export * from './network.js';
export * from './network-array-pairs.js';
export * from './network-pairs.js';
export * from './timer.js';
export * from './timer-pairs.js';
