import { defaultHost, descriptorFor, slotOf } from '@ssmkit/schema';
import { catalog } from '@ssmkit/vbox';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { withInput } from '../input.js';
import {
  type CommonOptions,
  instanceOption,
  jsonOption,
  maxInputOption,
  parseFlags,
  parseHost,
  passOption,
  unitsOption,
} from '../options.js';
import { loadCatalog, loadStateClass, parseSchemaName, type SchemaName } from '../schema-module.js';
import { checkShape, dumpWithClass, type SchemaOptions } from './dump-schema.js';
import { dumpState, dumpUnit } from './dump-units.js';

interface DumpOptions extends CommonOptions, SchemaOptions {
  readonly schema?: SchemaName;
  readonly units?: string;
}

const example = `
Example:
  $ ssm dump machine.sav                               everything
  $ ssm dump machine.sav mc146818                      one unit: the clock
  $ ssm dump machine.sav --json > machine.json         the same as a document, for 'ssm build' to make a state of
  $ ssm dump machine.sav pit --schema ./dist/devices/pit.js#Pit
  $ ssm dump --json machine.sav pit --schema my-devices#Pit | jq .value.channels

The units of VirtualBox itself are decoded by their name and version. Of others, and of versions that are not known, the
first bytes are shown, and why. MODULE of --units is a path or a package that Node can import, and exports a Catalog of
@ssmkit/vbox to use instead.

CLASS of --schema is a class that MODULE exports and that is decorated with @SsmStream or @SsmStruct. Of a @SsmStruct the
bytes are taken for what SSMR3PutStructEx wrote with the flags of --flags, or for what SSMR3PutStruct wrote (--simple). Bytes
of the unit that the object does not use are told on stderr.`;

/** Options that mean nothing without a class. */
const needClass = ['flags', 'simple', 'strict'] as const;

/** `ssm dump FILE [UNIT]` */
export function dumpCommand(context: Context): Command {
  return new Command('dump')
    .description('Decodes the data of all units, or of one, and shows what they hold.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('[unit]', "name of the unit, as 'ssm ls' shows it (default: all)")
    .addOption(
      new Option('--schema <module#class>', 'decode the unit with this class')
        .argParser(parseSchema)
        .conflicts('units'),
    )
    .addOption(unitsOption())
    .addOption(instanceOption())
    .addOption(passOption())
    .addOption(
      new Option('--host <os.arch>', 'host whose C structures are filled, with --schema')
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
    .action(async (file: string, unit: string | undefined, options: DumpOptions) => {
      context.json = options.json === true;
      if (options.schema !== undefined) await withClass(context, file, unit, { ...options, schema: options.schema });
      else await withCatalog(context, file, unit, options);
    });
}

async function withClass(
  context: Context,
  file: string,
  unit: string | undefined,
  options: DumpOptions & { schema: SchemaName },
): Promise<void> {
  if (unit === undefined) throw new UsageError('--schema is for one unit: name it');
  const target = await loadStateClass(options.schema, context.io.cwd);
  checkShape(descriptorFor(slotOf(target).target), options);
  await withInput(context.io, file, options.maxInput, (input) => dumpWithClass(context, input, unit, target, options));
}

async function withCatalog(
  context: Context,
  file: string,
  unit: string | undefined,
  options: DumpOptions,
): Promise<void> {
  const without = needClass.find((name) => options[name] !== undefined);
  if (without !== undefined) throw new UsageError(`--${without} is for --schema`);
  if (unit === undefined && (options.pass !== undefined || options.instance !== undefined)) {
    throw new UsageError('--instance and --pass are for one unit: name it');
  }
  const layouts = options.units === undefined ? catalog : await loadCatalog(options.units, context.io.cwd);
  await withInput(context.io, file, options.maxInput, (input) =>
    unit === undefined ? dumpState(context, input, layouts, options) : dumpUnit(context, input, unit, layouts, options),
  );
}

function parseSchema(text: string): SchemaName {
  const name = parseSchemaName(text);
  if (name === undefined) throw new InvalidArgumentError('Expected MODULE#CLASS, such as ./dist/pit.js#Pit.');
  return name;
}
