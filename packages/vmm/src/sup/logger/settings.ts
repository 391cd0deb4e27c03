import { SsmError } from '@ssmkit/runtime';
import { matchesPattern } from '../../iprt/simple-pattern.js';

/*
 * The texts by which a logger is set up: groups, flags, destinations.
 *
 *     groups         pi*=debug -pic      flags   buffered elapsed -group      destinations   stdout file=logs/x.log
 *
 * sup.h hands three texts on and leaves open what is in them; this language is ssmkit's own. Words stand between blanks or
 * commas, later ones win over earlier ones, and a minus in front takes back. A group that nobody knows is passed over,
 * since one text is for all parts of a VM, each with groups of its own. Any other word that nobody knows is an error, and
 * then nothing of the text counts.
 */

/** How much of a group is logged: its level, and all that are more important. */
export const logLevels = { OFF: 0, ERROR: 1, WARN: 2, INFO: 3, DEBUG: 4, TRACE: 5 } as const;

/** How important a line is. */
export type LogLevel = Exclude<keyof typeof logLevels, 'OFF'>;

/** Level of a group that is named without one. */
const LEVEL_DEFAULT = logLevels.INFO;

/**
 * Applies group settings: `pi*=debug -pic rtc`. A name with `*` and `?` stands for all groups that it matches; case does
 * not matter. Without a level it is INFO, with a minus OFF.
 *
 * @param levels number of each group's level by name; changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyGroupSettings(levels: Map<string, number>, settings: string): void {
  const changes = wordsOf(settings).map((word) => {
    const [, off, pattern = '', level] = /^(-)?([^-=][^=]*)(?:=(.*))?$/.exec(word) ?? [];
    if (pattern === '' || (off !== undefined && level !== undefined)) throw bad(word, 'setting of a group');
    return { pattern: pattern.toLowerCase(), level: off === undefined ? levelOf(level, word) : logLevels.OFF };
  });
  for (const { pattern, level } of changes) {
    for (const name of levels.keys()) if (matchesPattern(pattern, name.toLowerCase())) levels.set(name, level);
  }
}

function levelOf(text: string | undefined, word: string): number {
  if (text === undefined) return LEVEL_DEFAULT;
  const name = text.toUpperCase();
  if (!Object.hasOwn(logLevels, name)) throw bad(word, 'setting of a group');
  return logLevels[name as keyof typeof logLevels];
}

/** The settings as a text that {@link applyGroupSettings} understands; groups that are off are not in it. */
export function formatGroupSettings(levels: ReadonlyMap<string, number>): string {
  const names = Object.keys(logLevels).map((name) => name.toLowerCase());
  return [...levels]
    .filter(([, level]) => level !== logLevels.OFF)
    .map(([name, level]) => `${name}=${names[level]}`)
    .join(' ');
}

/** What a logger can be set to do: to be silent, how it writes, and, from the fourth on, what stands in front of lines. */
export const loggerFlags = ['disabled', 'buffered', 'crlf', 'clock', 'elapsed', 'level', 'group'] as const;

export type LoggerFlag = (typeof loggerFlags)[number];

/**
 * Applies flags: `buffered elapsed -group`.
 *
 * @param flags changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyFlags(flags: Set<LoggerFlag>, settings: string): void {
  const changes = wordsOf(settings).map((word) => {
    const flag = loggerFlags.find((one) => one === word.replace(/^-/, ''));
    if (flag === undefined) throw bad(word, 'flag of loggers');
    return { flag, isOn: !word.startsWith('-') };
  });
  for (const { flag, isOn } of changes) {
    if (isOn) flags.add(flag);
    else flags.delete(flag);
  }
}

/** Where a logger can write. A file needs a name, the ring buffer may have a size. */
export const destinationNames = ['stdout', 'stderr', 'file', 'ring', 'user'] as const;

export type DestinationName = (typeof destinationNames)[number];

/**
 * Applies destinations: `stdout file=logs/x.log ring=64 -stderr`.
 *
 * @param destinations values by name, empty where none was given; changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyDestinations(destinations: Map<DestinationName, string>, settings: string): void {
  const changes = wordsOf(settings).map((word) => {
    const [, off, text, value = ''] = /^(-)?([a-z]+)(?:=(.*))?$/.exec(word) ?? [];
    const name = destinationNames.find((one) => one === text);
    if (name === undefined) throw bad(word, 'destination of loggers');
    return { name, value, isOn: off === undefined };
  });
  for (const { name, value, isOn } of changes) {
    if (isOn) destinations.set(name, value);
    else destinations.delete(name);
  }
}

function wordsOf(settings: string): string[] {
  return settings.split(/[\s,]+/).filter((word) => word !== '');
}

function bad(word: string, what: string): SsmError {
  return new SsmError('VERR_INVALID_PARAMETER', `'${word}' is no ${what}`);
}
