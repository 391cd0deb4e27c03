import { GCPhys, GCPtr, Mem, NoEntry, RCPtr, SsmStruct, U16, U32, U64 } from '@ssmkit/schema';

/** The structure `SIMPLE` of the collection's manifests: what SSMR3PutStruct takes. */
@SsmStruct({ view: true })
export class Simple {
  @U32() u32 = 0;
  @U16() u16 = 0;
  @Mem({ count: 6 }) ab = new Uint8Array(6);
  @NoEntry('u32') declare u32Skipped: never;
  @RCPtr() RCPtr = 0;
  @GCPhys() GCPhys = 0n;
  @GCPtr() GCPtr = 0n;
  @RCPtr({ count: 4 }) aRC = new Uint32Array(4);
  @U64() u64 = 0n;
  @U32({ since: 3 }) u32V = 0;
  @Mem({ count: 600 }) abBig = new Uint8Array(600);
  @U32() u32Last = 0;
}
