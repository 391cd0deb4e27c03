import { Bool, PadHCAuto, PadMsc32Auto, SsmStruct, U8, U16, U64 } from '@ssmkit/schema';

/** One of the three counters of a timer chip. */
@SsmStruct()
export class Counter {
  /** What the guest programmed; 0 counts 65536. */
  @U16() reload = 0;
  @U8({ max: 5 }) mode = 0;
  @Bool() gate = false;
  // gcc for i386 aligns the next member to 4, everybody else to 8.
  @PadHCAuto(0, 4) declare padding: never;
  @PadMsc32Auto(4) declare paddingMsc32: never;
  /** Virtual time of the last reload, in nanoseconds. */
  @U64() loadedAt = 0n;
}
