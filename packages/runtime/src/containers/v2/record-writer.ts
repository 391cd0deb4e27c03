import { type Compress, lz4Compress, lzfCompress } from '../../codecs/blocks.js';
import { copyBytes } from '../../codecs/copy.js';
import { SsmError } from '../../error.js';
import type { RecordSink } from '../../streams/put-primitives.js';
import { wasm } from '../../wasm/instance.js';
import type { WasmCodecs } from '../../wasm/wasm-codecs.js';
import type { ByteWriter } from '../byte-writer.js';
import {
  BLOCK,
  type Compression,
  FIXED,
  IMPORTANT,
  PACKED_LIMIT,
  PAYLOAD_MAX,
  RECORD_HEADER_MAX,
  RecordType,
} from './records.js';

const RAW = FIXED | IMPORTANT | RecordType.raw;
const ZERO = FIXED | IMPORTANT | RecordType.zero;
const BLOCK_KIB = BLOCK / 1024;

/** Room that one block may take: header, `k`, data. */
const BLOCK_ROOM = RECORD_HEADER_MAX + 1 + BLOCK;

/** How blocks are packed: the type of the record, and what packs. `none` has no packer. */
interface Packer {
  readonly type: number;
  readonly compress: Compress;
}

const packers: Readonly<Record<Compression, Packer | undefined>> = {
  lzf: { type: RecordType.lzf, compress: lzfCompress },
  lz4: { type: RecordType.lz4, compress: lz4Compress },
  none: undefined,
};

/** Words of memory that is not aligned to four bytes are looked at here. */
const aligned = new Uint8Array(BLOCK);
const alignedWords = new Int32Array(aligned.buffer);

/**
 * Cuts the data of units into records as VirtualBox does (`VirtualBox 7.2 SSMR3.cpp, ssmR3DataWriteBig`): items of up
 * to 512 bytes are gathered into RAW records of up to 4096; of larger ones every 4096 bytes become a ZERO record, an
 * LZF record, or, where LZF does not save 256 bytes, a RAW record, and the rest a RAW record. LZ4 in the place of LZF, or
 * nothing, is ssmkit's own.
 *
 * VirtualBox recognises zeros only at addresses that are multiples of 16 and compresses the others; here they are
 * always recognised. No reader can tell.
 */
export class RecordWriter implements RecordSink {
  readonly capacity = BLOCK;
  readonly itemMax = 512;
  readonly #output: ByteWriter;
  readonly #packer: Packer | undefined;

  constructor(output: ByteWriter, compression: Compression = 'lzf') {
    this.#output = output;
    this.#packer = packers[compression];
  }

  putBuffered(bytes: Uint8Array, start: number, end: number): void {
    this.#putRaw(bytes.subarray(start, end));
  }

  putBig(data: Uint8Array): void {
    const blocks = Math.floor(data.length / BLOCK);
    const codecs = this.#packer === undefined ? undefined : wasm();
    if (codecs !== undefined) this.#putBlocks(codecs, this.#packer as Packer, data, blocks);
    else for (let i = 0; i < blocks; i++) this.#putBlock(data, i * BLOCK);
    const at = blocks * BLOCK;
    if (at < data.length) this.#putRaw(data.subarray(at));
  }

  /** What {@link #putBlock} does, for many blocks in one call of WebAssembly. */
  #putBlocks(codecs: WasmCodecs, { type }: Packer, data: Uint8Array, blocks: number): void {
    for (let done = 0; done < blocks; done += codecs.blocksMax) {
      const count = Math.min(blocks - done, codecs.blocksMax);
      this.#output.write(codecs.writeRecords(data, done * BLOCK, count, type));
    }
  }

  drain(): Promise<void> | undefined {
    return this.#output.drain();
  }

  #putRaw(data: Uint8Array): void {
    const output = this.#output;
    const at = output.reserve(RECORD_HEADER_MAX + Math.min(data.length, BLOCK));
    output.bytes[at] = RAW;
    output.pos = putSize(output.bytes, at + 1, data.length);
    output.write(data);
  }

  #putBlock(data: Uint8Array, from: number): void {
    const output = this.#output;
    const at = output.reserve(BLOCK_ROOM);
    const { bytes } = output;
    if (isZeroBlock(data, from)) {
      bytes[at] = ZERO;
      bytes[at + 1] = 1;
      bytes[at + 2] = BLOCK_KIB;
      output.pos = at + 3;
      return;
    }
    const packer = this.#packer;
    const size = packer?.compress(data, from, from + BLOCK, bytes, at + 5, PACKED_LIMIT) ?? 0;
    if (packer !== undefined && size > 0) {
      bytes[at] = FIXED | IMPORTANT | packer.type;
      putSize3(bytes, at + 1, size + 1);
      bytes[at + 4] = BLOCK_KIB;
      output.pos = at + 5 + size;
    } else {
      bytes[at] = RAW;
      putSize3(bytes, at + 1, BLOCK);
      copyBytes(data, from, from + BLOCK, bytes, at + 4);
      output.pos = at + 4 + BLOCK;
    }
  }
}

/** Whether a block is all zero. */
function isZeroBlock(data: Uint8Array, from: number): boolean {
  if (data[from] !== 0 || data[from + 2040] !== 0 || data[from + BLOCK - 1] !== 0) return false;
  const offset = data.byteOffset + from;
  if (offset % 4 === 0) return isZero(new Int32Array(data.buffer, offset, BLOCK / 4));
  aligned.set(data.subarray(from, from + BLOCK));
  return isZero(alignedWords);
}

function isZero(words: Int32Array): boolean {
  for (let i = 0; i < BLOCK / 4; i += 8) {
    const any =
      (words[i] as number) |
      (words[i + 1] as number) |
      (words[i + 2] as number) |
      (words[i + 3] as number) |
      (words[i + 4] as number) |
      (words[i + 5] as number) |
      (words[i + 6] as number) |
      (words[i + 7] as number);
    if (any !== 0) return false;
  }
  return true;
}

/** The form of the size that blocks always have, however small they are. */
function putSize3(bytes: Uint8Array, at: number, size: number): void {
  bytes[at] = 0xe0 | (size >> 12);
  bytes[at + 1] = 0x80 | ((size >> 6) & 0x3f);
  bytes[at + 2] = 0x80 | (size & 0x3f);
}

/**
 * Writes a size in its shortest form to `bytes[at…)`, and returns where it ends.
 *
 * @throws SsmError VERR_SSM_MEM_TOO_BIG above 0x7FFFFFFF.
 */
export function putSize(bytes: Uint8Array, at: number, size: number): number {
  if (size < 0x80) {
    bytes[at] = size;
    return at + 1;
  }
  if (size > PAYLOAD_MAX) throw new SsmError('VERR_SSM_MEM_TOO_BIG', `a record of ${size} bytes`);
  // n bytes hold 5n + 1 bits: the lead byte has n ones, a zero, and the highest bits.
  let count = 2;
  while (size >= 2 ** (5 * count + 1)) count++;
  let rest = size;
  for (let i = count - 1; i > 0; i--) {
    bytes[at + i] = 0x80 | (rest & 0x3f);
    rest >>>= 6;
  }
  bytes[at] = (0xff00 >> count) | rest;
  return at + count;
}
