import type { GetStream } from '@ssmkit/runtime';
import { Dma, type DmaController, DmaV1 } from '@ssmkit/vbox';
import { type ConfigNode, readConfig } from '../../cfgm/index.js';
import type { Device, DeviceInstance, DeviceRegistration, DmaTransfer } from '../../pdm/device.js';
import { deviceClasses } from '../../pdm/flags.js';
import type { Counter } from '../../stam/index.js';
import { registerCounter } from '../counter.js';
import { stateUnit } from '../state-unit.js';
import { PAGES } from './channel.js';
import { Command, Controller } from './controller.js';
import { showDma } from './info.js';

/*
 * 8237A, the two DMA controllers
 *
 *     0x00…0x0F   channels 0…3, bytes                     0x80…0x87, 0x480…0x487   their pages
 *     0xC0…0xDF   channels 4…7, words, every other port   0x88…0x8F, 0x488…0x48F   theirs
 *
 * A device raises DREQ of its channel; when the guest is left, `run` lets it transfer as much of the channel's block as
 * it can. Whether it does so in one go or byte by byte the guest cannot see, so that demand, single and block mode are
 * one. Who has transferred last is no part of a saved state, so that the lower channel always comes first.
 */

const VERSION = 2;

export class DmaDevice implements Device {
  readonly #instance: DeviceInstance;
  readonly #transfers = new Map<number, DmaTransfer>();
  #state!: Dma;
  #controllers!: readonly [Controller, Controller];
  #transferCount!: Counter;
  #transferBytes!: Counter;

  constructor(instance: DeviceInstance) {
    this.#instance = instance;
    this.#adopt(afterReset());
  }

  construct(config: ConfigNode): void {
    const instance = this.#instance;
    readConfig(config, {}, { who: instance.name, instance: instance.instance });
    for (const [number, first, shift] of [
      [0, 0x00, 0],
      [1, 0xc0, 1],
    ] as const) {
      this.#mapRegisters(number, first, shift);
      this.#mapPages(number, 0x80 + number * 8, 'page');
      this.#mapPages(number, 0x480 + number * 8, 'pageHigh');
    }
    instance.dmacRegister({
      run: () => this.#run(),
      register: (channel, transfer) => void this.#transfers.set(channel, transfer),
      readMemory: (channel, bytes, offset) => this.#copy(channel, bytes, offset, 'reads'),
      writeMemory: (channel, bytes, offset) => this.#copy(channel, bytes, offset, 'writes'),
      setDreq: (channel, level) => this.#setDreq(channel, level),
      channelMode: (channel) => this.#channel(channel).state.mode,
    });
    instance.ssmRegister(
      stateUnit(instance, {
        version: VERSION,
        oldest: 1,
        guess: 124,
        save: () => this.#state,
        load: (stream, version) => this.#load(stream, version),
      }),
    );
    instance.infoRegister({
      name: 'dma',
      description: 'The channels of the DMA controllers.',
      handler: (_dma, output) => showDma(this.#controllers, output),
    });
    this.#transferCount = registerCounter(
      instance,
      'Transfers',
      'occurences',
      'How often a device, or memory, transferred.',
    );
    this.#transferBytes = registerCounter(instance, 'TransferBytes', 'bytes', 'What they transferred.');
  }

  reset(): void {
    this.#adopt(afterReset());
  }

  #adopt(state: Dma): void {
    const [first, second] = state.controllers as [DmaController, DmaController];
    this.#state = state;
    this.#controllers = [new Controller(first), new Controller(second)];
  }

  #channel(channel: number) {
    const found = this.#controllers[channel >> 2]?.channels[channel & 3];
    if (found === undefined) throw new RangeError(`there is no DMA channel ${channel}`);
    return found;
  }

  #mapRegisters(number: 0 | 1, first: number, shift: number): void {
    this.#instance.ioPortMap(
      first,
      16 << shift,
      {
        read: (offset, size) => (size === 1 ? this.#controllers[number].read(offset >> shift) : undefined),
        write: (offset, value, size) => {
          if (size !== 1) return false;
          const requested = this.#controllers[number].write(offset >> shift, value);
          if (requested !== undefined) this.#requestedBySoftware(number, requested);
          // It may have been unmasked, or enabled.
          else this.#scheduleIfRequested();
          return true;
        },
      },
      `8237A #${number}`,
    );
  }

  #mapPages(number: 0 | 1, first: number, registers: 'page' | 'pageHigh'): void {
    const pages = () => this.#controllers[number].state[registers];
    this.#instance.ioPortMap(
      first,
      8,
      {
        read: (offset, size) => (size === 1 ? pages()[offset] : undefined),
        write: (offset, value, size) => {
          if (size !== 1) return false;
          pages()[offset] = value;
          return true;
        },
      },
      `8237A #${number} pages`,
    );
  }

  #setDreq(channel: number, level: boolean): void {
    this.#controllers[(channel >> 2) as 0 | 1].setRequest(channel & 3, level);
    if (level) this.#instance.dmaSchedule();
  }

  #scheduleIfRequested(): void {
    if (this.#controllers.some((controller) => [0, 1, 2, 3].some((channel) => canRun(controller, channel)))) {
      this.#instance.dmaSchedule();
    }
  }

  /** Lets everybody transfer who can. @returns whether somebody has, and has more. */
  #run(): boolean {
    let more = false;
    for (const [number, controller] of this.#controllers.entries()) {
      for (const channel of [0, 1, 2, 3]) {
        if (canRun(controller, channel)) more = this.#serve(number, channel) || more;
      }
    }
    return more;
  }

  #serve(number: number, index: number): boolean {
    const controller = this.#controllers[number as 0 | 1];
    const channel = number * 4 + index;
    const transfer = this.#transfers.get(channel);
    if (transfer === undefined) return false;
    const { position, size } = this.#channel(channel);
    const next = transfer(channel, position, size);
    if (!(next > position)) return false;
    this.#transferred(Math.min(next, size) - position);
    controller.advance(index, next);
    return canRun(controller, index);
  }

  /** Requests of software go before masks, and are done with when the block is complete. */
  #requestedBySoftware(number: 0 | 1, index: number): void {
    const controller = this.#controllers[number];
    if (!controller.isEnabled) return;
    if (index === 0 && controller.isMemoryToMemory) this.#copyMemory(controller, number * 4);
    else if (controller.channels[index]?.isCascade === false) this.#serve(number, index);
    if ((controller.state.status & (1 << index)) !== 0) controller.setRequest(index, false);
  }

  /** From channel 0's address to channel 1's, through the temporary register, until channel 1's count is through. */
  #copyMemory(controller: Controller, first: number): void {
    const [from, to] = [this.#channel(first), this.#channel(first + 1)];
    const isHeld = (controller.state.command & Command.HOLD_ADDRESS_0) !== 0;
    const begin = { from: from.position, to: to.position };
    const bytes = to.size - begin.to;
    const unit = new Uint8Array(1);
    for (let i = 0; i < bytes; i++) {
      for (const { address } of from.runs(begin.from + (isHeld ? 0 : i), 1)) this.#instance.physRead(address, unit);
      for (const { address } of to.runs(begin.to + i, 1)) this.#instance.physWrite(address, unit);
    }
    this.#transferred(bytes);
    controller.state.temporary = unit[0] as number;
    if (!isHeld) from.advance(begin.from + Math.min(bytes, from.size - begin.from));
    controller.advance(1, to.size);
    controller.setRequest(0, false);
  }

  #transferred(bytes: number): void {
    this.#transferCount.inc();
    this.#transferBytes.add(bytes);
  }

  /** Memory takes part only in transfers of its direction; those that verify have none. */
  #copy(number: number, bytes: Uint8Array, offset: number, direction: 'reads' | 'writes'): number {
    const channel = this.#channel(number);
    const count = channel.within(offset, bytes.length);
    if (!channel[direction]) return count;
    for (const { address, begin, end } of channel.runs(offset, count)) {
      const part = bytes.subarray(begin, end);
      if (direction === 'reads') this.#instance.physRead(address, part);
      else this.#instance.physWrite(address, part);
    }
    return count;
  }

  #load(stream: GetStream, version: number): undefined {
    this.#adopt(version === 1 ? fromVersion1(stream.get(new DmaV1())) : stream.get(new Dma()));
    this.#scheduleIfRequested();
  }
}

/** All masked. The second controller's channels count words. */
function afterReset(): Dma {
  const state = new Dma();
  for (const [i, controller] of state.controllers.entries()) Object.assign(controller, { mask: 0xff, is16Bit: i });
  return state;
}

function canRun(controller: Controller, channel: number): boolean {
  return (
    controller.isEnabled &&
    controller.isRequested(channel) &&
    !controller.isMasked(channel) &&
    controller.channels[channel]?.isCascade === false
  );
}

/** Pages were kept with the channels; the lines DACK and EOP are of no account. */
function fromVersion1(old: DmaV1): Dma {
  const state = afterReset();
  for (const [i, controller] of state.controllers.entries()) {
    const { channels, ...registers } = old.controllers[i] as DmaV1['controllers'][number];
    Object.assign(controller, registers);
    for (const [index, channel] of channels.entries()) {
      const { currentAddress, currentCount, baseAddress, baseCount, mode, page, pageHigh } = channel;
      Object.assign(controller.channels[index] as object, {
        currentAddress: currentAddress & 0xffff,
        currentCount: currentCount & 0xffff,
        baseAddress,
        baseCount,
        mode,
      });
      controller.page[PAGES[index] as number] = page;
      controller.pageHigh[PAGES[index] as number] = pageHigh;
    }
  }
  return state;
}

export const i8237A = {
  name: '8237A',
  description: 'Intel 8237A DMA controllers',
  classes: deviceClasses.DMA,
  maxInstances: 1,
  create: (instance) => new DmaDevice(instance),
} as const satisfies DeviceRegistration;
