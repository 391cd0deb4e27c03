import type { CpuContext, FpuContext, Selector } from './units/cpum/context.js';
import { Cpum, type CpumCpu } from './units/cpum/cpum.js';
import { Cpum14, type CpumImage, CpumImages, type ImageHidden, type ImageSelector } from './units/cpum/cpum-old.js';
import { guestMsrs } from './units/cpum/msrs.js';

/*
 * The registers of a CPU
 *
 * Every version of the unit `cpum` has them in another layout; here they are in one form. What a version does not save is
 * undefined.
 */

/** A segment register with its hidden part. */
export interface SegmentRegister {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes, whatever the granularity. */
  readonly limit: number;
  /** Bits of `SegmentAttr`. */
  readonly attributes: number;
}

/** GDTR or IDTR. */
export interface TableRegister {
  readonly base: bigint;
  readonly limit: number;
}

/** Names of the registers that are numbers of up to 64 bits and that every version saves. */
export const plainRegisters = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip', 'rflags'],
  ...['cr0', 'cr2', 'cr3', 'cr4', 'dr0', 'dr1', 'dr2', 'dr3', 'dr6', 'dr7'],
  ...['sysenterCs', 'sysenterEip', 'sysenterEsp'],
  ...['efer', 'pat', 'star', 'cstar', 'lstar', 'sfmask', 'kernelGsBase'],
] as readonly PlainRegister[];

export type PlainRegister =
  | ('rax' | 'rbx' | 'rcx' | 'rdx' | 'rsi' | 'rdi' | 'rsp' | 'rbp')
  | ('r8' | 'r9' | 'r10' | 'r11' | 'r12' | 'r13' | 'r14' | 'r15' | 'rip' | 'rflags')
  | ('cr0' | 'cr2' | 'cr3' | 'cr4' | 'dr0' | 'dr1' | 'dr2' | 'dr3' | 'dr6' | 'dr7')
  | ('sysenterCs' | 'sysenterEip' | 'sysenterEsp')
  | ('efer' | 'pat' | 'star' | 'cstar' | 'lstar' | 'sfmask' | 'kernelGsBase');

/** Names of the segment registers, in the order in which VirtualBox shows them. */
export const segmentNames = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldtr', 'tr'] as const;

export type SegmentName = (typeof segmentNames)[number];

/** The FPU's registers, as FXSAVE has them. */
export interface FpuRegisters extends Readonly<Omit<FpuContext, 'form'>> {}

/** A model-specific register. */
export interface Msr {
  readonly name: string;
  readonly number: number;
  readonly value: bigint;
}

/** The registers of a CPU. */
export interface CpuRegisters
  extends Readonly<Record<PlainRegister, bigint>>,
    Readonly<Record<SegmentName, SegmentRegister>> {
  readonly gdtr: TableRegister;
  readonly idtr: TableRegister;
  readonly fpu: FpuRegisters;
  readonly xcr0: bigint | undefined;
  readonly xcr1: bigint | undefined;
  /** Parts of the XSAVE area that the guest may use. */
  readonly xstateMask: bigint | undefined;
  /** YMM0 to YMM15, 256 bits each. */
  readonly ymm: readonly bigint[] | undefined;
  /** Entries of the page-directory-pointer table. */
  readonly paePdpes: readonly bigint[] | undefined;
  /** MSRs that are saved apart from the registers above. */
  readonly msrs: readonly Msr[];
}

/** How a CPU takes what it executes. */
export type CpuMode = 'real' | 'virtual-8086' | 'protected' | 'compatibility' | 'long';

/** Bits of the registers that decide. */
const PROTECTED = 1n;
const VIRTUAL_8086 = 1n << 17n;
const LONG_ACTIVE = 1n << 10n;
const LONG_SEGMENT = 0x2000;

/** How a CPU takes what it executes. */
export function cpuModeOf({ cr0, rflags, efer, cs }: Pick<CpuRegisters, 'cr0' | 'rflags' | 'efer' | 'cs'>): CpuMode {
  if ((cr0 & PROTECTED) === 0n) return 'real';
  if ((efer & LONG_ACTIVE) !== 0n) return (cs.attributes & LONG_SEGMENT) === 0 ? 'compatibility' : 'long';
  return (rflags & VIRTUAL_8086) === 0n ? 'protected' : 'virtual-8086';
}

/**
 * The registers of each CPU.
 *
 * @param unit what the catalog has decoded from the final pass of `cpum`.
 */
export function registersOf(unit: Cpum | Cpum14 | CpumImages): CpuRegisters[] {
  if (unit instanceof Cpum) return unit.cpus.map(ofCpu);
  if (unit instanceof Cpum14) {
    return unit.cpus.map(({ registers, msrs }) => ofContext(registers.context, registers.fpu, msrsOf(msrs)));
  }
  return unit.cpus.map(({ registers, msrs }) => {
    // Before version 13 the block is larger than what is in it.
    const count = unit.msrBytes === 512 ? 2 : msrs.length;
    return ofImage(registers, msrsOf(msrs.subarray(0, count)));
  });
}

/** Whether an object is a unit that holds registers. */
export function hasRegisters(unit: object): unit is Cpum | Cpum14 | CpumImages {
  return unit instanceof Cpum || unit instanceof Cpum14 || unit instanceof CpumImages;
}

function ofCpu({ context, fpu, ymmHigh, paePdpes, msrs }: CpumCpu): CpuRegisters {
  const { xcr0, xcr1, xstateMask } = context;
  const ymm = ymmHigh && fpu.xmm.map((low, i) => ((ymmHigh.ymm[i] as bigint) << 128n) | low);
  return { ...ofContext(context, fpu, msrsOf(msrs)), xcr0, xcr1, xstateMask, ymm, paePdpes: [...paePdpes] };
}

function msrsOf(values: BigUint64Array): Msr[] {
  return guestMsrs.slice(0, values.length).map((msr, i) => ({ ...msr, value: values[i] as bigint }));
}

const none = { xcr0: undefined, xcr1: undefined, xstateMask: undefined, ymm: undefined, paePdpes: undefined };

function ofContext(context: CpuContext, fpu: FpuContext, msrs: readonly Msr[]): CpuRegisters {
  const segments = segmentNames.map((name) => [name, ofSelector(context[name])] as const);
  return {
    ...plain(context),
    ...(Object.fromEntries(segments) as Record<SegmentName, SegmentRegister>),
    gdtr: { base: context.gdtrBase, limit: context.gdtrLimit },
    idtr: { base: context.idtrBase, limit: context.idtrLimit },
    fpu,
    ...none,
    msrs,
  };
}

function ofSelector({ sel, base, limit, attr }: Selector): SegmentRegister {
  return { selector: sel, base, limit, attributes: attr };
}

function ofImage(image: CpumImage, msrs: readonly Msr[]): CpuRegisters {
  const segment = ({ sel }: ImageSelector, { base, limit, attr }: ImageHidden): SegmentRegister => {
    return { selector: sel, base, limit, attributes: attr };
  };
  const [dr0, dr1, dr2, dr3, , , dr6, dr7] = image.dr as unknown as readonly bigint[];
  const segments = segmentNames.map((name) => [name, segment(image[name], image[`${name}Hidden`])] as const);
  return {
    ...plain({ ...image, dr0, dr1, dr2, dr3, dr6, dr7 } as unknown as Record<PlainRegister, bigint>),
    ...(Object.fromEntries(segments) as Record<SegmentName, SegmentRegister>),
    gdtr: { base: image.gdtr.base, limit: image.gdtr.limit },
    idtr: { base: image.idtr.base, limit: image.idtr.limit },
    fpu: image.fpu,
    ...none,
    msrs,
  };
}

function plain(from: Readonly<Record<PlainRegister, bigint>>): Record<PlainRegister, bigint> {
  return Object.fromEntries(plainRegisters.map((name) => [name, from[name]])) as Record<PlainRegister, bigint>;
}
