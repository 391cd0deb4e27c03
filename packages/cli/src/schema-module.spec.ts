import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { loadStateClass, parseSchemaName } from './schema-module.js';

describe('parseSchemaName', () => {
  it('splits at the last #', () => {
    expect(parseSchemaName('./a#b.js#Pit')).to.deep.equal({ module: './a#b.js', className: 'Pit' });
  });

  for (const text of ['', 'a.js', '#Pit', 'a.js#']) {
    it(`'${text}' is none`, () => {
      expect(parseSchemaName(text)).to.equal(undefined);
    });
  }
});

describe('loadStateClass', () => {
  let folder = '';
  const schema = fileURLToPath(import.meta.resolve('@ssmkit/schema'));
  const module = `
    import { SsmStream, U8 } from ${JSON.stringify(schema)};
    export class Pit {}
    U8()(Pit.prototype, 'mode');
    SsmStream()(Pit);
    export class Pic {}
    SsmStream()(Pic);
    export class Plain {}
    export default Pit;
    export const number = 1;
  `;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssm-schema-'));
    const put = (path: string, text: string) => {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    put('devices/pit.mjs', module);
    put('broken.mjs', 'export const x = ;');
    put('throws.mjs', 'throw new RangeError("at import")');
    put('needs.mjs', 'import "./not-there.mjs"');
    put('types.ts', 'export const x: number = 1; enum E { A }');
    put('data.txt', 'export const x = 1;');
    put('nothing.mjs', 'export const x = 1;');
    put('node_modules/my-devices/package.json', '{"type":"module","exports":{".":"./main.js"}}');
    put('node_modules/my-devices/main.js', module);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const load = (name: string, className = 'Pit') => loadStateClass({ module: name, className }, folder);
  const failure = async (name: string, className?: string): Promise<SsmError> => {
    try {
      await load(name, className);
    } catch (error) {
      if (isSsmError(error)) return error;
      throw error;
    }
    throw new Error('it should have failed');
  };

  for (const name of ['./devices/pit.mjs', 'devices/pit.mjs', 'my-devices']) {
    it(`takes a class from ${name}`, async () => {
      expect((await load(name)).name).to.equal('Pit');
      expect((await load(name, 'default')).name).to.equal('Pit');
    });
  }

  it('takes absolute paths and URLs', async () => {
    const path = join(folder, 'devices/pit.mjs');
    expect(await load(path)).to.equal(await load(new URL(`file://${path}`).href));
  });

  const failures: readonly (readonly [name: string, className: string, status: string, detail: RegExp])[] = [
    ['./none.js', 'Pit', 'VERR_FILE_NOT_FOUND', /^there is no module '\.\/none\.js' \(.*none\.js\)$/],
    ['no-package', 'Pit', 'VERR_FILE_NOT_FOUND', /neither a file .* nor a package that is installed for/],
    ['./devices', 'Pit', 'VERR_FILE_NOT_FOUND', /is a folder: name the module's file/],
    [
      './devices/pit.mjs',
      'Pti',
      'VERR_SYMBOL_NOT_FOUND',
      /does not export 'Pti'; decorated classes it exports: Pic, Pit, default; did you mean 'Pi[ct]'\?$/,
    ],
    ['./devices/pit.mjs', 'toString', 'VERR_SYMBOL_NOT_FOUND', /does not export 'toString'/],
    [
      './devices/pit.mjs',
      'Plain',
      'VERR_INVALID_PARAMETER',
      /no class decorated with .*; decorated classes it exports: Pic, Pit, default$/,
    ],
    ['./devices/pit.mjs', 'number', 'VERR_INVALID_PARAMETER', /no class decorated with/],
    ['./nothing.mjs', 'Pit', 'VERR_SYMBOL_NOT_FOUND', /it exports no decorated class$/],
    ['./broken.mjs', 'Pit', 'VERR_GENERAL_FAILURE', /^'\.\/broken\.mjs' cannot be imported: SyntaxError: /],
    ['./throws.mjs', 'Pit', 'VERR_GENERAL_FAILURE', /RangeError: at import$/],
    ['./needs.mjs', 'Pit', 'VERR_GENERAL_FAILURE', /not-there\.mjs/],
    ['./data.txt', 'Pit', 'VERR_GENERAL_FAILURE', /cannot be imported: TypeError: .*"\.txt"/],
    ['./types.ts', 'Pit', 'VERR_GENERAL_FAILURE', /name the compiled \.js file, or let Node load a compiler/],
  ];
  for (const [name, className, status, detail] of failures) {
    it(`${name}#${className}: ${status}`, async () => {
      const error = await failure(name, className);
      expect(error.status).to.equal(status);
      expect(error.detail).to.match(detail);
    });
  }
});
