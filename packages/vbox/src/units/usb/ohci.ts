import { Marker, Mem, SsmStream, Transient, U32, U64 } from '@ssmkit/schema';
import { type CountedStream, restBytes, STRUCT_BEGIN, STRUCT_END } from '../common.js';

/** `usb-ohci` versions 4 to 6 (`VirtualBox 7.2 DevOHCI.cpp, ohciR3SaveExec`, g_aOhciFields). */
@SsmStream()
export class Ohci {
  @Transient() unitBytes: number | undefined = undefined;
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  /** When the current frame began. */
  @U64() sofTime = 0n;
  /** Delay of the done interrupt (3 bits), and whether the frame number has overflowed. */
  @U32() doneDelayAndOverflow = 0;
  @U32() rootHubStatus = 0;
  @U32() rootHubDescriptorA = 0;
  @U32() rootHubDescriptorB = 0;
  @U32({ count: 'portCount', max: 15 }) ports = new Uint32Array(15);
  @U32() control = 0;
  @U32() commandStatus = 0;
  @U32() interruptStatus = 0;
  @U32() interruptEnable = 0;
  @U32() hcca = 0;
  @U32() periodCurrent = 0;
  @U32() controlCurrent = 0;
  @U32() controlHead = 0;
  @U32() bulkCurrent = 0;
  @U32() bulkHead = 0;
  @U32() doneHead = 0;
  /** Frame interval, largest data packet, and toggle. */
  @U32() frameInterval = 0x27782edf;
  @U32() frameNumber = 0;
  @U32() periodicStart = 0;
  @Marker('u32', STRUCT_END) declare end: never;
  /** Frames a second for periodic transfers. */
  @U32({ since: 6 }) frameRate = 1000;
  /** A timer and more, which later versions do not have and no loader looks at. */
  @Mem({ count: 'oldBytes', max: 0x10000, until: 5 }) old = new Uint8Array(0);

  portCount({ version }: { version: number }): number {
    return version >= 5 ? 15 : 8;
  }

  oldBytes(stream: CountedStream): number {
    return restBytes(this.old, this.unitBytes, stream);
  }
}
