import type { SsmError } from '@ssmkit/runtime';
import type { EmtContext } from './context.js';
import type { Emt, EmtGuest } from './emt.js';
import { type HostTimers, NS_PER_MS } from './host-clock.js';
import { type Answer, hasFailed, type Outcome } from './outcome.js';

/** What an executor is told about the slice that it is to execute. */
export interface Slice {
  /** Number of the virtual CPU. */
  readonly idCpu: number;
  /** The EMT, for what the executor calls after an await. */
  readonly context: EmtContext;
  /** Whether the EMT has something more urgent to do: come back as soon as possible. */
  readonly wanted: boolean;
}

/**
 * Executes the guest on one virtual CPU: an interpreter, or whatever else.
 *
 * It should come back after a few milliseconds; everything else in the host's event loop waits meanwhile.
 *
 * @returns nothing or `VINF_SUCCESS`: there is more to execute; `VINF_EM_HALT`, `VINF_EM_WAIT_SIPI`: not before the CPU
 * is woken; other statuses for the execution manager: what it has called has told them, the state of the VM says the
 * rest. A failure is a guru meditation.
 */
export interface Executor {
  run(slice: Slice): Answer | Promise<Answer>;
  /** What interrupts wait to be taken has changed, perhaps in the middle of a slice, by an I/O access of the guest. */
  interruptsChanged?(): void;
  /** The EMT may be wanted for something else: a look at {@link Slice.wanted} is due. May be called during a slice. */
  attention?(): void;
}

/** What a virtual CPU does with its time (`EMSTATE`, as far as it matters outside of executing). */
export type CpuActivity = 'NONE' | 'EXECUTING' | 'HALTED' | 'WAIT_SIPI';

/** A virtual CPU as the EMT that executes it sees it. */
export interface GuestCpu {
  readonly executor: Executor | undefined;
  activity: CpuActivity;
}

export interface GuestOptions {
  timers: HostTimers;
  /** The virtual CPU, while the VM is running and the CPU is started. */
  runningCpu(emt: Emt): GuestCpu | undefined;
  /** Percentage of the time that CPUs may execute, 1…100. */
  executionCap(): number;
  /** An executor has failed. */
  onFailure(context: EmtContext, failure: SsmError): void;
}

/** The period over which the execution cap is kept. */
const CAP_PERIOD = 100n * NS_PER_MS;
/** After so much time, or so many slices, everything else in the host's event loop has its turn. */
const TURN_INTERVAL = 10n * NS_PER_MS;
const TURN_SLICES = 64;

/** What an EMT knows about the time it has used. */
interface Usage {
  periodStart: bigint;
  used: bigint;
  lastTurn: bigint;
  slices: number;
}

/** Executes the guest in slices, within the execution cap, and gives the rest of the host its turns. */
export class GuestExecution implements EmtGuest {
  readonly #options: GuestOptions;
  readonly #usage = new Map<Emt, Usage>();

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  mayRun(emt: Emt): boolean {
    const cpu = this.#options.runningCpu(emt);
    return cpu?.executor !== undefined && cpu.activity !== 'HALTED' && cpu.activity !== 'WAIT_SIPI';
  }

  poked(emt: Emt): void {
    this.#options.runningCpu(emt)?.executor?.attention?.();
  }

  async run(emt: Emt): Promise<void> {
    const { timers } = this.#options;
    const cpu = this.#options.runningCpu(emt);
    const executor = cpu?.executor;
    if (cpu === undefined || executor === undefined) return;
    const usage = this.#usageOf(emt);
    const allowed = (CAP_PERIOD * BigInt(this.#options.executionCap())) / 100n;
    const start = timers.now();
    if (start - usage.periodStart >= CAP_PERIOD) {
      usage.periodStart = start;
      usage.used = 0n;
    }
    if (usage.used >= allowed && allowed < CAP_PERIOD) {
      await this.#sleepUntil(emt, usage.periodStart + CAP_PERIOD);
      return;
    }
    cpu.activity = 'EXECUTING';
    const { runningCpu } = this.#options;
    const outcome = await emt.perform('the executor', (context) =>
      executor.run({
        idCpu: emt.id,
        context,
        get wanted() {
          return emt.wanted || runningCpu(emt) === undefined;
        },
      }),
    );
    usage.used += timers.now() - start;
    await this.#conclude(emt, cpu, outcome);
    await this.#giveTurn(usage);
  }

  async #conclude(emt: Emt, cpu: GuestCpu, outcome: Outcome): Promise<void> {
    if (hasFailed(outcome)) {
      await emt.perform('guru meditation', (context) => this.#options.onFailure(context, outcome));
    } else if (cpu.activity === 'EXECUTING') {
      // Whoever has woken the CPU meanwhile, or reset it, has the last word.
      if (outcome === 'VINF_EM_HALT') cpu.activity = 'HALTED';
      else if (outcome === 'VINF_EM_WAIT_SIPI') cpu.activity = 'WAIT_SIPI';
    }
  }

  #usageOf(emt: Emt): Usage {
    let usage = this.#usage.get(emt);
    if (usage === undefined) {
      const now = this.#options.timers.now();
      usage = { periodStart: now, used: 0n, lastTurn: now, slices: 0 };
      this.#usage.set(emt, usage);
    }
    return usage;
  }

  async #sleepUntil(emt: Emt, at: bigint): Promise<void> {
    const { timers } = this.#options;
    const cancel = timers.after(at - timers.now(), () => emt.poke());
    await emt.sleep();
    cancel();
  }

  async #giveTurn(usage: Usage): Promise<void> {
    const { timers } = this.#options;
    if (++usage.slices < TURN_SLICES && timers.now() - usage.lastTurn < TURN_INTERVAL) return;
    await timers.turn();
    usage.lastTurn = timers.now();
    usage.slices = 0;
  }
}
