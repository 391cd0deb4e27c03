import { Nested, SsmStream, U16, U32, U64, U128 } from '@ssmkit/schema';

// The registers of a CPU: what units of every version from 14 on are made of.

/** Bits of {@link Selector.flags}. */
export const SelectorFlags = {
  /** The hidden part (base, limit, attributes) is that of {@link Selector.validSel}. */
  VALID: 1,
  STALE: 2,
} as const;

/** Bits of a segment's attributes, as those of {@link Selector.attr}. */
export const SegmentAttr = {
  TYPE: 0x000f,
  /** Code or data, not a system segment. */
  CODE_OR_DATA: 0x0010,
  DPL: 0x0060,
  PRESENT: 0x0080,
  AVAILABLE: 0x1000,
  LONG: 0x2000,
  /** Operands and addresses of 32 bits. */
  DEFAULT_BIG: 0x4000,
  /** Limits are in pages; {@link Selector.limit} is in bytes all the same. */
  GRANULARITY: 0x8000,
  /** VT-x: the segment cannot be used. */
  UNUSABLE: 0x1_0000,
} as const;

/** A segment register with its hidden part (`VirtualBox 7.2 CPUMR3-x86.cpp, CPUMSELREG`). */
@SsmStream()
export class Selector {
  @U16() sel = 0;
  /** The selector that the hidden part was loaded for. */
  @U16() validSel = 0;
  /** {@link SelectorFlags} */
  @U16() flags: number = SelectorFlags.VALID;
  @U64() base = 0n;
  /** In bytes, whatever the granularity. */
  @U32() limit = 0;
  /** {@link SegmentAttr} */
  @U32() attr = 0;
}

/**
 * A CPU's registers apart from the FPU's (`VirtualBox 7.2 CPUMR3-x86.cpp, g_aCpumCtxFields`), without the markers around.
 */
@SsmStream()
export class CpuContext {
  @U64() rdi = 0n;
  @U64() rsi = 0n;
  @U64() rbp = 0n;
  @U64() rax = 0n;
  @U64() rbx = 0n;
  @U64() rdx = 0n;
  @U64() rcx = 0n;
  @U64() rsp = 0n;
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
  @Nested(Selector) es = new Selector();
  @Nested(Selector) cs = new Selector();
  @Nested(Selector) ss = new Selector();
  @Nested(Selector) ds = new Selector();
  @Nested(Selector) fs = new Selector();
  @Nested(Selector) gs = new Selector();
  @U64() cr0 = 0n;
  @U64() cr2 = 0n;
  @U64() cr3 = 0n;
  @U64() cr4 = 0n;
  @U64() dr0 = 0n;
  @U64() dr1 = 0n;
  @U64() dr2 = 0n;
  @U64() dr3 = 0n;
  @U64() dr6 = 0n;
  @U64() dr7 = 0n;
  @U16() gdtrLimit = 0;
  @U64() gdtrBase = 0n;
  @U16() idtrLimit = 0;
  @U64() idtrBase = 0n;
  /** MSR 0x174 */
  @U64() sysenterCs = 0n;
  /** MSR 0x176 */
  @U64() sysenterEip = 0n;
  /** MSR 0x175 */
  @U64() sysenterEsp = 0n;
  /** MSR 0xc0000080 */
  @U64() efer = 0n;
  /** MSR 0xc0000081 */
  @U64() star = 0n;
  /** MSR 0x277 */
  @U64() pat = 0n;
  /** MSR 0xc0000082 */
  @U64() lstar = 0n;
  /** MSR 0xc0000083 */
  @U64() cstar = 0n;
  /** MSR 0xc0000084 */
  @U64() sfmask = 0n;
  /** MSR 0xc0000102 */
  @U64() kernelGsBase = 0n;
  @Nested(Selector) ldtr = new Selector();
  @Nested(Selector) tr = new Selector();
  @U64({ since: 17 }) xcr0 = 0n;
  /** Always 0. */
  @U64({ since: 17 }) xcr1 = 0n;
  /** Parts of the XSAVE area that the guest may use; 0 where it is not saved. */
  @U64({ since: 17 }) xstateMask = 0n;
}

/**
 * The FPU: an FXSAVE image (`VirtualBox 7.2 CPUMR3-x86.cpp, g_aCpumX87Fields`), without the markers around.
 *
 * FXSAVE has instruction and data pointer in two forms. In that of 64 bits `cs` and `reserved1` are their upper bits.
 */
@SsmStream()
export class FpuContext {
  @U16() fcw = 0;
  @U16() fsw = 0;
  /** Abridged: bit i is set where physical register i is not empty. */
  @U16() ftw = 0;
  @U16() fop = 0;
  @U32() fpuip = 0;
  @U16() cs = 0;
  @U16() reserved1 = 0;
  @U32() fpudp = 0;
  @U16() ds = 0;
  @U16() reserved2 = 0;
  @U32() mxcsr = 0;
  @U32() mxcsrMask = 0;
  /** ST(0) to ST(7), relative to the top of the stack: 80 bits each, and 48 that are reserved. */
  @U128({ count: 8 }) st = new Array<bigint>(8).fill(0n);
  @U128({ count: 16 }) xmm = new Array<bigint>(16).fill(0n);
  /** Tells which form the pointers have. */
  @U32({ since: 17 }) form = 0;
}
