import { SsmError } from '@ssmkit/runtime';
import { defaultHost, descriptorFor, layout, readImage } from '@ssmkit/schema';
import { GIP_MAGIC, GIP_VERSION, gipModes, NO_CPU, SupGipCpu, SupGlobalInfoPage } from './layout.js';

/*
 * Reading the global information page
 *
 * Nobody locks the page. Its writer makes a CPU's transaction number odd, changes what is there, and makes it even again;
 * a reader takes the number, reads, and reads again if the number was odd or is no longer the same. The page may be in a
 * SharedArrayBuffer whose writer runs in another thread, hence Atomics for the number.
 */

const page = layout(SupGlobalInfoPage).offsets;
const cpu = layout(SupGipCpu).offsets;
const CPU_SIZE = layout(SupGipCpu).size;
const cpuTable = page.get('cpuTable')!;

/** UINT64_MAX: there is no frequency to tell. */
export const NO_FREQUENCY = 0xffff_ffff_ffff_ffffn;

/** How often a reader tries before it says that the page is never at rest. */
const TRIES = 1000;

/** Offset of a CPU's entry in the page. */
export function gipCpuOffset(index: number): number {
  return cpuTable + index * CPU_SIZE;
}

/** Offset of a member of the page, or of a CPU's entry in its entry. */
export const gipOffset = {
  page: (name: keyof SupGlobalInfoPage): number => page.get(name)!,
  cpu: (name: keyof SupGipCpu): number => cpu.get(name)!,
};

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The transaction number of a CPU. */
function transactionOf(bytes: Uint8Array, index: number): number {
  return Atomics.load(new Int32Array(bytes.buffer, bytes.byteOffset + gipCpuOffset(index), 1), 0) >>> 0;
}

/** @throws SsmError VERR_INVALID_MAGIC, VERR_VERSION_MISMATCH for a page of another major version. */
export function checkGip(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  const magic = bytes.length < cpuTable ? 0 : view.getUint32(page.get('magic')!, true);
  if (magic !== GIP_MAGIC) {
    throw new SsmError('VERR_INVALID_MAGIC', `0x${magic.toString(16)} is not the global information page's magic`);
  }
  const version = view.getUint32(page.get('version')!, true);
  if (version >>> 16 !== GIP_VERSION >>> 16) {
    throw new SsmError('VERR_VERSION_MISMATCH', `version 0x${version.toString(16)} of the global information page`);
  }
}

/**
 * What the page says of one CPU, all of it from the same update.
 *
 * @throws SsmError VERR_INVALID_CPU_ID, VERR_TRY_AGAIN when the entry does not come to rest; as {@link checkGip}.
 */
export function readGipCpu(bytes: Uint8Array, index: number): SupGipCpu {
  checkGip(bytes);
  const cpus = viewOf(bytes).getUint16(page.get('cpus')!, true);
  if (!Number.isInteger(index) || index < 0 || index >= cpus) {
    throw new SsmError('VERR_INVALID_CPU_ID', `CPU ${index} of ${cpus}`);
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const transaction = transactionOf(bytes, index);
    if (transaction % 2 === 1) continue;
    const entry = new SupGipCpu();
    readImage(descriptorFor(SupGipCpu), defaultHost, entry, bytes, gipCpuOffset(index));
    if (transactionOf(bytes, index) === transaction) return entry;
  }
  throw new SsmError('VERR_TRY_AGAIN', `CPU ${index} is being updated all the time`);
}

/** A copy of the whole page, with all of its CPUs in `cpuTable`. @throws as {@link readGipCpu}. */
export function readGip(bytes: Uint8Array): SupGlobalInfoPage {
  checkGip(bytes);
  const copy = new SupGlobalInfoPage();
  readImage(descriptorFor(SupGlobalInfoPage), defaultHost, copy, bytes);
  copy.cpuTable = Array.from({ length: copy.cpus }, (_, index) => readGipCpu(bytes, index));
  return copy;
}

/** Index of the entry that speaks for a CPU: in the synchronous mode the first one speaks for all. */
function entryFor(bytes: Uint8Array, apicId: number): number | undefined {
  const view = viewOf(bytes);
  if (view.getUint32(page.get('mode')!, true) !== gipModes.ASYNC_TSC) return 0;
  const index = apicId < 0 || apicId > 255 ? NO_CPU : view.getUint16(page.get('cpuFromApicId')! + 2 * apicId, true);
  return index < view.getUint16(page.get('cpus')!, true) ? index : undefined;
}

/** The TSC frequency of a CPU, or {@link NO_FREQUENCY} (`SUPGetCpuHzFromGIP`). */
export function cpuHzFromGip(bytes: Uint8Array | undefined, apicId: number): bigint {
  if (bytes === undefined || bytes.length < cpuTable) return NO_FREQUENCY;
  if (viewOf(bytes).getUint32(page.get('magic')!, true) !== GIP_MAGIC) return NO_FREQUENCY;
  const index = entryFor(bytes, apicId);
  return index === undefined ? NO_FREQUENCY : readGipCpu(bytes, index).cpuHz;
}

/**
 * The time at a TSC value of a CPU, in nanoseconds: that of the last update and the ticks since then. So that it never runs
 * ahead of the next update, ticks beyond a whole interval count as one.
 *
 * @throws SsmError VERR_INVALID_CPU_ID; as {@link readGipCpu}.
 */
export function nanoTsFromGip(bytes: Uint8Array, apicId: number, tsc: bigint): bigint {
  checkGip(bytes);
  const index = entryFor(bytes, apicId);
  if (index === undefined) throw new SsmError('VERR_INVALID_CPU_ID', `no CPU has APIC ID ${apicId}`);
  const entry = readGipCpu(bytes, index);
  const interval = BigInt(entry.updateIntervalTsc);
  const intervalNs = BigInt(viewOf(bytes).getUint32(page.get('updateIntervalNs')!, true));
  const ticks = tsc - entry.tsc;
  if (interval === 0n || ticks <= 0n) return entry.nanoTs;
  return entry.nanoTs + ((ticks < interval ? ticks : interval) * intervalNs) / interval;
}

/**
 * How far a CPU's TSC is ahead of the first CPU's, in ticks. 0 in the synchronous mode.
 *
 * @throws as {@link readGipCpu}.
 */
export function tscDeltaFromGip(bytes: Uint8Array, index: number): bigint {
  const entry = readGipCpu(bytes, index);
  if (viewOf(bytes).getUint32(page.get('mode')!, true) !== gipModes.ASYNC_TSC) return 0n;
  const first = readGipCpu(bytes, 0);
  return entry.tsc - (first.tsc + ((entry.nanoTs - first.nanoTs) * first.cpuHz) / 1_000_000_000n);
}
