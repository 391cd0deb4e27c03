import { SsmError } from '@ssmkit/runtime';
import { matchesPattern } from '../../iprt/simple-pattern.js';

/*
 * The texts by which a logger is set up: groups, flags, destinations.
 *
 * A group that nobody knows is passed over, since one text is for all parts of a VM, each with groups of its own. Any
 * other word that nobody knows is an error, and then nothing of the text counts; VirtualBox passes over these as well.
 */

/** RTLOGGRPFLAGS_*: what of a group is logged. */
export const groupFlags = {
  ENABLED: 0x0001,
  FLOW: 0x0002,
  WARN: 0x0004,
  LEVEL_1: 0x0010,
  LEVEL_2: 0x0020,
  LEVEL_3: 0x0040,
  LEVEL_4: 0x0080,
  LEVEL_5: 0x0100,
  LEVEL_6: 0x0200,
  LEVEL_7: 0x0400,
  LEVEL_8: 0x0800,
  LEVEL_9: 0x1000,
  LEVEL_10: 0x2000,
  LEVEL_11: 0x4000,
  LEVEL_12: 0x8000,
  RESTRICT: 0x4000_0000,
} as const;

export type GroupFlag = keyof typeof groupFlags;

const { ENABLED, LEVEL_1, LEVEL_2, FLOW, WARN, RESTRICT } = groupFlags;

/** Words of flags (VirtualBox 7.2 log.cpp, rtlogGroupFlags). */
const groupWords: ReadonlyMap<string, number> = new Map([
  ...['eo', 'enabledonly'].map((word) => [word, ENABLED] as const),
  ...['e', 'enabled'].map((word) => [word, ENABLED | LEVEL_1 | WARN] as const),
  ['l', LEVEL_2],
  ...Array.from({ length: 12 }, (_, i) => i + 1).flatMap((level) =>
    ['l', 'level'].map((word) => [`${word}${level}`, LEVEL_1 << (level - 1)] as const),
  ),
  ...['f', 'flow'].map((word) => [word, FLOW] as const),
  ...['w', 'warn', 'warning'].map((word) => [word, WARN] as const),
  ['restrict', RESTRICT],
]);

/**
 * Applies group settings: `+all -pgm* pit.e.l2 rtc=0x31`. A plus or nothing in front switches on, a minus off; words behind
 * dots, or a number, say what. Names may end with `*`; case does not matter.
 *
 * @param flags flags of each group by name; changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyGroupSettings(flags: Map<string, number>, settings: string): void {
  const changes = [...settings.matchAll(/([+\-;\s]*)([^+\-;\s]+)/g)].map(([, prefix = '', item = '']) => {
    const [, pattern, suffix] = /^([^.=]*)(.*)$/.exec(item)!;
    const isOn = prefix.replace(/\s/g, '').at(-1) !== '-';
    return { isOn, pattern: pattern!.toLowerCase(), bits: suffix === '' ? ENABLED | LEVEL_1 : bitsOf(suffix!, item) };
  });
  for (const { isOn, pattern, bits } of changes) {
    for (const [name, before] of flags) {
      if (pattern !== 'all' && !matchesPattern(pattern, name.toLowerCase())) continue;
      flags.set(name, (isOn ? before | bits : before & ~bits) >>> 0);
    }
  }
}

function bitsOf(suffix: string, item: string): number {
  const [, words, value] = /^((?:\.[A-Za-z0-9]+)*)(?:=(~?(?:0[xX][0-9a-fA-F]+|\d+)))?$/.exec(suffix) ?? [];
  if (words === undefined) throw new SsmError('VERR_INVALID_PARAMETER', `'${item}' is no setting of a group`);
  if (value !== undefined) return (value.startsWith('~') ? ~Number(value.slice(1)) : Number(value)) >>> 0;
  return words
    .slice(1)
    .split('.')
    .reduce((bits, word) => {
      const bit = groupWords.get(word.toLowerCase());
      if (bit === undefined)
        throw new SsmError('VERR_INVALID_PARAMETER', `'${word}' in '${item}' is no flag of groups`);
      return bits | bit;
    }, 0);
}

/** The settings as a text that {@link applyGroupSettings} understands (RTLogQueryGroupSettings). */
export function formatGroupSettings(flags: ReadonlyMap<string, number>): string {
  const values = [...flags.values()];
  if (values.length > 0 && values.every((value) => value === values[0])) return formatGroup('all', values[0]!);
  return [...flags]
    .filter(([, bits]) => bits !== 0)
    .map(([name, bits]) => formatGroup(name, bits))
    .join(' ');
}

function formatGroup(name: string, bits: number): string {
  return bits === (ENABLED | LEVEL_1) ? name : `${name}=0x${bits.toString(16)}`;
}

/** Words of loggers' flags: what each sets, or, with a `!`, clears (VirtualBox 7.2 log.cpp, g_aLogFlags). */
const flagWords = {
  disabled: 'disabled',
  enabled: '!disabled',
  buffered: 'buffered',
  unbuffered: '!buffered',
  usecrlf: 'usecrlf',
  uself: '!usecrlf',
  append: 'append',
  overwrite: '!append',
  rel: 'rel',
  abs: '!rel',
  dec: 'dec',
  hex: '!dec',
  writethru: 'writethrough',
  writethrough: 'writethrough',
  flush: 'flush',
  lockcnts: 'lockcnts',
  cpuid: 'cpuid',
  pid: 'pid',
  flagno: 'flagno',
  flag: 'flag',
  groupno: 'groupno',
  group: 'group',
  tid: 'tid',
  thread: 'thread',
  custom: 'custom',
  timeprog: 'timeprog',
  time: 'time',
  msprog: 'msprog',
  tsc: 'tsc',
  ts: 'ts',
} as const;

type StripNot<T extends string> = T extends `!${string}` ? never : T;

/** What a logger can be set to do. Those named after something are prefixes of lines. */
export type LoggerFlag = StripNot<(typeof flagWords)[keyof typeof flagWords]>;

/**
 * Applies flags: `buffered time no-group`. `no`, `-`, `!` and `~` in front turn a word around, `+` does nothing.
 *
 * @param flags changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyFlags(flags: Set<LoggerFlag>, settings: string): void {
  const changes = wordsOf(settings).map((item) => {
    const [, prefix = '', word = ''] = /^((?:no|[-+!~])*)(.*)$/.exec(item)!;
    const meaning = (flagWords as Readonly<Record<string, string>>)[word];
    if (meaning === undefined || !Object.hasOwn(flagWords, word)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${item}' is no flag of loggers`);
    }
    const turns = (prefix.match(/no|[-!~]/g) ?? []).length + (meaning.startsWith('!') ? 1 : 0);
    return { flag: meaning.replace('!', '') as LoggerFlag, isOn: turns % 2 === 0 };
  });
  for (const { flag, isOn } of changes) {
    if (isOn) flags.add(flag);
    else flags.delete(flag);
  }
}

/** Where a logger can write (VirtualBox 7.2 log.cpp, g_aLogDst); `dir` and the `hist*` say something about `file`. */
export const destinationNames = [
  'file',
  'dir',
  'history',
  'histsize',
  'histtime',
  'ringbuf',
  'stdout',
  'stderr',
  'debugger',
  'com',
  'nodeny',
  'vmmrel',
  'vmm',
  'user',
] as const;

export type DestinationName = (typeof destinationNames)[number];

/**
 * Applies destinations: `stdout file=logs/x.log ringbuf=64 nostderr`.
 *
 * @param destinations values by name, empty where none was given; changed.
 * @throws SsmError VERR_INVALID_PARAMETER, with nothing changed.
 */
export function applyDestinations(destinations: Map<DestinationName, string>, settings: string): void {
  const changes = wordsOf(settings).map((item) => {
    const [, no, name = '', value = ''] = /^(no(?!deny)|[-!~])?([a-z]+)(?:[=:](.*))?$/.exec(item) ?? [];
    if (!destinationNames.some((one) => one === name)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${item}' is no destination of loggers`);
    }
    return { name: name as DestinationName, value, isOn: no === undefined };
  });
  for (const { name, value, isOn } of changes) {
    if (isOn) destinations.set(name, value);
    else destinations.delete(name);
  }
}

function wordsOf(settings: string): string[] {
  return settings.split(/[\s;]+/).filter((word) => word !== '');
}
