import { defaultHost, type HostProfile } from '@ssmkit/schema';
import type { ProductVersion, StateWriter } from '../containers/state.js';
import type { FileHeader } from '../containers/v2/headers.js';
import { V2Writer } from '../containers/v2/writer.js';
import { PASS_FINAL, SsmError } from '../error.js';
import type { Sink } from '../io/sink-source.js';
import { callUnit, SaveHandle } from './handle.js';
import type { Registry } from './registry.js';
import type { Unit } from './unit.js';

/*
 * Saving
 *
 * A save runs over the registered units three times, in their order:
 *
 *     prep   savePrep of every unit                                 stops at the first failure
 *     exec   header, what saveExec puts, TERM; for every unit that has a saveExec
 *            END unit, directory, footer                            stops at the first failure
 *     done   saveDone of every unit that took part                  always, to the end
 *
 * and then the sink is closed, as aborted when anything failed. The first failure is what the save ends with. Because
 * the file is complete before the done run, a failing saveDone still makes the save fail, and the file goes
 * (`VirtualBox 7.2 SSMR3.cpp, SSMR3Save`).
 *
 * Memory stays bounded whatever the units put: what the writer buffers goes to the sink as it fills up. A synchronous
 * sink takes it at once. Before an asynchronous one a queue builds up, whose limit callbacks have to respect; between
 * units the engine waits until it is empty.
 */

/** What a saved state says about who saved it, and how it is written. The defaults are those of a current VirtualBox. */
export interface SaveOptions {
  /** The host that saves; default linux.amd64. Gives the widths in the header, "Host OS", and the layout of structures. */
  host?: HostProfile;
  /** Version of the product; default 7.2.22. */
  product?: ProductVersion;
  /** Source revision of the product, 1…10000000; default 175245. */
  revision?: number;
  /** "Build Type" in the unit "SSM"; default `release`. */
  buildType?: string;
  /** "OSE" in the unit "SSM"; default true. */
  ose?: boolean;
  /** Write checksums; default true. */
  checksum?: boolean;
  /**
   * Most bytes waiting for an asynchronous sink; default 1 MiB, at least 384 KiB. A callback that puts more without
   * awaiting `drain()` or `putMemAsync()` fails with VERR_BUFFER_OVERFLOW. Synchronous sinks have no limit.
   */
  bufferLimit?: number;
}

/** What a save amounts to. */
export interface SaveResult {
  /** Size of the saved state in bytes. */
  readonly bytes: number;
}

/**
 * Saves the state of all registered units.
 *
 * @throws SsmError the first failure, with the unit it happened in; the sink has been closed as aborted then.
 */
export function saveState(registry: Registry, sink: Sink, options: SaveOptions = {}): Promise<SaveResult> {
  return new SaveOperation(registry, sink, options).run();
}

/** The values of the header and of the unit "SSM" that options stand for. */
export function describeSave(options: SaveOptions, unitCount: number, live: boolean): SaveHandle {
  const host = options.host ?? defaultHost;
  const header: FileHeader = {
    product: options.product ?? { major: 7, minor: 2, build: 22 },
    revision: options.revision ?? 175245,
    hostBits: host.bits,
    gcPhysBytes: host.gcPhysBytes,
    gcPtrBytes: host.gcPtrBytes,
    unitCount,
    live,
    checksum: options.checksum ?? true,
  };
  const { buildType = 'release', ose = true } = options;
  return new SaveHandle(header, host, { buildType, hostOs: host.name, ose });
}

/** A save from its first to its last step. */
class SaveOperation {
  readonly #units: readonly Unit[];
  readonly #sink: Sink;
  readonly #options: SaveOptions;
  readonly #handle: SaveHandle;
  /** Units of which a callback other than saveDone has been called. */
  readonly #called = new Set<Unit>();

  constructor(registry: Registry, sink: Sink, options: SaveOptions) {
    this.#units = [...registry.units];
    this.#sink = sink;
    this.#options = options;
    this.#handle = describeSave(options, this.#units.length, false);
  }

  async run(): Promise<SaveResult> {
    const handle = this.#handle;
    let writer: StateWriter;
    try {
      const { host, bufferLimit } = this.#options;
      writer = new V2Writer(this.#sink, handle.header, { host, bufferLimit });
    } catch (error) {
      await this.#sink.close(true);
      throw error;
    }
    if (await this.#prep()) {
      if ((await this.#exec(writer)) && this.#ok()) this.#attempt(() => writer.finish(this.#units));
    }
    writer.stream.fail(new SsmError('VERR_SSM_INVALID_STATE', 'the save is over: nothing can be put any more'));
    await this.#done();
    try {
      await writer.close(!this.#ok());
    } catch (error) {
      handle.fail(error as SsmError);
    }
    if (handle.failure !== undefined) throw handle.failure;
    return { bytes: writer.position };
  }

  #ok(): boolean {
    return this.#handle.failure === undefined;
  }

  #attempt(step: () => void): boolean {
    try {
      step();
    } catch (error) {
      this.#handle.fail(error as SsmError);
    }
    return this.#ok();
  }

  #failed(what: string, unit: Unit, error: SsmError): void {
    const failure = new SsmError(error.status, `${what} failed: ${error.detail}`, error.where, { cause: error });
    this.#handle.fail(failure.at({ unit: unit.name, instance: unit.instance }));
  }

  async #prep(): Promise<boolean> {
    for (const unit of this.#units) {
      if (unit.savePrep === undefined) continue;
      const error = await callUnit('savePrep', () => unit.savePrep?.(this.#handle));
      this.#called.add(unit);
      if (error !== undefined) this.#failed('Prepare save', unit, error);
      if (!this.#ok()) return false;
    }
    return true;
  }

  async #exec(writer: StateWriter): Promise<boolean> {
    for (const unit of this.#units) {
      if (unit.saveExec === undefined) {
        this.#called.add(unit);
        continue;
      }
      const { name, instance, version } = unit;
      let error: SsmError | undefined;
      try {
        await writer.settle();
        const stream = writer.beginUnit({ name, instance, version });
        error = await callUnit('saveExec', () => unit.saveExec?.(stream, this.#handle));
        this.#called.add(unit);
        if (error === undefined) writer.endUnit();
      } catch (thrown) {
        error = thrown as SsmError;
      }
      if (error !== undefined) {
        this.#failed('Execute save', unit, error.at({ pass: PASS_FINAL, offset: writer.position }));
      }
      if (!this.#ok()) return false;
    }
    return true;
  }

  async #done(): Promise<void> {
    for (const unit of this.#units) {
      const involved = this.#called.has(unit) || (unit.savePrep === undefined && unit.saveExec === undefined);
      if (unit.saveDone === undefined || !involved) continue;
      const error = await callUnit('saveDone', () => unit.saveDone?.(this.#handle));
      if (error !== undefined) this.#failed('Done save', unit, error);
    }
  }
}
