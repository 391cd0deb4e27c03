import { Bool, GCPtr, Mem, Nested, SsmStream, Transient, U16, U32, U64 } from '@ssmkit/schema';
import { CPUS_MAX } from '../per-cpu.js';

/** An event that waits to be injected, up to version 5. */
@SsmStream()
export class HmPending {
  @U32() pending = 0;
  @U32() errorCode = 0;
  @U64() intInfo = 0n;
  @U32({ count: 3 }) dummies = new Uint32Array(3);
}

/** What the guest's hypervisor intercepts (AMD-V), since version 6. */
@SsmStream()
export class HmSvmCache {
  @Bool() valid = false;
  @U16() interceptReadCr = 0;
  @U16() interceptWriteCr = 0;
  @U16() interceptReadDr = 0;
  @U16() interceptWriteDr = 0;
  @U16() pauseFilterThreshold = 0;
  @U16() pauseFilterCount = 0;
  @U32() interceptXcpt = 0;
  @U64() interceptCtrl = 0n;
  @U64() tscOffset = 0n;
  @Bool() virtIntrMasking = false;
  @Bool() nestedPaging = false;
  @Bool() lbrVirt = false;
}

/** What an instruction was patched for: {@link HmPatch.type}. */
export enum HmPatchType {
  Read = 1,
  ReadShr4 = 2,
  WriteReg = 3,
  WriteImm = 4,
  Jump = 5,
}

/** An instruction of a 32-bit guest that was patched, to be quick at its task priority. */
@SsmStream()
export class HmPatch {
  @U32() key = 0;
  @Mem({ count: 16 }) opcode = new Uint8Array(16);
  @U32() opcodeBytes = 0;
  @Mem({ count: 16 }) newOpcode = new Uint8Array(16);
  @U32() newOpcodeBytes = 0;
  /** {@link HmPatchType} */
  @U32() type = 0;
  @U32() sourceOperand = 0;
  @U32() destinationOperand = 0;
  /** VirtualBox loads this and the next the other way round; files are as it saves. */
  @U32() jumpTarget = 0;
  @U32() faults = 0;
}

/**
 * `HWACCM`: hardware virtualization (`VirtualBox 7.2 HMR3-x86.cpp, hmR3Save`).
 *
 * Since version 6 there is something for each CPU where the guest has AMD-V, which the unit does not tell.
 */
@SsmStream()
export class Hwaccm {
  @Transient() cpuCount = 1;
  @Transient() hasSvm = false;
  @Transient() svmCount = 0;
  @Nested(HmPending, { until: 5, count: 'cpuCount', max: CPUS_MAX }) pending: HmPending[] = [];
  @Nested(HmSvmCache, { since: 6, count: 'svmCount', max: CPUS_MAX }) svmCaches: HmSvmCache[] = [];
  @GCPtr({ since: 5 }) guestPatchMemory = 0n;
  @GCPtr({ since: 5 }) freeGuestPatchMemory = 0n;
  @U32({ since: 5 }) guestPatchBytes = 0;
  @Nested(HmPatch, { since: 5, count: { stream: 'u32' }, max: 65536 }) patches: HmPatch[] = [];
}
