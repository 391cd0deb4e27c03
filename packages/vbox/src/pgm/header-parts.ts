import './header.ssm.js';
import { type GetStream, getFrom, PASS_FINAL, type PutStream, putInto, type SsmError } from '@ssmkit/runtime';
import type { HostProfile } from '@ssmkit/schema';
import {
  PgmCpu,
  PgmGlobal,
  PgmMappings,
  PgmOldest,
  PgmRamConfig,
  PgmRanges,
  type PgmRomRange,
  PgmSingle,
} from './header.js';
import { hasPageRecords, PAGE_SIZE, PgmVersion, pgmVersions } from './records.js';

/** Most CPUs that a machine has. */
const CPUS_MAX = 64;

/** What a structure begins with, and nothing that may follow those of the CPUs. */
const MARKER = 0x19200102;

/** More than everything in front of the pages can be. */
export const HEADER_MAX = 2 ** 19;

/** Largest guest-physical address that a CPU can have. */
const ADDRESS_MAX = 2n ** 52n;

/** What stands in front of the pages in a unit `pgm`: every part only where the version and the pass have it. */
export interface PgmHeader {
  /** Versions 6 to 8. */
  readonly single?: PgmSingle | PgmOldest;
  /** From version 9 on. */
  readonly global?: PgmGlobal;
  readonly cpus: readonly PgmCpu[];
  /** Up to version 13. */
  readonly mappings?: PgmMappings;
  readonly ramConfig?: PgmRamConfig;
  readonly ranges?: PgmRanges;
}

/** Which of the parts there are. */
export interface PgmParts {
  readonly basic: 'oldest' | 'single' | 'cpus' | undefined;
  readonly mappings: boolean;
  readonly ramConfig: boolean;
  readonly ranges: boolean;
}

/**
 * Which parts a pass has (`VirtualBox 7.2 PGMR3SavedState.cpp, pgmR3Load, pgmR3LoadFinalLocked`).
 *
 * @param afterLive there has been a live pass 0, which had the lists.
 */
export function partsOf(version: number, pass: number, afterLive: boolean): PgmParts {
  const final = pass === PASS_FINAL;
  const lists = hasPageRecords(version) && (final ? !afterLive : pass === 0);
  const old = version < PgmVersion.described ? 'oldest' : version < PgmVersion.cpus ? 'single' : 'cpus';
  return {
    basic: final ? (version === PgmVersion.arm ? 'cpus' : old) : undefined,
    mappings: final && version !== PgmVersion.arm && version <= PgmVersion.mappings,
    // The final pass of version 10 has none.
    ramConfig: lists && !(final && version === PgmVersion.records),
    ranges: lists,
  };
}

/**
 * Gets what stands in front of the pages; the stream then stands at the first page record.
 *
 * @param stream of a unit `pgm` with its version and pass.
 * @param afterLive the state has had a live pass 0 before this one.
 * @throws SsmError VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION; VERR_SSM_UNEXPECTED_PASS for a live pass of a version that has
 * none; VERR_SSM_DATA_UNIT_FORMAT_CHANGED for ranges that cannot be; what is wrong with a part.
 */
export async function getPgmHeader(stream: GetStream, version: number, afterLive: boolean): Promise<PgmHeader> {
  const { pass } = stream;
  if (!pgmVersions.includes(version)) {
    throw stream.refuse('VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION', `guest memory of version ${version}`);
  }
  if (pass !== PASS_FINAL && !hasPageRecords(version)) {
    throw stream.refuse('VERR_SSM_UNEXPECTED_PASS', `version ${version} has no live passes`);
  }
  const parts = partsOf(version, pass, afterLive);
  if (parts.basic !== undefined || parts.ranges) await stream.ensure(HEADER_MAX);
  const basic = getBasic(stream, parts.basic);
  const header: PgmHeader = {
    ...basic,
    ...(parts.mappings && { mappings: stream.get(new PgmMappings()) }),
    ...(parts.ramConfig && { ramConfig: stream.get(new PgmRamConfig()) }),
    ...(parts.ranges && { ranges: stream.get(new PgmRanges()) }),
  };
  checkHeader(stream, header);
  return header;
}

function getBasic(stream: GetStream, basic: PgmParts['basic']): Pick<PgmHeader, 'single' | 'global' | 'cpus'> {
  if (basic === undefined) return { cpus: [] };
  if (basic === 'oldest') return { single: stream.get(new PgmOldest()), cpus: [] };
  if (basic === 'single') return { single: stream.get(new PgmSingle()), cpus: [] };
  const global = stream.get(new PgmGlobal());
  const cpus = [stream.get(new PgmCpu())];
  // How many CPUs there are the unit does not say, but that another structure begins.
  while (cpus.length < CPUS_MAX && peekU32(stream) === MARKER) cpus.push(stream.get(new PgmCpu()));
  return { global, cpus };
}

function peekU32(stream: GetStream): number | undefined {
  return stream.buffered < 4 ? undefined : stream.view.getUint32(stream.pos, true);
}

function checkHeader(stream: GetStream, { mappings, ramConfig, ranges }: PgmHeader): void {
  mappings?.mappings.forEach(({ sequence }, i) => {
    if (sequence !== i) throw changed(stream, `mapping ${sequence} where ${i} should be`);
  });
  if (ramConfig !== undefined && (ramConfig.size > ADDRESS_MAX || ramConfig.hole % PAGE_SIZE !== 0)) {
    throw changed(stream, `${ramConfig.size} bytes of RAM with a hole of ${ramConfig.hole}`);
  }
  for (const list of [ranges?.rom ?? [], ranges?.mmio2 ?? []]) {
    const ids = new Set<number>();
    for (const range of list) {
      const { id, size } = range;
      const address = (range as Partial<PgmRomRange>).address ?? 0n;
      if (id === 0 || ids.has(id)) throw changed(stream, `a second range ${id}, or one that has no number`);
      ids.add(id);
      if ((address | size) % BigInt(PAGE_SIZE) !== 0n || address + size > ADDRESS_MAX) {
        throw changed(stream, `range ${id} has ${size} bytes at 0x${address.toString(16)}`);
      }
    }
  }
}

function changed(stream: GetStream, detail: string): SsmError {
  return stream.refuse('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', detail);
}

/** Puts what {@link getPgmHeader} gets: every part that is there. */
export function putPgmHeader(stream: PutStream, header: PgmHeader): void {
  const { single, global, cpus, mappings, ramConfig, ranges } = header;
  for (const part of [single, global, ...cpus, mappings, ramConfig, ranges]) {
    if (part !== undefined) stream.put(part);
  }
}

/**
 * The bytes of a header, after a look at whether a reader gets the same out of them.
 *
 * @param options of the host and of the unit that it is for. @throws SsmError as {@link getPgmHeader}.
 */
export async function checkedPgmHeader(
  header: PgmHeader,
  { host, version, pass, afterLive }: PgmHeaderPlace,
): Promise<Uint8Array> {
  const bytes = putInto((stream) => putPgmHeader(stream, header), { host, version });
  const stream = getFrom(bytes, { host, version, pass });
  await getPgmHeader(stream, version, afterLive);
  if (stream.offset === bytes.length) return bytes;
  throw changed(stream, `${bytes.length - stream.offset} bytes behind the header`);
}

/** Where a header belongs. */
export interface PgmHeaderPlace {
  readonly host: HostProfile;
  readonly version: number;
  readonly pass: number;
  readonly afterLive: boolean;
}
