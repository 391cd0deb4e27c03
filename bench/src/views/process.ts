/* Measures objects and views of the structure whose index is the argument, and prints the figures as JSON. */

import { measure, median, ratio, shortRounds, spread, type Timing } from '../measure.js';
import { actions, viewContenders } from './contenders.js';
import { viewSubjects } from './subjects.js';

/** What was measured of an action. */
export interface ViewFigure {
  readonly action: string;
  /** Nanoseconds, medians over the rounds. */
  readonly object: number;
  readonly view: number;
  /** Time of the view relative to the object, median of the rounds' ratios. */
  readonly ratio: number;
  /** Half the distance between the quartiles of the view's times, relative to their median. */
  readonly spread: number;
}

const contenders = viewContenders(viewSubjects[Number(process.argv[2])]!);
const figures = actions.map((action): ViewFigure => {
  const [object, view] = measure(contenders[action], shortRounds) as [Timing, Timing];
  const { rounds } = view;
  return {
    action,
    object: median(object.rounds),
    view: median(rounds),
    ratio: ratio(view, object),
    spread: spread(rounds),
  };
});
process.stdout.write(JSON.stringify(figures));
