import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const bin = fileURLToPath(import.meta.resolve('@ssmkit/codegen').replace(/index\.js$/, 'bin.js'));
const source = `import { SsmStruct, U8 } from '@ssmkit/schema';\n\n@SsmStruct()\nexport class Pit {\n  @U8() a = 0;\n}\n`;
const user = process.getuid?.();
const cacheName = `ssmgen-cache${user === undefined ? '' : `-${user}`}`;

describe('the compiled form of TypeScript that ssmgen keeps', () => {
  let folder: string;
  let temporary: string;
  beforeEach(function () {
    // Newer Nodes keep it themselves.
    if ('enableCompileCache' in module) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'ssmgen-'));
    temporary = join(folder, 'node_modules');
    mkdirSync(temporary);
    writeFileSync(join(folder, 'pit.ts'), source);
  });
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const generate = (TMPDIR = temporary) => {
    const env = { ...process.env, TMPDIR, TEMP: TMPDIR, TMP: TMPDIR };
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, '--force', folder], { encoding: 'utf8', env });
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    return stdout;
  };
  const cached = () => readdirSync(join(temporary, cacheName));

  it('lies in the folder for temporary files, and gives the same text', () => {
    generate();
    const text = readFileSync(join(folder, 'pit.ssm.ts'), 'utf8');
    expect(cached()).to.have.length(2);
    expect(generate()).to.match(/all up to date/);
    expect(readFileSync(join(folder, 'pit.ssm.ts'), 'utf8')).to.equal(text);
  });

  it('may be damaged', () => {
    generate();
    for (const name of cached()) writeFileSync(join(temporary, cacheName, name), 'no such thing');
    generate();
  });

  it('is not needed where there is no folder for temporary files', () => {
    generate(join(folder, 'pit.ts', 'nowhere'));
  });

  it('is not looked at where others may write to it', function () {
    if (process.platform === 'win32') this.skip();
    mkdirSync(join(temporary, cacheName));
    chmodSync(join(temporary, cacheName), 0o777);
    generate();
    expect(cached()).to.deep.equal([]);
  });
});
