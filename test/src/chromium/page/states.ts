import {
  BlobSource,
  crc32,
  type GetStream,
  loadState,
  MemorySink,
  MemorySource,
  openState,
  type PutStream,
  ReadableStreamSource,
  Registry,
  type Sink,
  type Source,
  saveState,
  type Verdict,
  verifyState,
  WritableStreamSink,
} from '@ssmkit/runtime';
import { randomNumbers } from '@ssmkit/runtime/testing';
import { codecOf } from '@ssmkit/schema';
import { Simple } from '../../classes/simple.js';
import '../../classes/simple.ssm.js';
import { fetchBytes, page } from './globals.js';

/** Bytes of the memory that is saved: larger than any buffer. */
const MEMORY = 3 * 2 ** 20;
const PIECE = 2 ** 16;

/** A device with a structure and memory that packs, that is zero, and that does not pack; always the same. */
class Device {
  readonly registers = new Simple();
  readonly memory = new Uint8Array(MEMORY);

  fill(): this {
    const random = randomNumbers(1);
    Object.assign(this.registers, { u32: 1, u16: 2, GCPhys: 0xfee00000n, u64: 1n << 63n, u32Last: 0xffff_ffff });
    for (let at = 0; at < MEMORY; at++) {
      const kind = (at >> 14) % 3;
      this.memory[at] = kind === 0 ? 0 : kind === 1 ? at & 0x1f : random() * 256;
    }
    return this;
  }

  async save(stream: PutStream): Promise<void> {
    stream.putStruct(this.registers);
    for (let at = 0; at < MEMORY; at += PIECE) await stream.putMemAsync(this.memory.subarray(at, at + PIECE));
  }

  async load(stream: GetStream): Promise<void> {
    await stream.ensure(1024);
    stream.getStruct(this.registers);
    for (let at = 0; at < MEMORY; at += PIECE) await stream.getMemAsync(this.memory.subarray(at, at + PIECE));
  }

  crc(): number {
    const { u32, u16, GCPhys, u64, u32Last } = this.registers;
    return crc32(new TextEncoder().encode([u32, u16, GCPhys, u64, u32Last].join()), crc32(this.memory));
  }
}

function unitsOf(device: Device): Registry {
  const units = new Registry();
  units.register({
    name: 'device',
    // The structure has had all of its fields since then.
    version: 3,
    saveExec: (stream) => device.save(stream),
    loadExec: (stream) => device.load(stream),
  });
  return units;
}

/** A place for a state: a sink for it, and then sources of what the sink got. */
interface Place {
  readonly sink: Sink;
  bytes(): Promise<Uint8Array>;
  sources(): Promise<Readonly<Record<string, Source>>>;
}

function inMemory(): Place {
  const sink = new MemorySink();
  return {
    sink,
    bytes: async () => sink.bytes(),
    sources: async () => {
      const bytes = sink.bytes();
      return {
        memory: new MemorySource(bytes),
        'a blob': new BlobSource(new Blob([bytes])),
        'the stream of a blob': new ReadableStreamSource(new Blob([bytes]).stream() as ReadableStream<Uint8Array>),
        'the body of a response': new ReadableStreamSource(new Response(bytes).body as ReadableStream<Uint8Array>),
      };
    },
  };
}

/** A stream that its reader takes slowly, so that the writer has to wait. */
function throughStream(): Place {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const reading = (async () => {
    for (const reader = readable.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      chunks.push(value);
      await new Promise((next) => setTimeout(next, 0));
    }
  })();
  const blob = async () => {
    await reading;
    return new Blob(chunks);
  };
  return {
    sink: new WritableStreamSink(writable),
    bytes: async () => new Uint8Array(await (await blob()).arrayBuffer()),
    sources: async () => ({ 'a blob of its chunks': new BlobSource(await blob()) }),
  };
}

/** A file of the page's own, as the File System API has it. */
async function inFile(): Promise<Place> {
  const folder = await page.navigator.storage.getDirectory();
  const handle = await folder.getFileHandle('state.sav', { create: true });
  return {
    sink: new WritableStreamSink(await handle.createWritable()),
    bytes: async () => new Uint8Array(await (await handle.getFile()).arrayBuffer()),
    sources: async () => {
      const file = await handle.getFile();
      return {
        'the file': new BlobSource(file),
        'the stream of the file': new ReadableStreamSource(file.stream() as ReadableStream<Uint8Array>),
      };
    },
  };
}

const places: Readonly<Record<string, () => Place | Promise<Place>>> = {
  memory: inMemory,
  'a stream': throughStream,
  'a file of the page': inFile,
};

/** Saves a device to a place and loads it from each source there. @returns CRCs of the file and of what was loaded. */
export async function saveAndLoad(place: string): Promise<{ file: number; loaded: Record<string, boolean> }> {
  const { sink, bytes, sources } = await (places[place] as (typeof places)[string])();
  const saved = new Device().fill();
  await saveState(unitsOf(saved), sink);
  const file = crc32(await bytes());
  const loaded: Record<string, boolean> = {};
  for (const [name, source] of Object.entries(await sources())) {
    const device = new Device();
    await loadState(unitsOf(device), source);
    loaded[name] = device.crc() === saved.crc();
  }
  return { file, loaded };
}

/** What is said of a saved state, without the exception itself. */
export async function verdictOn(bytes: Uint8Array): Promise<unknown> {
  const plain = ({ failure, before31, ...verdict }: Verdict): unknown => ({
    ...verdict,
    status: failure?.status,
    ...(before31 !== undefined && { before31: plain(before31) }),
  });
  return plain(await verifyState(new MemorySource(bytes)));
}

/** The same of a file of the server, read as a blob. */
export async function verdictsOn(files: readonly string[]): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const file of files) found[file] = await verdictOn(await fetchBytes(`/fixtures/${file}`));
  return found;
}

/** The structure that VirtualBox saved into a file of the collection, as JSON. */
export async function structureIn(bytes: Uint8Array): Promise<unknown> {
  const { stream } = await (await openState(new MemorySource(bytes))).seek('simple', 0);
  return codecOf(Simple).encode(stream.getStruct(new Simple()));
}

/** The same of a file of the server. */
export async function structureOf(file: string): Promise<unknown> {
  return structureIn(await fetchBytes(`/fixtures/${file}`));
}
