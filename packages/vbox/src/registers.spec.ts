import { expect } from 'chai';
import { type CpuRegisters, cpuModeOf, hasRegisters, registersOf } from './registers.js';
import { registersText } from './registers-text.js';
import { Cpum, type CpumCpu, CpumLive } from './units/cpum/cpum.js';
import { Cpum14, CpumImages } from './units/cpum/cpum-old.js';
import { YmmHigh } from './units/cpum/xstate.js';

/** A unit with one CPU, and the same registers in every version. */
function inEveryVersion(): readonly (Cpum | Cpum14 | CpumImages)[] {
  const now = new Cpum();
  const cpu = now.cpus[0] as CpumCpu;
  Object.assign(cpu.context, { rax: 1n, r15: 2n, rip: 0xfff0n, rflags: 0x202n, cr0: 0x10n, dr7: 0x400n, gdtrLimit: 3 });
  Object.assign(cpu.context, { gdtrBase: 0x1000n, idtrLimit: 0x3ff, sysenterCs: 8n, efer: 0x100n, kernelGsBase: 9n });
  Object.assign(cpu.context.cs, { sel: 0xf000, base: 0xffff0000n, limit: 0xffff, attr: 0x9b });
  Object.assign(cpu.context.tr, { sel: 0x28, base: 5n, limit: 0x67, attr: 0x8b });
  Object.assign(cpu.fpu, { fcw: 0x37f, mxcsr: 0x1f80 });
  cpu.fpu.st[1] = 7n;
  cpu.msrs[1] = 0x1850n;

  const then = new Cpum14();
  const { registers } = then.cpus[0] as Cpum14['cpus'][0];
  Object.assign(registers, { context: cpu.context, fpu: cpu.fpu });
  (then.cpus[0] as Cpum14['cpus'][0]).msrs = cpu.msrs;

  const long = new CpumImages();
  const image = (long.cpus[0] as CpumImages['cpus'][0]).registers;
  Object.assign(image, { rax: 1n, r15: 2n, rip: 0xfff0n, rflags: 0x202n, cr0: 0x10n, sysenterCs: 8n, efer: 0x100n });
  Object.assign(image, { kernelGsBase: 9n, fpu: cpu.fpu });
  image.dr[7] = 0x400n;
  Object.assign(image.gdtr, { base: 0x1000n, limit: 3, padding: 99 });
  Object.assign(image.idtr, { limit: 0x3ff });
  image.cs.sel = 0xf000;
  Object.assign(image.csHidden, { base: 0xffff0000n, limit: 0xffff, attr: 0x9b });
  image.tr.sel = 0x28;
  Object.assign(image.trHidden, { base: 5n, limit: 0x67, attr: 0x8b });
  (long.cpus[0] as CpumImages['cpus'][0]).msrs[1] = 0x1850n;
  return [now, then, long];
}

const cpuOf = (unit: Cpum | Cpum14 | CpumImages) => registersOf(unit)[0] as CpuRegisters;
const linesOf = (registers: CpuRegisters) => registersText(registers, 0).trimEnd().split('\n');

describe('registers', () => {
  for (const unit of inEveryVersion()) {
    it(`are the same from ${unit.constructor.name}`, () => {
      const r = cpuOf(unit);
      expect(r).to.include({
        rax: 1n,
        r15: 2n,
        rip: 0xfff0n,
        dr7: 0x400n,
        sysenterCs: 8n,
        efer: 0x100n,
        kernelGsBase: 9n,
      });
      expect(r.cs).to.deep.equal({ selector: 0xf000, base: 0xffff0000n, limit: 0xffff, attributes: 0x9b });
      expect(r.tr).to.deep.equal({ selector: 0x28, base: 5n, limit: 0x67, attributes: 0x8b });
      expect(r.gdtr).to.deep.equal({ base: 0x1000n, limit: 3 });
      expect(r.idtr).to.deep.equal({ base: 0n, limit: 0x3ff });
      expect(r.fpu).to.include({ fcw: 0x37f, mxcsr: 0x1f80 });
      expect(r.fpu.st[1]).to.equal(7n);
      expect(r.msrs[1]).to.deep.equal({ name: 'MISC_ENABLE', number: 0x1a0, value: 0x1850n });
      expect(hasRegisters(unit)).to.equal(true);
    });
  }

  it('that a version does not save are undefined, and the text leaves them out', () => {
    const [now, then, long] = inEveryVersion().map(cpuOf) as [CpuRegisters, CpuRegisters, CpuRegisters];
    expect(now).to.include({ xcr0: 0n, xstateMask: 0n });
    for (const r of [then, long]) {
      expect(r).to.include({ xcr0: undefined, ymm: undefined, paePdpes: undefined });
      expect(linesOf(r).some((line) => line.startsWith('xcr'))).to.equal(false);
    }
    expect(now.msrs).to.have.length(50);
    // Of the old block only two values mean something.
    expect(long.msrs.map(({ name }) => name)).to.deep.equal(['TSC_AUX', 'MISC_ENABLE']);
    expect(linesOf(long).some((line) => line.startsWith('MTRR'))).to.equal(false);
  });

  it('have whole YMM registers where the upper halves are saved', () => {
    const unit = new Cpum();
    const cpu = unit.cpus[0] as CpumCpu;
    cpu.fpu.xmm[2] = 0xffn;
    cpu.ymmHigh = new YmmHigh();
    cpu.ymmHigh.ymm[2] = 1n;
    const r = cpuOf(unit);
    expect(r.ymm?.[2]).to.equal((1n << 128n) | 0xffn);
    expect(linesOf(r)).to.include("YMM2 =00000000'00000000'00000000'00000001'00000000'00000000'00000000'000000ff");
  });

  it('are none in a live pass', () => expect(hasRegisters(new CpumLive())).to.equal(false));

  const modes: readonly (readonly [mode: string, values: object, attr: number])[] = [
    ['real', {}, 0],
    ['protected', { cr0: 0x80000011n }, 0],
    ['virtual-8086', { cr0: 1n, rflags: 0x20002n }, 0],
    ['compatibility', { cr0: 1n, efer: 0x500n }, 0],
    ['long', { cr0: 1n, efer: 0x500n }, 0xa09b],
    ['real', { efer: 0x500n }, 0xa09b],
  ];
  for (const [mode, values, attr] of modes) {
    it(`tell the mode: ${mode}`, () => {
      const unit = new Cpum();
      const { context } = unit.cpus[0] as CpumCpu;
      Object.assign(context, values);
      context.cs.attr = attr;
      expect(cpuModeOf(cpuOf(unit))).to.equal(mode);
    });
  }
});

describe('registers as text', () => {
  const text = (change: (cpu: CpumCpu) => void) => {
    const unit = new Cpum();
    change(unit.cpus[0] as CpumCpu);
    return linesOf(cpuOf(unit));
  };

  it('of 32 bits have six to a line', () => {
    const lines = text(({ context }) => {
      Object.assign(context, { rax: 0x1_2345_6789n, rdi: 0xfn, rip: 0x7c00n, cr0: 0x11n, dr3: 0x1_0000_0000n });
    });
    expect(lines[0]).to.equal('Guest CPUM (VCPU 0) state: ');
    expect(lines[1]).to.equal('eax=23456789 ebx=00000000 ecx=00000000 edx=00000000 esi=00000000 edi=0000000f');
    expect(lines[2]).to.match(/^eip=00007c00 esp=00000000 ebp=00000000 iopl=0 /);
    expect(lines[4]).to.equal(
      'ds={0000 base=0000000000000000 limit=00000000 flags=00000000} dr2=00000000 dr3=100000000',
    );
    expect(lines[7]).to.match(/cr0=00000011/);
  });

  it('of 64 bits have four', () => {
    const lines = text(({ context }) => {
      Object.assign(context, { cr3: 0xc3n, dr0: 0xd0n, dr7: 0x400n });
      Object.assign(context, { cr0: 1n, efer: 0x500n, r8: 8n, r15: 15n, rip: 0xffff_8000_0000_0000n, sysenterEip: 3n });
      context.cs.attr = 0xa09b;
    });
    const zero = '0'.repeat(16);
    expect(lines[1]).to.equal(`rax=${zero} rcx=${zero} rdx=${zero} rbx=${zero}`);
    expect(lines[2]).to.equal(`rsp=${zero} rbp=${zero} rsi=${zero} rdi=${zero}`);
    expect(lines[3]).to.equal(`r8 =0000000000000008 r9 =${zero} r10=${zero} r11=${zero}`);
    expect(lines[4]).to.equal(`r12=${zero} r13=${zero} r14=${zero} r15=000000000000000f`);
    expect(lines[5]).to.match(/^rip=ffff800000000000 iopl=0 /);
    const empty = `base=${zero} limit=00000000`;
    expect(lines.slice(6, 12)).to.deep.equal([
      `cs={0000 ${empty} flags=0000a09b} cr0=0000000000000001 cr2=${zero}`,
      `ds={0000 ${empty} flags=00000000} cr3=00000000000000c3 cr4=${zero}`,
      `es={0000 ${empty} flags=00000000} dr0=00000000000000d0 dr1=${zero}`,
      `fs={0000 ${empty} flags=00000000} dr2=${zero} dr3=${zero}`,
      `gs={0000 ${empty} flags=00000000} dr6=${zero} dr7=0000000000000400`,
      `ss={0000 ${empty} flags=00000000}`,
    ]);
    expect(lines).to.include(`SysEnter={cs=0000 eip=0000000000000003 esp=${zero}}`);
  });

  const flags: readonly (readonly [rflags: bigint, text: string])[] = [
    [0n, 'iopl=0  iopl=0 nv up di pl nz na pe nc'],
    [0x246n, 'iopl=0  iopl=0 nv up ei pl zr na po nc'],
    [0x3ad7n, 'iopl=3  iopl=3 ov up ei ng zr ac po cy'],
    [0x7500n, 'iopl=3 iopl=3 nt nv dn di tf pl nz na pe nc'],
    [0x1f_0000n, 'iopl=0 iopl=0 vip vif ac vm rf nv up di pl nz na pe nc'],
    [0x10_0000n, 'iopl=0 iopl=0 vip nv up di pl nz na pe nc'],
    [0x08_0000n, 'iopl=0 iopl=0 vif nv up di pl nz na pe nc'],
    [0x04_0000n, 'iopl=0 iopl=0 ac nv up di pl nz na pe nc'],
    [0x01_0000n, 'iopl=0 iopl=0 rf nv up di pl nz na pe nc'],
    [0xc12a_0bb0_0000_0002n, 'iopl=0  iopl=0 nv up di pl nz na pe nc'],
  ];
  for (const [rflags, expected] of flags) {
    it(`EFLAGS 0x${rflags.toString(16)} are ${expected}`, () => {
      const lines = text(({ context }) => {
        context.rflags = rflags;
      });
      expect(lines[2]?.slice('eip=00000000 esp=00000000 ebp=00000000 '.length)).to.equal(expected);
    });
  }

  it('of the FPU are numbered from the top of the stack', () => {
    const lines = text(({ fpu }) => {
      fpu.fsw = 0x3800;
      fpu.ftw = 0x80;
      fpu.st[0] = (0xc000n << 64n) | 0xc000_0000_0000_0000n;
      fpu.st[1] = (1n << 80n) | (2n << 96n) | (3n << 112n);
    });
    const at = lines.findIndex((line) => line.startsWith('ST(0)'));
    expect(lines[at]).to.equal("ST(0)=FPR7={c000'c0000000'00000000} t1 -1.5000000000000000000000 * 2 ^ 1 (*)");
    expect(lines[at + 1]).to.match(/^ST\(1\)=FPR0=.* t0 .* reserved=000300020001$/);
    expect(lines).to.include("XMM14=00000000'00000000'00000000'00000000  XMM15=00000000'00000000'00000000'00000000");
  });

  it('has every value in its place', () => {
    const lines = text(({ context, fpu, msrs }) => {
      Object.assign(context, { dr0: 0xd0n, dr1: 0xd1n, dr2: 0xd2n, dr3: 0xd3n, dr6: 0xd6n, dr7: 0xd7n });
      Object.assign(context, { cr0: 0xc0n, cr2: 0xc2n, cr3: 0xc3n, cr4: 0xc4n, gdtrBase: 1n, gdtrLimit: 2 });
      Object.assign(context, { idtrBase: 3n, idtrLimit: 4, sysenterCs: 5n, sysenterEip: 6n, sysenterEsp: 7n });
      Object.assign(context, { efer: 1n, pat: 2n, star: 3n, cstar: 4n, lstar: 5n, sfmask: 6n, kernelGsBase: 7n });
      Object.assign(context, { xcr0: 8n, xcr1: 9n, xstateMask: 10n });
      Object.assign(fpu, {
        fcw: 1,
        fsw: 2,
        ftw: 3,
        fop: 4,
        fpuip: 5,
        cs: 6,
        reserved1: 7,
        fpudp: 8,
        ds: 9,
        reserved2: 10,
      });
      Object.assign(fpu, { mxcsr: 11, mxcsrMask: 12 });
      for (const name of ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const)
        context[name].sel = name.charCodeAt(0);
      for (const i of fpu.xmm.keys()) fpu.xmm[i] = BigInt(i);
      for (const i of msrs.keys()) msrs[i] = BigInt(i);
    });
    const segment = (name: string, digits = 16) => {
      const sel = name.charCodeAt(0).toString(16).padStart(4, '0');
      return `${name}={${sel} base=${'0'.repeat(digits)} limit=00000000 flags=00000000}`;
    };
    const st = (i: number, tag: number) => {
      return `ST(${i})=FPR${i}={0000'00000000'00000000} t${tag} +0.${'0'.repeat(22)} * 2 ^ -16383 (*)`;
    };
    const vector = (i: number) =>
      `XMM${`${i}`.padEnd(2)}=00000000'00000000'00000000'${i.toString(16).padStart(8, '0')}`;
    const value = (number: number) => number.toString(16).padStart(16, '0');
    expect(lines).to.deep.equal([
      'Guest CPUM (VCPU 0) state: ',
      'eax=00000000 ebx=00000000 ecx=00000000 edx=00000000 esi=00000000 edi=00000000',
      'eip=00000000 esp=00000000 ebp=00000000 iopl=0  iopl=0 nv up di pl nz na pe nc',
      `${segment('cs')} dr0=000000d0 dr1=000000d1`,
      `${segment('ds')} dr2=000000d2 dr3=000000d3`,
      `${segment('es')} dr4=00000000 dr5=00000000`,
      `${segment('fs')} dr6=000000d6 dr7=000000d7`,
      `${segment('gs')} cr0=000000c0 cr2=000000c2`,
      `${segment('ss')} cr3=000000c3 cr4=000000c4`,
      'gdtr=0000000000000001:0002  idtr=0000000000000003:0004  eflags=00000000',
      segment('ldtr', 8),
      segment('tr  ', 8),
      'SysEnter={cs=0005 eip=00000006 esp=00000007}',
      'xcr=0000000000000008 xcr1=0000000000000009 (fXStateMask=000000000000000a)',
      'FCW=0001 FSW=0002 FTW=0003 FOP=0004 MXCSR=0000000b MXCSR_MASK=0000000c',
      'FPUIP=00000005 CS=0006 Rsrvd1=0007  FPUDP=00000008 DS=0009 Rsvrd2=000a',
      ...[1, 1, 0, 0, 0, 0, 0, 0].map((tag, i) => st(i, tag)),
      ...[0, 2, 4, 6, 8, 10, 12, 14].map((i) => `${vector(i)}  ${vector(i + 1)}`),
      `EFER         =${value(1)}`,
      `PAT          =${value(2)}`,
      `STAR         =${value(3)}`,
      `CSTAR        =${value(4)}`,
      `LSTAR        =${value(5)}`,
      `SFMASK       =${value(6)}`,
      `KERNELGSBASE =${value(7)}`,
      `MTRR_CAP          =${value(17)}`,
      `MTRR_DEF_TYPE     =${value(2)}`,
      `MTRR_FIX64K_00000 =${value(3)}`,
      `MTRR_FIX16K_80000 =${value(4)}`,
      `MTRR_FIX16K_A0000 =${value(5)}`,
      ...['C0', 'C8', 'D0', 'D8', 'E0', 'E8', 'F0', 'F8'].map((at, i) => `MTRR_FIX4K_${at}000  =${value(6 + i)}`),
      ...Array.from({ length: 16 }, (_, i) => [
        `MTRR_PHYSBASE[${`${i}`.padStart(2)}] =${value(18 + 2 * i)}`,
        `MTRR_PHYSMASK[${`${i}`.padStart(2)}] =${value(19 + 2 * i)}`,
      ]).flat(),
    ]);
  });

  it('of memory types tell ranges', () => {
    const lines = text(({ msrs }) => {
      msrs[18] = 0x8000_0006n;
      msrs[19] = 0xff_8000_0800n;
      msrs[20] = 1n;
    });
    expect(lines).to.include('MTRR_PHYSBASE[ 0] =0000000080000006 First=0000000080000000   2048 MB [WB]');
    expect(lines).to.include('MTRR_PHYSMASK[ 0] =000000ff80000800 Last =00000000ffffffff   4095 MB [2048 MB]');
    expect(lines).to.include('MTRR_PHYSBASE[ 1] =0000000000000001');
    expect(lines).to.include('MTRR_PHYSMASK[15] =0000000000000000');
  });

  it('leaves MSRs out that an older version has not', () => {
    const unit = new Cpum();
    unit.msrBytes = 136;
    (unit.cpus[0] as CpumCpu).msrs = new BigUint64Array(17);
    const lines = linesOf(cpuOf(unit));
    expect(lines.some((line) => line.startsWith('MTRR_FIX4K_F8000'))).to.equal(true);
    expect(lines.some((line) => line.startsWith('MTRR_CAP') || line.startsWith('MTRR_PHYS'))).to.equal(false);
  });
});
