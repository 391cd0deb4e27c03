import { Bool, SsmStream, Transient, U64 } from '@ssmkit/schema';
import { CPUS_MAX } from '../per-cpu.js';

/** `tm` version 3: the clocks (`VirtualBox 7.2 TMR3.cpp, tmR3Save`). */
@SsmStream()
export class Tm {
  @Transient() cpuCount = 1;
  /** Ticks a second of the virtual clock. */
  @U64() virtualFrequency = 1_000_000_000n;
  @U64() virtual = 0n;
  /** The clock that timers of devices go by. */
  @U64() virtualSync = 0n;
  /** How far it is behind. */
  @U64() virtualSyncLag = 0n;
  /** How much of that it will not make up for. */
  @U64() virtualSyncGivenUp = 0n;
  /** When it last caught up. */
  @U64() virtualSyncCatchUpPrevious = 0n;
  @Bool() virtualSyncCatchUp = false;
  /** Ticks a second of the real clock. */
  @U64() realFrequency = 1000n;
  /** Time-stamp counter of each CPU. */
  @U64({ count: 'cpuCount', max: CPUS_MAX }) tsc = new BigUint64Array(1);
  /** In Hz. */
  @U64() tscFrequency = 0n;
}
