import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SsmError, type SsmFailure } from '@ssmkit/runtime';
import type { AsyncFile, FileAccess } from '../services/async-completion.js';

const statuses: Readonly<Record<string, SsmFailure>> = {
  ENOENT: 'VERR_FILE_NOT_FOUND',
  EACCES: 'VERR_ACCESS_DENIED',
  EPERM: 'VERR_ACCESS_DENIED',
  EROFS: 'VERR_ACCESS_DENIED',
  ENAMETOOLONG: 'VERR_FILENAME_TOO_LONG',
  EINVAL: 'VERR_INVALID_PARAMETER',
};

function failure(path: string, error: unknown): SsmError {
  if (error instanceof SsmError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new SsmError(
    statuses[code] ?? 'VERR_IO_GEN_FAILURE',
    `'${path}': ${code || String(error)}`,
    {},
    { cause: error },
  );
}

/** Files of the host. */
export const nodeFiles: FileAccess = {
  /** @throws SsmError VERR_FILE_NOT_FOUND, VERR_ACCESS_DENIED, VERR_IO_GEN_FAILURE… */
  open: async (path, { readOnly, create }) => {
    const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return await call();
      } catch (error) {
        throw failure(path, error);
      }
    };
    const handle = await guarded(() =>
      open(path, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | (create ? constants.O_CREAT : 0)),
    );
    let size: number;
    try {
      ({ size } = await guarded(() => handle.stat()));
    } catch (error) {
      await handle.close();
      throw error;
    }
    const file: AsyncFile = {
      get size() {
        return size;
      },
      read: (offset, bytes) =>
        guarded(async () => {
          for (let at = 0; at < bytes.length; ) {
            const { bytesRead } = await handle.read(bytes, at, bytes.length - at, offset + at);
            if (bytesRead === 0) throw new SsmError('VERR_EOF', `'${path}' ends in front of ${offset + bytes.length}`);
            at += bytesRead;
          }
        }),
      write: (offset, bytes) =>
        guarded(async () => {
          for (let at = 0; at < bytes.length; ) {
            at += (await handle.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
          }
          size = Math.max(size, offset + bytes.length);
        }),
      flush: () => guarded(() => handle.sync()),
      truncate: (wanted) =>
        guarded(async () => {
          await handle.truncate(wanted);
          size = wanted;
        }),
      close: () => guarded(() => handle.close()),
    };
    return file;
  },
};
