import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newDriver, settled } from '../testing.js';
import {
  hardenedImport,
  hardenedImportAppPrivate,
  hardenedImportPlugIn,
  loadModuleFile,
  loadServiceFile,
} from './load.js';

const trust = { uid: process.getuid?.() ?? 0, stickyParents: 'allow' } as const;

describe('loading of files that were verified', () => {
  if (process.platform === 'win32') return void it.skip('needs owners and modes of files');
  let home = '';
  const put = (name: string, text: string, mode = 0o644) => {
    const path = join(home, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(tmpdir()), 'ssmkit-sup-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('imports what passes, and runs nothing of what does not', async () => {
    const path = put('x.mjs', 'export const answer = 42;');
    expect(await hardenedImport(path, trust)).to.include({ answer: 42 });
    const evil = put('evil.mjs', 'globalThis.ssmkitEvil = true;', 0o666);
    expect(await settled(hardenedImport(evil, trust))).to.equal('VERR_SUPLIB_WORLD_WRITABLE');
    expect(await settled(hardenedImportPlugIn(evil, trust))).to.equal('VERR_SUPLIB_WORLD_WRITABLE');
    expect(globalThis).to.not.have.property('ssmkitEvil');
  });

  it('adds a suffix, but not to plug-ins', async () => {
    put('x.mjs', 'export const answer = 42;');
    expect(await hardenedImport(join(home, 'x'), trust)).to.include({ answer: 42 });
    expect(await hardenedImportAppPrivate('x', home, trust)).to.include({ answer: 42 });
    expect(await settled(hardenedImportPlugIn(join(home, 'x'), trust))).to.equal('VERR_SUPLIB_STAT_FAILED');
    expect(await hardenedImportPlugIn(join(home, 'x.mjs'), trust)).to.include({ answer: 42 });
  });

  it('modules of the application are named without a path', async () => {
    for (const name of ['', '../x', '/x', 'a\0']) {
      expect(await settled(hardenedImportAppPrivate(name, home, trust)), name).to.equal('VERR_INVALID_NAME');
    }
  });

  it('imports a file once, and again when it was written to', async () => {
    const path = put('x.mjs', 'export const answer = 1;');
    const first = await hardenedImport(path, trust);
    expect(await hardenedImport(path, trust)).to.equal(first);
    put('x.mjs', 'export const answer = 2;');
    expect(await hardenedImport(path, trust)).to.include({ answer: 2 });
  });

  it('uses nothing of a file that was changed while it was imported', async () => {
    const path = put(
      'x.mjs',
      `import { writeFileSync } from 'node:fs';
       writeFileSync(new URL(import.meta.url).pathname, 'other');`,
    );
    expect(await settled(hardenedImport(path, trust))).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
  });

  it('loads modules and services of the kernel', async () => {
    const { driver, alice } = newDriver();
    const path = put(
      'net.mjs',
      'export const serve = (session, operation) => operation === 1 ? "VINF_NO_CHANGE" : undefined;',
    );
    const image = await loadModuleFile(alice, path, 'plain', trust);
    expect(driver.modules.symbol(alice, image, 'serve')).to.be.a('function');
    await loadServiceFile(alice, path, 'net', 'serve', trust);
    expect(await driver.services.call(alice, 'net', 1)).to.equal('VINF_NO_CHANGE');
    chmodSync(path, 0o666);
    expect(await settled(loadModuleFile(alice, path, 'again', trust))).to.equal('VERR_SUPLIB_WORLD_WRITABLE');
    expect(driver.modules.names).to.deep.equal(['plain', 'net']);
  });
});
