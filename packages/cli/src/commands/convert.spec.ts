import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { ClosedOutput, type ConvertDocument } from '../index.js';
import { runSsm } from '../testing.js';

const text = new TextEncoder().encode('to be or not to be, '.repeat(1000));
const state = () =>
  sav({ self: true })
    .unit('u', 2)
    .mem([1])
    .raw([...text])
    .zero(4);
const stdin = state().bytes();
const damaged = sav({ self: true })
  .unit('u')
  .raw([...text])
  .lzf(4, [0xff, 0xff])
  .bytes();

describe('ssm convert', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-convert-'));
    writeFileSync(join(cwd, 'in.sav'), stdin);
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  const ssm = (...args: readonly string[]) => runSsm(['convert', ...args], { cwd });
  const read = (name: string) => new Uint8Array(readFileSync(join(cwd, name)));
  const lsOf = async (name: string) => JSON.parse((await runSsm(['ls', name, '--json'], { cwd })).out);

  it('packs otherwise, and back', async () => {
    const { code, out, err } = await ssm('in.sav', 'small.sav', '--compression', 'lz4');
    expect(code).to.equal(0);
    expect(out).to.match(
      /^in\.sav: V2\.0, \d+ bytes\nsmall\.sav: V2\.0, packed with LZ4, \d+ bytes: 2 units with \d+ bytes of data\n$/,
    );
    expect(err).to.match(/^ssm: note: VirtualBox refuses a state packed with LZ4/);
    expect((await lsOf('small.sav')).totals.records).to.deep.include({ lzf: 0, lz4: 4 });

    expect(await ssm('small.sav', 'back.sav', '--compression', 'lzf')).to.deep.include({ code: 0, err: '' });
    expect(await ssm('back.sav', 'plain.sav', '--compression', 'none')).to.deep.include({ code: 0, err: '' });
    expect((await lsOf('plain.sav')).totals.records).to.deep.include({ lzf: 0, lz4: 0 });
    for (const name of ['small', 'back', 'plain']) {
      expect((await runSsm(['verify', `${name}.sav`], { cwd })).code, name).to.equal(0);
      const { stdout } = await runSsm(['cat', `${name}.sav`, 'u', '--instance', '2'], { cwd });
      expect(Buffer.compare(stdout, Buffer.from([1, ...text, ...new Uint8Array(4096)])), name).to.equal(0);
    }
  });

  it('changes the format, and what the header says', async () => {
    const header = ['--product', '3.0.12', '--revision', 'r54655'];
    expect((await ssm('in.sav', 'old.sav', '--to', 'v1.2', ...header)).out).to.match(
      /old\.sav: V1\.2, packed with LZF/,
    );
    expect((await lsOf('old.sav')).header).to.deep.include({ format: '1.2', product: '3.0.12', revision: 54655 });
    expect(await ssm('old.sav', 'new.sav', '--to', 'V2.0', '--no-checksum')).to.deep.include({ code: 0, err: '' });
    expect((await lsOf('new.sav')).header).to.deep.include({ format: '2.0', product: '3.0.12', checksum: false });
    expect((await ssm('new.sav', 'new.sav', '--checksum', '--host', 'win.amd64')).code).to.equal(0);
    const { header: last, self } = await lsOf('new.sav');
    expect(last).to.deep.include({ checksum: true, hostBits: 64 });
    expect(self).to.deep.include({ hostOs: 'win.amd64' });
  });

  it('prints a document', async () => {
    const { out } = await ssm('in.sav', 'out.sav', '--json', '--compression', 'none');
    const document = JSON.parse(out) as ConvertDocument;
    expect(document).to.deep.equal({
      file: 'in.sav',
      size: stdin.length,
      output: 'out.sav',
      from: { format: '2.0' },
      to: { format: '2.0', compression: 'none' },
      units: 2,
      data: document.data,
      bytes: read('out.sav').length,
      errors: [],
    });
    expect(document.data).to.be.above(text.length + 4096);
  });

  it('converts from stdin to stdout', async () => {
    const { code, stdout, err } = await runSsm(['convert', '-', '-'], { cwd, stdin: sav().unit('u').zero(4).bytes() });
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(new Uint8Array(stdout)).to.deep.equal(sav().unit('u').zero(4).bytes());
    expect(readdirSync(cwd)).to.deep.equal(['in.sav']);
  });

  it('writes nothing where the input is damaged', async () => {
    writeFileSync(join(cwd, 'bad.sav'), damaged);
    writeFileSync(join(cwd, 'out.sav'), 'as it was');
    for (const output of ['out.sav', 'new.sav', '-']) {
      const { code, stdout, err } = await ssm('bad.sav', output);
      expect(code).to.equal(1);
      expect(stdout.length).to.equal(0);
      expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: .*unit 'u'#0/);
    }
    expect(readdirSync(cwd)).to.deep.equal(['bad.sav', 'in.sav', 'out.sav']);
    expect(readFileSync(join(cwd, 'out.sav'), 'utf8')).to.equal('as it was');
    const { errors } = JSON.parse((await ssm('bad.sav', 'out.sav', '--json')).out);
    expect(errors[0].status).to.equal('VERR_SSM_INTEGRITY_DECOMPRESSION');
  });

  it('says why it refuses', async () => {
    const { code, err } = await ssm('in.sav', 'out.sav', '--host', 'linux.x86');
    expect(code).to.equal(1);
    expect(err).to.match(/^ssm: VERR_NOT_SUPPORTED: saved on a 64-bit host: the units are not converted/);
    expect((await ssm('nothing.sav', 'out.sav')).err).to.match(/^ssm: VERR_FILE_NOT_FOUND/);
    expect((await ssm('in.sav', 'no/out.sav')).err).to.match(/^ssm: VERR_FILE_NOT_FOUND/);
  });

  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['in.sav'], /missing required argument 'out'/],
    [['in.sav', 'o', '--to', 'v1.1'], /Expected v2\.0 or v1\.2/],
    [['in.sav', 'o', '--compression', 'zip'], /Allowed choices are lzf, lz4, none/],
    [['in.sav', 'o', '--host', 'amiga'], /Expected os\.arch/],
    [['in.sav', 'o', '--gc-ptr-bytes', '6'], /Expected 4 or 8/],
    [['in.sav', 'o', '--product', '7.2'], /such as 7\.2\.22/],
    [['in.sav', 'o', '--product', '0.2.22'], /such as 7\.2\.22/],
    [['in.sav', 'o', '--product', '7.1001.22'], /such as 7\.2\.22/],
    [['in.sav', 'o', '--revision', '0'], /Expected a revision/],
    [['in.sav', '-', '--json'], /both write to stdout/],
    [['in.sav', '-', '--to', 'v1.2'], /OUT must be a file/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, out, err } = await ssm(...args);
      expect({ code, out }).to.deep.equal({ code: 2, out: '' });
      expect(err).to.match(message);
    });
  }

  it('ends quietly where nobody reads to the end', async () => {
    const onWrite = () => {
      throw new ClosedOutput();
    };
    expect(await runSsm(['convert', 'in.sav', '-'], { cwd, onWrite })).to.deep.include({ code: 0, err: '' });
  });
});
