import type { Executor, InfoStatus, ManualTimers, Slice } from '../emt/index.js';
import type { TimeManager } from '../tm/index.js';
import type { VirtualCpu } from '../vm/index.js';
import type { Cpu8086 } from './cpu.js';

/** Time that goes by because the guest is executed, and by nothing else. */
export interface StepClock {
  /** The VM's own timers, which the executor moves on. */
  readonly timers: ManualTimers;
  /** Nanoseconds a step takes, 1 or more; 210 is an 8086 of 4.77 MHz that finds its instructions simple. */
  readonly stepTime: bigint;
}

/** Steps between two looks at what else is wanted: some 100 µs. */
const STEPS = 4096;
/** Looks in a slice: then the execution cap, and the host, have their say. */
const LOOKS = 64;

/**
 * Executes the guest on an 8086. The level of INTR is whether an interrupt of the PIC waits.
 *
 * With a {@link StepClock} each step takes the same time, timers fall due between two exact steps, and a CPU that has
 * halted skips the time until the next: the same guest does the same at the same step, each time it is run.
 */
export class Executor8086 implements Executor {
  readonly cpu: Cpu8086;
  readonly #virtualCpu: VirtualCpu;
  readonly #clock: StepClock | undefined;
  readonly #time: () => TimeManager | undefined;

  constructor(cpu: Cpu8086, virtualCpu: VirtualCpu, time: () => TimeManager | undefined, clock?: StepClock) {
    this.cpu = cpu;
    this.#virtualCpu = virtualCpu;
    this.#time = time;
    this.#clock = clock;
  }

  interruptsChanged(): void {
    const { cpu } = this;
    const virtualCpu = this.#virtualCpu;
    cpu.interruptLine = virtualCpu.isPending('PIC');
    if (!virtualCpu.isPending('NMI')) return;
    cpu.raiseNmi();
    virtualCpu.setPending('NMI', false);
  }

  attention(): void {
    this.cpu.stop();
  }

  run(slice: Slice): InfoStatus {
    this.interruptsChanged();
    return this.#clock === undefined ? this.#run(slice) : this.#runClocked(slice, this.#clock);
  }

  #run(slice: Slice): InfoStatus {
    const { cpu } = this;
    for (let i = 0; i < LOOKS; i++) {
      cpu.run(STEPS);
      if (cpu.idle) return 'VINF_EM_HALT';
      if (slice.wanted) break;
    }
    return 'VINF_SUCCESS';
  }

  #runClocked(slice: Slice, { timers, stepTime }: StepClock): InfoStatus {
    const { cpu } = this;
    for (let i = 0; i < LOOKS; i++) {
      const left = this.#timeLeft(timers);
      if (cpu.idle) {
        if (left === undefined) return 'VINF_EM_HALT';
        timers.advance(left);
        break;
      }
      // A step that begins before something falls due ends after it.
      const stepsLeft = left === undefined ? STEPS : Number((left + stepTime - 1n) / stepTime);
      timers.advance(BigInt(cpu.run(Math.min(STEPS, stepsLeft))) * stepTime);
      if (slice.wanted) break;
    }
    return 'VINF_SUCCESS';
  }

  /** Nanoseconds until a timer of the VM falls due. */
  #timeLeft(timers: ManualTimers): bigint | undefined {
    const deadline = this.#time()?.deadline;
    if (deadline === undefined) return undefined;
    const left = deadline - timers.now();
    return left > 0n ? left : 0n;
  }
}
