import { PASS_FINAL } from '@ssmkit/runtime';
import { type HostProfile, hostProfile, hosts, StructFlags } from '@ssmkit/schema';
import { InvalidArgumentError, Option } from 'commander';

/*
 * Options that several commands have, and what their arguments mean. A wrong argument is an InvalidArgumentError, which
 * commander reports with the option's name.
 */

const U32_MAX = 0xffffffff;

function integer(text: string): number | undefined {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : undefined;
}

/** An instance number: decimal or `0x…`. */
export function parseInstance(text: string): number {
  const value = integer(text);
  if (value === undefined || value > U32_MAX) throw new InvalidArgumentError(`Expected a number in 0…${U32_MAX}.`);
  return value;
}

/** A pass: a number, or `final`. */
export function parsePass(text: string): number {
  if (text === 'final') return PASS_FINAL;
  const value = integer(text);
  if (value === undefined || value > U32_MAX) throw new InvalidArgumentError("Expected a number, or 'final'.");
  return value;
}

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** A number of bytes: `1000`, `64K`, `512M`, `2G` (powers of 1024). */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d{1,15})([kmg]?)$/i.exec(text) ?? [];
  const size = Number(digits) * (units[unit?.toLowerCase() ?? ''] as number);
  if (!Number.isSafeInteger(size)) throw new InvalidArgumentError('Expected bytes, such as 1000, 64K, 512M or 2G.');
  return size;
}

const flagNames = Object.keys(StructFlags).filter((name) => name !== 'MASK');

/** SSMSTRUCT_FLAGS: a number, or names with commas between. */
export function parseFlags(text: string): number {
  const value = integer(text);
  if (value !== undefined) {
    if (value > StructFlags.MASK)
      throw new InvalidArgumentError(`There are no flags beyond 0x${hex(StructFlags.MASK)}.`);
    return value;
  }
  return text.split(',').reduce((flags, word) => {
    const name = word.trim().toUpperCase();
    if (!flagNames.includes(name))
      throw new InvalidArgumentError(`Expected a number, or some of ${flagNames.join(', ')}.`);
    return flags | StructFlags[name as keyof typeof StructFlags];
  }, 0);
}

function hex(value: number): string {
  return value.toString(16);
}

/** A host by its name, `os.arch`. */
export function parseHost(text: string): HostProfile {
  try {
    return hostProfile(text);
  } catch {
    throw new InvalidArgumentError(`Expected os.arch, such as ${Object.keys(hosts).slice(0, 5).join(', ')}.`);
  }
}

export const jsonOption = (): Option =>
  new Option('--json', 'print one JSON document (see docs/cli.md) instead of text');

export const maxInputOption = (): Option =>
  new Option('--max-input <size>', "most bytes to take from a FILE that is a pipe or '-': a number, or with K, M, G")
    .argParser(parseSize)
    .default(2 ** 30, '1G');

export const salvageOption = (): Option =>
  new Option('--salvage', 'of a damaged state use what can be read; memory that cannot is missing, and zero');

export const unitsOption = (): Option =>
  new Option('--units <module>', "layouts of the units: a module that exports a Catalog (default: VirtualBox's own)");

export const instanceOption = (): Option =>
  new Option('--instance <n>', 'instance of the unit (default: the only one, else 0)').argParser(parseInstance);

export const passOption = (): Option =>
  new Option(
    '--pass <pass>',
    "pass of a live save: a number, or 'final' (default: final where the unit has it, else the last one)",
  ).argParser(parsePass);

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly maxInput: number;
}

/** Options of commands that can go by what is left of a damaged state. */
export interface SalvageOptions extends CommonOptions {
  readonly salvage?: boolean;
}

/** Options that pick a unit. */
export interface UnitOptions {
  readonly instance?: number;
  readonly pass?: number;
}
