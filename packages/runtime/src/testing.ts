export { SavV1, type SavV1Options, savV1 } from './testing-v1.js';
export { wasm } from './wasm/instance.js';
export type { WasmCodecs } from './wasm/wasm-codecs.js';
export { useWorkersFrom } from './workers/pool.js';

import { crc32 } from './codecs/crc32.js';
import { PASS_FINAL } from './error.js';
import type { Sink, Source } from './io/sink-source.js';

/*
 * A language for saved states in tests
 *
 *     sav().unit('pit', 0).u32(1).zero(4).unit('pit', 1).lzf(1, [0x00, 0x61, 0xe0, 0xff, 0x00]).bytes()
 *
 * writes a state byte by byte from the description of the format, by other means than the writer, and as wrong as a test
 * wants it: checksums come out right whatever the records hold.
 */

/** What a test may want to be different about a whole state. */
export interface SavOptions {
  /** Default true. */
  checksum?: boolean;
  /** Default false. */
  live?: boolean;
  /** END unit; default true. */
  end?: boolean;
  /** The unit "SSM" in front; default false. */
  self?: boolean;
  /** "Host OS" in the unit "SSM". */
  hostOs?: string;
  /** Changes the 64 bytes of the file header; its CRC comes after. */
  header?: (bytes: DataView) => void;
  /** Changes the header of the END unit; its CRC comes after. */
  endHeader?: (bytes: DataView) => void;
  /** Changes the directory; its CRC comes after. */
  directory?: (bytes: DataView) => void;
  /** Changes the footer; its CRC comes after. */
  footer?: (bytes: DataView) => void;
}

/** What a test may want to be different about a unit. */
export interface SavUnitOptions {
  version?: number;
  pass?: number;
  /** Changes the unit's header; its CRC comes after. */
  header?: (bytes: DataView) => void;
  /** Changes the 16 bytes of TERM; after its CRC. */
  term?: (bytes: DataView) => void;
  /** Default true. */
  inDirectory?: boolean;
}

interface SavUnit {
  name: string;
  instance: number;
  options: SavUnitOptions;
  records: number[];
}

const utf8 = new TextEncoder();

function littleEndian(value: number | bigint, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}

function sizeBytes(size: number): number[] {
  if (size < 0x80) return [size];
  if (size < 0x800) return [0xc0 | (size >> 6), 0x80 | (size & 63)];
  if (size < 0x10000) return [0xe0 | (size >> 12), 0x80 | ((size >> 6) & 63), 0x80 | (size & 63)];
  return [0xf0 | (size >> 18), 0x80 | ((size >> 12) & 63), 0x80 | ((size >> 6) & 63), 0x80 | (size & 63)];
}

/** `push` of any number of bytes. */
function append(to: number[], bytes: Iterable<number>): void {
  for (const byte of bytes) to.push(byte);
}

/** A saved state in the making. */
export class Sav {
  readonly #options: SavOptions;
  readonly #units: SavUnit[] = [];
  #pending: number[] = [];

  constructor(options: SavOptions) {
    this.#options = options;
    if (options.self) {
      this.unit('SSM')
        .strZ('Build Type')
        .strZ('release')
        .strZ('Host OS')
        .strZ(options.hostOs ?? 'linux.amd64');
      this.strZ('').strZ('');
    }
  }

  /** Begins a unit; what follows belongs to it. */
  unit(name: string, instance = 0, options: SavUnitOptions = {}): this {
    this.#flush();
    this.#units.push({ name, instance, options, records: [] });
    return this;
  }

  /** Bytes, gathered with their neighbours in a RAW record. */
  mem(bytes: Iterable<number>): this {
    append(this.#pending, bytes);
    return this;
  }

  u8(value: number): this {
    return this.mem([value]);
  }

  u16(value: number): this {
    return this.mem(littleEndian(value, 2));
  }

  u32(value: number): this {
    return this.mem(littleEndian(value, 4));
  }

  u64(value: bigint): this {
    return this.mem(littleEndian(value, 8));
  }

  strZ(text: string): this {
    const bytes = utf8.encode(text);
    return this.u32(bytes.length).mem(bytes);
  }

  /** A RAW record of its own. */
  raw(data: readonly number[]): this {
    return this.#record([0x92, ...sizeBytes(data.length)], data);
  }

  /** A ZERO record. */
  zero(kib: number): this {
    return this.record(0x94, 1, kib);
  }

  /** An LZF record. */
  lzf(kib: number, data: readonly number[]): this {
    return this.#record([0x93, ...sizeBytes(data.length + 1), kib], data);
  }

  /** The bytes of any record. */
  record(...bytes: readonly number[]): this {
    return this.#record(bytes, []);
  }

  #record(header: readonly number[], data: readonly number[]): this {
    this.#flush();
    append(this.#current.records, header);
    append(this.#current.records, data);
    return this;
  }

  get #current(): SavUnit {
    const unit = this.#units.at(-1);
    if (unit === undefined) throw new Error('begin with unit()');
    return unit;
  }

  #flush(): void {
    const data = this.#pending;
    if (data.length === 0) return;
    this.#pending = [];
    this.raw(data);
  }

  /** The whole state. */
  bytes(): Uint8Array {
    this.#flush();
    const { checksum = true, live = false, end = true, header, endHeader, directory, footer } = this.#options;
    const out: number[] = [];
    const crc = () => (checksum ? crc32(Uint8Array.from(out)) : 0);
    const part = (bytes: number[], crcAt: number, change?: (bytes: DataView) => void) => {
      const all = Uint8Array.from(bytes);
      const view = new DataView(all.buffer);
      change?.(view);
      view.setUint32(crcAt, crc32(all), true);
      out.push(...all);
    };
    const magic = [...utf8.encode('\x7fVirtualBox SavedState V2.0\n'), 0, 0, 0, 0];
    const product = [7, 0, 2, 0, ...littleEndian(22, 4), ...littleEndian(175245, 4), 64, 8, 8, 0];
    const flags = (checksum ? 1 : 0) | (live ? 2 : 0);
    part(
      [
        ...magic,
        ...product,
        ...littleEndian(this.#units.length, 4),
        flags,
        0,
        0,
        0,
        ...littleEndian(4096, 4),
        0,
        0,
        0,
        0,
      ],
      60,
      header,
    );
    const entries = new Map<string, number[]>();
    for (const { name, instance, options, records } of this.#units) {
      const { version = 1, pass = PASS_FINAL, inDirectory = true } = options;
      const text = utf8.encode(name);
      if (inDirectory) {
        entries.set(`${name}#${instance}`, [
          ...littleEndian(out.length, 8),
          ...littleEndian(instance, 4),
          ...littleEndian(crc32(text), 4),
        ]);
      }
      part(
        [
          ...utf8.encode('\nUnit\n\0\0'),
          ...littleEndian(out.length, 8),
          ...littleEndian(crc(), 4),
          ...[0, 0, 0, 0],
          ...[version, instance, pass, 0, text.length + 1].flatMap((value) => littleEndian(value, 4)),
          ...text,
          0,
        ],
        20,
        options.header,
      );
      append(out, records);
      out.push(0x91, 14);
      const rest = [...littleEndian(checksum ? 1 : 0, 2), ...littleEndian(crc(), 4)];
      const term = Uint8Array.from([...out.splice(-2), ...rest, ...littleEndian(records.length + 16, 8)]);
      options.term?.(new DataView(term.buffer));
      out.push(...term);
    }
    if (end) {
      const offset = out.length;
      part(
        [
          ...utf8.encode('\nTheEnd\0'),
          ...littleEndian(offset, 8),
          ...littleEndian(crc(), 4),
          ...[0, 0, 0, 0],
          ...[0, 0, PASS_FINAL, 0, 0].flatMap((value) => littleEndian(value, 4)),
        ],
        20,
        endHeader,
      );
    }
    const listed = [...entries.values()];
    part(
      [...utf8.encode('\nDir\n\0\0\0'), 0, 0, 0, 0, ...littleEndian(listed.length, 4), ...listed.flat()],
      8,
      directory,
    );
    part(
      [
        ...utf8.encode('\nFooter\0'),
        ...littleEndian(out.length, 8),
        ...littleEndian(crc(), 4),
        ...littleEndian(listed.length, 4),
        ...littleEndian(0, 8),
      ],
      28,
      footer,
    );
    return Uint8Array.from(out);
  }
}

/** Begins a saved state. */
export function sav(options: SavOptions = {}): Sav {
  return new Sav(options);
}

/** A repeatable sequence of numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How a source or sink of a test is awkward. */
export interface AwkwardOptions {
  /** Answer with promises, after a number of turns of the event loop; default false. */
  asynchronous?: boolean;
  /** Default: whole reads. */
  shortReads?: boolean;
  /** Default: a file. */
  stream?: boolean;
  seed?: number;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((done) => {
      setTimeout(done, 0);
    });
  }
}

/** A source that gives less than asked for, later, or in order only; it notices readers that break the rules. */
export class AwkwardSource implements Source {
  readonly size: number | undefined;
  readonly #data: Uint8Array;
  readonly #options: AwkwardOptions;
  readonly #random: () => number;
  #next = 0;

  constructor(data: Uint8Array, options: AwkwardOptions = {}) {
    this.#data = data;
    this.#options = options;
    this.#random = randomNumbers(options.seed ?? 1);
    this.size = options.stream ? undefined : data.length;
  }

  read(into: Uint8Array, position: number): number | Promise<number> {
    const { asynchronous, shortReads, stream } = this.#options;
    if (into.length === 0) throw new Error('a read of nothing');
    if (stream && position !== this.#next)
      throw new Error(`a read at ${position} of a stream that is at ${this.#next}`);
    const most = shortReads ? 1 + Math.floor(this.#random() ** 3 * into.length) : into.length;
    const part = this.#data.subarray(position, position + Math.min(most, into.length));
    this.#next = position + part.length;
    const read = () => {
      into.set(part);
      return part.length;
    };
    return asynchronous ? turns(Math.floor(this.#random() * 2)).then(read) : read();
  }
}

/** An asynchronous sink. It notices writers that do not wait, and memory that is reused too early. */
export class SlowSink implements Sink {
  closed: 'whole' | 'aborted' | undefined;
  readonly #parts: Uint8Array[] = [];
  readonly #random: () => number;
  #busy = false;

  constructor(seed = 1) {
    this.#random = randomNumbers(seed);
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#busy) throw new Error('a write while another is under way');
    this.#busy = true;
    const before = crc32(data);
    await turns(Math.floor(this.#random() * 3));
    if (crc32(data) !== before) throw new Error('data has changed during a write');
    this.#parts.push(data.slice());
    this.#busy = false;
  }

  async rewrite(data: Uint8Array, position: number): Promise<void> {
    if (this.#busy) throw new Error('a rewrite while a write is under way');
    this.#busy = true;
    await turns(Math.floor(this.#random() * 3));
    const all = this.bytes();
    if (position + data.length > all.length) throw new Error('a rewrite of what has not been written');
    all.set(data, position);
    this.#parts.splice(0, this.#parts.length, all);
    this.#busy = false;
  }

  async close(aborted: boolean): Promise<void> {
    if (this.#busy) throw new Error('closed during a write');
    await turns(1);
    this.closed = aborted ? 'aborted' : 'whole';
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** The status of the failure that a step ends with; `VINF_SUCCESS` when it does not. Other exceptions pass. */
export async function statusOf(step: () => unknown): Promise<string> {
  try {
    await step();
    return 'VINF_SUCCESS';
  } catch (error) {
    if (error instanceof Error && 'status' in error) return String(error.status);
    throw error;
  }
}
