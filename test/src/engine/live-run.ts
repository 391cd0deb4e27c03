import {
  type LiveSave,
  type LiveSaveOptions,
  liveSave,
  type Registry,
  type Sink,
  type SsmError,
} from '@ssmkit/runtime';
import { failureOf } from './script.js';

/** How a live save went. */
export interface LiveRun {
  /** The first failure of its steps. */
  readonly failure: SsmError | undefined;
  /** What each step ended with, as far as it was taken: `step1 VERR_TIMEOUT, done VERR_TIMEOUT`. */
  readonly steps: string;
}

/** What a machine does between the steps. */
export interface Between {
  /** The machine is stopped: step 1 is over. */
  stopped?: (save: LiveSave) => void;
}

/** Saves a machine that runs, as a program does: step after step, and `done` whatever happens. */
export async function saveLive(
  registry: Registry,
  sink: Sink,
  options: LiveSaveOptions = {},
  { stopped }: Between = {},
): Promise<LiveRun> {
  const steps: string[] = [];
  let first: SsmError | undefined;
  const take = async (name: string, step: () => unknown): Promise<boolean> => {
    const failure = await failureOf(step);
    first ??= failure;
    steps.push(failure === undefined ? name : `${name} ${failure.status}`);
    return failure === undefined;
  };
  let save: LiveSave | undefined;
  const begun = await failureOf(async () => {
    save = await liveSave(registry, sink, options);
  });
  if (save === undefined) return { failure: begun, steps: `liveSave ${begun?.status}` };
  const live = save;
  if (await take('step1', () => live.step1())) {
    stopped?.(live);
    await take('step2', () => live.step2());
  }
  await take('done', () => live.done());
  return { failure: first, steps: steps.join(', ') };
}
