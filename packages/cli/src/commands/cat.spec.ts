import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { CatDocument } from '../index.js';
import { runSsm } from '../testing.js';

const FINAL = 0xffffffff;
const long = Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff);
const state = () =>
  sav({ live: true })
    .unit('ram', 0, { pass: 0 })
    .raw(long)
    .unit('ram', 1, { pass: 5 })
    .mem([5])
    .unit('ram')
    .mem([1, 2, 3, 4]);
const stdin = state().bytes();
const damaged = sav().unit('u', 0, { version: 3 }).mem([1, 2]).lzf(4, [0xff, 0xff]).bytes();

describe('ssm cat', () => {
  const rows: readonly (readonly [args: readonly string[], bytes: readonly number[]])[] = [
    [['ram'], [1, 2, 3, 4]],
    [
      ['ram', '--pass', 'final'],
      [1, 2, 3, 4],
    ],
    [['ram', '--pass', '0'], long],
    [['ram', '--instance', '1'], [5]],
    [['ram', '--instance', '1', '--pass', '5'], [5]],
  ];
  for (const [args, bytes] of rows) {
    it(`${args.join(' ')} writes ${bytes.length} bytes`, async () => {
      const { code, stdout, err } = await runSsm(['cat', '-', ...args], { stdin });
      expect(code).to.equal(0);
      expect(err).to.equal('');
      expect(Buffer.compare(stdout, Buffer.from(bytes))).to.equal(0);
    });
  }

  it('--json has the data, whole though it is written in pieces', async () => {
    let writes = 0;
    const onWrite = () => {
      writes++;
    };
    const { code, out } = await runSsm(['cat', '-', 'ram', '--pass', '0', '--json'], { stdin, onWrite });
    const { data, ...rest } = JSON.parse(out) as CatDocument;
    expect(code).to.equal(0);
    expect(rest).to.deep.equal({
      file: '-',
      unit: { name: 'ram', instance: 0, version: 1, pass: 0, offset: 64 },
      bytes: long.length,
      errors: [],
    });
    expect(Buffer.compare(Buffer.from(data as string, 'base64'), Buffer.from(long))).to.equal(0);
    expect(writes).to.be.greaterThan(4);
  });

  it('waits for the reader', async () => {
    let busy = false;
    const onWrite = async () => {
      expect(busy, 'a write while another is under way').to.equal(false);
      busy = true;
      await new Promise((done) => setTimeout(done, 1));
      busy = false;
    };
    const { stdout } = await runSsm(['cat', '-', 'ram', '--pass', '0'], { stdin, onWrite });
    expect(stdout.length).to.equal(long.length);
  });

  it('a damaged unit: the data in front of the damage, and what is wrong', async () => {
    const { code, stdout, err } = await runSsm(['cat', '-', 'u'], { stdin: damaged });
    expect(code).to.equal(1);
    expect([...stdout]).to.deep.equal([1, 2]);
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: [^\n]*unit 'u'#0, final pass[^\n]*\n$/);
  });

  it('a damaged unit as JSON is a whole document', async () => {
    const { code, out, err } = await runSsm(['cat', '-', 'u', '--json'], { stdin: damaged });
    const document = JSON.parse(out) as CatDocument;
    expect(code).to.equal(1);
    expect(document).to.deep.include({ data: 'AQI=', bytes: 2 });
    expect(document.errors.map(({ status }) => status)).to.deep.equal(['VERR_SSM_INTEGRITY_DECOMPRESSION']);
    expect(err.split('\n')).to.have.length(2);
  });

  it('a sound unit of a damaged file: its data, and what is wrong with the file', async () => {
    const { code, stdout, err } = await runSsm(['cat', '-', 'ram'], { stdin: stdin.subarray(0, -1) });
    expect(code).to.equal(1);
    expect([...stdout]).to.deep.equal([1, 2, 3, 4]);
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_FOOTER: .*\nssm: VERR_EOF: .*\n$/);
  });

  it('no such unit: near names', async () => {
    const { code, stdout, err } = await runSsm(['cat', '-', 'rma'], { stdin });
    expect(code).to.equal(1);
    expect(stdout).to.have.length(0);
    expect(err).to.equal("ssm: VERR_SSM_UNIT_NOT_FOUND: no such unit; near names: ram (unit 'rma'#0)\n");
  });

  describe('--output', () => {
    let cwd = '';
    beforeEach(() => {
      cwd = mkdtempSync(join(tmpdir(), 'ssm-cat-'));
    });
    afterEach(() => {
      rmSync(cwd, { recursive: true });
    });

    it('writes a file', async () => {
      const { code, out } = await runSsm(['cat', '-', 'ram', '--pass', '0', '-o', 'out.bin'], { stdin, cwd });
      expect(code).to.equal(0);
      expect(out).to.equal('');
      expect(Buffer.compare(readFileSync(join(cwd, 'out.bin')), Buffer.from(long))).to.equal(0);
    });

    it('--json says what was written', async () => {
      const { out } = await runSsm(['cat', '-', 'ram', '--output', 'out.bin', '--json'], { stdin, cwd });
      expect(JSON.parse(out)).to.deep.equal({
        file: '-',
        unit: { name: 'ram', instance: 0, version: 1, pass: FINAL, offset: JSON.parse(out).unit.offset },
        output: 'out.bin',
        bytes: 4,
        errors: [],
      });
    });

    it('a damaged unit leaves what was there', async () => {
      writeFileSync(join(cwd, 'out.bin'), 'before');
      const { code, err } = await runSsm(['cat', '-', 'u', '-o', 'out.bin'], { stdin: damaged, cwd });
      expect(code).to.equal(1);
      expect(err).to.contain('VERR_SSM_INTEGRITY_DECOMPRESSION');
      expect(readdirSync(cwd)).to.deep.equal(['out.bin']);
      expect(readFileSync(join(cwd, 'out.bin'), 'utf8')).to.equal('before');
    });

    it('a folder that is not there', async () => {
      const { code, err } = await runSsm(['cat', '-', 'ram', '-o', 'no/out.bin'], { stdin, cwd });
      expect(code).to.equal(1);
      expect(err).to.match(/^ssm: VERR_FILE_NOT_FOUND: [^\n]*\n$/);
    });
  });
});
