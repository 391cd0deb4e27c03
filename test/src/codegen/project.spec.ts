import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileResult, run } from '@ssmkit/codegen';
import { expect } from 'chai';

const bin = fileURLToPath(import.meta.resolve('@ssmkit/codegen').replace(/index\.js$/, 'bin.js'));

describe('ssmgen', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const pit = (count = '3') =>
    `import { SsmStruct, Struct, U8 } from '@ssmkit/schema';\nimport { Inner } from './inner.js';\n\n@SsmStruct()\nexport class Pit {\n  @U8({ count: ${count} }) a = new Uint8Array(${count});\n  @Struct(Inner) inner = new Inner();\n}\n`;
  const inner = (kind = 'U8') =>
    `import { SsmStruct, ${kind} } from '@ssmkit/schema';\n\n@SsmStruct()\nexport class Inner {\n  @${kind}() a = 0;\n}\n`;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmgen-'));
    writeFileSync(at('pit.ts'), pit());
    writeFileSync(at('inner.ts'), inner());
    writeFileSync(at('other.ts'), 'export const other = 1;\n');
    mkdirSync(at('node_modules'));
    writeFileSync(at('node_modules/pit.ts'), pit());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const results = (list: readonly FileResult[]) =>
    Object.fromEntries(list.map(({ generated, result }) => [generated.slice(folder.length + 1), result]));
  const generate = async (options = {}) => results(await run({ roots: [folder], ...options }));

  it('writes a file beside each source with decorated classes, and nothing else', async () => {
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'written', 'pit.ssm.ts': 'written' });
    expect(existsSync(at('other.ssm.ts'))).to.equal(false);
    expect(existsSync(at('node_modules/pit.ssm.ts'))).to.equal(false);
  });

  it('gives the same text for the same source', async () => {
    await generate();
    const text = readFileSync(at('pit.ssm.ts'), 'utf8');
    unlinkSync(at('pit.ssm.ts'));
    await generate();
    expect(readFileSync(at('pit.ssm.ts'), 'utf8')).to.equal(text);
  });

  it('touches nothing that is up to date', async () => {
    await generate();
    utimesSync(at('pit.ssm.ts'), 1, 1);
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'current', 'pit.ssm.ts': 'current' });
    expect(await generate({ force: true })).to.deep.equal({ 'inner.ssm.ts': 'current', 'pit.ssm.ts': 'current' });
    expect(statSync(at('pit.ssm.ts')).mtimeMs).to.equal(1000);
  });

  it('generates again when the source changes', async () => {
    await generate();
    writeFileSync(at('pit.ts'), pit('4'));
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'current', 'pit.ssm.ts': 'written' });
  });

  it('generates again when a class changes that the source nests', async () => {
    await generate();
    writeFileSync(at('inner.ts'), inner('U32'));
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'written', 'pit.ssm.ts': 'written' });
  });

  it('gives the same text for a source alone as for all together', async () => {
    const more = `import { LIMIT } from './limit.js';\n@SsmStruct()\nexport class More {\n  @U8({ max: LIMIT }) a = 0;\n}\n`;
    writeFileSync(at('limit.ts'), 'export const LIMIT = 3;\n');
    writeFileSync(at('inner.ts'), `${inner()}${more}`);
    await generate();
    const text = readFileSync(at('pit.ssm.ts'), 'utf8');
    unlinkSync(at('pit.ssm.ts'));
    await generate();
    expect(readFileSync(at('pit.ssm.ts'), 'utf8')).to.equal(text);
    // What another class of the same file uses is nothing to it.
    expect(text.split('\n')[1]).to.match(/^\/\/ ssmgen \d+ [0-9a-f]{32} \.\/inner\.ts$/);
    writeFileSync(at('limit.ts'), 'export const LIMIT = 4;\n');
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'written', 'pit.ssm.ts': 'current' });
  });

  it('generates again when something changes that a class uses which the source nests', async () => {
    writeFileSync(at('limit.ts'), 'export const LIMIT = 3;\n');
    writeFileSync(
      at('inner.ts'),
      `import { LIMIT } from './limit.js';\n${inner().replace('@U8()', '@U8({ max: LIMIT })')}`,
    );
    await generate();
    writeFileSync(at('limit.ts'), 'export const LIMIT = 4;\n');
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'written', 'pit.ssm.ts': 'written' });
  });

  it('generates again what was edited by hand or deleted', async () => {
    await generate();
    const text = readFileSync(at('pit.ssm.ts'), 'utf8');
    writeFileSync(at('pit.ssm.ts'), text.replace('s.take(', 's.take(1 + '));
    unlinkSync(at('inner.ssm.ts'));
    expect(await generate()).to.deep.equal({ 'inner.ssm.ts': 'written', 'pit.ssm.ts': 'written' });
    expect(readFileSync(at('pit.ssm.ts'), 'utf8')).to.equal(text);
  });

  it('removes the generated file of a source that is gone, and no other file', async () => {
    await generate();
    unlinkSync(at('pit.ts'));
    writeFileSync(at('mine.ssm.ts'), 'export const mine = 1;\n');
    expect(await generate()).to.deep.equal({ 'pit.ssm.ts': 'removed', 'inner.ssm.ts': 'current' });
    expect(existsSync(at('mine.ssm.ts'))).to.equal(true);
  });

  it('removes the generated file of a source that only mentions decorators any more', async () => {
    await generate();
    writeFileSync(at('pit.ts'), '// @SsmStruct() of @ssmkit/schema stood here\nexport const pit = 1;\n');
    expect(await generate({ check: true })).to.have.property('pit.ssm.ts', 'stale');
    expect(await generate()).to.deep.equal({ 'pit.ssm.ts': 'removed', 'inner.ssm.ts': 'current' });
    expect(existsSync(at('pit.ssm.ts'))).to.equal(false);
  });

  it('removes nothing when a source is wrong', async () => {
    await generate();
    unlinkSync(at('inner.ts'));
    writeFileSync(at('pit.ts'), pit('-1'));
    await run({ roots: [folder] }).then(
      () => expect.fail('the count is wrong'),
      () => expect(existsSync(at('inner.ssm.ts'))).to.equal(true),
    );
  });

  it('--check tells what is stale and writes nothing', async () => {
    await generate();
    expect(await generate({ check: true })).to.deep.equal({ 'inner.ssm.ts': 'current', 'pit.ssm.ts': 'current' });
    writeFileSync(at('pit.ts'), pit('4'));
    const before = readFileSync(at('pit.ssm.ts'), 'utf8');
    expect(await generate({ check: true })).to.deep.equal({ 'inner.ssm.ts': 'current', 'pit.ssm.ts': 'stale' });
    expect(readFileSync(at('pit.ssm.ts'), 'utf8')).to.equal(before);
  });

  it('leaves every file as it was when one source is wrong', async () => {
    await generate();
    const before = readFileSync(at('inner.ssm.ts'), 'utf8');
    writeFileSync(at('inner.ts'), inner('U32'));
    writeFileSync(at('pit.ts'), pit('-1'));
    await run({ roots: [folder] }).then(
      () => expect.fail('the count is wrong'),
      (error: Error) => expect(error.message).to.match(/pit\.ts:6:\d+: Pit\.a: the count/),
    );
    expect(readFileSync(at('inner.ssm.ts'), 'utf8')).to.equal(before);
  });

  const command = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder });

  it('--watch generates again whenever a source changes, and survives a mistake', async function () {
    this.timeout(30_000);
    const watching = spawn(process.execPath, [bin, '--watch'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [watching.stdout, watching.stderr]) stream.on('data', (text) => (said += String(text)));
    const until = async (what: string, holds: () => boolean) => {
      for (let i = 0; !holds(); i++) {
        if (i > 200) throw new Error(`waited in vain until ${what}; ssmgen said: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const generated = () => (existsSync(at('pit.ssm.ts')) ? readFileSync(at('pit.ssm.ts'), 'utf8') : '');
    try {
      await until('the first run is over', () => said.includes('2 files'));
      expect(generated()).to.include('count: 3');
      writeFileSync(at('pit.ts'), pit('-1'));
      await until('the mistake is told', () => /pit\.ts:6:\d+: Pit\.a/.test(said));
      writeFileSync(at('pit.ts'), pit('5'));
      await until('the change is generated', () => generated().includes('count: 5'));
    } finally {
      watching.kill();
    }
  });

  const exits: readonly [string, readonly string[], number, RegExp][] = [
    ['--help prints the options', ['--help'], 0, /--check/],
    ['without arguments it takes the current folder', [], 0, /written pit\.ssm\.ts/],
    ['--check fails on what was never generated', ['--check'], 1, /pit\.ssm\.ts is not what its source gives/],
    ['an unknown option is wrong use', ['--chek'], 2, /chek/],
    ['a folder that does not exist is an error', ['nowhere'], 1, /nowhere/],
  ];
  for (const [what, args, code, output] of exits) {
    it(`${what}: exit code ${code}`, () => {
      const { status, stdout, stderr } = command(...args);
      expect(stdout + stderr).to.match(output);
      expect(status).to.equal(code);
      expect(stderr).not.to.match(/^\s+at /m);
    });
  }
});
