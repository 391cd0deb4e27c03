import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav, savV1 } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { VerifyDocument } from '../index.js';
import { runSsm } from '../testing.js';

const OK = 'VINF_SUCCESS';

async function verified(stdin: Uint8Array) {
  const { code, out, err } = await runSsm(['verify', '-', '--json'], { stdin });
  return { code, document: JSON.parse(out) as VerifyDocument, err };
}

describe('ssm verify', () => {
  it('says that nothing is wrong', async () => {
    const stdin = sav({ self: true }).unit('u').u32(1).bytes();
    expect(await verified(stdin)).to.deep.equal({
      code: 0,
      err: '',
      document: {
        file: '-',
        size: stdin.length,
        ok: true,
        validate: { withoutChecksum: OK, withChecksum: OK },
        open: OK,
        load: OK,
        units: OK,
        where: null,
        errors: [],
      },
    });
    const { code, out } = await runSsm(['verify', '-'], { stdin });
    expect(code).to.equal(0);
    expect(out).to.match(/^-: sound\n( {2}\S.* VINF_SUCCESS\n){5}$/);
  });

  it('says what is wrong, and where', async () => {
    const stdin = sav().unit('u', 2).u8(1).lzf(4, [0xff, 0xff]).bytes();
    const { code, document, err } = await verified(stdin);
    const status = 'VERR_SSM_INTEGRITY_DECOMPRESSION';
    expect(code).to.equal(1);
    expect(document).to.deep.include({
      ok: false,
      validate: { withoutChecksum: OK, withChecksum: OK },
      open: OK,
      load: status,
      units: status,
    });
    expect(document.where).to.deep.equal({
      offset: 64 + 46 + 3,
      unit: 'u',
      instance: 2,
      pass: 0xffffffff,
      field: null,
    });
    expect(document.errors).to.have.length(1);
    expect(document.errors[0]).to.deep.include({ status, where: document.where });
    expect(err).to.match(
      /^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: [^\n]*\(unit 'u'#2, final pass, offset 0x71 \(113\)\)\n$/,
    );
  });

  it('tells a file that was written unit by unit from a damaged one', async () => {
    const stdin = sav({ end: false }).unit('u').u8(1).bytes();
    const { code, document, err } = await verified(stdin);
    expect(code).to.equal(1);
    expect(document).to.deep.include({ load: 'VERR_SSM_INTEGRITY_UNIT_MAGIC', units: OK });
    expect(err).to.contain('ssm: note: the file has no END unit');
    expect((await runSsm(['verify', '-'], { stdin })).out).to.match(/^-: not loadable\n/);
  });

  it('looks at the units of a file that no loader would open', async () => {
    const stdin = Uint8Array.of(...sav().unit('u').u8(1).bytes(), 0);
    const { document } = await verified(stdin);
    const status = 'VERR_SSM_INTEGRITY_FOOTER';
    expect(document).to.deep.include({
      validate: { withoutChecksum: status, withChecksum: status },
      open: status,
      load: status,
      units: OK,
    });
  });

  it('says that VirtualBox does not load what is packed with LZ4', async () => {
    const stdin = sav({ header: (view) => view.setUint32(52, 0x10001, true) })
      .unit('u')
      .bytes();
    const { code, err } = await runSsm(['verify', '-'], { stdin });
    expect(code).to.equal(0);
    expect(err).to.match(/^ssm: note: packed with LZ4: VirtualBox refuses the file/);
    expect((await runSsm(['ls', '-'], { stdin })).out).to.contain('V2.0 with LZ4, which only ssmkit reads');
  });

  it('colours statuses', async () => {
    const { out } = await runSsm(['verify', '-'], { stdin: new Uint8Array(0), color: true });
    expect(out).to.contain('\x1b[31mVERR_EOF\x1b[39m');
  });

  describe('--salvage', () => {
    let cwd = '';
    beforeEach(() => {
      cwd = mkdtempSync(join(tmpdir(), 'ssm-salvage-'));
    });
    afterEach(() => rmSync(cwd, { recursive: true }));

    const damaged = sav().unit('a').u8(1).unit('b', 3).lzf(4, [0xff, 0xff]).unit('c').u8(2).bytes();
    const ssm = (...args: readonly string[]) => runSsm(args, { cwd, stdin: damaged });

    it('writes what is whole, and says what is lost', async () => {
      const { code, out, err } = await ssm('verify', '-', '--salvage', 'rest.sav');
      expect(code).to.equal(1);
      expect(out).to.match(
        /^-: damaged\n(?:.*\n)*rest\.sav: 2 units, \d+ bytes\n {2}lost: 'b'#3, final pass \(offset 0x81\)/,
      );
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: .*\n$/);
      expect((await ssm('verify', 'rest.sav')).code).to.equal(0);
      expect([...(await ssm('cat', 'rest.sav', 'c')).stdout]).to.deep.equal([2]);
    });

    it('--json has every unit', async () => {
      const { out } = await ssm('verify', '-', '--salvage', 'rest.sav', '--json');
      const { salvage } = JSON.parse(out) as VerifyDocument;
      expect(salvage?.whole.map(({ name }) => name)).to.deep.equal(['a', 'c']);
      expect(salvage?.lost[0]?.unit).to.deep.include({ name: 'b', instance: 3 });
      expect(salvage).to.deep.include({ output: 'rest.sav', knownBy: 'checksum', headerRepaired: null });
    });

    it("'-' writes the state to stdout and the rest to stderr", async () => {
      const { stdout, err } = await ssm('verify', '-', '--salvage', '-');
      expect(err).to.contain('lost:');
      expect((await runSsm(['verify', '-'], { stdin: stdout })).code).to.equal(0);
      expect((await ssm('verify', '-', '--salvage', '-', '--json')).code).to.equal(2);
    });

    it('says that the units of old formats have no checksums', async () => {
      const old = savV1({ after: (view) => view.setUint8(45, 1) })
        .unit('a')
        .store([1])
        .bytes();
      const { out } = await runSsm(['verify', '-', '--salvage', 'rest.sav'], { cwd, stdin: old });
      expect(out).to.contain('its units have no checksums');
    });

    it('of what cannot be salvaged nothing is written', async () => {
      writeFileSync(join(cwd, 'rest.sav'), 'before');
      const { code, out, err } = await runSsm(['verify', '-', '--salvage', 'rest.sav'], { cwd });
      expect(code).to.equal(1);
      expect(out).to.contain('damaged');
      expect(err).to.match(/^ssm: VERR_EOF: .*\n$/);
      expect(readFileSync(join(cwd, 'rest.sav'), 'utf8')).to.equal('before');
      expect(readdirSync(cwd)).to.deep.equal(['rest.sav']);
    });
  });
});
