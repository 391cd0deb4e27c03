import { SsmError } from '@ssmkit/runtime';
import { PAGE_SIZE } from '@ssmkit/vbox';
import { CpuMemory } from './cpu-memory.js';
import { type AccessSize, type AddressSpace, MappingTable, type PhysMapping } from './mapping.js';
import { type MmioOptions, MmioRange } from './mmio.js';
import { type Mmio2Options, Mmio2Range } from './mmio2.js';
import { hex, PAGE_MASK, PAGE_SHIFT } from './page.js';
import { Access, ADDRESS_LIMIT, Ram, type RamSizes } from './ram.js';
import { type RomOptions, RomRange } from './rom.js';

/** What guest memory is made with. */
export interface GuestMemoryOptions extends RamSizes {
  /** Virtual CPUs; default 1. */
  readonly cpuCount?: number;
}

/** Ranges of memory besides RAM that a saved state lists: at most 254 of a kind, since their numbers are bytes. */
const LISTED_MAX = 254;

const ONES: Readonly<Record<AccessSize, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/**
 * The guest's memory: everything that is at a guest-physical address.
 *
 * Addresses are numbers below 2^52; values are little-endian. Where there is nothing, all bits read as ones, and what is
 * written is lost. What is here is the view of devices (`PhysRead`, `PhysWrite`); CPUs have an A20 gate in front: {@link cpus}.
 */
export class GuestMemory {
  readonly ram: Ram;
  /** The view of each CPU. */
  readonly cpus: readonly CpuMemory[];
  readonly #table = new MappingTable();
  readonly #roms: RomRange[] = [];
  readonly #mmio: MmioRange[] = [];
  readonly #mmio2: Mmio2Range[] = [];
  readonly #space: AddressSpace = {
    map: (mapping, address) => this.#map(mapping, address),
    unmap: (mapping) => this.#unmap(mapping),
  };

  /** @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE for sizes that cannot be; VERR_NO_MEMORY. */
  constructor({ cpuCount = 1, ...sizes }: GuestMemoryOptions) {
    this.ram = new Ram(sizes);
    this.cpus = Array.from({ length: cpuCount }, (_, idCpu) => new CpuMemory(this, idCpu));
  }

  // What there is

  /** All ROMs, in the order of registration. */
  get roms(): readonly RomRange[] {
    return this.#roms;
  }

  /** All ranges of devices' registers, mapped or not, in the order of their making. */
  get mmio(): readonly MmioRange[] {
    return this.#mmio;
  }

  /** All memory of devices, mapped or not, in the order of its making. */
  get mmio2(): readonly Mmio2Range[] {
    return this.#mmio2;
  }

  /** What the guest sees besides RAM, by ascending address. */
  get mappings(): readonly PhysMapping[] {
    return this.#table.all;
  }

  /** What is at an address besides RAM. */
  mappingAt(address: number): PhysMapping | undefined {
    return this.#table.at(address);
  }

  /**
   * Registers a ROM. It stays where it is.
   *
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE, VERR_ALREADY_EXISTS where there is RAM or anything else.
   */
  registerRom(options: RomOptions): RomRange {
    this.#checkCount(this.#roms, 'ROMs');
    const rom = new RomRange(options, (address, bytes) => this.#show(address, bytes));
    this.#map(rom, rom.address);
    this.#roms.push(rom);
    rom.showAll();
    return rom;
  }

  /** Makes a range of registers, which the guest sees once it is mapped. @throws SsmError VERR_INVALID_PARAMETER. */
  createMmio(options: MmioOptions): MmioRange {
    const range = new MmioRange(this.#space, options);
    this.#mmio.push(range);
    return range;
  }

  /**
   * Makes memory of a device, which the guest sees once it is mapped.
   *
   * @throws SsmError VERR_INVALID_PARAMETER, VERR_OUT_OF_RANGE, VERR_NO_MEMORY; VERR_ALREADY_EXISTS where the device has a
   * region of this number: a saved state could not tell them apart.
   */
  createMmio2(options: Mmio2Options): Mmio2Range {
    this.#checkCount(this.#mmio2, 'ranges of devices’ memory');
    const range = new Mmio2Range(this.#space, options);
    const { device, instance, region } = range;
    if (
      this.#mmio2.some((other) => other.device === device && other.instance === instance && other.region === region)
    ) {
      throw new SsmError('VERR_ALREADY_EXISTS', `${device}#${instance} has memory as its region ${region} already`);
    }
    this.#mmio2.push(range);
    return range;
  }

  /** Takes a range away, ROM or other. What is not here is not taken. */
  remove(range: RomRange | MmioRange | Mmio2Range): void {
    if (range.kind === 'rom') {
      if (this.#roms.includes(range)) this.#unmap(range);
    } else range.unmap();
    for (const list of [this.#roms, this.#mmio, this.#mmio2] as (typeof range)[][]) {
      const at = list.indexOf(range);
      if (at >= 0) list.splice(at, 1);
    }
  }

  /** Takes away everything that an owner has. */
  removeOwner(owner: object): void {
    for (const range of [...this.#roms, ...this.#mmio, ...this.#mmio2]) if (range.owner === owner) this.remove(range);
  }

  #checkCount(list: readonly unknown[], what: string): void {
    if (list.length >= LISTED_MAX)
      throw new SsmError('VERR_OUT_OF_RANGE', `a machine has at most ${LISTED_MAX} ${what}`);
  }

  // Where it is

  #map(mapping: PhysMapping, address: number): void {
    const end = address + mapping.size;
    if (end > ADDRESS_LIMIT) {
      throw new SsmError(
        'VERR_OUT_OF_RANGE',
        `'${mapping.description}' at ${hex(address)} ends behind the last address`,
      );
    }
    for (const ram of this.ram.ranges) {
      if (ram.address < end && ram.address + ram.size > address) {
        const detail = `'${mapping.description}' at ${hex(address)}..${hex(end - 1)} would lie over '${ram.description}'`;
        throw new SsmError('VERR_ALREADY_EXISTS', detail);
      }
    }
    this.#table.add(mapping, address);
  }

  #unmap(mapping: PhysMapping): void {
    const { address, size, kind } = mapping;
    if (address === undefined) return;
    this.#table.remove(mapping);
    const { low, loads } = this.ram;
    if (kind === 'rom' && address < low.length) {
      loads.fill(Access.elsewhere, address >>> PAGE_SHIFT, Math.min((address + size) >>> PAGE_SHIFT, loads.length));
    }
  }

  /** Makes ROM readable like RAM, where its addresses have a place in the buffer. */
  #show(address: number, bytes: Uint8Array): void {
    const { low, loads } = this.ram;
    if (address + bytes.length > low.length) return;
    low.set(bytes, address);
    loads[address >>> PAGE_SHIFT] = Access.plain;
  }

  // Single accesses

  /** A byte. */
  readU8(address: number): number {
    const { low, loads } = this.ram;
    if (address < low.length && loads[address >>> PAGE_SHIFT] === Access.plain) return low[address] as number;
    return this.#read(address, 1);
  }

  writeU8(address: number, value: number): void {
    const { low, stores } = this.ram;
    if (address < low.length && stores[address >>> PAGE_SHIFT] === Access.plain) low[address] = value;
    else this.#write(address, value, 1);
  }

  readU16(address: number): number {
    const { low, loads, lowView } = this.ram;
    const isPlain = (address & PAGE_MASK) <= PAGE_SIZE - 2 && loads[address >>> PAGE_SHIFT] === Access.plain;
    return isPlain && address < low.length ? lowView.getUint16(address, true) : this.#read(address, 2);
  }

  writeU16(address: number, value: number): void {
    const { low, stores, lowView } = this.ram;
    const isPlain = (address & PAGE_MASK) <= PAGE_SIZE - 2 && stores[address >>> PAGE_SHIFT] === Access.plain;
    if (isPlain && address < low.length) lowView.setUint16(address, value, true);
    else this.#write(address, value, 2);
  }

  readU32(address: number): number {
    const { low, loads, lowView } = this.ram;
    const isPlain = (address & PAGE_MASK) <= PAGE_SIZE - 4 && loads[address >>> PAGE_SHIFT] === Access.plain;
    return isPlain && address < low.length ? lowView.getUint32(address, true) : this.#read(address, 4);
  }

  writeU32(address: number, value: number): void {
    const { low, stores, lowView } = this.ram;
    const isPlain = (address & PAGE_MASK) <= PAGE_SIZE - 4 && stores[address >>> PAGE_SHIFT] === Access.plain;
    if (isPlain && address < low.length) lowView.setUint32(address, value, true);
    else this.#write(address, value, 4);
  }

  /** Eight bytes; of registers that take no eight, two times four. */
  readU64(address: number): bigint {
    const bytes = this.physRead(address, new Uint8Array(8));
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  writeU64(address: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.physWrite(address, bytes);
  }

  #read(address: number, size: AccessSize): number {
    const mapping = this.#table.at(address);
    if (mapping !== undefined) {
      const offset = address - (mapping.address as number);
      if (offset + size <= mapping.size) return mapping.read(offset, size);
    } else if (size === 1) {
      const page = this.ram.pageAt(address);
      return page < 0 ? ONES[1] : (this.ram.bytesOf(page)[address % PAGE_SIZE] as number);
    }
    const bytes = this.physRead(address, new Uint8Array(size));
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  #write(address: number, value: number, size: AccessSize): void {
    const mapping = this.#table.at(address);
    if (mapping !== undefined) {
      const offset = address - (mapping.address as number);
      if (offset + size <= mapping.size) {
        mapping.write(offset, size === 4 ? value >>> 0 : value & ONES[size], size);
        return;
      }
    } else if (size === 1) {
      const page = this.ram.pageAt(address);
      if (page < 0) return;
      this.ram.note(page);
      this.ram.bytesOf(page)[address % PAGE_SIZE] = value;
      return;
    }
    this.physWrite(
      address,
      Uint8Array.from({ length: size }, (_, i) => value >>> (i * 8)),
    );
  }

  // Copies

  /** A copy of guest memory. @param count bytes. */
  read(address: number, count: number): Uint8Array {
    return this.physRead(address, new Uint8Array(count));
  }

  write(address: number, bytes: Uint8Array): void {
    this.physWrite(address, bytes);
  }

  /** Reads guest memory, as DMA does; registers are read, too. Behind the last address there are ones. */
  physRead<T extends Uint8Array>(address: number, into: T): T {
    for (let done = 0; done < into.length; ) {
      const at = address + done;
      const page = this.ram.pageAt(at);
      if (page >= 0) {
        const offset = at % PAGE_SIZE;
        const piece = this.ram.bytesOf(page).subarray(offset, offset + into.length - done);
        into.set(piece, done);
        done += piece.length;
        continue;
      }
      const mapping = this.#table.at(at);
      const count = Math.min(into.length - done, this.#end(at, mapping) - at);
      const piece = into.subarray(done, done + count);
      if (mapping === undefined) piece.fill(0xff);
      else mapping.readBytes(at - (mapping.address as number), piece);
      done += count;
    }
    return into;
  }

  /** Writes guest memory, as DMA does; what is written where there is nothing, and to ROM, is lost. */
  physWrite(address: number, from: Uint8Array): void {
    for (let done = 0; done < from.length; ) {
      const at = address + done;
      const page = this.ram.pageAt(at);
      if (page >= 0) {
        const offset = at % PAGE_SIZE;
        const piece = from.subarray(done, done + PAGE_SIZE - offset);
        this.ram.note(page);
        this.ram.bytesOf(page).set(piece, offset);
        done += piece.length;
        continue;
      }
      const mapping = this.#table.at(at);
      const count = Math.min(from.length - done, this.#end(at, mapping) - at);
      mapping?.writeBytes(at - (mapping.address as number), from.subarray(done, done + count));
      done += count;
    }
  }

  /** Where what is at an address, other than RAM, ends: a mapping, or nothing. */
  #end(address: number, mapping: PhysMapping | undefined): number {
    if (mapping !== undefined) return (mapping.address as number) + mapping.size;
    const ram = this.ram.ranges.find((range) => range.address > address)?.address ?? Number.POSITIVE_INFINITY;
    // What lies behind the last address is nothing, too.
    return Math.min(ram, address < ADDRESS_LIMIT ? this.#table.nextFrom(address) : Number.POSITIVE_INFINITY);
  }

  // Reset

  /** Makes all RAM zero. */
  clearRam(): void {
    this.ram.clear();
  }

  /** A reset of everything but RAM: ROMs are ROMs again, A20 gates open, CPUs in real mode. */
  reset(): void {
    for (const rom of this.#roms) rom.reset();
    for (const cpu of this.cpus) cpu.reset();
  }
}
