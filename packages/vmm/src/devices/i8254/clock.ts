/** Clock of the counters, in Hz: a twelfth of 14.31818 MHz. */
export const PIT_HZ = 1_193_182n;

const NS = 1_000_000_000n;

/**
 * Clock edges in so many nanoseconds. Counters have the edge that loads them as their own origin, so that times never
 * drift: edge n is at `nsOf(n)`, whatever was read or delivered before.
 */
export function clocksIn(ns: bigint): bigint {
  const product = ns * PIT_HZ;
  const clocks = product / NS;
  return product < 0n && clocks * NS !== product ? clocks - 1n : clocks;
}

/** Nanoseconds until so many clock edges have come, rounded up: real states have the times of their interrupts so. */
export function nsOf(clocks: bigint): bigint {
  return (clocks * NS + PIT_HZ - 1n) / PIT_HZ;
}
