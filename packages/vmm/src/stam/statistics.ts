import { SsmError } from '@ssmkit/runtime';
import type { Json } from '@ssmkit/schema';
import { comparePaths, sizeOfString, sortedIndex } from '../iprt/name-order.js';
import { matchesPatterns } from '../iprt/simple-pattern.js';
import { formOf } from './forms.js';
import { type SampleOf, type SampleType, type SampleVisibility, sampleTypes, sampleVisibilities } from './types.js';
import { type SampleUnit, sampleUnits } from './units.js';

/** Most bytes of a name (`VirtualBox 7.2 STAMR3.cpp`). */
const NAME_MAX = 239;
/** Width of names in a dump, as in release logs; longer ones push the rest of their line. */
const NAME_WIDTH = 42;

/** A sample to register. */
export interface SampleRegistration<T extends SampleType = SampleType> {
  /** Path, such as `/PDM/Queue/DevHlp/Insert`. */
  readonly name: string;
  readonly type: T;
  readonly sample: SampleOf<T>;
  /** Default `none`. */
  readonly unit?: SampleUnit;
  /** Default `always`. */
  readonly visibility?: SampleVisibility;
  readonly description?: string;
}

/** A registered sample. */
export interface SampleEntry {
  readonly name: string;
  readonly type: SampleType;
  readonly sample: SampleOf<SampleType>;
  readonly unit: SampleUnit;
  readonly visibility: SampleVisibility;
  readonly description: string;
}

/** A sample as JSON: what it is, and `value`, or `a` and `b`, or the members of a profile; 64-bit integers are texts. */
export type SampleJson = { readonly name: string; readonly type: string } & { readonly [key: string]: Json };

/** The statistics of a VM: samples by name. */
export class Statistics {
  readonly #entries: SampleEntry[] = [];

  /**
   * Registers a sample, which keeps what it has counted so far.
   *
   * @throws SsmError VERR_INVALID_NAME for a name that is no path of components behind one slash each, VERR_OUT_OF_RANGE
   * for one of more than 239 bytes, VERR_ALREADY_EXISTS, VERR_INVALID_PARAMETER for an unknown type, unit or visibility.
   */
  register<T extends SampleType>(registration: SampleRegistration<T>): void {
    const { name, type, sample, unit = 'none', visibility = 'always', description = '' } = registration;
    checkName(name);
    for (const [table, key] of [
      [sampleTypes, type],
      [sampleUnits, unit],
      [sampleVisibilities, visibility],
    ] as const) {
      if (!Object.hasOwn(table, key)) throw new SsmError('VERR_INVALID_PARAMETER', `sample '${name}': no '${key}'`);
    }
    const at = sortedIndex(this.#entries, (other) => comparePaths(other.name, name) >= 0);
    if (this.#entries[at]?.name === name) {
      throw new SsmError('VERR_ALREADY_EXISTS', `there is a sample '${name}'`);
    }
    this.#entries.splice(at, 0, { name, type, sample, unit, visibility, description });
  }

  /** Removes the samples that a pattern names. @returns how many. */
  deregister(pattern: string): number {
    return this.#removeWhere(({ name }) => matchesPatterns(pattern, name));
  }

  /** Removes the samples whose names begin with a text. @returns how many. */
  deregisterByPrefix(prefix: string): number {
    return this.#removeWhere(({ name }) => name.startsWith(prefix));
  }

  /** Removes a sample under all of its names. @throws SsmError VERR_FILE_NOT_FOUND for one that is not registered. */
  deregisterSample(sample: object): void {
    if (this.#removeWhere((entry) => entry.sample === sample) === 0) {
      throw new SsmError('VERR_FILE_NOT_FOUND', 'the sample is not registered');
    }
  }

  /**
   * The samples that a pattern names, each once, in the order of their paths' components. `*` also crosses slashes;
   * several patterns stand between `|`; nothing, an empty pattern and `*` name all.
   */
  entries(pattern?: string): readonly SampleEntry[] {
    const isAll = pattern === undefined || pattern === '' || pattern === '*';
    return this.#entries.filter(({ name }) => isAll || matchesPatterns(pattern, name));
  }

  /** The sample of a name. */
  find(name: string): SampleEntry | undefined {
    const entry = this.#entries[sortedIndex(this.#entries, (other) => comparePaths(other.name, name) >= 0)];
    return entry?.name === name ? entry : undefined;
  }

  /**
   * Shows the samples of {@link entries} to a function, until it returns something other than 0.
   *
   * @returns what the last call returned; 0 without any.
   */
  enumerate(pattern: string | undefined, visit: (entry: SampleEntry) => number): number {
    for (const entry of this.entries(pattern)) {
      const result = visit(entry);
      if (result !== 0) return result;
    }
    return 0;
  }

  /** Clears the samples of {@link entries} that their type lets be cleared. Has nothing to do with a reset of the VM. */
  reset(pattern?: string): void {
    for (const entry of this.entries(pattern)) resetEntry(entry);
  }

  /** The samples of {@link entries}, a line each, without those that are shown only when used and are not. */
  dump(pattern?: string): string {
    return this.#shown(pattern)
      .map(({ name, type, sample, unit }) => {
        const isHex = 'isHex' in sampleTypes[type];
        return `${name.padEnd(NAME_WIDTH)} ${formOf(type).text(sample, unit, isHex)}\n`;
      })
      .join('');
  }

  /** {@link dump} between the two lines that mark it in a release log. */
  dumpToLog(pattern?: string): string {
    const begin = '************************* Statistics *************************';
    const end = '********************* End of statistics **********************';
    return `${begin}\n${this.dump(pattern)}${end}\n`;
  }

  /** The samples of {@link dump} as JSON. */
  toJson(pattern?: string): SampleJson[] {
    return this.#shown(pattern).map(({ name, type, sample, unit, visibility, description }) => ({
      name,
      type,
      unit,
      visibility,
      description,
      ...formOf(type).json(sample),
    }));
  }

  #shown(pattern: string | undefined): readonly SampleEntry[] {
    return this.entries(pattern).filter(
      ({ type, sample, visibility }) => visibility !== 'used' || !formOf(type).isUnused(sample),
    );
  }

  #removeWhere(isMeant: (entry: SampleEntry) => boolean): number {
    const kept = this.#entries.filter((entry) => !isMeant(entry));
    const removed = this.#entries.length - kept.length;
    this.#entries.splice(0, this.#entries.length, ...kept);
    return removed;
  }
}

function resetEntry({ type, sample }: SampleEntry): void {
  if (sampleTypes[type].isReset) formOf(type).clear(sample);
}

function checkName(name: string): void {
  const fail = (what: string) => new SsmError('VERR_INVALID_NAME', `sample '${name}': ${what}`);
  if (!name.startsWith('/')) throw fail('a name begins with a slash');
  if (sizeOfString(name) - 1 > NAME_MAX) {
    throw new SsmError('VERR_OUT_OF_RANGE', `sample '${name.slice(0, 40)}…': a name has at most ${NAME_MAX} bytes`);
  }
  if (name.slice(1).split('/').includes('')) throw fail('every slash has a name behind it');
  if (name.includes('\\')) throw fail('a name has no backslash');
}
