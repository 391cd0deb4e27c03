import { SsmError } from '@ssmkit/runtime';
import type { HostTimers } from '../../emt/index.js';
import { Counter, type Statistics } from '../../stam/index.js';

/*
 * Tasks: small pieces of work that are done soon, on no EMT (`PDMDevHlpTaskCreate`; the specification has no more than the
 * names of the helpers, so that the rules are ours). A task that is triggered again before it has begun is done once; one
 * that is triggered while it runs is done once more.
 */

/** Characters of a name, as of queues. */
const NAME_MAX = 39;

export class PdmTask {
  readonly name: string;
  readonly #run: () => void | Promise<void>;
  readonly #host: Tasks;
  #isTriggered = false;
  #isRunning = false;
  #isGone = false;
  /** Runs, and triggers that found one waiting. */
  readonly counts = { runs: new Counter(), alreadyTriggered: new Counter() };

  /** For {@link Tasks.create}. */
  constructor(host: Tasks, name: string, run: () => void | Promise<void>) {
    this.#host = host;
    this.name = name;
    this.#run = run;
  }

  /** Has the task done soon. @throws SsmError VERR_INVALID_HANDLE when it is gone. */
  trigger(): void {
    if (this.#isGone) throw new SsmError('VERR_INVALID_HANDLE', `task '${this.name}' is gone`);
    if (this.#isTriggered) {
      this.counts.alreadyTriggered.inc();
      return;
    }
    this.#isTriggered = true;
    if (!this.#isRunning) void this.#work();
  }

  /** The task is no more; one that runs ends. */
  destroy(): void {
    this.#isGone = true;
    this.#host.forget(this);
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    while (this.#isTriggered) {
      await this.#host.timers.turn();
      if (this.#isGone) break;
      this.#isTriggered = false;
      this.counts.runs.inc();
      try {
        await this.#run();
      } catch (error) {
        this.#host.log(`PDM: task '${this.name}' failed: ${String(error)}`);
      }
    }
    this.#isRunning = false;
  }
}

/** The tasks of a VM. */
export class Tasks {
  readonly timers: Pick<HostTimers, 'turn'>;
  readonly log: (line: string) => void;
  readonly #statistics: Statistics;
  readonly #tasks: PdmTask[] = [];

  constructor(timers: Pick<HostTimers, 'turn'>, statistics: Statistics, log: (line: string) => void) {
    this.timers = timers;
    this.#statistics = statistics;
    this.log = log;
  }

  get count(): number {
    return this.#tasks.length;
  }

  /** @throws SsmError VERR_INVALID_NAME, VERR_DUPLICATE, VERR_INVALID_POINTER without a function. */
  create(name: string, run: () => void | Promise<void>): PdmTask {
    if (typeof run !== 'function') throw new SsmError('VERR_INVALID_POINTER', `task '${name}' has nothing to do`);
    if (name === '' || name.length > NAME_MAX || /[/\\]/.test(name)) {
      throw new SsmError('VERR_INVALID_NAME', `'${name}' is no name of a task`);
    }
    if (this.#tasks.some((task) => task.name === name)) {
      throw new SsmError('VERR_DUPLICATE', `there is a task '${name}'`);
    }
    const task = new PdmTask(this, name, run);
    this.#tasks.push(task);
    for (const [key, sample] of [
      ['Runs', task.counts.runs],
      ['AlreadyTriggered', task.counts.alreadyTriggered],
    ] as const) {
      this.#statistics.register({ name: `/PDM/Task/${name}/${key}`, type: 'counter', sample, unit: 'occurences' });
    }
    return task;
  }

  /** For {@link PdmTask.destroy}. */
  forget(task: PdmTask): void {
    const at = this.#tasks.indexOf(task);
    if (at < 0) return;
    this.#tasks.splice(at, 1);
    this.#statistics.deregisterByPrefix(`/PDM/Task/${task.name}/`);
  }
}
