import { extname, join } from 'node:path';
import { SsmError } from '@ssmkit/runtime';
import { hardenedImportPlugIn } from '../../sup/node/load.js';
import type { VerifyOptions } from '../../sup/node/verify.js';
import type { ModuleLoader } from '../modules.js';

/** What modules end with where nothing else is said. */
const SUFFIX = '.mjs';
/** Bytes of a path with its terminator (`RTPATH_MAX` on Linux). */
const PATH_SIZE = 4096;

export interface FileModulesOptions extends VerifyOptions {
  /** Where modules are that are configured by name only: the private directory of the application. */
  readonly directory: string;
}

/**
 * Loads modules from files, as ES modules. A file, and the way to it, must belong to root, or to whom else the options
 * trust, and nobody else may be able to write to it or beside it. It is looked at again after it was read: one that was
 * exchanged meanwhile is not used.
 *
 * What is verified is the file that is named. A module should import nothing else, or only what is installed as safely.
 */
export function fileModules({ directory, ...verify }: FileModulesOptions): ModuleLoader {
  return {
    /** @throws SsmError VERR_FILENAME_TOO_LONG, VERR_SUPLIB_* of what is not to be trusted, what the module throws. */
    load: async (path) => {
      const file = completed(path, directory);
      if (new TextEncoder().encode(file).length >= PATH_SIZE) {
        throw new SsmError('VERR_FILENAME_TOO_LONG', `'${file.slice(0, 60)}…' has more than ${PATH_SIZE - 1} bytes`);
      }
      return hardenedImportPlugIn(file, verify);
    },
  };
}

function completed(path: string, directory: string): string {
  const file = path.includes('/') ? path : join(directory, path);
  return extname(file) === '' ? `${file}${SUFFIX}` : file;
}
