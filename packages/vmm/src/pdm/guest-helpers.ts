import { SsmError } from '@ssmkit/runtime';
import type { IoPortManager, IoPortRange } from '../iom/index.js';
import type { GuestMemory, Mmio2Range, MmioHandlers, MmioRange, RomRange } from '../pgm/index.js';
import type {
  DmacCallbacks,
  DmaTransfer,
  IoPortHandlers,
  IrqLevel,
  PicCallbacks,
  PicHelpers,
  RtcCallbacks,
} from './device.js';
import type { DeviceEntry } from './owner.js';
import { CommonHelpers } from './owner-helpers.js';

/** Helpers of a device for what the guest sees of it: ports, memory, interrupts, DMA, CMOS. */
export abstract class GuestHelpers extends CommonHelpers<DeviceEntry> {
  // The guest's ports and memory

  ioPortCreate(count: number, handlers: IoPortHandlers, description: string): IoPortRange {
    const iom = this.#own(this.#iom);
    return iom.create({ owner: this, count, handlers, description });
  }

  ioPortMap(first: number, count: number, handlers: IoPortHandlers, description: string): () => void {
    const iom = this.#own(this.#iom);
    const range = iom.register(first, { owner: this, count, handlers, description });
    return () => iom.remove(range);
  }

  mmioCreate(size: number, handlers: MmioHandlers, description: string): MmioRange {
    const memory = this.#own(this.#memory);
    return memory.createMmio({ owner: this, size, handlers, description });
  }

  mmioMap(address: number, size: number, handlers: MmioHandlers, description: string): () => void {
    const range = this.mmioCreate(size, handlers, description);
    const memory = this.#memory;
    try {
      range.map(address);
    } catch (error) {
      memory.remove(range);
      throw error;
    }
    return () => memory.remove(range);
  }

  mmio2Create(region: number, size: number, description: string): Mmio2Range {
    const memory = this.#own(this.#memory);
    const { name: device, instance } = this;
    return memory.createMmio2({ owner: this, device, instance, region, size, description });
  }

  romRegister(address: number, bytes: Uint8Array, description: string, shadowed = false): RomRange {
    const memory = this.#own(this.#memory);
    return memory.registerRom({ owner: this, address, bytes, description, shadowed });
  }

  physRead(address: number, bytes: Uint8Array): void {
    this.#memory.physRead(address, bytes);
  }

  physWrite(address: number, bytes: Uint8Array): void {
    this.#memory.physWrite(address, bytes);
  }

  a20Set(enable: boolean): void {
    for (const cpu of this.#memory.cpus) cpu.a20Enabled = enable;
  }

  a20IsEnabled(): boolean {
    return this.#memory.cpus[0]?.a20Enabled !== false;
  }

  // Interrupts, DMA, CMOS

  isaSetIrq(irq: number, level: IrqLevel): void {
    this.pdm.chips.setIrq(irq, level);
  }

  picRegister(pic: PicCallbacks): PicHelpers {
    this.owner.emt('PICRegister');
    return this.pdm.chips.registerPic(this.owner, pic);
  }

  dmacRegister(dmac: DmacCallbacks): void {
    this.owner.emt('DMACRegister');
    this.pdm.chips.registerDmac(this.owner, dmac);
  }

  dmaRegister(channel: number, transfer: DmaTransfer): void {
    this.owner.emt('DMARegister');
    this.pdm.chips.dmac.register(channel, transfer);
  }

  dmaReadMemory(channel: number, bytes: Uint8Array, offset: number): number {
    return this.pdm.chips.dmac.readMemory(channel, bytes, offset);
  }

  dmaWriteMemory(channel: number, bytes: Uint8Array, offset: number): number {
    return this.pdm.chips.dmac.writeMemory(channel, bytes, offset);
  }

  dmaSetDreq(channel: number, level: boolean): void {
    const { dmac } = this.pdm.chips;
    dmac.setDreq(channel, level);
    // A request that is new has the controller look at its channels.
    if (level) this.pdm.chips.isDmaPending = true;
  }

  dmaGetChannelMode(channel: number): number {
    return this.pdm.chips.dmac.channelMode(channel);
  }

  dmaSchedule(): void {
    this.pdm.chips.isDmaPending = true;
  }

  rtcRegister(rtc: RtcCallbacks): void {
    this.owner.emt('RTCRegister');
    this.pdm.chips.registerRtc(this.owner, rtc);
  }

  cmosRead(address: number): number {
    return this.pdm.chips.rtc.readCmos(address);
  }

  cmosWrite(address: number, value: number): void {
    this.pdm.chips.rtc.writeCmos(address, value);
  }

  utcNow(): bigint {
    return this.tm.utcNow();
  }

  get #iom(): IoPortManager {
    const { iom } = this.pdm.vm;
    if (iom === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'the VM has no I/O ports');
    return iom;
  }

  get #memory(): GuestMemory {
    const { pgm } = this.pdm.vm;
    if (pgm === undefined) throw new SsmError('VERR_NOT_SUPPORTED', 'the VM has no memory');
    return pgm;
  }

  /** What the device makes there goes with it. */
  #own<T>(guest: T): T {
    this.owner.mustExist();
    this.owner.resources.addOnce('guest', () => this.#removeFromGuest());
    return guest;
  }

  #removeFromGuest(): void {
    this.pdm.vm.iom?.removeOwner(this);
    this.pdm.vm.pgm?.removeOwner(this);
  }
}
