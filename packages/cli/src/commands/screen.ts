import { openSalvaged, openState, SsmError } from '@ssmkit/runtime';
import { type Picture, readScreen, type Screen, type ScreenMode } from '@ssmkit/vbox';
import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, withInput } from '../input.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { encodePng } from '../output/png.js';
import { STDOUT, writeOutput } from '../output-sink.js';
import { suggestSalvage } from '../suggest-salvage.js';

/** What `ssm screen --json` prints; docs/cli.md says what each key means. */
export interface ScreenDocument {
  readonly file: string;
  readonly monitor: number;
  readonly mode: ScreenMode['kind'];
  readonly width: number;
  readonly height: number;
  readonly text: readonly string[] | null;
  readonly cursor: { readonly column: number; readonly row: number } | null;
  readonly output: string | null;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

interface Options extends SalvageOptions {
  readonly monitor: number;
  readonly cursor: boolean;
}

const MONITORS = 64;

const example = `
Example:
  $ ssm screen machine.sav
  $ ssm screen machine.sav screen.png
  $ ssm screen machine.sav - | display

The screen is made from the registers and the memory of the graphics adapter, and so there for every state; the picture
that 'ssm screenshot' extracts is only in some. OUT is replaced only once it has been written.`;

function parseMonitor(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) >= MONITORS) throw new InvalidArgumentError('Expected 0…63.');
  return Number(text);
}

/** `ssm screen FILE [OUT]` */
export function screenCommand(context: Context): Command {
  return new Command('screen')
    .description("Shows the text on the guest's screen, or writes the screen as a PNG file.")
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('[out]', "the PNG file to write; '-' writes to stdout")
    .option('--monitor <number>', 'which monitor, from 0', parseMonitor, 0)
    .option('--no-cursor', 'leave the cursor of a text mode out')
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, output: string | undefined, options: Options) => {
      context.json = options.json === true;
      if (output === STDOUT && context.json) throw new UsageError("--json and '-' for OUT would both write to stdout");
      await withInput(context.io, file, options.maxInput, (input) => showScreen(context, input, output, options));
    });
}

async function showScreen(context: Context, input: Input, output: string | undefined, options: Options): Promise<void> {
  const { monitor, cursor } = options;
  const screen = await screenOf(input, options);
  const { damage } = screen;
  context.fail(damage);
  const picture = output === undefined && !context.json ? undefined : screen.picture({ cursor });
  const bytes = output === undefined ? 0 : await writePng(context, output, picture as Picture);
  if (context.json) {
    const { width, height } = picture as Picture;
    const document: ScreenDocument = {
      file: input.name,
      monitor,
      mode: screen.mode.kind,
      width,
      height,
      text: screen.text() ?? null,
      cursor: screen.cursor() ?? null,
      output: output ?? null,
      bytes,
      errors: damage.map(errorJson),
    };
    await context.document(document);
  } else if (output === undefined) await context.print(shown(screen));
  else if (output !== STDOUT) {
    const { width, height } = picture as Picture;
    await context.print(`${escapeText(output)}: ${width} × ${height} pixels, ${bytes} bytes\n`);
  }
  await context.report(damage);
}

async function screenOf({ source }: Input, { monitor, salvage }: Options): Promise<Screen> {
  if (!salvage) return suggestSalvage(async () => readScreen(await openState(source), monitor));
  const { state } = await openSalvaged(source);
  return readScreen(state, monitor, { partial: true });
}

/** The screen for a terminal: the text of a text mode, without the empty rows at its end, or what it is instead. */
function shown(screen: Screen): string {
  const { mode } = screen;
  switch (mode.kind) {
    case 'blank':
      return 'nothing: the screen is off\n';
    case 'text':
      return `${(screen.text() ?? []).join('\n').trimEnd()}\n`;
    default:
      return `a picture of ${mode.width} × ${mode.height} pixels; name a PNG file to write\n`;
  }
}

async function writePng(context: Context, output: string, picture: Picture): Promise<number> {
  if (picture.width === 0 || picture.height === 0) {
    throw new SsmError('VERR_NO_DATA', 'the screen is off', { unit: 'vga', instance: 0 });
  }
  const png = encodePng(picture);
  await writeOutput(context.io, output, png);
  return png.length;
}
