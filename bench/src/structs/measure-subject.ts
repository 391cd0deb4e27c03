import { measure, median, ratio, shortRounds, spread, type Timing } from '../measure.js';
import { contendersFor, own, ownContenders } from './contenders.js';
import { type Subject, subjects } from './subjects.js';

/** A contender's figures for a structure. */
export interface Figure {
  readonly name: string;
  /** Nanoseconds, median over the rounds. */
  readonly ns: number;
  /** Half the distance between the quartiles, relative to the median. */
  readonly spread: number;
  /** Time relative to the generated function, median of the rounds' ratios. */
  readonly ratio: number;
}

/** What was measured for a structure in one direction. */
export interface SubjectResult {
  readonly subject: string;
  readonly wide: Subject['wide'];
  readonly bytes: number;
  /** Why no target against the peers is held against it. */
  readonly untargeted?: string | undefined;
  readonly direction: 'put' | 'get';
  readonly figures: readonly Figure[];
  /** The call with markers relative to the generated function, after the other classes have gone through the call. */
  readonly markersAmongMany: number;
  /** Peers that are measured without being counted. */
  readonly uncounted: readonly string[];
  readonly absent: Readonly<Record<string, string>>;
}

/** Measures one structure. Meant for a process of its own, which no other structure's types have passed. */
export function measureSubject(subject: Subject): SubjectResult[] {
  const contenders = contendersFor(subject);
  const results = (['put', 'get'] as const).map((direction) => {
    const timings = measure(contenders[direction], shortRounds);
    return { direction, figures: timings.map((timing) => figure(timing, timings)) };
  });
  meetOthers(subject);
  const { name, wide, bytes, untargeted } = subject;
  const { uncounted, absent } = contenders;
  return results.map((result) => {
    const timings = measure(ownContenders(subject)[result.direction], shortRounds);
    const markersAmongMany = ratio(find(timings, own.markers), find(timings, own.generated));
    return { subject: name, wide, bytes, untargeted, ...result, markersAmongMany, uncounted, absent };
  });
}

/** Sends the other classes through the calls that all classes share. */
function meetOthers(subject: Subject): void {
  for (const other of subjects) {
    if (other === subject) continue;
    const { put, get } = ownContenders(other);
    for (const { run } of [...put, ...get]) run(2000);
  }
}

function find(timings: readonly Timing[], name: string): Timing {
  return timings.find((timing) => timing.name === name)!;
}

function figure(timing: Timing, timings: readonly Timing[]): Figure {
  const { name, rounds } = timing;
  return { name, ns: median(rounds), spread: spread(rounds), ratio: ratio(timing, find(timings, own.generated)) };
}
