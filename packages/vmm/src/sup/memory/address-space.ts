import type { Mapping } from './mapping.js';
import { PAGE_SIZE } from './physical.js';

/** Where mappings lie. Addresses rise and are never given out again, with an unmapped page behind each mapping. */
export class AddressSpace {
  readonly name: string;
  #next: bigint;
  readonly #mappings = new Map<bigint, Mapping>();

  constructor(name: string, base: bigint) {
    this.name = name;
    this.#next = base;
  }

  /** How many mappings there are. */
  get size(): number {
    return this.#mappings.size;
  }

  /** The mapping that begins at an address. */
  at(address: bigint): Mapping | undefined {
    return this.#mappings.get(address);
  }

  /** Takes a piece of the space for a mapping. For {@link Mapping}. @returns its address. */
  enter(mapping: Mapping, size: number): bigint {
    const address = this.#next;
    this.#next += BigInt(size + PAGE_SIZE);
    this.#mappings.set(address, mapping);
    return address;
  }

  /** For {@link Mapping}. */
  leave(address: bigint): void {
    this.#mappings.delete(address);
  }
}
