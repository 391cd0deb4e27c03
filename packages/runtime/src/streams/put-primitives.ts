import { defaultHost, type HostProfile, type StateClass } from '@ssmkit/schema';
import { SsmError, type SsmWhere } from '../error.js';
import type { SsmFailure } from '../status.js';

/*
 * How values become records
 *
 * Every put ends in one buffer, whose size the container sets (4096 bytes in V2.0). An item, that is the bytes of one
 * put or of one field, is never split: when it does not fit, what is buffered becomes a record first. An item larger
 * than `itemMax` (512) does not pass the buffer at all: the buffer is emptied and the item becomes records of its own.
 * Where the original cuts a record, this stream cuts it too.
 *
 * Generated code writes several neighbouring fields at once ("a run"): it stores at `pos` and after, and then calls
 * `commit`. There is always room for a whole run behind the logical end of the buffer, so that storing needs no check;
 * only when the run has crossed the logical end does it matter where its items end, to cut the record where the original
 * would. What follows the cut begins the next record where it stands: the buffer's memory holds several records, and
 * only near its end is the rest moved to the front.
 */

/** Whether generated code has constant offsets for a host. */
export function isCanonical(host: Pick<HostProfile, 'bits' | 'gcPhysBytes' | 'gcPtrBytes' | 'msc32'>): boolean {
  return host.bits === 64 && host.gcPhysBytes === 8 && host.gcPtrBytes === 8 && !host.msc32;
}

/** The record layer of a container, as a put stream sees it. */
export interface RecordSink {
  /** Logical size of the item buffer; at most {@link RUN_MAX}. */
  readonly capacity: number;
  /** Items above this size go to `putBig`. */
  readonly itemMax: number;
  /** Writes `bytes[start, end)`, which is not empty, as one stored record. */
  putBuffered(bytes: Uint8Array, start: number, end: number): void;
  /** Writes one item that is larger than `itemMax`, as records of its own. */
  putBig(data: Uint8Array): void;
  /** Resolves when the sink has taken enough to go on; `undefined` when there is nothing to wait for. */
  drain(): Promise<void> | undefined;
}

/** Most bytes a run may have, and the most a container's buffer may hold. */
export const RUN_MAX = 4096;

/** The last of the ends, in ascending order, that is at most `most`; 0 where there is none. */
function lastEndWithin(ends: readonly number[], most: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as number) <= most) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (ends[low - 1] as number);
}

/** Whether one failure is the other, told with more about its place. */
export function isSame(error: SsmError, failure: SsmError): boolean {
  return error.status === failure.status && error.detail === failure.detail;
}

const utf8 = new TextEncoder();
const zeros = new Uint8Array(1024);

/** How many records the buffer's memory holds. */
const MEMORY_RECORDS = 8;

/** Longest string that `putStrZ` writes, in UTF-8 bytes. */
export const STRZ_MAX = 1_048_576;

/** The part of a put stream that knows values but no structures; {@link PutStream} is the whole. */
export abstract class PutPrimitives {
  /** The host whose C structures are written: decides pointer widths, paddings and the sizes of guest addresses. */
  readonly host: HostProfile;
  /** The item buffer. For generated code. */
  readonly bytes: Uint8Array;
  /** A view of {@link bytes}. For generated code. */
  readonly view: DataView;
  /** Where in {@link bytes} the next item goes. For generated code. */
  pos = 0;
  /** Whether the host is one for which generated code has constant offsets: 64-bit, with 8-byte guest addresses. */
  readonly canonical: boolean;
  /** Told of data as it becomes records: the number of bytes. For progress. */
  onPut: ((bytes: number) => void) | undefined;
  /** Version of the unit being written; structures inside streams may depend on it. */
  version: number;

  readonly #records: RecordSink;
  /** Where in {@link bytes} the record begins that is being filled. */
  #start = 0;
  /** Where it must end; -1 when nothing may be put. */
  #limit: number;
  /** Bytes of the unit that are no longer in {@link bytes}. */
  #base = 0;
  #failure: SsmError | undefined;
  #closed = false;

  constructor(records: RecordSink, options: { host?: HostProfile; version?: number } = {}) {
    this.host = options.host ?? defaultHost;
    this.canonical = isCanonical(this.host);
    this.version = options.version ?? 0xffffffff;
    this.#records = records;
    this.#limit = records.capacity;
    this.bytes = new Uint8Array(MEMORY_RECORDS * records.capacity + RUN_MAX);
    this.view = new DataView(this.bytes.buffer);
  }

  /** The failure that this stream is left with, if any. */
  get failure(): SsmError | undefined {
    return this.#failure;
  }

  /** Bytes put into the unit so far. */
  get offset(): number {
    return this.#base + this.pos;
  }

  /** Starts a unit of the given version: nothing is buffered, offsets count from 0. */
  begin(version: number): void {
    this.version = version;
    this.#base = 0;
    this.#closed = false;
    this.#restart();
  }

  /** Refuses puts until the next unit begins; no failure is stored. */
  end(): void {
    this.#closed = true;
    this.#limit = -1;
  }

  /** Begins a record at the front of the buffer. */
  #restart(): void {
    this.pos = 0;
    this.#start = 0;
    if (this.#failure === undefined && !this.#closed) this.#limit = this.#records.capacity;
  }

  /** Refuses puts from now on with `error`; the first failure stays (with its place, should that become known later). */
  fail(error: SsmError): SsmError {
    if (this.#failure === undefined || isSame(error, this.#failure)) this.#failure = error;
    this.#limit = -1;
    return error;
  }

  /** A failure of this stream that is stored in it. */
  refuse(status: SsmFailure, detail: string, where?: SsmWhere): SsmError {
    return this.fail(new SsmError(status, detail, where));
  }

  /** Writes what is buffered as a record. */
  flush(): void {
    this.check();
    const { bytes, pos } = this;
    const start = this.#start;
    this.#base += pos;
    this.#restart();
    if (pos > start) this.#putRecord(bytes, start, pos);
  }

  /** Waits until the sink has room again; async callbacks over slow sinks call it between large puts. */
  drain(): Promise<void> | undefined {
    return this.#records.drain();
  }

  /** Throws the stored failure, if there is one, and VERR_SSM_INVALID_STATE between units. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new SsmError('VERR_SSM_INVALID_STATE', 'no unit is being saved');
  }

  /**
   * Takes over what was stored in `bytes[pos, end)`: a run of items, each at most `itemMax`, all together at most
   * {@link RUN_MAX} bytes. For generated code.
   *
   * @param ends where each item ends, counted from the run's beginning.
   */
  commit(end: number, ends: readonly number[]): void {
    if (end <= this.#limit) this.pos = end;
    else this.#split(end, ends);
  }

  /** {@link commit} of one item. */
  #commitOne(end: number): void {
    if (end <= this.#limit) this.pos = end;
    else this.#split(end, []);
  }

  /** Makes records of what is buffered, so that the items of the run that do not fit begin a new one. */
  #split(end: number, ends: readonly number[]): void {
    this.check();
    const { bytes, pos } = this;
    const { capacity } = this.#records;
    let start = this.#start;
    while (end - start > capacity) {
      const cut = pos + lastEndWithin(ends, start + capacity - pos);
      this.#putRecord(bytes, start, cut);
      start = cut;
    }
    if (start + capacity + RUN_MAX > bytes.length) {
      bytes.copyWithin(0, start, end);
      this.#base += start;
      this.pos = end - start;
      start = 0;
    } else this.pos = end;
    this.#start = start;
    this.#limit = start + capacity;
  }

  #putRecord(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#records.putBuffered(bytes, start, end);
    } catch (error) {
      throw error instanceof SsmError ? this.fail(error) : error;
    }
    this.onPut?.(end - start);
  }

  #putBig(data: Uint8Array): void {
    this.#base += data.length;
    try {
      this.#records.putBig(data);
    } catch (error) {
      throw error instanceof SsmError ? this.fail(error) : error;
    }
    this.onPut?.(data.length);
  }

  putBool(value: boolean): void {
    const at = this.pos;
    this.bytes[at] = value ? 1 : 0;
    this.#commitOne(at + 1);
  }

  putU8(value: number): void {
    const at = this.pos;
    this.bytes[at] = value;
    this.#commitOne(at + 1);
  }

  putU16(value: number): void {
    const at = this.pos;
    this.view.setUint16(at, value, true);
    this.#commitOne(at + 2);
  }

  putU32(value: number): void {
    const at = this.pos;
    this.view.setUint32(at, value, true);
    this.#commitOne(at + 4);
  }

  /** A `number` must be a safe integer. */
  putU64(value: bigint | number): void {
    const at = this.pos;
    this.view.setBigUint64(at, BigInt(value), true);
    this.#commitOne(at + 8);
  }

  putU128(value: bigint): void {
    const at = this.pos;
    this.view.setBigUint64(at, value, true);
    this.view.setBigUint64(at + 8, value >> 64n, true);
    this.#commitOne(at + 16);
  }

  putS8(value: number): void {
    this.putU8(value);
  }

  putS16(value: number): void {
    this.putU16(value);
  }

  putS32(value: number): void {
    this.putU32(value);
  }

  putS64(value: bigint | number): void {
    this.putU64(value);
  }

  putS128(value: bigint): void {
    this.putU128(value);
  }

  /** A C `unsigned int`: 4 bytes. */
  putUInt(value: number): void {
    this.putU32(value);
  }

  /** A C `int`: 4 bytes. */
  putSInt(value: number): void {
    this.putU32(value);
  }

  /** RTGCPHYS: as wide as the host profile says, 8 bytes unless told otherwise. */
  putGCPhys(value: bigint | number): void {
    this.#putAddress(value, this.host.gcPhysBytes, 'VERR_SSM_GCPHYS_OVERFLOW');
  }

  putGCPhys32(value: number): void {
    this.putU32(value);
  }

  putGCPhys64(value: bigint | number): void {
    this.putU64(value);
  }

  /** RTGCPTR: as wide as the host profile says, 8 bytes unless told otherwise. */
  putGCPtr(value: bigint | number): void {
    this.#putAddress(value, this.host.gcPtrBytes, 'VERR_SSM_GCPTR_OVERFLOW');
  }

  /** RTGCUINTPTR: like RTGCPTR. */
  putGCUIntPtr(value: bigint | number): void {
    this.putGCPtr(value);
  }

  /** RTGCUINT: as wide as RTGCPTR. */
  putGCUInt(value: bigint | number): void {
    this.putGCPtr(value);
  }

  /** RTGCUINTREG: as wide as RTGCPTR. */
  putGCUIntReg(value: bigint | number): void {
    this.putGCPtr(value);
  }

  /** RTRCPTR: 4 bytes. */
  putRCPtr(value: number): void {
    this.putU32(value);
  }

  putIOPort(value: number): void {
    this.putU16(value);
  }

  putSel(value: number): void {
    this.putU16(value);
  }

  /** Bytes without a length in front of them. Any size; what is larger than 512 bytes becomes records of its own. */
  putMem(data: Uint8Array): void {
    const { length } = data;
    if (length <= this.#records.itemMax) {
      const at = this.pos;
      this.bytes.set(data, at);
      this.#commitOne(at + length);
      return;
    }
    this.flush();
    this.#putBig(data);
  }

  /**
   * An array of values as one put each: `data` holds items of `size` bytes, none of which is split. `data.length` must
   * be a multiple of `size`, and `size` at most 16.
   */
  putItems(data: Uint8Array, size: number): void {
    for (let at = 0; at < data.length; ) {
      let room = this.#limit - this.pos;
      if (room < size) {
        this.flush();
        room = this.#limit;
      }
      const count = Math.min(data.length - at, room - (room % size));
      this.bytes.set(data.subarray(at, at + count), this.pos);
      this.pos += count;
      at += count;
    }
  }

  /** {@link putMem} that waits where the sink is slow: puts any amount over any sink in bounded memory. */
  async putMemAsync(data: Uint8Array, chunk = 65536): Promise<void> {
    // Chunks are whole blocks, so that the records are those of one put.
    if (data.length <= chunk) this.putMem(data);
    else {
      this.flush();
      for (let at = 0; at < data.length; at += chunk) {
        const piece = data.subarray(at, at + chunk);
        this.check();
        this.#putBig(piece);
        await this.drain();
      }
    }
    await this.drain();
  }

  /** Zero bytes, put in pieces of 1024 like the original's. */
  putZeros(count: number): void {
    for (let left = count; left > 0; left -= zeros.length) {
      this.putMem(left < zeros.length ? zeros.subarray(0, left) : zeros);
    }
  }

  /**
   * A string as UTF-8: its length as a u32, then its bytes, no terminator.
   *
   * @param max most bytes it may have; {@link STRZ_MAX} is the most that can be loaded.
   * @throws SsmError VERR_TOO_MUCH_DATA above that, VERR_INVALID_PARAMETER for a string that has no
   * UTF-8 form (a lone surrogate); nothing is written and the stream stays usable.
   */
  putStrZ(text: string, max = STRZ_MAX): void {
    if (!text.isWellFormed()) {
      throw new SsmError('VERR_INVALID_PARAMETER', 'a string with a lone surrogate has no UTF-8 form');
    }
    this.putStrZBytes(utf8.encode(text), max);
  }

  /** {@link putStrZ} of a string that is encoded already. */
  putStrZBytes(data: Uint8Array, max = STRZ_MAX): void {
    if (data.length > max) {
      throw new SsmError('VERR_TOO_MUCH_DATA', `a string of ${data.length} bytes where at most ${max} fit`);
    }
    this.putU32(data.length);
    this.putMem(data);
  }

  #putAddress(value: bigint | number, width: 4 | 8, overflow: SsmFailure): void {
    if (width === 8) {
      this.putU64(value);
      return;
    }
    if (value > 0xffffffff) throw this.refuse(overflow, `0x${value.toString(16)} does not fit in 4 bytes`);
    this.putU32(Number(value));
  }

  /** A structure as SSMR3PutStructEx writes it. */
  abstract putStructEx(object: object, flags?: number): void;

  /** The fields of an object as a part of another one. */
  abstract putPart(target: StateClass, object: object, flags: number): void;
}
