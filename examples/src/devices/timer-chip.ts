import { HCPtrNI, SsmStruct, Struct, U8 } from '@ssmkit/schema';
import { Counter } from './timer.js';

/** A programmable interval timer: three counters, and a host pointer of which only "there is one" is saved. */
@SsmStruct()
export class TimerChip {
  @Struct(Counter, { count: 3, flatten: true }) counters = [new Counter(), new Counter(), new Counter()];
  @HCPtrNI() speaker = false;
  @U8() speakerBits = 0;
}
