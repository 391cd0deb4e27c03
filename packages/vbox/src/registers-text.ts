import { type CpuRegisters, cpuModeOf, type Msr, type SegmentRegister } from './registers.js';

/*
 * Registers as VirtualBox shows them
 *
 * The lines are those of "Guest state at power off" in a machine's log, and of `info cpumguest verbose` in its debugger
 * (VirtualBox 7.2). What a saved state does not hold is left out: XSS, and what hardware virtualization and the MMU keep.
 */

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');
const hex64 = (value: bigint): string => hex(value, 16);
const low32 = (value: bigint): string => hex(BigInt.asUintN(32, value), 8);

/** EFLAGS in letters: when set, when clear. */
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

/** General and control registers of a CPU that executes 64 bits. */
function wide(r: CpuRegisters): string[] {
  return [
    `rax=${hex64(r.rax)} rbx=${hex64(r.rbx)} rcx=${hex64(r.rcx)} rdx=${hex64(r.rdx)}`,
    `rsi=${hex64(r.rsi)} rdi=${hex64(r.rdi)} r8 =${hex64(r.r8)} r9 =${hex64(r.r9)}`,
    `r10=${hex64(r.r10)} r11=${hex64(r.r11)} r12=${hex64(r.r12)} r13=${hex64(r.r13)}`,
    `r14=${hex64(r.r14)} r15=${hex64(r.r15)}`,
    `rip=${hex64(r.rip)} rsp=${hex64(r.rsp)} rbp=${hex64(r.rbp)} ${flagsText(r.rflags)}`,
    ...(['cs', 'ds', 'es', 'fs', 'gs', 'ss'] as const).map((name) => segment(name, r[name], 16)),
    `cr0=${hex64(r.cr0)} cr2=${hex64(r.cr2)} cr3=${hex64(r.cr3)} cr4=${hex64(r.cr4)}`,
    `dr0=${hex64(r.dr0)} dr1=${hex64(r.dr1)} dr2=${hex64(r.dr2)} dr3=${hex64(r.dr3)}`,
    `dr4=${hex64(0n)} dr5=${hex64(0n)} dr6=${hex64(r.dr6)} dr7=${hex64(r.dr7)}`,
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

/** A register of the FPU's stack. The tag is what VirtualBox makes of the abridged tag word, which is not the real one. */
function stackRegister(value: bigint, index: number, { fsw, ftw }: CpuRegisters['fpu']): string {
  const register = (index + (fsw >>> FPU_TOP_SHIFT)) & 7;
  const mantissa = BigInt.asUintN(64, value);
  const top = Number((value >> 64n) & 0xffffn);
  const tag = (ftw >>> (2 * register)) & 3;
  const fraction = (mantissa & ((1n << 63n) - 1n)).toString().padStart(22, '0');
  const shown = `${top & 0x8000 ? '-' : '+'}${mantissa >> 63n}.${fraction} * 2 ^ ${(top & 0x7fff) - EXPONENT_BIAS} (*)`;
  const reserved = [80n, 96n, 112n].map((shift) => hex((value >> shift) & 0xffffn, 4));
  const rest = reserved.some((part) => part !== '0000') ? ` res={${reserved.join(',')}}` : '';
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
