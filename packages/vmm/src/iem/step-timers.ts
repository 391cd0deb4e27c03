import { SsmError } from '@ssmkit/runtime';
import { ManualTimers } from '../emt/index.js';

/** What counts the steps: a CPU. */
export interface StepCounter {
  /** Steps of the run that is under way; 0 between runs. */
  readonly stepsInRun: number;
}

/**
 * Time that goes by because a CPU executes, and by nothing else: each step takes the same. The same guest then does the
 * same at the same step, each time it is run, and wherever it was saved in between.
 */
export class StepTimers extends ManualTimers {
  /** Nanoseconds of a step. */
  readonly stepTime: bigint;
  #counter: StepCounter = { stepsInRun: 0 };

  /** @throws SsmError VERR_INVALID_PARAMETER for less than a nanosecond. */
  constructor(stepTime: bigint) {
    super();
    if (stepTime < 1n) throw new SsmError('VERR_INVALID_PARAMETER', `a step cannot take ${stepTime} ns`);
    this.stepTime = stepTime;
  }

  override now(): bigint {
    return super.now() + BigInt(this.#counter.stepsInRun) * this.stepTime;
  }

  /** Whose steps count. */
  follow(counter: StepCounter): void {
    this.#counter = counter;
  }

  /** Steps until something is due: the last one ends when it is, or after. `undefined` when nothing is waited for. */
  get stepsLeft(): number | undefined {
    const { nextAt } = this;
    if (nextAt === undefined) return undefined;
    const left = nextAt - this.now();
    return left > 0n ? Number((left + this.stepTime - 1n) / this.stepTime) : 0;
  }

  /** So many steps were made. @returns whether somebody was called for whom that was time. */
  passSteps(steps: number): boolean {
    return this.advance(BigInt(steps) * this.stepTime) > 0;
  }

  /** Whether anything is waited for. */
  get waits(): boolean {
    return this.waiting > 0;
  }

  /** Nothing is executed: time goes on to what is waited for next. @returns as {@link passSteps}. */
  skip(): boolean {
    const { nextAt } = this;
    if (nextAt === undefined) return false;
    const left = nextAt - this.now();
    return this.advance(left > 0n ? left : 0n) > 0;
  }
}
