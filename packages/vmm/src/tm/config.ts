import { SsmError } from '@ssmkit/runtime';
import { type MaybeNode, queryDef, validateConfig } from '../cfgm/index.js';

/** A period of catching up: a lag, and by how many percent the clock runs faster from there on. */
export interface CatchUpPeriod {
  /** Nanoseconds. */
  readonly start: bigint;
  readonly percentage: bigint;
}

/** How the virtual-sync clock makes up for what it has lost. Times in nanoseconds. */
export interface CatchUpSettings {
  /** In the order of their starts; at least one. */
  readonly periods: readonly CatchUpPeriod[];
  /** A lag that is no longer worth it. */
  readonly stopThreshold: bigint;
  /** A lag that is beyond hope. */
  readonly giveUpThreshold: bigint;
  /** Timers that far ahead are delivered with those that are due, while the clock is behind. */
  readonly slack: bigint;
}

/** What is set under `/TM`. */
export interface TmSettings {
  readonly catchUp: CatchUpSettings;
  /** Speed of the virtual clock. */
  readonly warpPercentage: bigint;
  /** Nanoseconds added to the host's UTC. */
  readonly utcOffset: bigint;
  /** Hz; `undefined` for that of the host. */
  readonly tscFrequency: bigint | undefined;
  /** Most that hints make of the host's timer, in Hz. */
  readonly hostHzMax: bigint;
}

const US = 1000n;
const MS = 1000n * US;
const S = 1000n * MS;

/** Default start and percentage of each period (`VirtualBox 7.2 TMR3.cpp`). */
export const defaultPeriods: readonly CatchUpPeriod[] = [
  { start: 750n * US, percentage: 5n },
  { start: 1500n * US, percentage: 10n },
  { start: 8n * MS, percentage: 25n },
  { start: 30n * MS, percentage: 50n },
  { start: 75n * MS, percentage: 75n },
  { start: 175n * MS, percentage: 100n },
  { start: 500n * MS, percentage: 200n },
  { start: 3n * S, percentage: 300n },
  { start: 30n * S, percentage: 400n },
  { start: 55n * S, percentage: 500n },
];

/** All names that may be under `/TM`. Those of the last line mean nothing here: there is no host timer and no real TSC. */
const knownValues = [
  'TSCTicksPerSecond|ScheduleSlack|CatchUpStopThreshold|CatchUpGiveUpThreshold',
  ...defaultPeriods.map((_, i) => `CatchUpStartThreshold${i}|CatchUpPrecentage${i}`),
  'UTCOffset|WarpDrivePercentage|HostHzMax',
  'TimerMillies|TSCMode|TSCTiedToExecution|TSCNotTiedToHalt',
].join('|');

/** Range of the warp drive, in percent. What VirtualBox allows is not known; this is ssmkit's own. */
export const warpRange = { min: 1n, max: 10_000n } as const;

/** @throws SsmError VERR_INVALID_PARAMETER. */
export function checkWarp(percentage: bigint): bigint {
  if (percentage >= warpRange.min && percentage <= warpRange.max) return percentage;
  throw invalid(`a warp of ${percentage} %; ${warpRange.min} to ${warpRange.max} are possible`);
}

/** Range of the TSC's frequency in Hz, ssmkit's own: from slow enough for any test to faster than any CPU. */
const tscRange = { min: 1_000n, max: 1_000_000_000_000n } as const;

/**
 * Reads the settings.
 *
 * @param node `/TM`; without it everything has its default.
 * @throws SsmError VERR_INVALID_PARAMETER for a value that makes no sense, and as `validateConfig` and `query`.
 */
export function readTmSettings(node: MaybeNode): TmSettings {
  if (node !== undefined) {
    validateConfig(node, { who: 'TM', instance: 0, path: '/TM/', nodes: '', values: knownValues });
  }
  const tscFrequency = queryDef(node, 'TSCTicksPerSecond', 'u64', undefined);
  if (tscFrequency !== undefined && (tscFrequency < tscRange.min || tscFrequency > tscRange.max)) {
    throw invalid(`a TSC of ${tscFrequency} Hz; ${tscRange.min} to ${tscRange.max} are possible`);
  }
  return {
    catchUp: readCatchUp(node),
    warpPercentage: checkWarp(BigInt(queryDef(node, 'WarpDrivePercentage', 'u32', 100))),
    utcOffset: queryDef(node, 'UTCOffset', 's64', 0n),
    tscFrequency,
    hostHzMax: BigInt(queryDef(node, 'HostHzMax', 'u32', 20_000)),
  };
}

function readCatchUp(node: MaybeNode): CatchUpSettings {
  const giveUpThreshold = queryDef(node, 'CatchUpGiveUpThreshold', 'u64', 60n * S);
  const periods: CatchUpPeriod[] = [];
  for (const [i, { start: defaultStart, percentage }] of defaultPeriods.entries()) {
    const start = queryDef(node, `CatchUpStartThreshold${i}`, 'u64', defaultStart);
    const before = periods[i - 1];
    if ((before !== undefined && start <= before.start) || start >= giveUpThreshold) {
      throw invalid(
        `period ${i} of catching up begins at ${start} ns: not behind the one before, or where it is given up`,
      );
    }
    // The name is spelled so in VirtualBox.
    periods.push({ start, percentage: BigInt(queryDef(node, `CatchUpPrecentage${i}`, 'u32', Number(percentage))) });
  }
  return {
    periods,
    stopThreshold: queryDef(node, 'CatchUpStopThreshold', 'u64', 500n * US),
    giveUpThreshold,
    slack: queryDef(node, 'ScheduleSlack', 'u64', 100n * US),
  };
}

function invalid(detail: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `/TM: ${detail}`);
}
