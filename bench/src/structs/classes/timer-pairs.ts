import { SsmStruct, U8, U16, U32, U64 } from '@ssmkit/schema';

/** A timer chip: 66 bytes in 24 scalars. 64-bit values as two numbers. */
@SsmStruct({ view: true })
export class TimerPairs {
  @U32() counter = 0;
  @U32() reload = 0;
  @U16() latch = 0;
  @U8() mode = 0;
  @U8() status = 0;
  @U8() readState = 0;
  @U8() writeState = 0;
  @U64({ hi: 'nextTsHi' }) nextTs = 0;
  nextTsHi = 0;
  @U64({ hi: 'loadTsHi' }) loadTs = 0;
  loadTsHi = 0;
  @U16() irq = 0;
  @U16() port = 0;
  @U32() control = 0;
  @U32() interruptStatus = 0;
  @U32() interruptMask = 0;
  @U8() gate = 0;
  @U8() speaker = 0;
  @U8() bcd = 0;
  @U8() flags = 0;
  @U16() divisor = 0;
  @U16() tone = 0;
  @U16() dummyRefresh = 0;
  @U16() config = 0;
  @U32() frequency = 0;
  @U32() ticks = 0;
}
