import { copyShared } from '../../codecs/copy.js';
import type { CodecPool, PartResult } from '../../workers/pool.js';
import { IN_SIZE, OPS_MAX, OUT_SIZE, Slot, type SlotView } from '../../workers/slots.js';
import type { ByteReader } from '../byte-reader.js';
import { RecordWalk, type Walked } from './record-walk.js';
import { BLOCK, RecordType } from './records.js';

/** Window on a source of which workers are to have something. */
const WINDOW = 2 ** 21;

/** Packed bytes below which it does not pay to hand them out. */
const PART_MIN = 0x2000;

/** Most blocks in a part: an operation has three words. */
const PART_BLOCKS = OPS_MAX / 3;

/** Records that a worker expands, or has expanded. */
class Part {
  readonly slot: SlotView;
  /** Type of those that are packed. */
  readonly type: number;
  /** Position in the source where the first of them begins. */
  readonly begin: number;
  /** Positions where the record of each block begins and ends. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Where its data is in what comes of the part, and how much. */
  readonly at: number[] = [];
  readonly sizes: number[] = [];
  /** How many of the blocks up to this one are packed. */
  readonly packed: number[] = [];
  /** Bytes that all of them have. */
  data = 0;
  /** Blocks that the reader has passed. */
  passed = 0;
  result: PartResult | undefined;

  constructor(slot: SlotView, type: number, begin: number) {
    this.slot = slot;
    this.type = type;
    this.begin = begin;
  }

  get count(): number {
    return this.starts.length;
  }

  /** Position in the source where the last of them ends. */
  get end(): number {
    return this.ends[this.ends.length - 1] ?? this.begin;
  }

  /** Bytes that they and the records between them take up. */
  get stored(): number {
    return this.end - this.begin;
  }

  add(start: number, end: number, size: number, isPacked: boolean): void {
    const { packed } = this;
    packed.push((packed[packed.length - 1] ?? 0) + (isPacked ? 1 : 0));
    this.starts.push(start);
    this.ends.push(end);
    this.at.push(this.data);
    this.sizes.push(size);
    this.data += size;
  }
}

/** Says in a slot what is to be done, and copies the records there. @param at where they begin in `bytes`. */
function describePart({ words, area }: SlotView, part: Part, bytes: Uint8Array, at: number): void {
  const start = (bytes.byteOffset + at) & 15;
  copyShared(bytes, at, at + part.stored, area, start);
  words[Slot.type] = part.type;
  words[Slot.expand] = 1;
  words[Slot.start] = start;
  words[Slot.stored] = part.stored;
  words[Slot.ops] = part.count * 3;
}

/** Records that come next and have been expanded. */
export interface Expanded {
  /** Type of those that are packed, their number, and that of RAW ones. */
  readonly type: number;
  readonly packed: number;
  readonly raw: number;
  /** Bytes that they take up, and that they stand for. */
  readonly stored: number;
  readonly data: number;
}

/**
 * Has packed records expanded before they are wanted.
 *
 * It goes over the headers in the window, in front of the reader, and hands out blocks, packed or RAW, with the records of
 * zeros between them, of which only the CRC is wanted. It judges nothing: what is not quite usual it leaves alone, and what
 * was expanded counts only when the reader comes to exactly that record, by its own rules.
 */
export class LookAhead {
  readonly #pool: CodecPool;
  readonly #input: ByteReader;
  readonly #walk: RecordWalk;
  /** Oldest first, in the order of the source. */
  readonly #parts: Part[] = [];
  /** Position up to which headers were looked at. */
  #walked = 0;
  #widened = false;

  /** @param lastType highest type of a record that there may be. */
  constructor(pool: CodecPool, input: ByteReader, lastType: number) {
    this.#pool = pool;
    this.#input = input;
    this.#walk = new RecordWalk(lastType);
  }

  /** Counts data, other than zeros, that was read. */
  offer(bytes: number): void {
    this.#pool.offer(bytes);
  }

  /** Hands out what can be. The reader stands in front of a record. */
  look(): void {
    if (this.#pool.running === 0) return;
    const input = this.#input;
    if (!this.#widened) {
      input.widen(WINDOW);
      this.#widened = true;
    }
    this.#drop();
    input.readAhead();
    if (this.#walked < input.position) this.#walked = input.position;
    for (let slot = this.#pool.take(); slot !== undefined; slot = this.#pool.take()) {
      const part = this.#gather(slot);
      if (part === undefined) {
        this.#pool.release(slot);
        return;
      }
      this.#parts.push(part);
      this.#pool.submit(slot);
    }
  }

  /** Fills a slot with the next blocks; `undefined` where there are not enough of them in the window. */
  #gather(slot: SlotView): Part | undefined {
    const { bytes, pos, limit, position } = this.#input;
    const base = position - pos;
    const walk = this.#walk;
    for (;;) {
      let part: Part | undefined;
      let walked: Walked;
      let next = this.#walked - base;
      for (; ; next = walk.end) {
        walked = walk.look(bytes, next, limit);
        if (walked !== 'record') break;
        const { type, isPacked, stored, end } = walk;
        if (!isPacked && (type !== RecordType.raw || stored === 0)) continue;
        if (part === undefined) {
          // Little ones are as soon copied as looked at; they only come along.
          if (!isPacked && stored !== BLOCK) continue;
          part = new Part(slot, isPacked ? type : RecordType.lzf, base + next);
        }
        // A larger RAW record need not be all in the window.
        if (isPacked ? type !== part.type : stored > BLOCK) break;
        const size = isPacked ? (bytes[walk.from] as number) * 1024 : stored;
        const begin = part.begin - base;
        if (part.count === PART_BLOCKS || part.data + size > OUT_SIZE || end - begin > IN_SIZE) break;
        const to = ((bytes.byteOffset + begin) & 15) + end - begin;
        const op = 3 * part.count;
        slot.ops[op] = to - stored + (isPacked ? 1 : 0);
        slot.ops[op + 1] = to;
        slot.ops[op + 2] = isPacked ? size : 0;
        part.add(base + next, base + end, size, isPacked);
      }
      const isSmall = part === undefined || part.stored < PART_MIN;
      // There may soon be more of a part that has only begun.
      this.#walked = isSmall && part !== undefined && walked === 'window' ? part.begin : base + next;
      if (!isSmall) {
        describePart(slot, part as Part, bytes, (part as Part).begin - base);
        return part;
      }
      if (walked !== 'record') return undefined;
    }
  }

  /** Gives back the parts that the reader has passed, and finds the block at which it stands. */
  #drop(): Part | undefined {
    const { position } = this.#input;
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      while (part.passed < part.count && (part.starts[part.passed] as number) < position) part.passed++;
      if (part.passed < part.count) return part;
      this.#parts.shift();
      this.#pool.release(part.slot);
    }
    return undefined;
  }

  /**
   * Copies the data of the records at which the reader stands to `into[at, end)`: of as many as were expanded, follow each
   * other, and have room.
   *
   * @returns `undefined` where there are none, or the first is not well formed.
   */
  take(into: Uint8Array, at: number, end: number): Expanded | undefined {
    const part = this.#drop();
    const { position } = this.#input;
    if (part === undefined || part.starts[part.passed] !== position) return undefined;
    if (part.result === undefined) {
      part.result = this.#pool.finish(part.slot);
      this.#input.sum(part.begin, part.end, part.result.crc);
    }
    const { out, good } = part.result;
    const first = part.passed;
    const from = part.at[first] as number;
    let next = first;
    let data = 0;
    let stop = position;
    for (; next < good && part.starts[next] === stop; next++) {
      const size = part.sizes[next] as number;
      if (data + size > end - at) break;
      data += size;
      stop = part.ends[next] as number;
    }
    if (next === first) return undefined;
    copyShared(out, from, from + data, into, at);
    const packed = (part.packed[next - 1] as number) - (part.packed[first - 1] ?? 0);
    return { type: part.type, packed, raw: next - first - packed, stored: stop - position, data };
  }

  /** Where the next record is that was handed out; `undefined` where there is none. */
  get next(): number | undefined {
    const part = this.#drop();
    return part?.starts[part.passed];
  }
}
