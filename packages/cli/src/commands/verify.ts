import {
  isSsmError,
  openState,
  type SalvageResult,
  type SsmError,
  type SsmStatus,
  type Verdict,
  verifyState,
} from '@ssmkit/runtime';
import { unitPieces } from '@ssmkit/vbox/base';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, withInput } from '../input.js';
import { type CommonOptions, jsonOption, maxInputOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson, type WhereJson, whereJson } from '../output/json.js';
import { STDOUT } from '../output-sink.js';
import { SavedState } from '../saved-state.js';
import { type SalvageJson, salvage, salvageJson, salvageText } from './salvage.js';

/** What `ssm verify --json` prints; docs/cli.md says what each key means. */
export interface VerifyDocument {
  readonly file: string;
  readonly size: number;
  readonly ok: boolean;
  readonly validate: Verdict['validate'];
  readonly open: SsmStatus;
  readonly load: SsmStatus;
  readonly units: SsmStatus;
  readonly where: WhereJson | null;
  /** Only with `--salvage`. */
  readonly salvage?: SalvageJson;
  readonly errors: readonly ErrorJson[];
}

interface VerifyOptions extends CommonOptions {
  readonly salvage?: string;
}

const example = `
Example:
  $ ssm verify machine.sav && echo VirtualBox would load it
  $ ssm verify damaged.sav --salvage rest.sav

Each line is a step of VirtualBox's loader with the status it ends with, VINF_SUCCESS where nothing is wrong:
  validate           header and footer; of formats V1.x header and size
  validate with CRC  the same, and the CRC of the whole file
  open               opening for reading single units
  load               every unit to its end, the directory and the footer, as a machine that starts reads them
  units              every unit for itself: a file that was written unit by unit cannot be loaded, but be sound

--salvage looks for units behind the damage, too, and writes those that are whole into a new, valid file. What it says
goes to stderr where OUT is '-'. A machine that lacks units does not start as it was.`;

/** `ssm verify FILE` */
export function verifyCommand(context: Context): Command {
  return new Command('verify')
    .description('Checks everything in a saved state that VirtualBox checks when it loads it, and says what is wrong.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .option('--salvage <out>', "write the units that are whole into this file; '-' writes to stdout")
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, options: VerifyOptions) => {
      context.json = options.json === true;
      if (options.salvage === STDOUT && context.json) {
        throw new UsageError("--json and '-' for OUT would both write to stdout");
      }
      await withInput(context.io, file, options.maxInput, (input) => verify(context, input, options));
    });
}

async function verify(context: Context, input: Input, { salvage: output }: VerifyOptions): Promise<void> {
  const verdict = await verifyState(input.source);
  const { failure } = verdict;
  // A load that came to its end has read every unit.
  const units = failure === undefined ? undefined : await unitsFailure(input);
  const errors = failure === undefined ? [] : [failure];
  context.fail(errors);
  const saved = output === undefined ? undefined : await trySalvage(context, input, output);
  if (isSsmError(saved) && saved.message !== failure?.message) errors.push(saved);
  context.fail(errors);
  const document: VerifyDocument = {
    file: input.name,
    size: input.size,
    ok: failure === undefined,
    validate: verdict.validate,
    open: verdict.open,
    load: verdict.load,
    units: units?.status ?? 'VINF_SUCCESS',
    where: failure === undefined ? null : whereJson(failure.where),
    ...(saved !== undefined && !isSsmError(saved) && { salvage: salvageJson(saved, output as string) }),
    errors: errors.map(errorJson),
  };
  if (context.json) await context.document(document);
  else {
    const rest = saved === undefined || isSsmError(saved) ? '' : salvageText(context, saved, output as string);
    const say = (told: string) => (output === STDOUT ? context.io.stderr.write(told) : context.print(told));
    await say(text(context, document) + rest);
  }
  await context.report(errors);
  if (failure?.status === 'VERR_SSM_INTEGRITY_UNIT_MAGIC' && units === undefined) {
    await context.note('the file has no END unit: its units can be read one by one, but no machine can start from it');
  }
  if (failure === undefined && (await openState(input.source)).header.compression === 'lz4') {
    await context.note('packed with LZ4: VirtualBox refuses the file until it is converted (ssm convert)');
  }
}

/** Salvages; what keeps it from that comes after what is wrong with the file. */
async function trySalvage(context: Context, input: Input, output: string): Promise<SalvageResult | SsmError> {
  try {
    return await salvage(context, input, output);
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return error;
  }
}

/** What is wrong with the units for themselves, whatever a loader says to the file. */
async function unitsFailure({ source }: Input): Promise<SsmError | undefined> {
  try {
    const state = await SavedState.open(source);
    for await (const unit of state.units()) for await (const _ of unitPieces(unit));
    // Nothing in a V1.x file is checked on the way.
    return state.format === '2.0' ? undefined : state.damage;
  } catch (error) {
    if (!isSsmError(error)) throw error;
    return error;
  }
}

function text({ style }: Context, document: VerifyDocument): string {
  const { file, ok, validate, open, load, units } = document;
  const steps: readonly (readonly [name: string, status: SsmStatus])[] = [
    ['validate', validate.withoutChecksum],
    ['validate with CRC', validate.withChecksum],
    ['open', open],
    ['load', load],
    ['units', units],
  ];
  const colored = (status: SsmStatus) => (status === 'VINF_SUCCESS' ? style.good : style.bad)(status);
  return [
    `${style.heading(escapeText(file))}: ${ok ? style.good('sound') : style.bad(verdictOf(document))}\n`,
    ...steps.map(([name, status]) => `  ${style.faint(name.padEnd(18))} ${colored(status)}\n`),
  ].join('');
}

/** In a word or two what a failure means. */
function verdictOf({ units }: VerifyDocument): string {
  return units === 'VINF_SUCCESS' ? 'not loadable' : 'damaged';
}
