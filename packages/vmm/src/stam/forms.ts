import type { Json } from '@ssmkit/schema';
import type { Counter, Profile } from './samples.js';
import { type Callback, type Cell, type Ratio, type SampleType, sampleTypes } from './types.js';
import { type SampleUnit, unitTexts } from './units.js';

/*
 * How samples look, by shape: as text in a dump, as JSON, whether they are zero, and how they are cleared. Numbers and
 * profiles are as in a release log of VirtualBox 7.2; that has no ratios and booleans, which follow the numbers' column.
 */

interface Form<S> {
  /** Value and unit in a line of a dump. */
  text(sample: S, unit: SampleUnit, isHex: boolean): string;
  json(sample: S): { readonly [key: string]: Json };
  /** Whether nothing has happened; samples that are shown only when used are left out then. */
  isUnused(sample: S): boolean;
  clear(sample: S): void;
}

const VALUE_WIDTH = 9;

const value = (shown: bigint | number, isHex = false) => shown.toString(isHex ? 16 : 10).padStart(VALUE_WIDTH);

const counter: Form<Counter> = {
  text: (sample, unit) => `${value(sample.value)} ${unitTexts(unit).text}`,
  json: (sample) => ({ value: sample.value }),
  isUnused: (sample) => sample.value === 0,
  clear: (sample) => sample.reset(),
};

const profile: Form<Profile> = {
  text: (sample, unit) => {
    const { text, total, periods } = unitTexts(unit);
    // In logs the shortest is a signed number: before the first period it is -1.
    const shortest = BigInt.asIntN(64, sample.min);
    return (
      `${value(sample.average)} ${text} (${String(sample.ticks).padStart(12)} ${total}, ` +
      `${String(sample.periods).padStart(7)} ${periods}, max ${value(sample.max)}, min ${String(shortest).padStart(7)})`
    );
  },
  json: (sample) => ({
    average: String(sample.average),
    ticks: String(sample.ticks),
    periods: String(sample.periods),
    max: String(sample.max),
    min: sample.periods === 0n ? null : String(sample.min),
  }),
  isUnused: (sample) => sample.periods === 0n,
  clear: (sample) => sample.reset(),
};

const ratio: Form<Ratio> = {
  text: (sample, unit) => `${`${sample.a}:${sample.b}`.padStart(VALUE_WIDTH)} ${unitTexts(unit).text}`,
  json: ({ a, b }) => ({ a, b }),
  isUnused: (sample) => sample.a === 0 && sample.b === 0,
  clear: (sample) => {
    sample.a = 0;
    sample.b = 0;
  },
};

const callback: Form<Callback> = {
  text: (sample, unit) => `${sample.print()} ${unitTexts(unit).text}`,
  json: (sample) => ({ value: sample.print() }),
  isUnused: () => false,
  clear: (sample) => sample.reset?.(),
};

const number: Form<Cell<number>> = {
  text: (sample, unit, isHex) => `${value(sample.value, isHex)} ${unitTexts(unit).text}`,
  json: (sample) => ({ value: sample.value }),
  isUnused: (sample) => sample.value === 0,
  clear: (sample) => {
    sample.value = 0;
  },
};

const bigint: Form<Cell<bigint>> = {
  text: (sample, unit, isHex) => `${value(sample.value, isHex)} ${unitTexts(unit).text}`,
  json: (sample) => ({ value: String(sample.value) }),
  isUnused: (sample) => sample.value === 0n,
  clear: (sample) => {
    sample.value = 0n;
  },
};

const bool: Form<Cell<boolean>> = {
  text: (sample, unit) => `${String(sample.value).padStart(VALUE_WIDTH)} ${unitTexts(unit).text}`,
  json: (sample) => ({ value: sample.value }),
  isUnused: (sample) => !sample.value,
  clear: (sample) => {
    sample.value = false;
  },
};

const forms = { counter, profile, ratio, callback, number, bigint, bool };

/** How the samples of a type look. */
export function formOf(type: SampleType): Form<unknown> {
  return forms[sampleTypes[type].shape] as Form<unknown>;
}
