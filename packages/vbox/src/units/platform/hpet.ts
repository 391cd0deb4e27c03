import { Nested, SsmStream, U8, U64 } from '@ssmkit/schema';
import { Timer } from '../common.js';

// `hpet`: the high precision event timers (`VirtualBox 7.2 DevHPET.cpp`).

/** Most timers that an HPET can have. */
const TIMERS_MAX = 32;

/** How many timers there are: alone in pass 0, and in front of the state (`hpetR3LiveExec`). */
@SsmStream()
export class HpetConfig {
  /** 3 with PIIX3, 4 with ICH9. */
  @U8({ max: TIMERS_MAX }) timerCount = 3;
}

/** One of the timers. */
@SsmStream()
export class HpetTimer {
  @Nested(Timer) timer = new Timer();
  @U8() wrap = 0;
  @U64() config = 0n;
  @U64() comparator = 0xffffffffffffffffn;
  /** Where its interrupt is written to. */
  @U64() fsbRoute = 0n;
  @U64() period = 0n;
}

/** `hpet` versions 2 and 3 (`hpetR3SaveExec`). */
@SsmStream()
export class Hpet {
  @U8({ max: TIMERS_MAX }) timerCount = 3;
  @Nested(HpetTimer, { count: 'timerCount', max: TIMERS_MAX }) timers = [
    new HpetTimer(),
    new HpetTimer(),
    new HpetTimer(),
  ];
  /** What the counter is ahead of virtual time. */
  @U64() offset = 0n;
  /** Capabilities in the low half, the counter's period in femtoseconds in the high one. */
  @U64() capabilities = 0n;
  @U64() config = 0n;
  @U64() isr = 0n;
  @U64() counter = 0n;
}
