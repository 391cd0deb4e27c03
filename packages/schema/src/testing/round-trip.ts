import fc from 'fast-check';
import { type Descriptor, StructFlags } from '../descriptor.js';
import { holdsOf } from '../holds.js';
import { abiKey, defaultHost, type HostProfile } from '../host.js';
import { encodeJson } from '../json-codec.js';
import { descriptorFor, type StateClass, unkindProperties } from '../metadata.js';
import { slotOf } from '../slot.js';
import { type ArbitraryOptions, arbitraryOf } from './arbitrary.js';
import { type Api, type RoundTripEngine, registeredEngine, type Way } from './engine.js';
import { difference, expectLoaded, prepare } from './expectation.js';
import { canLoad, distinctHosts, isLoadOnly, problemOn, versionsOf } from './fits.js';
import { cached, Mismatch, Saver, type Trial, waysOf } from './saver.js';
import { getAsTable, tableOf } from './table-side.js';

/** What a round trip is checked with. */
export interface RoundTripOptions extends Pick<ArbitraryOptions, 'fields' | 'maxLength'> {
  /** Hosts that save and load, each with each; all that VirtualBox was built for and that differ, where not given. */
  readonly hosts?: readonly HostProfile[];
  /** StructFlags of a structure; all 64 where not given. */
  readonly flags?: readonly number[];
  /** Unit versions; where not given, those around which fields come and go, and the newest. */
  readonly versions?: readonly number[];
  /** Objects drawn for each saving host (of a stream class: for each of its versions, too); 4 where not given. */
  readonly numRuns?: number;
  /** The class that saves, for a class with entries that only load: the same properties, in kinds that save. */
  readonly writer?: StateClass;
  /** Draws what an earlier failure drew. */
  readonly seed?: number;
  /** Goes straight to an earlier failure's counterexample. */
  readonly path?: string;
}

/**
 * Checks that objects of a decorated class survive saving and loading: between all pairs of hosts, with all structure
 * flags, in all unit versions.
 *
 * For each, the walk over the descriptor and the generated functions (where there are any) must write the same bytes;
 * for a `@SsmStruct` class they must be those of the table engine with the C structure. Loading must consume them, and
 * give what the kinds say: saved values, pointers as 0 or 1, untouched properties for what is ignored or newer than the
 * unit. Pairs of hosts between which VirtualBox could not load either (a copied member differs in size) are left
 * out, and so are flags that the class's table does not allow on both.
 *
 * Import '@ssmkit/runtime' first: it brings the streams.
 *
 * @throws Error for a difference, with a counterexample and how to draw it again; DescriptorError for a class that is
 * not decorated.
 */
export function checkRoundTrip(target: StateClass, options: RoundTripOptions = {}): void {
  const check = new Check(target, options, registeredEngine());
  check.run();
}

class Check {
  readonly #target: StateClass;
  readonly #writer: StateClass;
  readonly #descriptor: Descriptor;
  readonly #options: RoundTripOptions;
  readonly #engine: RoundTripEngine;
  readonly #hosts: readonly HostProfile[];
  readonly #ways: readonly Way[];
  readonly #hasCallbacks: boolean;
  /** The trial that failed: while its counterexample shrinks, the others are left out. */
  #focus: Trial | undefined;

  constructor(target: StateClass, options: RoundTripOptions, engine: RoundTripEngine) {
    this.#target = slotOf(target).target;
    this.#writer = slotOf(options.writer ?? target).target;
    this.#descriptor = descriptorFor(this.#target);
    this.#options = options;
    this.#engine = engine;
    this.#hosts = options.hosts ?? distinctHosts;
    this.#ways = waysOf(this.#target, engine);
    this.#hasCallbacks =
      this.#descriptor.shape === 'struct' &&
      tableOf(this.#descriptor, defaultHost).some(({ transformer }) => transformer === 'CALLBACK');
  }

  run(): void {
    const { name } = this.#descriptor;
    const [forgotten] = unkindProperties(new this.#target());
    if (forgotten !== undefined) throw new Error(`${name}.${forgotten} has no kind and is not saved`);
    if (isLoadOnly(descriptorFor(this.#writer))) {
      throw new Error(`${name} has an entry that only loads: name the class that saves as 'writer'`);
    }
    const versions = this.#options.versions ?? versionsOf(this.#descriptor);
    const trials = this.#hosts.flatMap((saved) => this.#trialsFrom(saved, versions));
    if (trials.length === 0) throw new Error(`${name}: there is no host and version to check it with`);
    for (const group of grouped(trials, this.#descriptor.shape)) this.#checkGroup(group);
  }

  /** The trials of one saving host. */
  #trialsFrom(saved: HostProfile, versions: readonly number[]): Trial[] {
    const descriptor = this.#descriptor;
    if (descriptor.shape === 'stream') {
      const readers = this.#hosts.filter((host) => canLoad(descriptor, saved, host, false));
      return readers.flatMap((host) => versions.map((version) => ({ saved, host, api: 'stream', flags: 0, version })));
    }
    const all = this.#options.flags ?? Array.from({ length: StructFlags.MASK + 1 }, (_, flags) => flags);
    const ways = [...all.map((flags) => ({ api: 'extended' as Api, flags })), { api: 'simple' as Api, flags: 0 }];
    return ways.flatMap(({ api, flags }) => {
      if (!this.#allows(saved, api, flags)) return [];
      const dontIgnore = (flags & StructFlags.DONT_IGNORE) !== 0;
      return this.#hosts
        .filter((host) => this.#allows(host, api, flags) && canLoad(descriptor, saved, host, dontIgnore))
        .flatMap((host) => versions.map((version) => ({ saved, host, api, flags, version })));
    });
  }

  /** Whether the table fits a host. @throws Error where it does not even without FULL_STRUCT. */
  #allows(host: HostProfile, api: Api, flags: number): boolean {
    const fullStruct = (flags & StructFlags.FULL_STRUCT) !== 0;
    const problem = problemOn(this.#descriptor, host, api, fullStruct);
    if (problem !== undefined && api === 'extended' && !fullStruct) {
      throw new Error(`${this.#descriptor.name} on ${host.name}: ${problem.status}: ${problem.problem}`);
    }
    return problem === undefined;
  }

  #checkGroup(trials: readonly Trial[]): void {
    const [first] = trials as readonly [Trial];
    const { fields, maxLength, numRuns = 4, seed, path } = this.#options;
    const objects = arbitraryOf(this.#writer, {
      ...(fields && { fields }),
      ...(maxLength !== undefined && { maxLength }),
      hosts: [first.saved, first.host],
      version: this.#descriptor.shape === 'stream' ? first.version : 0xffffffff,
    });
    const property = fc.property(objects, (object) => this.#checkObject(object, trials));
    const details = fc.check(property, {
      numRuns,
      ...(seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
    });
    if (details.failed) throw this.#failure(details);
  }

  #checkObject(object: object, trials: readonly Trial[]): void {
    const saver = new Saver(this.#writer, this.#engine, object);
    const expected = new Map<string, object>();
    for (const trial of trials) {
      if (this.#focus !== undefined && this.#focus !== trial) continue;
      try {
        this.#checkTrial(saver, trial, expected);
      } catch (error) {
        this.#focus = trial;
        throw error instanceof Mismatch ? error : new Mismatch(messageOf(error), trial, { cause: error });
      }
    }
  }

  #checkTrial(saver: Saver, trial: Trial, expected: Map<string, object>): void {
    const { version } = trial;
    const bytes = saver.bytes(trial);
    const saved = () => this.#asTarget(saver.object);
    const inObject = cached(expected, `object ${version}`, () => this.#expected(saved(), version, false));
    for (const way of this.#ways) {
      const loaded = this.#prepared(version);
      const left = this.#engine.get(bytes, loaded, { ...trial, target: this.#target, way });
      this.#compare(trial, `${way} code`, inObject, loaded, left);
    }
    if (trial.api !== 'stream') {
      const inMemory = cached(expected, `memory ${version}`, () => this.#expected(saved(), version, true));
      const loaded = new this.#target();
      // A callback may read what was loaded before it, and leaves its own value behind.
      const scratch = this.#hasCallbacks ? this.#expected(saved(), version, true) : inMemory;
      const run = { ...trial, descriptor: this.#descriptor, simple: trial.api === 'simple' };
      const left = getAsTable(this.#engine, bytes, loaded, scratch, run);
      this.#compare(trial, 'the table engine', inMemory, loaded, left);
    }
  }

  #prepared(version: number): object {
    const object = new this.#target();
    prepare(this.#descriptor, object, version);
    return object;
  }

  #expected(saved: object, version: number, inMemory: boolean): object {
    const object = inMemory ? new this.#target() : this.#prepared(version);
    expectLoaded(this.#descriptor, saved, object, version, inMemory);
    return object;
  }

  #compare(trial: Trial, reader: string, expected: object, loaded: object, left: number): void {
    const found = difference(this.#descriptor, expected, loaded, this.#descriptor.name);
    if (found !== undefined) throw new Mismatch(`loaded by ${reader}, ${found}`, trial);
    if (left !== 0) throw new Mismatch(`loaded by ${reader}, ${left} of the saved bytes are left over`, trial);
  }

  /** What the writer's object says, as the class that loads holds it. */
  #asTarget(object: object): object {
    if (this.#target === this.#writer) return object;
    const from = object as Record<string, unknown>;
    const to = new this.#target() as Record<string, unknown>;
    for (const field of this.#descriptor.fields) {
      const holds = holdsOf(field);
      if (holds.what === 'nothing') continue;
      const value = from[field.name];
      if (value === undefined) throw new Error(`${this.#writer.name} has no '${field.name}' to save`);
      if (holds.what === 'pair') {
        to[field.name] = Number(BigInt.asUintN(32, BigInt(value as number)));
        to[holds.hi] = from[holds.hi] ?? Number(BigInt(value as number) >> 32n);
      } else if (holds.what === 'bigint') to[field.name] = BigInt(value as number);
      else to[field.name] = holds.what === 'number' ? Number(value) : value;
    }
    return to;
  }

  #failure({ errorInstance, counterexample, numShrinks, seed, counterexamplePath }: fc.RunDetails<[object]>): Error {
    const error = errorInstance as Error;
    const trial = error instanceof Mismatch ? error.trial : undefined;
    const lines = [
      `${this.#descriptor.name}: ${error.message}`,
      ...(trial === undefined ? [] : [`  ${describeTrial(trial)}`]),
      `  counterexample: ${counterexample === null ? 'none' : show(this.#writer, counterexample[0])}`,
      `  after ${numShrinks} shrinks; seed: ${seed}, path: '${counterexamplePath}'`,
    ];
    return new Error(lines.join('\n'), { cause: error.cause ?? error });
  }
}

/** Trials that can share objects: one saving host, one width of addresses, and for a stream class one version. */
function grouped(trials: readonly Trial[], shape: Descriptor['shape']): Iterable<readonly Trial[]> {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const { saved, host, version } = trial;
    const widths = `${Math.min(saved.gcPhysBytes, host.gcPhysBytes)}/${Math.min(saved.gcPtrBytes, host.gcPtrBytes)}`;
    const key = `${abiKey(saved)} ${widths} ${shape === 'stream' ? version : ''}`;
    cached(groups, key, () => [] as Trial[]).push(trial);
  }
  return groups.values();
}

function describeTrial({ saved, host, api, flags, version }: Trial): string {
  const call = { stream: 'put', simple: 'putStruct', extended: `putStructEx with flags ${flagNames(flags)}` }[api];
  const unit = version === 0xffffffff ? 'the newest version' : `version ${version}`;
  return `saved on ${saved.name} by ${call}, loaded on ${host.name}, ${unit}`;
}

function flagNames(flags: number): string {
  const single = [
    'FULL_STRUCT',
    'NO_MARKERS',
    'DONT_IGNORE',
    'SAVED_AS_MEM',
    'NO_LEAD_MARKER',
    'NO_TAIL_MARKER',
  ] as const;
  const names = single.filter((name) => (flags & StructFlags[name]) !== 0);
  return `0x${flags.toString(16).padStart(2, '0')}${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function show(target: StateClass, object: object): string {
  try {
    return JSON.stringify(encodeJson(target, object));
  } catch {
    return fc.stringify(object);
  }
}
