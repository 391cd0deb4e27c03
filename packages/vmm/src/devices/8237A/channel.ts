import type { DmaChannel, DmaController } from '@ssmkit/vbox';

/*
 * What the members of a channel's saved form mean, as real states show it: `currentAddress` is where the block began, and
 * `currentCount` how many transfers of it are done, one more than `baseCount` in the end. The registers follow from them.
 */

/** Bits of a channel's mode. */
const Mode = { AUTO_INIT: 0x10, DECREMENT: 0x20 } as const;

/** What a channel does, in bits 2 and 3 of its mode. */
const transferTypes = { VERIFY: 0, WRITE: 1, READ: 2 } as const;
/** When, in bits 6 and 7: on demand, one by one, a block at once, or not itself. */
const transferModes = { DEMAND: 0, SINGLE: 1, BLOCK: 2, CASCADE: 3 } as const;

const typeOf = ({ mode }: DmaChannel) => (mode >> 2) & 3;

/** Index of a channel's page register, from port 0x80 or 0x88. */
export const PAGES = [7, 3, 1, 2] as const;

/** A channel of a controller. Its transfers are words on the second one. */
export class Channel {
  readonly state: DmaChannel;
  readonly #controller: DmaController;
  readonly #index: number;

  constructor(controller: DmaController, index: number) {
    this.#controller = controller;
    this.#index = index;
    this.state = controller.channels[index] as DmaChannel;
  }

  /** Current address register. */
  get address(): number {
    const { currentAddress, currentCount } = this.state;
    return (this.isDown ? currentAddress - currentCount : currentAddress + currentCount) & 0xffff;
  }

  /** Current count register: transfers left, less one. */
  get count(): number {
    const { baseCount, currentCount } = this.state;
    return (baseCount - currentCount) & 0xffff;
  }

  /** Bytes that are done, and bytes of the whole block. */
  get position(): number {
    return this.state.currentCount << this.#shift;
  }

  get size(): number {
    return (this.state.currentCount + this.count + 1) << this.#shift;
  }

  /** Where in memory the next transfer is. */
  get physical(): number {
    return this.#pageAddress + (this.address << this.#shift);
  }

  /** A byte of the address, into base and current register. @param high which one. */
  writeAddress(byte: number, high: boolean): void {
    const { state } = this;
    state.baseAddress = withByte(state.baseAddress, byte, high);
    this.#set(withByte(this.address, byte, high), this.count);
  }

  writeCount(byte: number, high: boolean): void {
    const { state } = this;
    const { address, count } = this;
    state.baseCount = withByte(state.baseCount, byte, high);
    this.#set(address, withByte(count, byte, high));
  }

  /** A new mode: the registers keep what they hold. */
  setMode(mode: number): void {
    const { address, count } = this;
    this.state.mode = mode;
    this.#set(address, count);
  }

  /** A block goes on. @returns whether it is complete. */
  advance(position: number): boolean {
    const { state, size } = this;
    const isComplete = position >= size;
    state.currentCount = (Math.min(position, size) >> this.#shift) & 0xffff;
    if (isComplete && this.isAutoInit) {
      state.currentAddress = state.baseAddress;
      state.currentCount = 0;
    }
    return isComplete;
  }

  /** How many bytes from an offset are of the block. */
  within(offset: number, bytes: number): number {
    return Math.max(0, Math.min(bytes, this.size - offset));
  }

  get isAutoInit(): boolean {
    return (this.state.mode & Mode.AUTO_INIT) !== 0;
  }

  get isDown(): boolean {
    return (this.state.mode & Mode.DECREMENT) !== 0;
  }

  get isCascade(): boolean {
    return this.state.mode >> 6 === transferModes.CASCADE;
  }

  get reads(): boolean {
    return typeOf(this.state) === transferTypes.READ;
  }

  get writes(): boolean {
    return typeOf(this.state) === transferTypes.WRITE;
  }

  /**
   * Where in memory bytes of the block are: runs of consecutive ones. Addresses wrap within 64 K transfers, the page
   * stays.
   */
  *runs(offset: number, bytes: number): Generator<{ address: number; begin: number; end: number }> {
    const shift = this.#shift;
    const { isDown } = this;
    const { currentAddress } = this.state;
    const base = this.#pageAddress;
    const unit = 1 << shift;
    const window = 0x1_0000 << shift;
    for (let begin = 0; begin < bytes; ) {
      const at = offset + begin;
      const within = at & (unit - 1);
      const transfers = at >> shift;
      const low = (((isDown ? currentAddress - transfers : currentAddress + transfers) & 0xffff) << shift) + within;
      const end = Math.min(bytes, begin + (isDown ? unit - within : window - low));
      yield { address: base + low, begin, end };
      begin = end;
    }
  }

  get #shift(): number {
    return this.#controller.is16Bit;
  }

  get #pageAddress(): number {
    const { page, pageHigh, is16Bit } = this.#controller;
    const index = PAGES[this.#index] as number;
    // Bit 0 of the page is the address's for words.
    const low = (page[index] as number) & (is16Bit !== 0 ? 0xfe : 0xff);
    return (pageHigh[index] as number) * 0x100_0000 + low * 0x1_0000;
  }

  #set(address: number, count: number): void {
    const { state } = this;
    state.currentCount = (state.baseCount - count) & 0xffff;
    const done = this.isDown ? -state.currentCount : state.currentCount;
    state.currentAddress = (address - done) & 0xffff;
  }
}

function withByte(word: number, byte: number, high: boolean): number {
  return high ? (word & 0x00ff) | (byte << 8) : (word & 0xff00) | byte;
}
