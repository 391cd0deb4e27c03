import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, Transient, U32, U64 } from '@ssmkit/schema';

// Command buffers and objects in guest memory of VMware's adapter (`VirtualBox 7.2 DevVGA-SVGA.cpp, vmsvgaR3SaveExec`).

const BYTES_MAX = 1 << 28;

/** A command buffer that waits. */
@SsmStream()
export class VmsvgaCommandBuffer {
  @GCPhys() address = 0n;
  @Mem({ count: { stream: 'u32' }, max: 0x10000 }) header = new Uint8Array(0);
  @Mem({ count: { stream: 'u32' }, max: BYTES_MAX }) commands = new Uint8Array(0);
}

/**
 * A queue of command buffers. Since version 33 a buffer begins with its type, of which the values are not known: a state
 * in which some wait is not understood.
 */
@SsmStream()
export class VmsvgaBufferContext {
  @Nested(VmsvgaCommandBuffer, { count: { stream: 'u32' }, max: 0x10000, until: 32 })
  buffers: VmsvgaCommandBuffer[] = [];
  @Marker('u32', 0, { since: 33 }) declare none: never;
}

/** A queue that may not be there. */
@SsmStream()
export class VmsvgaOptionalContext {
  @Bool() present = false;
  @Nested(VmsvgaBufferContext, { when: 'present' }) context = new VmsvgaBufferContext();
}

/** The queues of command buffers. */
@SsmStream()
export class VmsvgaCommandBuffers {
  /** The device's own. */
  @Nested(VmsvgaBufferContext) device = new VmsvgaBufferContext();
  @Nested(VmsvgaOptionalContext, { count: { stream: 'u32' }, max: 64 }) contexts: VmsvgaOptionalContext[] = [];
  @U32() flags = 0;
}

/** A piece of an object. */
@SsmStream()
export class VmsvgaGboPiece {
  @GCPhys() address = 0n;
  @U64() pages = 0n;
}

/**
 * An object in guest memory. The host may keep the memory for it, and then saves it behind the object; how the flags say
 * so is not known: a state with flags is not understood.
 */
@SsmStream()
export class VmsvgaGbo {
  @Marker('u32', 0) declare flags: never;
  @U32() totalPages = 0;
  @U32() bytes = 0;
  @Nested(VmsvgaGboPiece, { count: { stream: 'u32' }, max: 0x100000 }) pieces: VmsvgaGboPiece[] = [];
}

/** A memory object. */
@SsmStream()
export class VmsvgaMob {
  @U32() id = 0;
  @Nested(VmsvgaGbo) gbo = new VmsvgaGbo();
}

/** The tables of objects, and the memory objects. */
@SsmStream()
export class VmsvgaObjects {
  @Transient() enabled3D = false;
  @Nested(VmsvgaGbo, { count: { stream: 'u32' }, max: 64 }) tables: VmsvgaGbo[] = [];
  @Nested(VmsvgaMob, { end: { id: 0xffffffff }, max: 0x100000 }) mobs: VmsvgaMob[] = [];
  @U32({ when: 'enabled3D' }) currentContext = 0xffffffff;
  @U32({ since: 32 }) cursorMob = 0xffffffff;
}
