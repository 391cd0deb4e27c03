import { SsmError } from '@ssmkit/runtime';
import { DisplayScreenshot, type ScreenshotBlock, ScreenshotType } from '@ssmkit/vbox';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, withInput } from '../input.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { encodePng, rgbOfBgrx } from '../output/png.js';
import { STDOUT, writeOutput } from '../output-sink.js';
import { vboxUnit } from '../vbox-unit.js';

/** What `ssm screenshot --json` prints; docs/cli.md says what each key means. */
export interface ScreenshotDocument {
  readonly file: string;
  readonly output: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

interface Options extends SalvageOptions {
  readonly thumbnail?: boolean;
}

const UNIT = { name: 'DisplayScreenshot', instance: 1100 } as const;

const example = `
Example:
  $ ssm screenshot machine.sav screen.png
  $ ssm screenshot machine.sav --thumbnail - | display
Only states that were saved through VirtualBox's main API (its window, VBoxManage) have such a picture. It is of the first
screen, and no side is longer than 1024 pixels (64 in the thumbnail). OUT is replaced only once it has been written.`;

/** `ssm screenshot FILE OUT` */
export function screenshotCommand(context: Context): Command {
  return new Command('screenshot')
    .description('Extracts the picture of the screen that VirtualBox saved along with the state, as a PNG file.')
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<out>', "the PNG file to write; '-' writes to stdout")
    .option('--thumbnail', 'the small picture instead')
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, output: string, options: Options) => {
      context.json = options.json === true;
      if (output === STDOUT && context.json) throw new UsageError("--json and '-' for OUT would both write to stdout");
      await withInput(context.io, file, options.maxInput, (input) => screenshot(context, input, output, options));
    });
}

async function screenshot(context: Context, input: Input, output: string, options: Options): Promise<void> {
  const { thumbnail, salvage } = options;
  const { value, damage } = await vboxUnit(input.source, UNIT, salvage);
  const type = thumbnail ? ScreenshotType.Thumbnail : ScreenshotType.Png;
  const block = value instanceof DisplayScreenshot ? value.picture(type) : undefined;
  if (block === undefined) {
    const where = { unit: UNIT.name, instance: UNIT.instance };
    throw new SsmError('VERR_NO_DATA', 'the machine had no picture on its screen yet', where);
  }
  const png = thumbnail ? thumbnailPng(block) : block.data;
  context.fail(damage);
  await writeOutput(context.io, output, png);
  if (context.json) {
    const { width, height } = block;
    const errors = damage.map(errorJson);
    const document: ScreenshotDocument = { file: input.name, output, width, height, bytes: png.length, errors };
    await context.document(document);
  } else if (output !== STDOUT) {
    await context.print(`${escapeText(output)}: ${block.width} × ${block.height} pixels, ${png.length} bytes\n`);
  }
  await context.report(damage);
}

/** Bytes of a pixel. */
const PIXEL = 4;

function thumbnailPng({ width, height, data }: ScreenshotBlock): Uint8Array {
  if (data.length !== width * height * PIXEL) {
    const found = `${data.length} bytes of pixels where ${width} × ${height} take ${width * height * PIXEL}`;
    throw new SsmError('VERR_SSM_DATA_UNIT_FORMAT_CHANGED', found, { unit: UNIT.name, instance: UNIT.instance });
  }
  return encodePng({ width, height, rgb: rgbOfBgrx(data) });
}
