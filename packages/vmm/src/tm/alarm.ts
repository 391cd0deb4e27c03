import type { SsmError } from '@ssmkit/runtime';
import type { Emt, EmtContext, EmtStep, HostTimers, Outcome } from '../emt/index.js';
import { hasFailed } from '../emt/outcome.js';
import type { TimeManager } from './time-manager.js';

/**
 * Wakes somebody when timers are due: a timer of the host for the first deadline.
 *
 * A deadline that moves back does not move the alarm: it goes off in vain, without waking anybody, and is set again. So a
 * device that moves its timer at every access costs no timers of the host.
 */
export class TimerAlarm {
  readonly #tm: TimeManager;
  readonly #timers: HostTimers;
  readonly #wake: () => void;
  readonly #unlisten: () => void;
  #at: bigint | undefined;
  #cancel: (() => void) | undefined;

  constructor(tm: TimeManager, timers: HostTimers, wake: () => void) {
    this.#tm = tm;
    this.#timers = timers;
    this.#wake = wake;
    this.#unlisten = tm.onChange(() => this.#set());
    this.#set();
  }

  /** The alarm goes off no more. */
  stop(): void {
    this.#unlisten();
    this.#disarm();
  }

  #set(): void {
    const { deadline } = this.#tm;
    if (deadline === undefined) {
      this.#disarm();
      return;
    }
    if (this.#at !== undefined && this.#at <= deadline) return;
    this.#disarm();
    this.#at = deadline;
    const delay = deadline - this.#timers.now();
    this.#cancel = this.#timers.after(delay > 0n ? delay : 0n, () => this.#ring());
  }

  #ring(): void {
    this.#at = undefined;
    this.#cancel = undefined;
    if (this.#tm.due) this.#wake();
    else this.#set();
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = undefined;
  }
}

/** What delivering timers needs of a VM. */
export interface TimerStepOptions {
  readonly tm: TimeManager;
  /** Whether the VM runs: else timers of no clock are delivered, not even of the real one. Default: always. */
  readonly isRunning?: () => boolean;
  /** A callback has failed. Its timer counts as delivered. */
  onFailure(context: EmtContext, failure: SsmError): void;
}

/**
 * What an EMT does about timers: those of the timer EMT deliver what is due, between two slices of the guest. A slice that
 * is under way sees by `wanted` that it has become due.
 */
export function timerStep({ tm, isRunning = () => true, onFailure }: TimerStepOptions): EmtStep {
  return {
    name: 'timers',
    pending: (emt: Emt) => emt.id === tm.timerCpu && isRunning() && tm.due,
    serve: async (emt: Emt): Promise<Outcome> => {
      const outcome = await emt.perform('timers', () => {
        tm.run();
      });
      if (hasFailed(outcome)) await emt.perform('a failed timer', (context) => onFailure(context, outcome));
      return outcome;
    },
  };
}
