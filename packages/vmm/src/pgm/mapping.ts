import { SsmError } from '@ssmkit/runtime';
import { hex } from './page.js';
import { ADDRESS_LIMIT } from './ram.js';

/** Bytes of one access that is not a copy. */
export type AccessSize = 1 | 2 | 4;

/** What is at guest-physical addresses other than RAM. Offsets count from the first byte; an access lies inside. */
export interface PhysMapping {
  readonly kind: 'rom' | 'mmio' | 'mmio2';
  /** The device or driver that it belongs to. */
  readonly owner: object | undefined;
  /** `VRam` */
  readonly description: string;
  /** Guest-physical address of the first byte; `undefined` where the guest does not see it. */
  readonly address: number | undefined;
  /** Bytes. */
  readonly size: number;
  /** Little-endian. */
  read(offset: number, size: AccessSize): number;
  write(offset: number, value: number, size: AccessSize): void;
  readBytes(offset: number, into: Uint8Array): void;
  writeBytes(offset: number, from: Uint8Array): void;
}

interface Placed {
  readonly from: number;
  readonly to: number;
  readonly mapping: PhysMapping;
}

/** Mappings by address. No two overlap. */
export class MappingTable {
  /** By ascending address. */
  readonly #placed: Placed[] = [];
  /** The one found last: accesses come in runs. */
  #last: Placed | undefined;

  /** All of them, by ascending address. */
  get all(): readonly PhysMapping[] {
    return this.#placed.map(({ mapping }) => mapping);
  }

  /** What is at an address. */
  at(address: number): PhysMapping | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.from && address < last.to) return last.mapping;
    const found = this.#placed[this.#indexAfter(address) - 1];
    if (found === undefined || address >= found.to) return undefined;
    this.#last = found;
    return found.mapping;
  }

  /** Where the first one begins at an address or behind it. */
  nextFrom(address: number): number {
    const at = this.#indexAfter(address);
    const before = this.#placed[at - 1];
    if (before?.from === address) return address;
    return this.#placed[at]?.from ?? ADDRESS_LIMIT;
  }

  /** @throws SsmError VERR_ALREADY_EXISTS where there is another one. */
  add(mapping: PhysMapping, address: number): void {
    const to = address + mapping.size;
    const at = this.#indexAfter(address);
    for (const other of [this.#placed[at - 1], this.#placed[at]]) {
      if (other !== undefined && other.from < to && other.to > address) {
        throw new SsmError(
          'VERR_ALREADY_EXISTS',
          `'${mapping.description}' at ${hex(address)}..${hex(to - 1)} would lie over ` +
            `'${other.mapping.description}' at ${hex(other.from)}..${hex(other.to - 1)}`,
        );
      }
    }
    this.#placed.splice(at, 0, { from: address, to, mapping });
  }

  remove(mapping: PhysMapping): void {
    const at = this.#placed.findIndex((placed) => placed.mapping === mapping);
    if (at >= 0) this.#placed.splice(at, 1);
    this.#last = undefined;
  }

  /** Index of the first one that begins behind an address. */
  #indexAfter(address: number): number {
    let low = 0;
    let high = this.#placed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#placed[middle] as Placed).from <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where mappings are put; what they belong to says what else may not be there. */
export interface AddressSpace {
  /** @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE, VERR_ALREADY_EXISTS. */
  map(mapping: PhysMapping, address: number): void;
  unmap(mapping: PhysMapping): void;
}

/** A mapping that a device puts where the guest says: the base of MMIO and MMIO2. */
export abstract class MovableMapping implements PhysMapping {
  abstract readonly kind: 'mmio' | 'mmio2';
  readonly owner: object | undefined;
  readonly description: string;
  readonly #space: AddressSpace;
  readonly #granularity: number;
  #size: number;
  #address: number | undefined;

  /** @param granularity what sizes and addresses are multiples of. @throws SsmError VERR_INVALID_PARAMETER for a size that is none. */
  constructor(
    space: AddressSpace,
    options: { readonly owner?: object; readonly description: string; readonly size: number },
    granularity: number,
  ) {
    this.owner = options.owner;
    this.description = options.description;
    this.#space = space;
    this.#granularity = granularity;
    this.#size = this.#checkSize(options.size);
  }

  abstract read(offset: number, size: AccessSize): number;
  abstract write(offset: number, value: number, size: AccessSize): void;
  abstract readBytes(offset: number, into: Uint8Array): void;
  abstract writeBytes(offset: number, from: Uint8Array): void;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Guest-physical address; `undefined` where the guest does not see it. */
  get address(): number | undefined {
    return this.#address;
  }

  /**
   * Shows it to the guest.
   *
   * @throws SsmError VERR_WRONG_ORDER where it is shown already, VERR_INVALID_PARAMETER for an address that it cannot have,
   * VERR_OUT_OF_RANGE behind the last address, VERR_ALREADY_EXISTS where there is RAM or anything else.
   */
  map(address: number): void {
    if (this.#address !== undefined) {
      throw new SsmError('VERR_WRONG_ORDER', `'${this.description}' is at ${hex(this.#address)} already`);
    }
    if (!(Number.isSafeInteger(address) && address >= 0 && address % this.#granularity === 0)) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${this.description}' cannot be at ${address}`);
    }
    this.#space.map(this, address);
    this.#address = address;
  }

  /** Hides it from the guest; nothing happens where it is hidden. */
  unmap(): void {
    if (this.#address === undefined) return;
    this.#space.unmap(this);
    this.#address = undefined;
  }

  /**
   * Makes it smaller, as for a saved state from a time when the device had less.
   *
   * @throws SsmError VERR_WRONG_ORDER while the guest sees it, VERR_INVALID_PARAMETER for a size that is not smaller or none.
   */
  reduce(size: number): void {
    if (this.#address !== undefined) {
      throw new SsmError('VERR_WRONG_ORDER', `'${this.description}' is at ${hex(this.#address)}: hide it first`);
    }
    if (this.#checkSize(size) > this.#size) {
      throw new SsmError('VERR_INVALID_PARAMETER', `'${this.description}' has ${this.#size} bytes, not ${size}`);
    }
    this.#size = size;
  }

  #checkSize(size: number): number {
    if (Number.isSafeInteger(size) && size > 0 && size % this.#granularity === 0) return size;
    throw new SsmError('VERR_INVALID_PARAMETER', `'${this.description}' cannot have ${size} bytes`);
  }
}

/** @throws SsmError VERR_OUT_OF_RANGE for a text that a saved state has no room for. @param most bytes. */
export function checkText(text: string, most: number): void {
  const { length } = new TextEncoder().encode(text);
  if (length > most) throw new SsmError('VERR_OUT_OF_RANGE', `'${text}' has ${length} bytes, at most ${most}`);
}
