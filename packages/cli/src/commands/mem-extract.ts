import { resolve } from 'node:path';
import { isSsmError, type OpenState, SsmError } from '@ssmkit/runtime';
import { FileSink } from '@ssmkit/runtime/node';
import {
  type CoreSegment,
  type CpuRegisters,
  contextOf,
  elfCore,
  type GuestMemory,
  hasRegisters,
  mappedRegions,
  PgmVersion,
  readKnownUnit,
  registersOf,
} from '@ssmkit/vbox';
import { Command, Option } from 'commander';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { STDIN } from '../input.js';
import type { Output } from '../io.js';
import { jsonOption, maxInputOption, type SalvageOptions, salvageOption } from '../options.js';
import { escapeText } from '../output/escape.js';
import { type ErrorJson, errorJson } from '../output/json.js';
import { addressText, type Opened, type Range, rangeOption, withMemory } from './mem-options.js';

/** What `ssm mem extract --json` prints; docs/cli.md says what each key means. */
export interface MemExtractDocument {
  readonly file: string;
  readonly output: string;
  readonly format: 'raw' | 'elf';
  readonly bytes: number;
  readonly data: number;
  readonly segments: readonly {
    readonly address: number;
    readonly size: number;
    readonly offset: number;
    readonly description: string;
  }[];
  readonly errors: readonly ErrorJson[];
}

interface ExtractOptions extends SalvageOptions {
  readonly format: 'raw' | 'elf';
  readonly range?: Range;
}

const example = `
Example:
  $ ssm mem extract machine.sav memory.raw
  $ ssm mem extract machine.sav bios.bin --range 0xf0000-0xfffff
  $ ssm mem extract machine.sav memory.elf --format elf && vol -f memory.elf windows.pslist
  $ ssm mem extract machine.sav - | strings

raw: the byte at an address is at that offset in OUT (less the first address of --range). Without --range it ends where
RAM ends; ROM behind that, at the end of the address space, is left out. What is no memory is zero.
elf: an ELF core file with all segments at their guest-physical addresses: RAM, ROM, the memory of devices where the guest sees
it, and the registers of the CPUs.
Zeros take no room on disk where the file system has holes. OUT is replaced only once all is written.`;

/** `ssm mem extract FILE OUT` */
export function memExtractCommand(context: Context): Command {
  return new Command('extract')
    .summary('write memory to a file')
    .description("Writes the guest's memory to a file, for other tools.")
    .argument('<file>', "the saved state; '-' reads it from stdin")
    .argument('<out>', "the file to write; '-' writes to stdout")
    .addOption(
      new Option('--format <format>', 'an image of the address space, or an ELF core file')
        .choices(['raw', 'elf'])
        .default('raw'),
    )
    .addOption(rangeOption('only this part'))
    .addOption(salvageOption())
    .addOption(jsonOption())
    .addOption(maxInputOption())
    .addHelpText('after', example)
    .action((file: string, output: string, options: ExtractOptions) => {
      if (output === STDIN && options.json === true) {
        throw new UsageError("--json and '-' for OUT would both write to stdout");
      }
      return withMemory(context, file, options, (opened) => extract(context, opened, output, options));
    });
}

/** Bytes after which a file is brought to the disk. */
const SYNC_DISTANCE = 2 ** 26;

/** What goes into OUT: bytes in front, and where the segments' bytes are. */
interface Layout {
  readonly header: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly segment: CoreSegment; readonly range: Range }[];
  readonly size: number;
}

async function extract(context: Context, opened: Opened, output: string, options: ExtractOptions): Promise<void> {
  const { input, memory, damage } = opened;
  const { format, range } = options;
  const layout = format === 'raw' ? rawLayout(memory, range) : await elfLayout(opened, range);
  if (output === STDIN) {
    await write(layout, new PipeTarget(context.io.stdout));
    return;
  }
  const sink = new FileSink(resolve(context.io.cwd, output));
  const data = await writeFile(layout, sink);
  const document: MemExtractDocument = {
    file: input.name,
    output,
    format,
    bytes: layout.size,
    data,
    segments: layout.parts.map(({ offset, segment: { description }, range: { from, to } }) => ({
      address: from,
      size: to - from,
      offset,
      description,
    })),
    errors: damage.map(errorJson),
  };
  if (context.json) await context.document(document);
  else await context.print(text(document));
}

/** The parts of segments that lie in a range. */
function within(segments: readonly CoreSegment[], { from, to }: Range): { segment: CoreSegment; range: Range }[] {
  const parts = segments.flatMap((segment) => {
    const range = { from: Math.max(from, segment.address), to: Math.min(to, segment.address + segment.size) };
    return range.from < range.to ? [{ segment, range }] : [];
  });
  if (parts.length === 0) {
    throw new SsmError('VERR_OUT_OF_RANGE', `there is no memory from ${addressText(from)} to ${addressText(to - 1)}`);
  }
  return parts;
}

function rawLayout(memory: GuestMemory, range?: Range): Layout {
  const ram = memory.segments().findLast(({ kind }) => kind === 'ram');
  const whole = { from: 0, to: ram === undefined ? 0 : ram.address + ram.size };
  const { from, to } = range ?? whole;
  const parts = within(memory.segments(), { from, to }).map((part) => ({ ...part, offset: part.range.from - from }));
  return { header: new Uint8Array(0), parts, size: to - from };
}

async function elfLayout({ memory, state }: Opened, range?: Range): Promise<Layout> {
  const devices = (await mappedRegions(state, memory)).map(
    ({ address, region: { device, instance, size, description, space } }): CoreSegment => {
      return { kind: 'mmio2', address, size, description: `${device}#${instance} ${description}`, space };
    },
  );
  const all = [...memory.segments(), ...devices].sort((a, b) => a.address - b.address);
  const parts = within(all, range ?? { from: 0, to: Number.POSITIVE_INFINITY });
  const segments = parts.map(({ segment, range: { from, to } }) => ({ ...segment, address: from, size: to - from }));
  const { version, header } = memory;
  const { product, revision } = state.header;
  const arm = version === PgmVersion.arm;
  const registers = arm ? [] : await registersIn(state);
  const cpus = Math.max(1, header.cpus.length);
  const core = elfCore(segments, { arm, cpus, product, revision, registers });
  return {
    header: core.header,
    parts: core.parts.map(({ offset }, i) => ({ offset, ...(parts[i] as (typeof parts)[number]) })),
    size: core.size,
  };
}

/** The registers of the CPUs; none where the state does not tell them, or in a way that is not known. */
async function registersIn(state: OpenState): Promise<readonly CpuRegisters[]> {
  try {
    const { value } = await readKnownUnit(await state.seek('cpum', 1), await contextOf(state));
    return hasRegisters(value) ? registersOf(value) : [];
  } catch (error) {
    if (isSsmError(error)) return [];
    throw error;
  }
}

/** Where the bytes go. */
interface Target {
  write(data: Uint8Array): void | Promise<void>;
  /** Zeros. */
  skip(count: number): void | Promise<void>;
}

/** A file that is written, and brought to the disk, while what comes next is decoded. */
class FileTarget implements Target {
  readonly #sink: FileSink;
  #unsynced = 0;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;

  constructor(sink: FileSink) {
    this.#sink = sink;
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#writing;
    this.#sink.isOk();
    this.#writing = this.#sink.writeBehind(data);
    // Told to whoever awaits it.
    this.#writing.catch(() => {});
    this.#unsynced += data.length;
    if (this.#unsynced < SYNC_DISTANCE) return;
    await this.#syncing;
    this.#syncing = this.#sink.sync();
    // Told to whoever awaits it.
    this.#syncing.catch(() => {});
    this.#unsynced = 0;
  }

  skip(count: number): void {
    this.#sink.skip(count);
  }

  /** Waits until all is written. @throws SsmError */
  async finish(): Promise<void> {
    await this.#writing;
  }

  /** Waits until the file may be closed, however that went: closing tells. */
  async settle(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#syncing?.catch(() => {});
  }
}

/** A pipe, which has no holes. */
class PipeTarget implements Target {
  readonly #output: Output;
  readonly #zeros = new Uint8Array(65536);

  constructor(output: Output) {
    this.#output = output;
  }

  write(data: Uint8Array): Promise<void> {
    return this.#output.write(data);
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; left -= this.#zeros.length) {
      await this.#output.write(this.#zeros.subarray(0, Math.min(left, this.#zeros.length)));
    }
  }
}

/** Writes a file, or nothing. */
async function writeFile(layout: Layout, sink: FileSink): Promise<number> {
  const target = new FileTarget(sink);
  let complete = false;
  try {
    const data = await write(layout, target);
    await target.finish();
    complete = true;
    return data;
  } finally {
    // Not while it is still being brought to the disk.
    await target.settle();
    sink.close(!complete);
  }
}

/** @returns how many bytes are not zeros that were left out. */
async function write({ header, parts, size }: Layout, target: Target): Promise<number> {
  let done = 0;
  let data = header.length;
  const put = async (offset: number, bytes: Uint8Array) => {
    await target.skip(offset - done);
    await target.write(bytes);
    done = offset + bytes.length;
  };
  if (header.length > 0) await put(0, header);
  for (const { offset, segment, range } of parts) {
    const base = offset - (range.from - segment.address);
    for await (const piece of segment.space.pieces(range.from - segment.address, range.to - segment.address)) {
      await put(base + piece.offset, piece.data);
      data += piece.data.length;
    }
  }
  await target.skip(size - done);
  return data;
}

function text({ output, format, bytes, data, segments }: MemExtractDocument): string {
  const what = format === 'raw' ? 'image of memory' : 'ELF core file';
  return `${escapeText(output)}: ${what}, ${bytes} bytes (${data} with data) in ${segments.length} segments\n`;
}
