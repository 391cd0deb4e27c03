import {
  type GetStream,
  isSsmError,
  type OpenState,
  type OpenUnit,
  type RecordMark,
  type SsmError,
  type UnitHeader,
} from '@ssmkit/runtime';
import { PAGE_SIZE } from '../pgm/records.js';

/*
 * Back to a page
 *
 * The position of a page is its place in the data of all passes, as if they followed each other. Every 64 KiB of data a
 * mark remembers where in the file decoding can go on, so that a page is reached from the mark before it with a few
 * records to go over, which are not even decoded. Reading on in one direction needs no marks: a reader that is near goes on.
 */

/** Bytes of data between two marks. */
const MARK_DISTANCE = 65536;

/** Bytes of data that a reader goes over rather than begin at a mark. */
const NEAR = 4 * MARK_DISTANCE;

/** Bytes between two pages that are read along with them: a record of a page begins with up to 10. */
const GAP_MAX = 64;

/** Readers that are kept: pages of different passes lie side by side in memory, and are read in turns. */
const READERS = 8;

/** Pages that are kept. */
const CACHED = 128;

/** Numbers in a typed array that grows. */
class Numbers {
  #data = new Float64Array(16);
  length = 0;

  push(...values: readonly number[]): void {
    if (this.length + values.length > this.#data.length) {
      const grown = new Float64Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data.set(values, this.length);
    this.length += values.length;
  }

  at(i: number): number {
    return this.#data[i] as number;
  }
}

/** What a mark has in {@link Pass.marks}: offset in the unit's data, position and rest of the {@link RecordMark}. */
const MARK_FIELDS = 3;

interface Pass {
  readonly unit: UnitHeader;
  /** Position of its first byte. */
  readonly base: number;
  /** Offset in the file of its first record. */
  readonly start: number;
  readonly marks: Numbers;
}

interface Reader {
  readonly pass: Pass;
  /** Offset in the unit's data from which `stream` counts. */
  readonly from: number;
  readonly stream: GetStream;
}

/** The data of the units that hold the guest's memory: remembers the way to every page. */
export class SavedPages {
  readonly #state: OpenState;
  readonly #passes: Pass[] = [];
  /** Readers that nobody uses, the one used last in front. */
  readonly #readers: Reader[] = [];
  readonly #cache = new Map<number, Uint8Array>();
  #unit: OpenUnit | undefined;
  #marked = 0;

  constructor(state: OpenState) {
    this.#state = state;
  }

  /** Offset in the file of the first record of the unit that was begun last. */
  get start(): number {
    return (this.#passes.at(-1) as Pass).start;
  }

  /** Offset in the file of the mark that was made last. */
  get lastMark(): number {
    const { marks } = this.#passes.at(-1) as Pass;
    return marks.at(marks.length - MARK_FIELDS + 1);
  }

  /** Goes on with a unit at a mark behind damage. @returns its data from there on. */
  async goOn(unit: OpenUnit, mark: RecordMark): Promise<GetStream> {
    const stream = await this.#state.resume(unit, mark);
    // A stream that was resumed cannot be marked; it is read from its beginning.
    const marks = [mark];
    this.begin({ ...unit, stream, mark: () => marks.pop() });
    return stream;
  }

  /** Begins with a unit, of which nothing has been read. */
  begin(unit: OpenUnit): void {
    this.end();
    const mark = unit.mark() as RecordMark;
    const pass: Pass = { unit, base: this.#position, start: mark.start, marks: new Numbers() };
    this.#passes.push(pass);
    this.#unit = unit;
    this.#mark(pass, 0, mark);
  }

  #position = 0;

  /** Ends a unit that was read to its end. */
  end(): void {
    const pass = this.#passes.at(-1);
    if (pass !== undefined && this.#unit !== undefined) this.#position = pass.base + this.#unit.stream.offset;
    this.#unit = undefined;
  }

  #mark({ marks }: Pass, offset: number, { position, rest }: RecordMark): void {
    marks.push(offset, position, rest);
    this.#marked = offset;
  }

  /** The position of what the unit's stream gets next. */
  here(): number {
    const pass = this.#passes.at(-1) as Pass;
    const unit = this.#unit as OpenUnit;
    const { offset } = unit.stream;
    if (offset - this.#marked >= MARK_DISTANCE) {
      const mark = unit.mark();
      if (mark !== undefined) this.#mark(pass, offset, mark);
    }
    return pass.base + offset;
  }

  /** A page that is kept for a while, as parts of it are likely to be wanted. Not to be changed. */
  async page(position: number): Promise<Uint8Array> {
    let page = this.#cache.get(position);
    if (page === undefined) {
      page = new Uint8Array(PAGE_SIZE);
      await this.#read(position, page);
    } else this.#cache.delete(position);
    // The map's order is the order of use.
    this.#cache.set(position, page);
    if (this.#cache.size > CACHED) this.#cache.delete(this.#cache.keys().next().value as number);
    return page;
  }

  /**
   * Tries to read a page of which nothing is known but that its records lead on to the end of the unit.
   *
   * @param into {@link PAGE_SIZE} bytes.
   * @returns why it cannot be expanded, where the data behind it is known all the same: the records of the page have no
   * other data and say that they are as large as a page. @throws SsmError where it is not.
   */
  async failureOf(position: number, into: Uint8Array): Promise<SsmError | undefined> {
    try {
      await this.#read(position, into);
      return undefined;
    } catch (error) {
      if (!isSsmError(error) || error.status !== 'VERR_SSM_INTEGRITY_DECOMPRESSION') throw error;
      if (!(await this.#hasOwnRecords(position))) throw error;
      return error;
    }
  }

  /** Whether records begin where a page does, and end where it ends; they are not expanded. */
  async #hasOwnRecords(position: number): Promise<boolean> {
    const pass = this.#passOf(position);
    const { stream, from } = await this.#resume(pass, position - pass.base);
    await stream.skipReady(position - pass.base - from);
    if (stream.buffered > 0) return false;
    await stream.skipReady(PAGE_SIZE);
    return stream.buffered === 0;
  }

  /**
   * Whether a page can be read along with one before it: with what is between them, an address at most, both are
   * decoded in one go.
   */
  isNext(position: number, next: number): boolean {
    return next > position && next <= position + PAGE_SIZE + GAP_MAX && this.#passOf(position) === this.#passOf(next);
  }

  /**
   * Reads pages, each of which {@link isNext} to the one before. @param into {@link PAGE_SIZE} bytes for each.
   */
  async readRun(positions: readonly number[], into: Uint8Array): Promise<void> {
    const [first, last] = [positions[0] as number, positions.at(-1) as number];
    await this.#useReader(first, last + PAGE_SIZE - first, ({ base }, { stream, from }) => {
      for (const [i, position] of positions.entries()) {
        stream.skip(position - base - from - stream.offset);
        stream.getMem(into.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE));
      }
    });
  }

  #read(position: number, into: Uint8Array): Promise<void> {
    return this.#useReader(position, into.length, (_, { stream }) => {
      stream.getMem(into);
    });
  }

  /** Brings a reader to a position, sees to it that `count` bytes are there, and keeps it once they were used. */
  async #useReader(position: number, count: number, use: (pass: Pass, reader: Reader) => void): Promise<void> {
    const pass = this.#passOf(position);
    const offset = position - pass.base;
    const reader = this.#take(pass, offset) ?? (await this.#resume(pass, offset));
    const { stream, from } = reader;
    await stream.skipReady(offset - from - stream.offset);
    await stream.ready(count);
    use(pass, reader);
    // One that has failed is left to itself, as is one that another call is using meanwhile.
    this.#readers.unshift(reader);
    if (this.#readers.length > READERS) this.#readers.pop();
  }

  #passOf(position: number): Pass {
    let low = 0;
    let high = this.#passes.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#passes[middle] as Pass).base <= position) low = middle;
      else high = middle;
    }
    return this.#passes[low] as Pass;
  }

  /** A reader from which it is no further than from the mark, or not far. */
  #take(pass: Pass, offset: number): Reader | undefined {
    const least = Math.min(offset - NEAR, pass.marks.at(markBefore(pass, offset)));
    let best = -1;
    let bestAt = least - 1;
    for (const [i, { pass: other, from, stream }] of this.#readers.entries()) {
      const at = from + stream.offset;
      if (other !== pass || at > offset || at <= bestAt) continue;
      best = i;
      bestAt = at;
    }
    return best < 0 ? undefined : this.#readers.splice(best, 1)[0];
  }

  async #resume(pass: Pass, offset: number): Promise<Reader> {
    const { marks, start, unit } = pass;
    const i = markBefore(pass, offset);
    const mark = { start, position: marks.at(i + 1), rest: marks.at(i + 2) };
    return { pass, from: marks.at(i), stream: await this.#state.resume(unit, mark) };
  }
}

/** Index of the last mark that is not behind the offset. */
function markBefore({ marks }: Pass, offset: number): number {
  let low = 0;
  let high = marks.length / MARK_FIELDS;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (marks.at(middle * MARK_FIELDS) <= offset) low = middle;
    else high = middle;
  }
  return low * MARK_FIELDS;
}
