import { SsmError } from '@ssmkit/runtime';
import { type IoPortOptions, IoPortRange, PORT_COUNT, type PortSpace, portText } from './io-port-range.js';

/** Bytes of an access. */
export type PortAccess = 1 | 2 | 4;

const ONES: Readonly<Record<PortAccess, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** How the ports are made. */
export interface IoPortManagerOptions {
  /** Count the accesses to each range; default false. */
  readonly counts?: boolean;
}

/** All I/O ports of a VM. */
export class IoPortManager {
  /** Whether accesses are counted. */
  readonly counts: boolean;
  /** Number of the range that each port belongs to, counted from 1; 0 for nobody's. */
  readonly #table = new Uint16Array(PORT_COUNT);
  /** By number; those that are no longer mapped are used again. */
  readonly #mapped: (IoPortRange | undefined)[] = [undefined];
  readonly #ranges: IoPortRange[] = [];
  /** Told of ranges that come and go. */
  onMapped: ((range: IoPortRange, first: number, mapped: boolean) => void) | undefined;
  readonly #space: PortSpace = {
    map: (range, first) => this.#map(range, first),
    unmap: (range, first) => this.#unmap(range, first),
  };

  constructor({ counts = false }: IoPortManagerOptions = {}) {
    this.counts = counts;
  }

  /** All ranges, mapped or not, in the order of their making. */
  get ranges(): readonly IoPortRange[] {
    return this.#ranges;
  }

  /** Makes a range, which the guest reaches once it is mapped. @throws SsmError VERR_INVALID_PARAMETER. */
  create(options: IoPortOptions): IoPortRange {
    const range = new IoPortRange(this.#space, options);
    this.#ranges.push(range);
    return range;
  }

  /** Makes a range and maps it. @throws SsmError as {@link IoPortRange.map}; there is no range then. */
  register(first: number, options: IoPortOptions): IoPortRange {
    const range = this.create(options);
    try {
      return range.map(first);
    } catch (error) {
      this.remove(range);
      throw error;
    }
  }

  /** Takes a range away. What is not here is not taken. */
  remove(range: IoPortRange): void {
    range.unmap();
    const at = this.#ranges.indexOf(range);
    if (at >= 0) this.#ranges.splice(at, 1);
  }

  /** Takes away everything that an owner has. */
  removeOwner(owner: object): void {
    for (const range of [...this.#ranges]) if (range.owner === owner) this.remove(range);
  }

  /** The range that a port belongs to. */
  rangeAt(port: number): IoPortRange | undefined {
    return this.#mapped[this.#table[port & 0xffff] as number];
  }

  /**
   * IN. What nobody answers is all ones.
   *
   * A device that does not answer a size is asked for the halves, as a bus of 8 bits does; so is one whose ports end within
   * the access, and the halves may be others'.
   *
   * @param port 0…0xFFFF; behind the last port comes the first.
   */
  read(port: number, size: PortAccess): number {
    const range = this.#mapped[this.#table[port] as number];
    if (range !== undefined) {
      const offset = port - (range.first as number);
      if (offset + size <= range.count) {
        const value = range.handlers.read?.(offset, size);
        if (value !== undefined) {
          if (this.counts) range.reads.inc();
          return size === 4 ? value >>> 0 : value & ONES[size];
        }
      }
    }
    if (size === 1) return ONES[1];
    const half = (size >> 1) as PortAccess;
    const low = this.read(port, half);
    return (low | (this.read((port + half) & 0xffff, half) << (half * 8))) >>> 0;
  }

  /** OUT. What nobody answers is lost; halves as in {@link read}. */
  write(port: number, value: number, size: PortAccess): void {
    const range = this.#mapped[this.#table[port] as number];
    if (range !== undefined) {
      const offset = port - (range.first as number);
      if (offset + size <= range.count && range.handlers.write !== undefined) {
        const known = size === 4 ? value >>> 0 : value & ONES[size];
        if (range.handlers.write(offset, known, size) !== false) {
          if (this.counts) range.writes.inc();
          return;
        }
      }
    }
    if (size === 1) return;
    const half = (size >> 1) as PortAccess;
    this.write(port, value, half);
    this.write((port + half) & 0xffff, value >>> (half * 8), half);
  }

  /** INS: reads one port again and again. @param into whole accesses, little-endian. */
  readString(port: number, size: PortAccess, into: Uint8Array): void {
    checkString(into, size);
    for (let at = 0; at < into.length; at += size) {
      const value = this.read(port, size);
      for (let i = 0; i < size; i++) into[at + i] = value >>> (i * 8);
    }
  }

  /** OUTS. @param from whole accesses, little-endian. */
  writeString(port: number, size: PortAccess, from: Uint8Array): void {
    checkString(from, size);
    for (let at = 0; at < from.length; at += size) {
      let value = 0;
      for (let i = size - 1; i >= 0; i--) value = (value << 8) | (from[at + i] as number);
      this.write(port, value >>> 0, size);
    }
  }

  #map(range: IoPortRange, first: number): void {
    for (let port = first; port < first + range.count; port++) {
      const other = this.rangeAt(port);
      if (other === undefined) continue;
      const detail = `the ports '${range.description}' at ${portText(first)} would lie over '${other.description}' at ${portText(port)}`;
      throw new SsmError('VERR_ALREADY_EXISTS', detail);
    }
    const free = this.#mapped.indexOf(undefined, 1);
    const number = free < 0 ? this.#mapped.length : free;
    this.#mapped[number] = range;
    this.#table.fill(number, first, first + range.count);
    this.onMapped?.(range, first, true);
  }

  #unmap(range: IoPortRange, first: number): void {
    this.#mapped[this.#table[first] as number] = undefined;
    this.#table.fill(0, first, first + range.count);
    this.onMapped?.(range, first, false);
  }
}

function checkString({ length }: Uint8Array, size: PortAccess): void {
  if (length % size === 0) return;
  throw new SsmError('VERR_INVALID_PARAMETER', `${length} bytes are no whole accesses of ${size}`);
}
