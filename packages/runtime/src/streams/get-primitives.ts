import type { StateClass } from '@ssmkit/schema';
import { SsmError } from '../error.js';
import type { SsmFailure } from '../status.js';
import { GetBuffer } from './get-buffer.js';
import { STRZ_MAX } from './put-primitives.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The part of a get stream that knows values but no structures; {@link GetStream} is the whole. */
export abstract class GetPrimitives extends GetBuffer {
  getBool(): boolean {
    return this.getU8() !== 0;
  }

  getU8(): number {
    const at = this.take(1);
    return this.bytes[at] as number;
  }

  getU16(): number {
    const at = this.take(2);
    return this.view.getUint16(at, true);
  }

  getU32(): number {
    const at = this.take(4);
    return this.view.getUint32(at, true);
  }

  getU64(): bigint {
    const at = this.take(8);
    return this.view.getBigUint64(at, true);
  }

  getU128(): bigint {
    const at = this.take(16);
    return this.view.getBigUint64(at, true) | (this.view.getBigUint64(at + 8, true) << 64n);
  }

  getS8(): number {
    const at = this.take(1);
    return this.view.getInt8(at);
  }

  getS16(): number {
    const at = this.take(2);
    return this.view.getInt16(at, true);
  }

  getS32(): number {
    const at = this.take(4);
    return this.view.getInt32(at, true);
  }

  getS64(): bigint {
    const at = this.take(8);
    return this.view.getBigInt64(at, true);
  }

  getS128(): bigint {
    const at = this.take(16);
    return this.view.getBigUint64(at, true) | (this.view.getBigInt64(at + 8, true) << 64n);
  }

  getUInt(): number {
    return this.getU32();
  }

  getSInt(): number {
    return this.getS32();
  }

  /** RTGCPHYS: as many bytes as the saved side used, zero-extended. @throws SsmError VERR_SSM_GCPHYS_OVERFLOW */
  getGCPhys(): bigint {
    return this.#getAddress(this.saved.gcPhysBytes, this.host.gcPhysBytes, 'VERR_SSM_GCPHYS_OVERFLOW');
  }

  getGCPhys32(): number {
    return this.getU32();
  }

  getGCPhys64(): bigint {
    return this.getU64();
  }

  /** RTGCPTR: as many bytes as the saved side used, zero-extended. @throws SsmError VERR_SSM_GCPTR_OVERFLOW */
  getGCPtr(): bigint {
    return this.#getAddress(this.saved.gcPtrBytes, this.host.gcPtrBytes, 'VERR_SSM_GCPTR_OVERFLOW');
  }

  getGCUIntPtr(): bigint {
    return this.getGCPtr();
  }

  getGCUInt(): bigint {
    return this.getGCPtr();
  }

  getGCUIntReg(): bigint {
    return this.getGCPtr();
  }

  getRCPtr(): number {
    return this.getU32();
  }

  getIOPort(): number {
    return this.getU16();
  }

  getSel(): number {
    return this.getU16();
  }

  /**
   * A string as UTF-8 with its length in front.
   *
   * @param max most bytes it may have, without a terminator.
   * @throws SsmError VERR_TOO_MUCH_DATA when it is longer (its length has been consumed, the stream stays usable),
   * VERR_SSM_UNEXPECTED_DATA when it is not UTF-8.
   */
  getStrZ(max = STRZ_MAX): string {
    const data = this.getStrZBytes(max);
    try {
      return utf8.decode(data);
    } catch {
      throw this.refuse('VERR_SSM_UNEXPECTED_DATA', 'a string that is not UTF-8');
    }
  }

  /** {@link getStrZ} without decoding. */
  getStrZBytes(max = STRZ_MAX): Uint8Array<ArrayBuffer> {
    const length = this.getU32();
    if (length > max) throw new SsmError('VERR_TOO_MUCH_DATA', `a string of ${length} bytes where at most ${max} fit`);
    return this.getMem(new Uint8Array(length));
  }

  #getAddress(saved: 4 | 8, own: 4 | 8, overflow: SsmFailure): bigint {
    const value = saved === 8 ? this.getU64() : BigInt(this.getU32());
    if (own === 4 && value > 0xffffffffn) {
      throw new SsmError(overflow, `0x${value.toString(16)} does not fit in 4 bytes`);
    }
    return value;
  }

  /** Fills an object from a structure that SSMR3PutStructEx wrote. */
  abstract getStructEx<T extends object>(object: T, flags?: number): T;

  /** The fields of an object as a part of another one. */
  abstract getPart(target: StateClass, object: object, flags: number): void;
}
