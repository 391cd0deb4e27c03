import {
  catalog,
  diffStates,
  type FieldChange,
  type MemoryDifference,
  type Ranges,
  type StateDifference,
  type UnitDifference,
  unitName,
} from '@ssmkit/vbox';
import { Command } from 'commander';
import { type Context, ExitCode } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, STDIN, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption, unitsOption } from '../options.js';
import { escapeText, quoteText } from '../output/escape.js';
import { type ErrorJson, type UnitJson, unitJson } from '../output/json.js';
import { loadCatalog } from '../schema-module.js';

/** A part of {@link DiffDocument}. What is not there at all is null. */
export interface ChangeJson {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What `ssm diff --json` prints; docs/cli.md says what each key means. */
export interface DiffDocument {
  readonly first: { readonly file: string; readonly size: number };
  readonly second: { readonly file: string; readonly size: number };
  readonly same: boolean;
  readonly header: readonly ChangeJson[];
  readonly units: readonly {
    readonly kind: UnitDifference['kind'];
    readonly unit: UnitJson;
    readonly where: 'first' | 'second' | null;
    readonly versions: readonly number[] | null;
    readonly changes: readonly ChangeJson[] | null;
    readonly reason: string | null;
    readonly sizes: readonly number[] | null;
    readonly changed: Ranges | null;
  }[];
  readonly memory: readonly MemoryDifference[];
  readonly errors: readonly ErrorJson[];
}

interface DiffOptions extends CommonOptions {
  readonly unit?: string;
  readonly units?: string;
  readonly all?: boolean;
}

const example = `
Example:
  $ ssm diff before.sav after.sav
  $ ssm diff before.sav after.sav --unit mc146818
  $ ssm diff --json a.sav b.sav | jq '.units[].unit.name'

Units are compared field by field, those whose layout is not known byte by byte, and the guest's memory page by page.
Where units lie in the file and how they are packed makes no difference.

Exit codes: 0 nothing is different; 1 something is; 2 the states cannot be compared, or the command line is wrong.`;

/** `ssm diff A B` */
export function diffCommand(context: Context): Command {
  return new Command('diff')
    .description('Says in what two saved states differ: by unit, field and page of memory.')
    .argument('<a>', "a saved state; '-' reads it from stdin")
    .argument('<b>', 'another one')
    .option('--unit <unit>', 'compare only this unit: NAME, NAME#INSTANCE or NAME#INSTANCE@PASS')
    .option('--all', 'show all changes of a unit, however many')
    .addOption(unitsOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (a: string, b: string, options: DiffOptions) => {
      context.json = options.json === true;
      context.failureCode = ExitCode.usage;
      if (a === STDIN && b === STDIN) throw new UsageError('only one of the states can come from stdin');
      const layouts = options.units === undefined ? catalog : await loadCatalog(options.units, context.io.cwd);
      const { io } = context;
      await withInput(io, a, options.maxInput, (first) =>
        withInput(io, b, options.maxInput, async (second) => {
          const how = { catalog: layouts, unit: options.unit };
          const difference = await diffStates(first.source, second.source, how);
          if (!difference.same) context.exitCode = ExitCode.failed;
          if (context.json) await context.document(documentOf(first, second, difference));
          else await context.print(text(context, difference, options.all === true));
        }),
      );
    });
}

function documentOf(first: Input, second: Input, { same, header, units, memory }: StateDifference): DiffDocument {
  const side = ({ name: file, size }: Input) => ({ file, size });
  return {
    first: side(first),
    second: side(second),
    same,
    header: header.map(changeJson),
    units: units.map((each) => ({
      kind: each.kind,
      unit: unitJson(each.unit),
      where: each.kind === 'only' ? each.where : null,
      versions: each.kind === 'only' ? null : each.versions,
      changes: each.kind === 'fields' ? each.changes.map(changeJson) : null,
      reason: each.kind === 'bytes' ? each.reason : null,
      sizes: each.kind === 'bytes' ? each.sizes : null,
      changed: each.kind === 'bytes' ? rangesJson(each.changed) : null,
    })),
    memory: memory.map(({ what, pages, changed }) => ({ what, pages, changed: rangesJson(changed) })),
    errors: [],
  };
}

function changeJson({ path, from, to }: FieldChange): ChangeJson {
  return { path, from: from ?? null, to: to ?? null };
}

function rangesJson({ ranges, count }: Ranges): Ranges {
  return { ranges, count };
}

/** Changes of a unit that are shown where not all are wanted. */
const CHANGES_MAX = 40;
const RANGES_MAX = 8;

function text(context: Context, { same, header, units, memory }: StateDifference, all: boolean): string {
  const { style } = context;
  if (same) return '';
  const blocks = [
    ...(header.length > 0 ? [[style.heading('header'), ...changeLines(context, header, all)]] : []),
    ...units.map((each) => unitLines(context, each, all)),
    ...(memory.length > 0 ? [[style.heading('memory'), ...memory.map((each) => `  ${memoryText(each, all)}`)]] : []),
  ];
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('');
}

function unitLines(context: Context, difference: UnitDifference, all: boolean): string[] {
  const { style } = context;
  const name = style.heading(escapeText(unitName(difference.unit)));
  if (difference.kind === 'only') return [`${name}: only in the ${difference.where} state`];
  const [from, to] = difference.versions;
  const versions = from === to ? '' : `, version ${from} → ${to}`;
  if (difference.kind === 'fields') return [`${name}${versions}`, ...changeLines(context, difference.changes, all)];
  const { sizes, changed, reason } = difference;
  const size = sizes[0] === sizes[1] ? `${sizes[0]} bytes` : `${sizes[0]} → ${sizes[1]} bytes`;
  const why = style.faint(`(${escapeText(reason)})`);
  return [`${name}${versions}: ${size}, changed at ${rangesText(changed, all)} ${why}`];
}

function changeLines({ style }: Context, changes: readonly FieldChange[], all: boolean): string[] {
  const shown = all ? changes : changes.slice(0, CHANGES_MAX);
  const left = changes.length - shown.length;
  return [
    ...shown.map(
      (change) => `  ${style.name(change.path)}: ${valueText(change, change.from)} → ${valueText(change, change.to)}`,
    ),
    ...(left > 0 ? [`  ${style.faint(`… ${left} more (--all shows them)`)}`] : []),
  ];
}

/** Integers also in hex, as the bits that they have. */
function valueText({ bits, isHex }: FieldChange, value: unknown): string {
  if (value === undefined) return 'not there';
  if (isHex === true) return String(value);
  if (bits !== undefined && (typeof value === 'number' || typeof value === 'string')) {
    return `${value} (0x${BigInt.asUintN(bits, BigInt(value)).toString(16)})`;
  }
  return typeof value === 'string' ? quoteText(value) : escapeText(JSON.stringify(value));
}

function memoryText({ what, pages, changed }: MemoryDifference, all: boolean): string {
  return `${escapeText(what)}: ${pages} ${pages === 1 ? 'page' : 'pages'} changed: ${rangesText(changed, all)}`;
}

function rangesText({ ranges, count }: Ranges, all: boolean): string {
  const shown = all ? ranges : ranges.slice(0, RANGES_MAX);
  const texts = shown.map(({ start, size }) =>
    size === 1 ? `0x${start.toString(16)}` : `0x${start.toString(16)}…0x${(start + size - 1).toString(16)}`,
  );
  const left = count - shown.length;
  return `${texts.join(', ')}${left > 0 ? ` and ${left} more ranges` : ''}`;
}
