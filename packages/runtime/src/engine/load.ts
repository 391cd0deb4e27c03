import { defaultHost, type HostProfile } from '@ssmkit/schema';
import type { StateHeader, StateReader, UnitHeader } from '../containers/state.js';
import { SsmError, type SsmWhere } from '../error.js';
import type { Source } from '../io/sink-source.js';
import { NeedMore, RECORD_MAX, type SavedHost } from '../streams/get-primitives.js';
import { GetStream } from '../streams/get-stream.js';
import { type CallbackResult, callUnit, LoadHandle } from './handle.js';
import { openReader } from './open-reader.js';
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
export interface LoadOptions {
  /** The host whose C structures are filled; default linux.amd64. */
  host?: HostProfile;
  /** Takes units that nobody has registered; without it they fail the load with VERR_SSM_INTEGRITY_UNIT_NOT_FOUND. */
  onUnknownUnit?: UnknownUnitHandler;
  /** Bytes of a unit to read ahead from an asynchronous source; default 1 MiB. */
  window?: number;
}

/**
 * Loads a saved state into the registered units.
 *
 * @throws SsmError the first failure, with the unit and the offset it happened at.
 */
export async function loadState(registry: Registry, source: Source, options: LoadOptions = {}): Promise<void> {
  const reader = await openReader(source);
  await new LoadOperation(registry, reader, options).run();
}

/** What is known of the host that saved before the unit "SSM" has told more. */
export function savedHostOf(header: StateHeader, host: HostProfile): SavedHost {
  const { hostBits, gcPhysBytes, gcPtrBytes } = header;
  return { name: '', bits: hostBits ?? host.bits, gcPhysBytes, gcPtrBytes, msc32: host.msc32 };
}

class OperationHandle extends LoadHandle {
  unit: UnitHeader | undefined;
  readonly #reader: StateReader;
  readonly stream: GetStream;
  #skipped = false;
  #piece: Uint8Array | undefined;

  constructor(reader: StateReader, host: HostProfile) {
    super(reader.header, savedHostOf(reader.header, host));
    this.#reader = reader;
    this.stream = new GetStream(reader.records, { host, saved: this.saved });
  }

  begin(unit: UnitHeader): void {
    this.unit = unit;
    this.#skipped = false;
    this.stream.begin(unit.version, unit.pass);
  }

  /** The check of the end of a unit. */
  async finish(): Promise<void> {
    if (this.#skipped) return;
    const { stream } = this;
    const reader = this.#reader;
    for (;;) {
      try {
        reader.records.finish(stream.buffered);
        return;
      } catch (error) {
        if (!(error instanceof NeedMore)) throw error;
        await reader.records.more();
      }
    }
  }

  override async skipToEndOfUnit(): Promise<void> {
    this.stream.skip(this.stream.buffered);
    const { input, records } = this.#reader;
    await this.#guard(async () => {
      while (await input.run(() => records.skip()));
    });
    this.#skipped = true;
  }

  override async readToEndOfUnit(take?: (piece: Uint8Array) => void): Promise<number> {
    const { stream } = this;
    const { records } = this.#reader;
    let total = stream.buffered;
    if (total > 0) {
      const rest = stream.getMem(new Uint8Array(total));
      take?.(rest);
    }
    this.#piece ??= new Uint8Array(RECORD_MAX * 16);
    const piece = this.#piece;
    await this.#guard(async () => {
      for (;;) {
        let count: number;
        try {
          count = records.fill(piece, 0);
        } catch (error) {
          if (error instanceof NeedMore) {
            await records.more();
            continue;
          }
          // A reader that knows the length stops in front of an empty record: the end-of-unit check reports that one.
          if (records.empty && (error as SsmError).status.startsWith('VERR_SSM_INTEGRITY_REC')) return;
          throw error;
        }
        if (count < 0) return;
        total += count;
        take?.(piece.subarray(0, count));
      }
    });
    return total;
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    this.stream.check();
    try {
      await step();
    } catch (error) {
      throw error instanceof SsmError ? this.stream.fail(error) : error;
    }
  }
}

/** A load from its first to its last callback. */
class LoadOperation {
  readonly #registry: Registry;
  readonly #units: readonly Unit[];
  readonly #reader: StateReader;
  readonly #options: LoadOptions;
  readonly #handle: OperationHandle;
  /** Units of which a callback other than loadDone has been called. */
  readonly #called = new Set<Unit>();

  constructor(registry: Registry, reader: StateReader, options: LoadOptions) {
    this.#registry = registry;
    this.#units = [...registry.units];
    this.#reader = reader;
    this.#options = options;
    this.#handle = new OperationHandle(reader, options.host ?? defaultHost);
  }

  async run(): Promise<void> {
    const handle = this.#handle;
    if (await this.#prep()) {
      try {
        await this.#exec();
      } catch (error) {
        handle.fail(error as SsmError);
      }
    }
    handle.unit = undefined;
    handle.stream.fail(new SsmError('VERR_SSM_INVALID_STATE', 'the load is over: nothing can be got any more'));
    await this.#done();
    if (handle.failure !== undefined) throw handle.failure;
  }

  async #prep(): Promise<boolean> {
    for (const unit of this.#units) {
      if (unit.loadPrep === undefined) continue;
      this.#called.add(unit);
      const error = await callUnit('loadPrep', () => unit.loadPrep?.(this.#handle));
      if (error !== undefined) this.#handle.fail(failed('LoadPrep failed', error, unit));
      if (this.#handle.failure !== undefined) return false;
    }
    return true;
  }

  async #exec(): Promise<void> {
    const reader = this.#reader;
    for (let unit = await reader.nextUnit(); unit !== undefined; unit = await reader.nextUnit()) {
      await this.#load(unit);
    }
    await reader.readEnd();
  }

  async #load(unit: UnitHeader): Promise<void> {
    const handle = this.#handle;
    const { stream } = handle;
    const where = { unit: unit.name, instance: unit.instance, pass: unit.pass };
    const call = this.#callbackOf(unit, where);
    handle.begin(unit);
    if (this.#reader.input.asynchronous) await stream.ensure(this.#options.window ?? 1 << 20);
    let error = await callUnit('loadExec', call);
    const known = this.#registry.find(unit.name, unit.instance);
    if (known !== undefined) this.#called.add(known);
    error ??= stream.failure ?? handle.failure;
    if (error === undefined) {
      try {
        await handle.finish();
        return;
      } catch (thrown) {
        error = thrown as SsmError;
      }
    }
    const text =
      error.status === 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION'
        ? `Unsupported version ${unit.version} of data unit '${unit.name}' (instance #${unit.instance}, pass 0x${unit.pass.toString(16)})`
        : `Failed to load unit '${unit.name}'`;
    throw failed(text, error.at({ ...where, offset: this.#reader.input.position }));
  }

  #callbackOf(unit: UnitHeader, where: SsmWhere): () => CallbackResult | Promise<CallbackResult> {
    const handle = this.#handle;
    const { stream } = handle;
    const known = this.#registry.find(unit.name, unit.instance);
    if (known === undefined) {
      const { onUnknownUnit } = this.#options;
      if (onUnknownUnit !== undefined) return () => onUnknownUnit(stream, unit, handle);
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
    for (const unit of this.#units) {
      const involved = this.#called.has(unit) || (unit.loadPrep === undefined && unit.loadExec === undefined);
      if (unit.loadDone === undefined || !involved) continue;
      const error = await callUnit('loadDone', () => unit.loadDone?.(this.#handle));
      if (error !== undefined) this.#handle.fail(failed('LoadDone failed', error, unit));
    }
  }
}

/** A failure told from the operation's side. */
function failed(what: string, error: SsmError, unit?: Unit): SsmError {
  const told = new SsmError(error.status, `${what}: ${error.detail}`, error.where, { cause: error });
  return unit === undefined ? told : told.at({ unit: unit.name, instance: unit.instance });
}
