import { Marker, Nested, SsmStream, U32 } from '@ssmkit/schema';

/** What CPUID returns. */
@SsmStream()
export class CpuidRegisters {
  @U32() eax = 0;
  @U32() ebx = 0;
  @U32() ecx = 0;
  @U32() edx = 0;
}

/** Bits of {@link CpuidLeaf.flags} (`VirtualBox 7.2 include/VBox/vmm/cpum.h`). */
export const CpuidLeafFlags = {
  /** Sub-leaves as Intel has them for topology. */
  INTEL_TOPOLOGY_SUBLEAVES: 1,
  CONTAINS_APIC_ID: 2,
  CONTAINS_OSXSAVE: 4,
  CONTAINS_APIC: 8,
} as const;

/** A leaf of CPUID as the guest sees it. */
@SsmStream()
export class CpuidLeaf {
  @U32() leaf = 0;
  @U32() subLeaf = 0;
  /** 0 where there are no sub-leaves, else all ones. */
  @U32() subLeafMask = 0;
  @U32() eax = 0;
  @U32() ebx = 0;
  @U32() ecx = 0;
  @U32() edx = 0;
  /** {@link CpuidLeafFlags} */
  @U32() flags = 0;
}

/**
 * CPUID, at the end of every `cpum` (`VirtualBox 7.2 CPUMR3CpuId-x86.cpp, cpumR3SaveCpuId`, and for what older versions
 * wrote `cpumR3LoadCpuIdPre32`).
 *
 * Up to version 14 the guest's leaves are in three arrays, by their number: 0 and on, 0x80000000 and on, 0xc0000000 and on.
 */
@SsmStream()
export class Cpuid {
  /** Size of a leaf. */
  @Marker('u32', 32, { since: 15 }) declare leafBytes: never;
  /** The guest's, ascending. */
  @Nested(CpuidLeaf, { since: 15, count: { stream: 'u32' }, max: 2048 }) leaves: CpuidLeaf[] = [];
  @Nested(CpuidRegisters, { until: 14, count: { stream: 'u32' }, max: 63 }) standard: CpuidRegisters[] = [];
  @Nested(CpuidRegisters, { until: 14, count: { stream: 'u32' }, max: 63 }) extended: CpuidRegisters[] = [];
  @Nested(CpuidRegisters, { until: 14, count: { stream: 'u32' }, max: 63 }) centaur: CpuidRegisters[] = [];
  /** What leaves return that there are not. */
  @Nested(CpuidRegisters) default = new CpuidRegisters();
  /** The host's own leaves 0 and on; none where it was no x86. */
  @Nested(CpuidRegisters, { since: 11, count: { stream: 'u32' }, max: 63 }) hostStandard: CpuidRegisters[] = [];
  /** The host's own leaves 0x80000000 and on. */
  @Nested(CpuidRegisters, { since: 11, count: { stream: 'u32' }, max: 63 }) hostExtended: CpuidRegisters[] = [];
  /** The host's own leaves 0 and 1. */
  @Nested(CpuidRegisters, { until: 10, count: 2 }) hostFirst = [new CpuidRegisters(), new CpuidRegisters()];
}
