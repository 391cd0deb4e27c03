import { SsmError } from '@ssmkit/runtime';
import { clocks } from './clocks.js';

/** The time stamp counter of a virtual CPU: the virtual-sync clock in the CPU's frequency, since the CPU has run. */
export class CpuTicks {
  readonly #idCpu: number;
  readonly #source: () => bigint;
  #ticking = false;
  /** The counter while it is paused; what is added to the source while it ticks. */
  #base = 0n;

  /** @param source ticks of the virtual-sync clock in the CPU's frequency. */
  constructor(idCpu: number, source: () => bigint) {
    this.#idCpu = idCpu;
    this.#source = source;
  }

  get ticking(): boolean {
    return this.#ticking;
  }

  /** 64 bits. */
  read(): bigint {
    return BigInt.asUintN(64, this.#ticking ? this.#source() + this.#base : this.#base);
  }

  /** The guest writes it, or a state is loaded. */
  set(ticks: bigint): void {
    this.#base = this.#ticking ? ticks - this.#source() : ticks;
  }

  /** @throws SsmError VERR_TM_TSC_ALREADY_TICKING. */
  resume(): void {
    if (this.#ticking) throw new SsmError('VERR_TM_TSC_ALREADY_TICKING', `the TSC of CPU ${this.#idCpu} is ticking`);
    this.#base -= this.#source();
    this.#ticking = true;
  }

  /** @throws SsmError VERR_TM_TSC_ALREADY_PAUSED. */
  pause(): void {
    if (!this.#ticking) throw new SsmError('VERR_TM_TSC_ALREADY_PAUSED', `the TSC of CPU ${this.#idCpu} is paused`);
    this.#base = this.read();
    this.#ticking = false;
  }
}

/** Nanoseconds of virtual time as ticks of a CPU. */
export function cpuTicksOf(time: bigint, frequency: bigint): bigint {
  return (time * frequency) / clocks.VIRTUAL_SYNC.frequency;
}
