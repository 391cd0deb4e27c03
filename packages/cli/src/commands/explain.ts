import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  explainState,
  explainStatus,
  SsmError,
  type SsmStatus,
  type StateExplanation,
  type StatusExplanation,
  statusNames,
} from '@ssmkit/runtime';
import { nearNames } from '@ssmkit/vbox/base';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type Input, STDIN, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { wrapped } from '../output/wrap.js';

/** A status in {@link ExplainDocument}. */
export interface StatusJson {
  readonly status: SsmStatus;
  readonly number: number;
  readonly meaning: string;
  readonly causes: readonly string[];
  readonly advice: readonly string[];
  readonly note: string | null;
}

/** What `ssm explain --json` prints; docs/cli.md says what each key means. */
export interface ExplainDocument {
  readonly statuses: readonly StatusJson[];
  /** Null for a status. */
  readonly file: {
    readonly name: string;
    readonly size: number;
    readonly ok: boolean;
    readonly format: string | null;
    readonly units: number;
    readonly loadedBy: string | null;
    readonly findings: readonly string[];
  } | null;
  readonly errors: readonly ErrorJson[];
}

const example = `
Example:
  $ ssm explain machine.sav
  $ ssm explain VERR_SSM_LOAD_CONFIG_MISMATCH
  $ ssm explain unit_not_found
  $ ssm explain -1814

A status is named as VirtualBox shows it, in any case and with or without VERR_ or VERR_SSM_ in front, or by its number,
also in hexadecimal. Numbers that were others up to VirtualBox 3.0 are explained both ways.`;

/** `ssm explain FILE|STATUS` */
export function explainCommand(context: Context): Command {
  return new Command('explain')
    .description(
      'Explains what is wrong with a saved state, or what a status of VirtualBox means, and what to do about it.',
    )
    .argument('<what>', "a saved state ('-' reads it from stdin), or the name or number of a status")
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (what: string, options: CommonOptions) => {
      context.json = options.json === true;
      // A file that is there is meant, whatever its name.
      const isFile = what === STDIN || existsSync(resolve(context.io.cwd, what));
      const statuses = isFile ? [] : explainStatus(what);
      if (statuses.length > 0) await explainStatuses(context, statuses);
      else if (!isFile) throw unknown(what);
      else await withInput(context.io, what, options.maxInput, (input) => explainFile(context, input));
    });
}

/** Neither a file nor a status. */
function unknown(what: string): SsmError {
  const near = nearStatuses(what);
  const hint = near.length > 0 ? `; near statuses: ${near.join(', ')}` : '';
  return new SsmError('VERR_FILE_NOT_FOUND', `there is no file and no status '${what}'${hint}`);
}

/** Names of statuses that somebody may have meant. What is in front of a name is often left out, or is what is wrong. */
function nearStatuses(what: string): string[] {
  const bare = (name: string) => name.replace(/^(?:VERR|VINF|VWRN)_(?:SSM_)?/, '');
  const word = bare(
    what
      .trim()
      .toUpperCase()
      .replace(/[\s-]+/g, '_'),
  );
  if (!/^[A-Z][A-Z0-9_]{2,}$/.test(word)) return [];
  const names = new Map(statusNames().map((name) => [bare(name), name] as const));
  return nearNames(word, names.keys()).map((name) => names.get(name) as string);
}

async function explainStatuses(context: Context, statuses: readonly StatusExplanation[]): Promise<void> {
  if (context.json) {
    const document: ExplainDocument = { statuses: statuses.map(statusJson), file: null, errors: [] };
    await context.document(document);
  } else await context.print(statuses.map((status) => statusText(context, status)).join('\n'));
}

async function explainFile(context: Context, input: Input): Promise<void> {
  const explained = await explainState(input.source);
  const { failure } = explained;
  const errors = failure === undefined ? [] : [failure];
  context.fail(errors);
  if (context.json) await context.document(documentOf(input, explained));
  else await context.print(fileText(context, input, explained));
  await context.report(errors);
}

function documentOf({ name, size }: Input, explained: StateExplanation): ExplainDocument {
  const { failure, explanation, format, units, loadedBy, findings } = explained;
  return {
    statuses: explanation === undefined ? [] : [statusJson(about(explanation, name))],
    file: {
      name,
      size,
      ok: failure === undefined,
      format: format ?? null,
      units,
      loadedBy: loadedBy === undefined ? null : withName(loadedBy, name),
      findings,
    },
    errors: failure === undefined ? [] : [errorJson(failure)],
  };
}

function statusJson({ status, rc, meaning, causes, advice, note }: StatusExplanation): StatusJson {
  return { status, number: rc, meaning, causes, advice, note: note ?? null };
}

/** Commands in advice name the file they are about. */
function withName(text: string, file: string): string {
  return file === STDIN ? text : text.replace(/\bFILE\b/g, () => quoted(file));
}

/** A name as a shell takes it. The commands stand in quotation marks themselves. */
function quoted(name: string): string {
  return /^[\w./+:@%-]+$/.test(name) ? name : `"${name.replace(/["\\$`]/g, '\\$&')}"`;
}

function about(explanation: StatusExplanation, file: string): StatusExplanation {
  return { ...explanation, advice: explanation.advice.map((line) => withName(line, file)) };
}

function fileText(context: Context, { name, size }: Input, explained: StateExplanation): string {
  const { style } = context;
  const { failure, explanation, loadedBy, units, findings } = explained;
  const facts = [
    ...(loadedBy === undefined ? [] : [`Loaded by ${withName(loadedBy, name)}.`]),
    ...(failure === undefined ? [`Everything in it is sound; units: ${units}.`] : []),
    ...findings,
    ...(failure === undefined ? [] : [`What is wrong: ${failure.message.replace(`${failure.status}: `, '')}.`]),
  ];
  const verdict =
    failure === undefined ? style.good('sound') : style.bad(loadedBy === undefined ? 'not sound' : 'too old');
  return [
    `${style.heading(escapeText(name))}: ${size} bytes, ${verdict}\n`,
    ...facts.map((fact) => `  ${escapeText(fact)}\n`),
    ...(explanation === undefined ? [] : ['\n', statusText(context, about(explanation, name))]),
  ].join('');
}

function statusText({ style, io }: Context, explanation: StatusExplanation): string {
  const { status, rc, meaning, causes, advice, note } = explanation;
  const width = io.stdout.width;
  const list = (title: string, lines: readonly string[], mark: (i: number) => string) => [
    `\n  ${style.faint(title)}\n`,
    ...lines.map((line, i) => wrapped(line, `  ${mark(i)} `, width)),
  ];
  return [
    `${style.heading(status)} (${rc})\n`,
    wrapped(meaning, '  ', width),
    ...(note === undefined ? [] : [wrapped(note, '  ', width)]),
    ...list('Usual causes', causes, () => '*'),
    ...list('What to do', advice, (i) => `${i + 1}.`),
  ].join('');
}
