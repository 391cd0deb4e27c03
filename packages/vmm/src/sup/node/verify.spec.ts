import type { EventEmitter } from 'node:events';
import {
  chmodSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSsmError, type SsmError } from '@ssmkit/runtime';
import { expect } from 'chai';
import { settled } from '../testing.js';
import { COMPONENTS_MAX, PATH_MAX } from './path-sanity.js';
import {
  type HardenedFs,
  type VerifyDirectoryOptions,
  type VerifyOptions,
  verifyDirectory,
  verifyFile,
  verifyPlugIn,
  verifySelf,
} from './verify.js';

const isRoot = process.getuid?.() === 0;
const uid = process.getuid?.() ?? 0;

/** Anybody but root, and but the user that this runs as. */
const OTHER = 54321;

/** The temporary directory is sticky; root may be somebody else where this is not run as root. */
const trust: VerifyOptions = { uid, stickyParents: 'allow' };

async function errorOf(call: Promise<unknown>): Promise<SsmError> {
  try {
    await call;
  } catch (error) {
    if (isSsmError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** What is opened must be closed, however a check ends. */
function counting(fs: Partial<HardenedFs> = {}): { readonly fs: HardenedFs; readonly open: () => number } {
  let count = 0;
  return {
    open: () => count,
    fs: {
      lstat: (path) => (fs.lstat ?? ((p) => lstat(p, { bigint: true })))(path),
      readdir: (path) => (fs.readdir ?? readdir)(path),
      open: async (path, flags) => {
        const handle: FileHandle = await (fs.open ?? open)(path, flags);
        count++;
        // It is one, though its type does not say so.
        (handle as unknown as EventEmitter).on('close', () => count--);
        return handle;
      },
    },
  };
}

describe('hardened checks', function () {
  if (process.platform === 'win32') return void it.skip('need owners and modes of files');
  this.timeout(20_000);
  let home = '';
  let file = '';

  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(tmpdir()), 'ssmkit-sup-'));
    mkdirSync(join(home, 'a/b'), { recursive: true, mode: 0o755 });
    file = join(home, 'a/b/x.mjs');
    writeFileSync(file, 'export const answer = 42;\n', { mode: 0o644 });
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  describe('of paths', () => {
    const rows: readonly [string, string][] = [
      ['', 'VERR_SUPLIB_PATH_TOO_SHORT'],
      ['x.mjs', 'VERR_SUPLIB_PATH_NOT_ABSOLUTE'],
      ['./x.mjs', 'VERR_SUPLIB_PATH_NOT_ABSOLUTE'],
      ['/', 'VERR_SUPLIB_PATH_IS_ROOT'],
      ['//', 'VERR_SUPLIB_PATH_IS_ROOT'],
      ['/usr//x', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['//usr/x', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/./x', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/../x', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/..', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/.', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/x\0y', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/\ud800', 'VERR_SUPLIB_PATH_NOT_CLEAN'],
      ['/usr/', 'VERR_SUPLIB_IS_DIRECTORY'],
      [`/${'x'.repeat(PATH_MAX)}`, 'VERR_SUPLIB_PATH_TOO_LONG'],
      [`/${'ä'.repeat(PATH_MAX)}`, 'VERR_SUPLIB_PATH_TOO_LONG'],
      ['/x'.repeat(COMPONENTS_MAX + 1), 'VERR_SUPLIB_PATH_TOO_MANY_COMPONENTS'],
      ['/x'.repeat(COMPONENTS_MAX), 'VERR_SUPLIB_STAT_FAILED'],
      ['/..x/.y/...', 'VERR_SUPLIB_STAT_FAILED'],
    ];
    for (const [path, status] of rows) {
      it(`${JSON.stringify(path.length > 40 ? `${path.slice(0, 40)}…` : path)}: ${status}`, async () => {
        expect(await settled(verifyFile(path))).to.equal(status);
      });
    }
  });

  describe('of files', () => {
    it('hand back what was verified, open', async () => {
      const { fs, open: opened } = counting();
      const verified = await verifyFile(file, { ...trust, fs });
      expect(opened(), 'nothing else stays open').to.equal(1);
      expect(verified.stat.size).to.equal(26n);
      expect(new TextDecoder().decode(await verified.contents())).to.equal('export const answer = 42;\n');
      await verified.close();
      expect(opened()).to.equal(0);
    });

    it('contents are those that were verified, or none', async () => {
      const verified = await verifyFile(file, trust);
      try {
        expect(await settled(verified.contents(25))).to.equal('VERR_TOO_MUCH_DATA');
        writeFileSync(file, 'export const answer = 43;\n');
        expect(await settled(verified.contents())).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
      } finally {
        await verified.close();
      }
    });

    it('a time of writing that is put back deceives nobody', async () => {
      utimesSync(file, 1e9, 1e9);
      const verified = await verifyFile(file, trust);
      try {
        await verified.checkUnchanged();
        writeFileSync(file, 'export const answer = 43;\n');
        utimesSync(file, 1e9, 1e9);
        expect(await settled(verified.checkUnchanged())).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
      } finally {
        await verified.close();
      }
    });

    it('that another one has taken the place of are not the same', async () => {
      const verified = await verifyFile(file, trust);
      try {
        writeFileSync(`${file}.new`, 'export const answer = 42;\n', { mode: 0o644 });
        renameSync(`${file}.new`, file);
        expect(await settled(verified.checkUnchanged())).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
      } finally {
        await verified.close();
      }
    });

    interface Row {
      /** Makes it bad. */
      readonly spoil: () => unknown;
      readonly status: string;
      /** What the text says: which part of the path, and why. */
      readonly text: RegExp;
      readonly options?: VerifyOptions;
      readonly asRoot?: boolean;
    }
    const rows: Record<string, Row> = {
      'written by everybody': {
        spoil: () => chmodSync(file, 0o646),
        status: 'VERR_SUPLIB_WORLD_WRITABLE',
        text: /'.*\/a\/b\/x\.mjs' can be written by everybody \(mode 0646\)/,
      },
      'written by a group': {
        spoil: () => chmodSync(file, 0o664),
        status: 'VERR_SUPLIB_WRITE_NON_SYS_GROUP',
        text: /'.*\/a\/b\/x\.mjs' can be written by group \d+ \(mode 0664\)/,
      },
      'of another user': {
        spoil: () => chownSync(file, OTHER, 0),
        status: 'VERR_SUPLIB_OWNER_NOT_ROOT',
        text: /x\.mjs' belongs to user 54321, not to root/,
        asRoot: true,
      },
      'in a directory that everybody writes to': {
        spoil: () => chmodSync(join(home, 'a'), 0o777),
        status: 'VERR_SUPLIB_WORLD_WRITABLE',
        text: /\/a', part of '.*\/a\/b\/x\.mjs', can be written by everybody/,
      },
      'in a directory that a group writes to': {
        spoil: () => chmodSync(join(home, 'a/b'), 0o775),
        status: 'VERR_SUPLIB_WRITE_NON_SYS_GROUP',
        text: /\/a\/b', part of/,
      },
      'in a directory of another user': {
        spoil: () => chownSync(join(home, 'a'), OTHER, 0),
        status: 'VERR_SUPLIB_OWNER_NOT_ROOT',
        text: /\/a', part of .* belongs to user 54321/,
        asRoot: true,
      },
      'in a sticky directory of another user': {
        spoil: () => {
          chmodSync(join(home, 'a'), 0o1777);
          chownSync(join(home, 'a'), OTHER, 0);
        },
        status: 'VERR_SUPLIB_OWNER_NOT_ROOT',
        text: /\/a', part of/,
        asRoot: true,
      },
      'in a sticky directory, which is refused unless allowed': {
        spoil: () => chmodSync(join(home, 'a'), 0o1777),
        status: 'VERR_SUPLIB_WORLD_WRITABLE',
        text: /(mode 1777)/,
        options: { uid },
      },
      'that is sticky itself, and written by everybody': {
        spoil: () => chmodSync(file, 0o1666),
        status: 'VERR_SUPLIB_WORLD_WRITABLE',
        text: /x\.mjs' can be/,
      },
      'that is a symbolic link': {
        spoil: () => {
          renameSync(file, `${file}.real`);
          symlinkSync(`${file}.real`, file);
        },
        status: 'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
        text: /x\.mjs' is a symbolic link/,
      },
      'below a symbolic link': {
        spoil: () => {
          renameSync(join(home, 'a'), join(home, 'real'));
          symlinkSync('real', join(home, 'a'));
        },
        status: 'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
        text: /\/a', part of .* is a symbolic link/,
      },
      'that is a directory': {
        spoil: () => {
          rmSync(file);
          mkdirSync(file);
        },
        status: 'VERR_SUPLIB_IS_DIRECTORY',
        text: /x\.mjs' is a directory/,
      },
      'below a file': {
        spoil: () => {
          rmSync(join(home, 'a/b'), { recursive: true });
          writeFileSync(join(home, 'a/b'), '', { mode: 0o644 });
        },
        status: 'VERR_SUPLIB_IS_FILE',
        text: /\/a\/b', part of .* is a file, not a directory/,
      },
      'that is not there': {
        spoil: () => rmSync(file),
        status: 'VERR_SUPLIB_STAT_FAILED',
        text: /x\.mjs' cannot be looked at \(ENOENT\)/,
      },
    };
    for (const [name, { spoil, status, text, options = trust, asRoot = false }] of Object.entries(rows)) {
      it(`${name}: ${status}`, async function () {
        if (asRoot && !isRoot) this.skip();
        spoil();
        const { fs, open: opened } = counting();
        const error = await errorOf(verifyFile(file, { ...options, fs }));
        expect(error.status).to.equal(status);
        // Without the trust in sticky directories the temporary directory itself is the first to be refused.
        expect(error.detail).to.match(text);
        expect(opened(), 'everything is closed').to.equal(0);
      });
    }

    it('that are sockets: VERR_SUPLIB_NOT_DIR_NOT_FILE', async () => {
      const path = join(home, 'a/s');
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      try {
        chmodSync(path, 0o755);
        expect(await settled(verifyFile(path, trust))).to.equal('VERR_SUPLIB_NOT_DIR_NOT_FILE');
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    const good: Record<string, [() => unknown, VerifyOptions, boolean]> = {
      'of a user who is trusted': [() => chownSync(file, OTHER, 0), { ...trust, uid: OTHER }, true],
      'of root, where another user is trusted as well': [() => {}, { ...trust, uid: OTHER }, true],
      'written by a group that is trusted': [
        () => {
          chownSync(file, 0, 77);
          chmodSync(file, 0o664);
        },
        { ...trust, systemGroups: [77] },
        true,
      ],
      'in a sticky directory, where these are allowed': [() => chmodSync(join(home, 'a'), 0o1777), trust, false],
    };
    for (const [name, [prepare, options, asRoot]] of Object.entries(good)) {
      it(`${name}: VINF_SUCCESS`, async function () {
        if (asRoot && !isRoot) this.skip();
        prepare();
        await (await verifyFile(file, options)).close();
      });
    }
  });

  describe('of what changes meanwhile', () => {
    // What happens to the file, and where: right before it is opened, right after, or between fstat and the last look.
    const swaps: Record<string, () => void> = {
      'another file takes its place': () => {
        writeFileSync(`${file}.new`, 'evil', { mode: 0o644 });
        renameSync(`${file}.new`, file);
      },
      'a link takes its place': () => {
        renameSync(file, `${file}.real`);
        symlinkSync(`${file}.real`, file);
      },
      'a directory takes its place': () => {
        rmSync(file);
        mkdirSync(file);
      },
      'its mode changes': () => chmodSync(file, 0o666),
    };
    for (const [name, swap] of Object.entries(swaps)) {
      for (const moment of ['before', 'after'] as const) {
        it(`${name}, ${moment} it is opened: VERR_SUPLIB_NOT_SAME_OBJECT`, async () => {
          const { fs, open: opened } = counting({
            open: async (path, flags) => {
              if (path !== file) return open(path, flags);
              if (moment === 'before') swap();
              const handle = await open(path, flags);
              if (moment === 'after') swap();
              return handle;
            },
          });
          expect(await settled(verifyFile(file, { ...trust, fs }))).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
          expect(opened()).to.equal(0);
        });
      }
    }

    it('a directory on the way that is exchanged below our feet is found out', async () => {
      const { fs, open: opened } = counting({
        open: async (path, flags) => {
          const handle = await open(path, flags);
          if (path === file) {
            renameSync(join(home, 'a'), join(home, 'old'));
            mkdirSync(join(home, 'a/b'), { recursive: true });
            renameSync(join(home, 'old/b/x.mjs'), file);
          }
          return handle;
        },
      });
      const error = await errorOf(verifyFile(file, { ...trust, fs }));
      expect(error.status).to.equal('VERR_SUPLIB_NOT_SAME_OBJECT');
      expect(error.detail).to.match(/\/a' was changed/);
      expect(opened()).to.equal(0);
    });

    it('links are never followed, and nothing is waited for', async () => {
      const flags: [string, number][] = [];
      const { fs } = counting({
        open: (path, given) => {
          flags.push([path, given]);
          return open(path, given);
        },
      });
      await (await verifyFile(file, { ...trust, fs })).close();
      for (const [path, given] of flags) {
        const kind = path === file ? constants.O_NONBLOCK : constants.O_DIRECTORY;
        expect(given, path).to.equal(constants.O_RDONLY | constants.O_NOFOLLOW | kind);
      }
    });

    it('a descriptor that cannot be looked at: VERR_SUPLIB_FSTAT_FAILED', async () => {
      const { fs, open: opened } = counting({
        open: async (path, flags) => {
          const handle = await open(path, flags);
          if (path === file) {
            const stat = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
            Object.assign(handle, { stat });
          }
          return handle;
        },
      });
      expect(await settled(verifyFile(file, { ...trust, fs }))).to.equal('VERR_SUPLIB_FSTAT_FAILED');
      expect(opened()).to.equal(0);
    });
  });

  describe('of directories', () => {
    const check = (options: VerifyDirectoryOptions) =>
      settled(verifyDirectory(join(home, 'a'), { ...trust, ...options }));
    /** What is spoiled, and what comes of it for the directory alone, with its files, and with everything. */
    const rows: Record<string, [() => unknown, string, string, string]> = {
      nothing: [() => {}, 'VINF_SUCCESS', 'VINF_SUCCESS', 'VINF_SUCCESS'],
      'the directory': [
        () => chmodSync(join(home, 'a'), 0o757),
        'VERR_SUPLIB_WORLD_WRITABLE',
        'VERR_SUPLIB_WORLD_WRITABLE',
        'VERR_SUPLIB_WORLD_WRITABLE',
      ],
      'the directory, which is sticky': [
        () => chmodSync(join(home, 'a'), 0o1777),
        'VERR_SUPLIB_WORLD_WRITABLE',
        'VERR_SUPLIB_WORLD_WRITABLE',
        'VERR_SUPLIB_WORLD_WRITABLE',
      ],
      'a file in it': [
        () => {
          writeFileSync(join(home, 'a/f'), '');
          chmodSync(join(home, 'a/f'), 0o666);
        },
        'VINF_SUCCESS',
        'VERR_SUPLIB_WORLD_WRITABLE',
        'VERR_SUPLIB_WORLD_WRITABLE',
      ],
      'a link in it': [
        () => symlinkSync('b', join(home, 'a/l')),
        'VINF_SUCCESS',
        'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
        'VERR_SUPLIB_SYMLINKS_ARE_NOT_PERMITTED',
      ],
      'a directory in it': [
        () => chmodSync(join(home, 'a/b'), 0o775),
        'VINF_SUCCESS',
        'VINF_SUCCESS',
        'VERR_SUPLIB_WRITE_NON_SYS_GROUP',
      ],
      'a file below': [() => chmodSync(file, 0o664), 'VINF_SUCCESS', 'VINF_SUCCESS', 'VERR_SUPLIB_WRITE_NON_SYS_GROUP'],
    };
    for (const [name, [spoil, alone, files, all]] of Object.entries(rows)) {
      it(`${name} spoiled: ${alone}, with files ${files}, recursively ${all}`, async () => {
        spoil();
        expect(await check({})).to.equal(alone);
        expect(await check({ checkFiles: true })).to.equal(files);
        expect(await check({ recursive: true })).to.equal(all);
      });
    }

    it('may have a slash at the end, and must be directories', async () => {
      expect(await settled(verifyDirectory(`${home}/a/`, { ...trust, recursive: true }))).to.equal('VINF_SUCCESS');
      expect(await settled(verifyDirectory(file, trust))).to.equal('VERR_SUPLIB_IS_FILE');
    });

    it('that cannot be listed: VERR_SUPLIB_DIR_ENUM_FAILED; entries that are gone: VERR_SUPLIB_STAT_ENUM_FAILED', async () => {
      const failing = counting({ readdir: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })) });
      expect(await check({ fs: failing.fs, recursive: true })).to.equal('VERR_SUPLIB_DIR_ENUM_FAILED');
      const stale = counting({ readdir: () => Promise.resolve(['gone']) });
      expect(await check({ fs: stale.fs, recursive: true })).to.equal('VERR_SUPLIB_STAT_ENUM_FAILED');
      expect([failing.open(), stale.open()]).to.deep.equal([0, 0]);
    });
  });

  describe('of plug-ins', () => {
    it('need a directory where nobody else puts files, not even a sticky one', async () => {
      await (await verifyPlugIn(file, trust)).close();
      chmodSync(join(home, 'a/b'), 0o1777);
      const { fs, open: opened } = counting();
      expect(await settled(verifyPlugIn(file, { ...trust, fs }))).to.equal('VERR_SUPLIB_WORLD_WRITABLE');
      expect(opened()).to.equal(0);
      await (await verifyFile(file, trust)).close();
    });
  });

  describe('of the program itself', () => {
    it('internal programs are in their directory, and called by a whole path', async () => {
      const options = { ...trust, appDirectory: join(home, 'a/b') };
      const check = (argv0: string, internal: boolean) => settled(verifySelf(argv0, internal, options));
      expect(await check(file, true)).to.equal('VINF_SUCCESS');
      expect(await check('x.mjs', true)).to.equal('VERR_SUPLIB_INVALID_ARGV0_INTERNAL');
      expect(await check('x.mjs', false)).to.equal('VERR_SUPLIB_PATH_NOT_ABSOLUTE');
      writeFileSync(join(home, 'a/y.mjs'), '', { mode: 0o644 });
      expect(await check(join(home, 'a/y.mjs'), true)).to.equal('VERR_SUPLIB_INVALID_INTERNAL_APP_DIR');
      expect(await check(join(home, 'a/y.mjs'), false)).to.equal('VINF_SUCCESS');
      chmodSync(file, 0o666);
      expect(await check(file, true)).to.equal('VERR_SUPLIB_WORLD_WRITABLE');
    });
  });
});
