import { resolve } from 'node:path';
import { isSsmError, type OpenUnit, type SsmError } from '@ssmkit/runtime';
import { FileSink } from '@ssmkit/runtime/node';
import { unitPieces } from '@ssmkit/vbox/base';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type Input, withInput } from '../input.js';
import {
  type CommonOptions,
  instanceOption,
  jsonOption,
  maxInputOption,
  passOption,
  type UnitOptions,
} from '../options.js';
import { escapeJson } from '../output/escape.js';
import { type ErrorJson, errorJson, type UnitJson, unitJson } from '../output/json.js';
import { SavedState } from '../saved-state.js';

/** What `ssm cat --json` prints; docs/cli.md says what each key means. */
export interface CatDocument {
  readonly file: string;
  readonly unit: UnitJson;
  /** Without `--output`. */
  readonly data?: string;
  /** With `--output`. */
  readonly output?: string;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

interface CatOptions extends CommonOptions, UnitOptions {
  readonly output?: string;
}

const example = `
Example:
  $ ssm cat machine.sav pit | xxd | less
  $ ssm cat live.sav pgm --pass 0 -o memory.bin

Of a unit that a live save wrote in several passes the final one is taken, or the last there is. OUT is replaced only
once all of the unit has been read; a damaged unit leaves it as it was.`;

/** `ssm cat FILE UNIT` */
export function catCommand(context: Context): Command {
  return new Command('cat')
    .description('Writes the data of a unit, decompressed, to stdout or into a file.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<unit>', "name of the unit, as 'ssm ls' shows it")
    .addOption(instanceOption())
    .addOption(passOption())
    .option('-o, --output <out>', 'write to this file')
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, unit: string, options: CatOptions) => {
      context.json = options.json === true;
      await withInput(context.io, file, options.maxInput, (input) => cat(context, input, unit, options));
    });
}

async function cat(context: Context, input: Input, name: string, options: CatOptions): Promise<void> {
  const { instance, pass, output } = options;
  const state = await SavedState.open(input.source);
  const { unit, damage } = await state.find({ name, instance, pass });
  context.fail(damage);
  if (output !== undefined) await toFile(context, input, unit, damage, output);
  else if (context.json) await toDocument(context, input, unit, damage);
  else for await (const piece of located(unit)) await context.io.stdout.write(piece);
  await context.report(damage);
}

/** The unit's data; a failure says which unit it is in. */
async function* located(unit: OpenUnit): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* unitPieces(unit);
  } catch (error) {
    throw isSsmError(error) ? error.at({ unit: unit.name, instance: unit.instance, pass: unit.pass }) : error;
  }
}

async function toFile(
  context: Context,
  input: Input,
  unit: OpenUnit,
  damage: readonly SsmError[],
  output: string,
): Promise<void> {
  const sink = new FileSink(resolve(context.io.cwd, output));
  let bytes = 0;
  try {
    for await (const piece of located(unit)) {
      sink.write(piece);
      bytes += piece.length;
    }
  } catch (error) {
    sink.close(true);
    throw error;
  }
  sink.close(false);
  if (!context.json) return;
  const document: CatDocument = {
    file: input.name,
    unit: unitJson(unit),
    output,
    bytes,
    errors: damage.map(errorJson),
  };
  await context.document(document);
}

/** A document with the data in base64, written piece by piece: units are larger than any string. */
async function toDocument(context: Context, input: Input, unit: OpenUnit, damage: readonly SsmError[]): Promise<void> {
  const indented = (value: unknown) => escapeJson(JSON.stringify(value, null, 2).replaceAll('\n', '\n  '));
  context.beginDocument();
  await context.print(`{\n  "file": ${indented(input.name)},\n  "unit": ${indented(unitJson(unit))},\n  "data": "`);
  let bytes = 0;
  // Whole groups of three bytes, so that the texts of the pieces make one text.
  let rest = Buffer.alloc(0);
  let failure: unknown;
  try {
    for await (const piece of located(unit)) {
      bytes += piece.length;
      const all = Buffer.concat([rest, piece]);
      const whole = all.length - (all.length % 3);
      await context.print(all.toString('base64', 0, whole));
      rest = all.subarray(whole);
    }
  } catch (error) {
    if (!isSsmError(error)) throw error;
    failure = error;
  }
  const errors = [...damage, ...(isSsmError(failure) ? [failure] : [])];
  context.fail(errors);
  await context.print(
    `${rest.toString('base64')}",\n  "bytes": ${bytes},\n  "errors": ${indented(errors.map(errorJson))}\n}\n`,
  );
  if (failure !== undefined) throw failure;
}
