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
  /** How long a contender runs in a round, in milliseconds: less than what a scheduler gives to one process at a time. */
  milliseconds?: number;
  /** How long a contender runs before, in milliseconds, so that its code is compiled. */
  warmUp?: number;
}

/**
 * A loop around an expression over the names in `scope`. Each is compiled for itself, so that no contender runs in code
 * that has learnt another one's types.
 */
export function loop(expression: string, scope: Readonly<Record<string, unknown>>): (times: number) => unknown {
  const body = `return (times) => { let last; for (let i = 0; i < times; i++) last = ${expression}; return last; };`;
  return new Function(...Object.keys(scope), body)(...Object.values(scope));
}

/** Rounds for work of nanoseconds, so short that other programs seldom get the processor in one of them. */
export const shortRounds: MeasureOptions = { rounds: 301, milliseconds: 0.5 };

let sink: unknown;

/** Runs contenders in turns. */
export function measure(contenders: readonly Contender[], options: MeasureOptions = {}): Timing[] {
  const { rounds = 51, milliseconds = 4, warmUp = 80 } = options;
  const times = contenders.map(({ run }) => calibrate(run, milliseconds, warmUp));
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
function calibrate(run: (times: number) => unknown, milliseconds: number, warmUp: number): number {
  const begin = performance.now();
  let n = 64;
  for (;;) {
    // The fastest of some runs: an interrupted one would make all rounds too short.
    const took = Math.min(...Array.from({ length: 3 }, () => millisecondsOf(run, n)));
    if (performance.now() - begin >= warmUp && took >= milliseconds / 2) return Math.ceil((n * milliseconds) / took);
    if (took < milliseconds) n *= 2;
  }
}

function millisecondsOf(run: (times: number) => unknown, times: number): number {
  const start = performance.now();
  sink = run(times);
  return performance.now() - start;
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

/** Half the distance between the quartiles, relative to the median: how much the rounds differ. */
export function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)]!;
  return (at(0.75) - at(0.25)) / 2 / median(values);
}

/** The contender that is fastest by its median. */
export function fastest(timings: readonly Timing[]): Timing {
  return timings.reduce((best, timing) => (median(timing.rounds) < median(best.rounds) ? timing : best));
}
