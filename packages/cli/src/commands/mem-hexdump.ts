import { SsmError } from '@ssmkit/runtime';
import type { GuestMemory } from '@ssmkit/vbox';
import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { addressText, parseAddress, withMemory } from './mem-options.js';

/** What `ssm mem hexdump --json` prints; docs/cli.md says what each key means. */
export interface MemHexdumpDocument {
  readonly file: string;
  readonly address: number;
  readonly length: number;
  readonly parts: readonly { readonly address: number; readonly data: string }[];
  readonly errors: readonly ErrorJson[];
}

/** Bytes of a line. */
const LINE = 16;
/** Most bytes at a time. */
const PIECE = 65536;
/** Most bytes: for more there is `ssm mem extract`. */
const LENGTH_MAX = 2 ** 26;

const example = `
Example:
  $ ssm mem hexdump machine.sav 0xffff0 16
  $ ssm mem hexdump machine.sav 0 1K

Where there is no memory, -- stands for each byte.`;

function parseLength(text: string): number {
  const length = parseAddress(text);
  if (length < 1 || length > LENGTH_MAX)
    throw new InvalidArgumentError("Expected 1…64M; for more see 'ssm mem extract'.");
  return length;
}

/** `ssm mem hexdump FILE ADDRESS [LENGTH]` */
export function memHexdumpCommand(context: Context): Command {
  return new Command('hexdump')
    .summary('show memory as bytes')
    .description("Shows some of the guest's memory as bytes and characters.")
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<address>', 'where to begin', parseAddress)
    .argument('[length]', 'how many bytes', parseLength, 256)
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action((file: string, address: number, length: number, options: SalvageOptions) =>
      withMemory(context, file, options, async ({ input, memory, damage }) => {
        const end = address + length;
        const parts = present(memory, address, end);
        if (parts.length === 0) {
          const detail = `there is no memory from ${addressText(address)} to ${addressText(end - 1)}`;
          throw new SsmError('VERR_OUT_OF_RANGE', detail);
        }
        if (context.json) await context.document(await documentOf(input.name, memory, address, end, parts, damage));
        else
          for (let at = address; at < end; at = nextPiece(at))
            await printPiece(context, memory, at, Math.min(end, nextPiece(at)));
      }),
    );
}

interface Part {
  readonly from: number;
  readonly to: number;
}

/** Where between two addresses there is memory. */
function present(memory: GuestMemory, from: number, to: number): Part[] {
  const parts: Part[] = [];
  for (const { address, size } of memory.segments()) {
    const part = { from: Math.max(from, address), to: Math.min(to, address + size) };
    if (part.from >= part.to) continue;
    const last = parts.at(-1);
    if (last?.to === part.from) parts[parts.length - 1] = { from: last.from, to: part.to };
    else parts.push(part);
  }
  return parts;
}

async function documentOf(
  file: string,
  memory: GuestMemory,
  address: number,
  end: number,
  parts: readonly Part[],
  damage: readonly SsmError[],
): Promise<MemHexdumpDocument> {
  const all: { address: number; data: string }[] = [];
  for (const { from, to } of parts) {
    const data = await memory.read(from, new Uint8Array(to - from));
    all.push({ address: from, data: Buffer.from(data).toString('base64') });
  }
  return { file, address, length: end - address, parts: all, errors: damage.map(errorJson) };
}

/** Pieces end where lines do. */
function nextPiece(at: number): number {
  return (Math.floor(at / PIECE) + 1) * PIECE;
}

async function printPiece(context: Context, memory: GuestMemory, from: number, to: number): Promise<void> {
  const bytes: (number | undefined)[] = new Array(to - from).fill(undefined);
  for (const part of present(memory, from, to)) {
    const data = await memory.read(part.from, new Uint8Array(part.to - part.from));
    for (let i = 0; i < data.length; i++) bytes[part.from - from + i] = data[i];
  }
  const lines: string[] = [];
  for (let line = from - (from % LINE); line < to; line += LINE) lines.push(lineText(bytes, from, line));
  await context.print(lines.join(''));
}

function lineText(bytes: readonly (number | undefined)[], from: number, line: number): string {
  let hex = '';
  let chars = '';
  for (let i = 0; i < LINE; i++) {
    const at = line + i - from;
    const outside = at < 0 || at >= bytes.length;
    const byte = bytes[at];
    hex += `${i === LINE / 2 ? '  ' : ' '}${outside ? '  ' : byte === undefined ? '--' : byte.toString(16).padStart(2, '0')}`;
    chars += outside ? ' ' : byte !== undefined && byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return `${addressText(line).slice(2)} ${hex}  |${chars.trimEnd()}|\n`;
}
