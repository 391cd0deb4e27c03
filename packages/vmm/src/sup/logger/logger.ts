import { SsmError } from '@ssmkit/runtime';
import type { HostClock } from '../../emt/host-clock.js';
import {
  applyDestinations,
  applyFlags,
  applyGroupSettings,
  type DestinationName,
  formatGroupSettings,
  type LoggerFlag,
  type LogLevel,
  logLevels,
} from './settings.js';

/** Receives what a logger writes to a destination. `value` is what stands behind its name in the settings. */
export type LogWriter = (text: string, value: string) => void;

const NS_PER_S = 1_000_000_000n;

/** Characters of the ring buffer where the settings do not say how many. */
const RING_DEFAULT = 64 * 1024;

export interface LoggerOptions {
  readonly clock: HostClock;
  readonly groups: readonly string[];
  readonly writers: Readonly<Partial<Record<DestinationName, LogWriter>>>;
}

/** A logger instance. Nothing is enabled in it before its settings say so. */
export class Logger {
  readonly #clock: HostClock;
  readonly #start: bigint;
  readonly #writers: LoggerOptions['writers'];
  /** Level by group. */
  readonly #groups: Map<string, number>;
  readonly #groupWidth: number;
  #flags = new Set<LoggerFlag>();
  #destinations = new Map<DestinationName, string>();
  #buffer = '';
  #ring = '';

  constructor({ clock, groups, writers }: LoggerOptions) {
    this.#clock = clock;
    this.#start = clock.now();
    this.#writers = writers;
    this.#groups = new Map(groups.map((name) => [name, logLevels.OFF]));
    this.#groupWidth = Math.max(...groups.map((name) => name.length));
  }

  get flags(): ReadonlySet<LoggerFlag> {
    return this.#flags;
  }

  /** Values of the destinations by name. */
  get destinations(): ReadonlyMap<DestinationName, string> {
    return this.#destinations;
  }

  /** The group settings as a text. */
  get groupSettings(): string {
    return formatGroupSettings(this.#groups);
  }

  /** The last of what was logged, as far as the ring buffer holds it. */
  get ringBuffer(): string {
    return this.#ring;
  }

  /** Changes settings; all of them, or, when one is bad, none. @throws SsmError VERR_INVALID_PARAMETER. */
  change(settings: { readonly flags?: string; readonly groups?: string; readonly destinations?: string }): void {
    const [flags, groups, destinations] = [
      new Set(this.#flags),
      new Map(this.#groups),
      new Map(this.#destinations),
    ] as const;
    applyFlags(flags, settings.flags ?? '');
    applyGroupSettings(groups, settings.groups ?? '');
    applyDestinations(destinations, settings.destinations ?? '');
    for (const name of destinations.keys()) this.#checkDestination(name, destinations.get(name)!);
    this.flush();
    this.#flags = flags;
    this.#destinations = destinations;
    for (const [name, level] of groups) this.#groups.set(name, level);
  }

  /** Whether something would be logged; for those who would have to make the text first. Unknown groups are the first one. */
  isEnabled(level: LogLevel, group: string): boolean {
    if (this.#flags.has('disabled')) return false;
    return logLevels[level] <= (this.#groups.get(this.#groupOf(group)) ?? logLevels.OFF);
  }

  /** Logs a text, line by line, each with what the flags ask for in front. */
  log(level: LogLevel, group: string, text: string): void {
    if (!this.isEnabled(level, group)) return;
    const prefix = this.#prefix(level, this.#groupOf(group));
    const newline = this.#flags.has('crlf') ? '\r\n' : '\n';
    for (const line of text.replace(/\n$/, '').split('\n')) this.#buffer += `${prefix}${line}${newline}`;
    if (!this.#flags.has('buffered')) this.flush();
  }

  /** Writes what is buffered. */
  flush(): void {
    const text = this.#buffer;
    if (text === '') return;
    this.#buffer = '';
    for (const [name, value] of this.#destinations) {
      if (name === 'ring') this.#ring = (this.#ring + text).slice(-ringSize(value));
      else this.#writers[name]?.(text, value);
    }
  }

  #checkDestination(name: DestinationName, value: string): void {
    if (name === 'ring' && Number.isNaN(ringSize(value))) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${value}' is no size of a ring buffer`);
    }
    if (name === 'file' && value === '') throw new SsmError('VERR_INVALID_PARAMETER', 'a file needs a name');
  }

  #groupOf(group: string): string {
    return this.#groups.has(group) ? group : (this.#groups.keys().next().value ?? group);
  }

  #prefix(level: LogLevel, group: string): string {
    const now = this.#clock.now();
    const parts: readonly (readonly [LoggerFlag, () => string])[] = [
      ['clock', () => seconds(now)],
      ['elapsed', () => seconds(now - this.#start)],
      ['level', () => level.padEnd(5)],
      ['group', () => group.padEnd(this.#groupWidth)],
    ];
    return parts
      .filter(([name]) => this.#flags.has(name))
      .map(([, text]) => `${text()} `)
      .join('');
  }
}

function ringSize(value: string): number {
  if (value === '') return RING_DEFAULT;
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : Number.NaN;
}

/** Seconds and microseconds, as the log of a Linux kernel has them. */
function seconds(ns: bigint): string {
  const micros = String((ns % NS_PER_S) / 1000n).padStart(6, '0');
  return `${ns / NS_PER_S}.${micros}`.padStart(12);
}
