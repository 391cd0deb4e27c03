import type { DmaController } from '@ssmkit/vbox';
import { Channel } from './channel.js';

/** Bits of the command register. */
export const Command = { MEMORY_TO_MEMORY: 0x01, HOLD_ADDRESS_0: 0x02, DISABLE: 0x04 } as const;

/** Registers above those of the channels, by port. Data sheet: Intel 8237A, 231466. */
const Reg = {
  STATUS_COMMAND: 8,
  REQUEST: 9,
  MASK_BIT: 10,
  MODE: 11,
  CLEAR_FLIP_FLOP: 12,
  TEMPORARY_MASTER_CLEAR: 13,
  CLEAR_MASK: 14,
  ALL_MASKS: 15,
} as const;

/** Bits of the status: complete, and requested. */
const COMPLETE = 0x0f;
const REQUEST_SHIFT = 4;
const MASKS = 0x0f;

/** Channels of a controller. */
export const channelCount = 4;

/** Registers of a controller. */
export class Controller {
  readonly state: DmaController;
  readonly channels: readonly Channel[];

  constructor(state: DmaController) {
    this.state = state;
    this.channels = [0, 1, 2, 3].map((index) => new Channel(state, index));
  }

  /** @returns nothing for a register that is only written. */
  read(register: number): number | undefined {
    const { state } = this;
    const channel = this.channels[register >> 1];
    if (channel !== undefined) {
      const word = register & 1 ? channel.count : channel.address;
      return this.#takeHigh() ? word >> 8 : word & 0xff;
    }
    switch (register) {
      case Reg.STATUS_COMMAND: {
        const { status } = state;
        state.status &= ~COMPLETE;
        return status;
      }
      case Reg.MODE:
        return this.#nextMode();
      case Reg.TEMPORARY_MASTER_CLEAR:
        return state.temporary;
      case Reg.CLEAR_MASK:
        state.modeCounter = 0;
        return undefined;
      case Reg.ALL_MASKS:
        return state.mask;
      default:
        return undefined;
    }
  }

  /** @returns the channel that software has requested, if it was that. */
  write(register: number, value: number): number | undefined {
    const { state } = this;
    const channel = this.channels[register >> 1];
    const selected = value & 3;
    const isSet = (value & 4) !== 0;
    if (channel !== undefined) {
      if (register & 1) channel.writeCount(value, this.#takeHigh());
      else channel.writeAddress(value, this.#takeHigh());
      return undefined;
    }
    switch (register) {
      case Reg.STATUS_COMMAND:
        state.command = value;
        return undefined;
      case Reg.REQUEST:
        this.setRequest(selected, isSet);
        return isSet ? selected : undefined;
      case Reg.MASK_BIT:
        this.setMask(selected, isSet);
        return undefined;
      case Reg.MODE:
        this.channels[selected]?.setMode(value);
        return undefined;
      case Reg.CLEAR_FLIP_FLOP:
        state.highByte = 0;
        return undefined;
      case Reg.TEMPORARY_MASTER_CLEAR:
        Object.assign(state, { command: 0, status: 0, temporary: 0, highByte: 0, mask: state.mask | MASKS });
        return undefined;
      case Reg.CLEAR_MASK:
        state.mask &= ~MASKS;
        return undefined;
      default:
        // The upper bits are ones, as after a reset.
        state.mask = value | (0xff & ~MASKS);
        return undefined;
    }
  }

  get isEnabled(): boolean {
    return (this.state.command & Command.DISABLE) === 0;
  }

  get isMemoryToMemory(): boolean {
    return (this.state.command & Command.MEMORY_TO_MEMORY) !== 0;
  }

  setRequest(channel: number, level: boolean): void {
    const bit = 1 << (channel + REQUEST_SHIFT);
    this.state.status = level ? this.state.status | bit : this.state.status & ~bit;
  }

  setMask(channel: number, masked: boolean): void {
    const bit = 1 << channel;
    this.state.mask = masked ? this.state.mask | bit : this.state.mask & ~bit;
  }

  isRequested(channel: number): boolean {
    return (this.state.status & (1 << (channel + REQUEST_SHIFT))) !== 0;
  }

  /** Whether a block was completed since the status was read. */
  isComplete(channel: number): boolean {
    return (this.state.status & (1 << channel)) !== 0;
  }

  isMasked(channel: number): boolean {
    return (this.state.mask & (1 << channel)) !== 0;
  }

  /** A channel's block goes on. @returns whether it is complete: the channel is masked then, unless it begins anew by itself. */
  advance(index: number, position: number): boolean {
    const channel = this.channels[index] as Channel;
    if (!channel.advance(position)) return false;
    this.state.status |= 1 << index;
    if (!channel.isAutoInit) this.setMask(index, true);
    return true;
  }

  /** Modes are read one channel after the other. */
  #nextMode(): number | undefined {
    const { state } = this;
    const index = state.modeCounter & 3;
    state.modeCounter = (index + 1) & 3;
    return state.channels[index]?.mode;
  }

  /** The flip-flop: which byte of a word it is the turn of. */
  #takeHigh(): boolean {
    const isHigh = this.state.highByte !== 0;
    this.state.highByte = isHigh ? 0 : 1;
    return isHigh;
  }
}
