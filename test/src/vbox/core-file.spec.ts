import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSsm } from '@ssmkit/cli/testing';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

interface Dumped {
  readonly segments: readonly { address: string; bytes: number; present: boolean; sha256?: string }[];
}

const PT_LOAD = 1;

/** The segments of an ELF file and their hashes. */
function segmentsOf(file: Buffer) {
  return Array.from({ length: file.readUInt16LE(56) }, (_, i) => 64 + 56 * i)
    .filter((at) => file.readUInt32LE(at) === PT_LOAD)
    .map((at) => {
      const [offset, address, bytes] = [at + 8, at + 24, at + 32].map((place) => Number(file.readBigUInt64LE(place)));
      const data = file.subarray(offset, (offset as number) + (bytes as number));
      return { address: `0x${address?.toString(16)}`, bytes, sha256: createHash('sha256').update(data).digest('hex') };
    });
}

describe('core files of real states', function () {
  this.timeout(60_000);
  let cwd = '';
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-core-'));
  });
  after(() => rmSync(cwd, { recursive: true }));
  const path = (test: Mocha.Context, name: string) => corpusPath(`real-vm/${name}`) ?? test.skip();

  it("hold what VirtualBox's own core file of the same instant holds: RAM, ROM and the memory of devices", async function () {
    const dumped = JSON.parse(readFileSync(path(this, 'c1.memory.json'), 'utf8')) as Dumped;
    await runSsm(['mem', 'extract', path(this, 'c1.sav'), 'c1.elf', '--format', 'elf'], { cwd });
    const expected = dumped.segments.filter(({ present }) => present);
    expect(segmentsOf(readFileSync(join(cwd, 'c1.elf')))).to.deep.equal(
      expected.map(({ address, bytes, sha256 }) => ({ address, bytes, sha256 })),
    );
  });

  it('show the registers of every CPU to debuggers', async function () {
    await runSsm(['mem', 'extract', path(this, 'full-2-afterbios.sav'), 'full.elf', '--format', 'elf'], { cwd });
    let threads: string;
    try {
      const commands = ['-ex', 'thread apply all info registers rip rsp cs rax'];
      threads = execFileSync('gdb', ['-nx', '-batch', ...commands, '-c', join(cwd, 'full.elf')], { encoding: 'utf8' });
    } catch {
      this.skip();
    }
    const { out } = await runSsm(['cpu', path(this, 'full-2-afterbios.sav'), '--json']);
    type Registers = Readonly<Record<string, string>>;
    const cpus: { registers: Registers; segments: { cs: { selector: string } } }[] = JSON.parse(out).cpus;
    const shown = [...threads.matchAll(/^(rip|rsp|cs|rax) +(0x[0-9a-f]+)/gm)].map(
      ([, name, value]) => `${name} ${value}`,
    );
    const hex = (value = '') => `0x${BigInt(value).toString(16)}`;
    const expected = [...cpus]
      .reverse()
      .flatMap(({ registers, segments }) => [
        `rip ${hex(registers['rip'])}`,
        `rsp ${hex(registers['rsp'])}`,
        `cs ${hex(segments.cs.selector)}`,
        `rax ${hex(registers['rax'])}`,
      ]);
    expect(cpus.length).to.equal(3);
    expect(shown).to.deep.equal(expected);
  });
});
