import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  write,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { crc32 } from '../codecs/crc32.js';
import type { StateHeader } from '../containers/state.js';
import { type LoadOptions, loadState } from '../engine/load.js';
import { type OpenOptions, type OpenState, openState } from '../engine/open.js';
import type { Registry } from '../engine/registry.js';
import { type SaveOptions, saveState } from '../engine/save.js';
import type { SaveResult } from '../engine/save-run.js';
import { validateState } from '../engine/validate.js';
import { type Verdict, verifyState } from '../engine/verify.js';
import { SsmError } from '../error.js';
import type { Sink, Source } from '../io/sink-source.js';
import { fromSystemError, systemCall } from './errno.js';

/** A saved state holds what was in the guest's memory: nobody else's business. */
const NEW_FILE_MODE = 0o600;

/** Free bytes below which nothing more is written. */
const FREE_MIN = 10 * 1024 * 1024;

/**
 * Writes a file such that at every instant, a crash included, the path has what it had before or the whole new file.
 *
 * The data goes to a temporary file in the same folder (`.NAME.….tmp`), which takes the file's place once it is complete
 * and on disk. An aborted or failing save removes it; what a killed process has left behind, the next save of the same
 * path removes. A file that is replaced keeps its permissions, a new one is for
 * its owner only; through a symbolic link its target is replaced.
 */
export class FileSink implements Sink {
  readonly isFile = true;
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  /** Where the next write goes. */
  #position = 0;
  /** Size of the temporary file. */
  #size = 0;

  /**
   * @throws SsmError VERR_INVALID_NAME for the path of a folder, a device or the like, VERR_FILE_NOT_FOUND where the
   * folder does not exist, VERR_IO_GEN_FAILURE.
   */
  constructor(path: string) {
    this.#path = resolveLink(path);
    this.#temporary = temporaryFor(this.#path);
    removeLeftovers(this.#path);
    const mode = replacedMode(this.#path);
    this.#fd = this.#create();
    try {
      // Against what the umask takes away.
      if (mode !== undefined) systemCall(() => fchmodSync(this.#fd, mode));
    } catch (error) {
      this.#discard(true);
      throw error;
    }
  }

  #create(): number {
    try {
      return openSync(this.#temporary, 'wx', NEW_FILE_MODE);
    } catch (error) {
      // Nobody knows the name of the temporary file.
      const { status, detail } = fromSystemError(error);
      throw new SsmError(status, detail.replace(this.#temporary, this.#path), {}, { cause: error });
    }
  }

  write(data: Uint8Array): void {
    this.rewrite(data, this.#position);
    this.#position += data.length;
    this.#size = this.#position;
  }

  /**
   * {@link write} while other things go on. The memory is lent until the promise settles; to be awaited before the next
   * one, and before {@link close}.
   */
  writeBehind(data: Uint8Array): Promise<void> {
    const position = this.#position;
    this.#position += data.length;
    this.#size = this.#position;
    return new Promise((resolve, reject) => {
      const goOn = (done: number): void => {
        if (done === data.length) {
          resolve();
          return;
        }
        write(this.#fd, data, done, data.length - done, position + done, (error, count) => {
          if (error === null) goOn(done + count);
          else reject(fromSystemError(error));
        });
      };
      goOn(0);
    });
  }

  rewrite(data: Uint8Array, position: number): void {
    systemCall(() => {
      for (let done = 0; done < data.length; ) {
        done += writeSync(this.#fd, data, done, data.length - done, position + done);
      }
    });
  }

  /** Goes on `count` bytes further. What is between reads as zeros, and takes no room where the file system has holes. */
  skip(count: number): void {
    this.#position += count;
  }

  /**
   * Brings what was written to the disk, while other things go on. Of large files {@link close} has to wait less then.
   * To be awaited before {@link close}.
   */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(fromSystemError(error))));
    });
  }

  /** A save ends before the disk is full: its other users need some of it, too (`SSMR3.cpp, ssmR3FileIsOk`). */
  isOk(): void {
    const free = freeBytes(dirname(this.#path));
    if (free < FREE_MIN) {
      throw new SsmError(
        'VERR_SSM_LOW_ON_DISK_SPACE',
        `only ${free} bytes are free on the disk, less than ${FREE_MIN}`,
      );
    }
  }

  close(aborted: boolean): void {
    if (aborted) {
      this.#discard(true);
      return;
    }
    let open = true;
    try {
      systemCall(() => {
        if (this.#position > this.#size) ftruncateSync(this.#fd, this.#position);
        fsyncSync(this.#fd);
        open = false;
        closeSync(this.#fd);
        renameSync(this.#temporary, this.#path);
      });
    } catch (error) {
      this.#discard(open);
      throw error;
    }
    syncFolder(dirname(this.#path));
  }

  #discard(open: boolean): void {
    systemCall(() => {
      try {
        if (open) closeSync(this.#fd);
      } finally {
        rmSync(this.#temporary, { force: true });
      }
    });
  }
}

/** The part of temporary names that tells this machine from others that have the same folder. */
const machine = (crc32(new TextEncoder().encode(hostname())) >>> 0).toString(16).padStart(8, '0');

/** Temporary files for a path are named `.NAME.MACHINE.PID.RANDOM.tmp`. */
function temporaryPrefix(path: string): string {
  return `.${basename(path).slice(0, 64)}.${machine}.`;
}

function temporaryFor(path: string): string {
  return join(dirname(path), `${temporaryPrefix(path)}${process.pid}.${randomUUID().slice(0, 8)}.tmp`);
}

/** Removes the temporary files of processes that are no more. */
function removeLeftovers(path: string): void {
  const prefix = temporaryPrefix(path);
  const folder = dirname(path);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // A folder that may be written but not listed.
    return;
  }
  for (const name of names) {
    const pid = name.startsWith(prefix) && /^(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length))?.[1];
    if (pid && !isRunning(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Bytes that a user may still write to the disk of a folder; `Infinity` where the system does not tell. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The path with links resolved, where the file exists. */
function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Permissions of the file that will be replaced; `undefined` where there is none. */
function replacedMode(path: string): number | undefined {
  const stat = systemCall(() => statSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return undefined;
  if (!stat.isFile()) throw new SsmError('VERR_INVALID_NAME', `'${path}' is not a file that could be replaced`);
  return stat.mode & 0o777;
}

/** Makes the renaming last. Not every system can do so with a folder; the file is whole all the same. */
function syncFolder(folder: string): void {
  let fd: number;
  try {
    fd = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(fd);
  } catch {
    // As above.
  } finally {
    closeSync(fd);
  }
}

/** Reads a file anywhere; what is no regular file (a pipe, a terminal) as a stream. */
export class FileSource implements Source {
  readonly size: number | undefined;
  #fd: number | undefined;

  /** @throws SsmError VERR_FILE_NOT_FOUND, VERR_IO_GEN_FAILURE. */
  constructor(path: string) {
    const fd = systemCall(() => openSync(path, 'r'));
    this.#fd = fd;
    const stat = fstatSync(fd);
    this.size = stat.isFile() ? stat.size : undefined;
    if (!stat.isDirectory()) return;
    this.close();
    throw new SsmError('VERR_IO_GEN_FAILURE', `'${path}' is a folder`);
  }

  /** @throws SsmError VERR_INVALID_HANDLE when it is closed. */
  read(into: Uint8Array, position: number): number {
    const fd = this.#fd;
    if (fd === undefined) throw new SsmError('VERR_INVALID_HANDLE', 'the file is closed');
    return systemCall(() => readSync(fd, into, 0, into.length, this.size === undefined ? null : position));
  }

  /** Closes the file; nothing can be read any more. Closing it again does nothing. */
  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    // The number may soon be another file's.
    this.#fd = undefined;
    closeSync(fd);
  }
}

async function withFile<T>(path: string, use: (source: FileSource) => Promise<T>): Promise<T> {
  const source = new FileSource(path);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

/**
 * {@link saveState} to a file, which is replaced only once the new one is complete.
 *
 * @throws SsmError the first failure; the path has what it had before.
 */
export async function saveFile(registry: Registry, path: string, options: SaveOptions = {}): Promise<SaveResult> {
  return saveState(registry, new FileSink(path), options);
}

/** {@link loadState} from a file. @throws SsmError VERR_FILE_NOT_FOUND, and as `loadState`. */
export function loadFile(registry: Registry, path: string, options: LoadOptions = {}): Promise<void> {
  return withFile(path, (source) => loadState(registry, source, options));
}

/** A saved state opened from a file. */
export interface OpenFile extends OpenState {
  /** Closes the file: nothing can be read any more. */
  close(): void;
}

/** {@link openState} of a file, which stays open until `close()`. @throws SsmError VERR_FILE_NOT_FOUND, and as `openState`. */
export async function openFile(path: string, options: OpenOptions = {}): Promise<OpenFile> {
  const source = new FileSource(path);
  try {
    const state = await openState(source, options);
    return Object.assign(state, { close: () => source.close() });
  } catch (error) {
    source.close();
    throw error;
  }
}

/** {@link validateState} of a file. @throws SsmError VERR_FILE_NOT_FOUND, and as `validateState`. */
export function validateFile(path: string, options: { checksum?: boolean } = {}): Promise<StateHeader> {
  return withFile(path, (source) => validateState(source, options));
}

/** {@link verifyState} of a file. @throws SsmError VERR_FILE_NOT_FOUND. */
export function verifyFile(path: string): Promise<Verdict> {
  return withFile(path, (source) => verifyState(source));
}
