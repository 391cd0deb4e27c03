import { GCPhys, GCPtr, Mem, NoEntry, RCPtr, SsmStruct, U16, U32, U64 } from '@ssmkit/schema';

/** The structure that a test program had VirtualBox 7.2.22 save (test/fixtures/02-struct.json describes it). */
@SsmStruct()
export class Simple {
  @U32() u32 = 0;
  @U16() u16 = 0;
  @Mem({ count: 6 }) bytes = new Uint8Array(6);
  @NoEntry('u32') declare notInTheTable: never;
  @RCPtr() rawContextPointer = 0;
  @GCPhys() physicalAddress = 0n;
  @GCPtr() virtualAddress = 0n;
  @RCPtr({ count: 4 }) rawContextPointers = new Uint32Array(4);
  @U64() u64 = 0n;
  @U32({ since: 3 }) sinceVersion3 = 0;
  @Mem({ count: 600 }) large = new Uint8Array(600);
  @U32() last = 0;
}
