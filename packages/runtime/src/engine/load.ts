import { defaultHost, type HostProfile } from '@ssmkit/schema';
import { type Limits, ReadGuard } from '../containers/guard.js';
import type { StateReader, UnitHeader } from '../containers/state.js';
import { SsmError, type SsmWhere } from '../error.js';
import type { Source } from '../io/sink-source.js';
import type { GetStream } from '../streams/get-stream.js';
import { type CodecPool, openPool } from '../workers/pool.js';
import { type CallbackResult, callUnit, failed, hasFailed } from './call-unit.js';
import type { LoadHandle, SsmAfter } from './handle.js';
import { LoadOperationHandle } from './load-handle.js';
import { openReader } from './open-reader.js';
import { Operation, type OperationOptions } from './operation.js';
import type { Registry } from './registry.js';
import type { Unit } from './unit.js';

/*
 * Loading
 *
 * The order of a load is the file's, not that of the registered units:
 *
 *     open   the header, of a file the footer, too                  a failure ends the load, no callback runs
 *     prep   loadPrep of every registered unit                      stops at the first failure
 *     exec   for every unit in the file: its loadExec, then the check that all of it was read;
 *            directory, footer                                      stops at the first failure
 *     done   loadDone of every unit that took part                  always, to the end
 *
 * A registered unit that the file does not have is no error; a unit in the file that nobody has registered is one,
 * unless `onUnknownUnit` takes it (`VirtualBox 7.2 SSMR3.cpp, SSMR3Load, ssmR3LoadExecV2`).
 *
 * A get never waits. From an asynchronous source the engine therefore reads a window of the unit ahead before it calls
 * loadExec; units that may be larger have an asynchronous loadExec, which awaits `ensure()` or `getMemAsync()`.
 */

/** Takes a unit that nobody has registered: like `loadExec`. */
export type UnknownUnitHandler = (
  stream: GetStream,
  unit: UnitHeader,
  handle: LoadHandle,
) => CallbackResult | Promise<CallbackResult>;

/** How a state is loaded. */
export interface LoadOptions extends OperationOptions {
  /** The host whose C structures are filled; default linux.amd64. */
  host?: HostProfile;
  /** Takes units that nobody has registered; without it they fail the load with VERR_SSM_INTEGRITY_UNIT_NOT_FOUND. */
  onUnknownUnit?: UnknownUnitHandler;
  /** Bytes of a unit to read ahead from an asynchronous source; default 1 MiB. */
  window?: number;
  /**
   * What is to become of the machine afterwards; `handle.after` tells the units. Default `'RESUME'`. With `'DEBUG_IT'`
   * units that nobody has registered are passed over.
   */
  after?: SsmAfter;
  /**
   * Workers that expand blocks: threads of Node, or workers of a page, over shared memory; 0…16, default 0. They are
   * started where there is so much data that they pay, and used where they can be: see {@link canUseWorkers}.
   */
  workers?: number;
  /** What to take on at most; see {@link Limits}. */
  limits?: Partial<Limits>;
}

const afterLoad: readonly SsmAfter[] = ['RESUME', 'TELEPORT', 'DEBUG_IT'];

/**
 * Loads a saved state into the registered units.
 *
 * @throws SsmError the first failure, with the unit and the offset it happened at; where a callback has used
 * `setLoadError` with what it said. VERR_INVALID_PARAMETER for an `after` that is none of `'RESUME'`, `'TELEPORT'` and
 * `'DEBUG_IT'`, and for `workers` that are no count; VERR_TOO_MUCH_DATA and VERR_TIMEOUT at the limits; VERR_SSM_CANCELLED.
 */
export async function loadState(registry: Registry, source: Source, options: LoadOptions = {}): Promise<void> {
  const { after = 'RESUME', limits, signal } = options;
  if (!afterLoad.includes(after)) {
    throw new SsmError('VERR_INVALID_PARAMETER', `after '${after}' is not ${afterLoad.join(' or ')}`);
  }
  const pool = openPool('loading', options.workers);
  const guard = new ReadGuard(limits);
  if (after === 'DEBUG_IT') guard.endInUnit = 'VERR_SSM_STREAM_ERROR';
  // Opening can be cancelled, too.
  const detach = guard.interrupt.cancelOn(signal);
  guard.startClock();
  try {
    guard.check();
    const reader = await openReader(source, guard);
    if (pool !== undefined && reader.useWorkers !== undefined) {
      reader.useWorkers(pool);
      await guard.interrupt.race(pool.startFor(source.size ?? 0));
    }
    await new LoadOperation(registry, reader, source.size, { ...options, after }, pool).run();
  } finally {
    await pool?.end();
    detach();
    guard.stopClock();
  }
}

/** A load from its first to its last callback. */
class LoadOperation {
  readonly #registry: Registry;
  readonly #units: readonly Unit[];
  readonly #reader: StateReader;
  readonly #options: LoadOptions;
  readonly #handle: LoadOperationHandle;
  readonly #operation: Operation;
  readonly #size: number;
  /** Units of which a callback other than loadDone has been called. */
  readonly #called = new Set<Unit>();

  constructor(
    registry: Registry,
    reader: StateReader,
    size: number | undefined,
    options: LoadOptions & { after: SsmAfter },
    pool: CodecPool | undefined,
  ) {
    this.#registry = registry;
    this.#units = [...registry.units];
    this.#reader = reader;
    this.#options = options;
    this.#size = size ?? Number.POSITIVE_INFINITY;
    this.#handle = new LoadOperationHandle(reader, options.host ?? defaultHost, options.after, pool);
    this.#operation = new Operation(registry, this.#handle, { prepare: 2, live: 0, done: 2 }, options);
  }

  async run(): Promise<void> {
    const handle = this.#handle;
    const { progress } = this.#operation;
    this.#operation.start();
    progress.report(0);
    if (await this.#prep()) {
      progress.report(1);
      this.#followBytes();
      try {
        await this.#exec();
      } catch (error) {
        handle.fail(error as SsmError);
      }
    }
    handle.unit = undefined;
    handle.stream.fail(new SsmError('VERR_SSM_INVALID_STATE', 'the load is over: nothing can be got any more'));
    await this.#done();
    progress.report(99);
    this.#operation.end();
    if (handle.failure !== undefined) throw told(handle.failure, handle.loadError);
    progress.report(100);
  }

  /** Bytes tell the progress of a file; of a state that was saved live the saving side does. */
  #followBytes(): void {
    const { progress } = this.#operation;
    const { prepare, done } = progress.split;
    const { guard, header } = this.#reader;
    if (header.live) {
      guard.onRecord = (stored) => progress.count(stored);
      this.#handle.onLiveProgress = (value) => {
        const percent = Math.trunc(((value / 100) * (100 - prepare - done)) / 100) + prepare;
        progress.report(Math.min(percent, 100 - done));
      };
    } else {
      progress.follow(this.#size);
      progress.beginPart(this.#size);
      guard.onRecord = (stored) => progress.advance(stored);
    }
  }

  async #prep(): Promise<boolean> {
    const handle = this.#handle;
    for (const unit of this.#units) {
      if (handle.failure !== undefined) return false;
      if (unit.loadPrep === undefined) continue;
      this.#called.add(unit);
      await this.#call('loadPrep', 'LoadPrep failed', unit, () => unit.loadPrep?.(handle));
    }
    return handle.failure === undefined;
  }

  /** Runs a callback that reads nothing. */
  async #call(name: string, what: string, unit: Unit, call: () => ReturnType<NonNullable<Unit['loadDone']>>) {
    const handle = this.#handle;
    const before = handle.failure;
    const outcome = await callUnit(name, unit, call);
    const error = hasFailed(outcome) ? outcome : handle.failure;
    if (error !== undefined && error !== before) handle.fail(failed(what, error, unit));
  }

  async #exec(): Promise<void> {
    const reader = this.#reader;
    const handle = this.#handle;
    handle.state = 'LOAD_EXEC';
    for (let unit = await reader.nextUnit(); unit !== undefined; unit = await reader.nextUnit()) {
      await this.#load(unit);
      if (handle.failure !== undefined) throw handle.failure;
    }
    if (!reader.header.live) this.#operation.progress.endPart();
    await reader.readEnd();
  }

  async #load(unit: UnitHeader): Promise<void> {
    const handle = this.#handle;
    const { stream } = handle;
    const where = { unit: unit.name, instance: unit.instance, pass: unit.pass };
    const known = this.#registry.find(unit.name, unit.instance);
    const call = this.#callbackOf(unit, known, where);
    handle.begin(unit);
    this.#operation.progress.unit({ name: unit.name, instance: unit.instance, pass: unit.pass });
    if (this.#reader.input.asynchronous) await stream.ensure(this.#options.window ?? 1 << 20);
    const outcome = await callUnit('loadExec', known, call);
    if (known !== undefined) this.#called.add(known);
    let error = hasFailed(outcome) ? outcome : (stream.failure ?? handle.failure);
    if (error === undefined) {
      try {
        await handle.finish();
        return;
      } catch (thrown) {
        error = thrown as SsmError;
      }
    }
    throw failed(this.#failureText(unit, error), error.at({ ...where, offset: this.#reader.input.position }));
  }

  #failureText({ name, instance, version, pass }: UnitHeader, { status }: SsmError): string {
    if (status === 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION') {
      const text = `Unsupported version ${version} of data unit '${name}' (instance #${instance}`;
      return this.#reader.format === '2.0' ? `${text}, pass 0x${pass.toString(16)})` : `${text})`;
    }
    if (this.#reader.format === '2.0') return `Failed to load unit '${name}'`;
    return `Load exec failed for '${name}' instance #${instance} (version ${version})`;
  }

  #callbackOf(
    unit: UnitHeader,
    known: Unit | undefined,
    where: SsmWhere,
  ): () => CallbackResult | Promise<CallbackResult> {
    const handle = this.#handle;
    const { stream } = handle;
    if (known === undefined) {
      const { onUnknownUnit } = this.#options;
      if (onUnknownUnit !== undefined) return () => onUnknownUnit(stream, unit, handle);
      if (handle.after === 'DEBUG_IT') return () => handle.skipToEndOfUnit();
      throw new SsmError(
        'VERR_SSM_INTEGRITY_UNIT_NOT_FOUND',
        `Found no handler for unit '${unit.name}' instance #${unit.instance}`,
        { ...where, offset: unit.offset },
      );
    }
    if (known.loadExec === undefined) {
      throw new SsmError('VERR_SSM_NO_LOAD_EXEC', `the unit '${unit.name}' is registered without loadExec`, {
        ...where,
        offset: unit.offset,
      });
    }
    return () => known.loadExec?.(stream, unit.version, unit.pass, handle);
  }

  async #done(): Promise<void> {
    const handle = this.#handle;
    handle.state = 'LOAD_DONE';
    for (const unit of this.#units) {
      const involved = this.#called.has(unit) || (unit.loadPrep === undefined && unit.loadExec === undefined);
      if (unit.loadDone === undefined || !involved) continue;
      await this.#call('loadDone', 'LoadDone failed', unit, () => unit.loadDone?.(handle));
    }
  }
}

/** A failure in the words of the callback that has told the user why, where one has. */
function told(failure: SsmError, loadError: SsmError | undefined): SsmError {
  if (loadError === undefined) return failure;
  return new SsmError(failure.status, loadError.detail, { ...loadError.where, ...failure.where }, { cause: failure });
}
