import { Bool, GCPhys, Mem, Nested, SsmStream, U16, U64 } from '@ssmkit/schema';
import { Vmcs } from './vmcs.js';

/** What the virtual VT-x can do: MSRs 0x480 and after (`VirtualBox 7.2 include/VBox/vmm/hm_vmx.h, VMXMSRS`). */
@SsmStream()
export class VmxMsrs {
  /** MSR 0x3a: always 5, locked and on. */
  @U64() featureControl = 5n;
  @U64() basic = 0n;
  @U64() pinCtls = 0n;
  @U64() procCtls = 0n;
  @U64() procCtls2 = 0n;
  @U64() exitCtls = 0n;
  @U64() entryCtls = 0n;
  @U64() truePinCtls = 0n;
  @U64() trueProcCtls = 0n;
  @U64() trueEntryCtls = 0n;
  @U64() trueExitCtls = 0n;
  @U64() misc = 0n;
  @U64() cr0Fixed0 = 0n;
  @U64() cr0Fixed1 = 0n;
  @U64() cr4Fixed0 = 0n;
  @U64() cr4Fixed1 = 0n;
  @U64() vmcsEnum = 0n;
  @U64() vmFunc = 0n;
  @U64() eptVpidCaps = 0n;
  @U64({ since: 20 }) procCtls3 = 0n;
  @U64({ since: 22 }) exitCtls2 = 0n;
}

/** VT-x of a guest that may itself have guests (`VirtualBox 7.2 CPUMR3-x86.cpp, cpumR3SaveExecTarget`). */
@SsmStream()
export class VmxState {
  @GCPhys() vmxonAddress = 0n;
  @GCPhys() vmcsAddress = 0n;
  @GCPhys() shadowVmcsAddress = 0n;
  @Bool() inRootMode = false;
  @Bool() inNonRootMode = false;
  /** Delivering an event may be intercepted. */
  @Bool() interceptEvents = false;
  @Bool() nmiUnblockingIret = false;
  @Nested(Vmcs) vmcs = new Vmcs();
  @Nested(Vmcs) shadowVmcs = new Vmcs();
  @Mem({ count: 4096 }) vmreadBitmap = new Uint8Array(4096);
  @Mem({ count: 4096 }) vmwriteBitmap = new Uint8Array(4096);
  @Mem({ count: 8192 }) entryMsrLoad = new Uint8Array(8192);
  @Mem({ count: 8192 }) exitMsrStore = new Uint8Array(8192);
  @Mem({ count: 8192 }) exitMsrLoad = new Uint8Array(8192);
  @Mem({ count: 4096 }) msrBitmap = new Uint8Array(4096);
  /** Bitmaps A and B. */
  @Mem({ count: 8192 }) ioBitmaps = new Uint8Array(8192);
  /** TSC at the first PAUSE of a loop. */
  @U64() firstPauseLoopTick = 0n;
  /** TSC at the last PAUSE. */
  @U64() prevPauseTick = 0n;
  /** TSC at the last VM entry. */
  @U64() entryTick = 0n;
  /** Register of the virtual APIC that was written last. */
  @U16() virtApicWriteOffset = 0;
  @Bool() virtNmiBlocking = false;
  @Nested(VmxMsrs) msrs = new VmxMsrs();
}
