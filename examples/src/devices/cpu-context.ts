import { GCPtr, HCPtrNI, Mem, SsmStruct, U64 } from '@ssmkit/schema';

/** A processor: registers as one array, so that saving them is one copy. */
@SsmStruct({ autoPad: true })
export class CpuContext {
  @U64({ count: 16 }) registers = new BigUint64Array(16);
  @GCPtr() instructionPointer = 0n;
  @U64() flags = 2n;
  @HCPtrNI() debugger = false;
  @Mem({ count: 512 }) fpu = new Uint8Array(512);
}
