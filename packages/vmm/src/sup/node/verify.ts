import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSsmError, SsmError, type SsmFailure } from '@ssmkit/runtime';
import { checkObject, isSameContents, isSameObject, type Role, type TrustOptions } from './fs-object.js';
import { prefixesOf } from './path-sanity.js';

/*
 * The hardened checks
 *
 * Code that is loaded with rights must be what somebody with these rights has put there. So a path is walked from the root
 * down: a directory that only trusted users can write to keeps everybody else from exchanging what is in it, and then the
 * same holds for what is in it. Every object is looked at with lstat, opened without following links, and looked at again
 * through the descriptor, which nobody can exchange; both must have seen the same. All descriptors stay open until the end,
 * so that no inode number is used for another file meanwhile; then the whole path is looked at once more. What the caller
 * gets is the descriptor that was verified: a path would have to be resolved again.
 *
 * Access control lists need no rule of their own on Linux: the mask of a list that lets others write shows as the right of
 * the group to write.
 */

/** The part of node:fs/promises that is used; tests put something between. */
export interface HardenedFs {
  lstat(path: string): Promise<BigIntStats>;
  open(path: string, flags: number): Promise<FileHandle>;
  readdir(path: string): Promise<string[]>;
}

const nodeFs: HardenedFs = {
  lstat: (path) => lstat(path, { bigint: true }),
  open: (path, flags) => open(path, flags),
  readdir: (path) => readdir(path),
};

/** Options of all checks. */
export interface VerifyOptions extends TrustOptions {
  readonly fs?: HardenedFs;
}

export interface VerifyDirectoryOptions extends VerifyOptions {
  /** Checks everything below, files included. */
  readonly recursive?: boolean;
  /** Checks the files in the directory. */
  readonly checkFiles?: boolean;
}

/** Bytes that {@link VerifiedFile.contents} reads where nobody says how many. */
const CONTENTS_MAX = 64 * 1024 * 1024;

/** A file that was verified, open for reading. */
export class VerifiedFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stat: BigIntStats;
  readonly #fs: HardenedFs;

  constructor(path: string, handle: FileHandle, stat: BigIntStats, fs: HardenedFs) {
    this.path = path;
    this.handle = handle;
    this.stat = stat;
    this.#fs = fs;
  }

  /**
   * All of the file.
   *
   * @param most bytes, at most.
   * @throws SsmError VERR_SUPLIB_NOT_SAME_OBJECT when it was written to since it was verified, VERR_TOO_MUCH_DATA,
   * VERR_SUPLIB_FSTAT_FAILED.
   */
  async contents(most = CONTENTS_MAX): Promise<Uint8Array> {
    if (this.stat.size > BigInt(most)) {
      throw new SsmError('VERR_TOO_MUCH_DATA', `'${this.path}' has ${this.stat.size} bytes, more than ${most}`);
    }
    const bytes = new Uint8Array(Number(this.stat.size));
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await this.handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    await this.checkUnchanged();
    return bytes;
  }

  /** @throws SsmError VERR_SUPLIB_NOT_SAME_OBJECT when the file was written to, or the path leads to another one. */
  async checkUnchanged(): Promise<void> {
    const looks = [
      await attempt('VERR_SUPLIB_FSTAT_FAILED', this.path, () => this.handle.stat({ bigint: true })),
      await attempt('VERR_SUPLIB_STAT_FAILED', this.path, () => this.#fs.lstat(this.path)),
    ];
    if (!looks.every((look) => isSameContents(look, this.stat))) throw changed(this.path);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/**
 * Verifies a file (`SUPR3HardenedVerifyFile`).
 *
 * @returns the file, open; to be closed.
 * @throws SsmError VERR_SUPLIB_*, VERR_NOT_SUPPORTED on systems whose files have no owners and modes.
 */
export async function verifyFile(path: string, options: VerifyOptions = {}): Promise<VerifiedFile> {
  const { fs = nodeFs } = options;
  const { handle, stat } = await walk(fs, path, 'file', options);
  return new VerifiedFile(path, handle, stat, fs);
}

/**
 * Verifies a plug-in: a file, and that nobody can put other files next to it (`SUPR3HardenedVerifyPlugIn`).
 *
 * @returns the file, open; to be closed.
 * @throws as {@link verifyFile}.
 */
export async function verifyPlugIn(path: string, options: VerifyOptions = {}): Promise<VerifiedFile> {
  const file = await verifyFile(path, options);
  try {
    // What a plug-in loads lies next to it; not even a sticky directory will do.
    await verifyDirectory(dirname(path), options);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Verifies a directory (`SUPR3HardenedVerifyDir`).
 *
 * @throws as {@link verifyFile}; VERR_SUPLIB_DIR_ENUM_FAILED, VERR_SUPLIB_STAT_ENUM_FAILED.
 */
export async function verifyDirectory(path: string, options: VerifyDirectoryOptions = {}): Promise<void> {
  const { fs = nodeFs, recursive = false, checkFiles = false } = options;
  const { handle } = await walk(fs, path, 'directory', options);
  try {
    if (!recursive && !checkFiles) return;
    const clean = path.replace(/\/$/, '');
    const directories = [clean];
    for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
      const names = await attempt('VERR_SUPLIB_DIR_ENUM_FAILED', directory, () => fs.readdir(directory!));
      for (const name of names) {
        const entry = `${directory}/${name}`;
        prefixesOf(entry, true);
        const stat = await attempt('VERR_SUPLIB_STAT_ENUM_FAILED', entry, () => fs.lstat(entry));
        if (!recursive && stat.isDirectory()) continue;
        checkObject(stat, 'entry', options, entry, entry);
        if (stat.isDirectory()) directories.push(entry);
      }
    }
  } finally {
    await handle.close();
  }
}

export interface VerifySelfOptions extends VerifyOptions {
  /** The directory that programs of the installation are in; internal ones have to be there. */
  readonly appDirectory?: string;
}

/**
 * Verifies the program that is running: its path, as it was started, and the file there (`SUPR3HardenedVerifySelf`).
 *
 * @param argv0 how it was called, `process.argv[1]`.
 * @param internal whether it is part of the installation.
 * @throws as {@link verifyFile}; VERR_SUPLIB_INVALID_ARGV0_INTERNAL, VERR_SUPLIB_INVALID_INTERNAL_APP_DIR.
 */
export async function verifySelf(argv0: string, internal: boolean, options: VerifySelfOptions = {}): Promise<void> {
  if (internal) {
    if (!argv0.startsWith('/')) {
      throw new SsmError('VERR_SUPLIB_INVALID_ARGV0_INTERNAL', `'${argv0}' is not how this program is to be called`);
    }
    const { appDirectory } = options;
    if (appDirectory === undefined || dirname(argv0) !== appDirectory.replace(/\/$/, '')) {
      throw new SsmError('VERR_SUPLIB_INVALID_INTERNAL_APP_DIR', `'${argv0}' is not in '${appDirectory ?? ''}'`);
    }
    await verifyDirectory(appDirectory, options);
  }
  await (await verifyFile(argv0, options)).close();
}

/** Everything there is of the object at the end of a path that was verified. */
interface Walked {
  readonly handle: FileHandle;
  readonly stat: BigIntStats;
}

async function walk(fs: HardenedFs, path: string, role: 'file' | 'directory', trust: TrustOptions): Promise<Walked> {
  if (process.platform === 'win32') {
    throw new SsmError('VERR_NOT_SUPPORTED', 'files of Windows have no owners and modes to verify');
  }
  const prefixes = prefixesOf(path, role === 'directory');
  const wanted = prefixes.at(-1)!;
  const opened: Walked[] = [];
  let result: Walked | undefined;
  try {
    for (const prefix of prefixes)
      opened.push(await enter(fs, prefix, prefix === wanted ? role : 'parent', trust, wanted));
    for (const [i, prefix] of prefixes.entries()) {
      const again = await attempt('VERR_SUPLIB_STAT_FAILED', prefix, () => fs.lstat(prefix));
      if (!isSameObject(again, opened[i]!.stat)) throw changed(prefix);
    }
    result = opened.at(-1)!;
    return result;
  } finally {
    for (const one of opened) if (one !== result) await one.handle.close();
  }
}

/** Opens one object of a path, and checks it before and after. */
async function enter(fs: HardenedFs, path: string, role: Role, trust: TrustOptions, wanted: string): Promise<Walked> {
  const before = await attempt('VERR_SUPLIB_STAT_FAILED', path, () => fs.lstat(path));
  checkObject(before, role, trust, path, wanted);
  // O_NONBLOCK: a pipe that somebody puts there now must not keep us waiting.
  const kind = role === 'file' ? constants.O_NONBLOCK : constants.O_DIRECTORY;
  const handle = await openAt(fs, path, constants.O_RDONLY | constants.O_NOFOLLOW | kind);
  try {
    const stat = await attempt('VERR_SUPLIB_FSTAT_FAILED', path, () => handle.stat({ bigint: true }));
    if (!isSameObject(before, stat)) throw changed(path);
    return { handle, stat };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openAt(fs: HardenedFs, path: string, flags: number): Promise<FileHandle> {
  try {
    return await fs.open(path, flags);
  } catch (error) {
    // It was something else a moment ago.
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR') throw changed(path, error);
    throw failed('VERR_SUPLIB_STAT_FAILED', path, error);
  }
}

async function attempt<T>(status: SsmFailure, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isSsmError(error)) throw error;
    throw failed(status, path, error);
  }
}

function failed(status: SsmFailure, path: string, error: unknown): SsmError {
  return new SsmError(status, `'${path}' cannot be looked at (${codeOf(error)})`, {}, { cause: error });
}

function changed(path: string, cause?: unknown): SsmError {
  return new SsmError('VERR_SUPLIB_NOT_SAME_OBJECT', `'${path}' was changed while it was verified`, {}, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
