import { defaultHost, type HostProfile } from '@ssmkit/schema';
import { copyBytes } from '../codecs/copy.js';
import { SsmError, type SsmWhere } from '../error.js';
import type { SsmFailure } from '../status.js';
import { isCanonical, isSame, RUN_MAX } from './put-primitives.js';
import { NeedMore, RECORD_MAX, type RecordSource, type SavedHost } from './record-source.js';

/** Most bytes that {@link GetBuffer.ensure} keeps ready. */
export const ENSURE_MAX = 2 ** 29;

/** Most bytes by which the buffer grows before anything is there to fill it. */
const READY_STEP = 0x20000;

/** How many records the buffer holds. */
const MEMORY_RECORDS = 8;

/** The part of a get stream that knows bytes but no values: what is decoded, what is skipped, and how it fails. */
export abstract class GetBuffer {
  /** The host that loads: whose C structures are filled. */
  readonly host: HostProfile;
  /** Decoded bytes `[pos, limit)` are next. For generated code. */
  bytes: Uint8Array;
  /** A view of {@link bytes}; may change with every {@link take}. For generated code. */
  view: DataView;
  pos = 0;
  limit = 0;
  /** Whether both hosts are such that generated code has constant offsets: 64-bit, with 8-byte guest addresses. */
  canonical: boolean;
  /** Version of the unit being read; 0xFFFFFFFF after a seek (`VirtualBox 7.2 SSMR3.cpp, SSMR3Seek`). */
  version: number;
  /** Pass of the unit being read. */
  pass: number;

  readonly #records: RecordSource;
  #saved: SavedHost;
  #base = 0;
  #failure: SsmError | undefined;

  constructor(
    records: RecordSource,
    options: { host?: HostProfile; saved?: SavedHost; version?: number; pass?: number } = {},
  ) {
    this.host = options.host ?? defaultHost;
    this.#saved = options.saved ?? this.host;
    this.canonical = isCanonical(this.host) && isCanonical(this.#saved);
    this.version = options.version ?? 0xffffffff;
    this.pass = options.pass ?? 0xffffffff;
    this.#records = records;
    this.bytes = new Uint8Array(MEMORY_RECORDS * RECORD_MAX + RUN_MAX);
    this.view = new DataView(this.bytes.buffer);
  }

  /** The host that saved. */
  get saved(): SavedHost {
    return this.#saved;
  }

  set saved(saved: SavedHost) {
    this.#saved = saved;
    this.canonical = isCanonical(this.host) && isCanonical(saved);
  }

  /** The failure that this stream is left with, if any. */
  get failure(): SsmError | undefined {
    return this.#failure;
  }

  /** Bytes of the unit consumed so far. */
  get offset(): number {
    return this.#base + this.pos;
  }

  /** Decoded bytes that nobody has got yet. */
  get buffered(): number {
    return this.limit - this.pos;
  }

  /** Starts a unit: nothing is buffered, offsets count from 0. */
  begin(version: number, pass: number): void {
    this.version = version;
    this.pass = pass;
    this.pos = 0;
    this.limit = 0;
    this.#base = 0;
  }

  /** Refuses gets from now on with `error`; the first failure stays (with its place, should that become known later). */
  fail(error: SsmError): SsmError {
    if (this.#failure === undefined || isSame(error, this.#failure)) this.#failure = error;
    this.#base = this.offset;
    this.pos = 0;
    this.limit = 0;
    return error;
  }

  /** Forgets a failure and what is buffered, as seeking does. */
  reset(): void {
    this.#failure = undefined;
    this.begin(0xffffffff, 0xffffffff);
  }

  /** A failure of this stream that is stored in it. */
  refuse(status: SsmFailure, detail: string, where?: SsmWhere): SsmError {
    return this.fail(new SsmError(status, detail, where));
  }

  /** Throws the stored failure, if there is one. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Consumes `count` bytes (at most {@link RUN_MAX}) and returns where they start in {@link bytes}. For generated code,
   * which must fetch `bytes` and `view` after the call.
   */
  take(count: number): number {
    const at = this.pos;
    const end = at + count;
    if (end <= this.limit) {
      this.pos = end;
      return at;
    }
    return this.#refill(count);
  }

  /** @param begun a part of what is got has been delivered already. */
  #refill(count: number, begun = false): number {
    this.check();
    while (this.limit - this.pos < count) {
      this.#makeRoom();
      this.limit += this.#fill(this.bytes, this.limit, begun || this.limit > this.pos);
    }
    const at = this.pos;
    this.pos = at + count;
    return at;
  }

  /** Moves what is buffered to the front, if there is no room for `count` bytes (default one more record) behind it. */
  #makeRoom(count = RECORD_MAX): void {
    if (this.bytes.length - this.limit >= count || this.pos === 0) return;
    this.bytes.copyWithin(0, this.pos, this.limit);
    this.#base += this.pos;
    this.limit -= this.pos;
    this.pos = 0;
  }

  /**
   * @param begun the get that wants the data has a part of it already.
   * @param end up to where `into` is wanted; `undefined` where one record is enough.
   */
  #fill(into: Uint8Array, at: number, begun: boolean, end?: number): number {
    let count: number;
    try {
      count = end === undefined ? this.#records.fill(into, at) : this.#fillMany(into, at, end);
    } catch (error) {
      if (error instanceof NeedMore) {
        throw this.refuse(
          'VERR_TRY_AGAIN',
          'the source is asynchronous and its data has not arrived: await ensure() or getMemAsync() before getting more',
        );
      }
      throw error instanceof SsmError ? this.fail(error) : error;
    }
    if (count >= 0) return count;
    const status = (begun && this.#records.cutStatus) || 'VERR_SSM_LOADED_TOO_MUCH';
    throw this.refuse(status, `read past the unit's ${this.#base + this.limit} bytes`);
  }

  #fillMany(into: Uint8Array, at: number, end: number): number {
    const records = this.#records;
    return records.fillMany === undefined ? records.fill(into, at) : records.fillMany(into, at, end);
  }

  /**
   * Waits until `count` bytes can be got without waiting, or the unit has no more. Asynchronous callbacks over
   * asynchronous sources call it; over others it does nothing that a get would not do.
   *
   * @param count at most {@link ENSURE_MAX}: all of it is kept in memory.
   * @throws SsmError VERR_OUT_OF_RANGE for more.
   */
  async ensure(count: number): Promise<void> {
    await this.ready(count);
  }

  /**
   * {@link ensure} that does not wait where it need not.
   *
   * @returns `undefined` when there is nothing to wait for. @throws SsmError as {@link ensure} rejects.
   */
  ready(count: number): Promise<void> | undefined {
    this.check();
    if (count > ENSURE_MAX)
      throw new SsmError('VERR_OUT_OF_RANGE', `${count} bytes to be kept ready, at most ${ENSURE_MAX}`);
    while (this.buffered < count) {
      const wanted = Math.min(Math.max(count - this.buffered, RECORD_MAX), READY_STEP);
      this.#makeRoom(wanted);
      this.#reserve(this.limit + wanted);
      try {
        const got = this.#fillMany(this.bytes, this.limit, this.limit + wanted);
        if (got < 0) return undefined;
        this.limit += got;
      } catch (error) {
        // A damaged record is reported to whoever gets that far.
        return error instanceof NeedMore ? this.#records.more().then(() => this.ready(count)) : undefined;
      }
    }
    return undefined;
  }

  #reserve(size: number): void {
    if (this.bytes.length >= size) return;
    const grown = new Uint8Array(Math.max(size, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.limit));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** Fills `into` with the unit's next bytes and returns it. */
  getMem<T extends Uint8Array>(into: T): T {
    const { length } = into;
    if (length <= RUN_MAX) {
      const at = this.take(length);
      into.set(this.bytes.subarray(at, at + length));
      return into;
    }
    let done = this.#drainInto(into, 0);
    while (length - done >= RECORD_MAX) {
      const got = this.#fill(into, done, done > 0, length);
      this.#base += got;
      done += got;
    }
    if (done < length) {
      const at = this.#refill(length - done, done > 0);
      into.set(this.bytes.subarray(at, this.pos), done);
    }
    return into;
  }

  /** {@link getMem} that waits where the source is slow: reads any amount over any source in bounded memory. */
  async getMemAsync<T extends Uint8Array>(into: T): Promise<T> {
    for (let done = 0; done < into.length; ) {
      const count = Math.min(into.length - done, 65536);
      await this.ensure(count);
      this.check();
      this.getMem(into.subarray(done, done + count));
      done += count;
    }
    return into;
  }

  /** Copies what is buffered into `into[at…)`, and returns where that ends. */
  #drainInto(into: Uint8Array, at: number): number {
    this.check();
    const count = Math.min(this.buffered, into.length - at);
    copyBytes(this.bytes, this.pos, this.pos + count, into, at);
    this.pos += count;
    return at + count;
  }

  /** Reads and drops `count` bytes. Records that are dropped as a whole are not decoded. */
  skip(count: number): void {
    for (let left = count; left > 0; ) left -= this.#pass(left) || this.#drop(left);
  }

  /**
   * {@link skip} that waits where the source is slow: drops any amount.
   *
   * @returns `undefined` when there is nothing to wait for.
   */
  skipReady(count: number): Promise<void> | undefined {
    for (let left = count; left > 0; ) {
      const passed = this.#pass(left);
      const waiting = passed === 0 ? this.ready(Math.min(left, RUN_MAX)) : undefined;
      if (waiting !== undefined) {
        const rest = left;
        return waiting.then(() => this.skipReady(rest));
      }
      left -= passed || this.#drop(left);
    }
    return undefined;
  }

  /** Drops what is buffered, or what the container can drop by itself; 0 where it must be decoded or waited for. */
  #pass(most: number): number {
    this.check();
    const buffered = Math.min(this.buffered, most);
    if (buffered > 0) {
      this.pos += buffered;
      return buffered;
    }
    try {
      const passed = this.#records.pass?.(most) ?? 0;
      this.#base += passed;
      return passed;
    } catch (error) {
      if (error instanceof NeedMore) return 0;
      throw error instanceof SsmError ? this.fail(error) : error;
    }
  }

  /** Decodes and drops up to `most` bytes. */
  #drop(most: number): number {
    const count = Math.min(most, RUN_MAX);
    this.take(count);
    return count;
  }
}
