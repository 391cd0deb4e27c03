import { Mem, SsmStruct, U8, U32, U64 } from '@ssmkit/schema';

/** The network card with its registers in one array: 712 bytes, nearly all of them copied. 64-bit values as two numbers. */
@SsmStruct()
export class NetworkArrayPairs {
  @U32({ count: 96 }) registers = new Uint32Array(96);
  @Mem({ count: 256 }) eeprom = new Uint8Array(256);
  @U64({ hi: 'packetsInHi' }) packetsIn = 0;
  packetsInHi = 0;
  @U64({ hi: 'packetsOutHi' }) packetsOut = 0;
  packetsOutHi = 0;
  @U64({ hi: 'octetsInHi' }) octetsIn = 0;
  octetsInHi = 0;
  @U64({ hi: 'octetsOutHi' }) octetsOut = 0;
  octetsOutHi = 0;
  @U64({ hi: 'interruptAtHi' }) interruptAt = 0;
  interruptAtHi = 0;
  @U64({ hi: 'lateAtHi' }) lateAt = 0;
  lateAtHi = 0;
  @U64({ hi: 'macAddressHi' }) macAddress = 0;
  macAddressHi = 0;
  @U32() phyControl = 0;
  @U32() phyStatus = 0;
  @U32() interruptsPending = 0;
  @U8() ethernet = 0;
  @U8() locked = 0;
  @U8() delayed = 0;
  @U8() cable = 0;
}
