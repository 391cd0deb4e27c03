import type {
  DmacCallbacks,
  DmaTransfer,
  IoPortHandlers,
  IrqLevel,
  PicCallbacks,
  PicHelpers,
  RtcCallbacks,
} from '../../pdm/device.js';

/** What the size of an access lets through. */
const MASKS = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

interface Range {
  readonly first: number;
  readonly end: number;
  readonly handlers: IoPortHandlers;
}

/** What devices are connected by: ports, RAM, interrupt lines, and the chips that serve others. */
export class BenchBus {
  /** From address 0. What is beyond reads as ones, and keeps nothing. */
  readonly ram: Uint8Array;
  /** Interrupt lines that were set, in order: `8 HIGH`. */
  readonly irqs: string[] = [];
  /** INTR, as the interrupt controller drives it. */
  intr = false;
  a20 = true;
  /** How often the DMA controller was asked to run. */
  dmaScheduled = 0;
  readonly #ranges: Range[] = [];
  #pic: PicCallbacks | undefined;
  #dmac: DmacCallbacks | undefined;
  #rtc: RtcCallbacks | undefined;

  constructor(ramBytes: number) {
    this.ram = new Uint8Array(ramBytes);
  }

  mapPorts(first: number, count: number, handlers: IoPortHandlers): () => void {
    const range = { first, end: first + count, handlers };
    if (this.#ranges.some((other) => other.first < range.end && first < other.end)) {
      throw new Error(`ports from 0x${first.toString(16)} are somebody else's`);
    }
    this.#ranges.push(range);
    return () => void this.#ranges.splice(this.#ranges.indexOf(range), 1);
  }

  /** A guest's IN. */
  in(port: number, size: 1 | 2 | 4 = 1): number {
    const range = this.#rangeOf(port);
    return range?.handlers.read?.(port - range.first, size) ?? MASKS[size];
  }

  /** A guest's OUT. @returns whether anybody has answered. */
  out(port: number, value: number, size: 1 | 2 | 4 = 1): boolean {
    const range = this.#rangeOf(port);
    if (range?.handlers.write === undefined) return false;
    return range.handlers.write(port - range.first, (value & MASKS[size]) >>> 0, size) !== false;
  }

  physRead(address: number, bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.ram[address + i] ?? 0xff;
  }

  physWrite(address: number, bytes: Uint8Array): void {
    const room = Math.max(0, this.ram.length - address);
    this.ram.set(bytes.subarray(0, room), Math.min(address, this.ram.length));
  }

  setIrq(irq: number, level: IrqLevel): void {
    this.irqs.push(`${irq} ${level}`);
    this.#pic?.setIrq(irq, level);
  }

  /** The log of interrupt lines, which begins anew. */
  takeIrqs(): string[] {
    return this.irqs.splice(0);
  }

  registerPic(pic: PicCallbacks): PicHelpers {
    this.#pic = pic;
    return {
      setInterruptFF: () => {
        this.intr = true;
      },
      clearInterruptFF: () => {
        this.intr = false;
      },
    };
  }

  registerDmac(dmac: DmacCallbacks): void {
    this.#dmac = dmac;
  }

  registerRtc(rtc: RtcCallbacks): void {
    this.#rtc = rtc;
  }

  /** The CPU acknowledges an interrupt. @returns the vector. */
  acknowledge(): number | undefined {
    return this.pic.getInterrupt();
  }

  /** Connects a device without its own chip to a DMA channel. */
  registerDma(channel: number, transfer: DmaTransfer): void {
    this.dmac.register(channel, transfer);
  }

  get pic(): PicCallbacks {
    return there(this.#pic, 'interrupt controller');
  }

  get dmac(): DmacCallbacks {
    return there(this.#dmac, 'DMA controller');
  }

  get rtc(): RtcCallbacks {
    return there(this.#rtc, 'clock');
  }

  #rangeOf(port: number): Range | undefined {
    return this.#ranges.find(({ first, end }) => port >= first && port < end);
  }
}

function there<T>(chip: T | undefined, what: string): T {
  if (chip === undefined) throw new Error(`there is no ${what} on this bench`);
  return chip;
}
