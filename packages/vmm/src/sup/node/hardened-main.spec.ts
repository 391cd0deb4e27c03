import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { EXIT_NOT_STARTED, type HardenedMainOptions, hardenedMain, initOperations } from './hardened-main.js';

describe('the hardened main program', () => {
  if (process.platform === 'win32') return void it.skip('needs owners and modes of files');
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(tmpdir()), 'ssmkit-sup-'));
    // A temporary directory is the owner's only; an installation is everybody's to read.
    chmodSync(home, 0o755);
    writeFileSync(
      join(home, 'VirtualBoxVM.mjs'),
      `export const errors = globalThis.ssmkitErrors ??= [];
       export const TrustedMain = async (args, env) => args.length + Number(env.MORE);
       export const TrustedError = (where, what, error) => errors.push([where, what, error.status]);`,
      { mode: 0o644 },
    );
    writeFileSync(join(home, 'quiet.mjs'), 'export const TrustedMain = () => { throw new Error("mine"); };', {
      mode: 0o644,
    });
    writeFileSync(join(home, 'none.mjs'), 'export const TrustedMain = 1;', { mode: 0o644 });
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  /** Exit code, and what the program or else the caller was told. */
  async function run(name: string, options: Partial<HardenedMainOptions> = {}) {
    const told: unknown[] = [];
    Object.assign(globalThis, { ssmkitErrors: told });
    const code = await hardenedMain(name, {
      uid: process.getuid?.() ?? 0,
      stickyParents: 'allow',
      appDirectory: home,
      args: ['--startvm', 'x'],
      env: { MORE: '40' },
      onError: (where, what, error) => told.push(['caller', where, what, error.status]),
      ...options,
    });
    return { code, told };
  }

  it('has the steps of SUPINITOP', () => {
    expect(initOperations).to.deep.equal({ INTEGRITY: 1, ROOT_CHECK: 2, DRIVER: 3, IPRT: 4 });
  });

  it('gives the program its arguments, after the driver was opened', async () => {
    let opened = 0;
    expect(await run('VirtualBoxVM', { openDriver: () => opened++ })).to.deep.equal({ code: 42, told: [] });
    expect(opened).to.equal(1);
  });

  it('lets what the program throws pass', async () => {
    let thrown: unknown;
    await run('quiet').catch((error) => {
      thrown = error;
    });
    expect(thrown).to.have.property('message', 'mine');
  });

  const failing = () => {
    throw new SsmError('VERR_VM_DRIVER_NOT_INSTALLED', 'no driver');
  };
  const rows: readonly [string, string, Partial<HardenedMainOptions>, unknown[]][] = [
    [
      'a driver that is not there',
      'VirtualBoxVM',
      { openDriver: failing },
      ['openDriver', 'DRIVER', 'VERR_VM_DRIVER_NOT_INSTALLED'],
    ],
    [
      'the same, of a program that does not want to know',
      'quiet',
      { openDriver: failing },
      ['caller', 'openDriver', 'DRIVER', 'VERR_VM_DRIVER_NOT_INSTALLED'],
    ],
    [
      'a user who is not root',
      'VirtualBoxVM',
      { effectiveUid: 1000 },
      ['hardenedMain', 'ROOT_CHECK', 'VERR_ACCESS_DENIED'],
    ],
    ['no such program', 'gone', {}, ['caller', 'hardenedImportAppPrivate', 'INTEGRITY', 'VERR_SUPLIB_STAT_FAILED']],
    [
      'a module that is no program',
      'none',
      {},
      ['caller', 'hardenedImportAppPrivate', 'INTEGRITY', 'VERR_SYMBOL_NOT_FOUND'],
    ],
  ];
  for (const [name, program, options, told] of rows) {
    it(`${name}: ${told.join(' ')}`, async () => {
      expect(await run(program, options)).to.deep.equal({ code: EXIT_NOT_STARTED, told: [told] });
    });
  }

  it('starts nothing in an installation of which any file can be written by others', async () => {
    chmodSync(join(home, 'none.mjs'), 0o666);
    const { code, told } = await run('VirtualBoxVM');
    expect([code, told]).to.deep.equal([
      EXIT_NOT_STARTED,
      [['caller', 'verifyDirectory', 'INTEGRITY', 'VERR_SUPLIB_WORLD_WRITABLE']],
    ]);
  });
});
