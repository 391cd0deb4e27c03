import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sav } from '@ssmkit/runtime/testing';
import type { PageWriter } from '@ssmkit/vbox';
import { guestState, page } from '@ssmkit/vbox/testing';
import { expect } from 'chai';
import { runSsm } from '../testing.js';

const bytes = sav({ self: true }).unit('GCM').u32(7).unit('own').mem([1, 2, 3]).unit('own', 1).bytes();

describe('ssm edit', () => {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-edit-'));
    writeFileSync(join(cwd, 'a.sav'), bytes);
    writeFileSync(join(cwd, 'own.bin'), 'hello');
  });
  afterEach(() => rmSync(cwd, { recursive: true }));
  const ssm = (...args: readonly string[]) => runSsm(args, { cwd });
  const edits = ['--set', 'GCM.fixers=0x102', '--replace', 'own#0=own.bin', '--delete', 'own#1'];

  it('changes fields, data and what units there are', async () => {
    const { code, out, err } = await ssm('edit', 'a.sav', 'b.sav', ...edits);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(/^b\.sav: 3 units, \d+ bytes\n {2}changed: GCM#0, own#0\n {2}deleted: own#1\n$/);
    expect([...(await ssm('cat', 'b.sav', 'GCM')).stdout]).to.deep.equal([2, 1, 0, 0]);
    expect((await ssm('cat', 'b.sav', 'own')).out).to.equal('hello');
    expect((await ssm('verify', 'b.sav')).code).to.equal(0);
  });

  it('tells as JSON', async () => {
    const { out } = await ssm('edit', 'a.sav', 'b.sav', ...edits, '--json');
    const expected = {
      file: 'a.sav',
      output: 'b.sav',
      changed: ['GCM#0', 'own#0'],
      deleted: ['own#1'],
      units: 3,
      errors: [],
    };
    expect(JSON.parse(out)).to.deep.equal({ ...expected, bytes: readFileSync(join(cwd, 'b.sav')).length });
  });

  it('replaces the file that it reads', async () => {
    expect((await ssm('edit', 'a.sav', 'a.sav', ...edits)).code).to.equal(0);
    expect((await ssm('cat', 'a.sav', 'own')).out).to.equal('hello');
    expect(readdirSync(cwd).sort()).to.deep.equal(['a.sav', 'own.bin']);
  });

  it('from stdin to stdout', async () => {
    const { stdout } = await runSsm(['edit', '-', '-', '--delete', 'GCM'], { stdin: bytes });
    expect((await runSsm(['verify', '-'], { stdin: stdout })).code).to.equal(0);
  });

  it('pokes bytes into RAM, from the command line and from a file', async () => {
    const pages = { pages: (put: PageWriter) => put.putRam(1, page(1)) };
    writeFileSync(join(cwd, 'guest.sav'), await guestState([pages]));
    const pokes = ['--poke', '0x1ffe=dead beef', '--poke', '0x3000=@own.bin', '--poke', '8K=hex:c0de'];
    const { out, err } = await ssm('edit', 'guest.sav', 'b.sav', ...pokes);
    expect(err).to.equal('');
    expect(out).to.match(/changed: pgm#1\n$/);
    const { stdout } = await ssm('mem', 'extract', 'b.sav', '-', '--range', '0x1000-0x3fff');
    const expected = new Uint8Array(0x3000);
    expected.set(page(1));
    expected.set([0xde, 0xad, 0xc0, 0xde], 0xffe);
    expected.set(Buffer.from('hello'), 0x2000);
    expect(Buffer.compare(stdout, expected)).to.equal(0);
    const { out: same } = await ssm('diff', 'guest.sav', 'b.sav', '--json');
    expect(JSON.parse(same).memory[0].pages).to.equal(3);
  });

  it('sets what stands in front of the pages of guest memory', async () => {
    writeFileSync(join(cwd, 'guest.sav'), await guestState([{}]));
    expect((await ssm('edit', 'guest.sav', 'b.sav', '--set', 'pgm.cpus[0].guestMode=7')).err).to.equal('');
    expect((await ssm('dump', 'b.sav', 'pgm')).out).to.match(/cpus\[0\]: PgmCpu\n[\s\S]*guestMode: 7 \(0x7\)/);
  });

  const wrong: readonly (readonly [args: readonly string[], code: number, err: RegExp])[] = [
    [['--set', 'GCM.fixer=1'], 1, /near names: fixers/],
    [['--set', 'GCM.fixers=-1'], 1, /expected an integer from 0 to 4294967295, found -1/],
    [['--set', 'GMC.fixers=1'], 1, /VERR_SSM_UNIT_NOT_FOUND: no such unit; near names: GCM/],
    [['--replace', 'own#0=none.bin'], 1, /VERR_FILE_NOT_FOUND/],
    [['--replace', 'own'], 2, /Expected UNIT=FILE/],
    [[], 2, /nothing to change/],
    [['--poke', '0x1000=1'], 2, /Expected ADDRESS=BYTES with hexadecimal digits, or ADDRESS=@FILE/],
    [['--poke', '0x1000'], 2, /Expected ADDRESS=BYTES/],
    [['--poke', 'here=00'], 2, /Expected bytes, such as/],
    [['--poke', '0x1000=@none.bin'], 1, /VERR_FILE_NOT_FOUND/],
    [['--poke', '0x1000=00'], 1, /the state holds no guest memory/],
  ];
  for (const [args, code, err] of wrong) {
    it(`${args.join(' ') || 'no change'}: one line, and OUT is left as it was`, async () => {
      writeFileSync(join(cwd, 'b.sav'), 'before');
      const outcome = await ssm('edit', 'a.sav', 'b.sav', ...args);
      expect(outcome.code).to.equal(code);
      expect(outcome.err)
        .to.match(err)
        .and.to.match(/^ssm: [^\n]*\n$/);
      expect(readFileSync(join(cwd, 'b.sav'), 'utf8')).to.equal('before');
      expect(readdirSync(cwd)).to.have.length(3);
    });
  }
});
