import { type Descriptor, StructFlags } from '../descriptor.js';
import { abiKey, type HostProfile } from '../host.js';
import { descriptorFor, type StateClass } from '../metadata.js';
import type { Api, RoundTripEngine, Way } from './engine.js';
import { hasOverlap, putAsTable, throughMemory } from './table-side.js';

/** One way of saving and loading. */
export interface Trial {
  readonly saved: HostProfile;
  readonly host: HostProfile;
  readonly api: Api;
  readonly flags: number;
  readonly version: number;
}

/** A difference between what is and what must be. */
export class Mismatch extends Error {
  constructor(
    problem: string,
    readonly trial: Trial,
    options?: ErrorOptions,
  ) {
    super(problem, options);
  }
}

/** The ways in which a class can be saved and loaded. */
export function waysOf(target: StateClass, engine: RoundTripEngine): readonly Way[] {
  return [
    'reflective',
    ...(engine.hasGenerated(target) ? (['generated'] as const) : []),
    ...(engine.hasView(target) ? (['view'] as const) : []),
  ];
}

/** What an object is saved as, by every way that there is; they must agree. */
export class Saver {
  readonly object: object;
  readonly #target: StateClass;
  readonly #descriptor: Descriptor;
  readonly #ways: readonly Way[];
  readonly #engine: RoundTripEngine;
  readonly #newest = new Map<string, Uint8Array>();
  readonly #older = new Map<string, Uint8Array>();
  #agreed: string | undefined;

  constructor(target: StateClass, engine: RoundTripEngine, object: object) {
    this.object = object;
    this.#target = target;
    this.#descriptor = descriptorFor(target);
    this.#ways = waysOf(target, engine);
    this.#engine = engine;
  }

  /** The unit's bytes for a trial. */
  bytes(trial: Trial): Uint8Array {
    const { saved, api, flags, version } = trial;
    if (this.#descriptor.shape === 'stream')
      return cached(this.#newest, `${abiKey(saved)} ${version}`, () => this.#put(trial));
    this.#agree(saved);
    const key = `${abiKey(saved)} ${api} ${flags}`;
    const newest = cached(this.#newest, key, () => this.#put(trial));
    if (this.#descriptor.fields.every(({ since = 0, flatten }) => since <= version && flatten !== true)) return newest;
    // Without the newer entries the table does not cover the structure any more; its bytes do not depend on that.
    const run = { ...this.#tableRun(trial), flags: flags & ~StructFlags.FULL_STRUCT };
    return cached(this.#older, `${key} ${version}`, () => putAsTable(this.#engine, this.object, run, version));
  }

  #put(trial: Trial): Uint8Array {
    const { saved, api, flags, version } = trial;
    const [walked, ...others] = this.#ways.map((way): Written => {
      const run = { target: this.#target, way, api, host: saved, flags, version };
      return { by: `${way} code`, bytes: this.#engine.put(this.object, run) };
    }) as [Written, ...Written[]];
    if (api !== 'stream') {
      others.push({ by: 'the table engine', bytes: putAsTable(this.#engine, this.object, this.#tableRun(trial)) });
    }
    for (const other of others) {
      const at = firstDifference(walked.bytes, other.bytes);
      if (at !== undefined) {
        const both = [walked, other].map(({ by, bytes }) => `${by} writes ${excerpt(bytes, at)}`);
        throw new Mismatch(`at byte ${at} of ${walked.bytes.length}, ${both.join(', ')}`, trial);
      }
    }
    return walked.bytes;
  }

  #tableRun({ saved, api, flags }: Trial) {
    return { descriptor: this.#descriptor, host: saved, flags, simple: api === 'simple' };
  }

  /** Makes members that share bytes agree, as they do in C's memory. */
  #agree(host: HostProfile): void {
    if (this.#agreed === abiKey(host)) return;
    this.#agreed = abiKey(host);
    if (hasOverlap(this.#descriptor, host)) throughMemory(this.#descriptor, host, this.object);
  }
}

interface Written {
  readonly by: string;
  readonly bytes: Uint8Array;
}

export function cached<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const most = Math.max(a.length, b.length);
  for (let i = 0; i < most; i++) if (a[i] !== b[i]) return i;
  return undefined;
}

function excerpt(bytes: Uint8Array, at: number): string {
  const hex = Array.from(bytes.subarray(at, at + 8), (byte) => byte.toString(16).padStart(2, '0'));
  return hex.length === 0 ? 'nothing' : `${hex.join(' ')}${bytes.length > at + 8 ? ' …' : ''}`;
}
