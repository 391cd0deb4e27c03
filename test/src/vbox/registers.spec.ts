import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuDocument, CpuJson } from '@ssmkit/cli';
import { runSsm } from '@ssmkit/cli/testing';
import { openState } from '@ssmkit/runtime';
import { FileSource } from '@ssmkit/runtime/node';
import { contextOf, readUnit } from '@ssmkit/vbox';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

/** A file of a real machine; skips the running test where there is none. */
function real(test: Mocha.Context, name: string): string {
  const path = corpusPath(name);
  if (path === undefined) test.skip();
  return path;
}

const big = (text: string) => BigInt(text);
const low32 = (value: bigint) => BigInt.asUintN(32, value);

/** Bits of the FPU's status word that tell the top of its stack. */
const topOf = (cpu: CpuJson) => Number((big(cpu.fpu.fsw as string) >> 11n) & 7n);

/** The tag word as FSTENV has it: what each register holds, where FXSAVE says only whether it holds anything. */
function tagWord(cpu: CpuJson): bigint {
  const abridged = Number(cpu.fpu.ftw);
  let tags = 0n;
  for (let register = 0; register < 8; register++) {
    const value = big(cpu.fpu.st[(register - topOf(cpu)) & 7] as string);
    const exponent = (value >> 64n) & 0x7fffn;
    const isNormal = exponent !== 0n && exponent !== 0x7fffn && (value >> 63n) & 1n;
    const tag = (abridged >> register) & 1 ? (isNormal ? 0n : value << 1n === 0n ? 1n : 2n) : 3n;
    tags |= tag << BigInt(2 * register);
  }
  return tags;
}

/** A register of the FPU as VirtualBox's debugger writes it: `+1m0x3540000000000000^9`. */
function realNumber(text: string): string {
  const value = big(text);
  const mantissa = BigInt.asUintN(64, value);
  const exponent = Number((value >> 64n) & 0x7fffn);
  const sign = value >> 79n ? '-' : '+';
  if (exponent === 0 && mantissa === 0n) return `${sign}0`;
  const fraction = (mantissa & ((1n << 63n) - 1n)).toString(16).padStart(16, '0');
  return `${sign}${mantissa >> 63n}m0x${fraction}^${exponent - 16383}`;
}

/** How the debugger's names read in what `ssm cpu --json` prints. */
function lookUp(cpu: CpuJson, name: string): bigint | string | undefined {
  const { registers, segments, tables, fpu } = cpu;
  const [, segment, part = ''] = /^(cs|ds|es|fs|gs|ss|ldtr|tr)(?:_(attr|base|lim))?$/.exec(name) ?? [];
  if (segment !== undefined) {
    const keys = { '': 'selector', attr: 'attributes', base: 'base', lim: 'limit' } as const;
    return big(segments[segment as 'cs'][keys[part as '']]);
  }
  const [, table, of] = /^(gdtr|idtr)(?:_(base|lim))?$/.exec(name) ?? [];
  if (table !== undefined) {
    const { base, limit } = tables[table as 'gdtr'];
    if (of === undefined) return `${base}:${limit.slice(2)}`;
    return big(of === 'base' ? base : limit);
  }
  const [, high] = /^([abcd])h$/.exec(name) ?? [];
  if (high !== undefined) return (big(registers[`r${high}x`] as string) >> 8n) & 0xffn;
  const [, kind, index] = /^(st|mm|xmm|ymm)(\d+)$/.exec(name) ?? [];
  switch (kind) {
    case 'st':
      // Both as the debugger counts them, which takes the saved order for that of the registers themselves.
      return realNumber(fpu.st[(Number(index) + topOf(cpu)) & 7] as string);
    case 'mm':
      return BigInt.asUintN(64, big(fpu.st[Number(index)] as string));
    case 'xmm':
      return big(fpu.xmm[Number(index)] as string);
    case 'ymm':
      // Without the upper halves, which are not saved where the guest may not use them, they are the lower ones.
      return big((cpu.ymm ?? fpu.xmm)[Number(index)] as string);
  }
  const msr = (of: string) => big(cpu.msrs.find((each) => each.name === of)?.value as string);
  switch (name) {
    case 'rflags':
      return low32(big(registers['rflags'] as string));
    case 'ftw':
      return tagWord(cpu);
    case 'fpucs':
      return big(fpu['cs'] as string);
    case 'fpuds':
      return big(fpu['ds'] as string);
    case 'mxcsr_mask':
      return big(fpu['mxcsrMask'] as string);
    case 'msr_ia32_arch_cap':
      return msr('ARCH_CAPABILITIES');
    case 'msr_ia32_spec_ctrl':
      return msr('SPEC_CTRL');
    case 'tsc_aux':
      return msr('TSC_AUX');
    case 'msr_fs_base':
      return big(segments.fs.base);
    case 'msr_gs_base':
      return big(segments.gs.base);
  }
  const renamed: Readonly<Record<string, string>> = {
    sysenter_cs: 'sysenterCs',
    sysenter_eip: 'sysenterEip',
    sysenter_esp: 'sysenterEsp',
    krnl_gs_base: 'kernelGsBase',
    sf_mask: 'sfmask',
  };
  const plain = registers[renamed[name] ?? name] ?? fpu[name];
  return plain === undefined ? undefined : big(plain as string);
}

/** Registers that the unit of the CPUs does not hold. */
const elsewhere = ['cr8', 'apic_base', 'perf_status', 'tsc'];

/**
 * States with what the debugger showed, and the registers that its program had gone on to change: the three of `resume` run
 * on for a twentieth of a second between the look and the saving (their time-stamp counters tell).
 */
const machines: Readonly<Record<string, readonly string[]>> = {
  'real-vm/c1': [],
  'resume/real1': [
    ...['rax', 'rdx', 'rsp', 'rbp', 'rsi', 'ah', 'dh', 'rip', 'rflags', 'ds', 'ds_base', 'es', 'es_base'],
    ...['ftw', 'st1', 'mm0'],
  ],
  'resume/prot1': ['rax', 'ftw', 'st1', 'mm0', 'xmm3', 'ymm3'],
  'resume/g13': ['rax', 'rdi', 'rip'],
};

/** What VirtualBox's debugger showed: `cpu0.rax = 0x…`. */
function shown(path: string): [unit: string, name: string, value: string][] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, unit, name, value] = /^(\w+)\.(\S+) *= (\S+)$/.exec(line) as unknown as [string, string, string, string];
    return [unit, name, value];
  });
}

describe('registers of real machines', () => {
  it('vm16: what ssm cpu prints is what the log says', async function () {
    const state = real(this, 'real-vm/vm16-2-afterbios.sav');
    const log = readFileSync(real(this, 'real-vm/vm16.log'), 'utf8').split('\n');
    const start = log.indexOf('Guest CPUM (VCPU 0) state: ');
    const end = log.indexOf('***', start);
    // The state does not hold XSS.
    const expected = log.slice(start, end).map((line) => line.replace(/ xss=\w+/, ''));
    expect(start, 'there is a guest state in the log').to.be.greaterThan(0);
    const { out, code, err } = await runSsm(['cpu', state]);
    expect([code, err]).to.deep.equal([0, '']);
    expect(out.trimEnd().split('\n')).to.deep.equal(expected);
  });

  for (const [name, moving] of Object.entries(machines)) {
    it(`${name}: every register is the one that the debugger showed`, async function () {
      const state = real(this, `${name}.sav`);
      const { out } = await runSsm(['cpu', state, '--json']);
      const [cpu] = (JSON.parse(out) as CpuDocument).cpus as [CpuJson];
      let compared = 0;
      for (const [unit, register, value] of shown(real(this, `${name}.registers.txt`))) {
        if (unit !== 'cpu0' || elsewhere.includes(register) || moving.includes(register)) continue;
        const held = lookUp(cpu, register);
        if (typeof held === 'string') expect(held, register).to.equal(value);
        // The debugger shows bits of RFLAGS that are VirtualBox's own and not saved.
        else expect(held, register).to.equal(register === 'rflags' ? low32(big(value)) : big(value));
        compared++;
      }
      expect(compared).to.be.greaterThan(110);
    });

    it(`${name}: so are those that other units hold`, async function () {
      const source = new FileSource(real(this, `${name}.sav`));
      try {
        const state = await openState(source);
        const context = await contextOf(state);
        const decoded = async <T>(unit: string, instance = 0) => {
          const result = await readUnit(await state.seek(unit, instance), context);
          return (result.kind === 'known' ? result.value : undefined) as T;
        };
        const apic = await decoded<{ cpus: { baseMsr: bigint; page: { tpr: number } }[] }>('apic');
        const debugged = shown(real(this, `${name}.registers.txt`));
        const value = (of: string) =>
          big(debugged.find(([unit, register]) => `${unit}.${register}` === of)?.[2] ?? '-1');
        expect(apic.cpus[0]?.baseMsr).to.equal(value('cpu0.apic_base'));
        expect(BigInt(apic.cpus[0]?.page.tpr as number) >> 4n).to.equal(value('cpu0.cr8'));
        if (name !== 'real-vm/c1') return;
        expect((await decoded<{ tsc: BigUint64Array }>('tm', 1)).tsc[0]).to.equal(value('cpu0.tsc'));
        const { redirection } = await decoded<{ redirection: BigUint64Array }>('ioapic');
        for (const [i, entry] of redirection.entries()) expect(entry).to.equal(value(`ioapic0.rte${i}`));
      } finally {
        source.close();
      }
    });
  }

  it('main-t3: the screenshot is the one that was taken', async function () {
    const state = real(this, 'real-vm/main-t3.sav');
    const { code, stdout } = await runSsm(['screenshot', state, '-']);
    expect(code).to.equal(0);
    expect(Buffer.compare(stdout, readFileSync(real(this, join('real-vm', 'main-t3.sav.png'))))).to.equal(0);
  });
});
