import { catalog, type Edit, editState } from '@ssmkit/vbox';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { filePieces, readAll, withInput } from '../input.js';
import type { Io } from '../io.js';
import { type CommonOptions, jsonOption, maxInputOption, unitsOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import type { ErrorJson } from '../output/json.js';
import { STDOUT, withOutput } from '../output-sink.js';
import { loadCatalog } from '../schema-module.js';
import { parseAddress } from './mem-options.js';

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

/** Other bytes for the guest's memory: they stand on the command line, or in a file. */
interface PokeOption {
  readonly address: number;
  readonly data?: Uint8Array;
  readonly file?: string;
}

interface EditOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly poke?: readonly PokeOption[];
  readonly delete?: readonly string[];
  readonly replace?: readonly Replacement[];
  readonly units?: string;
}

const example = `
Example:
  $ ssm edit machine.sav new.sav --set mc146818.time.hours=12 --set mc146818.time.minutes=0
  $ ssm edit machine.sav machine.sav --set i8254.counter0.count=0x1000
  $ ssm edit machine.sav new.sav --delete 'own#1' --replace pit=pit.bin
  $ ssm edit machine.sav new.sav --poke 0x7c00=ebfe --poke 0x8000=@patch.bin

UNIT is a name, with #INSTANCE where there are several, and with @PASS where it is not the final pass that is meant. 'ssm
dump' shows the fields of units. VALUE is JSON or a number with 0x; bytes are base64, or hex:0011…; one of several bytes has
its index in square brackets. --delete leaves out all passes, unless one is named. ADDRESS is guest-physical, and that of RAM;
BYTES are hexadecimal digits, or @FILE for what is in a file. OUT may be FILE; it is replaced only once all is done.`;

/** `ssm edit FILE OUT` */
export function editCommand(context: Context): Command {
  const several =
    <T>(parse: (text: string) => T) =>
    (text: string, before: readonly T[] = []) => [...before, parse(text)];
  return new Command('edit')
    .description('Writes a saved state again with some of its fields or units changed, and nothing else.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<out>', "the file to write; '-' writes to stdout")
    .addOption(
      new Option('--set <unit.field=value>', 'give a field another value; may be given several times').argParser(
        several((text) => text),
      ),
    )
    .addOption(
      new Option('--poke <address=bytes>', 'give RAM other bytes; may be given several times').argParser(
        several(parsePoke),
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

function parsePoke(text: string): PokeOption {
  const expected = 'Expected ADDRESS=BYTES with hexadecimal digits, or ADDRESS=@FILE.';
  const [, place = '', value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (value === '') throw new InvalidArgumentError(expected);
  const address = parseAddress(place);
  if (value.startsWith('@') && value.length > 1) return { address, file: value.slice(1) };
  const digits = value.replace(/^(?:hex:|0x)/i, '').replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})+$/i.test(digits)) throw new InvalidArgumentError(expected);
  return { address, data: Buffer.from(digits, 'hex') };
}

async function edit(context: Context, file: string, output: string, options: EditOptions): Promise<void> {
  const { io } = context;
  const edits: Edit[] = [
    ...(options.set ?? []).map((text) => ({ kind: 'set', text }) as const),
    ...(await pokes(io, options)),
    ...(options.delete ?? []).map((unit) => ({ kind: 'delete', unit }) as const),
    ...(options.replace ?? []).map(
      ({ unit, file: from }) => ({ kind: 'replace', unit, data: filePieces(io, from) }) as const,
    ),
  ];
  if (edits.length === 0) throw new UsageError('nothing to change: say --set, --poke, --delete or --replace');
  const layouts = options.units === undefined ? catalog : await loadCatalog(options.units, io.cwd);
  const result = await withInput(io, file, options.maxInput, ({ source }) =>
    withOutput(io, output, (sink) => editState(source, sink, edits, { catalog: layouts })),
  );
  if (output === STDOUT) return;
  const document: EditDocument = { file, output, ...result, errors: [] };
  if (context.json) await context.document(document);
  else await context.print(text(document));
}

async function pokes(io: Io, { poke = [], maxInput }: EditOptions): Promise<Edit[]> {
  const edits: Edit[] = [];
  for (const { address, data, file } of poke) {
    const bytes = data ?? (await readAll(filePieces(io, file as string), maxInput));
    edits.push({ kind: 'poke', address, data: bytes });
  }
  return edits;
}

function text({ output, changed, deleted, units, bytes }: EditDocument): string {
  const names = (list: readonly string[]) => list.map(escapeText).join(', ');
  return [
    `${escapeText(output)}: ${units} units, ${bytes} bytes\n`,
    ...(changed.length > 0 ? [`  changed: ${names(changed)}\n`] : []),
    ...(deleted.length > 0 ? [`  deleted: ${names(deleted)}\n`] : []),
  ].join('');
}
