import {
  type Directory,
  type Format,
  getSelfDescription,
  hostOf,
  isSsmError,
  type OpenState,
  type OpenUnit,
  openState,
  PASS_FINAL,
  type Source,
  SsmError,
  type StateHeader,
  type UnitHeader,
} from '@ssmkit/runtime';
import type { HostProfile } from '@ssmkit/schema';
import { contextOf, nearNames, type UnitContext } from '@ssmkit/vbox/base';

/*
 * Saved states, damaged ones included
 *
 * A loader refuses a file whose footer is wrong (one that was cut off, say) before it looks at a single unit. To show
 * what there is all the same, such a file is read as if it came through a pipe, where the footer is not known before it
 * is reached; what was wrong at first is kept as `damage`. A V1.x file has size and checksum in its header, and is read
 * without a look at them.
 */

/** Which unit is wanted. */
export interface Wanted {
  readonly name: string;
  /** Default: the only one that there is, else 0. */
  readonly instance?: number | undefined;
  /** Default: the final pass where the unit has it, else the last one. */
  readonly pass?: number | undefined;
}

/** A unit that was found. */
export interface Found {
  readonly unit: OpenUnit;
  /** What is wrong with the file besides: it could not be found the usual way. */
  readonly damage: readonly SsmError[];
}

/** Size of the header of the END unit. */
const END_SIZE = 44;
const END_SIZE_V1 = 28;
const END_MAGIC = '\nTheEnd\0';

/** A saved state whose header can be read. */
export class SavedState {
  readonly header: StateHeader;
  readonly format: Format;
  /** Why a loader refuses the file before its first unit; `undefined` where it does not. */
  readonly damage: SsmError | undefined;
  readonly #source: Source;
  readonly #host: HostProfile | undefined;
  readonly #file: OpenState | undefined;

  private constructor(
    source: Source,
    host: HostProfile | undefined,
    opened: OpenState,
    { whole, damage }: { whole: boolean; damage?: SsmError },
  ) {
    this.#source = source;
    this.#host = host;
    this.#file = whole ? opened : undefined;
    this.format = opened.format;
    this.header = opened.header;
    this.damage = damage;
  }

  /**
   * @param host whose C structures are filled; default linux.amd64.
   * @throws SsmError where nothing can be read: no saved state, an unknown format, a damaged header.
   */
  static async open(source: Source, host?: HostProfile): Promise<SavedState> {
    const options = host && { host };
    try {
      return new SavedState(source, host, await openState(source, options), { whole: true });
    } catch (damage) {
      if (!isSsmError(damage)) throw damage;
      try {
        const file = await openState(source, { ...options, damaged: true });
        return new SavedState(source, host, file, { whole: true, damage });
      } catch {
        // That helps with V1.x only.
      }
      try {
        return new SavedState(source, host, await openState(asStream(source)), { whole: false, damage });
      } catch {
        throw damage;
      }
    }
  }

  /**
   * All units in stream order, as far as they can be read. Each is valid until the next is asked for.
   *
   * @throws SsmError what stops the reading.
   */
  async *units(): AsyncGenerator<OpenUnit, void, undefined> {
    const state = this.#file ?? (await openState(asStream(this.#source), this.#host && { host: this.#host }));
    yield* state.units();
  }

  /** What the layout of its units depends on, as far as it can be read. */
  async context(): Promise<UnitContext> {
    return contextOf(this.#file ?? (await openState(asStream(this.#source))));
  }

  /** The directory. @throws SsmError where it is damaged, or in a file that can only be read in its order. */
  async directory(): Promise<Directory> {
    if (this.#file === undefined) throw this.damage;
    return this.#file.directory();
  }

  /**
   * Finds a unit through the directory.
   *
   * @throws SsmError as {@link directory}; VERR_SSM_UNIT_NOT_FOUND.
   */
  async seek(name: string, instance?: number): Promise<OpenUnit> {
    if (this.#file === undefined) throw this.damage;
    return this.#file.seek(name, instance);
  }

  /** Whether the END unit is there; `undefined` where the file is too damaged to say. */
  async hasEnd(): Promise<boolean | undefined> {
    try {
      const offset = await this.#endOffset();
      if (offset === undefined) return undefined;
      const bytes = new Uint8Array(END_MAGIC.length);
      await this.#source.read(bytes, offset);
      return String.fromCharCode(...bytes).startsWith(END_MAGIC);
    } catch (error) {
      if (!isSsmError(error)) throw error;
      return undefined;
    }
  }

  /** Where the END unit would have to be. */
  async #endOffset(): Promise<number | undefined> {
    if (this.format === '2.0') {
      const directory = await this.#file?.directory();
      return directory && directory.offset - END_SIZE;
    }
    return Math.max(0, (this.#source.size as number) - END_SIZE_V1);
  }

  /**
   * Finds a unit: through the directory where that leads to it, else by going through the file.
   *
   * @throws SsmError VERR_SSM_UNIT_NOT_FOUND, with what there is instead; what is wrong with the file where it ends
   * before the unit.
   */
  async find(wanted: Wanted): Promise<Found> {
    const damage: SsmError[] = this.damage === undefined ? [] : [this.damage];
    if (this.#file !== undefined) {
      try {
        const unit = await this.#file.seek(wanted.name, wanted.instance ?? 0);
        if (wanted.pass === undefined || wanted.pass === unit.pass) return { unit, damage };
      } catch (error) {
        if (!isSsmError(error)) throw error;
        if (error.status !== 'VERR_SSM_UNIT_NOT_FOUND') damage.push(error);
      }
    }
    const survey = await this.#survey();
    const place = choose(survey.units, wanted);
    if (place === undefined) throw survey.failure ?? damage[0] ?? notFound(survey.units, wanted);
    if (survey.failure !== undefined) damage.push(survey.failure);
    return { unit: await this.#openAt(place, survey.pairs), damage };
  }

  /** Headers of all units as far as they can be read, and what the unit "SSM" says. */
  async #survey() {
    const units: UnitHeader[] = [];
    let pairs: ReadonlyMap<string, string> | undefined;
    let failure: SsmError | undefined;
    try {
      for await (const unit of this.units()) {
        units.push(unit);
        if (isSelf(unit)) pairs = await selfDescription(unit);
      }
    } catch (error) {
      if (!isSsmError(error)) throw error;
      failure = error;
    }
    return { units, pairs, failure };
  }

  /** Goes through the file to the unit that has its header at the place. */
  async #openAt(place: UnitHeader, pairs: ReadonlyMap<string, string> | undefined): Promise<OpenUnit> {
    const units = this.units();
    for (;;) {
      // Not for…of: leaving the loop would end the generator, and the unit with it.
      const { value: unit, done } = await units.next();
      if (done) throw new SsmError('VERR_SSM_UNIT_NOT_FOUND', 'the file has changed meanwhile', { unit: place.name });
      if (unit.offset !== place.offset) continue;
      const { stream } = unit;
      if (pairs !== undefined && stream.saved.name === '') stream.saved = { ...stream.saved, ...hostOf(pairs) };
      return unit;
    }
  }
}

/** The same bytes as a pipe would give them. */
function asStream(source: Source): Source {
  return { read: (into, position) => source.read(into, position) };
}

/** Whether a unit is "SSM", in which the saving side tells of itself. */
export function isSelf({ name, instance, version }: UnitHeader): boolean {
  return name === 'SSM' && instance === 0 && version === 1;
}

/** What the unit "SSM" says: values by name; `undefined` where it is damaged, which reading on reports. */
export async function selfDescription(unit: OpenUnit): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return await getSelfDescription(unit.stream);
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return undefined;
  }
}

/** Of the units with the name and instance the one of the pass. */
function choose(units: readonly UnitHeader[], wanted: Wanted): UnitHeader | undefined {
  const { name, pass } = wanted;
  const instance = instanceOf(units, wanted);
  const same = units.filter((unit) => unit.name === name && unit.instance === instance);
  if (pass !== undefined) return same.findLast((unit) => unit.pass === pass);
  return same.findLast((unit) => unit.pass === PASS_FINAL) ?? same.at(-1);
}

/** The instance that is meant. */
function instanceOf(units: readonly UnitHeader[], { name, instance }: Wanted): number {
  if (instance !== undefined) return instance;
  const instances = new Set(units.filter((unit) => unit.name === name).map((unit) => unit.instance));
  return instances.size === 1 ? ([...instances][0] as number) : 0;
}

/** `final`, or the number. */
export function passText(pass: number): string {
  return pass === PASS_FINAL ? 'final' : String(pass);
}

function notFound(units: readonly UnitHeader[], wanted: Wanted): SsmError {
  const { name, pass } = wanted;
  const instance = instanceOf(units, wanted);
  const where = { unit: name, instance, ...(pass !== undefined && { pass }) };
  const refuse = (detail: string) => new SsmError('VERR_SSM_UNIT_NOT_FOUND', detail, where);
  const named = units.filter((unit) => unit.name === name);
  const instances = listed(named.map((unit) => String(unit.instance)));
  if (named.length > 0 && !named.some((unit) => unit.instance === instance)) {
    return refuse(`no such instance; '${name}' has ${instances}`);
  }
  if (named.length > 0) {
    const passes = named.filter((unit) => unit.instance === instance).map((unit) => passText(unit.pass));
    return refuse(`no such pass; '${name}'#${instance} has ${listed(passes)}`);
  }
  const names = units.map((unit) => unit.name);
  const near = nearNames(name, names);
  if (near.length > 0) return refuse(`no such unit; near names: ${listed(near)}`);
  return refuse(units.length === 0 ? 'there are no units' : `no such unit; there are ${listed(names)}`);
}

const LISTED_MAX = 12;

/** Distinct texts with commas between, and how many more there are. */
function listed(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  const more = distinct.length - LISTED_MAX;
  return more > 0 ? `${distinct.slice(0, LISTED_MAX).join(', ')} and ${more} more` : distinct.join(', ');
}
