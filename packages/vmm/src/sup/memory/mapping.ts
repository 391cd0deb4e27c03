import { SsmError } from '@ssmkit/runtime';
import type { AddressSpace } from './address-space.js';
import { PAGE_SIZE } from './physical.js';

/** What may be done with a page (`RTMEM_PROT_*`), in the bits that `mmap` of Linux has for it. */
export const protections = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;

const { READ, WRITE, EXEC } = protections;
const accesses = { read: READ, write: WRITE, execute: EXEC } as const;

/** What an access does. */
export type Access = keyof typeof accesses;

/** Memory as somebody sees it: at an address, and page by page with what is allowed there. */
export class Mapping {
  /** Where it begins; page aligned. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  readonly #space: AddressSpace;
  readonly #bytes: Uint8Array;
  readonly #protection: Uint8Array;
  #isMapped = true;

  /** @param bytes the memory, whole pages of it. */
  constructor(space: AddressSpace, bytes: Uint8Array, protection: number = READ | WRITE) {
    this.#space = space;
    this.#bytes = bytes;
    this.size = bytes.length;
    this.#protection = new Uint8Array(bytes.length / PAGE_SIZE).fill(protection);
    this.address = space.enter(this, bytes.length);
  }

  get isMapped(): boolean {
    return this.#isMapped;
  }

  /** Copies bytes out. @throws SsmError VERR_ACCESS_DENIED, VERR_OUT_OF_RANGE, VERR_INVALID_POINTER once unmapped. */
  read(offset: number, length: number): Uint8Array {
    return this.#access('read', offset, length).slice();
  }

  /** Copies bytes in, all or none. @throws as {@link read}. */
  write(offset: number, bytes: Uint8Array): void {
    this.#access('write', offset, bytes.length).set(bytes);
  }

  /** Copies bytes out as a CPU fetches code. @throws as {@link read}. */
  fetch(offset: number, length: number): Uint8Array {
    return this.#access('execute', offset, length).slice();
  }

  /**
   * The memory itself. It is checked now and never again: neither a later {@link protect} nor unmapping takes it away.
   *
   * @throws as {@link read}.
   */
  view(access: Access = 'read', offset = 0, length = this.size - offset): Uint8Array {
    return this.#access(access, offset, length);
  }

  /** What may be done with the page at an offset. @throws SsmError VERR_OUT_OF_RANGE, VERR_INVALID_POINTER. */
  protectionAt(offset: number): number {
    this.#check(offset, 1);
    return this.#protection[Math.floor(offset / PAGE_SIZE)]!;
  }

  /** Sets what may be done with pages. For {@link SessionMemory.pageProtect}, which checks its arguments. */
  protect(offset: number, length: number, protection: number): void {
    this.#protection.fill(protection, offset / PAGE_SIZE, (offset + length) / PAGE_SIZE);
  }

  /** Part of the same memory, mapped once more. */
  mapPart(space: AddressSpace, offset: number, length: number): Mapping {
    return new Mapping(space, this.#bytes.subarray(offset, offset + length));
  }

  /** The end of the mapping; the memory is still there. */
  unmap(): void {
    this.#isMapped = false;
    this.#space.leave(this.address);
  }

  #access(access: Access, offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    const wanted = accesses[access];
    for (let page = Math.floor(offset / PAGE_SIZE); page * PAGE_SIZE < offset + length; page++) {
      if ((this.#protection[page]! & wanted) === 0) {
        const at = (this.address + BigInt(page * PAGE_SIZE)).toString(16);
        throw new SsmError('VERR_ACCESS_DENIED', `nobody may ${access} in the ${this.#space.name}'s page at 0x${at}`);
      }
    }
    return this.#bytes.subarray(offset, offset + length);
  }

  #check(offset: number, length: number): void {
    if (!this.#isMapped) {
      throw new SsmError('VERR_INVALID_POINTER', `nothing is mapped at 0x${this.address.toString(16)} any longer`);
    }
    const isInside = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0;
    if (!isInside || offset + length > this.size) {
      throw new SsmError('VERR_OUT_OF_RANGE', `${length} bytes at ${offset} of ${this.size}`);
    }
  }
}
