import type { HostClock } from '../emt/host-clock.js';
import { divideUp } from './clocks.js';

/**
 * The virtual clock: nanoseconds that the VM has run, at the speed that the warp drive gives.
 *
 * Reading it changes nothing, so that nobody can tell from the time who else has looked at the clock.
 */
export class VirtualClock {
  readonly #host: HostClock;
  #warp: bigint;
  #ticking = false;
  /** The time when the clock began to tick, or stopped. */
  #base = 0n;
  /** The host's time when it began to tick. */
  #start = 0n;

  constructor(host: HostClock, warp: bigint) {
    this.#host = host;
    this.#warp = warp;
  }

  get ticking(): boolean {
    return this.#ticking;
  }

  /** Percent of the host's speed. */
  get warp(): bigint {
    return this.#warp;
  }

  set warp(percentage: bigint) {
    this.#rebase(this.read());
    this.#warp = percentage;
  }

  read(): bigint {
    return this.#ticking ? this.#base + ((this.#host.now() - this.#start) * this.#warp) / 100n : this.#base;
  }

  resume(): void {
    this.#rebase(this.#base);
    this.#ticking = true;
  }

  pause(): void {
    this.#base = this.read();
    this.#ticking = false;
  }

  /** Goes to a time: that of a saved state. */
  load(time: bigint): void {
    this.#rebase(time);
  }

  /** The host's time when this clock, as it ticks now, gets to a time; `undefined` while it is paused. */
  hostTimeOf(time: bigint): bigint | undefined {
    return this.#ticking ? this.#start + divideUp((time - this.#base) * 100n, this.#warp) : undefined;
  }

  #rebase(time: bigint): void {
    this.#base = time;
    this.#start = this.#host.now();
  }
}
