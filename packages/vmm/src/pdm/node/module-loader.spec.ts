import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HardenedFs } from '../../sup/node/verify.js';
import { createMachine, creationFailure, managerOf } from '../testing.js';
import { fileModules } from './module-loader.js';

const uid = process.getuid?.() ?? 0;
const trust = { uid, stickyParents: 'allow' } as const;

const good = `
  export function VBoxDriversRegister(callbacks, version) {
    callbacks.register({ name: 'Plugged', create: () => ({ base: { queryInterface: () => undefined }, construct() {} }) });
  }`;

/** A module that leaves a mark when it is executed. */
const marking = (rest = '') => `globalThis.ssmkitPlugIn = (globalThis.ssmkitPlugIn ?? 0) + 1; ${rest}`;

describe('modules in files', () => {
  if (process.platform === 'win32') return void it.skip('needs owners and modes of files');
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(tmpdir()), 'ssmkit-pdm-'));
    chmodSync(home, 0o755);
  });
  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
    delete (globalThis as Record<string, unknown>)['ssmkitPlugIn'];
  });

  const put = (name: string, text: string, mode = 0o644) => {
    const path = join(home, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const marks = () => (globalThis as Record<string, unknown>)['ssmkitPlugIn'];
  const machine = (path: string | undefined, fs?: HardenedFs) => ({
    config: { PDM: { Drivers: { Plug: path === undefined ? {} : { Path: path } } } },
    pdm: { loader: fileModules({ directory: home, ...trust, ...(fs !== undefined && { fs }) }) },
  });

  for (const [what, pathOf] of [
    ['a path', () => join(home, 'Plug.mjs')],
    ['a path without suffix', () => join(home, 'Plug')],
    ['a name', () => 'Plug'],
    ['nothing: the name of the node', () => undefined],
  ] as const) {
    it(`are found by ${what}`, async () => {
      put('Plug.mjs', good);
      const vm = await createMachine(machine(pathOf()));
      expect(managerOf(vm).drivers.names).to.deep.equal(['Plugged']);
      await vm.end();
    });
  }

  const refused: readonly (readonly [what: string, status: string, prepare: () => string])[] = [
    ['can be written by everybody', 'VERR_SUPLIB_WORLD_WRITABLE', () => put('Plug.mjs', marking(good), 0o666)],
    ['can be written by a group', 'VERR_SUPLIB_WRITE_NON_SYS_GROUP', () => put('Plug.mjs', marking(good), 0o664)],
    [
      'are links',
      'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
      () => {
        symlinkSync(put('real.mjs', marking(good)), join(home, 'Plug.mjs'));
        return join(home, 'Plug.mjs');
      },
    ],
    [
      'are in a directory that everybody can write to',
      'VERR_SUPLIB_WORLD_WRITABLE',
      () => {
        mkdirSync(join(home, 'open'));
        chmodSync(join(home, 'open'), 0o777);
        return put('open/Plug.mjs', marking(good));
      },
    ],
    [
      'are reached through a link',
      'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
      () => {
        mkdirSync(join(home, 'there'));
        symlinkSync(join(home, 'there'), join(home, 'here'));
        put('there/Plug.mjs', marking(good));
        return join(home, 'here/Plug.mjs');
      },
    ],
    ['are not there', 'VERR_SUPLIB_STAT_FAILED', () => join(home, 'Plug.mjs')],
    [
      'are directories',
      'VERR_SUPLIB_IS_DIRECTORY',
      () => {
        mkdirSync(join(home, 'Plug.mjs'));
        return join(home, 'Plug.mjs');
      },
    ],
    ['have a path too long', 'VERR_FILENAME_TOO_LONG', () => `/${'x'.repeat(4100)}`],
  ];
  for (const [what, status, prepare] of refused) {
    it(`are refused, and not executed, when they ${what}`, async () => {
      const path = prepare();
      expect(await creationFailure(machine(path))).to.equal(status);
      expect(marks()).to.equal(undefined);
    });
  }

  it('are refused when they belong to somebody else', async function () {
    // Only root can give files away.
    if (uid !== 0) return this.skip();
    const path = put('Plug.mjs', marking(good));
    chownSync(path, 12345, 12345);
    expect(await creationFailure(machine(path))).to.equal('VERR_SUPLIB_OWNER_NOT_ROOT');
    expect(marks()).to.equal(undefined);
  });

  it('are refused when they are exchanged while they are verified', async () => {
    const { lstat, open, readdir, rename } = await import('node:fs/promises');
    const path = put('Plug.mjs', good);
    put('evil.mjs', marking(good));
    const fs: HardenedFs = {
      lstat: (at) => lstat(at, { bigint: true }),
      readdir: (at) => readdir(at),
      open: async (at, flags) => {
        if (at === path) await rename(join(home, 'evil.mjs'), path);
        return open(at, flags);
      },
    };
    expect(await creationFailure(machine(path, fs))).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
    expect(marks()).to.equal(undefined);
  });

  it('are refused, and register nothing, when they are exchanged for a link while they are imported', async () => {
    const path = put(
      'Plug.mjs',
      `import { renameSync, symlinkSync } from 'node:fs';
       const here = new URL(import.meta.url).pathname;
       renameSync(here, here + '.old');
       symlinkSync(here + '.old', here);
       ${good}`,
    );
    expect(await creationFailure(machine(path))).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
  });

  const failing: readonly (readonly [what: string, status: string, text: string])[] = [
    ['throw when they are executed', 'VERR_GENERAL_FAILURE', 'throw new Error("a bug");'],
    ['are no JavaScript', 'VERR_GENERAL_FAILURE', 'this is none'],
    [
      'throw on registration',
      'VERR_GENERAL_FAILURE',
      'export function VBoxDriversRegister() { throw new Error("a bug"); }',
    ],
    ['have another export', 'VERR_PDM_NO_REGISTRATION_EXPORT', 'export function VBoxDevicesRegister() {}'],
    [
      'are of another version',
      'VERR_PDM_UNKNOWN_DRVREG_VERSION',
      `export function VBoxDriversRegister(callbacks) {
         callbacks.register({ name: 'Old', version: 0xf0ff0000, create: () => ({}) });
       }`,
    ],
    [
      'refuse the version of the callbacks',
      'VERR_VERSION_MISMATCH',
      `export function VBoxDriversRegister(callbacks) {
         if (callbacks.version !== 1) return 'VERR_VERSION_MISMATCH';
       }`,
    ],
    [
      'register an interface that they do not have',
      'VERR_PDM_INVALID_DRIVER_REGISTRATION',
      `export function VBoxDriversRegister(callbacks) {
         callbacks.register({ name: 'Fine', create: () => ({}) });
         callbacks.register({ name: 'Bad' });
       }`,
    ],
  ];
  for (const [what, status, text] of failing) {
    it(`fail the creation when they ${what}, and nothing of them stays`, async () => {
      put('Plug.mjs', text);
      expect(await creationFailure(machine(undefined))).to.equal(status);
      const vm = await createMachine(machine(undefined)).catch(() => undefined);
      expect(vm).to.equal(undefined);
      const other = await createMachine();
      const { modules, drivers } = managerOf(other);
      const loader = fileModules({ directory: home, ...trust });
      await modules.load('driver', 'Plug', 'Plug', () => loader.load('Plug', 'Plug')).catch(() => {});
      expect([drivers.names, modules.names.includes('Plug')]).to.deep.equal([[], false]);
      await other.end();
    });
  }
});
