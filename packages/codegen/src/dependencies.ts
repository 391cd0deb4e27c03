import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/*
 * Dependencies, as the head of a generated file names them
 *
 * Files of the same package by their relative path, `./inner.ts`. Files of other packages by package and path inside
 * it, `npm:@acme/parts/dist/limits.d.ts`: where a package lies differs from installation to installation.
 */

const PACKAGE = 'npm:';

/** How the generated file of `source` names a file. */
export function referenceTo(path: string, source: string): string {
  const root = packageRoot(path);
  if (root === undefined || root === packageRoot(source)) {
    const way = slashes(relative(dirname(source), path));
    return way.startsWith('../') ? way : `./${way}`;
  }
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
  return `${PACKAGE}${name}/${slashes(relative(root, path))}`;
}

/** The file that {@link referenceTo} named; `undefined` where it is not there. */
export function referenced(reference: string, source: string): string | undefined {
  if (!reference.startsWith(PACKAGE)) {
    const path = resolve(dirname(source), reference);
    return existsSync(path) ? path : undefined;
  }
  const way = reference.slice(PACKAGE.length);
  return foldersFrom(source)
    .map((folder) => join(folder, 'node_modules', way))
    .find((path) => existsSync(path));
}

/** The folder of the package that a file belongs to. */
function packageRoot(path: string): string | undefined {
  return foldersFrom(path).find((folder) => {
    const manifest = join(folder, 'package.json');
    // Packages have nameless ones in subfolders, which only say what kind of module lies there.
    return existsSync(manifest) && 'name' in (JSON.parse(readFileSync(manifest, 'utf8')) as object);
  });
}

/** The folder of a file, and those above it. */
function foldersFrom(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersFrom(folder)];
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}
