import { copyShared } from '../../codecs/copy.js';
import type { CodecPool, PartResult } from '../../workers/pool.js';
import { IN_SIZE, OPS_MAX, OUT_SIZE, Slot, type SlotView } from '../../workers/slots.js';
import type { ByteReader } from '../byte-reader.js';
import { BLOCK, FIXED, RecordType } from './records.js';

/** Window on a source of which workers are to have something. */
const WINDOW = 2 ** 21;

/** Packed bytes below which it does not pay to hand them out. */
const PART_MIN = 0x2000;

/** A RAW record above this size ends a part, since it would be copied for nothing. */
const RAW_MAX = 512;

/** Most blocks in a part: an operation has three words. */
const PART_BLOCKS = OPS_MAX / 3;

/** Packed blocks that a worker expands, or has expanded. */
class Part {
  readonly slot: SlotView;
  readonly type: number;
  /** Positions in the source where the record of each block begins and ends. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Where its data is in what comes of the part, and how much. */
  readonly at: number[] = [];
  readonly sizes: number[] = [];
  /** Blocks that the reader has passed. */
  passed = 0;
  result: PartResult | undefined;

  constructor(slot: SlotView, type: number) {
    this.slot = slot;
    this.type = type;
  }

  /** Whether the records follow each other. */
  get isWhole(): boolean {
    return this.ends.every((end, i) => i === this.ends.length - 1 || end === this.starts[i + 1]);
  }
}

/** Records that come next and have been expanded. */
export interface Expanded {
  readonly type: number;
  readonly count: number;
  /** Bytes that they take up, and that they stand for. */
  readonly stored: number;
  readonly data: number;
}

/** What ends the search for packed blocks. */
type Halt = 'window' | 'part' | 'unknown';

/**
 * Has packed records expanded before they are wanted.
 *
 * It goes over the headers in the window, in front of the reader, and hands out packed blocks. It judges nothing: what is
 * not quite usual it leaves alone, and what was expanded counts only when the reader comes to exactly that record, by its
 * own rules.
 */
export class LookAhead {
  readonly #pool: CodecPool;
  readonly #input: ByteReader;
  readonly #lastType: number;
  /** Oldest first, in the order of the source. */
  readonly #parts: Part[] = [];
  /** Position up to which headers were looked at. */
  #walked = 0;
  #widened = false;
  /** The record that was looked at last: its type, where its payload begins in the window, and where it ends. */
  #type = 0;
  #from = 0;
  #end = 0;

  /** @param lastType highest type of a record that there may be. */
  constructor(pool: CodecPool, input: ByteReader, lastType: number) {
    this.#pool = pool;
    this.#input = input;
    this.#lastType = lastType;
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

  /** Fills a slot with the next packed blocks; `undefined` where there are not enough of them in the window. */
  #gather(slot: SlotView): Part | undefined {
    const { bytes, pos, position } = this.#input;
    const base = position - pos;
    let halt: Halt = 'part';
    while (halt === 'part') {
      let part: Part | undefined;
      let begin = 0;
      let last = 0;
      let data = 0;
      let next = this.#walked - base;
      for (; ; next = this.#end) {
        halt = this.#look(next);
        if (halt !== 'part') break;
        if (this.#type !== RecordType.lzf && this.#type !== RecordType.lz4) {
          if (part !== undefined && this.#type === RecordType.raw && this.#end - this.#from > RAW_MAX) break;
          continue;
        }
        const expanded = (bytes[this.#from] as number) * 1024;
        if (part === undefined) {
          part = new Part(slot, this.#type);
          begin = next;
        }
        const { starts, ends, at, sizes, type } = part;
        const full = starts.length === PART_BLOCKS || data + expanded > OUT_SIZE || this.#end - begin > IN_SIZE;
        if (full || type !== this.#type) break;
        const skew = (bytes.byteOffset + begin) & 15;
        slot.ops[3 * starts.length] = skew + this.#from + 1 - begin;
        slot.ops[3 * starts.length + 1] = skew + this.#end - begin;
        slot.ops[3 * starts.length + 2] = expanded;
        starts.push(base + next);
        ends.push(base + this.#end);
        at.push(data);
        sizes.push(expanded);
        data += expanded;
        last = this.#end;
      }
      const small = last - begin < PART_MIN;
      // There may soon be more of a part that has only begun.
      this.#walked = base + (small && part !== undefined && halt === 'window' ? begin : next);
      if (part === undefined || small) continue;
      const skew = (bytes.byteOffset + begin) & 15;
      copyShared(bytes, begin, last, slot.area, skew);
      slot.words[Slot.type] = part.type;
      slot.words[Slot.expand] = 1;
      slot.words[Slot.start] = skew;
      slot.words[Slot.whole] = part.isWhole ? 1 : 0;
      slot.words[Slot.ops] = part.starts.length * 3;
      return part;
    }
    return undefined;
  }

  /** Looks at the record at `bytes[next]`. Of a packed one all must be in the window, and be as the format asks. */
  #look(next: number): Halt {
    const { bytes, limit } = this.#input;
    if (limit - next < 4) return 'window';
    const head = bytes[next] as number;
    const type = head & 0x0f;
    if ((head & 0xe0) !== FIXED || type === RecordType.term || type > this.#lastType) return 'unknown';
    // A size of up to three bytes, as those of blocks are.
    const lead = bytes[next + 1] as number;
    const second = (bytes[next + 2] as number) & 0x3f;
    const third = (bytes[next + 3] as number) & 0x3f;
    let size = lead;
    let headerSize = 2;
    if (lead >= 0xf0) return 'unknown';
    if (lead >= 0xe0) {
      size = ((lead & 0x0f) << 12) | (second << 6) | third;
      headerSize = 4;
    } else if (lead >= 0x80) {
      size = ((lead & 0x1f) << 6) | second;
      headerSize = 3;
    }
    this.#type = type;
    this.#from = next + headerSize;
    this.#end = this.#from + size;
    if (type !== RecordType.lzf && type !== RecordType.lz4) return 'part';
    if (this.#end > limit) return 'window';
    const expanded = (bytes[this.#from] as number) * 1024;
    return size < 2 || size - 1 > expanded || expanded > BLOCK ? 'unknown' : 'part';
  }

  /** Gives back the parts that the reader has passed, and finds the block at which it stands. */
  #drop(): Part | undefined {
    const { position } = this.#input;
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      while (part.passed < part.starts.length && (part.starts[part.passed] as number) < position) part.passed++;
      if (part.passed < part.starts.length) return part;
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
    part.result ??= this.#pool.finish(part.slot);
    const { out, good } = part.result;
    const first = part.passed;
    const from = part.at[first] as number;
    let count = 0;
    let data = 0;
    let stop = position;
    for (let i = first; i < good && part.starts[i] === stop; i++) {
      const size = part.sizes[i] as number;
      if (data + size > end - at) break;
      data += size;
      stop = part.ends[i] as number;
      count++;
    }
    if (count === 0) return undefined;
    copyShared(out, from, from + data, into, at);
    return { type: part.type, count, stored: stop - position, data };
  }

  /** Where the next record is that was handed out; `undefined` where there is none. */
  get next(): number | undefined {
    const part = this.#drop();
    return part?.starts[part.passed];
  }
}
