import { A20_MASK, PagingMode, PgmCpu } from '@ssmkit/vbox';
import type { Memory } from '../iem/index.js';
import type { GuestMemory } from './guest-memory.js';

const ALL_LINES = 0xffff_ffff_ffff_ffffn;

const MIB = 2 ** 20;

/** Pages of the first MiB. */
const LOW_PAGES = 256;

/**
 * Guest memory as a CPU sees it: behind its A20 gate. While the gate is closed, address line 20 is always low, so that the
 * second MiB is the first one again, and the fourth the third.
 *
 * `readByte` and `writeByte` are for an interpreter; of RAM and ROM in the first MiB they cost about what an array does.
 * They are as short as can be, since what is too long is not inlined: no name for `Access.plain`, no test for the first MiB
 * other than that the tables end there, and fields that are private to TypeScript only, which takes a tenth less time.
 */
export class CpuMemory implements Memory {
  readonly idCpu: number;
  readonly #memory: GuestMemory;
  private readonly low: Uint8Array;
  private readonly loads: Uint8Array;
  private readonly stores: Uint8Array;
  #a20 = true;
  #guestMode: number = PagingMode.real;
  #paeDirectories = new PgmCpu().paeDirectories;
  /** How often the gate was opened or closed. */
  a20Changes = 0;
  guestModeChanges = 0;

  constructor(memory: GuestMemory, idCpu: number) {
    this.#memory = memory;
    this.idCpu = idCpu;
    const { low, loads, stores } = memory.ram;
    this.low = low;
    this.loads = loads.subarray(0, LOW_PAGES);
    this.stores = stores.subarray(0, LOW_PAGES);
  }

  /** @param address below 4 GiB. */
  readByte(address: number): number {
    return this.loads[address >> 12] === 0 ? (this.low[address] as number) : this.readElsewhere(address);
  }

  /** @param address below 4 GiB. */
  writeByte(address: number, value: number): void {
    if (this.stores[address >> 12] === 0) this.low[address] = value;
    else this.writeElsewhere(address, value);
  }

  private readElsewhere(address: number): number {
    return this.#memory.readU8(this.physical(address));
  }

  private writeElsewhere(address: number, value: number): void {
    this.#memory.writeU8(this.physical(address), value);
  }

  /** The address that is reached: without line 20 while the gate is closed. */
  physical(address: number): number {
    return this.#a20 || Math.floor(address / MIB) % 2 === 0 ? address : address - MIB;
  }

  /** {@link GuestMemory.physRead} behind the gate. */
  read<T extends Uint8Array>(address: number, into: T): T {
    this.#pieces(address, into, (at, piece) => this.#memory.physRead(at, piece));
    return into;
  }

  /** {@link GuestMemory.physWrite} behind the gate. */
  write(address: number, from: Uint8Array): void {
    this.#pieces(address, from, (at, piece) => this.#memory.physWrite(at, piece));
  }

  /** Where line 20 changes, what is behind the gate need not go on. */
  #pieces(address: number, bytes: Uint8Array, copy: (address: number, piece: Uint8Array) => void): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + done;
      const count = Math.min(bytes.length - done, MIB - (at % MIB));
      copy(this.physical(at), bytes.subarray(done, done + count));
      done += count;
    }
  }

  /** Whether the A20 gate is open. */
  get a20Enabled(): boolean {
    return this.#a20;
  }

  set a20Enabled(enabled: boolean) {
    if (enabled !== this.#a20) this.a20Changes++;
    this.#a20 = enabled;
  }

  /** Paging mode of the guest ({@link PagingMode}). It is kept for whoever has paging; nothing here depends on it. */
  get guestMode(): number {
    return this.#guestMode;
  }

  set guestMode(mode: number) {
    if (mode !== this.#guestMode) this.guestModeChanges++;
    this.#guestMode = mode;
  }

  /** The gate is open, the CPU in real mode. */
  reset(): void {
    this.a20Enabled = true;
    this.guestMode = PagingMode.real;
    this.#paeDirectories.fill(ALL_LINES);
  }

  /** What the unit `pgm` has of the CPU. */
  saveState(): PgmCpu {
    return Object.assign(new PgmCpu(), {
      a20Enabled: this.#a20,
      a20Mask: this.#a20 ? ALL_LINES : A20_MASK,
      guestMode: this.#guestMode,
      paeDirectories: this.#paeDirectories.slice(),
    });
  }

  /** The mask is not looked at: the gate says what it is. */
  loadState({
    a20Enabled,
    guestMode,
    paeDirectories,
  }: Pick<PgmCpu, 'a20Enabled' | 'guestMode' | 'paeDirectories'>): void {
    this.a20Enabled = a20Enabled;
    this.guestMode = guestMode;
    this.#paeDirectories = paeDirectories.slice();
  }
}
