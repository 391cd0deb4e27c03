import { type BuildResult, buildState, catalog } from '@ssmkit/vbox';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { filePieces } from '../input.js';
import { jsonOption, unitsOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import type { ErrorJson } from '../output/json.js';
import { STDOUT, withOutput } from '../output-sink.js';
import { loadCatalog } from '../schema-module.js';

/** What `ssm build --json` prints; docs/cli.md says what each key means. */
export interface BuildDocument {
  readonly file: string;
  readonly output: string;
  readonly format: string;
  readonly units: number;
  readonly known: number;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

const example = `
Example:
  $ ssm dump machine.sav --json > machine.json
  $ vi machine.json
  $ ssm build machine.json machine.sav

DOCUMENT is what 'ssm dump --json' of a whole file prints. Sizes, checksums and directory are made anew. OUT is replaced
only once all is done.`;

/** `ssm build DOCUMENT OUT` */
export function buildCommand(context: Context): Command {
  return new Command('build')
    .description("Makes a saved state of the JSON document that 'ssm dump --json' prints of a whole file.")
    .argument('<document>', "the JSON document; '-' reads it from stdin")
    .argument('<out>', "the saved state to write; '-' writes to stdout")
    .addOption(unitsOption())
    .addOption(jsonOption())
    .addHelpText('after', example)
    .action(async (file: string, output: string, options: { json?: boolean; units?: string }) => {
      context.json = options.json === true;
      if (output === STDOUT && context.json) throw new UsageError("--json and '-' for OUT would both write to stdout");
      const layouts = options.units === undefined ? catalog : await loadCatalog(options.units, context.io.cwd);
      const { io } = context;
      const result = await withOutput(io, output, (sink) =>
        buildState(filePieces(io, file), sink, { catalog: layouts }),
      );
      if (output !== STDOUT) await report(context, file, output, result);
    });
}

async function report(context: Context, file: string, output: string, result: BuildResult): Promise<void> {
  if (context.json) {
    const document: BuildDocument = { file, output, ...result, errors: [] };
    await context.document(document);
    return;
  }
  const { format, units, known, bytes } = result;
  await context.print(
    `${escapeText(output)}: V${format}, ${bytes} bytes: ${units} units, ${known} of them encoded from their values\n`,
  );
}
