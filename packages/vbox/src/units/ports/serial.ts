import { Bool, IOPort, Marker, Nested, S32, SsmStream, U8, U16, U32 } from '@ssmkit/schema';
import { TERMINATOR, Timer } from '../common.js';

// `serial`: the serial ports (`VirtualBox 7.2 DevSerial.cpp, UartCore.cpp`).

/** How the port is wired: alone in pass 0, and in front of the state. */
@SsmStream()
export class SerialConfig {
  @U8() irq = 4;
  @IOPort() ioPortBase = 0x3f8;
  /** Which UART it is. */
  @U32() type = 1;
}

/** `serial` versions 6 and 7 (`uartR3SaveExec`). */
@SsmStream()
export class Serial {
  @Nested(SerialConfig) config = new SerialConfig();
  /** 115200 divided by the baud rate. */
  @U16() divisor = 12;
  @U8() rbr = 0;
  @U8() thr = 0;
  @U8() ier = 0;
  @U8() iir = 0x01;
  @U8() fcr = 0;
  @U8() lcr = 0;
  @U8() mcr = 0;
  @U8() lsr = 0x60;
  @U8() msr = 0;
  @U8() scr = 0;
  /** A character timeout interrupt is pending. */
  @Bool() ctiPending = false;
  @Bool() threEmptyPending = false;
  @U8() transmitFifoSize = 0;
  @U8() transmitFifoTrigger = 0;
  @U8() receiveFifoSize = 0;
  @U8() receiveFifoTrigger = 0;
  @Nested(Timer) receiveTimeoutTimer = new Timer();
  @Nested(Timer, { since: 7 }) transmitTimer = new Timer();
  @Marker('u32', TERMINATOR) declare terminator: never;
}

/** How the port is wired, alone in pass 0 of versions 4 and 5. */
@SsmStream()
export class SerialOldConfig {
  @S32() irq = 4;
  @U32() ioPortBase = 0x3f8;
}

/** `serial` versions 3 to 5. */
@SsmStream()
export class SerialOld {
  @U16() divisor = 12;
  @U8() rbr = 0;
  @U8() ier = 0;
  @U8() lcr = 0;
  @U8() mcr = 0;
  @U8() lsr = 0x60;
  @U8() msr = 0;
  @U8() scr = 0;
  @U8({ since: 4 }) fcr = 0;
  @S32() threPending = 0;
  @S32() irq = 4;
  @S32() unnamed0 = 0;
  @U32() ioPortBase = 0x3f8;
  @Bool() unnamed1 = false;
  @U8({ since: 5 }) thr = 0;
  @U8({ since: 5 }) unnamed2 = 0;
  @U8({ since: 5 }) iir = 0x01;
  @S32({ since: 5 }) timeoutPending = 0;
  @Nested(Timer, { since: 5 }) timer0 = new Timer();
  @Nested(Timer, { since: 5 }) timer1 = new Timer();
  @U8({ since: 5 }) unnamed3 = 0;
  @U8({ since: 5 }) unnamed4 = 0;
}
