import { Bool, Marker, Mem, Nested, S32, SsmStream, Transient, U16, U32, U64 } from '@ssmkit/schema';
import { MARKER } from './markers.js';

// The part of `vga` for Guest Additions (`VirtualBox 7.2 HGSMIHost.cpp, DevVGA_VBVA.cpp`).

const MONITORS_MAX = 64;
const QUEUE_MAX = 0x10000;
/** Most bytes of a part of the guest's that the unit holds. */
const BYTES_MAX = 0x4000000;

/** How the heap that the host's commands are allocated from is managed. */
export enum HgsmiHeapType {
  None = 0,
  Pointer = 1,
  Offset = 2,
  /** By its own allocator, of which the blocks are saved. */
  Blocks = 3,
}

/** What {@link Hgsmi.heapLocation} and {@link VbvaView.vbva} are where there is none. */
const NOWHERE = 0xffffffff;

/** A command that waits. */
@SsmStream()
export class HgsmiEntry {
  @U32() flags = 0;
  /** Where in video memory it lies. */
  @U32() buffer = 0;
}

/** The heap and the queues (`HGSMIHostSaveStateExec`). */
@SsmStream()
export class HgsmiQueues {
  @U32() heapOffset = 0;
  @U32() heapSize = 0;
  /** A pointer of the host that saved. */
  @U64() hostBase = 0n;
  @Nested(HgsmiEntry, { count: { stream: 'u32' }, max: QUEUE_MAX }) hostFifo: HgsmiEntry[] = [];
  @Nested(HgsmiEntry, { count: { stream: 'u32' }, max: QUEUE_MAX }) hostFifoRead: HgsmiEntry[] = [];
  @Nested(HgsmiEntry, { count: { stream: 'u32' }, max: QUEUE_MAX }) hostFifoProcessed: HgsmiEntry[] = [];
  /** Offsets of the guest's commands that are done. Some of up to version 8 may be invalid. */
  @U32({ count: { stream: 'u32' }, max: QUEUE_MAX, since: 7 }) guestCompleted = new Uint32Array(0);
}

/** The blocks of the heap. */
@SsmStream()
export class HgsmiBlocks {
  @U32({ count: { stream: 'u32' }, max: BYTES_MAX }) descriptors = new Uint32Array(0);
  @U32() largestBlock = 0;
}

/** A monitor as the guest has set it up (`vboxVBVASaveDevStateExec`). */
@SsmStream()
export class VbvaView {
  @U32() index = 0;
  /** Its piece of video memory. */
  @U32() offset = 0;
  @U32() size = 0;
  @U32() maxScreenSize = 0;
  @U32() screenIndex = 0;
  @S32() originX = 0;
  @S32() originY = 0;
  @U32() startOffset = 0;
  @U32() lineBytes = 0;
  @U32() width = 0;
  @U32() height = 0;
  @U16() bitsPerPixel = 0;
  @U16() flags = 0;
  /** Where the buffer of drawing commands lies; 0xFFFFFFFF: there is none. */
  @U32() vbva = NOWHERE;
  /** The part of a record that has come. */
  @Mem({ count: { stream: 'u32' }, max: BYTES_MAX }) partialRecord = new Uint8Array(0);
}

/** The mouse pointer that the guest has asked for. */
@SsmStream()
export class VbvaPointer {
  @Bool() set = false;
  @Bool() visible = false;
  @Bool() alpha = false;
  @U32() hotX = 0;
  @U32() hotY = 0;
  @U32() width = 0;
  @U32() height = 0;
  /** The AND mask of a bit each pixel, padded to 4 bytes, and 32-bit pixels. */
  @Mem({ count: { stream: 'u32' }, max: BYTES_MAX }) shape = new Uint8Array(0);
}

/** A mode that the host has suggested. */
@SsmStream()
export class VbvaModeHint {
  @U32() magic = 0;
  @U32() width = 0xffffffff;
  @U32() height = 0xffffffff;
  @U32() bitsPerPixel = 0xffffffff;
  @U32() display = 0xffffffff;
  @U32() dx = 0xffffffff;
  @U32() dy = 0xffffffff;
  @U32() enabled = 0xffffffff;
}

/** Bytes of a {@link VbvaModeHint}. */
const MODE_HINT_BYTES = 32;

/** HGSMI and VBVA (`HGSMIHostSaveStateExec`, `vboxVBVASaveDevStateExec`). */
@SsmStream()
export class Hgsmi {
  @U32({ since: 12, values: HgsmiHeapType }) heapType: number = HgsmiHeapType.None;
  /** Where in video memory the flags for the guest lie. */
  @U32() flagsOffset = NOWHERE;
  @U32() heapLocation = NOWHERE;
  @Nested(HgsmiQueues, { when: 'hasQueues' }) queues = new HgsmiQueues();
  @Nested(HgsmiBlocks, { when: 'hasBlocks' }) blocks = new HgsmiBlocks();
  @Marker('u64', MARKER + 2n, { since: 16 }) declare marker2: never;
  @Nested(VbvaView, { count: { stream: 'u32' }, max: MONITORS_MAX }) views: VbvaView[] = [];
  @Nested(VbvaPointer, { since: 5 }) pointer = new VbvaPointer();
  /** The first 32 bits are the guest's capabilities. */
  @Mem({ count: { stream: 'u32' }, max: BYTES_MAX, since: 5 }) extra = new Uint8Array(0);
  @U32({ since: 15, max: 1024 }) modeHintCount = 0;
  @U32({ since: 15, values: [MODE_HINT_BYTES] }) modeHintBytes = MODE_HINT_BYTES;
  @Nested(VbvaModeHint, { count: 'modeHintCount', max: 1024, since: 15 }) modeHints: VbvaModeHint[] = [];

  get hasQueues(): boolean {
    return this.heapLocation !== NOWHERE;
  }

  hasBlocks({ version }: { version: number }): boolean {
    return version >= 12 && this.hasQueues && this.heapType === HgsmiHeapType.Blocks;
  }
}

/** Whether hardware acceleration of video is available for a monitor. */
export enum VhwaState {
  Available = 0x12345678,
  Unavailable = 0x9abcdef0,
}

/**
 * Acceleration of video (`vboxVBVASaveStateExec`). What a host that has it saves beside is not known: such a state is
 * not understood.
 */
@SsmStream()
export class Vhwa {
  @Transient() monitorCount = 1;
  @Transient() isSolaris = false;
  /** {@link VhwaState} of each monitor. */
  @U32({ count: 'monitorCount', max: MONITORS_MAX, each: { values: VhwaState } })
  monitors = new Uint32Array([VhwaState.Unavailable]);
  @U32({ count: { stream: 'u32' }, max: QUEUE_MAX, when: 'hasPending' }) pending = new Uint32Array(0);

  /** Solaris hosts did not save it before version 14. */
  hasPending({ version }: { version: number }): boolean {
    return version >= 14 || !this.isSolaris;
  }
}
