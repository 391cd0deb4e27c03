import { Bool, Marker, SsmStream, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';

/** `usb-ehci` version 7 (`VirtualBox 7.2 DevEHCI.cpp, ehciR3SaveExec`, g_aEhciFields). */
@SsmStream()
export class Ehci {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Bool() asyncTraversalTimerActive = false;
  /** When the current frame began. */
  @U64() sofTime = 0n;
  @U32({ count: 3 }) unused = new Uint32Array(3);
  @U32({ count: 15 }) ports = new Uint32Array(15);
  @U32() capabilityLength = 0x20;
  @U32() hciVersion = 0x0100;
  @U32() hcsParams = 0;
  @U32() hccParams = 0;
  @U32() command = 0;
  @U32() interruptStatus = 0;
  @U32() interruptEnable = 0;
  @U32() frameIndex = 0;
  @U32() dsSegment = 0;
  @U32() periodicListBase = 0;
  @U32() asyncListBase = 0;
  @U32() config = 0;
  @U32() interruptInterval = 0;
  @U32() frameNumber = 0;
  @U32() framesPerTimerCall = 1;
  @Bool() busStarted = false;
  @Marker('u32', STRUCT_END) declare end: never;
}
