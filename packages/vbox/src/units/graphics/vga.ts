import { Bool, Marker, Mem, Nested, SsmStream, Transient, U8, U16, U32 } from '@ssmkit/schema';
import { Hgsmi, Vhwa } from './hgsmi.js';
import { MARKER } from './markers.js';
import { Vmsvga } from './vmsvga.js';

// `vga`: the graphics adapters (`VirtualBox 7.2 DevVGA.cpp`). The memory for pictures is in `pgm`.

/** Most monitors of a machine. */
const MONITORS_MAX = 64;

/** What the adapter has: alone in pass 0, and in front of the state since version 4 (`vgaR3SaveConfig`). */
@SsmStream()
export class VgaConfig {
  /** Bytes of video memory. */
  @U32() vramSize = 16 << 20;
  @U32({ max: MONITORS_MAX }) monitorCount = 1;
}

/** Registers of the Bochs VBE extensions, by their place in {@link VgaRegisters.vbe}. */
export enum VbeRegister {
  Id = 0,
  XResolution = 1,
  YResolution = 2,
  BitsPerPixel = 3,
  Enable = 4,
  Bank = 5,
  VirtualWidth = 6,
  VirtualHeight = 7,
  XOffset = 8,
  YOffset = 9,
  VBoxVideo = 10,
  FrameBufferBaseHigh = 11,
  Config = 12,
}

/** How many VBE registers there are where the unit says 1 (`vga_load`). */
const VBE_OLD_COUNT = 11;

/** The registers of a VGA (`vga_save`), each group with the index that selects one of them. */
@SsmStream()
export class VgaRegisters {
  /** A byte of each plane, of the last read. */
  @U32() latch = 0;
  /** Sequencer. */
  @U8() srIndex = 0;
  @Mem({ count: 8 }) sr = new Uint8Array(8);
  /** Graphics controller. */
  @U8() grIndex = 0;
  @Mem({ count: 16 }) gr = new Uint8Array(16);
  /** Attribute controller. Bit 5 of the index: the screen is on. */
  @U8() arIndex = 0;
  @Mem({ count: 21 }) ar = new Uint8Array(21);
  @U32() arFlipFlop = 0;
  /** CRT controller. */
  @U8() crIndex = 0;
  @Mem({ count: 256 }) cr = new Uint8Array(256);
  /** Miscellaneous output. */
  @U8() msr = 0;
  @U8() fcr = 0;
  @U8() st00 = 0;
  @U8() st01 = 0;
  @U8() dacState = 0;
  @U8() dacSubIndex = 0;
  @U8() dacReadIndex = 0;
  @U8() dacWriteIndex = 0;
  @Mem({ count: 3 }) dacCache = new Uint8Array(3);
  /** 256 × red, green, blue, of six bits, or of eight where the guest asked for it. */
  @Mem({ count: 768 }) palette = new Uint8Array(768);
  /** Where the window of 64 KiB lies in video memory. */
  @U32() bankOffset = 0;
  /** 0: none; 1, in states of old: 11. */
  @U8({ max: 64 }) vbeCount = 13;
  @U16({ when: 'vbeCount' }) vbeIndex = 0;
  /** By {@link VbeRegister}. */
  @U16({ count: 'vbeRegisters', max: 64, when: 'vbeCount' }) vbe = new Uint16Array(13);
  /** Where the picture begins, in units of 4 bytes; bytes from one line to the next. */
  @U32({ when: 'vbeCount' }) vbeStart = 0;
  @U32({ when: 'vbeCount' }) vbeLineBytes = 0;
  @U32({ until: 1, when: 'vbeCount' }) oldVbeBankMax = 0;

  get vbeRegisters(): number {
    return this.vbeCount === 1 ? VBE_OLD_COUNT : this.vbeCount;
  }
}

/** `vga` versions 1 to 34 (`vgaR3SaveExec`, `vgaR3LoadExec`). */
@SsmStream()
export class Vga {
  /** Bytes of the unit that is read: nothing else tells the length of the 3D part. */
  @Transient() unitBytes: number | undefined = undefined;
  /** Whether the product saves acceleration of video whatever the version. */
  @Transient() savesVhwa = false;
  /** Whether a Solaris host saved. */
  @Transient() isSolaris = false;
  @Nested(VgaConfig, { since: 4 }) config = new VgaConfig();
  @Nested(VgaRegisters) registers = new VgaRegisters();
  @Marker('u64', MARKER + 1n, { since: 16 }) declare marker1: never;
  @Bool({ since: 4 }) withHgsmi = true;
  /** The host's side of the interface that Guest Additions draw by. */
  @Nested(Hgsmi, { when: 'hasHgsmi' }) hgsmi = new Hgsmi();
  @Nested(Vhwa, { when: 'hasVhwa', with: ['monitorCount', 'isSolaris'] }) vhwa = new Vhwa();
  @Marker('u64', MARKER + 3n, { since: 16 }) declare marker3: never;
  /** 1: there is a DMA engine, which has no state of its own. */
  @U32({ since: 13, max: 1 }) vdma = 1;
  @Marker('u32', 0xffffffff, { since: 13, when: 'vdma' }) declare vdmaEnd: never;
  @Marker('u64', MARKER + 5n, { since: 16 }) declare marker5: never;
  /** Only adapters that are VMSVGA or VBoxSVGA have it. */
  @Nested(Vmsvga, { when: 'hasSvga', with: ['unitBytes'] }) svga: Vmsvga | undefined = undefined;
  @Marker('u64', MARKER + 6n, { since: 16 }) declare marker6: never;

  hasHgsmi({ version }: { version: number }): boolean {
    return version === 3 || (version >= 4 && this.withHgsmi);
  }

  hasVhwa(stream: { version: number }): boolean {
    return stream.version > 7 && (stream.version < 30 || this.savesVhwa) && this.hasHgsmi(stream);
  }

  get monitorCount(): number {
    return this.config.monitorCount;
  }

  get hasSvga(): boolean {
    return this.svga !== undefined;
  }
}

/** The forms of {@link Vga}, of versions whose VMSVGA part is known: with and without it. */
export const vgaForms: readonly ((vga: Vga) => void)[] = [
  () => {},
  (vga) => {
    vga.svga = new Vmsvga();
  },
];
