import { SsmError, type SsmFailure } from '@ssmkit/runtime';

/** Bytes of a path, at most. */
export const PATH_MAX = 4095;
/** Names in a path, at most. */
export const COMPONENTS_MAX = 64;

const utf8 = new TextEncoder();

/** What a path can be refused for before the file system is asked. The first row that applies counts. */
const rules: readonly (readonly [SsmFailure, (path: string) => boolean, string])[] = [
  ['VERR_SUPLIB_PATH_TOO_SHORT', (path) => path === '', 'it is empty'],
  ['VERR_SUPLIB_PATH_NOT_ABSOLUTE', (path) => !path.startsWith('/'), 'it does not begin at the root'],
  ['VERR_SUPLIB_PATH_IS_ROOT', (path) => /^\/+$/.test(path), 'it is the root itself'],
  ['VERR_SUPLIB_PATH_TOO_LONG', (path) => utf8.encode(path).length > PATH_MAX, `it has more than ${PATH_MAX} bytes`],
  [
    'VERR_SUPLIB_PATH_NOT_CLEAN',
    (path) => !path.isWellFormed() || path.includes('\0') || /\/(?:\.{0,2}\/|\.{1,2}$)/.test(path),
    "it has a NUL, a '.', a '..' or an empty component",
  ],
  [
    'VERR_SUPLIB_PATH_TOO_MANY_COMPONENTS',
    (path) => path.split('/').length - 1 > COMPONENTS_MAX,
    `it has more than ${COMPONENTS_MAX} components`,
  ],
];

/**
 * Splits a path that leaves nothing open: absolute, without anything to be resolved.
 *
 * @param isDirectory whether a slash at the end is allowed.
 * @returns paths of the root, of every directory on the way, and of the object itself.
 * @throws SsmError VERR_SUPLIB_PATH_*, VERR_SUPLIB_IS_DIRECTORY for a file with a slash at the end.
 */
export function prefixesOf(path: string, isDirectory: boolean): string[] {
  for (const [status, applies, why] of rules) {
    if (applies(path)) throw new SsmError(status, `${JSON.stringify(shorten(path))} is no path to trust: ${why}`);
  }
  if (path.endsWith('/') && !isDirectory) {
    throw new SsmError('VERR_SUPLIB_IS_DIRECTORY', `'${path}' is the path of a directory`);
  }
  const names = path.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
}

function shorten(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path;
}
