import { SsmError } from '@ssmkit/runtime';
import { type AccessSize, type AddressSpace, MovableMapping } from './mapping.js';

/** What a device does about accesses to its registers. Offsets count from the first byte of the range. */
export interface MmioHandlers {
  /** Without it, and where it returns nothing, all bits are ones. */
  read?(offset: number, size: AccessSize): number | undefined;
  /** Without it nothing happens. */
  write?(offset: number, value: number, size: AccessSize): void;
  /** For aligned accesses of 8 bytes; without it they are two of 4. */
  read64?(offset: number): bigint;
  write64?(offset: number, value: bigint): void;
}

/** A range of registers in guest-physical memory. */
export interface MmioOptions {
  /** The device. */
  readonly owner?: object;
  /** `HPET` */
  readonly description: string;
  /** Bytes. */
  readonly size: number;
  readonly handlers: MmioHandlers;
  /**
   * The sizes of accesses that the handlers take; default all. Larger ones are made of several; of smaller ones the device
   * sees an aligned one, of which a read takes its part, and in which a write changes its part.
   */
  readonly sizes?: readonly AccessSize[];
}

const ones: Readonly<Record<AccessSize, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** Registers of a device in guest-physical memory: what the guest reads and writes the device does. */
export class MmioRange extends MovableMapping {
  readonly kind = 'mmio';
  readonly #handlers: MmioHandlers;
  /** The largest size of an access up to 4 bytes that the device takes, and the smallest. */
  readonly #largest: AccessSize;
  readonly #smallest: AccessSize;
  readonly #takes: ReadonlySet<number>;

  /** @throws SsmError VERR_INVALID_PARAMETER. */
  constructor(space: AddressSpace, options: MmioOptions) {
    super(space, options, 1);
    const { sizes = [1, 2, 4], handlers, description, size } = options;
    this.#handlers = handlers;
    this.#takes = new Set(sizes);
    this.#largest = Math.max(...sizes) as AccessSize;
    this.#smallest = Math.min(...sizes) as AccessSize;
    const known = sizes.length > 0 && sizes.every((each) => each === 1 || each === 2 || each === 4);
    if (!known || size % this.#smallest !== 0) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${description}' of ${size} bytes in accesses of ${sizes.join()}`);
    }
  }

  read(offset: number, size: AccessSize): number {
    if (this.#takes.has(size) && offset % size === 0) return this.#read(offset, size);
    if (size <= this.#smallest) return this.#readPart(offset, size);
    const half = (size >> 1) as AccessSize;
    return (this.read(offset, half) | (this.read(offset + half, half) << (half * 8))) >>> 0;
  }

  write(offset: number, value: number, size: AccessSize): void {
    if (this.#takes.has(size) && offset % size === 0) this.#handlers.write?.(offset, value, size);
    else if (size <= this.#smallest) this.#writePart(offset, value, size);
    else {
      const half = (size >> 1) as AccessSize;
      this.write(offset, value & ones[half], half);
      this.write(offset + half, (value >>> (half * 8)) & ones[half], half);
    }
  }

  readBytes(offset: number, into: Uint8Array): void {
    const { read64 } = this.#handlers;
    for (let done = 0; done < into.length; ) {
      const at = offset + done;
      const size = this.#unitAt(at, into.length - done, read64 !== undefined);
      let value =
        size === 8 ? (read64 as (offset: number) => bigint).call(this.#handlers, at) : BigInt(this.read(at, size));
      for (let i = 0; i < size; i++, value >>= 8n) into[done + i] = Number(value & 0xffn);
      done += size;
    }
  }

  writeBytes(offset: number, from: Uint8Array): void {
    const { write64 } = this.#handlers;
    for (let done = 0; done < from.length; ) {
      const at = offset + done;
      const size = this.#unitAt(at, from.length - done, write64 !== undefined);
      let value = 0n;
      for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(from[done + i] as number);
      if (size === 8) (write64 as (offset: number, value: bigint) => void).call(this.#handlers, at, value);
      else this.write(at, Number(value), size);
      done += size;
    }
  }

  /** The largest access that a copy can begin with. */
  #unitAt(offset: number, left: number, has64: boolean): AccessSize | 8 {
    if (has64 && left >= 8 && offset % 8 === 0) return 8;
    for (const size of [4, 2] as const) {
      if (size <= this.#largest && left >= size && offset % size === 0) return size;
    }
    return 1;
  }

  #read(offset: number, size: AccessSize): number {
    const value = this.#handlers.read?.(offset, size);
    return value === undefined ? ones[size] : (value & ones[size]) >>> 0;
  }

  /** A read of less than the device takes, or of what is not aligned. */
  #readPart(offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) {
      const [at, shift] = this.#partOf(offset + i);
      value = (value << 8) | ((this.#read(at, this.#smallest) >>> shift) & 0xff);
    }
    return value >>> 0;
  }

  #writePart(offset: number, value: number, size: AccessSize): void {
    for (let i = 0; i < size; i++) {
      const [at, shift] = this.#partOf(offset + i);
      const rest = this.#read(at, this.#smallest) & ~(0xff << shift);
      const byte = (value >>> (i * 8)) & 0xff;
      this.#handlers.write?.(at, (rest | (byte << shift)) >>> 0, this.#smallest);
    }
  }

  /** The smallest access that has a byte, and by how many bits it is shifted there. */
  #partOf(offset: number): readonly [offset: number, shift: number] {
    const part = offset % this.#smallest;
    return [offset - part, part * 8];
  }
}
