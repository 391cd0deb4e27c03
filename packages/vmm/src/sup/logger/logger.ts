import { SsmError } from '@ssmkit/runtime';
import { type HostClock, NS_PER_MS } from '../../emt/host-clock.js';
import {
  applyDestinations,
  applyFlags,
  applyGroupSettings,
  type DestinationName,
  formatGroupSettings,
  type GroupFlag,
  groupFlags,
  type LoggerFlag,
} from './settings.js';

/** Receives what a logger writes to a destination. `value` is what stands behind its name in the settings. */
export type LogWriter = (text: string, value: string) => void;

/** Bytes of the ring buffer where the settings do not say how many. */
const RINGBUF_DEFAULT = 64 * 1024;

/** How many lines of a group with the flag RESTRICT are logged. */
const RESTRICT_LINES = 1024;

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
  readonly #groups: Map<string, number>;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #lines = new Map<string, number>();
  #flags = new Set<LoggerFlag>();
  #destinations = new Map<DestinationName, string>();
  #buffer = '';
  #ring = '';

  constructor({ clock, groups, writers }: LoggerOptions) {
    this.#clock = clock;
    this.#start = clock.now();
    this.#writers = writers;
    this.#groups = new Map(groups.map((name) => [name, 0]));
    this.#numbers = new Map(groups.map((name, number) => [name, number]));
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
    for (const [name, bits] of groups) this.#groups.set(name, bits);
  }

  /** Whether something would be logged; for those who would have to make the text first. Unknown groups are the first one. */
  isEnabled(flag: GroupFlag, group: string): boolean {
    if (this.#flags.has('disabled')) return false;
    const bits = this.#groups.get(this.#groupOf(group)) ?? 0;
    const wanted = groupFlags[flag] | groupFlags.ENABLED;
    return (bits & wanted) === wanted;
  }

  /** Logs a text, line by line, each with the prefixes that the flags ask for. */
  log(flag: GroupFlag, group: string, text: string): void {
    if (!this.isEnabled(flag, group)) return;
    const known = this.#groupOf(group);
    const lines = this.#lines.get(known) ?? 0;
    this.#lines.set(known, lines + 1);
    if ((this.#groups.get(known)! & groupFlags.RESTRICT) !== 0 && lines >= RESTRICT_LINES) return;
    const prefix = this.#prefix(flag, known);
    const newline = this.#flags.has('usecrlf') ? '\r\n' : '\n';
    for (const line of text.replace(/\n$/, '').split('\n')) this.#buffer += `${prefix}${line}${newline}`;
    if (!this.#flags.has('buffered')) this.flush();
  }

  /** Writes what is buffered. */
  flush(): void {
    const text = this.#buffer;
    if (text === '') return;
    this.#buffer = '';
    for (const [name, value] of this.#destinations) {
      if (name === 'ringbuf') this.#ring = (this.#ring + text).slice(-ringSize(value));
      else this.#writers[name]?.(text, value);
    }
  }

  #checkDestination(name: DestinationName, value: string): void {
    if (name === 'ringbuf' && Number.isNaN(ringSize(value))) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${value}' is no size of a ring buffer`);
    }
    if (name === 'file' && value === '') throw new SsmError('VERR_INVALID_PARAMETER', 'a file needs a name');
  }

  #groupOf(group: string): string {
    return this.#groups.has(group) ? group : (this.#groups.keys().next().value ?? group);
  }

  /** Prefixes in the order of VirtualBox 7.2 log.cpp, rtLogOutputPrefixed. */
  #prefix(flag: GroupFlag, group: string): string {
    const now = this.#clock.now();
    const passed = now - this.#start;
    const parts: readonly (readonly [LoggerFlag, () => string])[] = [
      ['ts', () => stamp(this.#flags.has('rel') ? passed : now, this.#flags.has('dec'))],
      ['msprog', () => String(passed / NS_PER_MS).padStart(10, '0')],
      ['timeprog', () => timeOf(passed)],
      ['flagno', () => groupFlags[flag].toString(16).padStart(8, '0')],
      ['flag', () => flag.toLowerCase().padEnd(8)],
      ['groupno', () => (this.#numbers.get(group) ?? 0).toString(16).padStart(3, '0')],
      ['group', () => group.padEnd(16)],
    ];
    return parts
      .filter(([name]) => this.#flags.has(name))
      .map(([, text]) => `${text()} `)
      .join('');
  }
}

function ringSize(value: string): number {
  if (value === '') return RINGBUF_DEFAULT;
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : Number.NaN;
}

function stamp(ns: bigint, isDecimal: boolean): string {
  return isDecimal ? String(ns).padStart(18, '0') : ns.toString(16).padStart(16, '0');
}

/** `hh:mm:ss.micros`. */
function timeOf(ns: bigint): string {
  const us = ns / 1000n;
  const two = (value: bigint) => String(value).padStart(2, '0');
  const [hours, minutes, seconds] = [us / 3_600_000_000n, (us / 60_000_000n) % 60n, (us / 1_000_000n) % 60n];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(us % 1_000_000n).padStart(6, '0')}`;
}
