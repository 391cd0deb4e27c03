import { Marker, Mem, Nested, SsmStream, Transient, U16, U32, U64 } from '@ssmkit/schema';
import { STRUCT_BEGIN, STRUCT_END } from '../common.js';
import { CPUS_MAX } from '../per-cpu.js';
import { CpuContext, FpuContext } from './context.js';
import { Cpuid } from './cpuid.js';

/*
 * `cpum` before version 17 (`VirtualBox 7.2 CPUMR3-x86.cpp, cpumR3LoadExecTarget`)
 *
 * The contexts of raw mode's hypervisor, which nobody needs any more, stand in front of the number of CPUs: how many
 * there are, other units tell, or the data itself by what fits.
 */

/** The registers of a CPU in versions 14 to 16: one structure. */
@SsmStream()
export class Cpum14Context {
  @Marker('u32', STRUCT_BEGIN) declare begin: never;
  @Nested(FpuContext) fpu = new FpuContext();
  @Nested(CpuContext) context = new CpuContext();
  @Marker('u32', STRUCT_END) declare end: never;
}

/** A CPU in versions 14 to 16. */
@SsmStream()
export class Cpum14Cpu {
  @Transient() msrBytes = 512;
  @Nested(Cpum14Context) registers = new Cpum14Context();
  @U32() useFlags = 0;
  @U32() changed = 0;
  @U64({ count: 'msrCount', max: 64 }) msrs = new BigUint64Array(64);

  get msrCount(): number {
    return this.msrBytes / 8;
  }
}

/** `cpum` versions 14 to 16. */
@SsmStream()
export class Cpum14 {
  @Transient() hypervisorCount = 1;
  @Nested(Cpum14Context, { count: 'hypervisorCount', max: CPUS_MAX }) hypervisors = [new Cpum14Context()];
  @U32({ max: CPUS_MAX }) cpuCount = 1;
  @U32({ max: 512 }) msrBytes = 512;
  @Nested(Cpum14Cpu, { count: 'cpuCount', max: CPUS_MAX, with: ['msrBytes'] }) cpus = [new Cpum14Cpu()];
  @Nested(Cpuid) cpuid = new Cpuid();
}

/** A selector in a memory image. */
@SsmStream()
export class ImageSelector {
  @U16() sel = 0;
  @U16() padding = 0;
}

/** The hidden part of a segment register in a memory image. */
@SsmStream()
export class ImageHidden {
  @U64() base = 0n;
  @U32() limit = 0;
  @U32() attr = 0;
}

/** GDTR or IDTR in a memory image. */
@SsmStream()
export class ImageTableRegister {
  @U16() limit = 0;
  @U64() base = 0n;
  @U16() padding = 0;
}

/** The registers of a CPU in versions 8 to 13: the memory of a C structure of 1024 bytes, padding included. */
@SsmStream()
export class CpumImage {
  @Nested(FpuContext) fpu = new FpuContext();
  /** The rest of the FXSAVE area. */
  @Mem({ count: 96 }) fpuReserved = new Uint8Array(96);
  @U64() rdi = 0n;
  @U64() rsi = 0n;
  @U64() rbp = 0n;
  @U64() rax = 0n;
  @U64() rbx = 0n;
  @U64() rdx = 0n;
  @U64() rcx = 0n;
  @U64() rsp = 0n;
  /** Of raw mode. */
  @U32() lssEsp = 0;
  @Nested(ImageSelector) ss = new ImageSelector();
  @Nested(ImageSelector) gs = new ImageSelector();
  @Nested(ImageSelector) fs = new ImageSelector();
  @Nested(ImageSelector) es = new ImageSelector();
  @Nested(ImageSelector) ds = new ImageSelector();
  @Nested(ImageSelector) cs = new ImageSelector();
  @Mem({ count: 4 }) csPadding = new Uint8Array(4);
  @U64() rflags = 0n;
  @U64() rip = 0n;
  @U64() r8 = 0n;
  @U64() r9 = 0n;
  @U64() r10 = 0n;
  @U64() r11 = 0n;
  @U64() r12 = 0n;
  @U64() r13 = 0n;
  @U64() r14 = 0n;
  @U64() r15 = 0n;
  @Nested(ImageHidden) esHidden = new ImageHidden();
  @Nested(ImageHidden) csHidden = new ImageHidden();
  @Nested(ImageHidden) ssHidden = new ImageHidden();
  @Nested(ImageHidden) dsHidden = new ImageHidden();
  @Nested(ImageHidden) fsHidden = new ImageHidden();
  @Nested(ImageHidden) gsHidden = new ImageHidden();
  @U64() cr0 = 0n;
  @U64() cr2 = 0n;
  @U64() cr3 = 0n;
  @U64() cr4 = 0n;
  /** DR0 to DR7, of which DR4 and DR5 are unused. */
  @U64({ count: 8 }) dr = new BigUint64Array(8);
  @Nested(ImageTableRegister) gdtr = new ImageTableRegister();
  @Nested(ImageTableRegister) idtr = new ImageTableRegister();
  @Nested(ImageSelector) ldtr = new ImageSelector();
  @Nested(ImageSelector) tr = new ImageSelector();
  @U64() sysenterCs = 0n;
  @U64() sysenterEip = 0n;
  @U64() sysenterEsp = 0n;
  @U64() efer = 0n;
  @U64() star = 0n;
  @U64() pat = 0n;
  @U64() lstar = 0n;
  @U64() cstar = 0n;
  @U64() sfmask = 0n;
  @U64() kernelGsBase = 0n;
  @Nested(ImageHidden) ldtrHidden = new ImageHidden();
  @Nested(ImageHidden) trHidden = new ImageHidden();
}

/** A CPU in versions 8 to 13. */
@SsmStream()
export class CpumImageCpu {
  @Transient() msrBytes = 512;
  @Nested(CpumImage) registers = new CpumImage();
  @U32() useFlags = 0;
  @U32() changed = 0;
  /** Before version 13 only TSC_AUX and MISC_ENABLE, the first two, mean something. */
  @U64({ since: 10, count: 'msrCount', max: 64 }) msrs = new BigUint64Array(64);

  get msrCount(): number {
    return this.msrBytes / 8;
  }
}

/** `cpum` versions 8 to 13. */
@SsmStream()
export class CpumImages {
  @Transient() hypervisorCount = 1;
  @Nested(CpumImage, { count: 'hypervisorCount', max: CPUS_MAX }) hypervisors = [new CpumImage()];
  /** In version 8 there is one CPU. */
  @U32({ since: 9, max: CPUS_MAX, default: 1 }) cpuCount = 1;
  @U32({ since: 13, max: 512, default: 512 }) msrBytes = 512;
  @Nested(CpumImageCpu, { count: 'cpuCount', max: CPUS_MAX, with: ['msrBytes'] }) cpus = [new CpumImageCpu()];
  @Nested(Cpuid) cpuid = new Cpuid();
}
