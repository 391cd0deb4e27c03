import { Mem, SsmStruct, U8, U32, U64 } from '@ssmkit/schema';

/** A network card like the e1000: 712 bytes, most of them registers and EEPROM. 64-bit values as bigint. */
@SsmStruct()
export class Network {
  @U32({ count: 96 }) registers = new Uint32Array(96);
  @Mem({ count: 256 }) eeprom = new Uint8Array(256);
  @U64() packetsIn = 0n;
  @U64() packetsOut = 0n;
  @U64() octetsIn = 0n;
  @U64() octetsOut = 0n;
  @U64() interruptAt = 0n;
  @U64() lateAt = 0n;
  @U64() macAddress = 0n;
  @U32() phyControl = 0;
  @U32() phyStatus = 0;
  @U32() interruptsPending = 0;
  @U8() ethernet = 0;
  @U8() locked = 0;
  @U8() delayed = 0;
  @U8() cable = 0;
}
