import { putInto } from '@ssmkit/runtime';
import { sav } from '@ssmkit/runtime/testing';
import { Cpum, CpumCpu, CpumLive } from '@ssmkit/vbox';
import { expect } from 'chai';
import type { CpuDocument } from '../index.js';
import { runSsm } from '../testing.js';

const VERSION = 24;

/** A unit with CPUs whose RAX is 0x100, 0x101 … */
function cpum(count: number): Uint8Array {
  const unit = new Cpum();
  unit.cpuCount = count;
  unit.cpus = Array.from({ length: count }, (_, i) => {
    const cpu = new CpumCpu();
    Object.assign(cpu.context, { rax: BigInt(0x100 + i), rflags: 2n, cr0: 0x10n });
    cpu.context.cs.sel = 0xf000;
    return cpu;
  });
  return putInto((stream) => stream.put(unit), { version: VERSION });
}

const state = (count: number) =>
  sav()
    .unit('cpum', 1, { version: VERSION })
    .mem([...cpum(count)]);
const two = state(2).bytes();

describe('ssm cpu', () => {
  it('shows all CPUs, an empty line between', async () => {
    const { code, out, err } = await runSsm(['cpu', '-'], { stdin: two });
    expect([code, err]).to.deep.equal([0, '']);
    const [first, second] = out.split('\n\n') as [string, string];
    expect(first).to.match(/^Guest CPUM \(VCPU 0\) state: \neax=00000100 /);
    expect(second).to.match(/^Guest CPUM \(VCPU 1\) state: \neax=00000101 /);
  });

  it('--cpu shows one', async () => {
    const { out } = await runSsm(['cpu', '-', '--cpu', '1'], { stdin: two });
    expect(out).to.match(/^Guest CPUM \(VCPU 1\)/);
    expect(out.match(/Guest CPUM/g)).to.have.length(1);
  });

  it('--json has every register in hexadecimal, as wide as it is', async () => {
    const { out } = await runSsm(['cpu', '-', '--json', '--cpu', '1'], { stdin: two });
    const { file, version, cpus, errors } = JSON.parse(out) as CpuDocument;
    expect({ file, version, errors }).to.deep.equal({ file: '-', version: VERSION, errors: [] });
    expect(cpus).to.have.length(1);
    const [cpu] = cpus as [CpuDocument['cpus'][0]];
    expect(cpu).to.include({ index: 1, mode: 'real', ymm: null });
    expect(cpu.registers).to.include({ rax: '0x0000000000000101', cr0: '0x0000000000000010' });
    expect(cpu.segments.cs).to.deep.equal({
      selector: '0xf000',
      base: '0x0000000000000000',
      limit: '0x00000000',
      attributes: '0x00000000',
    });
    expect(cpu.fpu).to.include({ fcw: '0x0000', mxcsr: '0x00000000' });
    expect(cpu.fpu.st[7]).to.have.length(22);
    expect(cpu.msrs).to.have.length(50);
    expect(cpu.msrs[1]).to.deep.equal({ name: 'MISC_ENABLE', number: '0x000001a0', value: '0x0000000000000000' });
  });

  const live = putInto((stream) => stream.put(new CpumLive()), { version: VERSION });
  const rows: readonly (readonly [
    what: string,
    args: readonly string[],
    stdin: Uint8Array,
    code: number,
    err: RegExp,
  ])[] = [
    ['a CPU that is not there', ['--cpu', '2'], two, 1, /VERR_INVALID_CPU_ID: there is no CPU 2: there are 2/],
    ['the second CPU of one', ['--cpu', '1'], state(1).bytes(), 1, /there is one, number 0/],
    ['no number', ['--cpu', 'x'], two, 2, /Expected the number of a CPU/],
    ['a file without CPUs', [], sav().unit('pit').mem([1]).bytes(), 1, /VERR_SSM_UNIT_NOT_FOUND/],
    [
      'a live pass alone',
      [],
      sav({ live: true })
        .unit('cpum', 1, { version: VERSION, pass: 0 })
        .mem([...live])
        .bytes(),
      1,
      /VERR_NO_DATA: a live pass has no registers/,
    ],
    [
      'an ARM guest',
      [],
      sav().unit('cpum', 1, { version: 4 }).mem([1]).bytes(),
      1,
      /VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION: version 4 is not known: CPUs of ARM/,
    ],
    [
      'registers that end early',
      [],
      sav()
        .unit('cpum', 1, { version: VERSION })
        .mem([...cpum(1).subarray(0, 100)])
        .bytes(),
      1,
      /VERR_SSM_LOADED_TOO_MUCH.*Cpum\.cpus\[0\]/,
    ],
  ];
  for (const [what, args, stdin, code, err] of rows) {
    it(`${what} is a failure, also with --json`, async () => {
      const text = await runSsm(['cpu', '-', ...args], { stdin });
      expect(text.code).to.equal(code);
      expect(text.out).to.equal('');
      expect(text.err).to.match(err);
      const json = await runSsm(['cpu', '-', ...args, '--json'], { stdin });
      expect(json.code).to.equal(code);
      if (code === 1) expect((JSON.parse(json.out) as CpuDocument).errors).to.have.length(1);
    });
  }

  it('shows what it can of a damaged file, and what is wrong', async () => {
    const { code, out, err } = await runSsm(['cpu', '-'], { stdin: two.subarray(0, two.length - 8) });
    expect(code).to.equal(1);
    expect(out).to.match(/eax=00000101/);
    expect(err).to.match(/^ssm: VERR_SSM_/);
  });

  describe('of a damaged state', () => {
    const wrongChecksum = { term: (view: DataView) => view.setUint32(4, 0, true) };
    const registers = [...cpum(1)];
    /** The unit is behind a damaged one, and the directory is cut off. */
    const behind = sav()
      .unit('x', 0, wrongChecksum)
      .u32(1)
      .unit('cpum', 1, { version: VERSION })
      .mem(registers)
      .bytes()
      .subarray(0, -60);
    const changed = sav()
      .unit('cpum', 1, { version: VERSION, ...wrongChecksum })
      .mem(registers)
      .bytes();

    it('says what helps', async () => {
      for (const stdin of [behind, changed]) {
        const { code, out, err } = await runSsm(['cpu', '-'], { stdin });
        expect([code, out]).to.deep.equal([1, '']);
        expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_\w+: .*; --salvage takes what can be read .*\n$/);
      }
    });

    it('--salvage: looks behind the damage', async () => {
      const { code, out, err } = await runSsm(['cpu', '-', '--salvage'], { stdin: behind });
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.match(/^Guest CPUM \(VCPU 0\) state: \neax=00000100 /);
    });

    it('--salvage: takes registers whose checksum is wrong, and says so', async () => {
      const { code, out, err } = await runSsm(['cpu', '-', '--salvage'], { stdin: changed });
      expect(code).to.equal(1);
      expect(out).to.match(/eax=00000100/);
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_TERM_CRC: .*unit 'cpum'#1.*\n$/);
      const json = await runSsm(['cpu', '-', '--salvage', '--json'], { stdin: changed });
      expect((JSON.parse(json.out) as CpuDocument).errors).to.have.length(1);
    });
  });
});
