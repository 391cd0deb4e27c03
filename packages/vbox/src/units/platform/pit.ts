import { Bool, IOPort, Nested, S32, S64, SsmStream, U8, U16, U32, U64 } from '@ssmkit/schema';
import { listOf, Timer } from '../common.js';

// `i8254`: the programmable interval timer (`VirtualBox 7.2 DevPit-i8254.cpp`).

/** How the timer is wired: alone in pass 0, and in front of the state (`pitR3LiveExec`). */
@SsmStream()
export class PitConfig {
  @IOPort() ioPortBase = 0x40;
  @U8() irq = 0;
  /** Whether the guest's speaker is heard. */
  @Bool() speaker = false;
}

/** A counter (`pitR3SaveExec`), without its timer, which only counter 0 has. */
@SsmStream()
export class PitCounter {
  /** What it counts from; 0 is 65536. */
  @U32() count = 0x10000;
  @U16() latchedCount = 0;
  @U8() countLatched = 0;
  @U8() statusLatched = 0;
  @U8() status = 0;
  @U8() readState = 0;
  @U8() writeState = 0;
  @U8() writeLatch = 0;
  /** 1: low byte, 2: high byte, 3: low byte first, then the high one. */
  @U8() rwMode = 0;
  /** 0…5. */
  @U8() mode = 3;
  @U8() bcd = 0;
  @U8() gate = 1;
  /** Ticks of the virtual synchronous clock, as all that follow. */
  @U64() countLoadTime = 0n;
  @U64() nextTime = 0n;
  @U64() reloadTime = 0n;
  @S64() nextTransitionTime = 0n;
}

/** `i8254` versions 2 to 4 (`pitR3SaveExec`). */
@SsmStream()
export class Pit {
  @Nested(PitConfig, { since: 3 }) config = new PitConfig();
  @Nested(PitCounter) counter0 = new PitCounter();
  @Nested(Timer) timer = new Timer();
  @Nested(PitCounter, { count: 2 }) counters1And2 = listOf(2, PitCounter);
  @S32() speakerDataOn = 0;
  @S32() dummyRefreshClock = 0;
  @Bool({ since: 4 }) disabledByHpet = false;
}
