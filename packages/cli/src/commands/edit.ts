import { catalog, type Edit, editState } from '@ssmkit/vbox';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { filePieces, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption, unitsOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import type { ErrorJson } from '../output/json.js';
import { STDOUT, withOutput } from '../output-sink.js';
import { loadCatalog } from '../schema-module.js';

/** What `ssm edit --json` prints; docs/cli.md says what each key means. */
export interface EditDocument {
  readonly file: string;
  readonly output: string;
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  readonly units: number;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

/** New data of a unit, as on the command line. */
interface Replacement {
  readonly unit: string;
  readonly file: string;
}

interface EditOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly delete?: readonly string[];
  readonly replace?: readonly Replacement[];
  readonly units?: string;
}

const example = `
Example:
  $ ssm edit machine.sav new.sav --set mc146818.time.hours=12 --set mc146818.time.minutes=0
  $ ssm edit machine.sav machine.sav --set i8254.counter0.count=0x1000
  $ ssm edit machine.sav new.sav --delete 'own#1' --replace pit=pit.bin

UNIT is a name, with #INSTANCE where there are several, and with @PASS where it is not the final pass that is meant. 'ssm
dump' shows the fields of units. VALUE is JSON or a number with 0x; bytes are base64, or hex:0011…; one of several bytes has
its index in square brackets. --delete leaves out all passes, unless one is named. OUT may be FILE; it is replaced only once
all is done.`;

/** `ssm edit FILE OUT` */
export function editCommand(context: Context): Command {
  const several =
    <T>(parse: (text: string) => T) =>
    (text: string, before: readonly T[] = []) => [...before, parse(text)];
  return new Command('edit')
    .summary('write a saved state with some fields or units changed')
    .description('Writes a saved state again with some of its fields or units changed, and nothing else.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<out>', "the file to write; '-' writes to stdout")
    .addOption(
      new Option('--set <unit.field=value>', 'give a field another value; may be given several times').argParser(
        several((text) => text),
      ),
    )
    .addOption(
      new Option('--delete <unit>', 'leave a unit out; may be given several times').argParser(several((text) => text)),
    )
    .addOption(
      new Option('--replace <unit=file>', 'give a unit the data of a file; may be given several times').argParser(
        several(parseReplacement),
      ),
    )
    .addOption(unitsOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, output: string, options: EditOptions) => {
      context.json = options.json === true;
      if (output === STDOUT && context.json) throw new UsageError("--json and '-' for OUT would both write to stdout");
      await edit(context, file, output, options);
    });
}

function parseReplacement(text: string): Replacement {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('Expected UNIT=FILE.');
  return { unit: text.slice(0, equals), file: text.slice(equals + 1) };
}

async function edit(context: Context, file: string, output: string, options: EditOptions): Promise<void> {
  const { io } = context;
  const edits: Edit[] = [
    ...(options.set ?? []).map((text) => ({ kind: 'set', text }) as const),
    ...(options.delete ?? []).map((unit) => ({ kind: 'delete', unit }) as const),
    ...(options.replace ?? []).map(
      ({ unit, file: from }) => ({ kind: 'replace', unit, data: filePieces(io, from) }) as const,
    ),
  ];
  if (edits.length === 0) throw new UsageError('nothing to change: say --set, --delete or --replace');
  const layouts = options.units === undefined ? catalog : await loadCatalog(options.units, io.cwd);
  const result = await withInput(io, file, options.maxInput, ({ source }) =>
    withOutput(io, output, (sink) => editState(source, sink, edits, { catalog: layouts })),
  );
  if (output === STDOUT) return;
  const document: EditDocument = { file, output, ...result, errors: [] };
  if (context.json) await context.document(document);
  else await context.print(text(document));
}

function text({ output, changed, deleted, units, bytes }: EditDocument): string {
  const names = (list: readonly string[]) => list.map(escapeText).join(', ');
  return [
    `${escapeText(output)}: ${units} units, ${bytes} bytes\n`,
    ...(changed.length > 0 ? [`  changed: ${names(changed)}\n`] : []),
    ...(deleted.length > 0 ? [`  deleted: ${names(deleted)}\n`] : []),
  ].join('');
}
