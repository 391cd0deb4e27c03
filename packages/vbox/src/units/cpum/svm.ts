import { Bool, GCPhys, Marker, Mem, Nested, SsmStream, U16, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';
import { Selector } from './context.js';

/** State of the host that VMRUN saves and #VMEXIT restores (`VirtualBox 7.2 CPUMR3-x86.cpp, g_aSvmHwvirtHostState`). */
@SsmStream()
export class SvmHostState {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @U64() efer = 0n;
  @U64() cr0 = 0n;
  @U64() cr4 = 0n;
  @U64() cr3 = 0n;
  @U64() rip = 0n;
  @U64() rsp = 0n;
  @U64() rax = 0n;
  @U64() rflags = 0n;
  @Nested(Selector) es = new Selector();
  @Nested(Selector) cs = new Selector();
  @Nested(Selector) ss = new Selector();
  @Nested(Selector) ds = new Selector();
  @U16() gdtrLimit = 0;
  @U64() gdtrBase = 0n;
  @U16() idtrLimit = 0;
  @U64() idtrBase = 0n;
  @Marker('u32', STRUCT_END) declare end: never;
}

/** AMD-V of a guest that may itself have guests (`VirtualBox 7.2 CPUMR3-x86.cpp, cpumR3SaveExecTarget`). */
@SsmStream()
export class SvmState {
  /** MSR VM_HSAVE_PA. */
  @U64() hostSaveArea = 0n;
  @GCPhys() vmcbAddress = 0n;
  /** TSC at the last PAUSE. */
  @U64() prevPauseTick = 0n;
  @U16() pauseFilter = 0;
  @U16() pauseFilterThreshold = 0;
  /** Delivering an event may be intercepted. */
  @Bool() interceptEvents = false;
  @Nested(SvmHostState) hostState = new SvmHostState();
  @Mem({ count: 4096 }) vmcb = new Uint8Array(4096);
  @Mem({ count: 8192 }) msrBitmap = new Uint8Array(8192);
  @Mem({ count: 12288 }) ioBitmap = new Uint8Array(12288);
  /** Forced actions that wait until the guest's guest is left: bit 25, or nothing. */
  @U32() savedForcedActions = 0;
  /** Global interrupt flag. */
  @Bool() gif = true;
}
