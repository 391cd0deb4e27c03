import type { CpuActivity, Emt, Executor, GuestCpu } from '../emt/index.js';

/** A virtual CPU of a VM. */
export class VirtualCpu implements GuestCpu {
  readonly id: number;
  readonly emt: Emt;
  /** Whether the CPU takes part in the machine's life (`VMCPUSTATE`). */
  state: 'STOPPED' | 'STARTED' = 'STOPPED';
  activity: CpuActivity = 'NONE';
  #executor: Executor | undefined;

  constructor(id: number, emt: Emt) {
    this.id = id;
    this.emt = emt;
  }

  /** What executes the guest on this CPU; without one nothing does. */
  get executor(): Executor | undefined {
    return this.#executor;
  }

  set executor(executor: Executor | undefined) {
    this.#executor = executor;
    this.wake();
  }

  /** An interrupt or the like has come: the CPU goes on if it has halted. */
  wake(): void {
    this.activity = 'NONE';
    this.emt.poke();
  }
}
