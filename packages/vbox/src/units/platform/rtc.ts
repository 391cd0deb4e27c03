import { Bool, IOPort, Mem, Nested, S32, S64, SsmStream, U8 } from '@ssmkit/schema';
import { Timer } from '../common.js';

// `mc146818`: the clock and the CMOS memory (`VirtualBox 7.2 DevRTC.cpp`).

/** How the clock is wired: alone in pass 0, and in front of the state (`rtcLiveExec`). */
@SsmStream()
export class RtcConfig {
  @U8() irq = 8;
  @IOPort() ioPortBase = 0x70;
  /** Whether the clock shows UTC; else the host's local time. */
  @Bool() utc = false;
}

/** A moment as C's `struct tm` has it. */
@SsmStream()
export class RtcTime {
  @S32() seconds = 0;
  @S32() minutes = 0;
  @S32() hours = 0;
  /** 0: Sunday. */
  @S32() weekday = 0;
  /** 1…31. */
  @S32() day = 1;
  /** 0…11. */
  @S32() month = 0;
  /** Years since 1900. */
  @S32() year = 70;
}

/** `mc146818` versions 1 to 4 (`rtcSaveExec`). */
@SsmStream()
export class Rtc {
  @Nested(RtcConfig, { since: 2 }) config = new RtcConfig();
  /** Registers 0…0x7F; A to D are 0x0A…0x0D. */
  @Mem({ count: 128 }) cmos = new Uint8Array(128);
  /** The register that port 0x70 has selected. */
  @U8() cmosIndex = 0;
  @Nested(RtcTime) time = new RtcTime();
  @Nested(Timer) periodicTimer = new Timer();
  @S64() nextPeriodicTime = 0n;
  @S64() nextSecondTime = 0n;
  @Nested(Timer) secondTimer = new Timer();
  /** Ends the time of the second in which the clock must not be read. */
  @Nested(Timer) secondTimer2 = new Timer();
  @Bool({ since: 3 }) disabledByHpet = false;
  /** Registers 0x80…0xFF. */
  @Mem({ count: 128, since: 4 }) cmosBank1 = new Uint8Array(128);
  /** The register that port 0x72 has selected: 0x80…0xFF. */
  @U8({ since: 4 }) cmosIndexBank1 = 0;
}
