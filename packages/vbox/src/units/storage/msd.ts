import { Bool, Marker, Mem, Nested, SsmStream, U8, U32 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

// `Msd`: a USB mass storage device (`VirtualBox 7.2 UsbMsd.cpp`).

/** Bytes of a command block wrapper. */
const CBW_BYTES = 31;

/** Whether a disk is attached: alone in pass 0, and in front of the state. */
@SsmStream()
export class MsdConfig {
  @Bool() diskAttached = false;
}

/** The request in progress. */
@SsmStream()
export class MsdRequest {
  @U32() state = 0;
  @Mem({ count: { stream: 'u32' }, max: 0x1000000 }) buffer = new Uint8Array(0);
  @U32() offset = 0;
  @Mem({ count: CBW_BYTES }) commandBlock = new Uint8Array(CBW_BYTES);
  @U8() scsiStatus = 0;
}

/** `Msd` version 2. */
@SsmStream()
export class Msd {
  @Nested(MsdConfig) config = new MsdConfig();
  @U8() configurationValue = 0;
  /** Of the control endpoint and the two bulk ones. */
  @Bool({ count: 3 }) endpointHalted = [false, false, false];
  @Bool() requestPending = false;
  @Nested(MsdRequest, { when: 'requestPending' }) request = new MsdRequest();
  @Marker('u32', TERMINATOR) declare terminator: never;
}
