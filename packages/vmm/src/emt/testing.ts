import type { SsmError } from '@ssmkit/runtime';
import type { EmtStep } from './emt.js';
import { Emts } from './emts.js';
import { type Executor, type GuestCpu, GuestExecution } from './executor.js';
import { ManualTimers } from './host-clock.js';

/** EMTs without a VM around them. */
export class Bench {
  readonly timers = new ManualTimers();
  readonly emts: Emts;
  readonly guests: (GuestCpu & { executor: Executor | undefined })[];
  readonly failures: SsmError[] = [];
  cap = 100;
  /** Whether all EMTs work on the shared queue. */
  shared = true;
  log: string[] = [];

  constructor(cpuCount = 1, steps: readonly EmtStep[] = []) {
    this.guests = Array.from({ length: cpuCount }, () => ({ executor: undefined, activity: 'NONE' as const }));
    this.emts = new Emts({
      cpuCount,
      timers: this.timers,
      steps,
      servesShared: (emt) => this.shared || emt.id === 0,
      guest: new GuestExecution({
        timers: this.timers,
        runningCpu: (emt) => this.guests[emt.id],
        executionCap: () => this.cap,
        onFailure: ({ idCpu }, failure) => {
          this.failures.push(failure);
          this.guests[idCpu]!.executor = undefined;
        },
      }),
    });
  }

  /** Lets everything happen that can without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await this.timers.turn();
  }

  /** Ends the EMTs. */
  async end(): Promise<void> {
    this.emts.terminate();
    await Promise.all(this.emts.emts.map(({ ended }) => ended));
  }
}

/** The status of what a promise fails with; `'no failure'` when it does not. */
export async function failureStatus(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no failure';
  } catch (error) {
    return (error as SsmError).status ?? String(error);
  }
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
