import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sav } from '@ssmkit/runtime/testing';
import { expect } from 'chai';
import { runSsm } from '../testing.js';

const stdin = sav({ self: true }).unit('GCM').u32(7).unit('own', 2).mem([1, 2, 3]).bytes();
const damaged = sav().unit('GCM').u32(7).unit('own').lzf(4, [0xff, 0xff]).bytes();

describe('ssm dump of a file', () => {
  it('shows every unit', async () => {
    const { code, out, err } = await runSsm(['dump', '-'], { stdin });
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(
      /^unit SSM#0, version 1, final pass\nSsm\n(?:.*\n)*\nunit GCM#0, version 1, final pass\nGcm\n/,
    );
    expect(out).to.match(
      /\nunit own#2, version 1, final pass\n3 bytes, not decoded: no layout is known for this unit\n {3}0000 {2}01 02 03\n$/,
    );
  });

  it('shows one unit', async () => {
    const { out } = await runSsm(['dump', '-', 'GCM'], { stdin });
    expect(out).to.match(/^unit GCM#0, version 1, final pass\nGcm\n.*7/);
    const { out: raw } = await runSsm(['dump', '-', 'own', '--instance', '2', '--json'], { stdin });
    expect(JSON.parse(raw)).to.deep.include({ class: null, value: null, bytes: 3 });
    expect(JSON.parse(raw).reason).to.contain('no layout');
  });

  it('of a damaged file shows what is in front of the damage', async () => {
    const { code, out, err } = await runSsm(['dump', '-'], { stdin: damaged });
    expect(code).to.equal(1);
    expect(out).to.contain('Gcm');
    expect(err).to.match(/^ssm: VERR_SSM_INTEGRITY_DECOMPRESSION: .*\n$/);
    const { out: json } = await runSsm(['dump', '-', '--json'], { stdin: damaged });
    expect(JSON.parse(json).units.map(({ name }: { name: string }) => name)).to.deep.equal(['GCM']);
    expect(JSON.parse(json).errors[0]).to.have.property('status', 'VERR_SSM_INTEGRITY_DECOMPRESSION');
  });
});

describe('ssm build', () => {
  let cwd = '';
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'ssm-build-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  it('makes the state again', async () => {
    writeFileSync(join(cwd, 'a.json'), (await runSsm(['dump', '-', '--json'], { stdin })).stdout);
    const { code, out } = await runSsm(['build', 'a.json', 'a.sav'], { cwd });
    expect(code).to.equal(0);
    expect(out).to.match(/^a\.sav: V2\.0, \d+ bytes: 3 units, 2 of them encoded from their values\n$/);
    expect((await runSsm(['verify', 'a.sav'], { cwd })).code).to.equal(0);
    const { stdout } = await runSsm(['dump', 'a.sav', '--json'], { cwd });
    expect(JSON.parse(Buffer.from(stdout).toString()).units).to.deep.equal(
      JSON.parse(readFileSync(join(cwd, 'a.json'), 'utf8')).units,
    );
  });

  it('from stdin to stdout', async () => {
    const { stdout: document } = await runSsm(['dump', '-', '--json'], { stdin });
    const { code, stdout } = await runSsm(['build', '-', '-'], { stdin: document });
    expect(code).to.equal(0);
    expect((await runSsm(['verify', '-'], { stdin: stdout })).code).to.equal(0);
  });

  it('tells as JSON', async () => {
    const { stdout: document } = await runSsm(['dump', '-', '--json'], { stdin });
    const { out } = await runSsm(['build', '-', 'b.sav', '--json'], { cwd, stdin: document });
    const bytes = readFileSync(join(cwd, 'b.sav')).length;
    const expected = { file: '-', output: 'b.sav', format: '2.0', units: 3, known: 2, bytes, errors: [] };
    expect(JSON.parse(out)).to.deep.equal(expected);
  });

  it('leaves what was there where the document is wrong', async () => {
    writeFileSync(join(cwd, 'b.sav'), 'before');
    const { code, err } = await runSsm(['build', '-', 'b.sav'], {
      cwd,
      stdin: new TextEncoder().encode('{"format": 1}'),
    });
    expect(code).to.equal(1);
    expect(err).to.match(/^ssm: VERR_INVALID_PARAMETER: format: expected "ssmkit-state".*\n$/);
    expect(readFileSync(join(cwd, 'b.sav'), 'utf8')).to.equal('before');
  });

  it('no such document', async () => {
    const { code, err } = await runSsm(['build', 'none.json', 'b.sav'], { cwd });
    expect(code).to.equal(1);
    expect(err).to.match(/^ssm: VERR_FILE_NOT_FOUND: .*\n$/);
  });

  it('with layouts of a module', async () => {
    const vbox = fileURLToPath(import.meta.resolve('@ssmkit/vbox'));
    const schema = fileURLToPath(import.meta.resolve('@ssmkit/schema'));
    const module = `
      import { Catalog } from ${JSON.stringify(vbox)};
      import { SsmStream, U8 } from ${JSON.stringify(schema)};
      export class Own {}
      for (const name of ['a', 'b', 'c']) U8()(Own.prototype, name);
      SsmStream()(Own);
      export const catalog = new Catalog().add({ name: 'own', versions: [1], target: Own });
    `;
    writeFileSync(join(cwd, 'own.mjs'), module);
    writeFileSync(join(cwd, 'none.mjs'), 'export const catalog = 1;');
    const { out } = await runSsm(['dump', '-', 'own', '--instance', '2', '--units', './own.mjs', '--json'], {
      cwd,
      stdin,
    });
    expect(JSON.parse(out)).to.deep.include({ class: 'Own', value: { a: 1, b: 2, c: 3 } });
    const { stdout } = await runSsm(['dump', '-', '--units', './own.mjs', '--json'], { cwd, stdin });
    expect((await runSsm(['build', '-', 'o.sav', '--units', './own.mjs'], { cwd, stdin: stdout })).code).to.equal(0);
    const { err } = await runSsm(['dump', '-', '--units', './none.mjs'], { cwd, stdin });
    expect(err).to.match(/^ssm: VERR_INVALID_PARAMETER: what '\.\/none\.mjs' exports as catalog is none/);
  });
});
