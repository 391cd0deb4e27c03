import { formatWhere, isSsmError, type OpenUnit, SsmError } from '@ssmkit/runtime';
import {
  type Descriptor,
  defaultHost,
  descriptorFor,
  encodeJson,
  type HostProfile,
  type Json,
  type StateClass,
  slotOf,
} from '@ssmkit/schema';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, withInput } from '../input.js';
import {
  type CommonOptions,
  instanceOption,
  jsonOption,
  maxInputOption,
  parseFlags,
  parseHost,
  passOption,
  type UnitOptions,
} from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson, type UnitJson, unitJson } from '../output/json.js';
import { renderTree } from '../output/tree.js';
import { passText, SavedState } from '../saved-state.js';
import { loadStateClass, parseSchemaName, type SchemaName } from '../schema-module.js';

/** What `ssm dump --json` prints; docs/cli.md says what each key means. */
export interface DumpDocument {
  readonly file: string;
  readonly unit: UnitJson;
  readonly class: string;
  readonly host: string;
  readonly bytes: number;
  readonly left: { readonly offset: number; readonly bytes: number } | null;
  readonly value: Json;
  readonly errors: readonly ErrorJson[];
}

interface DumpOptions extends CommonOptions, UnitOptions {
  readonly schema: SchemaName;
  readonly host: HostProfile;
  readonly flags?: number;
  readonly simple?: boolean;
  readonly all?: boolean;
  readonly strict?: boolean;
}

const example = `
Example:
  $ ssm dump machine.sav pit --schema ./dist/devices/pit.js#Pit
  $ ssm dump --json machine.sav pit --schema my-devices#Pit | jq .value.channels

MODULE is a path or a package that Node can import, CLASS a class it exports that is decorated with @SsmStream or
@SsmStruct. Of a @SsmStruct the bytes are taken for what SSMR3PutStructEx wrote with the flags of --flags, or for what
SSMR3PutStruct wrote (--simple). Bytes of the unit that the object does not use are told on stderr.`;

/** `ssm dump FILE UNIT --schema MODULE#CLASS` */
export function dumpCommand(context: Context): Command {
  return new Command('dump')
    .summary("decode a unit's data with a decorated class")
    .description('Decodes the data of a unit with a decorated class and shows the object.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<unit>', "name of the unit, as 'ssm ls' shows it")
    .addOption(
      new Option('--schema <module#class>', 'the class to decode with').argParser(parseSchema).makeOptionMandatory(),
    )
    .addOption(instanceOption())
    .addOption(passOption())
    .addOption(
      new Option('--host <os.arch>', 'host whose C structures are filled')
        .argParser(parseHost)
        .default(defaultHost, defaultHost.name),
    )
    .addOption(
      new Option('--flags <flags>', 'SSMSTRUCT_FLAGS: a number, or names such as FULL_STRUCT,NO_MARKERS (default: 0)')
        .argParser(parseFlags)
        .conflicts('simple'),
    )
    .option('--simple', 'the structure was written by SSMR3PutStruct')
    .option('--all', 'show long arrays, bytes and strings whole')
    .option('--strict', 'bytes left after the object are an error')
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, unit: string, options: DumpOptions) => {
      context.json = options.json === true;
      const target = await loadStateClass(options.schema, context.io.cwd);
      const descriptor = descriptorFor(slotOf(target).target);
      checkShape(descriptor, options);
      await withInput(context.io, file, options.maxInput, (input) => dump(context, input, unit, target, options));
    });
}

function parseSchema(text: string): SchemaName {
  const name = parseSchemaName(text);
  if (name === undefined) throw new InvalidArgumentError('Expected MODULE#CLASS, such as ./dist/pit.js#Pit.');
  return name;
}

function checkShape({ name, shape }: Descriptor, { flags, simple }: DumpOptions): void {
  if (shape === 'stream' && (flags !== undefined || simple)) {
    throw new UsageError(`'${name}' is a @SsmStream class: --flags and --simple are for @SsmStruct classes`);
  }
}

async function dump(
  context: Context,
  input: Input,
  name: string,
  target: StateClass,
  options: DumpOptions,
): Promise<void> {
  const { instance, pass, host } = options;
  const state = await SavedState.open(input.source, host);
  const { unit, damage } = await state.find({ name, instance, pass });
  context.fail(damage);
  const { stream } = unit;
  // Seeking does not tell the stream the version; what a class reads depends on it.
  stream.version = unit.version;
  const where = { unit: unit.name, instance: unit.instance, pass: unit.pass };
  let object: object;
  let bytes: number;
  let left: number;
  try {
    object = decode(unit, target, options);
    bytes = stream.offset;
    left = (await unit.measure()).data - bytes;
  } catch (error) {
    throw isSsmError(error) ? error.at(where) : error;
  }
  const errors = [...damage];
  if (left > 0 && options.strict) {
    const problem = `${left} bytes are left after the object, from offset ${bytes} of the unit's data on`;
    errors.push(new SsmError('VERR_SSM_LOADED_TOO_LITTLE', problem, where));
  }
  context.fail(errors);
  if (context.json) {
    const document: DumpDocument = {
      file: input.name,
      unit: unitJson(unit),
      class: target.name,
      host: host.name,
      bytes,
      left: left > 0 ? { offset: bytes, bytes: left } : null,
      value: encodeJson(target, object),
      errors: errors.map(errorJson),
    };
    await context.document(document);
  } else {
    await context.print(
      heading(context, unit) + renderTree(target, object, { style: context.style, all: options.all === true }),
    );
  }
  if (left > 0 && !options.strict) await context.note(leftText(left, bytes, unit));
  await context.report(errors);
}

function decode({ stream }: OpenUnit, target: StateClass, { flags = 0, simple }: DumpOptions): object {
  const object = new target();
  if (descriptorFor(slotOf(target).target).shape === 'stream') stream.get(object);
  else if (simple) stream.getStruct(object);
  else stream.getStructEx(object, flags);
  return object;
}

function heading({ style }: Context, unit: OpenUnit): string {
  const { name, instance, version, pass } = unit;
  const passName = passText(pass) === 'final' ? 'final pass' : `pass ${pass}`;
  return `${style.faint(`unit ${escapeText(name)}#${instance}, version ${version}, ${passName}`)}\n`;
}

function leftText(left: number, offset: number, { name, instance, pass }: OpenUnit): string {
  const place = formatWhere({ unit: name, instance, pass });
  return `${left} bytes are left after the object, from offset ${offset} of the unit's data on (${place})`;
}
