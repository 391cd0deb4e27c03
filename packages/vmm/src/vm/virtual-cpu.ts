import type { CpuActivity, Emt, Executor, GuestCpu } from '../emt/index.js';

/** What may interrupt a CPU: its forced actions of that kind (`VMCPU_FF_INTERRUPT_…`). */
export const interruptKinds = ['APIC', 'PIC', 'NMI', 'SMI'] as const;

export type InterruptKind = (typeof interruptKinds)[number];

/** A virtual CPU of a VM. */
export class VirtualCpu implements GuestCpu {
  readonly id: number;
  readonly emt: Emt;
  /** Whether the CPU takes part in the machine's life (`VMCPUSTATE`). */
  state: 'STOPPED' | 'STARTED' = 'STOPPED';
  activity: CpuActivity = 'NONE';
  readonly #pending = new Set<InterruptKind>();
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

  /** Whether an interrupt waits to be taken. */
  isPending(kind: InterruptKind): boolean {
    return this.#pending.has(kind);
  }

  /** An interrupt waits to be taken, which wakes the CPU, or no longer does. The executor is told at once. */
  setPending(kind: InterruptKind, pending: boolean): void {
    if (this.#pending.has(kind) === pending) return;
    if (pending) this.#pending.add(kind);
    else this.#pending.delete(kind);
    this.#executor?.interruptsChanged?.();
    if (pending) this.wake();
  }

  /** An interrupt or the like has come: the CPU goes on if it has halted. */
  wake(): void {
    this.activity = 'NONE';
    this.emt.poke();
  }
}
