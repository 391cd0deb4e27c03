import { defaultHost, type HostProfile } from '@ssmkit/schema';
import type { ProductVersion } from '../containers/state.js';
import type { FileHeader } from '../containers/v2/headers.js';
import type { Compression } from '../containers/v2/records.js';
import { SsmError } from '../error.js';
import { abandon } from '../io/abandon.js';
import { Interrupt } from '../io/interrupt.js';
import type { Sink } from '../io/sink-source.js';
import { type CodecPool, openPool } from '../workers/pool.js';
import { SaveHandle, type SsmAfter } from './handle.js';
import type { OperationOptions } from './operation.js';
import type { Registry } from './registry.js';
import { type SaveResult, SaveRun } from './save-run.js';

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
export interface SaveOptions extends OperationOptions {
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
   * How blocks of 4 KiB are packed; default `'lzf'`, as VirtualBox does. `'lz4'` is ssmkit's own extension, faster and
   * refused by VirtualBox at once; `'none'` leaves out all but zeros.
   */
  compression?: Compression;
  /** Default `'2.0'`. `'1.2'`, which VirtualBox 2.1 to 3.0 read, needs a sink that can {@link Sink.rewrite}. */
  format?: '2.0' | '1.2';
  /**
   * Most bytes waiting for an asynchronous sink; default 1 MiB, at least 384 KiB. A callback that puts more without
   * awaiting `drain()` or `putMemAsync()` fails with VERR_BUFFER_OVERFLOW. Synchronous sinks have no limit.
   */
  bufferLimit?: number;
  /** What is to become of the machine afterwards; `handle.after` tells the units. Default `'CONTINUE'`. */
  after?: SsmAfter;
  /**
   * Workers that pack blocks: threads of Node, or workers of a page, over shared memory; 0…16, default 0. They are started
   * where there is so much data that they pay, and used where they can be: see {@link canUseWorkers}. The file is the same.
   */
  workers?: number;
  /** Most milliseconds the save may take, waiting included: VERR_TIMEOUT. Default: no limit. */
  wallTime?: number;
}

/**
 * Saves the state of all registered units.
 *
 * @throws SsmError the first failure, with the unit it happened in; the sink has been closed as aborted then.
 * VERR_INVALID_PARAMETER for an `after` other than `'DESTROY'` and `'CONTINUE'`, and for `workers` that are no count.
 */
export async function saveState(registry: Registry, sink: Sink, options: SaveOptions = {}): Promise<SaveResult> {
  const run = await beginSave(registry, sink, options, { live: false, after: ['DESTROY', 'CONTINUE'] });
  await run.prep();
  if (run.ok) await run.exec();
  await run.finish();
  return run.close();
}

/** What distinguishes the kinds of save. */
interface SaveKind {
  live: boolean;
  after: readonly SsmAfter[];
  liveControl?: boolean | undefined;
  maxDowntime?: number | undefined;
}

/** Begins a save: the header is written. */
export async function beginSave(
  registry: Registry,
  sink: Sink,
  options: SaveOptions,
  kind: SaveKind,
): Promise<SaveRun> {
  const { after = 'CONTINUE', format = '2.0', host = defaultHost, wallTime = Number.POSITIVE_INFINITY } = options;
  const { live, liveControl = true, maxDowntime } = kind;
  const interrupt = new Interrupt();
  const refuse = async (failure: SsmError): Promise<never> => {
    await abandon(sink, failure);
    throw failure;
  };
  if (!kind.after.includes(after)) {
    await refuse(new SsmError('VERR_INVALID_PARAMETER', `after '${after}' is not ${kind.after.join(' or ')}`));
  }
  if (live && format !== '2.0') {
    await refuse(new SsmError('VERR_NOT_SUPPORTED', `format V${format} has no live passes`));
  }
  let pool: CodecPool | undefined;
  try {
    pool = format === '2.0' ? openPool('saving', options.workers) : undefined;
  } catch (error) {
    await refuse(error as SsmError);
  }
  const { header, saved, description } = describeSave(options, registry.units.length, live);
  const handle = new SaveHandle(header, saved, description, {
    state: live ? 'LIVE_PREP' : 'SAVE_PREP',
    after,
    interrupt,
    pool,
    ...(maxDowntime !== undefined && { maxDowntime }),
  });
  return SaveRun.begin(registry, sink, handle, {
    format,
    compression: options.compression,
    host,
    interrupt,
    pool,
    bufferLimit: options.bufferLimit,
    signal: options.signal,
    onProgress: options.onProgress,
    liveControl,
    wallTime,
    split: live ? { prepare: 2, live: 93, done: 2 } : { prepare: 20, live: 0, done: 2 },
  });
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
