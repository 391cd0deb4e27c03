import type { Cpuid, CpuidRegisters } from '../units/cpum/cpuid.js';

/** What CPUID tells the guest of its CPUs. */
export interface CpuInfo {
  /** `GenuineIntel`, `AuthenticAMD` … */
  readonly vendor: string;
  /** `Intel(R) Core(TM) …`; empty where CPUID has none. */
  readonly name: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** Names of features as the manuals of the makers have them, in lower case. */
  readonly features: readonly string[];
}

type Register = keyof CpuidRegisters;

/** Features by leaf and register: the bit of each. Of the many these are those that guests go by. */
const features: readonly (readonly [leaf: number, register: Register, bits: Readonly<Record<string, number>>])[] = [
  [
    1,
    'edx',
    {
      fpu: 0,
      tsc: 4,
      msr: 5,
      pae: 6,
      cx8: 8,
      apic: 9,
      sep: 11,
      mtrr: 12,
      pat: 16,
      mmx: 23,
      fxsr: 24,
      sse: 25,
      sse2: 26,
      htt: 28,
    },
  ],
  [
    1,
    'ecx',
    {
      sse3: 0,
      pclmulqdq: 1,
      vmx: 5,
      ssse3: 9,
      fma: 12,
      cx16: 13,
      pcid: 17,
      'sse4.1': 19,
      'sse4.2': 20,
      x2apic: 21,
      movbe: 22,
      popcnt: 23,
      aes: 25,
      xsave: 26,
      avx: 28,
      f16c: 29,
      rdrand: 30,
      hypervisor: 31,
    },
  ],
  [
    7,
    'ebx',
    {
      fsgsbase: 0,
      bmi1: 3,
      avx2: 5,
      smep: 7,
      bmi2: 8,
      invpcid: 10,
      avx512f: 16,
      rdseed: 18,
      adx: 19,
      smap: 20,
      clflushopt: 23,
      sha: 29,
    },
  ],
  [0x80000001, 'ecx', { svm: 2, abm: 5, sse4a: 6 }],
  [0x80000001, 'edx', { syscall: 11, nx: 20, '1gb-pages': 26, rdtscp: 27, 'long-mode': 29 }],
];

/** What CPUID says, in either of the forms in which states have it. */
export function cpuInfo(cpuid: Cpuid): CpuInfo {
  const leafOf = leafReader(cpuid);
  const first = leafOf(0);
  const { eax } = leafOf(1) ?? { eax: 0 };
  const family = (eax >>> 8) & 15;
  const extended = family === 6 || family === 15 ? (eax >>> 12) & 0xf0 : 0;
  return {
    vendor: first === undefined ? '' : textOf([first.ebx, first.edx, first.ecx]),
    name: textOf([0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => registersOf(leafOf(leaf)))).trim(),
    family: family + (family === 15 ? (eax >>> 20) & 0xff : 0),
    model: extended | ((eax >>> 4) & 15),
    stepping: eax & 15,
    features: features.flatMap(([leaf, register, bits]) => {
      const value = leafOf(leaf)?.[register] ?? 0;
      return Object.keys(bits).filter((name) => ((value >>> (bits[name] as number)) & 1) === 1);
    }),
  };
}

function leafReader(cpuid: Cpuid): (leaf: number) => CpuidRegisters | undefined {
  if (cpuid.leaves.length > 0) {
    const leaves = new Map(cpuid.leaves.filter(({ subLeaf }) => subLeaf === 0).map((leaf) => [leaf.leaf, leaf]));
    return (leaf) => leaves.get(leaf);
  }
  return (leaf) => (leaf >= 0x80000000 ? cpuid.extended[leaf - 0x80000000] : cpuid.standard[leaf]);
}

function registersOf(leaf: CpuidRegisters | undefined): number[] {
  return leaf === undefined ? [] : [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx];
}

/** Registers as the text that they hold. */
function textOf(registers: readonly number[]): string {
  const bytes = registers.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff));
  return String.fromCharCode(...bytes).replace(/\0/g, '');
}
