import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import type { LsDocument } from '../index.js';
import { runSsm } from '../testing.js';

const FINAL = 0xffffffff;
const state = () =>
  sav({ self: true, live: true, hostOs: 'win.x86' })
    .unit('pit', 0, { version: 4, pass: 2 })
    .raw([1, 2, 3])
    .zero(4)
    .unit('pit', 7);

async function listed(stdin: Uint8Array) {
  const { code, out, err } = await runSsm(['ls', '-', '--json'], { stdin });
  return { code, document: JSON.parse(out) as LsDocument, err };
}

describe('ssm ls', () => {
  it('--json says everything', async () => {
    const stdin = state().bytes();
    const { code, document } = await listed(stdin);
    expect(code).to.equal(0);
    const self = 2 + 8 + 'Build Type'.length + 'release'.length + 8 + 'Host OS'.length + 'win.x86'.length + 8;
    const first = 64 + 48 + self + 16;
    expect(document).to.deep.equal({
      file: '-',
      size: stdin.length,
      header: {
        format: '2.0',
        product: '7.2.22',
        revision: 175245,
        hostBits: 64,
        gcPhysBytes: 8,
        gcPtrBytes: 8,
        live: true,
        checksum: true,
        unitCount: 3,
        compression: null,
      },
      self: { hostOs: 'win.x86', buildType: 'release', ose: false },
      units: [
        {
          name: 'SSM',
          instance: 0,
          version: 1,
          pass: FINAL,
          offset: 64,
          stored: self + 16,
          data: self - 2,
          records: { raw: 1, lzf: 0, zero: 0, lz4: 0, zlib: 0 },
        },
        {
          name: 'pit',
          instance: 0,
          version: 4,
          pass: 2,
          offset: first,
          stored: 5 + 3 + 16,
          data: 3 + 4096,
          records: { raw: 1, lzf: 0, zero: 1, lz4: 0, zlib: 0 },
        },
        {
          name: 'pit',
          instance: 7,
          version: 1,
          pass: FINAL,
          offset: first + 48 + 24,
          stored: 16,
          data: 0,
          records: { raw: 0, lzf: 0, zero: 0, lz4: 0, zlib: 0 },
        },
      ],
      totals: {
        units: 3,
        stored: self + 16 + 24 + 16,
        data: self - 2 + 4099,
        records: { raw: 2, lzf: 0, zero: 1, lz4: 0, zlib: 0 },
      },
      endUnit: true,
      errors: [],
    });
  });

  it('shows the same as text', async () => {
    const { code, out, err } = await runSsm(['ls', '-'], { stdin: state().bytes() });
    expect(code).to.equal(0);
    expect(err).to.equal('');
    for (const line of [
      /^ {2}Saved by +VirtualBox 7\.2\.22 r175245 \(release\)$/m,
      /^ {2}Host +win\.x86, 64 bits$/m,
      /^ {2}Live save +yes$/m,
      /^Unit +Inst +Ver +Pass +Offset +Stored +Data +RAW\/LZF\/ZERO$/m,
      /^pit +0 +4 +2 +0x\w+ +24 +4099 +1\/0\/1$/m,
      /^pit +7 +1 +final +0x\w+ +16 +0 +0\/0\/0$/m,
      /^3 units/m,
    ]) {
      expect(out).to.match(line);
    }
  });

  it('reads files without an END unit', async () => {
    const stdin = sav({ end: false }).unit('a').u8(1).bytes();
    const { code, document } = await listed(stdin);
    expect(code).to.equal(0);
    expect(document).to.deep.include({ endUnit: false, self: null, errors: [] });
    expect((await runSsm(['ls', '-'], { stdin })).out).to.match(/END unit +no/);
  });

  it('shows a file that has no units', async () => {
    const { code, document } = await listed(sav().bytes());
    expect(code).to.equal(0);
    expect(document.units).to.deep.equal([]);
    expect((await runSsm(['ls', '-'], { stdin: sav().bytes() })).out).to.contain('0 units');
  });

  it('shows a damaged unit without its sizes, and says what is wrong with it', async () => {
    const stdin = sav().unit('good').u8(1).unit('bad', 3).record(0x90, 0).unit('after').bytes();
    const { code, document, err } = await listed(stdin);
    expect(code).to.equal(1);
    expect(document.units.map(({ name, stored }) => [name, stored])).to.deep.equal([
      ['good', 19],
      ['bad', null],
    ]);
    expect(document.totals).to.deep.include({ units: 2, stored: 19, data: 1 });
    expect(document.errors).to.have.length(1);
    expect(document.errors[0]).to.deep.include({ status: 'VERR_SSM_INTEGRITY_REC_HDR' });
    expect(document.errors[0]?.where).to.deep.include({ unit: 'bad', instance: 3, pass: FINAL });
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_REC_HDR: .*unit 'bad'#3, final pass.*\n$/);
    const text = await runSsm(['ls', '-'], { stdin });
    expect(text).to.deep.include({ code: 1, err });
    expect(text.out).to.match(/^bad +3 +1 +final +0x\w+ +\? +\? +\?$/m);
  });

  it('shows a file that has been cut off, with both failures', async () => {
    const whole = sav({ self: true }).unit('a').u32(1).unit('b').u32(2).bytes();
    // In front of the last TERM record.
    const cut = whole.length - 32 - (16 + 3 * 16) - 44 - 16;
    const { code, document } = await listed(whole.subarray(0, cut));
    expect(code).to.equal(1);
    expect(document.units.map(({ name }) => name)).to.deep.equal(['SSM', 'a', 'b']);
    expect(document.units[2]?.stored).to.equal(null);
    expect(document.self?.hostOs).to.equal('linux.amd64');
    expect(document.errors.map(({ status }) => status)).to.deep.equal([
      'VERR_SSM_INTEGRITY_FOOTER',
      'VERR_SSM_LOADED_TOO_MUCH',
    ]);
    expect(document.endUnit).to.equal(null);
  });

  it('shows all of a file that has bytes too many', async () => {
    const whole = sav().unit('a').u32(1).bytes();
    const { code, document } = await listed(Uint8Array.of(...whole, 0));
    expect(code).to.equal(1);
    expect(document).to.deep.include({ endUnit: true });
    expect(document.errors.map(({ status }) => status)).to.deep.equal(['VERR_SSM_INTEGRITY_FOOTER']);
  });

  it('lets no name drive the terminal', async () => {
    const stdin = sav({ self: true, hostOs: 'x\x1b]0;owned\x07' }).unit('\x1b[2J\u202e').bytes();
    for (const args of [
      ['ls', '-'],
      ['ls', '-', '--json'],
    ]) {
      const { out } = await runSsm(args, { stdin });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(out).not.to.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
    expect((await listed(stdin)).document.units[1]?.name).to.equal('\x1b[2J\u202e');
  });

  it('fits the terminal', async () => {
    const stdin = sav().unit('a-unit-with-a-name-of-forty-seven-characters-xx').bytes();
    for (const width of [100, 80, 66]) {
      const { out } = await runSsm(['ls', '-'], { stdin, width });
      const table = out.slice(out.indexOf('Unit '));
      expect(Math.max(...table.split('\n').map((line) => line.length))).to.be.at.most(width);
      expect(table.trim().split('\n')).to.have.length(4);
    }
  });
});
