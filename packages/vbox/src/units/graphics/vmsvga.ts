import { Bool, GCPhys, Marker, Mem, Nested, S32, SsmStream, Transient, U32, U64 } from '@ssmkit/schema';
import { type CountedStream, restBytes, STRUCT_BEGIN, STRUCT_END } from '../common.js';
import { VmsvgaCommandBuffers, VmsvgaObjects } from './vmsvga-objects.js';

// The part of `vga` for VMware's adapter (`VirtualBox 7.2 DevVGA-SVGA.cpp, vmsvgaR3SaveExec`).

const DEVICE_CAPS = 260;
const BYTES_MAX = 1 << 28;
/** Bytes of the VGA's picture that are kept while the adapter shows its own. */
const FRAME_BUFFER_BYTES = 524_288;
const FRAME_BUFFER_OLD_BYTES = 32_768;

/** The registers. */
@SsmStream()
export class VmsvgaRegisters {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U32() id = 0;
  @U32() enabled = 0;
  @U32() configured = 0;
  @U32() busy = 0;
  @U32() traces = 0;
  @U32() guestId = 0;
  @U32() scratchSize = 0;
  @U32({ count: 256 }) scratch = new Uint32Array(256);
  @U32() irqStatus = 0;
  @U32() irqMask = 0;
  @U32() pitchLock = 0;
  @U32() currentGmr = 0;
  @U32() deviceCaps = 0;
  @U32({ since: 27 }) deviceCaps2 = 0;
  @U32({ since: 27 }) guestDriverId = 0;
  @U32({ count: 3, since: 27 }) guestDriverVersion = new Uint32Array(3);
  @U32({ since: 28 }) fenceLast = 0;
  /** The register that the index/value pair shows. */
  @U32() index = 0;
  /** Whether the screen is where the guest has set the following. */
  @Bool({ since: 21 }) frameBufferRegisters = false;
  @U32() width = 0xffffffff;
  @U32() height = 0xffffffff;
  @U32() bitsPerPixel = 0xffffffff;
  @U32() lineBytes = 0;
  @U32({ since: 20 }) screenOffset = 0;
  @U32({ since: 22 }) cursorX = 0;
  @U32({ since: 22 }) cursorY = 0;
  @U32({ since: 22 }) cursorId = 0;
  @U32({ since: 22 }) cursorOn = 0;
  @U32() maxWidth = 0;
  @U32() maxHeight = 0;
  @U32() actionFlags = 0;
  @Bool() enabled3D = false;
  @Bool() vramTracking = false;
  @U32({ count: DEVICE_CAPS, since: 24 }) devCaps = new Uint32Array(DEVICE_CAPS);
  @U32({ since: 24 }) devCapIndex = 0;
  @U32({ since: 24 }) commandLow = 0;
  @U32({ since: 24 }) commandHigh = 0;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** What the commands of the FIFO have set up. */
@SsmStream()
export class VmsvgaFifoState {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** The frame buffer in guest memory: a region, an offset in it, bytes from line to line, and the format. */
  @U32() gmrId = 0;
  @U32() gmrOffset = 0;
  @U32() gmrLineBytes = 0;
  @U32() gmrFormat = 0;
  @Bool() cursorActive = false;
  @U32() cursorHotX = 0;
  @U32() cursorHotY = 0;
  @U32() cursorWidth = 0;
  @U32() cursorHeight = 0;
  @U32({ max: BYTES_MAX }) cursorBytes = 0;
  @U32() annotationColor = 0;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** A piece of a region of guest memory. */
@SsmStream()
export class VmsvgaGmrPiece {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @GCPhys() address = 0n;
  @U64() pages = 0n;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** A region of guest memory. */
@SsmStream()
export class VmsvgaGmr {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U32() maxPages = 0;
  @U32() totalBytes = 0;
  @U32({ max: 0x100000 }) pieceCount = 0;
  @Marker('u32', STRUCT_END) declare end: never;
  @Nested(VmsvgaGmrPiece, { count: 'pieceCount', max: 0x100000 }) pieces: VmsvgaGmrPiece[] = [];
}

/** A screen. */
@SsmStream()
export class VmsvgaScreen {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U32() flags = 0;
  @U32() id = 0;
  @S32() originX = 0;
  @S32() originY = 0;
  @U32() width = 0;
  @U32() height = 0;
  /** Where in video memory it lies. */
  @U32() offset = 0;
  @U32() lineBytes = 0;
  @U32() bitsPerPixel = 0;
  @Bool() defined = false;
  @Bool() modified = false;
  @U32({ since: 23 }) dotsPerInch = 0;
  @Marker('u32', STRUCT_END) declare end: never;
  @Mem({ count: { stream: 'u32' }, max: BYTES_MAX, since: 24 }) bitmap = new Uint8Array(0);
}

/** VMSVGA and VBoxSVGA. */
@SsmStream()
export class Vmsvga {
  @Transient() unitBytes: number | undefined = undefined;
  @Nested(VmsvgaRegisters) registers = new VmsvgaRegisters();
  @U32({ since: 17, max: BYTES_MAX }) frameBufferSize = FRAME_BUFFER_BYTES;
  /** The VGA's picture, while the adapter shows its own. */
  @Mem({ count: 'frameBufferBytes', max: BYTES_MAX }) frameBuffer = new Uint8Array(FRAME_BUFFER_BYTES);
  @Nested(VmsvgaFifoState) fifo = new VmsvgaFifoState();
  @Mem({ count: 'cursorBytes', max: BYTES_MAX }) cursor = new Uint8Array(0);
  @Nested(VmsvgaGmr, { count: { stream: 'u32' }, max: 0x10000 }) gmrs: VmsvgaGmr[] = [];
  @Bool({ since: 25 }) hasCommandBuffers = true;
  @Nested(VmsvgaCommandBuffers, { since: 25, when: 'hasCommandBuffers' }) commandBuffers = new VmsvgaCommandBuffers();
  @Bool({ since: 25 }) hasObjects = true;
  @Nested(VmsvgaObjects, { since: 25, when: 'hasObjects', with: ['enabled3D'] }) objects = new VmsvgaObjects();
  @Nested(VmsvgaScreen, { count: { stream: 'u32' }, max: 64, since: 21 }) screens: VmsvgaScreen[] = [];
  /**
   * What the host's 3D back end has saved, to the end of the part. How it is laid out depends on the back end, and is
   * not known; 8 zero bytes where nothing is in use.
   */
  @Mem({ count: 'backEndBytes', max: 1 << 30 }) backEnd = new Uint8Array(0);

  frameBufferBytes({ version }: { version: number }): number {
    return version >= 17 ? this.frameBufferSize : FRAME_BUFFER_OLD_BYTES;
  }

  get cursorBytes(): number {
    return this.fifo.cursorActive ? this.fifo.cursorBytes : 0;
  }

  get enabled3D(): boolean {
    return this.registers.enabled3D;
  }

  /** All but the marker that ends the unit. */
  backEndBytes(stream: CountedStream): number {
    return restBytes(this.backEnd, this.unitBytes, stream, 8);
  }
}
