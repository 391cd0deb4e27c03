import type { SsmField } from '../field-table.js';
import type { HostProfile } from '../host.js';
import type { StateClass } from '../metadata.js';

/*
 * The streams, as the checks see them
 *
 * This package knows no streams: the runtime stands above it. The runtime therefore leaves an engine here when it is
 * imported, and the checks ask for it.
 */

/** Which of SSM's calls is used: a stream class's values, SSMR3PutStruct, or SSMR3PutStructEx. */
export type Api = 'stream' | 'simple' | 'extended';

/**
 * Which code does the work: the walk over the descriptor that the decorators make, the generated functions, or those
 * of the class's views.
 */
export type Way = 'reflective' | 'generated' | 'view';

/** What a put is done with. */
export interface PutRun {
  /** The class whose kinds and generated functions count. */
  readonly target: StateClass;
  readonly way: Way;
  readonly api: Api;
  readonly host: HostProfile;
  /** StructFlags; 0 for other calls than `extended`. */
  readonly flags: number;
  /** Version of the unit. */
  readonly version: number;
}

/** What a get is done with. */
export interface GetRun extends PutRun {
  /** The host that saved. */
  readonly saved: HostProfile;
}

/** What a callback entry of a table does with its member. */
export type TableCallbacks = Readonly<Record<string, (stream: never, member: Uint8Array, flags: number) => void>>;

/** What a table is put with. */
export interface PutTableRun {
  readonly table: readonly SsmField[];
  readonly callbacks: TableCallbacks;
  readonly simple: boolean;
  readonly host: HostProfile;
  readonly flags: number;
}

/** What a table is got with. */
export interface GetTableRun extends PutTableRun {
  readonly saved: HostProfile;
  readonly version: number;
}

/** Puts into and gets from the bytes of a unit. Failures are thrown. */
export interface RoundTripEngine {
  /** Whether functions were generated for a class. */
  hasGenerated(target: StateClass): boolean;
  /** Whether the class has views. */
  hasView(target: StateClass): boolean;
  put(object: object, run: PutRun): Uint8Array;
  /** @returns the number of bytes left over. */
  get(bytes: Uint8Array, object: object, run: GetRun): number;
  putTable(memory: Uint8Array, run: PutTableRun): Uint8Array;
  /** @returns the number of bytes left over. */
  getTable(bytes: Uint8Array, memory: Uint8Array, run: GetTableRun): number;
}

/** Where the engine lies: a symbol of the whole program, for there may be two copies of this package. */
const slot: unique symbol = Symbol.for('ssmkit.engine') as never;

type Global = { [slot]?: RoundTripEngine };

/** Registers the engine of the checks. The runtime does it when it is imported; the last one counts. */
export function registerEngine(engine: RoundTripEngine): void {
  (globalThis as Global)[slot] = engine;
}

/** The registered engine. @throws Error when there is none. */
export function registeredEngine(): RoundTripEngine {
  const engine = (globalThis as Global)[slot];
  if (engine === undefined) throw new Error("no streams to check with: import '@ssmkit/runtime' first");
  return engine;
}
