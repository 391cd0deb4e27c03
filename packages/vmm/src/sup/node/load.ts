import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SsmError } from '@ssmkit/runtime';
import type { ModuleExports, ModuleImage } from '../modules.js';
import type { Session } from '../session.js';
import { type VerifiedFile, type VerifyOptions, verifyFile, verifyPlugIn } from './verify.js';

/** What modules end with where nothing else is said. */
const SUFFIX = '.mjs';

/**
 * Imports an ES module after it was verified, with `.mjs` added where there is no suffix (`SUPR3HardenedLdrLoad`).
 *
 * The path is looked at again when the module was read: had it been changed meanwhile, what was imported is not used. Only
 * the file itself is verified, not what it imports; `verifyDirectory` with `recursive` does that for an installation.
 *
 * @throws SsmError VERR_SUPLIB_*, what the module throws.
 */
export async function hardenedImport(path: string, options: VerifyOptions = {}): Promise<object> {
  return importVerified(await verifyFile(withSuffix(path), options));
}

/**
 * Imports a module of the application (`SUPR3HardenedLdrLoadAppPriv`).
 *
 * @param name without a path.
 * @throws SsmError VERR_INVALID_NAME for a name with one; as {@link hardenedImport}.
 */
export async function hardenedImportAppPrivate(
  name: string,
  appDirectory: string,
  options: VerifyOptions = {},
): Promise<object> {
  if (name === '' || /[/\0]/.test(name)) throw new SsmError('VERR_INVALID_NAME', `'${name}' is no name of a file`);
  return hardenedImport(join(appDirectory, name), options);
}

/** Imports a plug-in, whose name is to be complete (`SUPR3HardenedLdrLoadPlugIn`). @throws as {@link hardenedImport}. */
export async function hardenedImportPlugIn(path: string, options: VerifyOptions = {}): Promise<object> {
  return importVerified(await verifyPlugIn(path, options));
}

/** Verifies a file and loads it as a module of the kernel (`SUPR3LoadModule`). @throws as {@link hardenedImport} and `Modules.load`. */
export async function loadModuleFile(
  session: Session,
  path: string,
  name: string,
  options: VerifyOptions = {},
): Promise<ModuleImage> {
  return session.driver.modules.load(session, name, (await hardenedImport(path, options)) as ModuleExports);
}

/** Verifies a file and loads it as a service (`SUPR3LoadServiceModule`). @throws as {@link hardenedImport} and `Modules.loadService`. */
export async function loadServiceFile(
  session: Session,
  path: string,
  name: string,
  handler: string,
  options: VerifyOptions = {},
): Promise<ModuleImage> {
  const exports = (await hardenedImport(path, options)) as ModuleExports;
  return session.driver.modules.loadService(session, name, exports, handler);
}

async function importVerified(file: VerifiedFile): Promise<object> {
  try {
    const url = pathToFileURL(file.path);
    // A file that was written to is another module; the same file is imported once.
    const { dev, ino, ctimeNs } = file.stat;
    url.search = `${dev}-${ino}-${ctimeNs}`;
    const imported: object = await import(url.href);
    await file.checkUnchanged();
    return imported;
  } finally {
    await file.close();
  }
}

function withSuffix(path: string): string {
  return extname(path) === '' ? `${path}${SUFFIX}` : path;
}
