import {
  abiKey,
  type ClassSlot,
  type Descriptor,
  descriptorFor,
  fieldTable,
  type HostProfile,
  layoutOf,
  type StateClass,
  StructFlags,
  simpleTableProblem,
  slotKey,
  slotOf,
  type TableProblem,
  tableProblem,
  unkindProperties,
  viewSlotOf,
} from '@ssmkit/schema';
import { SsmError } from '../error.js';
import { getFields } from './get-object.js';
import type { GetPrimitives } from './get-primitives.js';
import { putFields } from './put-object.js';
import type { PutPrimitives } from './put-primitives.js';
import { isSameDescriptor } from './same-descriptor.js';

/** Lead marker of a structure. */
export const STRUCT_BEGIN = 0x19200102;
/** Tail marker of a structure. */
export const STRUCT_END = 0x19920406;

/** Puts an object's fields, without markers. */
export type PutFunction<T = never> = (stream: PutPrimitives, object: T, flags: number) => void;
/** Gets an object's fields, without markers. */
export type GetFunction<T = never> = (stream: GetPrimitives, object: T, flags: number) => void;

/** What generated code brings for a class. */
export interface GeneratedClass {
  /** The descriptor as the scanner read it from the source. */
  readonly descriptor: Descriptor;
  /** For 64-bit hosts with 8-byte guest addresses, without DONT_IGNORE. */
  readonly put: PutFunction;
  readonly get: GetFunction;
  /** The same with DONT_IGNORE, where that makes a difference. */
  readonly putIgnored?: PutFunction;
  readonly getIgnored?: GetFunction;
  /** For any host and any flags, where the host makes a difference. */
  readonly putAny?: PutFunction;
  readonly getAny?: GetFunction;
  /** For which of SSM's struct APIs the table is right on every host, so that it needs no look at run time. */
  readonly fits: TableFit;
  /** The class holds, or derives from, classes whose sources the generator did not see. */
  readonly late?: boolean;
}

/** For which of SSM's struct APIs a table is right. */
export interface TableFit {
  /** SSMR3PutStruct and SSMR3GetStruct. */
  readonly simple: boolean;
  /** SSMR3PutStructEx and SSMR3GetStructEx without FULL_STRUCT. */
  readonly extended: boolean;
  /** The same with FULL_STRUCT. */
  readonly full: boolean;
}

/** The struct APIs, as a table is checked for them. */
export type StructApi = keyof TableFit;

type Put = PutFunction<object>;
type Get = GetFunction<object>;

/**
 * How many puts, and how many gets, of a class walk its table before generated code takes over: about as many as take
 * the time in which its function is compiled. So whoever stops at the worst moment has lost no more than once that.
 */
export const COLD_CALLS = 32;

/*
 * Reflective and generated
 *
 * A class has one entry. Without generated code it walks the descriptor. With it, only the first calls walk: a save
 * is often a one-shot, and compiling two hundred functions to run each of them once costs as much as thirty rounds of
 * one shared walker. After that `put` and `get` are the generated functions themselves, with nothing in between.
 *
 * Of a class with parts from other packages the generator has not seen all, so its decorators are looked at when it is
 * first used: wrong use is an error then, and where they say something else than the source alone did (fields of a base
 * class from another package), the class goes without generated code.
 */

/** What the engines know of a decorated class. */
export class StructClass {
  /** Puts the fields for a 64-bit host, without DONT_IGNORE. */
  put: Put;
  /** Gets the fields that a 64-bit host wrote, without DONT_IGNORE. */
  get: Get;
  /**
   * What `put` and `get` are as long as the class is cold. Streams call it by itself, so that V8, which remembers what
   * is called where, knows one function only in the place of the hot call and can build it in.
   */
  coldPut: Put | undefined;
  coldGet: Get | undefined;
  /** For which APIs the table needs no look. */
  fits: TableFit = { simple: false, extended: false, full: false };

  readonly #target: StateClass;
  #generated: GeneratedClass | undefined;
  /** Generated code that has not been compared with the decorators. */
  #late: GeneratedClass | undefined;
  readonly #problems = new Map<string, TableProblem | undefined>();
  #descriptor: Descriptor | undefined;
  /** An entry that never takes over generated functions. */
  #walking: StructClass | undefined;
  #puts = 0;
  #gets = 0;

  constructor(target: StateClass) {
    this.#target = target;
    this.put = this.#walkPut;
    this.get = this.#walkGet;
  }

  /** Takes over generated functions. */
  adopt(generated: GeneratedClass): void {
    if (generated.late) this.#late = generated;
    else this.#take(generated, generated.descriptor);
  }

  #take(generated: GeneratedClass, descriptor: Descriptor): void {
    this.#generated = generated;
    this.#descriptor = descriptor;
    this.fits = generated.fits;
    this.put = this.coldPut = this.#coldPut;
    this.get = this.coldGet = this.#coldGet;
  }

  get name(): string {
    return this.#target.name;
  }

  get descriptor(): Descriptor {
    if (this.#descriptor === undefined) {
      const descriptor = descriptorFor(this.#target);
      this.#descriptor = descriptor;
      if (this.#late !== undefined && isSameDescriptor(this.#late.descriptor, descriptor)) {
        this.#take(this.#late, descriptor);
      }
    }
    return this.#descriptor;
  }

  get isStream(): boolean {
    return this.descriptor.shape === 'stream';
  }

  /** The generated code that is used. */
  get generated(): GeneratedClass | undefined {
    if (this.#late !== undefined) this.descriptor;
    return this.#generated;
  }

  readonly #walkPut: Put = (stream, object, flags) => {
    if (this.#puts === 0) this.#checkKinds(object);
    this.#puts = 1;
    putFields(stream, object, this.descriptor, flags);
  };

  readonly #walkGet: Get = (stream, object, flags) => {
    getFields(stream, object, this.descriptor, flags);
  };

  readonly #coldPut: Put = (stream, object, flags) => {
    if (++this.#puts >= COLD_CALLS) {
      this.put = this.#generated!.put as Put;
      this.coldPut = undefined;
    }
    putFields(stream, object, this.descriptor, flags);
  };

  readonly #coldGet: Get = (stream, object, flags) => {
    if (++this.#gets >= COLD_CALLS) {
      this.get = this.#generated!.get as Get;
      this.coldGet = undefined;
    }
    getFields(stream, object, this.descriptor, flags);
  };

  #checkKinds(object: object): void {
    const [forgotten] = unkindProperties(object);
    if (forgotten !== undefined) {
      const problem = 'has no kind and would not be saved: decorate it, or mark it @Transient()';
      throw new SsmError('VERR_INVALID_PARAMETER', problem, { field: `${this.name}.${forgotten}` });
    }
  }

  /**
   * The entry for an object that stands where one of this class does: another for views, since they would lose what is
   * stored into the copies that they hand out.
   */
  of(object: object): StructClass {
    const slot = viewSlotOf(object);
    if (slot === undefined) return this;
    if (slot.target === this.#target) return slot.engine as StructClass;
    // A view of a class that derives from this one: the walk reads and assigns whole properties.
    this.#walking ??= new StructClass(this.#target);
    return this.#walking;
  }

  /** Puts the fields for any host and any flags. */
  putAny(stream: PutPrimitives, object: object, flags: number): void {
    const put = pick(this.#generated, stream.canonical, flags, 'put');
    if (put === undefined) this.put(stream, object, flags);
    else (put as Put)(stream, object, flags);
  }

  /** Gets the fields that any host wrote with any flags. */
  getAny(stream: GetPrimitives, object: object, flags: number): void {
    const get = pick(this.#generated, stream.canonical, flags, 'get');
    if (get === undefined) this.get(stream, object, flags);
    else (get as Get)(stream, object, flags);
  }

  /** What is wrong with the class's table on a host, for the simple API, for the extended one, or with FULL_STRUCT. */
  problem(host: HostProfile, api: StructApi): TableProblem | undefined {
    const { descriptor } = this;
    const key = `${api} ${abiKey(host)}`;
    if (!this.#problems.has(key)) {
      const table = fieldTable(descriptor, host);
      const found =
        api === 'simple'
          ? simpleTableProblem(table, host)
          : tableProblem(table, layoutOf(descriptor, host).size, host, api === 'full');
      this.#problems.set(key, found);
    }
    return this.#problems.get(key);
  }
}

/** The generated function for other hosts or flags than the common ones; `undefined` where the common one does. */
export function pick(
  generated: GeneratedClass | undefined,
  canonical: boolean,
  flags: number,
  direction: 'put' | 'get',
): PutFunction | GetFunction | undefined {
  if (generated === undefined) return undefined;
  if (!canonical)
    return (
      generated[`${direction}Any`] ?? (flags & StructFlags.DONT_IGNORE ? generated[`${direction}Ignored`] : undefined)
    );
  return flags & StructFlags.DONT_IGNORE ? generated[`${direction}Ignored`] : undefined;
}

/** The entry of an instance's class, or of a class. */
export function structClassOf(instance: object): StructClass {
  // Every structure in a stream passes here: what is known already is found by two loads.
  const known = (instance as { [slotKey]?: ClassSlot })[slotKey]?.engine;
  if (known !== undefined) return known as StructClass;
  const slot = slotOf(instance);
  slot.engine ??= new StructClass(slot.target);
  return slot.engine as StructClass;
}

/** Registers generated functions for a class. Generated files call it. */
export function registerGenerated(target: StateClass, generated: GeneratedClass): void {
  const slot = slotOf(target);
  // Whoever asks for a late one gets it from the decorators, checked.
  if (!generated.late) slot.descriptor = generated.descriptor;
  structClassOf(target).adopt(generated);
}

/** Refuses a class whose table does not fit the API on the stream's host. */
export function checkTable(stream: PutPrimitives | GetPrimitives, entry: StructClass, api: StructApi): void {
  if (entry.isStream) {
    throw stream.refuse('VERR_INVALID_PARAMETER', 'is a @SsmStream class: put() and get() take it', {
      field: entry.name,
    });
  }
  const problem = entry.problem(stream.host, api);
  if (problem !== undefined) throw stream.refuse(problem.status, problem.problem, { field: entry.name });
}

/** Refuses a class that is no `@SsmStream`. */
export function checkStream(stream: PutPrimitives | GetPrimitives, entry: StructClass): void {
  if (!entry.isStream) {
    const problem = 'is a @SsmStruct class: the struct functions take it';
    throw stream.refuse('VERR_INVALID_PARAMETER', problem, { field: entry.name });
  }
}

/** Whether a structure with these flags begins with a marker. */
export function hasLead(flags: number): boolean {
  return (flags & (StructFlags.NO_MARKERS | StructFlags.NO_LEAD_MARKER)) === 0;
}

/** Whether a structure with these flags ends with a marker. */
export function hasTail(flags: number): boolean {
  return (flags & (StructFlags.NO_MARKERS | StructFlags.NO_TAIL_MARKER)) === 0;
}

/** Gets a marker. @throws SsmError VERR_SSM_STRUCTURE_MAGIC when something else is there. */
export function getMarker(stream: GetPrimitives, marker: number): void {
  const value = stream.getU32();
  if (value !== marker) {
    const problem = `0x${value.toString(16)} where the structure's marker 0x${marker.toString(16)} must be`;
    throw stream.refuse('VERR_SSM_STRUCTURE_MAGIC', problem);
  }
}

/** Refuses flags that are not among StructFlags. */
export function checkFlags(stream: PutPrimitives | GetPrimitives, flags: number): void {
  if ((flags & ~StructFlags.MASK) !== 0) {
    throw stream.refuse('VERR_INVALID_PARAMETER', `unknown structure flags 0x${flags.toString(16)}`);
  }
}
