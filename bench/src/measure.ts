/*
 * Measuring
 *
 * Machines are noisy and differ; ratios of things measured side by side do not, much. Every round runs each contender
 * once, in an order that changes; a ratio is the median over the rounds of the ratios within a round.
 */

/** Something that is measured: `run(n)` does its work n times. */
export interface Contender {
  readonly name: string;
  readonly run: (times: number) => unknown;
}

/** Nanoseconds for one time of the work, round by round. */
export interface Timing {
  readonly name: string;
  readonly rounds: readonly number[];
}

export interface MeasureOptions {
  /** Rounds; more on noisy machines. */
  rounds?: number;
  /** How long a contender runs in a round, in milliseconds. */
  milliseconds?: number;
}

let sink: unknown;

/** Runs contenders in turns. */
export function measure(contenders: readonly Contender[], options: MeasureOptions = {}): Timing[] {
  const { rounds = 9, milliseconds = 12 } = options;
  const times = contenders.map(({ run }) => calibrate(run, milliseconds));
  const results = contenders.map(({ name }) => ({ name, rounds: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const index = (i + round) % contenders.length;
      const n = times[index] as number;
      const start = process.hrtime.bigint();
      sink = contenders[index]!.run(n);
      results[index]!.rounds.push(Number(process.hrtime.bigint() - start) / n);
    }
  }
  return results;
}

/** How many times fill the time of a round, found while the code gets hot. */
function calibrate(run: (times: number) => unknown, milliseconds: number): number {
  let n = 64;
  for (;;) {
    const start = performance.now();
    sink = run(n);
    const took = performance.now() - start;
    if (took >= milliseconds) return n;
    n = Math.ceil(took < milliseconds / 10 ? n * 4 : (n * milliseconds * 1.1) / took);
  }
}

/** Keeps results from being optimised away. */
export function lastResult(): unknown {
  return sink;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median over the rounds of a / b. */
export function ratio(a: Timing, b: Timing): number {
  return median(a.rounds.map((time, round) => time / b.rounds[round]!));
}

/** The contender that is fastest by its median. */
export function fastest(timings: readonly Timing[]): Timing {
  return timings.reduce((best, timing) => (median(timing.rounds) < median(best.rounds) ? timing : best));
}
