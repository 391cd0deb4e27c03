import {
  type CallbackResult,
  type Progress,
  Registry,
  SsmError,
  type SsmFailure,
  type SsmStatus,
  statusCodes,
  type UnitCallbacks,
  type UnitRegistration,
} from '@ssmkit/runtime';

/*
 * A language for machines in tests
 *
 *     a#1(100): savePrep saveExec=VERR_NO_MEMORY saveDone
 *     b: liveExec=once liveVote=again,again,ready saveExec
 *
 * A line is a unit: name, instance, guess, and the callbacks it has. Without more, a callback does what units do: put a
 * byte, get a byte, agree. `=STATUS` has it return a status, `!STATUS` throw a failure, and of several, separated by
 * commas, the first call takes the first, and the last one stays.
 */

/** Short names of the statuses that votes and live passes are about. */
const shortNames: Readonly<Record<string, SsmStatus>> = {
  ready: 'VINF_SUCCESS',
  again: 'VINF_SSM_VOTE_FOR_ANOTHER_PASS',
  done: 'VINF_SSM_VOTE_DONE_DONT_CALL_AGAIN',
  stop: 'VERR_SSM_VOTE_FOR_GIVING_UP',
  once: 'VINF_SSM_DONT_CALL_AGAIN',
};

/** A callback as a test sees it: what it is called with depends on which one it is. */
type AnyCallback = (...args: never[]) => CallbackResult | Promise<CallbackResult>;

/** What units do where a test does not say: one byte each way. */
const usual: UnitCallbacks = {
  liveExec: (put, pass) => put.putU8(pass),
  saveExec: (put) => put.putU8(0xff),
  loadExec: (get) => void get.getU8(),
};

/** Callbacks of units by name, in the place of the usual ones. */
export type Deeds = Readonly<Record<string, UnitCallbacks>>;

/** What happens during an operation, in order: callbacks, percentages, and whatever else a test notes. */
export class Journal {
  readonly #entries: (readonly [run: string, who: string])[] = [];

  /** Notes a call of a run over the units. */
  call(run: string, who: string): void {
    this.#entries.push([run, who]);
  }

  /** Notes anything else. */
  note(text: string): void {
    this.#entries.push([text, '']);
  }

  /** How often a run has called somebody. */
  count(run: string, who: string): number {
    return this.#entries.filter((entry) => entry[0] === run && entry[1] === who).length;
  }

  /** `savePrep a b, saveExec a b, saveDone a b`. */
  get text(): string {
    const parts: string[] = [];
    let last = '';
    for (const [run, who] of this.#entries) {
      if (who === '' || run !== last) parts.push(`${run}${who && ` ${who}`}`);
      else parts[parts.length - 1] += ` ${who}`;
      last = who === '' ? '' : run;
    }
    return parts.join(', ');
  }
}

/** Whether callbacks are told the number of the pass, and where. */
const passArgument: Readonly<Record<string, number>> = { liveExec: 1, liveVote: 0, loadExec: 2 };

function passText(callback: string, args: readonly unknown[]): string {
  const at = passArgument[callback];
  const pass = at === undefined ? 0xffffffff : args[at];
  return pass === 0xffffffff ? callback : `${callback}@${pass}`;
}

function answerOf(word: string): () => SsmStatus {
  const thrown = word.startsWith('!');
  const name = thrown ? word.slice(1) : word;
  const status = shortNames[name] ?? (name as SsmStatus);
  if (!(status in statusCodes)) throw new Error(`no such status: ${word}`);
  if (!thrown) return () => status;
  return () => {
    throw new SsmError(status as SsmFailure, 'as the test wants it');
  };
}

/** The answers of a callback: `again,again,ready`. */
function answers(text: string): () => SsmStatus {
  const list = text.split(',').map(answerOf);
  let at = 0;
  return () => (list[Math.min(at++, list.length - 1)] as () => SsmStatus)();
}

const unitLine = /^(\S+?)(?:#(\d+))?(?: v(\d+))?(?:\((\d+)\))?(?::\s*(.*))?$/;
const callbackWord = /^(\w+?)(?:=([\w,!]+)|(![\w]+))?$/;

/** The registration that a line stands for. */
export function unitOf(line: string, journal: Journal, deeds: Deeds = {}): UnitRegistration {
  const match = unitLine.exec(line.trim());
  if (match === null) throw new Error(`not a unit: ${line}`);
  const [, name = '', instance = '0', version = '1', guess = '0', words = ''] = match;
  const who = instance === '0' ? name : `${name}#${instance}`;
  const unit: Record<string, unknown> = {
    name,
    instance: Number(instance),
    version: Number(version),
    guess: Number(guess),
  };
  for (const word of words.split(/\s+/).filter(Boolean)) {
    const [, key = '', returned, thrown] = callbackWord.exec(word) ?? [];
    const callback = key as keyof UnitCallbacks;
    const deed = (deeds[who]?.[callback] ?? usual[callback]) as AnyCallback | undefined;
    const said = returned ?? thrown;
    const answer = said === undefined ? undefined : answers(said);
    unit[callback] = (...args: never[]) => {
      journal.call(passText(callback, args), who);
      const done = deed?.(...args);
      return answer === undefined ? done : answer();
    };
  }
  return unit as unknown as UnitRegistration;
}

/** A machine: the units of the lines, in order. */
export function machine(lines: string, journal = new Journal(), deeds: Deeds = {}): Registry {
  const registry = new Registry();
  for (const line of lines.split('\n').filter((each) => each.trim() !== '')) {
    registry.register(unitOf(line, journal, deeds));
  }
  return registry;
}

/** The failure that a step ends with; `undefined` when it succeeds. Anything else that it throws passes. */
export async function failureOf(step: () => unknown): Promise<SsmError | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof SsmError) return error;
    throw error;
  }
}

/** Collects percentages, each when it is told the first time. */
export function percentages(): { onProgress: (progress: Progress) => void; readonly list: number[] } {
  const list: number[] = [];
  return {
    list,
    onProgress({ percent }) {
      if (list.at(-1) !== percent) list.push(percent);
    },
  };
}

/** `0 1 2…98 99 100`: runs of three and more are shortened. */
export function rangesOf(list: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < list.length; ) {
    let j = i;
    while (j + 1 < list.length && list[j + 1] === (list[j] as number) + 1) j++;
    if (j - i >= 2) parts.push(`${list[i]}…${list[j]}`);
    else parts.push(...list.slice(i, j + 1).map(String));
    i = j + 1;
  }
  return parts.join(' ');
}
