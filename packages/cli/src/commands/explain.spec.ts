import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { ExplainDocument } from '../index.js';
import { runSsm } from '../testing.js';

const good = sav({ self: true }).unit('u', 3).u32(1).bytes();
const bad = sav({ self: true }).unit('u', 3).u8(1).lzf(4, [0xff, 0xff]).bytes();

describe('ssm explain STATUS', () => {
  it('says what it means, why, and what to do', async () => {
    const { code, out, err } = await runSsm(['explain', 'load_config_mismatch']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(/^VERR_SSM_LOAD_CONFIG_MISMATCH \(-1844\)\n {2}\S/);
    expect(out).to.match(/\n {2}Usual causes\n {2}\* \S/);
    expect(out).to.match(/\n {2}What to do\n {2}1\. \S[\s\S]*\n {2}2\. \S/);
  });

  for (const [what, shown] of [
    ['-1814', ['VERR_SSM_INTEGRITY_CRC (-1814)']],
    ['1864', ['VINF_SSM_LIVE_SUSPENDED (1864)', 'VERR_SSM_FIELD_COMPLEX (-1864)']],
    [
      '-1823',
      ['VERR_SSM_INTEGRITY_REC_TERM (-1823)', 'VERR_SSM_UNSUPPORTED_DATA_UNIT_VERSION (-1840)', '3.0 and older'],
    ],
    ['0xfffff8ce', ['VERR_SSM_LOAD_CPUID_MISMATCH (-1842)', 'VBoxManage modifyvm']],
  ] as const) {
    it(`takes ${what}`, async () => {
      const { code, out } = await runSsm(['explain', what]);
      expect(code).to.equal(0);
      for (const part of shown) expect(out).to.contain(part);
    });
  }

  it('is wrapped to the terminal', async () => {
    const { out } = await runSsm(['explain', 'unit_not_found', '--json', '--max-input', '1']);
    expect(JSON.parse(out).statuses).to.have.length(1);
    for (const width of [60, 40, 10]) {
      const narrow = (await runSsm(['explain', 'integrity_unit_not_found'], { width })).out;
      const longest = Math.max(
        ...narrow
          .split('\n')
          .slice(1)
          .map((line) => line.length),
      );
      expect(longest).to.be.at.most(Math.max(40, width));
    }
  });

  it('prints a document', async () => {
    const document = JSON.parse((await runSsm(['explain', '-1864', '--json'])).out) as ExplainDocument;
    expect(document.file).to.equal(null);
    expect(document.errors).to.deep.equal([]);
    expect(document.statuses[0]).to.deep.include({ status: 'VERR_SSM_FIELD_COMPLEX', number: -1864, note: null });
    expect(document.statuses[0]).to.have.keys('status', 'number', 'meaning', 'causes', 'advice', 'note');
  });

  const near: readonly (readonly [what: string, message: RegExp])[] = [
    ['VERR_SSM_INTEGRTY_CRC', /near statuses: VERR_SSM_INTEGRITY_CRC/],
    ['unit_not_fond', /near statuses: VERR_SSM_UNIT_NOT_FOUND, /],
    ['machine.sav', /no file and no status 'machine\.sav'/],
    ['-12345', /no file and no status '-12345'/],
  ];
  for (const [what, message] of near) {
    it(`says that it does not know ${what}`, async () => {
      const { code, out, err } = await runSsm(['explain', what]);
      expect({ code, out }).to.deep.equal({ code: 1, out: '' });
      expect(err)
        .to.match(/^ssm: VERR_FILE_NOT_FOUND: /)
        .and.to.match(message);
      expect(JSON.parse((await runSsm(['explain', what, '--json'])).out).errors).to.have.length(1);
    });
  }
});

describe('ssm explain FILE', () => {
  let cwd: string;
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-explain-'));
    writeFileSync(join(cwd, 'good.sav'), good);
    writeFileSync(join(cwd, 'my bad.sav'), bad);
    writeFileSync(join(cwd, 'eof'), good);
  });
  after(() => rmSync(cwd, { recursive: true }));

  it('says that a file is sound, and who loads it', async () => {
    const { code, out, err } = await runSsm(['explain', 'good.sav'], { cwd });
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(/^good\.sav: \d+ bytes, sound\n {2}Loaded by VirtualBox 3\.1 and later\.\n/);
    expect(out).to.contain('Everything in it is sound; units: 2.');
    expect(out).not.to.contain('What to do');
  });

  it('says what is wrong, where, and what to do with this very file', async () => {
    const { code, out, err } = await runSsm(['explain', 'my bad.sav'], { cwd });
    expect(code).to.equal(1);
    expect(out).to.match(/^my bad\.sav: \d+ bytes, not sound\n/);
    expect(out).to.match(/What is wrong: .*an LZF record does not expand .*\(unit 'u'#3, final pass, offset 0x/);
    expect(out).to.contain('VERR_SSM_INTEGRITY_DECOMPRESSION (-1825)');
    expect(out).to.contain(`'ssm ls "my bad.sav"'`);
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: /);
  });

  it('prints a document', async () => {
    const { out } = await runSsm(['explain', 'my bad.sav', '--json'], { cwd });
    const { statuses, file, errors } = JSON.parse(out) as ExplainDocument;
    expect(statuses.map(({ status }) => status)).to.deep.equal(['VERR_SSM_INTEGRITY_DECOMPRESSION']);
    expect(file).to.deep.include({
      name: 'my bad.sav',
      size: bad.length,
      ok: false,
      format: '2.0',
      units: 1,
      loadedBy: null,
    });
    expect(errors[0]?.where).to.deep.include({ unit: 'u', instance: 3 });
    const sound = JSON.parse((await runSsm(['explain', '-', '--json'], { stdin: good })).out) as ExplainDocument;
    expect(sound).to.deep.include({ statuses: [], errors: [] });
    expect(sound.file).to.deep.include({ name: '-', ok: true, loadedBy: 'VirtualBox 3.1 and later' });
  });

  it('takes a file that is there for a file, whatever its name', async () => {
    expect((await runSsm(['explain', 'eof'], { cwd })).out).to.match(/^eof: \d+ bytes, sound/);
    expect((await runSsm(['explain', 'eof'])).out).to.match(/^VERR_EOF /);
  });
});
