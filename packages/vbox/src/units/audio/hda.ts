import { Bool, Marker, Mem, Nested, SsmStream, Transient, U8, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

// `hda`: the HD audio controller and its codec (`VirtualBox 7.2 DevHda.cpp, DevHdaCodec.cpp`).

/** A node of the codec (`hdaCodecSaveState`). */
@SsmStream()
export class HdaNode {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U8() id = 0;
  @U32({ count: 20 }) parameters = new Uint32Array(20);
  @U32({ count: 16 }) unnamed = new Uint32Array(16);
  /** What the node's own registers hold, by its type. */
  @U32({ count: 66 }) registers = new Uint32Array(66);
  @Marker('u32', STRUCT_END) declare end: never;
}

/** The period of a stream, up to version 7. */
@SsmStream()
export class HdaPeriod {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U64() unnamed0 = 0n;
  @U64() unnamed1 = 0n;
  @U32() unnamed2 = 0;
  @U8() unnamed3 = 0;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** A stream (`hdaR3SaveStream`). */
@SsmStream()
export class HdaStream {
  @U8() id = 0;
  @Marker('u32', STRUCT_BEGIN) declare stateBegin: never;
  @U8() currentEntry = 0;
  @Marker('u8', 0) declare unused: never;
  @Bool() inReset = false;
  @U64() nextTransfer = 0n;
  @Marker('u32', STRUCT_END) declare stateEnd: never;
  /** The entry of the buffer descriptor list that is in use. */
  @Marker('u32', STRUCT_BEGIN) declare descriptorBegin: never;
  @U64() bufferAddress = 0n;
  @U32() bufferSize = 0;
  @U32() bufferFlags = 0;
  @Marker('u32', STRUCT_END) declare descriptorEnd: never;
  @Marker('u32', STRUCT_BEGIN) declare positionBegin: never;
  @U32() listIndex = 0;
  @Marker('u32', 0) declare positionUnused: never;
  @U32() bufferOffset = 0;
  @Marker('u32', STRUCT_END) declare positionEnd: never;
  @Nested(HdaPeriod, { until: 7 }) period = new HdaPeriod();
  @U32() circularBufferSize = 0;
  /** What waits in the circular buffer. */
  @Mem({ count: { stream: 'u32' }, max: 0x1000000 }) circularBuffer = new Uint8Array(0);
}

/** `hda` versions 7 and 8 (`hdaR3SaveExec`). */
@SsmStream()
export class Hda {
  /** Whether the product is one that saves the level: version 7 was written without it at first. */
  @Transient() savesIrqLevel = true;
  @Nested(HdaNode, { count: { stream: 'u32' }, max: 64 }) nodes: HdaNode[] = [];
  @U32({ count: { stream: 'u32' }, max: 1024 }) registers = new Uint32Array(0);
  /** When the wall clock was 0, in nanoseconds. */
  @U64() wallClockStart = 0n;
  @U8({ when: 'savesIrqLevel' }) irqLevel = 0;
  @Nested(HdaStream, { count: { stream: 'u32' }, max: 64 }) streams: HdaStream[] = [];
}
