import { resolve } from 'node:path';
import { type Compression, type ConvertOptions, type ConvertResult, convertState, type Sink } from '@ssmkit/runtime';
import { FileSink } from '@ssmkit/runtime/node';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { type Input, STDIN, withInput } from '../input.js';
import { ClosedOutput, type Io } from '../io.js';
import { type CommonOptions, jsonOption, maxInputOption, parseHost } from '../options.js';
import { escapeText } from '../output/escape.js';
import type { ErrorJson } from '../output/json.js';

/** What `ssm convert --json` prints; docs/cli.md says what each key means. */
export interface ConvertDocument {
  readonly file: string;
  readonly size: number;
  readonly output: string;
  readonly from: { readonly format: string };
  readonly to: { readonly format: string; readonly compression: Compression };
  readonly units: number;
  readonly data: number;
  readonly bytes: number;
  readonly errors: readonly ErrorJson[];
}

interface Options extends CommonOptions {
  readonly to: '2.0' | '1.2';
  readonly compression?: Compression;
  readonly host?: string;
  readonly gcPtrBytes?: 4 | 8;
  readonly product?: ConvertOptions['product'];
  readonly revision?: number;
  readonly checksum?: boolean;
}

const example = `
Example:
  $ ssm convert old.sav new.sav                              from VirtualBox 3.0 and older to 3.1 and later
  $ ssm convert machine.sav small.sav --compression lz4      for ssmkit only, until it is converted back
  $ ssm convert machine.sav - | ssh host 'cat > machine.sav'

The units are copied with their data, passes and versions, and with everything that a loader needs to read them the same
way. What cannot be kept is refused, with the reason; a file that is damaged is, too. OUT is replaced only once all is
done; with '-' nothing is written before the whole input has been gone through.`;

/** Largest numbers that a header may have: major, minor, build; and the revision. */
const PRODUCT_MAX = [1000, 1000, 1048576] as const;
const REVISION_MAX = 10_000_000;

/** A version: `7.2.22`. */
function parseProduct(text: string): ConvertOptions['product'] {
  const [major = 0, minor = 0, build = 0] = /^\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(text) ? text.split('.').map(Number) : [];
  if (major === 0 || [major, minor, build].some((part, i) => part > (PRODUCT_MAX[i] as number))) {
    throw new InvalidArgumentError('Expected a version of VirtualBox, such as 7.2.22.');
  }
  return { major, minor, build };
}

function parseRevision(text: string): number {
  const revision = /^r?\d{1,9}$/.test(text) ? Number(text.replace('r', '')) : 0;
  if (revision < 1 || revision > REVISION_MAX) {
    throw new InvalidArgumentError(`Expected a revision of VirtualBox, 1…${REVISION_MAX}.`);
  }
  return revision;
}

function parseFormat(text: string): '2.0' | '1.2' {
  const format = text.toLowerCase().replace(/^v/, '');
  if (format !== '2.0' && format !== '1.2') throw new InvalidArgumentError('Expected v2.0 or v1.2.');
  return format;
}

function parseWidth(text: string): 4 | 8 {
  if (text !== '4' && text !== '8') throw new InvalidArgumentError('Expected 4 or 8.');
  return text === '4' ? 4 : 8;
}

/** `ssm convert IN OUT` */
export function convertCommand(context: Context): Command {
  return new Command('convert')
    .description('Writes a saved state again: in another format, packed otherwise, or with another header.')
    .argument('<in>', "the saved state; '-' reads it from stdin")
    .argument('<out>', "the file to write; '-' writes to stdout")
    .addOption(
      new Option('--to <format>', 'v2.0 for VirtualBox 3.1 and later, v1.2 for 2.1 to 3.0')
        .argParser(parseFormat)
        .default('2.0', 'v2.0'),
    )
    .addOption(
      new Option('--compression <how>', 'how data is packed; only ssmkit reads lz4 (default: as in IN)').choices([
        'lzf',
        'lz4',
        'none',
      ]),
    )
    .addOption(
      new Option(
        '--host <os.arch>',
        'the host that saved; a change is refused where units would be read wrongly',
      ).argParser((text) => parseHost(text).name),
    )
    .addOption(
      new Option('--gc-ptr-bytes <n>', 'width of guest pointers, 4 or 8, for V1.1, which does not tell it').argParser(
        parseWidth,
      ),
    )
    .addOption(
      new Option('--product <version>', 'version of VirtualBox that saved (default: as in IN)').argParser(parseProduct),
    )
    .addOption(new Option('--revision <n>', 'its source revision (default: as in IN)').argParser(parseRevision))
    .option('--checksum', 'write checksums (default: as in IN)')
    .option('--no-checksum', 'write none')
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action(async (file: string, output: string, options: Options) => {
      context.json = options.json === true;
      if (output === STDIN && context.json) throw new UsageError("--json and '-' for OUT would both write to stdout");
      if (output === STDIN && options.to === '1.2') {
        throw new UsageError('format V1.2 has sizes in front that are known last: OUT must be a file');
      }
      await withInput(context.io, file, options.maxInput, (input) => convert(context, input, output, options));
    });
}

async function convert(context: Context, input: Input, output: string, options: Options): Promise<void> {
  const { to: format, compression, host, gcPtrBytes, product, revision, checksum } = options;
  const target = { format, compression, host, gcPtrBytes, product, revision, checksum };
  if (output === STDIN) {
    // What has gone through a pipe cannot be taken back.
    await convertState(input.source, nowhere, target);
    await toStdout(context.io, input, target);
    return;
  }
  const result = await convertState(input.source, new FileSink(resolve(context.io.cwd, output)), target);
  const document = documentOf(input, output, result, compression);
  if (context.json) await context.document(document);
  else await context.print(text(document));
  if (document.to.compression === 'lz4') {
    await context.note(
      'VirtualBox refuses a state packed with LZ4: convert it with --compression lzf before it is used',
    );
  }
}

const nowhere: Sink = { write() {}, close() {} };

async function toStdout({ stdout }: Io, input: Input, target: ConvertOptions): Promise<void> {
  const sink: Sink = { write: (data) => stdout.write(data), close() {} };
  try {
    await convertState(input.source, sink, target);
  } catch (error) {
    // The sink's failure has been wrapped; this one is none.
    throw error instanceof Error && error.cause instanceof ClosedOutput ? error.cause : error;
  }
}

function documentOf(
  { name, size }: Input,
  output: string,
  { from, to, units, data, bytes }: ConvertResult,
  asked: Compression | undefined,
): ConvertDocument {
  const compression = asked ?? to.header.compression ?? 'lzf';
  return {
    file: name,
    size,
    output,
    from: { format: from.format },
    to: { format: to.format, compression },
    units,
    data,
    bytes,
    errors: [],
  };
}

function text({ file, size, output, from, to, units, data, bytes }: ConvertDocument): string {
  const packed = to.compression === 'none' ? 'not packed' : `packed with ${to.compression.toUpperCase()}`;
  return [
    `${escapeText(file)}: V${from.format}, ${size} bytes\n`,
    `${escapeText(output)}: V${to.format}, ${packed}, ${bytes} bytes: ${units} units with ${data} bytes of data\n`,
  ].join('');
}
