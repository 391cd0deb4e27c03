import { type CpuRegisters, cpuModeOf, type Msr, type SegmentRegister } from './registers.js';

/*
 * Registers as VirtualBox shows them
 *
 * The lines are those of "Guest state at power off" in the log of a machine that ran 16-bit code (VirtualBox 7.2.22). What a
 * saved state does not hold is left out: XSS, and what hardware virtualization and the MMU keep.
 *
 * What that log does not show is laid out here: 64-bit code, YMM registers, values on the FPU's stack, reserved words.
 */

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');
const hex64 = (value: bigint): string => hex(value, 16);
const low32 = (value: bigint): string => hex(BigInt.asUintN(32, value), 8);

/** EFLAGS in letters: when set, when clear. Those of the 8086 are what DEBUG of DOS shows, but for the parity's. */
const flagLetters: readonly (readonly [bit: number, set: string, clear?: string])[] = [
  [20, 'vip'],
  [19, 'vif'],
  [18, 'ac'],
  [17, 'vm'],
  [16, 'rf'],
  [14, 'nt'],
  [11, 'ov', 'nv'],
  [10, 'dn', 'up'],
  [9, 'ei', 'di'],
  [8, 'tf'],
  [7, 'ng', 'pl'],
  [6, 'zr', 'nz'],
  [4, 'ac', 'na'],
  [2, 'po', 'pe'],
  [0, 'cy', 'nc'],
];

const IOPL_SHIFT = 12;
/** Columns that the letters take, to the right. */
const FLAGS_WIDTH = 31;

function flagsText(rflags: bigint): string {
  const flags = Number(BigInt.asUintN(32, rflags));
  const iopl = (flags >>> IOPL_SHIFT) & 3;
  const letters = flagLetters.map(([bit, set, clear]) => ((flags >>> bit) & 1 ? set : clear)).filter(Boolean);
  return `iopl=${iopl} ${[`iopl=${iopl}`, ...letters].join(' ').padStart(FLAGS_WIDTH)}`;
}

/**
 * The registers of a CPU as text, each line with a line break.
 *
 * @param index number of the CPU.
 */
export function registersText(registers: CpuRegisters, index: number): string {
  const lines = [
    `Guest CPUM (VCPU ${index}) state: `,
    ...(cpuModeOf(registers) === 'long' ? wide(registers) : narrow(registers)),
    ...system(registers),
    ...fpu(registers),
    ...msrs(registers),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const segment = (name: string, { selector, base, limit, attributes }: SegmentRegister, digits: number): string =>
  `${name}={${hex(selector, 4)} base=${hex(base, digits)} limit=${hex(limit, 8)} flags=${hex(attributes, 8)}}`;

/** General and control registers of a CPU that executes 16 or 32 bits. DR4 and DR5 are shown, but hold nothing. */
function narrow(r: CpuRegisters): string[] {
  const beside = [
    ['cs', `dr0=${hex(r.dr0, 8)} dr1=${hex(r.dr1, 8)}`],
    ['ds', `dr2=${hex(r.dr2, 8)} dr3=${hex(r.dr3, 8)}`],
    ['es', `dr4=${hex(0, 8)} dr5=${hex(0, 8)}`],
    ['fs', `dr6=${hex(r.dr6, 8)} dr7=${hex(r.dr7, 8)}`],
    ['gs', `cr0=${hex(r.cr0, 8)} cr2=${hex(r.cr2, 8)}`],
    ['ss', `cr3=${hex(r.cr3, 8)} cr4=${hex(r.cr4, 8)}`],
  ] as const;
  return [
    `eax=${low32(r.rax)} ebx=${low32(r.rbx)} ecx=${low32(r.rcx)} edx=${low32(r.rdx)} esi=${low32(r.rsi)} edi=${low32(r.rdi)}`,
    `eip=${low32(r.rip)} esp=${low32(r.rsp)} ebp=${low32(r.rbp)} ${flagsText(r.rflags)}`,
    ...beside.map(([name, text]) => `${segment(name, r[name], 16)} ${text}`),
  ];
}

/** The registers in the order of their numbers in instructions. */
const wideRows = [
  ['rax', 'rcx', 'rdx', 'rbx'],
  ['rsp', 'rbp', 'rsi', 'rdi'],
  ['r8', 'r9', 'r10', 'r11'],
  ['r12', 'r13', 'r14', 'r15'],
] as const;

/** What stands beside segment registers of 64-bit code. */
const besideWide = {
  cs: ['cr0', 'cr2'],
  ds: ['cr3', 'cr4'],
  es: ['dr0', 'dr1'],
  fs: ['dr2', 'dr3'],
  gs: ['dr6', 'dr7'],
  ss: [],
} as const;

/** General and control registers of a CPU that executes 64 bits: as above, with room for the width. This layout is ours. */
function wide(r: CpuRegisters): string[] {
  const named = (
    name: (typeof wideRows)[number][number] | (typeof besideWide)['cs' | 'ds' | 'es' | 'fs' | 'gs'][number],
  ) => `${name.padEnd(3)}=${hex64(r[name])}`;
  return [
    ...wideRows.map((row) => row.map(named).join(' ')),
    `rip=${hex64(r.rip)} ${flagsText(r.rflags)}`,
    ...(Object.keys(besideWide) as (keyof typeof besideWide)[]).map((name) =>
      [segment(name, r[name], 16), ...besideWide[name].map(named)].join(' '),
    ),
  ];
}

/** What both widths have. */
function system(r: CpuRegisters): string[] {
  const digits = cpuModeOf(r) === 'long' ? 16 : 8;
  const table = (name: 'gdtr' | 'idtr') => `${name}=${hex64(r[name].base)}:${hex(r[name].limit, 4)}`;
  return [
    `${table('gdtr')}  ${table('idtr')}  eflags=${low32(r.rflags)}`,
    segment('ldtr', r.ldtr, 8),
    segment('tr  ', r.tr, 8),
    `SysEnter={cs=${hex(r.sysenterCs, 4)} eip=${hex(r.sysenterEip, digits)} esp=${hex(r.sysenterEsp, digits)}}`,
    ...(r.xcr0 === undefined
      ? []
      : [`xcr=${hex64(r.xcr0)} xcr1=${hex64(r.xcr1 ?? 0n)} (fXStateMask=${hex64(r.xstateMask ?? 0n)})`]),
  ];
}

const FPU_TOP_SHIFT = 11;
const EXPONENT_BIAS = 16383;

/** Parts of a register of 128 or 256 bits, 32 bits each. */
function words(value: bigint, bits: number): string {
  return (hex(value, bits / 4).match(/.{8}/g) ?? []).join("'");
}

function fpu({ fpu: f, ymm }: CpuRegisters): string[] {
  const vectors = ymm
    ? ymm.map((value, i) => `YMM${String(i).padEnd(2)}=${words(value, 256)}`)
    : f.xmm.map((value, i) => `XMM${String(i).padEnd(2)}=${words(value, 128)}`);
  return [
    `FCW=${hex(f.fcw, 4)} FSW=${hex(f.fsw, 4)} FTW=${hex(f.ftw, 4)} FOP=${hex(f.fop, 4)} MXCSR=${hex(f.mxcsr, 8)} MXCSR_MASK=${hex(f.mxcsrMask, 8)}`,
    `FPUIP=${hex(f.fpuip, 8)} CS=${hex(f.cs, 4)} Rsrvd1=${hex(f.reserved1, 4)}  FPUDP=${hex(f.fpudp, 8)} DS=${hex(f.ds, 4)} Rsvrd2=${hex(f.reserved2, 4)}`,
    ...f.st.map((value, i) => stackRegister(value, i, f)),
    ...(ymm ? vectors : inPairs(vectors)),
  ];
}

function inPairs(texts: readonly string[]): string[] {
  return texts.filter((_, i) => i % 2 === 0).map((text, i) => `${text}  ${texts[2 * i + 1]}`);
}

/** Digits behind the point of what is on the FPU's stack. */
const FRACTION_DIGITS = 22;

/**
 * A register of the FPU's stack. The tag is the bit of FXSAVE's abridged tag word: 1 for a register that is in use. The
 * fraction is cut off after its digits.
 */
function stackRegister(value: bigint, index: number, { fsw, ftw }: CpuRegisters['fpu']): string {
  const register = (index + (fsw >>> FPU_TOP_SHIFT)) & 7;
  const mantissa = BigInt.asUintN(64, value);
  const top = Number((value >> 64n) & 0xffffn);
  const tag = (ftw >>> register) & 1;
  const fraction = (BigInt.asUintN(63, mantissa) * 10n ** BigInt(FRACTION_DIGITS)) >> 63n;
  const digits = fraction.toString().padStart(FRACTION_DIGITS, '0');
  const shown = `${top & 0x8000 ? '-' : '+'}${mantissa >> 63n}.${digits} * 2 ^ ${(top & 0x7fff) - EXPONENT_BIAS} (*)`;
  const reserved = value >> 80n;
  const rest = reserved === 0n ? '' : ` reserved=${hex(reserved, 12)}`;
  const parts = `${hex(top, 4)}'${hex(mantissa >> 32n, 8)}'${low32(mantissa)}`;
  return `ST(${index})=FPR${register}={${parts}} t${tag} ${shown}${rest}`;
}

function msrs(r: CpuRegisters): string[] {
  const named = (name: string, value: bigint) => `${name.padEnd(13)}=${hex64(value)}`;
  const others = new Map(r.msrs.map(({ name, value }) => [name, value] as const));
  const capabilities = r.msrs.filter(({ name }) => name === 'MTRR_CAP');
  const fixed = r.msrs.filter(({ name }) => name === 'MTRR_DEF_TYPE' || name.startsWith('MTRR_FIX'));
  const ranges = r.msrs.filter(({ name }) => name.startsWith('MTRR_PHYSBASE'));
  return [
    named('EFER', r.efer),
    named('PAT', r.pat),
    named('STAR', r.star),
    named('CSTAR', r.cstar),
    named('LSTAR', r.lstar),
    named('SFMASK', r.sfmask),
    named('KERNELGSBASE', r.kernelGsBase),
    ...[...capabilities, ...fixed].map(({ name, value }) => `${name.padEnd(18)}=${hex64(value)}`),
    ...ranges.flatMap((base, i) => memoryRange(base, others.get(`MTRR_PHYSMASK[${i}]`), i)),
  ];
}

const MASK_VALID = 1n << 11n;
const MIB_SHIFT = 20n;
const memoryTypes: readonly (string | undefined)[] = ['UC', 'WC', undefined, undefined, 'WT', 'WP', 'WB'];

/** A range of memory with a type of its own: first and last address where it is valid. */
function memoryRange({ value: base }: Msr, mask: bigint | undefined, index: number): string[] {
  if (mask === undefined) return [];
  const place = String(index).padStart(2);
  const [first, second] = [`MTRR_PHYSBASE[${place}] =${hex64(base)}`, `MTRR_PHYSMASK[${place}] =${hex64(mask)}`];
  if ((mask & MASK_VALID) === 0n) return [first, second];
  const bits = (mask >> 12n) << 12n;
  const size = bits & -bits;
  const start = (base >> 12n) << 12n;
  const end = start + size - 1n;
  const mib = (address: bigint) => String(address >> MIB_SHIFT).padStart(6);
  const type = memoryTypes[Number(base & 0xffn)] ?? '??';
  return [
    `${first} First=${hex64(start)} ${mib(start)} MB [${type}]`,
    `${second} Last =${hex64(end)} ${mib(end)} MB [${size >> MIB_SHIFT} MB]`,
  ];
}
