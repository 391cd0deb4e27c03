import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * The packages as a page finds them: in their published form, one file a module, by an import map and without a bundler.
 * It is made of what the package.json files say, of ours and of what ours depend on.
 */

/** Where `exports` of a package.json leads, by conditions. */
type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly imports?: Readonly<Record<string, string>>;
  readonly module?: string;
  readonly main?: string;
  readonly exports?: Readonly<Record<string, Target>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Package {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What pages import. */
const roots = ['@ssmkit/schema', '@ssmkit/runtime', '@ssmkit/vbox', '@ssmkit/vmm'];

/** In order of preference. */
const conditions = ['browser', 'import', 'default'];

/** Address of the folder that has a folder for each package. */
export const PACKAGES = '/npm/';

/** Address of the folder of the compiled tests. */
export const TESTS = '/test/';

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** A package as those in a folder import it: beside them, or in a folder above. */
function find(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(path)) return realpathSync(path);
    if (folder === dirname(folder)) throw new Error(`${name}, which ${from} imports, is not installed`);
  }
}

/** Our packages and all that they depend on, by name. */
function collect(): Map<string, Package> {
  const found = new Map<string, Package>();
  const visit = (name: string, from: string) => {
    const folder = find(name, from);
    const known = found.get(name);
    if (known !== undefined) {
      if (known.folder !== folder) throw new Error(`two versions of ${name}: ${known.folder} and ${folder}`);
      return;
    }
    const manifest = manifestOf(folder);
    found.set(name, { folder, manifest });
    const { dependencies = {}, peerDependencies = {} } = manifest;
    // Of io-ts: installed beside it, as its user's.
    for (const other of Object.keys({ ...dependencies, ...peerDependencies })) visit(other, folder);
  };
  const here = fileURLToPath(new URL('.', import.meta.url));
  for (const name of roots) visit(name, here);
  return found;
}

export const packages: ReadonlyMap<string, Package> = collect();

function resolveTarget(target: Target | undefined): string | undefined {
  if (target === undefined || typeof target === 'string') return target;
  for (const condition of conditions) {
    const found = resolveTarget(target[condition]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* entriesOf(name: string, { manifest }: Package): Generator<[specifier: string, address: string]> {
  const address = (path: string) => PACKAGES + join(name, path);
  const { exports } = manifest;
  if (exports === undefined) {
    yield [name, address(manifest.module ?? manifest.main ?? 'index.js')];
    yield [`${name}/`, address('./')];
    return;
  }
  for (const [key, target] of Object.entries(exports)) {
    const path = resolveTarget(target);
    if (path !== undefined && !key.includes('*')) yield [join(name, key), address(path)];
  }
}

/** What the tests import by names of their own. */
function* ownEntries(): Generator<[specifier: string, address: string]> {
  const { imports = {} } = manifestOf(fileURLToPath(new URL('../../..', import.meta.url)));
  for (const [name, path] of Object.entries(imports)) yield [name, path.replace(/^\.\/dist\//, TESTS)];
}

/** Addresses by what is imported: an import map's `imports`. */
export const imports: Readonly<Record<string, string>> = Object.fromEntries([
  ...[...packages].flatMap(([name, found]) => [...entriesOf(name, found)]),
  ...ownEntries(),
]);
