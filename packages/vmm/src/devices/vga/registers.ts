import type { VgaRegisters } from '@ssmkit/vbox';

// Ports 0x3B0 to 0x3DF (IBM, "PS/2 Hardware Interface Technical Reference", video subsystem).

/** Ports. Those of the CRT controller and of status 1 are at 0x3B… with a monochrome monitor, and at 0x3D… else. */
export const Port = {
  ATTRIBUTE: 0x3c0,
  ATTRIBUTE_READ: 0x3c1,
  /** Written: miscellaneous output; read: status 0. */
  MISCELLANEOUS: 0x3c2,
  SEQUENCER_INDEX: 0x3c4,
  SEQUENCER: 0x3c5,
  PIXEL_MASK: 0x3c6,
  /** Written: colour to be read; read: what the DAC is doing. */
  DAC_READ: 0x3c7,
  DAC_WRITE: 0x3c8,
  DAC: 0x3c9,
  FEATURE_READ: 0x3ca,
  MISCELLANEOUS_READ: 0x3cc,
  GRAPHICS_INDEX: 0x3ce,
  GRAPHICS: 0x3cf,
  /** Below 0x3D0 and 0x3B0. */
  CRT_INDEX: 0x4,
  CRT: 0x5,
  /** Read: status 1; written: feature control. */
  STATUS_1: 0xa,
} as const;

const MONO = 0x3b0;
const COLOUR = 0x3d0;

/** Bits that registers have. */
const SR_MASKS = [0x03, 0x3d, 0x0f, 0x3f, 0x0e] as const;
const GR_MASKS = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff] as const;
const AR_MASKS = [...new Array<number>(16).fill(0x3f), 0xef, 0xff, 0x3f, 0x0f, 0x0f];
const DAC_MASK = 0x3f;
/** Registers of the CRT controller. */
const CRT_COUNT = 0x19;

const MISC_COLOUR = 0x01;
const AR_INDEX = 0x1f;
const AR_SCREEN_ON = 0x20;
const Cr = { OVERFLOW: 0x07, RETRACE_END: 0x11 } as const;
/** CR11: registers 0 to 7 are protected, but for a bit of the overflow. */
const PROTECT = 0x80;
const OVERFLOW_LINE_COMPARE = 0x10;
const DacState = { WRITE: 0, READ: 3 } as const;

/** What the registers need around them. */
export interface RegisterHost {
  /** Status 1, as of now. */
  readonly status1: number;
}

/** The registers at the ports. */
export class RegisterFile {
  readonly state: VgaRegisters;
  readonly #host: RegisterHost;

  constructor(state: VgaRegisters, host: RegisterHost) {
    this.state = state;
    this.#host = host;
  }

  /** @returns nothing for a port that nobody answers. */
  read(port: number): number | undefined {
    const { state } = this;
    switch (port) {
      case Port.ATTRIBUTE:
        return state.arIndex;
      case Port.ATTRIBUTE_READ:
        return state.ar[state.arIndex & AR_INDEX] ?? 0;
      case Port.MISCELLANEOUS:
        return state.st00;
      case Port.SEQUENCER_INDEX:
        return state.srIndex;
      case Port.SEQUENCER:
        return state.sr[state.srIndex] ?? 0;
      case Port.PIXEL_MASK:
        return 0xff;
      case Port.DAC_READ:
        return state.dacState;
      case Port.DAC_WRITE:
        return state.dacWriteIndex;
      case Port.DAC:
        return this.#readDac();
      case Port.FEATURE_READ:
        return state.fcr;
      case Port.MISCELLANEOUS_READ:
        return state.msr;
      case Port.GRAPHICS_INDEX:
        return state.grIndex;
      case Port.GRAPHICS:
        return state.gr[state.grIndex] ?? 0;
      default:
        return this.#readCrt(port);
    }
  }

  write(port: number, value: number): void {
    const { state } = this;
    switch (port) {
      case Port.ATTRIBUTE:
        this.#writeAttribute(value);
        break;
      case Port.MISCELLANEOUS:
        state.msr = value & ~0x10;
        break;
      case Port.SEQUENCER_INDEX:
        state.srIndex = value & 0x07;
        break;
      case Port.SEQUENCER:
        store(state.sr, state.srIndex, value, SR_MASKS);
        break;
      case Port.DAC_READ:
        state.dacReadIndex = value;
        state.dacSubIndex = 0;
        state.dacState = DacState.READ;
        break;
      case Port.DAC_WRITE:
        state.dacWriteIndex = value;
        state.dacSubIndex = 0;
        state.dacState = DacState.WRITE;
        break;
      case Port.DAC:
        this.#writeDac(value & DAC_MASK);
        break;
      case Port.GRAPHICS_INDEX:
        state.grIndex = value & 0x0f;
        break;
      case Port.GRAPHICS:
        store(state.gr, state.grIndex, value, GR_MASKS);
        break;
      default:
        this.#writeCrt(port, value);
    }
  }

  /** Where the CRT controller is. */
  get #crtBase(): number {
    return (this.state.msr & MISC_COLOUR) !== 0 ? COLOUR : MONO;
  }

  #readCrt(port: number): number | undefined {
    const { state } = this;
    switch (port - this.#crtBase) {
      case Port.CRT_INDEX:
        return state.crIndex;
      case Port.CRT:
        return state.crIndex < CRT_COUNT ? state.cr[state.crIndex] : 0;
      case Port.STATUS_1:
        // The next write to the attribute controller is an index.
        state.arFlipFlop = 0;
        return this.#host.status1;
      default:
        return undefined;
    }
  }

  #writeCrt(port: number, value: number): void {
    const { state } = this;
    switch (port - this.#crtBase) {
      case Port.CRT_INDEX:
        state.crIndex = value;
        break;
      case Port.CRT: {
        const { crIndex, cr } = state;
        const isProtected = (cr[Cr.RETRACE_END]! & PROTECT) !== 0 && crIndex <= Cr.OVERFLOW;
        if (!isProtected) {
          if (crIndex < CRT_COUNT) cr[crIndex] = value;
        } else if (crIndex === Cr.OVERFLOW) {
          cr[crIndex] = (cr[crIndex]! & ~OVERFLOW_LINE_COMPARE) | (value & OVERFLOW_LINE_COMPARE);
        }
        break;
      }
      case Port.STATUS_1:
        state.fcr = value & 0x10;
        break;
      default: // nobody's
    }
  }

  #writeAttribute(value: number): void {
    const { state } = this;
    if (state.arFlipFlop === 0) state.arIndex = value & (AR_INDEX | AR_SCREEN_ON);
    else {
      const index = state.arIndex & AR_INDEX;
      // While the screen is on, its colours cannot be changed.
      if (index >= 16 || (state.arIndex & AR_SCREEN_ON) === 0) store(state.ar, index, value, AR_MASKS);
    }
    state.arFlipFlop ^= 1;
  }

  #readDac(): number {
    const { state } = this;
    const value = state.palette[3 * state.dacReadIndex + state.dacSubIndex] ?? 0;
    if (++state.dacSubIndex >= 3) {
      state.dacSubIndex = 0;
      state.dacReadIndex = (state.dacReadIndex + 1) & 0xff;
    }
    return value;
  }

  /** A colour is set when all three parts of it are there. */
  #writeDac(value: number): void {
    const { state } = this;
    state.dacCache[state.dacSubIndex] = value;
    if (++state.dacSubIndex < 3) return;
    state.palette.set(state.dacCache, 3 * state.dacWriteIndex);
    state.dacSubIndex = 0;
    state.dacWriteIndex = (state.dacWriteIndex + 1) & 0xff;
  }
}

function store(file: Uint8Array, index: number, value: number, masks: readonly number[]): void {
  const mask = masks[index];
  if (mask !== undefined) file[index] = value & mask;
}

const FRAME = 14_268_270n;
const LINES = 449n;
const LINE = FRAME / LINES;
const VISIBLE_LINES = 400n;
const RETRACE_LINES = { from: 412n, to: 414n } as const;

/** Status 1 at a time: 449 lines, 70 times a second, of each a fifth dark. Bit 0: dark; bit 3: vertical retrace. */
export function status1At(ns: bigint): number {
  const inFrame = ns % FRAME;
  const line = inFrame / LINE;
  const isDark = line >= VISIBLE_LINES || inFrame % LINE >= (LINE * 4n) / 5n;
  const isRetrace = line >= RETRACE_LINES.from && line < RETRACE_LINES.to;
  return (isDark ? 0x01 : 0) | (isRetrace ? 0x08 : 0);
}
