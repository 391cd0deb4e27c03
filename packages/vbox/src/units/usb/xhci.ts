import { Bool, Marker, Nested, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { TERMINATOR } from '../common.js';

// `usb-xhci`: the USB 3 controller (`VirtualBox 7.2 DevXHCI.cpp`).

/** A device slot. */
@SsmStream()
export class XhciSlot {
  @U8() state = 0;
  /** Bit n: the doorbell of endpoint n has rung. */
  @U32() doorbells = 0;
}

/** A port. */
@SsmStream()
export class XhciPort {
  @U32() portsc = 0;
  @U32() portpm = 0;
}

/** An interrupter with its ring of events. */
@SsmStream()
export class XhciInterrupter {
  @U32() iman = 0;
  @U32() imod = 0;
  @U32() erstsz = 0;
  @U64() erstba = 0n;
  @U64() erdp = 0n;
  /** Where the next event is written. */
  @U64() eventPointer = 0n;
  @U16() segment = 0;
  /** Places left in the segment. */
  @U16() eventsLeft = 0;
  @Bool() producerCycle = true;
  @Bool() pending = false;
}

/** `usb-xhci` version 1. */
@SsmStream()
export class Xhci {
  @U32() command = 0;
  @U32() status = 0x1001;
  @U32() notificationControl = 0;
  @U64() crcr = 0n;
  @U64() dcbaap = 0n;
  @U32() config = 0;
  /** Where the next command is read. */
  @U64() commandPointer = 0n;
  @Bool() commandCycle = true;
  @Nested(XhciSlot, { count: { stream: 'u32' }, max: 256 }) slots: XhciSlot[] = [];
  @Nested(XhciPort, { count: { stream: 'u32' }, max: 256 }) ports: XhciPort[] = [];
  @Nested(XhciInterrupter, { count: { stream: 'u32' }, max: 1024 }) interrupters: XhciInterrupter[] = [];
  @Marker('u32', TERMINATOR) declare terminator: never;
}
