import { Cpu8086 } from '../cpu.js';
import { FlatMemory } from '../memory.js';

/*
 * A PC for the guests in examples/guests, with as little of each device as they use. What it is for are the guests
 * themselves: a step takes as long as the test wants, and interrupts come as late as it wants.
 */

export interface PcOptions {
  /** Nanoseconds of the next step; default always 500. */
  readonly stepTime?: () => number;
  /** Nanoseconds until the noise device wants to write its next byte; default always 700 µs, and 0 for no device. */
  readonly noiseTime?: () => number;
  /** Bytes that the keyboard sends, one after the other as they are read. */
  readonly keys?: readonly number[];
  /** What a port reads as, where it is not what the device says; for faults. */
  readonly fault?: (port: number, value: number) => number;
}

/** One i8259; edges only, no priorities other than the usual. */
class Pic {
  request = 0;
  mask = 0xff;
  inService = 0;
  base = 0;
  #icw = 0;
  #readInService = false;

  write(offset: number, value: number): void {
    if (offset === 1) {
      if (this.#icw === 1) this.base = value & 0xf8;
      if (this.#icw === 0) this.mask = value;
      else this.#icw = (this.#icw + 1) % 4;
    } else if (value & 0x10) {
      this.#icw = 1;
      this.mask = this.inService = this.request = 0;
    } else if (value & 0x08) {
      if (value & 0x02) this.#readInService = (value & 0x01) !== 0;
    } else if (value === 0x20) {
      this.inService &= this.inService - 1;
    }
  }

  read(offset: number): number {
    if (offset === 1) return this.mask;
    return this.#readInService ? this.inService : this.request;
  }

  /** The highest request that nothing above it holds back; 8 when there is none. */
  get pending(): number {
    const lowest = (bits: number) => (bits === 0 ? 8 : 31 - Math.clz32(bits & -bits));
    const wanted = lowest(this.request & ~this.mask);
    return wanted < lowest(this.inService) ? wanted : 8;
  }

  accept(irq: number): number {
    this.request &= ~(1 << irq);
    this.inService |= 1 << irq;
    return this.base + irq;
  }
}

/** What happens at some time, and again. */
interface Clock {
  next: number;
  readonly tick: () => number;
}

const SECOND = 1e9;
const PIT_TICK = SECOND / 1_193_182;
/** Ten bits at 115200 baud. */
const BYTE_TIME = SECOND / 11_520;

export class GuestPc {
  readonly memory = new FlatMemory();
  readonly cpu: Cpu8086;
  output = '';
  /** Nanoseconds. */
  now = 0;
  /** The next value of the noise device. */
  noise = 77;

  readonly #options: PcOptions;
  readonly #pics = [new Pic(), new Pic()] as const;
  readonly #clocks: Clock[] = [];
  readonly #registers = new Map<number, number>();
  readonly #cmos = new Uint8Array(128);
  #cmosIndex = 0;
  #pitReload = 0x1_0000;
  #pitStart = 0;
  #pitReads: number[] = [];
  #pitHigh = false;
  readonly #fifo: number[] = [];
  #thre = false;
  readonly #transmitter: Clock = { next: Number.POSITIVE_INFINITY, tick: () => this.#sent() };
  #sending: number | undefined;
  #dmaHigh = false;
  #dmaAddress = 0;
  #dmaCount = 255;
  readonly #keys: number[];

  constructor(options: PcOptions = {}) {
    this.#options = options;
    this.#keys = [...(options.keys ?? [])];
    const { fault = (_, value) => value } = options;
    this.cpu = new Cpu8086({
      memory: this.memory,
      io: { readByte: (port) => fault(port, this.#read(port)), writeByte: (port, value) => this.#write(port, value) },
      acknowledge: () => this.#acknowledge(),
    });
    const { noiseTime = () => 700_000 } = options;
    if (noiseTime() > 0) this.#every(() => this.#noise(noiseTime));
    if (this.#keys.length > 0) this.#every(() => this.#key());
    this.#clocks.push(this.#transmitter);
  }

  boot(program: Uint8Array): void {
    this.memory.bytes.set(program, 0x7c00);
    Object.assign(this.cpu.registers, { cs: 0, ip: 0x7c00 });
  }

  /** Runs until the guest has stopped for good. @returns whether it did within so many steps. */
  run(limit = 50_000_000): boolean {
    const { stepTime = () => 500 } = this.#options;
    for (let steps = 0; steps < limit; steps++) {
      const next = this.#clocks.reduce((least, { next }) => Math.min(least, next), Number.POSITIVE_INFINITY);
      if (this.cpu.idle) {
        if (this.#pics[0].mask === 0xff || (this.cpu.registers.flags & 0x200) === 0) return true;
        this.now = Math.max(this.now, next);
      } else {
        this.cpu.step();
        this.now += stepTime();
      }
      for (const clock of this.#clocks) {
        while (clock.next <= this.now) clock.next += clock.tick();
      }
      this.cpu.interruptLine = this.#pending() !== undefined;
    }
    return false;
  }

  #every(tick: () => number): void {
    this.#clocks.push({ next: 1000, tick });
  }

  #raise(irq: number): void {
    const pic = this.#pics[irq >> 3] as Pic;
    pic.request |= 1 << (irq & 7);
  }

  #pending(): number | undefined {
    const [first, second] = this.#pics;
    if (second.pending < 8) first.request |= 4;
    else first.request &= ~4;
    return first.pending < 8 ? first.pending : undefined;
  }

  #acknowledge(): number {
    const [first, second] = this.#pics;
    const irq = this.#pending() ?? 7;
    const vector = first.accept(irq);
    return irq === 2 ? second.accept(second.pending) : vector;
  }

  #noise(time: () => number): number {
    if (this.#registers.get(0x0a) === 1) {
      this.memory.bytes[((this.#registers.get(0x83) ?? 0) << 16) + this.#dmaAddress + 255 - this.#dmaCount] =
        this.noise;
      this.noise = (this.noise * 5 + 13) & 0xff;
      this.#dmaCount = (this.#dmaCount - 1) & 0xff;
      if (this.#dmaCount === 255) this.#raise(5);
    }
    return time();
  }

  #key(): number {
    if (this.#keys.length > 0) this.#raise(1);
    return 5_000_000;
  }

  /** A byte has left. */
  #sent(): number {
    if (this.#sending !== undefined) this.output += String.fromCharCode(this.#sending);
    this.#sending = this.#fifo.shift();
    if (this.#sending === undefined) return Number.POSITIVE_INFINITY;
    if (this.#fifo.length === 0) this.#transmitterEmpty();
    return BYTE_TIME;
  }

  #transmitterEmpty(): void {
    this.#thre = true;
    if ((this.#registers.get(0x3f9) ?? 0) & 2) this.#raise(4);
  }

  #startClock(): void {
    const periodic = { next: this.now + SECOND / 128, tick: () => this.#clockFlag(0x40, SECOND / 128) };
    const update = { next: this.now + SECOND / 3, tick: () => this.#clockFlag(0x10, SECOND) };
    this.#clocks.push(periodic, update);
  }

  #clockFlag(flag: number, period: number): number {
    const line = this.#cmos[0x0c] as number;
    if (line === 0) this.#raise(8);
    this.#cmos[0x0c] = line | flag | 0x80;
    return period;
  }

  #latch(): void {
    const past = Math.floor((this.now - this.#pitStart) / PIT_TICK) % this.#pitReload;
    const count = this.#pitReload - past;
    this.#pitReads = [count & 0xff, count >> 8];
  }

  #read(port: number): number {
    switch (port) {
      case 0x20:
      case 0x21:
        return this.#pics[0].read(port & 1);
      case 0xa0:
      case 0xa1:
        return this.#pics[1].read(port & 1);
      case 0x40:
      case 0x42:
        return this.#pitReads.shift() ?? 0xff;
      case 0x60:
        return this.#keys.shift() ?? 0xff;
      case 0x64:
        return 0;
      case 0x71: {
        const value = this.#cmos[this.#cmosIndex] as number;
        if (this.#cmosIndex === 0x0c) this.#cmos[0x0c] = 0;
        return value;
      }
      case 0x02:
      case 0x03:
        this.#dmaHigh = !this.#dmaHigh;
        if (port === 3) return this.#dmaHigh ? this.#dmaCount : 0;
        return this.#dmaHigh ? (255 - this.#dmaCount) & 0xff : this.#dmaAddress >> 8;
      case 0x3fa: {
        if (!this.#thre || !((this.#registers.get(0x3f9) ?? 0) & 2)) return 0xc1;
        this.#thre = false;
        return 0xc2;
      }
      case 0x3fd:
        return (this.#fifo.length === 0 ? 0x20 : 0) | (this.#sending === undefined ? 0x40 : 0);
      default:
        return this.#registers.get(port) ?? 0xff;
    }
  }

  #write(port: number, value: number): void {
    const divisorLatch = ((this.#registers.get(0x3fb) ?? 0) & 0x80) !== 0;
    if ((port === 0x3f8 || port === 0x3f9) && divisorLatch) return;
    this.#registers.set(port, value);
    switch (port) {
      case 0x20:
      case 0x21:
        this.#pics[0].write(port & 1, value);
        break;
      case 0xa0:
      case 0xa1:
        this.#pics[1].write(port & 1, value);
        break;
      case 0x40:
        if (this.#pitHigh) {
          this.#pitReload = (this.#pitReload & 0xff) | (value << 8);
          this.#pitStart = this.now;
          const period = this.#pitReload * PIT_TICK;
          const tick = () => {
            this.#raise(0);
            return period;
          };
          this.#clocks.push({ next: this.now + period, tick });
        } else {
          this.#pitReload = value;
        }
        this.#pitHigh = !this.#pitHigh;
        break;
      case 0x43:
        if (value === 0xe2) this.#pitReads = [0x34];
        else if (value === 0xe8) this.#pitReads = [0xb6];
        else if (value === 0) this.#latch();
        break;
      case 0x70:
        this.#cmosIndex = value & 0x7f;
        break;
      case 0x71:
        this.#cmos[this.#cmosIndex] = value;
        if (this.#cmosIndex === 0x0b && value & 0x50) this.#startClock();
        break;
      case 0x02:
        this.#dmaAddress = (value << 8) | (this.#dmaAddress >> 8);
        break;
      case 0x0c:
        this.#dmaHigh = false;
        break;
      case 0x3f8:
        this.#thre = false;
        if (this.#fifo.length < 16) this.#fifo.push(value);
        if (this.#transmitter.next === Number.POSITIVE_INFINITY) this.#transmitter.next = this.now;
        break;
      case 0x3f9:
        if (value & 2 && this.#fifo.length === 0) this.#transmitterEmpty();
        break;
    }
  }
}
