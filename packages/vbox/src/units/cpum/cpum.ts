import { Bool, Marker, Nested, SsmStream, Transient, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';
import { CPUS_MAX } from '../per-cpu.js';
import { CpuContext, FpuContext } from './context.js';
import { Cpuid } from './cpuid.js';
import { SvmState } from './svm.js';
import { VmxState } from './vmx.js';
import { BndCsr, BndRegs, XState, XStateHeader, YmmHigh, ZmmHigh, ZmmUpper } from './xstate.js';

/** What VirtualBox 7.2 saves. */
const MSR_BYTES = 400;

/** A CPU of `cpum` from version 17 on. */
@SsmStream()
export class CpumCpu {
  /** Whether the guest has AMD-V, has VT-x, and how long its MSRs are: {@link Cpum} knows. */
  @Transient() svm = false;
  @Transient() vmx = false;
  @Transient() msrBytes = MSR_BYTES;

  @Marker('u32', STRUCT_BEGIN) declare hypervisorBegin: never;
  /** Of raw mode; since VirtualBox 6.1 all zeros. */
  @Nested(CpuContext) hypervisor = new CpuContext();
  @Marker('u32', STRUCT_END) declare hypervisorEnd: never;

  @Marker('u32', STRUCT_BEGIN) declare contextBegin: never;
  @Nested(CpuContext) context = new CpuContext();
  @Marker('u32', STRUCT_END) declare contextEnd: never;

  @Marker('u32', STRUCT_BEGIN) declare fpuBegin: never;
  @Nested(FpuContext) fpu = new FpuContext();
  @Marker('u32', STRUCT_END) declare fpuEnd: never;

  @Nested(XStateHeader, { when: 'xstateMask' }) xstate: XStateHeader | undefined = undefined;
  @Nested(YmmHigh, { when: { field: 'xstateMask', mask: XState.YMM } }) ymmHigh: YmmHigh | undefined = undefined;
  @Nested(BndRegs, { when: { field: 'xstateMask', mask: XState.BND_REGS } }) bndRegs: BndRegs | undefined = undefined;
  @Nested(BndCsr, { when: { field: 'xstateMask', mask: XState.BND_CSR } }) bndCsr: BndCsr | undefined = undefined;
  @Nested(ZmmHigh, { when: { field: 'xstateMask', mask: XState.ZMM_HIGH } }) zmmHigh: ZmmHigh | undefined = undefined;
  @Nested(ZmmUpper, { when: { field: 'xstateMask', mask: XState.ZMM_UPPER } }) zmmUpper: ZmmUpper | undefined =
    undefined;
  /** Entries of the page-directory-pointer table. */
  @U64({ since: 21, count: 4 }) paePdpes = new BigUint64Array(4);
  @Nested(SvmState, { since: 18, when: 'svm' }) svmState: SvmState | undefined = undefined;
  @Nested(VmxState, { since: 19, when: 'vmx' }) vmxState: VmxState | undefined = undefined;
  /** How the host uses the FPU; means nothing to a reader. */
  @U32() useFlags = 0;
  /** What the recompiler has to look at; means nothing to a reader. */
  @U32() changed = 0;
  /** MSRs in the order of {@link guestMsrs}. */
  @U64({ count: 'msrCount', max: 64 }) msrs = new BigUint64Array(MSR_BYTES / 8);

  get xstateMask(): bigint {
    return this.context.xstateMask;
  }

  get msrCount(): number {
    return this.msrBytes / 8;
  }
}

/** `cpum` from version 17 on: registers and CPUID of x86 guests (`VirtualBox 7.2 CPUMR3-x86.cpp, cpumR3SaveExecTarget`). */
@SsmStream()
export class Cpum {
  /** The guest has AMD-V. Before version 24 the unit does not tell, and what is in it shows. */
  @Bool({ since: 24 }) svm = false;
  /** The guest has VT-x; likewise. */
  @Bool({ since: 24 }) vmx = false;
  @U32({ max: CPUS_MAX }) cpuCount = 1;
  /** Bytes of MSRs of each CPU. */
  @U32({ max: 512 }) msrBytes = MSR_BYTES;
  @Nested(CpumCpu, { count: 'cpuCount', max: CPUS_MAX, with: ['svm', 'vmx', 'msrBytes'] }) cpus = [new CpumCpu()];
  @Nested(Cpuid) cpuid = new Cpuid();
}

/** `cpum` in a live pass (`VirtualBox 7.2 CPUMR3-x86.cpp, cpumR3LiveExecTarget`): what cannot change while the guest runs. */
@SsmStream()
export class CpumLive {
  @Bool({ since: 24 }) svm = false;
  @Bool({ since: 24 }) vmx = false;
  @Nested(Cpuid) cpuid = new Cpuid();
}
