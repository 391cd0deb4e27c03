import type { Executor, InfoStatus, Slice } from '../emt/index.js';
import type { VirtualCpu } from '../vm/index.js';
import type { Cpu8086 } from './cpu.js';
import type { StepTimers } from './step-timers.js';

/** Steps between two looks at what else is wanted: some 100 µs. */
const STEPS = 4096;
/** Looks in a slice: then the execution cap, and the host, have their say. */
const LOOKS = 64;

/**
 * Executes the guest on an 8086. The level of INTR is whether an interrupt of the PIC waits.
 *
 * With {@link StepTimers} timers fall due between two exact steps, and a CPU that has halted skips the time until the next.
 * They are the host's timers all the same: what they call is on no EMT.
 */
export class Executor8086 implements Executor {
  readonly cpu: Cpu8086;
  readonly #virtualCpu: VirtualCpu;
  readonly #clock: StepTimers | undefined;

  constructor(cpu: Cpu8086, virtualCpu: VirtualCpu, clock?: StepTimers) {
    this.cpu = cpu;
    this.#virtualCpu = virtualCpu;
    this.#clock = clock;
    clock?.follow(cpu);
    // What is waited for may be due before the run that is under way would end.
    if (clock !== undefined) clock.onArmed = () => cpu.stop();
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

  run(slice: Slice): InfoStatus | Promise<InfoStatus> {
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

  async #runClocked(slice: Slice, clock: StepTimers): Promise<InfoStatus> {
    const { cpu } = this;
    const { context } = slice;
    for (let i = 0; i < LOOKS && !slice.wanted; i++) {
      if (cpu.idle && !clock.waits) return 'VINF_EM_HALT';
      const steps = cpu.idle ? undefined : cpu.run(Math.min(STEPS, clock.stepsLeft ?? STEPS));
      const called = context.outside(() => (steps === undefined ? clock.skip() : clock.passSteps(steps)));
      // Somebody other than the VM's timers may have begun something, which is to come to effect at this very step.
      if (called && !slice.wanted) await clock.turn();
    }
    return 'VINF_SUCCESS';
  }
}
