import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { corpusPath } from '../support/corpus.js';

const bin = join(dirname(fileURLToPath(import.meta.resolve('@ssmkit/cli'))), 'bin.js');

interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs the command as a process of its own. */
function ssm(
  args: readonly string[],
  options: { stdin?: Uint8Array; closeAfter?: number; stdout?: number } = {},
): Promise<Ended> {
  const { stdin, closeAfter = Number.POSITIVE_INFINITY, stdout = 'pipe' } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', stdout, 'pipe'] });
    const parts: Buffer[] = [];
    let taken = 0;
    child.stdout?.on('data', (part: Buffer) => {
      parts.push(part);
      taken += part.length;
      if (taken >= closeAfter) child.stdout?.destroy();
    });
    let stderr = '';
    child.stderr?.on('data', (part: Buffer) => {
      stderr += part.toString();
    });
    // A command that does not read its stdin closes it, which is its good right.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin ?? new Uint8Array(0));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(parts), stderr }));
  });
}

const prims = corpusPath('01-prims.sav') as string;

describe('ssm as a process', function () {
  this.timeout(60_000);
  let folder = '';
  let large = '';
  const LARGE = 48 << 20;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssm-process-'));
    large = join(folder, 'large.sav');
    const unit = sav().unit('ram');
    for (let i = 0; i < LARGE / 4096; i++) unit.zero(4);
    writeFileSync(large, unit.bytes());
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('exit codes: 0, 1, 2', async () => {
    expect(await ssm(['verify', prims])).to.deep.include({ code: 0, stderr: '' });
    const damaged = await ssm(['verify', corpusPath('variants/rec-type0.sav') as string]);
    expect(damaged.code).to.equal(1);
    expect(damaged.stderr).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_HDR: .*\n$/);
    const wrong = await ssm(['verify']);
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.match(/^ssm: VERR_INVALID_PARAMETER: .*\n$/);
  });

  it('writes a pipe without colours', async () => {
    const { stdout } = await ssm(['ls', prims]);
    expect(stdout.toString()).to.contain('Unit').and.not.to.contain('\x1b');
  });

  it('reads a pipe', async () => {
    const stdin = sav().unit('u').strZ('hello').bytes();
    const { code, stdout } = await ssm(['cat', '-', 'u'], { stdin });
    expect(code).to.equal(0);
    expect(stdout.subarray(4).toString()).to.equal('hello');
  });

  it('reads a FILE that is a pipe', async function () {
    if (process.platform === 'win32') this.skip();
    const command = `cat "$2" | "$0" "$1" ls --json /dev/stdin`;
    const child = spawn('sh', ['-c', command, process.execPath, bin, prims], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString();
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).to.equal(0);
    expect(JSON.parse(out).size).to.equal(statSync(prims).size);
  });

  it('writes a large unit through a pipe', async () => {
    const { code, stdout } = await ssm(['cat', large, 'ram']);
    expect(code).to.equal(0);
    expect(stdout.length).to.equal(LARGE);
  });

  it('ends quietly when the reader has had enough', async () => {
    const { code, stdout, stderr } = await ssm(['cat', large, 'ram'], { closeAfter: 1 });
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    expect(stdout.length).to.be.lessThan(LARGE);
  });

  it('says that the disk is full', async function () {
    let full: number;
    try {
      full = openSync('/dev/full', 'w');
    } catch {
      return this.skip();
    }
    const { code, stderr } = await ssm(['cat', large, 'ram'], { stdout: full });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^ssm: VERR_SSM_LOW_ON_DISK_SPACE: .*\n$/);
  });

  it('decodes with a class of a module', async () => {
    const schema = `${fileURLToPath(new URL('../classes/big.js', import.meta.url))}#Big`;
    const { code, stdout } = await ssm([
      'dump',
      corpusPath('03-structex-all-flags.sav') as string,
      'structex',
      '--schema',
      schema,
    ]);
    expect(code).to.equal(0);
    expect(stdout.toString()).to.contain('pvHack: 2271560481 (0x87654321)');
  });
});
