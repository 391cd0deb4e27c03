import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { MemoryPattern, searchMemory } from '@ssmkit/vbox';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Context, ExitCode } from '../context.js';
import { UsageError } from '../errors.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { addressText, type Opened, type Range, rangeOption, withMemory } from './mem-options.js';

/** What `ssm mem search --json` prints; docs/cli.md says what each key means. */
export interface MemSearchDocument {
  readonly file: string;
  readonly matches: readonly { readonly address: number; readonly description: string }[];
  readonly more: boolean;
  readonly errors: readonly ErrorJson[];
}

interface SearchOptions extends SalvageOptions {
  readonly hex?: boolean;
  readonly utf16?: boolean;
  readonly ignoreCase?: boolean;
  readonly range?: Range;
  readonly limit: number;
}

const example = `
Example:
  $ ssm mem search machine.sav 'password='
  $ ssm mem search machine.sav 'Password' --utf16 --ignore-case
  $ ssm mem search machine.sav --hex 'e9 ?? ?? 90 4?'

Shows the guest-physical address of every match, wherever it lies. The exit code is 1 where there is none.`;

function parseLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw new InvalidArgumentError('Expected a number, 1 or more.');
  return limit;
}

/** `ssm mem search FILE PATTERN` */
export function memSearchCommand(context: Context): Command {
  return new Command('search')
    .summary('find text or bytes in memory')
    .description("Finds text or bytes in the guest's memory.")
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<pattern>', 'the text, or with --hex the bytes')
    .option('--hex', 'the pattern is hexadecimal, two digits for each byte; ? stands for any digit')
    .option('--utf16', 'look for the text as UTF-16, as Windows keeps it, and not as UTF-8')
    .option('-i, --ignore-case', 'letters A to Z match either case')
    .addOption(rangeOption('look only here'))
    .addOption(new Option('--limit <n>', 'stop after this many matches').argParser(parseLimit).default(1000))
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action((file: string, pattern: string, options: SearchOptions) => {
      const parsed = patternOf(pattern, options);
      return withMemory(context, file, options, (opened) => search(context, opened, parsed, options));
    });
}

function patternOf(text: string, { hex, utf16 = false, ignoreCase = false }: SearchOptions): MemoryPattern {
  if (hex && (utf16 || ignoreCase)) throw new UsageError('--hex is for bytes, --utf16 and --ignore-case are for text');
  try {
    return hex ? MemoryPattern.hex(text) : MemoryPattern.text(text, { utf16, ignoreCase });
  } catch (error) {
    throw isSsmError(error) ? new UsageError((error as SsmError).detail) : error;
  }
}

async function search(
  context: Context,
  { input, memory, damage }: Opened,
  pattern: MemoryPattern,
  { range, limit }: SearchOptions,
): Promise<void> {
  const matches: { address: number; description: string }[] = [];
  let more = false;
  for await (const address of searchMemory(memory, pattern, range?.from, range?.to)) {
    if (matches.length === limit) {
      more = true;
      break;
    }
    const description = memory.segmentAt(address)?.description ?? '';
    matches.push({ address, description });
    if (!context.json) await context.print(`${addressText(address)}  ${escapeText(description)}\n`);
  }
  if (matches.length === 0) context.exitCode = ExitCode.failed;
  const document: MemSearchDocument = { file: input.name, matches, more, errors: damage.map(errorJson) };
  if (context.json) await context.document(document);
  else if (more) await context.note(`there are more than ${limit} matches: see --limit`);
}
