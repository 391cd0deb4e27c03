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

export const tscModes = ['Dynamic', 'VirtTSCEmulated', 'RealTSCOffset'] as const;

export type TscMode = (typeof tscModes)[number];

/** What is set under `/TM`. */
export interface TmSettings {
  readonly catchUp: CatchUpSettings;
  /** Speed of the virtual clock. */
  readonly warpPercentage: bigint;
  /** Nanoseconds added to the host's UTC. */
  readonly utcOffset: bigint;
  /**
   * Where the TSC comes from. Only for show: there is no real one here that could be used, so that all modes are
   * 'VirtTSCEmulated'.
   */
  readonly tscMode: TscMode;
  /** Hz; `undefined` for that of the host. */
  readonly tscFrequency: bigint | undefined;
  /** Most that hints make of the host's timer, in Hz. */
  readonly hostHzMax: bigint;
}

const US = 1000n;
const MS = 1000n * US;
const S = 1000n * MS;

/** Default start and percentage of each period (`VirtualBox 7.2 TMR3.cpp, TMR3Init`). */
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

/** All names that may be under `/TM`. Those in the second half mean nothing here: there is no host timer and no real TSC. */
const knownValues = [
  'TSCMode|TSCTicksPerSecond|ScheduleSlack|CatchUpStopThreshold|CatchUpGiveUpThreshold',
  ...defaultPeriods.map((_, i) => `CatchUpStartThreshold${i}|CatchUpPrecentage${i}`),
  'UTCOffset|WarpDrivePercentage|HostHzMax',
  'TimerMillies|TSCModeSwitchAllowed|TSCTiedToExecution|TSCNotTiedToHalt|UTCTouchFileOnJump',
  'HostHzFudgeFactorTimerCpu|HostHzFudgeFactorOtherCpu',
  'HostHzFudgeFactorCatchUp100|HostHzFudgeFactorCatchUp200|HostHzFudgeFactorCatchUp400',
].join('|');

/** Range of the warp drive, in percent. */
export const warpRange = { min: 2n, max: 20_000n } as const;

/** @throws SsmError VERR_INVALID_PARAMETER. */
export function checkWarp(percentage: bigint): bigint {
  if (percentage >= warpRange.min && percentage <= warpRange.max) return percentage;
  throw invalid(`WarpDrivePercentage = ${percentage} is not in the range ${warpRange.min}..${warpRange.max}`);
}

const TSC_MIN = 1_000_000n;
const TSC_MAX = (1n << 32n) - 1n;

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
  const tscMode = queryDef(node, 'TSCMode', 'string', 'Dynamic');
  if (!isTscMode(tscMode)) throw invalid(`unrecognized TM TSC mode value "${tscMode}"`);
  const tscFrequency = queryDef(node, 'TSCTicksPerSecond', 'u64', undefined);
  if (tscFrequency !== undefined && (tscFrequency < TSC_MIN || tscFrequency > TSC_MAX)) {
    throw invalid(`TSCTicksPerSecond = ${tscFrequency} is not in the range 1MHz..4GHz-1`);
  }
  return {
    catchUp: readCatchUp(node),
    warpPercentage: checkWarp(BigInt(queryDef(node, 'WarpDrivePercentage', 'u32', 100))),
    utcOffset: queryDef(node, 'UTCOffset', 's64', 0n),
    tscMode,
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
      throw invalid(`invalid start of period #${i}: ${start}`);
    }
    // The name is spelled so in VirtualBox.
    periods.push({ start, percentage: BigInt(queryDef(node, `CatchUpPrecentage${i}`, 'u32', Number(percentage))) });
  }
  return {
    periods,
    stopThreshold: queryDef(node, 'CatchUpStopThreshold', 'u64', 500n * US),
    giveUpThreshold,
    slack: BigInt(queryDef(node, 'ScheduleSlack', 'u32', Number(100n * US))),
  };
}

function isTscMode(text: string): text is TscMode {
  return (tscModes as readonly string[]).includes(text);
}

function invalid(detail: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `configuration error: ${detail}`);
}
