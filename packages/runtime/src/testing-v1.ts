import { crc32 } from './codecs/crc32.js';

/*
 * The language of testing.ts for states of formats V1.x
 *
 *     savV1({ format: '1.1' }).unit('pit').lzf().block(15, [0x00, 0x61, 0xe0, 0x05, 0x00]).unit('empty').bytes()
 *
 * A unit without a stream has no data. Sizes and checksum come out right whatever the streams hold.
 */

/** What a test may want to be different about a whole state. */
export interface SavV1Options {
  /** Default `'1.2'`; V1.0 of a 64-bit and of a 32-bit writer. */
  format?: '1.2' | '1.1' | '1.0' | '1.0/32';
  /** Changes the file header; its CRC comes after, and covers what is changed. */
  header?: (bytes: DataView) => void;
  /** Changes the whole file after its CRC. */
  after?: (bytes: DataView) => void;
  /** END unit; default true. */
  end?: boolean;
}

/** What a test may want to be different about a unit. */
export interface SavV1UnitOptions {
  version?: number;
  /** Changes the header of the unit. */
  header?: (bytes: DataView) => void;
}

interface SavV1Unit {
  readonly name: string;
  readonly instance: number;
  readonly options: SavV1UnitOptions;
  readonly data: number[];
}

const headerSizes = { '1.2': 80, '1.1': 64, '1.0': 64, '1.0/32': 60 } as const;
const utf8 = new TextEncoder();

/** A saved state in the making. */
export class SavV1 {
  readonly #options: SavV1Options;
  readonly #units: SavV1Unit[] = [];

  constructor(options: SavV1Options) {
    this.#options = options;
  }

  /** Begins a unit; what follows belongs to it. */
  unit(name: string, instance = 0, options: SavV1UnitOptions = {}): this {
    this.#units.push({ name, instance, options, data: [] });
    return this;
  }

  /** Any bytes. */
  raw(bytes: Iterable<number>): this {
    const unit = this.#units.at(-1);
    if (unit === undefined) throw new Error('begin with unit()');
    for (const byte of bytes) unit.data.push(byte);
    return this;
  }

  /** A stream of stored data. */
  store(data: Iterable<number>): this {
    return this.raw([2]).raw(data);
  }

  /** A zlib stream. */
  zlib(stream: Iterable<number>): this {
    return this.raw([3]).raw(stream);
  }

  /** A deflate stream. */
  deflate(stream: Iterable<number>): this {
    return this.raw([8]).raw(stream);
  }

  /** Begins a stream of LZF blocks. */
  lzf(): this {
    return this.raw([5]);
  }

  /** An LZF block. */
  block(expanded: number, data: readonly number[]): this {
    const { length } = data;
    return this.raw([0x5a, 0x56, length & 0xff, length >> 8, 0, 0, 0, 0, expanded & 0xff, expanded >> 8]).raw(data);
  }

  /** The whole state. */
  bytes(): Uint8Array {
    const { format = '1.2', header, after, end = true } = this.#options;
    const headerSize = headerSizes[format];
    const parts = this.#units.map(({ name, instance, options, data }) => {
      const text = utf8.encode(name);
      const bytes = new Uint8Array(28 + text.length + 1 + data.length);
      const view = new DataView(bytes.buffer);
      bytes.set(utf8.encode('\nUnit\n'));
      view.setUint32(8, bytes.length, true);
      view.setUint32(16, options.version ?? 1, true);
      view.setUint32(20, instance, true);
      view.setUint32(24, text.length + 1, true);
      bytes.set(text, 28);
      bytes.set(data, 28 + text.length + 1);
      options.header?.(view);
      return bytes;
    });
    if (end) {
      const bytes = new Uint8Array(28);
      bytes.set(utf8.encode('\nTheEnd'));
      bytes[8] = 28;
      parts.push(bytes);
    }
    const all = new Uint8Array(parts.reduce((size, part) => size + part.length, headerSize as number));
    const view = new DataView(all.buffer);
    all.set(utf8.encode(`\x7fVirtualBox SavedState V${format.slice(0, 3)}\n`));
    view.setUint32(32, all.length, true);
    if (format === '1.2') {
      view.setUint16(64, 3, true);
      view.setUint32(68, 2, true);
      view.setUint32(72, 49928, true);
      all.set([64, 8, 8], 76);
    }
    let at = headerSize;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    header?.(view);
    view.setUint32(40, crc32(all.subarray(44, 44 + all.length - headerSize)), true);
    after?.(view);
    return all;
  }
}

/** Begins a saved state of format V1.x. */
export function savV1(options: SavV1Options = {}): SavV1 {
  return new SavV1(options);
}
