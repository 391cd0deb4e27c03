import { FileSink, FileSource, openFile } from '@ssmkit/runtime/node';
import { GuestMemory } from '@ssmkit/vbox';

/*
 * One step in a process of its own: what it takes in milliseconds, and the most memory that the process had in MiB.
 */

const BLOCK = 2 ** 20;
const SYNC_DISTANCE = 2 ** 26;

/** A file that is written, and brought to the disk every 64 MiB, while other things go on, as `ssm mem extract` does. */
class Output {
  readonly #sink: FileSink;
  #position = 0;
  #unsynced = 0;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  /** Bytes written. */
  data = 0;

  constructor(path: string) {
    this.#sink = new FileSink(path);
  }

  /** Writes at a place at or behind the end. */
  async write(data: Uint8Array, position = this.#position): Promise<void> {
    await this.#writing;
    this.#sink.skip(position - this.#position);
    this.#writing = this.#sink.writeBehind(data);
    this.#position = position + data.length;
    this.data += data.length;
    this.#unsynced += data.length;
    if (this.#unsynced < SYNC_DISTANCE) return;
    await this.#syncing;
    this.#syncing = this.#sink.sync();
    this.#unsynced = 0;
  }

  async close(): Promise<number> {
    await this.#writing;
    await this.#syncing;
    this.#sink.close(false);
    return this.data;
  }
}

/** The image of a state's RAM with holes, as `ssm mem extract` writes it. */
async function extract(memory: GuestMemory, path: string): Promise<number> {
  const output = new Output(path);
  for (const { address, space } of memory.segments()) {
    for await (const { offset, data } of space.pieces()) await output.write(data, address + offset);
  }
  return output.close();
}

/** Its data one after the other: what {@link copy} copies. */
async function gather(memory: GuestMemory, path: string): Promise<number> {
  const output = new Output(path);
  for (const { space } of memory.segments()) for await (const { data } of space.pieces()) await output.write(data);
  return output.close();
}

async function copy(from: string, to: string): Promise<number> {
  const source = new FileSource(from);
  const output = new Output(to);
  const blocks = [new Uint8Array(BLOCK), new Uint8Array(BLOCK)] as const;
  for (let i = 0; ; i ^= 1) {
    const block = blocks[i] as Uint8Array;
    const count = source.read(block, output.data);
    if (count === 0) break;
    await output.write(block.subarray(0, count));
  }
  source.close();
  return output.close();
}

const [step, from, to] = process.argv.slice(2) as [string, string, string];
const start = performance.now();
let bytes = 0;
if (step === 'copy') bytes = await copy(from, to);
else {
  const state = await openFile(from);
  const memory = await GuestMemory.open(state);
  if (step === 'map') bytes = memory.segments().reduce((sum, { space }) => sum + space.count().raw, 0);
  if (step === 'extract') bytes = await extract(memory, to);
  if (step === 'gather') bytes = await gather(memory, to);
  state.close();
}
const milliseconds = performance.now() - start;
process.stdout.write(JSON.stringify({ milliseconds, bytes, memory: process.resourceUsage().maxRSS / 1024 }));
